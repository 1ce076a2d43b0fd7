// The life of a request: each function takes the current record and returns the next one, or throws a refusal.
import { accountWithRevoker, type Catalogue, type Role } from '../catalogue/catalogue.ts';
import { reachAfterDenial } from '../catalogue/reach.ts';
import { durationText, floorToSecond, MINUTE, parseDuration, SECOND, toInstant } from '../common/time.ts';
import type { NewDecision } from '../model/bodies.ts';
import { Problem } from '../model/problem.ts';
import {
  type Block,
  type Decision,
  type KnownPerson,
  type Outcome,
  type RequestRecord,
  type Session,
  saidOf,
  type Via,
} from '../model/schema.ts';
import { clockSteps, isOpen, mailChecksBy, openStage, sessionsUntil, statusAt } from '../model/status.ts';
import { checkAssurance, stageTakesSignIn } from '../policy/assurance.ts';
import { automaticText } from '../policy/automatic.ts';
import { accessOf, refuseIfBlocked } from '../policy/block.ts';
import type { FilingContext, ReviewPlan } from '../policy/filing-context.ts';
import type { Judgement } from '../policy/judge.ts';
import type { Caller } from '../policy/principal.ts';
import { isInvolved, isSamePerson, mayDecideStage, type Relation, relationOf } from '../policy/relation.ts';
import { isNeededLater, stageNames } from '../policy/stages.ts';
import { stricterNow, unmetConditions } from '../policy/today.ts';
import { escalated, reminded } from '../policy/waiting.ts';
import type { Act } from '../policy/who.ts';
import { type By, byCaller, record, recordEnd, refuseIfAltered } from './history.ts';
import { snapshotOf } from './role-snapshot.ts';
import { withTicketCheck } from './ticket-check.ts';

const clockwork: By = { actor: 'latchkey', via: 'sweep' };

/** Only the newest sessions are kept, so that the document stays small. */
const KEPT_SESSIONS = 12;

// -- filing ----------------------------------------------------------------------------------------------------------

/**
 * A new request, already granted if it is auto-approved.
 * @param identity the id is unguessable, 26 characters; the fingerprint is the digest of the body of a filing with an Idempotency-Key
 */
export function file(
  judgement: Judgement,
  { caller, body, now }: Pick<FilingContext, 'caller' | 'body' | 'now'>,
  { id, fingerprint }: Pick<RequestRecord, 'id' | 'fingerprint'>,
): RequestRecord {
  const { role, requester, durationSeconds, stages, automatic, waiting, review, byCatalogue, hasty } = judgement;
  const filed: RequestRecord = {
    id,
    version: 0,
    role: snapshotOf(role),
    requester: {
      person: requester.key,
      principal: caller.kind === 'bot' ? requester.key : caller.principal,
      email: requester.email,
      name: requester.name,
    },
    ...(byCatalogue && { byCatalogue }),
    ...(caller.kind === 'bot' && { filedBy: { principal: caller.principal } }),
    reason: body.reason,
    ...saidOf(body),
    durationSeconds,
    ...(judgement.startsAt !== undefined && { wantedStart: judgement.startsAt }),
    ...(judgement.extends !== undefined && { extends: judgement.extends }),
    ...(judgement.scope && { scope: judgement.scope }),
    createdAt: now,
    decideBy: floorToSecond(now) + role.approval.decideWithin * SECOND,
    automatic,
    stages: stages.map((stage, index) => ({
      ...stage,
      ...(index === 0 && !review && { openedAt: now, ...(hasty && { askAt: now + MINUTE }) }),
      decisions: [],
    })),
    mailChecks: 0,
    ...(waiting && { waiting }),
    sessions: [],
    vended: 0,
    history: [],
    head: '',
    ...(fingerprint !== undefined && { fingerprint }),
  };
  const recorded = withTicketCheck(record(filed, 'filed', byCaller(caller), now), role, judgement.finding, now);
  if (review) return breakGlass(recorded, review, now);
  const { automaticWhen } = role.approval;
  const why = automaticWhen
    ? `Auto-approved by the catalogue: ${automaticText(automaticWhen)}`
    : 'Auto-approved by the catalogue.';
  return automatic
    ? record(grant(recorded, now), 'approved', { actor: 'latchkey', via: 'catalogue' }, now, why)
    : recorded;
}

