// Formats a role for the terminal, with all of its rules.
import { durationText } from '../../lib/common/time.ts';
import type { RoleView } from '../../lib/http/answers.ts';
import { accountText } from './request-text.ts';
import { fields, type Paint, plain } from './terminal-text.ts';

/** `1 of Lena Park, Sam Okafor, then 1 of Priya Nair`, or a text for roles without approval. */
export function approvalText({ approval }: RoleView): string {
  return approval.automatic
    ? 'automatic'
    : approval.stages.map(({ need, approvers }) => `${need} of ${approvers.map(plain).join(', ')}`).join(', then ');
}

/** `1 h, at most 8 h` */
export const durationsText = ({ duration: { defaultSeconds, maxSeconds } }: RoleView): string =>
  `${durationText(defaultSeconds)}${defaultSeconds === maxSeconds ? '' : `, at most ${durationText(maxSeconds)}`}`;

export function roleText(paint: Paint, role: RoleView): string {
  const { approval, breakGlass, conditions = [], scope = {}, ticket } = role;
  return [
    `${paint('bold', role.id)} in ${accountText(role)}\n`,
    fields(paint, [
      ['Description', plain(role.description)],
      ['AWS role', role.arn],
      ['Risk', role.risk],
      ['Duration', durationsText(role)],
      ['Session', `at most ${durationText(role.session.maxSeconds)}, renewed until the grant ends`],
      ['Start', `at most ${durationText(role.schedule.withinSeconds)} ahead (--at)`],
      ['Reason', role.reason.minLength > 1 ? `at least ${role.reason.minLength} characters` : undefined],
      ['Ticket', ticket && ticketRule(ticket)],
      ...Object.entries(scope).map(([name, parameter]): [string, string] => ['Scope', scopeText(name, parameter)]),
      ['Requires', role.mfa ? 'a sign-in with MFA' : undefined],
      ...conditions.map((condition): [string, string] => ['Requires', plain(condition)]),
      ['Limit', role.limits && `${role.limits.open} open at once, across all people`],
      [
        'Approval',
        `${approvalText(role)}${approval.automaticWhen === undefined ? '' : `; auto-approved when ${plain(approval.automaticWhen)}`}`,
      ],
      [
        'Decide within',
        approval.automatic ? undefined : `${durationText(approval.decideWithinSeconds)}, then it lapses`,
      ],
      [
        'Escalation',
        approval.escalate &&
          `after ${durationText(approval.escalate.afterSeconds)} also ${approval.escalate.to.map(plain).join(', ')}`,
      ],
      [
        'Break-glass',
        breakGlass &&
          `at most ${durationText(breakGlass.maxSeconds)}, reason of at least ${breakGlass.reason.minLength} characters, reviewed within ${durationText(breakGlass.reviewWithinSeconds)} by ${breakGlass.reviewers.map(plain).join(', ')}`,
      ],
    ]),
  ].join('');
}

// -- internal --------------------------------------------------------------------------------------------------------

function scopeText(
  name: string,
  { description, values, pattern, maxLength }: NonNullable<RoleView['scope']>[string],
): string {
  return `--scope ${plain(name)}=... ${plain(description)}: ${values ? values.map(plain).join(', ') : `${pattern}, at most ${maxLength} characters`}`;
}

function ticketRule({ pattern, example, required, validator, ifUnreachable }: NonNullable<RoleView['ticket']>): string {
  const form = example === undefined ? pattern : `${pattern} such as ${example}`;
  const rule = `${form}, ${required ? 'required' : 'optional'}`;
  if (validator === undefined) return rule;
  return `${rule}, checked by ${validator}${ifUnreachable === 'allow' ? ', filed as unchecked if it does not answer' : ''}`;
}
