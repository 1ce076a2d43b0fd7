// Every shape that is stored. Types are inferred from these.
import * as v from 'valibot';
import type { Conditions } from './condition.ts';

/** Epoch milliseconds within the range of a JavaScript date. */
const At = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8.64e15));

/** A person in a request. `key`: the email address in lower case or, without one, the principal. */
export const KnownPerson = v.object({ key: v.string(), name: v.string() });
export type KnownPerson = v.InferOutput<typeof KnownPerson>;

/** How a person's call reached Latchkey: with a token, a signature with AWS keys, or the link of an email. */
const callerVias = ['oidc', 'iam', 'link'] as const;
/** The source of an event: a person's call, or a part of Latchkey. */
const vias = [...callerVias, 'sweep', 'catalogue', 'break-glass', 'revoke', 'ticket-validator'] as const;

export const Decision = v.object({
  person: v.string(),
  principal: v.string(),
  name: v.string(),
  decision: v.picklist(['approve', 'deny']),
  comment: v.optional(v.string()),
  via: v.picklist(callerVias),
  at: At,
});

export const Stage = v.object({
  /** the catalogue has at most 20 */
  need: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)),
  /** entries of the catalogue at filing or its last change: an email address, an ARN, `group:NAME` or `everyone` */
  approvers: v.array(v.string()),
  /** the people behind the entries, as far as the catalogue knows them; they get the emails */
  people: v.array(KnownPerson),
  /** people who were in `people` until the catalogue removed them; they may still see the request */
  former: v.optional(v.array(KnownPerson)),
  /** set if an emailed link does not decide */
  by: v.optional(v.literal('signed-in')),
  /** when the stage opened */
  openedAt: v.optional(At),
  /** when its people are first asked; at once if not set */
  askAt: v.optional(At),
  decisions: v.array(Decision),
  /** the number of reminders to its people, and the time of the last one; a change of its people sets the time but not the number */
  reminded: v.optional(v.object({ count: v.number(), at: At })),
  /** when the stage was escalated, and the index in `people` of the first person who was added */
  escalated: v.optional(v.object({ at: At, from: v.number() })),
});

/** What the sweep does while a request waits, by the catalogue at filing. Seconds. */
export const Waiting = v.object({
  remind: v.optional(
    v.object({
      after: v.number(),
      every: v.number(),
      backOff: v.number(),
      most: v.number(),
      quiet: v.optional(v.object({ timeZone: v.string(), from: v.string(), to: v.string() })),
    }),
  ),
  escalate: v.optional(v.object({ after: v.number(), to: v.array(v.string()), people: v.array(KnownPerson) })),
});

/** The review that break-glass requires, by another person. */
export const Review = v.object({
  /** entries of the catalogue at filing */
  reviewers: v.array(v.string()),
  people: v.array(KnownPerson),
  /** the admins who are notified */
  admins: v.array(KnownPerson),
  /** set if an emailed link does not sign */
  by: v.optional(v.literal('signed-in')),
  due: At,
  /** how often the sweep has reported that it is overdue */
  overdue: v.optional(v.number()),
  signed: v.optional(
    v.object({
      person: v.string(),
      principal: v.string(),
      name: v.string(),
      comment: v.string(),
      via: v.picklist(callerVias),
      at: At,
    }),
  ),
});

export const Session = v.object({
  kind: v.picklist(['keys', 'console']),
  accessKeyId: v.string(),
  sessionName: v.string(),
  issuedAt: At,
  expiresAt: At,
});

export const eventTypes = [
  'filed',
  'approved',
  'denied',
  'mail-checked',
  'reminded',
  'escalated',
  'approvers-changed',
  'approvers-missing',
  'vended',
  'undelivered',
  'withdrawn',
  'ended',
  'revoked',
  'lapsed',
  'review-overdue',
  'reviewed',
  'sessions-revoked',
  'revocation-failed',
  'ticket-checked',
  'ticket-unchecked',
] as const;