/** Granted immediately; a review is due afterwards. */
function breakGlass(request: RequestRecord, { withinSeconds, ...who }: ReviewPlan, now: number): RequestRecord {
  const granted = grant(request, now);
  const due = floorToSecond(now) + (request.durationSeconds + withinSeconds) * SECOND;
  const note = `By break-glass: nobody approved this. A review is due by ${toInstant(due)}.`;
  return record(
    { ...granted, review: { ...who, due } },
    'approved',
    { actor: 'latchkey', via: 'break-glass' },
    now,
    note,
  );
}

/**
 * Starts the grant now, or at the requested start if that is later, in whole seconds as IAM counts them.
 * @param continued the request that this one extends, as it is now. If its grant ended early, the extension starts immediately
 */
function grant(request: RequestRecord, now: number, continued?: RequestRecord): RequestRecord {
  const wanted = continued?.outcome ? now : (request.wantedStart ?? now);
  const startsAt = floorToSecond(Math.max(now, wanted));
  return { ...request, grant: { startsAt, endsAt: startsAt + request.durationSeconds * SECOND } };
}

/** An act that gives access, with the blocks in force. */
export type GuardedAct = Act & { blocks: readonly Block[] };

// -- deciding --------------------------------------------------------------------------------------------------------

/**
 * One approver's decision. The caller is checked before the state of the request.
 * @param continued the request that this one extends, if it does
 * @throws Problem `request-not-found`, `not-allowed`, `own-request`, `not-an-approver`, `blocked`, `already-decided`, `needs-sign-in`, `needs-mfa`, `refused-by-policy`, `invalid-request`
 */
export function decide(
  request: RequestRecord,
  act: GuardedAct,
  body: NewDecision,
  continued?: RequestRecord,
): RequestRecord {
  const { catalogue, caller, now } = act;
  const relation = relationOf(catalogue, request, caller);
  if (!isInvolved(relation)) throw notFound();
  if (caller.kind === 'bot')
    throw new Problem('not-allowed', 'Bots cannot decide. An approver decides with the emailed link or the API.');
  if (relation.requester)
    throw new Problem('own-request', 'You are the requester. Another person has to decide this request.');
  if (!relation.approver)
    throw new Problem(
      'not-an-approver',
      'You can see this request, but you are not one of its approvers in the catalogue.',
    );
  if (body.decision === 'approve') refuseIfBlocked(act, accessOf(request));
  const status = statusAt(request, now);
  if (status !== 'pending')
    throw new Problem('already-decided', `The request is ${status}. There is nothing left to decide.`, { request });
  if (request.stages.some((stage) => stage.decisions.some((decision) => isSamePerson(catalogue, decision, caller)))) {
    throw new Problem('already-decided', 'You have already decided this request. Your decision counts.', { request });
  }
  const open = openStage(request);
  if (!open) throw new Error('a pending request has no open stage');
  if (!mayDecideStage(catalogue, request, open.stage, caller)) {
    throw new Problem(
      'not-an-approver',
      `You cannot decide the current stage. Its approvers are: ${stageNames(catalogue, open.stage).join(', ')}.`,
    );
  }
  const role = catalogue.roles.get(request.role.id);
  checkAssurance(stageTakesSignIn(request, role), role, request, act);
  return body.decision === 'deny'
    ? deny(request, open.index, act, body)
    : approve(request, open.index, act, body, continued);
}

function deny(request: RequestRecord, index: number, act: Act, body: NewDecision): RequestRecord {
  const { caller, now } = act;
  if (body.duration !== undefined) {
    throw new Problem('invalid-request', 'A duration is only allowed with an approval.', {
      errors: [{ pointer: '/duration', detail: 'is only allowed with an approval' }],
    });
  }
  const denied = withDecision(request, index, act, body);
  return recordEnd(denied, outcomeBy(caller, 'denied', body.comment, now), byCaller(caller), now);
}

