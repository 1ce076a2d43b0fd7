// Stored shapes for tests: a valid request and message with any part overridden, and the life of one request step by step.
import { canonicalJson, sha256 } from '../../lib/common/digest.ts';
import { HOUR, MINUTE, SECOND } from '../../lib/common/time.ts';
import type { EventType, HistoryEvent, MessageRecord, RequestRecord } from '../../lib/model/schema.ts';

/** The default start time of tests. */
export const start = Date.UTC(2026, 10, 22, 10);

/** A well-formed id whose order is that of `n`. */
export const requestId = (n: number): string => `r${n.toString(36).padStart(25, '0')}`;

/** A pending request, as filing stores it, with whatever is to be different. */
export function record(changes: Partial<RequestRecord> = {}): RequestRecord {
  const createdAt = changes.createdAt ?? start;
  const history: HistoryEvent[] = changes.history ?? [
    { seq: 1, at: createdAt, type: 'filed', actor: 'Amira Diaz', via: 'iam' },
  ];
  return {
    id: requestId(1),
    version: 1,
    role: {
      id: 'production-bucket-read',
      description: 'Read objects in asi-production-bucket',
      account: { key: 'production', id: '111111111111', name: 'Production', color: '#b91c1c' },
      arn: 'arn:aws:iam::111111111111:role/latchkey/readonly-asi-production-bucket',
      risk: 'low',
      mfa: false,
      maxSeconds: 28800,
      sessionSeconds: 3600,
      digest: sha256('rule'),
    },
    requester: {
      person: 'asi-dev@example.com',
      principal: 'arn:aws:iam::222222222222:user/asi-dev',
      email: 'asi-dev@example.com',
      name: 'Amira Diaz',
    },
    reason: 'Look at the failing nightly export',
    ticket: 'OPS-1234',
    durationSeconds: 3600,
    createdAt,
    decideBy: createdAt + 8 * HOUR,
    automatic: false,
    stages: [
      {
        need: 1,
        approvers: ['group:leads'],
        people: [{ key: 'lead@example.com', name: 'Lead' }],
        openedAt: createdAt,
        decisions: [],
      },
    ],
    mailChecks: 0,
    sessions: [],
    vended: 0,
    history,
    head: headOf(history),
    ...changes,
  };
}

/** The chain over a history in which nothing was folded. */
const headOf = (history: readonly HistoryEvent[], before = ''): string =>
  history.reduce((head, event) => sha256(head + canonicalJson(event)), before);

/** A claim on a message that carries a link. */
export function message(changes: Partial<MessageRecord> = {}): MessageRecord {
  return {
    requestId: requestId(1),
    id: 'm1',
    channel: 'mail',
    kind: 'decide',
    holder: { key: 'lead@example.com', name: 'Lead' },
    linkHashes: [sha256('link')],
    claimedAt: start,
    expiresAt: start + 8 * HOUR,
    ...changes,
  };
}

/** The next version of a request: the changes and the one event that records them. */
export function next(
  before: RequestRecord,
  type: EventType,
  at: number,
  changes: Partial<RequestRecord> = {},
): RequestRecord {
  const seq = before.version + 1;
  const event: HistoryEvent = { seq, at, type, actor: 'lead@example.com', via: 'link' };
  return {
    ...before,
    version: seq,
    head: headOf([event], before.head),
    history: [...before.history, event],
    ...changes,
  };
}

/** Approved: the grant runs from `at` for as long as was asked. */
export const approved = (before: RequestRecord, at: number): RequestRecord =>
  next(before, 'approved', at, {
    grant: { startsAt: at, endsAt: at + before.durationSeconds * SECOND },
    stages: before.stages.map((stage) => ({
      ...stage,
      decisions: [
        {
          person: 'lead@example.com',
          principal: 'lead@example.com',
          name: 'Lead',
          decision: 'approve',
          comment: 'go ahead',
          via: 'link',
          at,
        },
      ],
    })),
  });

export const vended = (before: RequestRecord, at: number): RequestRecord =>
  next(before, 'vended', at, {
    vended: before.vended + 1,
    sessions: [
      ...before.sessions,
      {
        kind: 'keys',
        accessKeyId: 'ASIAQWERTYUIOPASDFGH',
        sessionName: 'lk-MDEyMzQ1Njc4OWFiY2RlZg-asi-dev@example.com',
        issuedAt: at,
        expiresAt: at + 15 * MINUTE,
      },
    ],
  });

/** Finished by a person, or by time if `at` is the grant's end. */
export const finished = (
  before: RequestRecord,
  status: NonNullable<RequestRecord['outcome']>['status'],
  at: number,
): RequestRecord =>
  next(before, status, at, { outcome: { status, at, by: { kind: 'person', key: 'lead@example.com', name: 'Lead' } } });
