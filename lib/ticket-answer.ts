// What the answer of a ticket validator makes of a request that was filed without waiting for it.
import type { Catalogue } from './catalogue.ts';
import { record } from './history.ts';
import { revocationOf } from './request.ts';
import type { RequestRecord } from './schema.ts';
import { statusAt, ticketDue } from './status.ts';
import { byValidator, MOST_TRIES, type TicketAnswer, ticketNote } from './ticket.ts';
import { MINUTE } from './time.ts';

/** How long a validator that did not answer is left alone. */
const pauses = [5 * MINUTE, 30 * MINUTE];

/**
 * The request with the answer on record. A no denies what waits and revokes what is granted, in the same write; under break-glass it is
 * told to the reviewer and ends nothing.
 * @param now epoch milliseconds
 * @returns undefined where nobody was to be asked (any more): somebody else has written an answer down
 */
export function recordTicketAnswer(
  request: RequestRecord,
  catalogue: Catalogue,
  answer: TicketAnswer,
  now: number,
): RequestRecord | undefined {
  const validator = ticketDue(request, now);
  if (validator === undefined) return undefined;
  const unanswered = (request.ticketCheck?.tries ?? 0) + (answer.outcome === 'unreachable' ? 1 : 0);
  const isToComeAgain = answer.outcome === 'unreachable' && unanswered < MOST_TRIES;
  const ticketCheck: RequestRecord['ticketCheck'] = {
    validator,
    ...(isToComeAgain ? { state: 'due', at: now + pauses[unanswered - 1]! } : { state: answer.outcome, at: now }),
    ...(unanswered > 0 && { tries: unanswered }),
  };
  const checked = record(
    { ...request, ticketCheck },
    'ticket-checked',
    byValidator,
    now,
    ticketNote(validator, answer, unanswered),
  );
  return answer.outcome === 'invalid' ? ended(checked, catalogue, validator, answer.detail, now) : checked;
}

/** Denied by policy while it waits, revoked once it is granted; what is over stays as it is. */
function ended(
  request: RequestRecord,
  catalogue: Catalogue,
  validator: string,
  detail: string | undefined,
  now: number,
): RequestRecord {
  const status = statusAt(request, now);
  if (request.review || (status !== 'pending' && status !== 'scheduled' && status !== 'active')) return request;
  const how = status === 'pending' ? 'denied' : 'revoked';
  const why = `${validator} does not accept the ticket${detail === undefined ? '.' : `: ${detail}`}`;
  const outcome = { status: how, at: now, by: 'the ticket validator' } as const;
  return record({ ...request, outcome, ...revocationOf(request, catalogue, now) }, how, byValidator, now, why);
}
