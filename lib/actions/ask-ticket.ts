// Asks the validator of a ticket about a request before it is filed.
import type { App } from '../app.ts';
import { type Asked, nothingCounts } from '../policy/filing-context.ts';
import { judgeRole } from '../policy/judge.ts';
import { type TicketAnswer, type TicketQuestion, validatorOf } from '../policy/ticket.ts';

type Part = Pick<App, 'clock' | 'catalogue' | 'tickets' | 'log'>;

/**
 * The validator's answer; undefined if no validator needs to be asked. None is asked about a request that the catalogue alone refuses.
 * It does not depend on the table, so the call runs at the same time as the reads.
 */
export async function answerForFiling(app: Part, asked: Asked): Promise<TicketAnswer | undefined> {
  const { body, requester } = asked;
  const role = app.catalogue.roles.get(body.role);
  const validator = role && validatorOf(role, body.ticket);
  if (!role || validator === undefined) return undefined;
  const { durationSeconds, finding, checks } = judgeRole({ ...asked, ...nothingCounts }, role);
  if (finding?.outcome === 'not-asked' || checks.some(({ passed }) => !passed)) return undefined;
  return ask(app, validator, {
    ticket: body.ticket!,
    role: role.id,
    account: role.account.id,
    requester: requester.email ?? requester.key,
    reason: body.reason,
    durationSeconds,
  });
}

// --- internal ---

async function ask({ catalogue, tickets, log }: Part, name: string, question: TicketQuestion): Promise<TicketAnswer> {
  const validator = catalogue.ticketValidators.get(name);
  if (!validator) throw new Error('a role names a ticket validator that the catalogue does not have');
  const answer = await tickets.check(validator, question);
  if (answer.outcome === 'unreachable') log('ticket-unanswered', { validator: name, cause: answer.cause });
  return answer;
}
