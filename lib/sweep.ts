// Turns what the clock has made of requests into recorded events and so into news. Nothing is correct only because this ran.
import type { App } from './app.ts';
import { changeRequest } from './change.ts';
import { endLeavers } from './leavers.ts';
import { settle } from './request.ts';

type Part = Pick<App, 'store' | 'clock' | 'log' | 'catalogue'>;

/** The rest comes a minute later. */
const MOST_PER_RUN = 500;
const AT_ONCE = 8;

/**
 * Records every lapse and natural end that is due, has the mail of waiting approvers checked, reminds and escalates; then ends
 * what a changed catalogue no longer allows.
 * @returns how many requests were due and how many were changed
 * @throws AggregateError after the run, if some request could not be settled; the others were
 */
export async function sweep(app: Part): Promise<{ due: number; settled: number }> {
  const ids = await app.store.due(app.clock(), MOST_PER_RUN);
  const failures: unknown[] = [];
  let settled = 0;
  const settleOne = async (id: string) => {
    try {
      let isChanged = false;
      await changeRequest(app, id, (current, now) => {
        const next = settle(current, now);
        isChanged = next !== undefined;
        return next;
      });
      if (isChanged) settled += 1;
    } catch (error) {
      app.log('sweep-item-failed', { request: id, error: error instanceof Error ? error.name : typeof error });
      failures.push(error);
    }
  };
  for (let i = 0; i < ids.length; i += AT_ONCE) await Promise.all(ids.slice(i, i + AT_ONCE).map(settleOne));
  app.log('sweep-done', { due: ids.length, settled, failed: failures.length });
  const unsettled = failures.length;
  await endLeavers(app).catch((error: unknown) => failures.push(error));
  if (unsettled > 0) throw new AggregateError(failures, `${unsettled} of ${ids.length} requests could not be settled`);
  if (failures.length > 0) throw failures[0];
  return { due: ids.length, settled };
}
