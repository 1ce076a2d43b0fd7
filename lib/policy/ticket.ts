// The ticket of a filing: its form, whether the company's validator is asked about it, and what the request then records.
import type { Role } from '../catalogue/catalogue.ts';
import { isOfForm } from '../common/pattern.ts';
import type { Check } from '../model/check.ts';

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

/** What a filing knows of its ticket. Break-glass waits for no validator, so none is asked. */
export type TicketFinding = TicketAnswer | { outcome: 'not-asked' };

export type Rule = Pick<Role, 'ticket'>;

/** Who is asked about a ticket; undefined where nobody is. */
export const validatorOf = ({ ticket: rule }: Rule, ticket: string | undefined): string | undefined =>
  ticket === undefined ? undefined : rule?.validator;

/** @param finding undefined while nobody has been asked: a dry run asks nobody */
export function ticketChecks(rule: Rule, ticket: string | undefined, finding: TicketFinding | undefined): Check[] {
  const validator = validatorOf(rule, ticket);
  return [
    ...formCheck(rule, ticket),
    ...(validator === undefined ? [] : [validatorCheck(validator, allowsSilence(rule), finding)]),
  ];
}

// --- internal ---

export const allowsSilence = ({ ticket }: Rule): boolean => ticket?.ifUnreachable === 'allow';

function formCheck({ ticket: rule }: Pick<Role, 'ticket'>, ticket: string | undefined): Check[] {
  if (!rule) return [];
  const { pattern, example, required } = rule;
  const form = `${pattern}${example === undefined ? '' : `, for example ${example}`}`;
  const base = { check: 'ticket', code: 'refused-by-policy' as const, pointer: '/ticket' };
  if (ticket === undefined)
    return [
      {
        ...base,
        passed: !required,
        detail: required ? `A ticket of the form ${form} is required.` : 'A ticket is optional.',
      },
    ];
  const passed = isOfForm(pattern, ticket);
  return [
    {
      ...base,
      passed,
      detail: passed ? 'The ticket has the right form.' : `The ticket must have the form ${form}.`,
    },
  ];
}

function validatorCheck(validator: string, isSilenceAllowed: boolean, finding: TicketFinding | undefined): Check {
  const base = { check: 'ticket-validator', code: 'refused-by-policy' as const, pointer: '/ticket' };
  const passes = (detail: string): Check => ({ ...base, passed: true, detail });
  const says = finding && 'detail' in finding && finding.detail !== undefined ? `: ${finding.detail}` : '.';
  switch (finding?.outcome) {
    case undefined:
      return passes(whatWillBeAsked(validator, isSilenceAllowed));
    case 'not-asked':
      return passes(`Break-glass does not wait for ${validator}. The request shows its ticket as unchecked.`);
    case 'valid':
      return passes(`${validator} accepts the ticket${says}`);
    case 'invalid':
      return { ...base, passed: false, detail: `${validator} does not accept the ticket${says}` };
    case 'unreachable': {
      if (isSilenceAllowed) return passes(`${validator} gave no answer. The request shows its ticket as unchecked.`);
      const detail = `${validator}, which checks the tickets of this role, gave no answer. Nothing was filed; try again in a moment.`;
      return { ...base, code: 'try-again', passed: false, detail, retryAfterSeconds: 5 };
    }
  }
}

function whatWillBeAsked(validator: string, isSilenceAllowed: boolean): string {
  const silence = isSilenceAllowed ? 'the request is filed and shows its ticket as unchecked' : 'nothing is filed';
  return `${validator} is asked about the ticket when this is filed. If it says no, nothing is filed. If it does not answer within 3 s, ${silence}. A dry run does not ask.`;
}
