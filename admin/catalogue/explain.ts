// `explain --person P --role R`: every rule of the role, passed or failed, by the functions that enforce it.
import * as v from 'valibot';
import { displayNames } from '../../lib/catalogue/catalogue.ts';
import { durationText, toInstant } from '../../lib/common/time.ts';
import { Problem } from '../../lib/model/problem.ts';
import { type Answer, CannotAnswer } from '../answer.ts';
import { loadCatalogue, roleNamed } from './load.ts';
import { Situation, stagesOf, type Verdict, verdictOf } from './situation.ts';

/** The options of the command, by their names. */
export type Question = {
  person: string;
  role: string;
  at: string | undefined;
  mfa: boolean;
  'signed-in-ago': string | undefined;
  from: string | undefined;
  group: readonly string[];
  'permission-set': string | undefined;
  duration: string | undefined;
  reason: string | undefined;
  ticket: string | undefined;
  'ticket-is': string | undefined;
  'on-behalf-of': string | undefined;
  'starts-at': string | undefined;
  scope: Record<string, string> | undefined;
  'break-glass': boolean;
  open: readonly string[];
  'filed-lately': string | undefined;
  'bot-filed-lately': string | undefined;
  'open-of-role': string | undefined;
  'review-overdue': string | undefined;
  'reviews-waiting': string | undefined;
  continues: string | undefined;
  json: boolean;
};

/** @param now epoch milliseconds, for rules that depend on the time @throws CannotAnswer for an invalid option, an unknown role, an invalid catalogue */
export function explain(file: string, question: Question, now: number): Answer {
  const { catalogue } = loadCatalogue(file);
  const role = roleNamed(catalogue, question.role);
  const situation = situationOf(question);
  const verdict = judged(() => verdictOf(catalogue, role, situation, now));
  const { judgement, outcome, code } = verdict;
  const stages = stagesOf(judgement).map(({ need, approvers }) => ({
    need,
    approvers: displayNames(catalogue, approvers),
  }));
  const checks = judgement.checks.map(({ check, passed, detail }) => ({ check, passed, detail }));
  const { review } = judgement;
  const reviewers = review && displayNames(catalogue, review.reviewers);
  const exitCode = outcome === 'refused' ? 1 : 0;
  if (question.json)
    return {
      lines: [
        JSON.stringify(
          {
            outcome,
            code,
            role: role.id,
            durationSeconds: judgement.durationSeconds,
            stages,
            ...(reviewers && { reviewers }),
            checks,
          },
          null,
          2,
        ),
      ],
      exitCode,
    };
  const width = Math.max(...checks.map(({ check }) => check.length));
  return {
    lines: [
      `${judgement.requester.name} (${judgement.requester.key}) asks for ${role.id}, ${role.arn}, for ${durationText(judgement.durationSeconds)} at ${toInstant(situation.at ?? now)}`,
      '',
      ...checks.map(
        ({ check, passed, detail }) => `  ${passed ? 'passed' : 'FAILED'}  ${check.padEnd(width)}  ${detail}`,
      ),
      '',
      ...(outcome === 'needs-approval'
        ? stages.map(({ need, approvers }, i) => `  stage ${i + 1}: ${need} of ${approvers.join(', ')}`)
        : []),
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
    automatic: judgement.review
      ? 'Granted at once, by break-glass. Approvers, reviewers and admins are notified.'
      : 'Granted at once: approved automatically.',
    'needs-approval': 'Filed. Approvers decide.',
    refused: `Refused with ${code}: ${detail}`,
  })[outcome];

function situationOf(question: Question): Situation {
  const given = {
    person: question.person,
    role: question.role,
    at: question.at,
    mfa: question.mfa,
    signedInAgo: question['signed-in-ago'],
    from: question.from,
    groups: question.group,
    permissionSet: question['permission-set'],
    duration: question.duration,
    reason: question.reason,
    ticket: question.ticket,
    ticketIs: question['ticket-is'],
    onBehalfOf: question['on-behalf-of'],
    startsAt: question['starts-at'],
    scope: question.scope,
    breakGlass: question['break-glass'] || undefined,
    open: question.open,
    filedLately: question['filed-lately'] && Number(question['filed-lately']),
    botFiledLately: question['bot-filed-lately'] && Number(question['bot-filed-lately']),
    openOfRole: question['open-of-role'] && Number(question['open-of-role']),
    reviewOverdue: question['review-overdue'],
    reviewsWaiting: question['reviews-waiting'] && Number(question['reviews-waiting']),
    continues: question.continues,
  };
  const parsed = v.safeParse(
    Situation,
    Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  );
  if (parsed.success) return parsed.output;
  throw new CannotAnswer(
    parsed.issues
      .map((issue) => [...(issue.path ? [String(issue.path[0].key)] : []), issue.message].join(' '))
      .join('\n'),
  );
}

function judged(judge: () => Verdict): Verdict {
  try {
    return judge();
  } catch (error) {
    if (error instanceof Problem) throw new CannotAnswer(error.detail);
    throw error;
  }
}
