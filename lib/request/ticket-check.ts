// Records the result of the ticket check on a request.
import { Problem } from '../model/problem.ts';
import type { RequestRecord, TicketCheck } from '../model/schema.ts';
import { allowsSilence, type Rule, type TicketFinding, validatorOf } from '../policy/ticket.ts';
import { type By, record } from './history.ts';

const byValidator: By = { actor: 'latchkey', via: 'ticket-validator' };

/**
 * A filed request with the result of its ticket check.
 * @throws Problem `try-again` when the role requires a valid ticket and there is no answer
 */
export function withTicketCheck(
  filed: RequestRecord,
  rule: Rule,
  finding: TicketFinding | undefined,
  now: number,
): RequestRecord {
  const validator = validatorOf(rule, filed.ticket);
  if (validator === undefined) return filed;
  if (finding?.outcome === 'valid') {
    const says = finding.detail === undefined ? {} : { says: finding.detail };
    const ticketCheck: TicketCheck = { validator, state: 'valid', at: now, ...says };
    return record({ ...filed, ticketCheck }, 'ticket-checked', byValidator, now, validText(ticketCheck));
  }
  if (finding?.outcome === 'not-asked' || (finding?.outcome === 'unreachable' && allowsSilence(rule))) {
    const ticketCheck = { validator, state: 'unchecked' as const, at: now };
    const note = `${validator}: ${finding.outcome === 'not-asked' ? 'not asked, because of break-glass' : 'no answer'}`;
    return record({ ...filed, ticketCheck }, 'ticket-unchecked', byValidator, now, note);
  }
  throw new Problem('try-again', `${validator} was not asked about the ticket. Nothing was filed. Try again.`, {
    retryAfterSeconds: 1,
  });
}

/** `jira: valid: open since May` */
const validText = ({ validator, says }: TicketCheck): string =>
  [validator, 'valid', ...(says === undefined ? [] : [says])].join(': ');
