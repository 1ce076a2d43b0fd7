// After a change of the catalogue, checks every open request once: ends requests that are no longer allowed, and updates approvers.
import type { App } from '../app.ts';
import { DAY } from '../common/time.ts';
import { withApproversOfToday } from '../request/approvers.ts';
import { driftDigest, endDrifted } from '../request/drift.ts';
import { changeRequest } from './change.ts';
import { eachRequest } from './each-request.ts';

type Part = Pick<App, 'store' | 'clock' | 'log' | 'catalogue'>;

/** The next run continues a minute later where this one stopped. */
const MOST_PER_RUN = 5000;
const AT_ONCE = 16;

/**
 * Checks the index of due requests, which holds every open request. It runs when the catalogue's digest has changed since the last
 * run, and once a day, because a function with the older catalogue may still have run during a deployment.
 * @returns the number of changed requests
 * @throws AggregateError after the run, if a request could not be judged; the next run checks again
 */
export async function followCatalogue(app: Part): Promise<number> {
  const digest = driftDigest(app.catalogue);
  const after = await beginningOf(app, digest);
  if (after === undefined) return 0;
  const open = (await app.store.openIds()).filter((id) => id > after).sort();
  const batch = open.slice(0, MOST_PER_RUN);
  const how = { atOnce: AT_ONCE, code: 'leaver-not-judged' as const };
  const { changed, failures } = await eachRequest(app, batch, how, (id) => isChangedByCatalogue(app, id));
  app.log('catalogue-swept', { open: open.length, changed, failed: failures.length });
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} of ${batch.length} requests could not be judged`);
  const last = open.length > batch.length ? batch.at(-1) : undefined;
  await app.store.saveLook({ digest, at: app.clock(), ...(last !== undefined && { after: last }) });
  return changed;
}

// --- internal ---

/** The id after which the check continues, '' for a new one; undefined if none is due. */
async function beginningOf(app: Part, digest: string): Promise<string | undefined> {
  const last = await app.store.lastLook();
  if (last && last.digest !== digest)
    app.log('security-event', { event: 'catalogue-changed', digest, actor: 'latchkey', via: 'sweep' });
  if (last?.digest !== digest) return '';
  if (last.after !== undefined) return last.after;
  return app.clock() - last.at < DAY ? undefined : '';
}

async function isChangedByCatalogue(app: Part, id: string): Promise<boolean> {
  const { catalogue } = app;
  const { changed } = await changeRequest(
    app,
    id,
    (current, now) => endDrifted(current, catalogue, now) ?? withApproversOfToday(current, catalogue, now),
    undefined,
    'wins',
  );
  return changed;
}
