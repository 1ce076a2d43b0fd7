// The status of a request, computed from its stored facts and the time. It never depends on whether a sweep has run.
import { afterQuiet } from '../common/quiet.ts';
import { DAY, HOUR, MINUTE, SECOND, SESSION_MOST } from '../common/time.ts';
import type { Grant, RequestRecord, Stage, Status } from './schema.ts';

/** When a revocation that is not finished is recorded as failed. */
export const REVOCATION_OVERDUE = 15 * MINUTE;

/** When the sweeper checks that approvers got their email, counted from the opening of their stage. */
const mailChecksAfter = [5 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR, 24 * HOUR];

/** Neither ended nor granted. By its facts, a lapsed request that no sweep has seen is still pending. */
export const isPending = (record: RequestRecord): boolean => record.outcome === undefined && record.grant === undefined;

/** The status at `now`, epoch milliseconds. */
export function statusAt(record: RequestRecord, now: number): Status {
  if (record.outcome) return record.outcome.status;
  if (!record.grant) return now < record.decideBy ? 'pending' : 'lapsed';
  if (now < record.grant.startsAt) return 'scheduled';
  return now < record.grant.endsAt ? 'active' : 'ended';
}

/** The first stage without enough approvals; undefined if the request is no longer pending by its facts. */
export function openStage(record: RequestRecord): { index: number; stage: Stage } | undefined {
  if (!isPending(record)) return undefined;
  const index = record.stages.findIndex((stage) => approvals(stage) < stage.need);
  const stage = record.stages[index];
  return stage && { index, stage };
}

/** The number of distinct people who have approved a stage. */
export const approvals = (stage: Stage): number =>
  new Set(stage.decisions.filter(({ decision }) => decision === 'approve').map(({ person }) => person)).size;

/** Whether a request with this status is open: it gives access now or may give it later. All other statuses are final. */
export const isOpenStatus = (status: Status): boolean => ['pending', 'scheduled', 'active'].includes(status);

export const isOpen = (record: RequestRecord, now: number): boolean => isOpenStatus(statusAt(record, now));

/** When a request stopped being open, or will at the latest. Lists and ledgers store this in place of `isOpen`. */
export const overAt = (record: RequestRecord): number =>
  Math.min(record.outcome?.at ?? Number.POSITIVE_INFINITY, record.grant?.endsAt ?? record.decideBy);

/** Whether a request was over within a minute of its filing, too soon for a considered decision. */
export const wasShortLived = (createdAt: number, over: number): boolean =>
  over >= createdAt && over - createdAt < MINUTE;

/** What time alone will change in a request, and when. */
export type ClockStep = {
  at: number;
  does: 'ended' | 'lapsed' | 'escalated' | 'reminded' | 'mail-checked' | 'review-overdue' | 'revocation-failed';
};

/** The next step of each kind. If several are due, the first in the list counts. */
export function clockSteps(record: RequestRecord): ClockStep[] {
  if (record.outcome) return [...revocationSteps(record, record.outcome.at), ...reviewSteps(record)];
  if (record.grant)
    return [
      { at: record.grant.endsAt, does: 'ended' },
      ...reviewSteps(record),
      ...stepsUnderGlass(record, record.grant),
    ];
  const stage = openStage(record)?.stage;
  return [
    { at: record.decideBy, does: 'lapsed' },
    ...(stage?.openedAt === undefined ? [] : stepsWhileOpen(record, stage, stage.openedAt)),
  ];
}

/** A revocation that is not finished in time is recorded as failed. */
const revocationSteps = ({ revocation }: RequestRecord, endedAt: number): ClockStep[] =>
  revocation?.state === 'pending' ? [{ at: endedAt + REVOCATION_OVERDUE, does: 'revocation-failed' }] : [];

/** When a missing review is reported, counted from its due time. */
const overdueAfter = [0, DAY, 7 * DAY];

function reviewSteps({ review }: RequestRecord): ClockStep[] {
  const delay = overdueAfter[review?.overdue ?? 0];
  return !review || review.signed || delay === undefined ? [] : [{ at: review.due + delay, does: 'review-overdue' }];
}

/** While a break-glass grant runs, the sweeper checks that its notifications were sent. */
function stepsUnderGlass({ review, mailChecks, createdAt }: RequestRecord, { endsAt }: Grant): ClockStep[] {
  const delay = mailChecksAfter[mailChecks];
  return review && delay !== undefined && createdAt + delay < endsAt
    ? [{ at: createdAt + delay, does: 'mail-checked' }]
    : [];
}

function stepsWhileOpen({ waiting, mailChecks, decideBy }: RequestRecord, stage: Stage, opened: number): ClockStep[] {
  const escalation = stage.escalated ? undefined : waiting?.escalate;
  const reminder = waiting?.remind && nextReminder(waiting.remind, stage, opened);
  const delay = mailChecksOf(stage)[mailChecks];
  const steps: ClockStep[] = [
    ...(escalation ? [{ at: opened + escalation.after * SECOND, does: 'escalated' as const }] : []),
    ...(reminder === undefined ? [] : [{ at: reminder, does: 'reminded' as const }]),
    ...(delay === undefined ? [] : [{ at: opened + delay, does: 'mail-checked' as const }]),
  ];
  return steps.filter(({ at }) => at < decideBy);
}

/** Counted from the last reminder that was sent, so that a delayed sweep does not send several in a row. */
function nextReminder(
  { after, every, backOff, most, quiet }: NonNullable<NonNullable<RequestRecord['waiting']>['remind']>,
  { reminded }: Stage,
  opened: number,
): number | undefined {
  if (!reminded || reminded.count === 0) return afterQuiet((reminded?.at ?? opened) + after * SECOND, quiet);
  if (reminded.count >= most) return undefined;
  return afterQuiet(reminded.at + every * backOff ** (reminded.count - 1) * SECOND, quiet);
}

/** When the sweeper must look next; undefined if nothing is left to record. */
export function dueAt(record: RequestRecord): number | undefined {
  const steps = clockSteps(record);
  return steps.length === 0 ? undefined : Math.min(...steps.map(({ at }) => at));
}

/** The number of email checks that are due by `now` for the open stage or the break-glass grant. A late sweep makes up for all of them at once. */
export function mailChecksBy(record: RequestRecord, now: number): number {
  const stage = record.review ? undefined : openStage(record)?.stage;
  const opened = record.review ? record.createdAt : stage?.openedAt;
  return opened === undefined ? record.mailChecks : mailChecksOf(stage).filter((delay) => opened + delay <= now).length;
}

/** Delays since the stage opened. If its people are asked later, the first check asks them. */
const mailChecksOf = (stage: Stage | undefined): number[] =>
  stage?.askAt === undefined || stage.openedAt === undefined
    ? mailChecksAfter
    : [stage.askAt - stage.openedAt, ...mailChecksAfter];

/** When the last live session of the grant expires; undefined if none is live. Older sessions that are no longer stored count with the longest lifetime. */
export function sessionsUntil(record: RequestRecord, now: number): number | undefined {
  const [oldest] = record.sessions;
  const isFolded = record.vended > record.sessions.length;
  const folded =
    isFolded && oldest
      ? [Math.min(oldest.issuedAt + SESSION_MOST, record.grant?.endsAt ?? Number.POSITIVE_INFINITY)]
      : [];
  const live = [...record.sessions.map(({ expiresAt }) => expiresAt), ...folded].filter((until) => until > now);
  return live.length > 0 ? Math.max(...live) : undefined;
}
