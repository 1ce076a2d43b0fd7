// After the catalogue has changed, every open request is looked at once, and what may no longer stand is ended.
import type { App } from './app.ts';
import { changeRequest } from './change.ts';
import { driftDigest, endDrifted } from './drift.ts';
import { eachRequest } from './each-request.ts';
import { DAY } from './time.ts';

type Part = Pick<App, 'store' | 'clock' | 'log' | 'catalogue'>;

/** The rest comes a minute later, from where this run stopped. */
const MOST_PER_RUN = 5000;
const AT_ONCE = 16;

/**
 * One look at what the index of due requests holds: every open request is in it. It runs when the catalogue's digest is another
 * than at the last look, and once a day, for what a function with the older catalogue did while a deployment was under way.
 * @returns how many requests were ended
 * @throws AggregateError after the run, if some request could not be judged; the next run looks again
 */
export async function endLeavers(app: Part): Promise<number> {
  const digest = driftDigest(app.catalogue);
  const last = await app.store.lastLook();
  const isSame = last?.digest === digest;
  if (isSame && last.after === undefined && app.clock() - last.at < DAY) return 0;
  const after = isSame ? (last.after ?? '') : '';
  const ids = (await app.store.openIds()).filter((id) => id > after).sort();
  const now = ids.slice(0, MOST_PER_RUN);
  const { changed: ended, failures } = await eachRequest(
    app,
    now,
    { atOnce: AT_ONCE, code: 'leaver-not-judged' },
    async (id) => (await changeRequest(app, id, (current, at) => endDrifted(current, app.catalogue, at))).changed,
  );
  app.log('catalogue-swept', { open: ids.length, ended, failed: failures.length });
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} of ${now.length} requests could not be judged`);
  await app.store.saveLook({ digest, at: app.clock(), ...(ids.length > now.length && { after: now.at(-1)! }) });
  return ended;
}
