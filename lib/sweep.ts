// Turns what the clock has made of requests into recorded events and so into news. Nothing is correct only because this ran.
import type { App } from './app.ts';
import { checkTicket } from './ask-ticket.ts';
import { changeRequest } from './change.ts';
import { closeDigests } from './digest-mail.ts';
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
 * Records every lapse and natural end that is due, has the mail of waiting approvers checked, reminds and escalates, and closes the
 * mail digests whose hour is over; then asks about tickets that nobody waited for, and ends what a changed catalogue no longer allows.
 * @returns how many requests were due and how many were changed
 * @throws AggregateError after the run, if some request could not be settled; the others were
 */
export async function sweep(app: Part): Promise<{ due: number; settled: number }> {
  const besides: unknown[] = [];
  const digests = closeDigests(app).catch((error: unknown) => besides.push(error));
  const ids = await app.store.due(app.clock(), MOST_PER_RUN);
  const failures: unknown[] = [];
  const tickets = new Map<string, RequestRecord>();
  let settled = 0;
  /** @param act answers whether it changed the request */
  const each = async (some: readonly string[], atOnce: number, act: (id: string) => Promise<boolean>) => {
    const one = async (id: string) => {
      try {
        if (await act(id)) settled += 1;
      } catch (error) {
        app.log('sweep-item-failed', { request: id, error: error instanceof Error ? error.name : typeof error });
        failures.push(error);
      }
    };
    for (let i = 0; i < some.length; i += atOnce) await Promise.all(some.slice(i, i + atOnce).map(one));
  };
  await each(ids, AT_ONCE, async (id) => {
    let isChanged = false;
    const request = await changeRequest(app, id, (current, now) => {
      const next = settle(current, now);
      isChanged = next !== undefined;
      return next;
    });
    if (ticketDue(request, app.clock()) !== undefined) tickets.set(id, request);
    return isChanged;
  });
  await each([...tickets.keys()].slice(0, MOST_ASKED), ASKED_AT_ONCE, async (id) => (await checkTicket(app, tickets.get(id)!)) !== tickets.get(id));
  app.log('sweep-done', { due: ids.length, settled, failed: failures.length });
  await Promise.all([digests, endLeavers(app).catch((error: unknown) => besides.push(error))]);
  if (failures.length > 0) throw new AggregateError([...failures, ...besides], `${failures.length} of ${ids.length} requests could not be settled`);
  if (besides.length > 0) throw besides[0];
  return { due: ids.length, settled };
}