export const HistoryEvent = v.object({
  seq: v.number(),
  at: At,
  type: v.picklist(eventTypes),
  actor: v.string(),
  via: v.picklist(vias),
  note: v.optional(v.string()),
  /** set on an event whose write removed older ones: the chain value before it, and the digest of the history that was kept */
  prev: v.optional(v.string()),
  kept: v.optional(v.string()),
});

/** The rule of the role at filing: what approvers agreed to. */
export const RoleSnapshot = v.object({
  id: v.string(),
  description: v.string(),
  account: v.object({ key: v.string(), id: v.string(), name: v.string(), color: v.optional(v.string()) }),
  arn: v.string(),
  risk: v.picklist(['low', 'high']),
  mfa: v.boolean(),
  /** further conditions on each call for credentials, see condition.ts */
  conditions: v.optional(v.custom<Conditions>((stored) => typeof stored === 'object' && stored !== null)),
  maxSeconds: v.number(),
  sessionSeconds: v.number(),
  /** limits of its sessions in addition to a scope, see narrowing.ts */
  sessionPolicies: v.optional(v.array(v.string())),
  sourceNetworks: v.optional(v.array(v.string())),
  /** access that its sessions can get beyond themselves, see reach.ts */
  reaches: v.optional(v.array(v.string())),
  passRole: v.optional(v.array(v.string())),
  /** digest of the role's whole rule in the catalogue */
  digest: v.string(),
});

/** The revocation of sessions that were live when a grant was ended early. */
export const Revocation = v.object({
  /** unavailable: the account has no revoker, so the sessions run until they expire */
  state: v.picklist(['pending', 'done', 'failed', 'unavailable']),
  at: At,
  /** from this time on, none of these sessions can be used */
  effectiveBy: At,
});

/** The result of the ticket check by the company's validator. */
export const TicketCheck = v.object({
  /** its name in the catalogue */
  validator: v.string(),
  /** unchecked: the validator did not answer and the role allows that, or break-glass did not wait for it */
  state: v.picklist(['valid', 'unchecked']),
  at: At,
  /** the validator's own text */
  says: v.optional(v.string()),
});

/** The scope of the session policy, as approvers saw it. */
export const Scope = v.object({
  values: v.record(v.string(), v.string()),
  says: v.string(),
  statements: v.array(v.object({ actions: v.array(v.string()), resources: v.array(v.string()) })),
});

/** `endsAt` is exclusive. */
export const Grant = v.object({ startsAt: At, endsAt: At });

/** How a request ended. `why`: the comment, or what the catalogue no longer allows. */
export const Outcome = v.object({
  status: v.picklist(['denied', 'withdrawn', 'ended', 'revoked', 'lapsed']),
  at: At,
  by: v.variant('kind', [
    v.object({ kind: v.literal('person'), ...KnownPerson.entries }),
    v.object({ kind: v.picklist(['clock', 'catalogue']) }),
  ]),
  why: v.optional(v.string()),
});

/** What a requester may give at filing in addition to the reason. It is kept, shown and copied to an extension unchanged. */
export const said = { ticket: v.optional(v.string()) };
const saidNames = Object.keys(said) as Array<keyof typeof said>;
type Said = { [Name in keyof typeof said]?: v.InferOutput<(typeof said)[Name]> };
export const saidOf = (from: Said): Said =>
  Object.fromEntries(saidNames.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));

