// The shapes of the API's answers.
import * as v from 'valibot';
import { type ProblemCode, problemTable } from '../model/problem-table.ts';
import { limits, Revocation, said, statuses, TicketCheck } from '../model/schema.ts';

const Instant = v.pipe(v.string(), v.isoTimestamp());
const AccountView = v.object({ id: v.string(), name: v.string(), color: v.optional(v.string()) });
const StageView = v.object({ need: v.number(), approvers: v.array(v.string()) });

export const HealthView = v.object({ status: v.literal('ok'), version: v.string() });
export const DiscoveryView = v.object({
  version: v.string(),
  issuer: v.string(),
  audience: v.array(v.string()),
  /** the scope that a token must carry */
  scope: v.string(),
  /** what a sign-in requests from the issuer; scopes are separated by spaces */
  signIn: v.object({
    scope: v.string(),
    /** extra parameters of the requests that start a sign-in */
    parameters: v.optional(v.record(v.string(), v.string())),
    /** whether to request `offline_access`, if the issuer lists it */
    offlineAccess: v.boolean(),
    /** extra parameters of a sign-in with a second factor */
    stepUp: v.optional(v.record(v.string(), v.string())),
  }),
  /** client ID of command lines at the issuer; public clients have no secret */
  clientId: v.optional(v.string()),
  /** ports of the redirect URI `http://localhost:PORT/callback`; any port, if left out */
  loginPorts: v.optional(v.array(v.number())),
});
export const MeView = v.object({
  principal: v.string(),
  email: v.nullable(v.string()),
  name: v.string(),
  groups: v.array(v.string()),
  via: v.picklist(['oidc', 'iam']),
});
export const RoleView = v.object({
  id: v.string(),
  description: v.string(),
  account: AccountView,
  arn: v.string(),
  risk: v.picklist(['low', 'high']),
  mfa: v.boolean(),
  duration: v.object({ defaultSeconds: v.number(), maxSeconds: v.number() }),
  session: v.object({ maxSeconds: v.number() }),
  schedule: v.object({ withinSeconds: v.number() }),
  scope: v.optional(
    v.record(
      v.string(),
      v.object({
        description: v.string(),
        values: v.optional(v.array(v.string())),
        pattern: v.optional(v.string()),
        maxLength: v.number(),
      }),
    ),
  ),
  reason: v.object({ minLength: v.number() }),
  ticket: v.optional(
    v.object({
      pattern: v.string(),
      /** a ticket that matches the pattern, as an example for people */
      example: v.optional(v.string()),
      required: v.boolean(),
      validator: v.optional(v.string()),
      ifUnreachable: v.optional(v.picklist(['refuse', 'allow'])),
    }),
  ),
  limits: v.optional(v.object({ open: v.number() })),
  breakGlass: v.optional(
    v.object({
      maxSeconds: v.number(),
      reason: v.object({ minLength: v.number() }),
      reviewWithinSeconds: v.number(),
      reviewers: v.array(v.string()),
    }),
  ),
  /** further conditions of a call, one sentence each */
  conditions: v.optional(v.array(v.string())),
  approval: v.object({
    automatic: v.boolean(),
    /** when a request is auto-approved */
    automaticWhen: v.optional(v.string()),
    decideWithinSeconds: v.number(),
    stages: v.array(StageView),
    escalate: v.optional(v.object({ afterSeconds: v.number(), to: v.array(v.string()) })),
  }),
});
export const RoleListView = v.object({ items: v.array(RoleView) });
export const RequestView = v.object({
  id: v.string(),
  version: v.number(),
  status: v.picklist(statuses),
  role: v.object({
    id: v.string(),
    description: v.string(),
    account: AccountView,
    arn: v.string(),
    /** actions of the role that outlast its session, each a part of a sentence; left out if there are none */
    beyondSession: v.optional(v.array(v.string())),
  }),
  requester: v.object({ principal: v.string(), email: v.nullable(v.string()), name: v.string() }),
  filedBy: v.optional(v.object({ principal: v.string() })),
  reason: v.string(),
  ...said,
  ticketCheck: v.optional(v.object({ validator: v.string(), state: TicketCheck.entries.state, at: Instant })),
  durationSeconds: v.number(),
  extends: v.optional(v.string()),
  scope: v.optional(v.record(v.string(), v.string())),
  createdAt: Instant,
  decideBy: Instant,
  startsAt: v.optional(Instant),
  endsAt: v.optional(Instant),
  /** true, or left out */
  breakGlass: v.optional(v.boolean()),
  review: v.optional(
    v.object({
      state: v.picklist(['open', 'overdue', 'signed']),
      due: Instant,
      reviewers: v.array(v.string()),
      by: v.optional(v.string()),
      person: v.optional(v.string()),
      at: v.optional(Instant),
      comment: v.optional(v.string()),
    }),
  ),
  approval: v.object({
    automatic: v.boolean(),
    stages: v.array(
      v.object({
        need: v.number(),
        /** present if the approvers have to sign in, because an emailed link does not decide */
        by: v.optional(v.literal('signed-in')),
        approvers: v.array(v.string()),
        decisions: v.array(
          v.object({
            approver: v.string(),
            /** their email address or principal */
            person: v.string(),
            decision: v.picklist(['approve', 'deny']),
            comment: v.optional(v.string()),
            via: v.string(),
            at: Instant,
          }),
        ),
      }),
    ),
  }),
  revocation: v.optional(v.object({ state: Revocation.entries.state, at: Instant, effectiveBy: Instant })),
  sessions: v.array(
    v.object({
      kind: v.picklist(['keys', 'console']),
      accessKeyId: v.string(),
      sessionName: v.string(),
      issuedAt: Instant,
      expiresAt: Instant,
    }),
  ),
  history: v.array(
    v.object({
      seq: v.number(),
      at: Instant,
      type: v.string(),
      actor: v.string(),
      person: v.optional(v.string()),
      via: v.string(),
      note: v.optional(v.string()),
    }),
  ),
});
export const IdentityListView = v.object({
  items: v.array(v.object({ id: v.string(), principal: v.string(), person: v.string(), boundAt: Instant })),
});
/** false: the account was not bound to a person */
export const ReleasedView = v.object({ released: v.boolean() });
/** The result of a revocation of many requests. */
export const RevocationView = v.object({
  ended: v.array(v.string()),
  /** from this time on, none of their sessions can be used */
  effectiveBy: Instant,
  blockedUntil: v.optional(Instant),
  /** requests that could not be ended: repeat the call */
  remaining: v.optional(v.array(v.string())),
});
export const BlockListView = v.object({
  items: v.array(
    v.object({
      id: v.string(),
      person: v.optional(v.string()),
      role: v.optional(v.string()),
      account: v.optional(v.string()),
      comment: v.string(),
      by: v.object({ person: v.string(), name: v.string() }),
      createdAt: Instant,
      until: Instant,
    }),
  ),
});
/** false: the block does not exist, or has ended */
export const LiftedView = v.object({ lifted: v.boolean() });
/** A request that was just ended. */
export const EndedView = v.object({
  ...RequestView.entries,
  /** extensions that the revoke ended too */
  alsoEnded: v.optional(v.array(v.string())),
  /** extensions that could not be ended: repeat the call */
  remaining: v.optional(v.array(v.string())),
});
export const RequestListView = v.object({ items: v.array(RequestView), nextCursor: v.optional(v.string()) });
export const ExplanationView = v.object({
  outcome: v.picklist(['automatic', 'needs-approval', 'refused']),
  role: v.object({ id: v.string(), description: v.string(), account: AccountView, arn: v.string() }),
  durationSeconds: v.number(),
  stages: v.array(StageView),
  checks: v.array(v.object({ check: v.string(), passed: v.boolean(), detail: v.string() })),
});
export const CredentialsView = v.object({
  Version: v.literal(1),
  AccessKeyId: v.string(),
  SecretAccessKey: v.string(),
  SessionToken: v.string(),
  Expiration: Instant,
  AccountId: v.string(),
  RequestId: v.string(),
  GrantEndsAt: Instant,
  LimitedBy: v.picklist(limits),
});
export const ConsoleView = v.object({ url: v.string(), expiresAt: Instant, sessionExpiresAt: Instant });
export const ProblemView = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  instance: v.string(),
  code: v.picklist(Object.keys(problemTable) as ProblemCode[]),
  errors: v.optional(v.array(v.object({ pointer: v.string(), detail: v.string() }))),
  request: v.optional(RequestView),
});

export type RevocationView = v.InferOutput<typeof RevocationView>;
export type BlockListView = v.InferOutput<typeof BlockListView>;
export type IdentityListView = v.InferOutput<typeof IdentityListView>;
export type RequestView = v.InferOutput<typeof RequestView>;
export type RoleView = v.InferOutput<typeof RoleView>;
export type DiscoveryView = v.InferOutput<typeof DiscoveryView>;
export type MeView = v.InferOutput<typeof MeView>;
export type ExplanationView = v.InferOutput<typeof ExplanationView>;
export type CredentialsView = v.InferOutput<typeof CredentialsView>;
export type ConsoleView = v.InferOutput<typeof ConsoleView>;
