// What a request is at a moment: computed from its stored facts and the clock, never from a sweep having run.
import type { RequestRecord, Stage, Status } from './schema.ts';
import { HOUR, MINUTE } from './time.ts';

/** No session from role chaining lives longer (iam-ug, id_roles_terms-and-concepts). */
const SESSION_MOST = HOUR;
/** When a revocation that nobody has finished is written down as failed. */
export const REVOCATION_OVERDUE = 15 * MINUTE;

/** How long after a stage opened the sweeper makes sure that its approvers were mailed. */
const mailChecksAfter = [5 * MINUTE, 30 * MINUTE, 2 * HOUR, 8 * HOUR, 24 * HOUR];

/** Nobody has decided for good: neither refused nor granted. A lapsed request that no sweep has seen is still pending by its facts. */
export const isPending = (record: RequestRecord): boolean => record.outcome === undefined && record.endsAt === undefined;

/** The status at `now`, epoch milliseconds. */
export function statusAt(record: RequestRecord, now: number): Status {
  if (record.outcome) return record.outcome.status;
  if (record.startsAt === undefined || record.endsAt === undefined) return now < record.decideBy ? 'pending' : 'lapsed';
  if (now < record.startsAt) return 'scheduled';
  return now < record.endsAt ? 'active' : 'ended';
}

/** The stage whose turn it is: the first that has not enough approvals; undefined when the request is no longer pending by its facts. */
export function openStage(record: RequestRecord): { index: number; stage: Stage } | undefined {
  if (!isPending(record)) return undefined;
  const index = record.stages.findIndex((stage) => approvals(stage) < stage.need);
  const stage = record.stages[index];
  return stage && { index, stage };
}

/** How many distinct persons have approved a stage. */
export const approvals = (stage: Stage): number => new Set(stage.decisions.filter(({ decision }) => decision === 'approve').map(({ person }) => person)).size;

/** Until when the request counts as open for the overlap rule and the limit; undefined when it is finished. */
export function openUntil(record: RequestRecord): number | undefined {
  return record.outcome ? undefined : (record.endsAt ?? record.decideBy);
}

/** When the sweeper must look next; undefined when nothing is left to record. */
export function dueAt(record: RequestRecord): number | undefined {
  if (record.outcome) return record.revocation?.state === 'pending' ? record.outcome.at + REVOCATION_OVERDUE : undefined;
  if (record.endsAt !== undefined) return record.endsAt;
  const opened = openedAt(record);
  const delay = mailChecksAfter[record.mailChecks];
  return opened === undefined || delay === undefined ? record.decideBy : Math.min(opened + delay, record.decideBy);
}

/** How many checks of the mail the open stage has had coming by `now`. A sweep that comes late makes up for all of them at once. */
export function mailChecksBy(record: RequestRecord, now: number): number {
  const opened = openedAt(record);
  return opened === undefined ? record.mailChecks : mailChecksAfter.filter((delay) => opened + delay <= now).length;
}

/** When it became the open stage's turn. */
const openedAt = (record: RequestRecord): number | undefined => record.history.find(({ seq }) => seq === openStage(record)?.stage.openedBy)?.at;

/** Until when a session of the grant may still live, left to itself; undefined when none can. Older sessions that are no longer kept count by the most that one can last. */
export function sessionsUntil(record: RequestRecord, now: number): number | undefined {
  const [oldest] = record.sessions;
  const isFolded = record.vended > record.sessions.length;
  const folded = isFolded && oldest ? [Math.min(oldest.issuedAt + SESSION_MOST, record.endsAt ?? Number.POSITIVE_INFINITY)] : [];
  const live = [...record.sessions.map(({ expiresAt }) => expiresAt), ...folded].filter((until) => until > now);
  return live.length > 0 ? Math.max(...live) : undefined;
}