function approve(
  request: RequestRecord,
  index: number,
  act: Act,
  body: NewDecision,
  continued?: RequestRecord,
): RequestRecord {
  const { catalogue, caller, now } = act;
  refuseIfAltered(request);
  const stricter = stricterNow(catalogue, request) ?? revokedBefore(continued);
  if (stricter !== undefined)
    throw new Problem('refused-by-policy', `${stricter} It can be denied, not approved.`, {
      errors: [{ pointer: '/decision', detail: stricter }],
    });
  if (isNeededLater(request, index, caller.person.key)) {
    throw new Problem(
      'not-an-approver',
      'You are needed for a later stage, where no other approver can replace you. Another approver has to decide this stage.',
    );
  }
  const decided = withDecision({ ...request, durationSeconds: shortened(request, catalogue, body) }, index, act, body);
  const next = openStage(decided);
  const moved =
    next && next.index !== index
      ? {
          ...decided,
          mailChecks: 0,
          stages: decided.stages.map((stage, i) => (i === next.index ? { ...stage, openedAt: now } : stage)),
        }
      : decided;
  return record(next ? moved : grant(moved, now, continued), 'approved', byCaller(caller), now, body.comment);
}

/** A revoke also ends extensions. This catches an extension that was filed at the same moment and missed. @throws Problem `refused-by-policy` */
export function refuseIfRevoked(continued: RequestRecord | undefined): void {
  const detail = revokedBefore(continued);
  if (detail === undefined) return;
  throw new Problem('refused-by-policy', `${detail} File a new request.`, { errors: [{ pointer: '', detail }] });
}

const revokedBefore = (continued: RequestRecord | undefined): string | undefined =>
  continued?.outcome?.status === 'revoked' ? 'The grant that this request continues was revoked.' : undefined;

/** An approver may shorten the grant, not lengthen it. A maximum that was lowered since also applies. Seconds. */
function shortened(request: RequestRecord, catalogue: Catalogue, body: NewDecision): number {
  const asked = body.duration === undefined ? request.durationSeconds : (parseDuration(body.duration) ?? 0);
  const fault = (detail: string) =>
    new Problem('refused-by-policy', detail, { errors: [{ pointer: '/duration', detail }] });
  if (asked > request.durationSeconds)
    throw fault(
      `An approver can shorten a request, not lengthen it. The requested duration is ${durationText(request.durationSeconds)}.`,
    );
  if (asked < 60) throw fault('A grant must last at least 1 min.');
  return Math.min(asked, catalogue.roles.get(request.role.id)?.duration.max ?? asked);
}

function withDecision(request: RequestRecord, index: number, { caller, now }: Act, body: NewDecision): RequestRecord {
  const decision: Decision = {
    person: caller.person.key,
    principal: caller.principal,
    name: caller.person.name,
    decision: body.decision,
    ...(body.comment !== undefined && body.comment !== '' && { comment: body.comment }),
    via: caller.via,
    at: now,
  };
  return {
    ...request,
    stages: request.stages.map((stage, i) =>
      i === index ? { ...stage, decisions: [...stage.decisions, decision] } : stage,
    ),
  };
}

// -- ending ----------------------------------------------------------------------------------------------------------

/**
 * Withdraws, hands back or revokes a request, depending on the caller and the state. It does not require anybody to be still eligible.
 * @throws Problem `request-not-found`, `not-allowed`, `not-an-approver`, `not-active`
 */
export function end(
  request: RequestRecord,
  { catalogue, caller, now }: Act,
  comment: string | undefined,
): RequestRecord {
  const relation = relationOf(catalogue, request, caller);
  if (!isInvolved(relation)) throw notFound();
  if (caller.kind === 'bot')
    throw new Problem('not-allowed', 'Bots cannot end requests. The requester, an approver or an admin can.');
  if (!relation.requester && !mayRevoke(relation)) {
    throw new Problem(
      'not-an-approver',
      'You can see this request, but only its requester, its approvers and admins can end it.',
    );
  }
  const status = statusAt(request, now);
  if (status !== 'pending' && status !== 'scheduled' && status !== 'active')
    throw notActive(request, now, 'There is nothing left to end.');
  const how = relation.requester ? (request.vended === 0 ? 'withdrawn' : 'ended') : 'revoked';
  const revoked = { ...request, ...revocationOf(request, catalogue, now) };
  return recordEnd(revoked, outcomeBy(caller, how, comment, now), byCaller(caller), now);
}

