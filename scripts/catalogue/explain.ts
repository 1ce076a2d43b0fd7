// `explain --person P --role R`: every rule of the role, passed or failed, from the function that enforces it.
import * as v from 'valibot';
import { displayNames } from '../../lib/catalogue.ts';
import { Problem } from '../../lib/problem.ts';
import { durationText, toInstant } from '../../lib/time.ts';
import type { Answer } from '../catalogue.ts';
import { CannotAnswer, loadCatalogue, roleNamed } from './load.ts';
import { Situation, stagesOf, type Verdict, verdictOf } from './situation.ts';

type Flags = {
  person?: string;
  role?: string;
  at?: string;
  mfa?: boolean;
  'signed-in-ago'?: string;
  from?: string;
  group?: string[];
  'permission-set'?: string;
  duration?: string;
  reason?: string;
  ticket?: string;
  'ticket-is'?: string;
  'on-behalf-of'?: string;
  'starts-at'?: string;
  scope?: string[];
  'break-glass'?: boolean;
  open?: string[];
  'filed-lately'?: string;
  'bot-filed-lately'?: string;
  'open-of-role'?: string;
  'review-overdue'?: string;
  continues?: string;
  json?: boolean;
};

/** @throws CannotAnswer for a flag of the wrong form, a role that does not exist, a catalogue that is wrong */
export function explain(file: string, flags: Flags, now: number): Answer {
  const { catalogue } = loadCatalogue(file);
  const role = roleNamed(catalogue, flags.role);
  const situation = situationOf(flags);
  const verdict = judged(() => verdictOf(catalogue, role, situation, now));
  const { judgement, outcome, code } = verdict;
  const stages = stagesOf(judgement).map(({ need, approvers }) => ({ need, approvers: displayNames(catalogue, approvers) }));
  const checks = judgement.checks.map(({ check, passed, detail }) => ({ check, passed, detail }));
  const { review } = judgement;
  const reviewers = review && displayNames(catalogue, review.reviewers);
  const exitCode = outcome === 'refused' ? 1 : 0;
  if (flags.json)
    return {
      lines: [
        JSON.stringify({ outcome, code, role: role.id, durationSeconds: judgement.durationSeconds, stages, ...(reviewers && { reviewers }), checks }, null, 2),
      ],
      exitCode,
    };
  const width = Math.max(...checks.map(({ check }) => check.length));
  return {
    lines: [
      `${judgement.requester.name} (${judgement.requester.key}) asks for ${role.id}, ${role.arn}, for ${durationText(judgement.durationSeconds)} at ${toInstant(situation.at ?? now)}`,
      '',
      ...checks.map(({ check, passed, detail }) => `  ${passed ? 'passed' : 'FAILED'}  ${check.padEnd(width)}  ${detail}`),
      '',
      ...(outcome === 'needs-approval' ? stages.map(({ need, approvers }, i) => `  stage ${i + 1}: ${need} of ${approvers.join(', ')}`) : []),
      ...(review && reviewers && outcome !== 'refused'
        ? [`  review: ${reviewers.join(', ')}, within ${durationText(review.withinSeconds)} of the grant's end`]
        : []),
      sentence(verdict),
    ],
    exitCode,
  };
}

const sentence = ({ outcome, code, detail, judgement }: Verdict): string =>
  ({
    automatic: judgement.review ? 'Granted at once, by break-glass: approvers, reviewers and admins are told.' : 'Granted at once, by the catalogue.',
    'needs-approval': 'Filed; approvers decide.',
    refused: `Refused with ${code}: ${detail}`,
  })[outcome];

function situationOf(flags: Flags): Situation {
  if (flags.person === undefined) throw new CannotAnswer('Say who: --person MAIL or --person ARN.');
  const given = {
    person: flags.person,
    role: flags.role,
    at: flags.at,
    mfa: flags.mfa,
    signedInAgo: flags['signed-in-ago'],
    from: flags.from,
    groups: flags.group,
    permissionSet: flags['permission-set'],
    duration: flags.duration,
    reason: flags.reason,
    ticket: flags.ticket,
    ticketIs: flags['ticket-is'],
    onBehalfOf: flags['on-behalf-of'],
    startsAt: flags['starts-at'],
    scope: flags.scope && valuesOf(flags.scope),
    breakGlass: flags['break-glass'],
    open: flags.open,
    filedLately: flags['filed-lately'] && Number(flags['filed-lately']),
    botFiledLately: flags['bot-filed-lately'] && Number(flags['bot-filed-lately']),
    openOfRole: flags['open-of-role'] && Number(flags['open-of-role']),
    reviewOverdue: flags['review-overdue'],
    continues: flags.continues,
  };
  const parsed = v.safeParse(Situation, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
  if (parsed.success) return parsed.output;
  throw new CannotAnswer(parsed.issues.map((issue) => [...(issue.path ? [String(issue.path[0].key)] : []), issue.message].join(' ')).join('\n'));
}

/** `bucket=reports` -> `{ bucket: 'reports' }` */
function valuesOf(pairs: readonly string[]): Record<string, string> {
  const parts = pairs.map((pair) => /^([^=]+)=(.*)$/s.exec(pair));
  if (parts.includes(null)) throw new CannotAnswer('Say a value of the scope as --scope NAME=VALUE.');
  return Object.fromEntries(parts.map((part) => [part![1]!, part![2]!]));
}

function judged(judge: () => Verdict): Verdict {
  try {
    return judge();
  } catch (error) {
    if (error instanceof Problem) throw new CannotAnswer(error.detail);
    throw error;
  }
}
