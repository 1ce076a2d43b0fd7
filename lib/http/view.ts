// Converts stored records to the API's answers. Status depends on the clock, and times are text.
import { type Catalogue, displayNames, type Role } from '../catalogue/catalogue.ts';
import { reachTexts } from '../catalogue/reach.ts';
import { toInstant } from '../common/time.ts';
import { conditionTexts } from '../model/condition.ts';
import {
  type Binding,
  type Block,
  type HistoryEvent,
  type RequestRecord,
  type Stage,
  saidOf,
} from '../model/schema.ts';
import { statusAt } from '../model/status.ts';
import { automaticText } from '../policy/automatic.ts';
import type { SignInRule } from '../policy/identity-presets.ts';
import { type Judgement, refusalOf } from '../policy/judge.ts';
import type { Caller } from '../policy/principal.ts';
import type {
  BlockListView,
  DiscoveryView,
  ExplanationView,
  IdentityListView,
  MeView,
  RequestView,
  RevocationView,
  RoleView,
} from './answers.ts';

type SignIn = {
  issuer: string;
  audience: readonly string[];
  scope: string;
  signIn: SignInRule;
  clientId?: string;
  loginPorts?: readonly number[];
};

/** The settings that a program needs for a sign-in. All of them are public. */
export const discoveryView = (
  { issuer, audience, scope, signIn, clientId, loginPorts }: SignIn,
  version: string,
): DiscoveryView => ({
  version,
  issuer,
  audience: [...audience],
  scope,
  signIn: signInView(signIn),
  ...(clientId !== undefined && { clientId }),
  ...(loginPorts !== undefined && { loginPorts: [...loginPorts] }),
});

function signInView({ scope, parameters, offlineAccess, stepUp }: SignInRule): DiscoveryView['signIn'] {
  return {
    scope,
    ...(Object.keys(parameters).length > 0 && { parameters: { ...parameters } }),
    offlineAccess,
    ...(Object.keys(stepUp).length > 0 && { stepUp: { ...stepUp } }),
  };
}

export function requestView(catalogue: Catalogue, request: RequestRecord, now: number): RequestView {
  const { id, version, role, requester, filedBy, reason, ticketCheck, durationSeconds, automatic } = request;
  const startsAt = request.grant?.startsAt ?? request.wantedStart;
  return {
    id,
    version,
    status: statusAt(request, now),
    role: requestedRoleView(role),
    requester: { principal: requester.principal, email: requester.email, name: requester.name },
    ...(filedBy && { filedBy }),
    reason,
    ...saidOf(request),
    ...(ticketCheck && {
      ticketCheck: { validator: ticketCheck.validator, state: ticketCheck.state, at: toInstant(ticketCheck.at) },
    }),
    durationSeconds,
    ...(request.extends !== undefined && { extends: request.extends }),
    ...(request.scope && { scope: request.scope.values }),
    createdAt: toInstant(request.createdAt),
    decideBy: toInstant(request.decideBy),
    ...(startsAt !== undefined && { startsAt: toInstant(startsAt) }),
    ...(request.grant && { endsAt: toInstant(request.grant.endsAt) }),
    ...(request.review && { breakGlass: true, review: reviewView(catalogue, request.review, now) }),
    approval: { automatic, stages: request.stages.map((stage) => stageView(catalogue, stage)) },
    ...(request.revocation && {
      revocation: {
        ...request.revocation,
        at: toInstant(request.revocation.at),
        effectiveBy: toInstant(request.revocation.effectiveBy),
      },
    }),
    sessions: request.sessions.map((session) => ({
      ...session,
      issuedAt: toInstant(session.issuedAt),
      expiresAt: toInstant(session.expiresAt),
    })),
    history: request.history.map((event) => eventView(request, event)),
  };
}

const stageView = (catalogue: Catalogue, { need, approvers, by, decisions }: Stage) => ({
  need,
  ...(by !== undefined && { by }),
  approvers: displayNames(catalogue, approvers),
  decisions: decisions.map(({ person, name, decision, comment, via, at }) => ({
    approver: name,
    person,
    decision,
    ...(comment !== undefined && { comment }),
    via,
    at: toInstant(at),
  })),
});

const eventView = (request: RequestRecord, { prev: _, kept: __, ...event }: HistoryEvent) => ({
  ...event,
  ...(isOfPerson(request, event) && { person: event.actor }),
  at: toInstant(event.at),
});

function requestedRoleView(role: RequestRecord['role']): RequestView['role'] {
  const { id, description, account, arn } = role;
  const reached = reachTexts(role);
  return { id, description, account: accountView(account), arn, ...(reached.length > 0 && { beyondSession: reached }) };
}

/** Whether a person did it themselves. For bots and Latchkey the actor is enough. */
const isOfPerson = ({ filedBy }: RequestRecord, { actor, via }: RequestRecord['history'][number]): boolean =>
  ['oidc', 'iam', 'link'].includes(via) && actor !== filedBy?.principal;

