// Records the time-based changes of requests as events, which triggers emails. No rule depends on this having run.
import type { App } from '../app.ts';
import { loggedError } from '../model/logged-error.ts';
import { settle } from '../request/life.ts';
import { changeRequest } from './change.ts';
import { eachRequest } from './each-request.ts';
import { followCatalogue } from './leavers.ts';
import { endBlocked } from './revocations.ts';

type Part = Pick<App, 'store' | 'clock' | 'log' | 'catalogue' | 'pause'>;

/** The next run, a minute later, continues. */
const MOST_PER_RUN = 500;
const AT_ONCE = 8;

/**
 * Ends requests that are blocked or that a changed catalogue no longer allows, and updates approvers. Then records every due lapse and
 * natural end, checks the emails of waiting approvers, reminds and escalates. In this order reminders go to the current approvers.
 * @returns the numbers of due and of changed requests
 * @throws AggregateError after the run, with everything that failed; failures do not hold up anything else
 */
export async function sweep(app: Part): Promise<{ due: number; settled: number }> {
  const looks = [failuresOf(app, endBlocked(app)), failuresOf(app, followCatalogue(app))];
  const lookFailures = (await Promise.all(looks)).flat();
  const { due, settled, failures } = await settleDue(app);
  if (failures.length + lookFailures.length > 0)
    throw new AggregateError(
      [...failures, ...lookFailures],
      `${failures.length} of ${due} due requests and ${lookFailures.length} checks after a block or a change of the catalogue failed`,
    );
  return { due, settled };
}

// --- internal ---

async function failuresOf({ log }: Part, task: Promise<unknown>): Promise<unknown[]> {
  try {
    await task;
    return [];
  } catch (error) {
    // the errors in an AggregateError are logged already, one per request
    if (error instanceof AggregateError) return error.errors;
    log('sweep-task-failed', loggedError(error));
    return [error];
  }
}

async function settleDue(app: Part): Promise<{ due: number; settled: number; failures: unknown[] }> {
  const ids = await app.store.due(app.clock(), MOST_PER_RUN);
  const { changed: settled, failures } = await eachRequest(
    app,
    ids,
    { atOnce: AT_ONCE, code: 'sweep-item-failed' },
    (id) => settleOne(app, id),
  );
  app.log('sweep-done', { due: ids.length, settled, failed: failures.length });
  return { due: ids.length, settled, failures };
}

async function settleOne(app: Part, id: string): Promise<boolean> {
  return (await changeRequest(app, id, settle)).changed;
}