/** Revokes one request for a revocation of many or a block, whoever its requester is; undefined if the request is over. */
export function revokeOpen(
  request: RequestRecord,
  { catalogue, now }: Pick<Act, 'catalogue' | 'now'>,
  { by, via, comment }: { by: KnownPerson; via: Via; comment: string },
): RequestRecord | undefined {
  if (!isOpen(request, now)) return undefined;
  const revoked = { ...request, ...revocationOf(request, catalogue, now) };
  const outcome: Outcome = { status: 'revoked', at: now, by: { kind: 'person', ...by }, why: comment };
  return recordEnd(revoked, outcome, { actor: by.key, via }, now);
}

const outcomeBy = (
  { person }: Caller,
  status: Outcome['status'],
  comment: string | undefined,
  now: number,
): Outcome => ({
  status,
  at: now,
  by: { kind: 'person', key: person.key, name: person.name },
  ...(comment !== undefined && comment !== '' && { why: comment }),
});

/** Who may end another person's request. */
export const mayRevoke = ({ approver, asked, reviewer, admin }: Relation): boolean =>
  approver || asked || reviewer || admin;

/** The revocation of issued sessions. Until IAM has accepted it, only their own expiry is certain. */
export function revocationOf(
  request: RequestRecord,
  catalogue: Catalogue,
  now: number,
): Pick<RequestRecord, 'revocation'> {
  // credentials that a session obtained in its last second may outlive it
  const longer = reachAfterDenial(request.role.reaches).seconds * SECOND;
  const sessionsEnd = sessionsUntil(request, now - longer);
  if (sessionsEnd === undefined) return {};
  const effectiveBy = sessionsEnd + longer;
  const state = accountWithRevoker(catalogue, request.role.arn) ? 'pending' : 'unavailable';
  return { revocation: { state, at: now, effectiveBy } };
}

/** IAM denies active sessions within minutes (iam-ug, id_roles_use_revoke-sessions). This is the time that we promise. */
const IAM_TAKES = 5 * MINUTE;

/** The time from which no session can be used, once IAM has accepted the denial. The reach of a role beyond its session lasts longer. */
function deniedBy({ role, sessions }: RequestRecord, now: number): number {
  const { isToSessionEnd, seconds } = reachAfterDenial(role.reaches);
  const sessionsEnd = isToSessionEnd ? sessions.map(({ expiresAt }) => expiresAt) : [];
  return Math.max(now + IAM_TAKES + seconds * SECOND, ...sessionsEnd);
}

/** Records the result of a revocation; undefined if none is pending. */
export function recordRevocation(
  request: RequestRecord,
  state: 'done' | 'failed',
  now: number,
): RequestRecord | undefined {
  const { revocation } = request;
  if (revocation?.state !== 'pending') return undefined;
  const effectiveBy =
    state === 'done' ? Math.min(revocation.effectiveBy, deniedBy(request, now)) : revocation.effectiveBy;
  const type = state === 'done' ? 'sessions-revoked' : 'revocation-failed';
  return record(
    { ...request, revocation: { state, at: now, effectiveBy } },
    type,
    { actor: 'latchkey', via: 'revoke' },
    now,
  );
}

// -- issuing ---------------------------------------------------------------------------------------------------------

/**
 * Checks that the caller may get credentials from this grant now, and returns the role in the current catalogue.
 * @throws Problem `request-not-found`, `not-the-requester`, `blocked`, `needs-mfa`, `needs-sign-in`, `not-active`, `refused-by-policy`
 */
