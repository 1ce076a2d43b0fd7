// Turns what the clock has made of requests into recorded events and so into news. Nothing is correct only because this ran.
import type { App } from './app.ts';
import { checkTicket } from './ask-ticket.ts';
import { changeRequest } from './change.ts';
import { eachRequest } from './each-request.ts';
import { endLeavers } from './leavers.ts';
import { settle } from './request.ts';
import type { RequestRecord } from './schema.ts';
import { ticketDue } from './status.ts';

type Part = Pick<App, 'store' | 'clock' | 'log' | 'catalogue' | 'tickets'>;

/** The rest comes a minute later. */
const MOST_PER_RUN = 500;
const AT_ONCE = 8;
/** Validators may all be slow: eight rounds of three seconds are less than the function's time. */
const MOST_ASKED = 200;
const ASKED_AT_ONCE = 25;

/**
 * Records every lapse and natural end that is due, has the mail of waiting approvers checked, reminds and escalates; then asks
 * about tickets that nobody waited for, and ends what a changed catalogue no longer allows.
 * @returns how many requests were due and how many were changed
 * @throws AggregateError after the run, of everything that failed; it held up nothing else
 */
export async function sweep(app: Part): Promise<{ due: number; settled: number }> {
  const { due, settled, failures } = await settleDue(app);
  const leaverFailures = await failuresOf(endLeavers(app));
  if (failures.length + leaverFailures.length > 0)
    throw new AggregateError(
      [...failures, ...leaverFailures],
      `${failures.length} of ${due} due requests and ${leaverFailures.length} checks after a change of the catalogue failed`,
    );
  return { due, settled };
}

// --- internal ---

const errorsIn = (error: unknown): unknown[] => (error instanceof AggregateError ? error.errors : [error]);

const failuresOf = (task: Promise<unknown>): Promise<unknown[]> => task.then(() => [], errorsIn);

async function settleDue(app: Part): Promise<{ due: number; settled: number; failures: unknown[] }> {
  const ids = await app.store.due(app.clock(), MOST_PER_RUN);
  const tickets = new Map<string, RequestRecord>();
  const code = 'sweep-item-failed';
  const clocked = await eachRequest(app, ids, { atOnce: AT_ONCE, code }, async (id) => {
    let isChanged = false;
    const request = await changeRequest(app, id, (current, now) => {
      const next = settle(current, now);
      isChanged = next !== undefined;
      return next;
    });
    if (ticketDue(request, app.clock()) !== undefined) tickets.set(id, request);
    return isChanged;
  });
  const asked = await eachRequest(
    app,
    [...tickets.keys()].slice(0, MOST_ASKED),
    { atOnce: ASKED_AT_ONCE, code },
    async (id) => {
      const request = tickets.get(id)!;
      return (await checkTicket(app, request)) !== request;
    },
  );
  const settled = clocked.changed + asked.changed;
  const failures = [...clocked.failures, ...asked.failures];
  app.log('sweep-done', { due: ids.length, settled, failed: failures.length });
  return { due: ids.length, settled, failures };
}