function reviewView(
  catalogue: Catalogue,
  { reviewers, due, signed }: NonNullable<RequestRecord['review']>,
  now: number,
): NonNullable<RequestView['review']> {
  const unsigned = now < due ? 'open' : 'overdue';
  return {
    state: signed ? 'signed' : unsigned,
    due: toInstant(due),
    reviewers: displayNames(catalogue, reviewers),
    ...(signed && { by: signed.name, person: signed.person, at: toInstant(signed.at), comment: signed.comment }),
  };
}

/** One page of a list. @param view how one request is shown */
export const listView = <Shown>(
  { items, nextCursor }: { items: readonly RequestRecord[]; nextCursor?: string },
  view: (request: RequestRecord) => Shown,
) => ({ items: items.map(view), ...(nextCursor !== undefined && { nextCursor }) });

/** A request that was ended, with the extensions that ended too. @param view how one request is shown */
export const endingView = <Shown extends object>(
  {
    request,
    alsoEnded,
    remaining,
  }: { request: RequestRecord; alsoEnded: readonly string[]; remaining: readonly string[] },
  view: (request: RequestRecord) => Shown,
) => ({
  ...view(request),
  ...(alsoEnded.length > 0 && { alsoEnded }),
  ...(remaining.length > 0 && { remaining }),
});

/** The requests that a revocation of many ended, and those that it could not end. */
export const revocationView = ({
  ended,
  remaining,
  effectiveBy,
  blockedUntil,
}: {
  ended: readonly RequestRecord[];
  remaining: readonly string[];
  effectiveBy: number;
  blockedUntil?: number;
}): RevocationView => ({
  ended: ended.map(({ id }) => id),
  effectiveBy: toInstant(effectiveBy),
  ...(blockedUntil !== undefined && { blockedUntil: toInstant(blockedUntil) }),
  ...(remaining.length > 0 && { remaining: [...remaining] }),
});

export const blockListView = (blocks: readonly Block[]): BlockListView => ({
  items: blocks.map(({ id, person, role, account, comment, by, at, until }) => ({
    id,
    ...(person !== undefined && { person }),
    ...(role !== undefined && { role }),
    ...(account !== undefined && { account }),
    comment,
    by: { person: by.key, name: by.name },
    createdAt: toInstant(at),
    until: toInstant(until),
  })),
});

export function roleView(catalogue: Catalogue, role: Role): RoleView {
  const conditions = conditionTexts(role.conditions);
  return {
    id: role.id,
    description: role.description,
    account: accountView(role.account),
    arn: role.arn,
    risk: role.risk,
    mfa: role.mfa,
    duration: { defaultSeconds: role.duration.default, maxSeconds: role.duration.max },
    session: { maxSeconds: role.session.max },
    schedule: { withinSeconds: role.schedule.within },
    ...(role.scope && { scope: role.scope.parameters }),
    reason: { minLength: role.reason.minLength },
    ...(role.ticket && { ticket: role.ticket }),
    ...(role.limits?.open !== undefined && { limits: { open: role.limits.open } }),
    ...(role.breakGlass && {
      breakGlass: {
        maxSeconds: role.breakGlass.maxDuration,
        reason: role.breakGlass.reason,
        reviewWithinSeconds: role.breakGlass.reviewWithin,
        reviewers: displayNames(catalogue, role.breakGlass.reviewers),
      },
    }),
    ...(conditions.length > 0 && { conditions }),
    approval: {
      automatic: role.approval.automatic,
      ...(role.approval.automaticWhen && { automaticWhen: automaticText(role.approval.automaticWhen) }),
      decideWithinSeconds: role.approval.decideWithin,
      stages: role.approval.stages.map(({ need, approvers }) => ({
        need,
        approvers: displayNames(catalogue, approvers),
      })),
      ...(role.approval.escalate && {
        escalate: {
          afterSeconds: role.approval.escalate.after,
          to: displayNames(catalogue, role.approval.escalate.to),
        },
      }),
    },
  };
}

export function explanationView(catalogue: Catalogue, judgement: Judgement): ExplanationView {
  const { role, durationSeconds, checks, stages, automatic } = judgement;
  const granted = automatic || judgement.review ? 'automatic' : 'needs-approval';
  return {
    outcome: refusalOf(judgement) ? 'refused' : granted,
    role: { id: role.id, description: role.description, account: accountView(role.account), arn: role.arn },
    durationSeconds,
    stages: judgement.review
      ? []
      : stages.map(({ need, approvers }) => ({ need, approvers: displayNames(catalogue, approvers) })),
    checks: checks.map(({ check, passed, detail }) => ({ check, passed, detail })),
  };
}

export const meView = ({ principal, person, groups, via }: Caller): MeView => ({
  principal,
  email: person.email,
  name: person.name,
  groups: [...groups],
  via: via === 'iam' ? 'iam' : 'oidc',
});

export const identityListView = (bound: readonly Binding[]): IdentityListView => ({
  items: bound.map(({ id, subject, person, boundAt }) => ({
    id,
    principal: subject,
    person,
    boundAt: toInstant(boundAt),
  })),
});

const accountView = ({ id, name, color }: { id: string; name: string; color?: string | undefined }) => ({
  id,
  name,
  ...(color !== undefined && { color }),
});