export function roleToVend(request: RequestRecord, act: GuardedAct): Role {
  const { catalogue, caller, now } = act;
  const relation = relationOf(catalogue, request, caller);
  if (!isInvolved(relation)) throw notFound();
  if (!relation.requester)
    throw new Problem(
      'not-the-requester',
      'Only the requester can get credentials from a grant. File your own request.',
    );
  refuseIfBlocked(act, accessOf(request));
  const role = catalogue.roles.get(request.role.id);
  if ((request.role.mfa || role?.mfa) && !caller.mfa)
    throw new Problem('needs-mfa', 'This role requires a sign-in with MFA. Sign in again with a second factor.');
  const unmet = unmetConditions(request, role, caller, now);
  const stale = unmet.find(({ code }) => code === 'needs-sign-in');
  if (stale) throw new Problem('needs-sign-in', stale.detail);
  if (statusAt(request, now) !== 'active')
    throw notActive(request, now, 'Credentials are issued only while a grant is active.');
  refuseIfAltered(request);
  const stricter = stricterNow(catalogue, request, caller);
  if (!role || stricter !== undefined)
    throw new Problem(
      'refused-by-policy',
      `${stricter ?? ''} End this request and ask the owner of the catalogue.`.trim(),
      {
        errors: [{ pointer: '', detail: stricter ?? '' }],
      },
    );
  if (unmet.length > 0) {
    const errors = unmet.map(({ pointer = '', detail }) => ({ pointer, detail }));
    throw new Problem('refused-by-policy', errors.map(({ detail }) => detail).join(' '), { errors });
  }
  return role;
}

/** Adds a session to the request, before its credentials are returned. */
export function recordSession(request: RequestRecord, session: Session, caller: Caller, now: number): RequestRecord {
  const sessions = [...request.sessions, session].slice(-KEPT_SESSIONS);
  return record(
    { ...request, sessions, vended: request.vended + 1 },
    'vended',
    byCaller(caller),
    now,
    `${session.kind} ${session.sessionName}`,
  );
}

/** Removes the record of a session whose credentials or console URL were not returned. */
export function recordUndelivered(
  request: RequestRecord,
  session: Session,
  caller: Caller,
  now: number,
): RequestRecord {
  const sessions = request.sessions.filter(({ sessionName }) => sessionName !== session.sessionName);
  return record(
    { ...request, sessions, vended: request.vended - 1 },
    'undelivered',
    byCaller(caller),
    now,
    `${session.kind} ${session.sessionName}`,
  );
}

// -- time ------------------------------------------------------------------------------------------------------------

/** Records the next change that time alone has made to a request; undefined if there is none. */
export function settle(request: RequestRecord, now: number): RequestRecord | undefined {
  const step = clockSteps(request).find(({ at }) => at <= now);
  switch (step?.does) {
    case undefined:
      return undefined;
    case 'ended':
    case 'lapsed':
      return recordEnd(request, { status: step.does, at: step.at, by: { kind: 'clock' } }, clockwork, now);
    case 'escalated':
      return record(
        escalated(request, now),
        'escalated',
        clockwork,
        now,
        `to ${request.waiting?.escalate?.to.join(', ')}`,
      );
    case 'reminded':
      return record(reminded(request, now), 'reminded', clockwork, now);
    case 'review-overdue':
      return record(
        {
          ...request,
          ...(request.review && { review: { ...request.review, overdue: (request.review.overdue ?? 0) + 1 } }),
        },
        'review-overdue',
        clockwork,
        now,
      );
    case 'revocation-failed':
      return recordRevocation(request, 'failed', now);
    case 'mail-checked':
      return record({ ...request, mailChecks: mailChecksBy(request, now) }, 'mail-checked', clockwork, now);
  }
}

// --- internal ---

/** One answer for "no such request" and "not yours". */
export const notFound = (): Problem => new Problem('request-not-found', 'Request not found, or you may not see it.');

export function notActive(request: RequestRecord, now: number, hint: string): Problem {
  return new Problem('not-active', `${stateText(request, now)} ${hint}`, { request });
}

/** `The request ended at 2026-11-28T10:00:00Z.` */
function stateText(request: RequestRecord, now: number): string {
  const status = statusAt(request, now);
  const { outcome, grant, decideBy } = request;
  if (status === 'pending' || status === 'active') return `The request is ${status}.`;
  if (status === 'scheduled') return `The request is scheduled and starts at ${toInstant(grant!.startsAt)}.`;
  if (status === 'lapsed') return `The request lapsed at ${toInstant(outcome?.at ?? decideBy)}.`;
  if (status === 'ended') return `The request ended at ${toInstant(outcome?.at ?? grant!.endsAt)}.`;
  return `The request was ${status} at ${toInstant(outcome!.at)}.`;
}
