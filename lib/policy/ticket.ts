// The ticket of a filing: its form, and the check by the company's validator.
import type { Role } from '../catalogue/catalogue.ts';
import { isOfForm } from '../common/pattern.ts';
import type { Check } from '../model/check.ts';

/** The question to a validator. `account`: the account's ID. `requester`: an email address or, without one, a principal. */
export type TicketQuestion = {
  ticket: string;
  role: string;
  account: string;
  requester: string;
  reason: string;
  durationSeconds: number;
};
/** The result of asking. `detail`: the validator's own text, one line of at most 200 characters. `cause`: for the log. */
export type TicketAnswer =
  | { outcome: 'valid' | 'invalid'; detail?: string | undefined }
  | { outcome: 'unreachable'; cause: string };

/** The state of a filing\'s ticket check. Break-glass does not wait for a validator, so none is asked. */
export type TicketFinding = TicketAnswer | { outcome: 'not-asked' };

export type Rule = Pick<Role, 'ticket'>;

/** The validator to ask about a ticket; undefined if none. */
export const validatorOf = ({ ticket: rule }: Rule, ticket: string | undefined): string | undefined =>
  ticket === undefined ? undefined : rule?.validator;

/** @param finding undefined before the validator is asked; a dry run never asks it */
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
      detail: passed ? 'The ticket has a valid form.' : `The ticket must have the form ${form}.`,
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
      if (isSilenceAllowed) return passes(`${validator} did not answer. The request shows its ticket as unchecked.`);
      const detail = `${validator}, which checks the tickets of this role, did not answer. Nothing was filed. Try again in a moment.`;
      return { ...base, code: 'try-again', passed: false, detail, retryAfterSeconds: 5 };
    }
  }
}

function whatWillBeAsked(validator: string, isSilenceAllowed: boolean): string {
  const silence = isSilenceAllowed ? 'the request is filed and shows its ticket as unchecked' : 'nothing is filed';
  return `${validator} checks the ticket at filing. If it rejects the ticket, nothing is filed. If it does not answer within 3 s, ${silence}. A dry run does not ask it.`;
}
