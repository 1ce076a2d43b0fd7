// Asking a ticket's validator: for a filing that waits for the answer, and for a request that was filed without it.
import type { App } from './app.ts';
import { changeRequest } from './change.ts';
import type { Continued } from './limits.ts';
import { judgeRole, requesterOf } from './policy.ts';
import type { Caller } from './principal.ts';
import type { NewRequest, RequestRecord } from './schema.ts';
import { ticketDue } from './status.ts';
import { type TicketAnswer, type TicketQuestion, ticketPlan } from './ticket.ts';
import { recordTicketAnswer } from './ticket-answer.ts';

type Part = Pick<App, 'clock' | 'catalogue' | 'tickets' | 'log'>;

/**
 * The validator's answer for a filing that waits for it; undefined where nobody is to be asked. Nobody is asked about a filing that is
 * refused anyway, as far as that shows without the table: so this goes beside the reads, not after them.
 * @param continued the grant that an extension continues
 */
export async function answerForFiling(
  app: Part,
  caller: Caller,
  body: NewRequest,
  continued?: Continued,
): Promise<TicketAnswer | undefined> {
  const role = app.catalogue.roles.get(body.role);
  if (!role || ticketPlan(role, body.ticket)?.when !== 'filing') return undefined;
  const requester = requesterOf(app.catalogue, caller, body);
  const {
    role: rule,
    durationSeconds,
    checks,
  } = judgeRole(app.catalogue, role, caller, requester, body, [], app.clock(), { continued });
  // under break-glass the rule is another one, which waits for nobody
  const plan = ticketPlan(rule, body.ticket);
  if (plan?.when !== 'filing' || checks.some(({ passed }) => !passed)) return undefined;
  return ask(app, plan.validator, {
    ticket: body.ticket!,
    role: role.id,
    account: role.account.id,
    requester: requester.email ?? requester.key,
    reason: body.reason,
    durationSeconds,
  });
}

/**
 * Asks about a request whose ticket is due and writes the answer down; what it makes of the request is the core's.
 * @param request as it was read a moment ago
 * @returns the request as it now is
 */
export async function checkTicket(app: Part & Pick<App, 'store'>, request: RequestRecord): Promise<RequestRecord> {
  const validator = ticketDue(request, app.clock());
  if (validator === undefined || request.ticket === undefined) return request;
  const { role, requester, reason, durationSeconds, ticket } = request;
  const question = {
    ticket,
    role: role.id,
    account: role.account.id,
    requester: requester.email ?? requester.person,
    reason,
    durationSeconds,
  };
  const answer = await ask(app, validator, question, request.id);
  return changeRequest(
    app,
    request.id,
    (current, now) => recordTicketAnswer(current, app.catalogue, answer, now),
    request,
  );
}

// --- internal ---

/** Which validator it is comes from the catalogue of today: a stored request holds its name and no URL. */
async function ask(
  { catalogue, tickets, log }: Part,
  name: string,
  question: TicketQuestion,
  request?: string,
): Promise<TicketAnswer> {
  const validator = catalogue.ticketValidators.get(name);
  const answer: TicketAnswer = validator
    ? await tickets.check(validator, question)
    : { outcome: 'unreachable', cause: 'no longer in the catalogue' };
  if (answer.outcome === 'unreachable')
    log('ticket-unanswered', { validator: name, cause: answer.cause, ...(request !== undefined && { request }) });
  return answer;
}