/** One request: one item in DynamoDB, replaced as a whole under a version check. */
export const RequestRecord = v.object({
  id: v.string(),
  /** also the seq of the newest event: every write adds at least one */
  version: v.number(),
  role: RoleSnapshot,
  requester: v.object({ person: v.string(), principal: v.string(), email: v.nullable(v.string()), name: v.string() }),
  /** the catalogue alone allowed the role to this person at filing, without a token's groups */
  byCatalogue: v.optional(v.boolean()),
  filedBy: v.optional(v.object({ principal: v.string() })),
  reason: v.string(),
  ...said,
  /** set if the role checks tickets and one was given */
  ticketCheck: v.optional(TicketCheck),
  durationSeconds: v.number(),
  /** the request whose grant this one continues */
  extends: v.optional(v.string()),
  scope: v.optional(Scope),
  createdAt: At,
  decideBy: At,
  automatic: v.boolean(),
  stages: v.array(Stage),
  /** how often the sweeper has checked that the approvers of the current stage got their email */
  mailChecks: v.number(),
  waiting: v.optional(Waiting),
  /** set while the catalogue names too few people to approve it; `admins` were notified */
  stuck: v.optional(v.object({ at: At, admins: v.array(KnownPerson) })),
  /** set for a request by break-glass only */
  review: v.optional(Review),
  /** the earliest start that was requested */
  wantedStart: v.optional(At),
  /** the time in which credentials are issued, once it is approved */
  grant: v.optional(Grant),
  /** written when somebody ends it, and by the sweep when time has ended it */
  outcome: v.optional(Outcome),
  revocation: v.optional(Revocation),
  /** the newest sessions; `vended` counts all sessions ever issued */
  sessions: v.array(Session),
  vended: v.number(),
  history: v.array(HistoryEvent),
  /** hash chain over all events, removed ones included */
  head: v.string(),
  /** digest of the body that was sent with the Idempotency-Key */
  fingerprint: v.optional(v.string()),
});

/** A message that was claimed for one channel, and its link, as one item. The random part of the link is never stored. */
export const MessageRecord = v.object({
  requestId: v.string(),
  id: v.string(),
  channel: v.string(),
  kind: v.string(),
  /** the person who may decide, sign a review or, for a request that a bot filed in their name, withdraw with its link; not set without a link */
  holder: v.optional(KnownPerson),
  /** SHA-256 of the random parts of the links sent so far (more than one after a crash between sending and marking as sent) */
  linkHashes: v.array(v.string()),
  claimedAt: At,
  sentAt: v.optional(At),
  /** why the email service rejected it permanently */
  failure: v.optional(v.string()),
  expiresAt: At,
});

/** An admin blocks filing, approving and issuing credentials until a given time. All selectors that are set must match. `account`: its 12 digits. */
export const Block = v.object({
  id: v.string(),
  person: v.optional(v.string()),
  role: v.optional(v.string()),
  account: v.optional(v.string()),
  comment: v.string(),
  by: KnownPerson,
  at: At,
  until: At,
});
export type Block = v.InferOutput<typeof Block>;
/** All blocks, as one item. Version 0: never written. */
export type Blocks = { version: number; blocks: readonly Block[] };

/** Binds the subject of a token to a person: `subject` is `ISSUER#SUBJECT`, `id` its digest, `person` a key, `boundAt` epoch milliseconds. */
export type Binding = { id: string; subject: string; person: string; boundAt: number };

export const statuses = [
  'pending',
  'scheduled',
  'active',
  'ended',
  'denied',
  'withdrawn',
  'revoked',
  'lapsed',
] as const;
export const limits = ['requested', 'grant-end', 'catalogue', 'role-maximum', 'role-chaining'] as const;

export type RequestRecord = v.InferOutput<typeof RequestRecord>;
export type MessageRecord = v.InferOutput<typeof MessageRecord>;
export type RoleSnapshot = v.InferOutput<typeof RoleSnapshot>;
export type Stage = v.InferOutput<typeof Stage>;
export type Waiting = v.InferOutput<typeof Waiting>;
export type Decision = v.InferOutput<typeof Decision>;
export type Grant = v.InferOutput<typeof Grant>;
export type Outcome = v.InferOutput<typeof Outcome>;
export type Via = (typeof vias)[number];
export type CallerVia = (typeof callerVias)[number];
export type Session = v.InferOutput<typeof Session>;
export type TicketCheck = v.InferOutput<typeof TicketCheck>;
export type Revocation = v.InferOutput<typeof Revocation>;
export type HistoryEvent = v.InferOutput<typeof HistoryEvent>;
export type EventType = (typeof eventTypes)[number];
export type Status = (typeof statuses)[number];
export type LimitedBy = (typeof limits)[number];
