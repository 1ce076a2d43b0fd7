// The ticket of a filing: its form, whether the company's validator is asked before anything is filed or afterwards, and what is known of it then.
import type { Role } from './catalogue.ts';
import type { Check } from './filing-checks.ts';
import { type By, record } from './history.ts';
import { isOfForm } from './pattern.ts';
import { Problem } from './problem.ts';
import type { RequestRecord } from './schema.ts';

/** What a validator is told. `account` is the account's id, `requester` a mail address or, for whoever has none, a principal. */
export type TicketQuestion = {
  ticket: string;
  role: string;
  account: string;
  requester: string;
  reason: string;
  durationSeconds: number;
};
/** What came of asking. `detail` is the validator's own text, one line of at most 200 characters; `cause` is ours, for the log. */
export type TicketAnswer =
  | { outcome: 'valid' | 'invalid'; detail?: string | undefined }
  | { outcome: 'unreachable'; cause: string };

/** How often a validator that does not answer is asked about a request that was filed without it. */
export const MOST_TRIES = 3;

/** Who is asked about a ticket and when: before anything is filed, or by the sweep afterwards. undefined: nobody is. */
export function ticketPlan(
  { ticket: rule }: Pick<Role, 'ticket'>,
  ticket: string | undefined,
): { validator: string; when: 'filing' | 'later' } | undefined {
  if (rule?.validator === undefined || ticket === undefined) return undefined;
  return { validator: rule.validator, when: (rule.ifUnreachable ?? 'refuse') === 'refuse' ? 'filing' : 'later' };
}

/**
 * @param answer the validator's, where it was asked; a dry run asks nobody
 * @param underGlass break-glass waits for no validator, and none ends it
 */
export function ticketChecks(
  rule: Pick<Role, 'ticket'>,
  ticket: string | undefined,
  answer: TicketAnswer | undefined,
  underGlass: boolean,
): Check[] {
  const plan = ticketPlan(rule, ticket);
  if (!plan) return formCheck(rule, ticket);
  return [
    ...formCheck(rule, ticket),
    plan.when === 'filing' ? answerCheck(plan.validator, answer) : laterCheck(plan.validator, underGlass),
  ];
}

/** The note of the history: who was asked, and what came of it. @param tries how often it was asked, this time included */
export function ticketNote(validator: string, answer: TicketAnswer, tries = 1): string {
  if (answer.outcome !== 'unreachable')
    return `${validator}: ${answer.outcome}${answer.detail === undefined ? '' : `: ${answer.detail}`}`;
  return tries < MOST_TRIES
    ? `${validator}: no answer, asked again later`
    : `${validator}: no answer, ${tries} times; the request stands`;
}

export const byValidator: By = { actor: 'latchkey', via: 'ticket-validator' };

/**
 * A request as filed, with what is known of its ticket: the validator's yes, or that it is still to be asked.
 * @throws Problem `try-again` when the role waits for a yes and there is none: nothing is filed by mistake
 */
export function withTicketCheck(
  filed: RequestRecord,
  rule: Pick<Role, 'ticket'>,
  answer: TicketAnswer | undefined,
  now: number,
): RequestRecord {
  const plan = ticketPlan(rule, filed.ticket);
  if (!plan) return filed;
  const { validator } = plan;
  if (plan.when === 'later') return { ...filed, ticketCheck: { validator, state: 'due', at: now } };
  if (answer?.outcome !== 'valid')
    throw new Problem('try-again', `${validator} was not asked about the ticket. Nothing was filed; try again.`, {
      retryAfterSeconds: 1,
    });
  return record(
    { ...filed, ticketCheck: { validator, state: 'valid', at: now } },
    'ticket-checked',
    byValidator,
    now,
    ticketNote(validator, answer),
  );
}

// --- internal ---

function formCheck({ ticket: rule }: Pick<Role, 'ticket'>, ticket: string | undefined): Check[] {
  if (!rule) return [];
  const { pattern, required } = rule;
  const base = { check: 'ticket', code: 'refused-by-policy' as const, pointer: '/ticket' };
  if (ticket === undefined)
    return [
      {
        ...base,
        passed: !required,
        detail: required ? `A ticket of the form ${pattern} is required.` : 'A ticket is optional.',
      },
    ];
  const passed = isOfForm(pattern, ticket);
  return [
    {
      ...base,
      passed,
      detail: passed ? 'The ticket has the right form.' : `The ticket must have the form ${pattern}.`,
    },
  ];
}

function answerCheck(validator: string, answer: TicketAnswer | undefined): Check {
  const base = { check: 'ticket-validator', code: 'refused-by-policy' as const, pointer: '/ticket' };
  const says = answer && 'detail' in answer && answer.detail !== undefined ? `: ${answer.detail}` : '.';
  switch (answer?.outcome) {
    case undefined:
      return {
        ...base,
        passed: true,
        detail: `${validator} is asked about the ticket when this is filed; if it says no, or does not answer within 3 s, nothing is filed. A dry run does not ask.`,
      };
    case 'valid':
      return { ...base, passed: true, detail: `${validator} accepts the ticket${says}` };
    case 'invalid':
      return { ...base, passed: false, detail: `${validator} does not accept the ticket${says}` };
    case 'unreachable': {
      const detail = `${validator}, which checks the tickets of this role, gave no answer. Nothing was filed; try again in a moment.`;
      return { ...base, code: 'try-again', passed: false, detail, retryAfterSeconds: 5 };
    }
  }
}

/** Never fails a filing. */
function laterCheck(validator: string, underGlass: boolean): Check {
  const no = underGlass ? 'a no is put on record for the reviewer' : 'a no denies or revokes the request';
  const detail = `This is filed without waiting. ${validator} is asked about the ticket within minutes: ${no}; if it gives no answer, ${MOST_TRIES} times, the request stands. A dry run does not ask.`;
  return { check: 'ticket-validator', code: 'refused-by-policy', passed: true, detail };
}
