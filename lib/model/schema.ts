// Every shape once: what is stored, what the API takes and what it answers. Types are inferred from here.
import * as v from 'valibot';
import { canonicalPrincipal } from '../catalogue/entry.ts';
import { named, strict } from '../common/strict-object.ts';
import { durationPattern, parseDuration, parseInstant } from '../common/time.ts';
import type { Conditions } from './condition.ts';
import { type ProblemCode, problemTable } from './problem.ts';

// -- text ------------------------------------------------------------------------------------------------------------

/** Control characters, invisible and bidirectional formatting: they let a text look like another one. The joiners stay: scripts and emoji need them. */
const unsafe =
  /[\p{Cc}\p{Cs}\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\uFFF9-\uFFFB]/u;
const isSafe = (text: string): boolean => !unsafe.test(text);
/** The character, as nobody can see it. */
const unsafeText = ({ input }: { input: string }): string => {
  const code = unsafe
    .exec(input.replace(/[\n\t]/g, ' '))?.[0]
    .codePointAt(0)
    ?.toString(16)
    .toUpperCase();
  return `must not contain control or formatting characters such as U+${code?.padStart(4, '0')}`;
};
/** The same for the API's document, as far as one pattern can say it. */
const safePattern = (breaks: string, start = '') =>
  `^${start}(?:[^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u206f\\ufeff\\ufff9-\\ufffb]${breaks})*$`;

export const oneLine = (max: number) =>
  v.pipe(
    v.string(),
    v.metadata({ maxLength: max, pattern: safePattern('') }),
    v.maxCodePoints(max, `must be at most ${max} characters`),
    v.check(isSafe, unsafeText),
    v.normalize('NFC'),
  );
const lineBreaks = '|[\\t\\n]|\\r\\n';
/** Text of several lines. A browser posts line breaks as CRLF and counts them as one character. */
const text = (max: number, more: { minLength?: number; pattern?: string } = {}) =>
  v.pipe(
    v.string(),
    // for the API's document, which describes what is sent: before the line breaks
    v.metadata({ maxLength: max, pattern: safePattern(lineBreaks), ...more }),
    v.transform((value) => value.replace(/\r\n/g, '\n')),
    v.maxCodePoints(max, `must be at most ${max} characters`),
    v.check((value) => isSafe(value.replace(/[\n\t]/g, ' ')), unsafeText),
    v.normalize('NFC'),
  );

/** A text that has to say something. @param fault what it must do */
const words = (fault: string) =>
  v.pipe(text(1000, { minLength: 1, pattern: safePattern(lineBreaks, '(?=[\\s\\S]*\\S)') }), v.regex(/\S/, fault));

const mailAddress = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;
export const Email = v.pipe(
  v.string(),
  v.maxLength(254),
  v.regex(mailAddress, 'must be a mail address'),
  v.toLowerCase(),
);

/** A user of a chat as a bot knows one: the chat's name in the catalogue, a colon, the chat's own id of the user. */
export const chatUser = /^[a-z][a-z0-9-]{0,19}:[\x21-\x7e]{1,100}$/;
const OnBehalfOf = v.pipe(
  v.string(),
  v.metadata({ maxLength: 254, pattern: `(?:${mailAddress.source})|(?:${chatUser.source})` }),
  v.check(
    (value) => v.is(Email, value) || chatUser.test(value),
    'must be a mail address or a chat user such as slack:U024BE7LH',
  ),
  v.transform((value) => (chatUser.test(value) ? value : value.toLowerCase())),
);

/** A duration in a request body, kept as text until the core asks for seconds. */
export const DurationText = v.pipe(
  v.string(),
  v.metadata({ pattern: durationPattern }),
  v.maxLength(40),
  v.check((value) => parseDuration(value) !== undefined, 'must be a duration such as 45m, 2h, 1h30m or PT1H30M'),
);

/** An instant in a request body, kept as text until the core asks for milliseconds. */
export const InstantText = v.pipe(
  v.string(),
  v.metadata({ format: 'date-time' }),
  v.maxLength(40),
  v.check((value) => parseInstant(value) !== undefined, 'must be an instant such as 2026-11-22T10:00:00Z'),
);

export const RoleId = v.pipe(
  v.string(),
  v.maxLength(200),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._@-]*$/, 'must be the id of a role, such as production-bucket-read'),
);
export const RequestId = v.pipe(v.string(), v.regex(/^[0-9a-z]{26}$/, 'must be the id of a request'));

// -- what is stored --------------------------------------------------------------------------------------------------

/** Epoch milliseconds, of which JavaScript can make a date. */
const At = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8.64e15));

/** A person as a request remembers one: `key` is the mail address in lower case or, without one, the principal. */
export const KnownPerson = v.object({ key: v.string(), name: v.string() });
export type KnownPerson = v.InferOutput<typeof KnownPerson>;

/** How a person's call reached Latchkey: a token, a signature with AWS keys, the link of a mail. */
const callerVias = ['oidc', 'iam', 'link'] as const;
/** What wrote an event: a person's call, or a part of Latchkey. */
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
  /** entries of the catalogue as of filing or its last change: a mail address, an ARN, `group:NAME` or `everyone` */
  approvers: v.array(v.string()),
  /** who that is, as far as the catalogue can tell; they are the ones who get mail */
  people: v.array(KnownPerson),
  /** who was in `people` until the catalogue took them out; they may still see the request */
  former: v.optional(v.array(KnownPerson)),
  /** there where a mailed link does not decide */
  by: v.optional(v.literal('signed-in')),
  /** when it became this stage's turn */
  openedAt: v.optional(At),
  /** when its people are first asked; at once if absent */
  askAt: v.optional(At),
  decisions: v.array(Decision),
  /** how often its people were reminded, and when last; a change of its people counts as a reminder in time, not in number */
  reminded: v.optional(v.object({ count: v.number(), at: At })),
  /** when further people were let decide, and where in `people` they begin */
  escalated: v.optional(v.object({ at: At, from: v.number() })),
});

/** What the sweep does while a request waits, as the catalogue had it at filing. Seconds. */
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

/** What is owed for break-glass: somebody else's word on it. */
export const Review = v.object({
  /** entries of the catalogue as they stood at filing */
  reviewers: v.array(v.string()),
  people: v.array(KnownPerson),
  /** the admins who are told */
  admins: v.array(KnownPerson),
  /** there where a mailed link does not sign */
  by: v.optional(v.literal('signed-in')),
  due: At,
  /** how often the sweep has said that it is overdue */
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
  /** set on the event whose write folded older ones away: the chain value before it, and the digest of the history that was kept */
  prev: v.optional(v.string()),
  kept: v.optional(v.string()),
});

/** The rule of the role as it stood when the request was filed: what approvers said yes to. */
export const RoleSnapshot = v.object({
  id: v.string(),
  description: v.string(),
  account: v.object({ key: v.string(), id: v.string(), name: v.string(), color: v.optional(v.string()) }),
  arn: v.string(),
  risk: v.picklist(['low', 'high']),
  mfa: v.boolean(),
  /** what each call for credentials must prove besides, see condition.ts */
  conditions: v.optional(v.custom<Conditions>((stored) => typeof stored === 'object' && stored !== null)),
  maxSeconds: v.number(),
  sessionSeconds: v.number(),
  /** what bounds its sessions besides a scope, see narrowing.ts */
  sessionPolicies: v.optional(v.array(v.string())),
  sourceNetworks: v.optional(v.array(v.string())),
  /** what its sessions reach beyond themselves, see reach.ts */
  reaches: v.optional(v.array(v.string())),
  passRole: v.optional(v.array(v.string())),
  /** digest of the role's whole rule in the catalogue */
  digest: v.string(),
});

/** What becomes of sessions that were out when a grant was ended early. */
export const Revocation = v.object({
  /** unavailable: the account has no revoker, so they end by themselves */
  state: v.picklist(['pending', 'done', 'failed', 'unavailable']),
  at: At,
  /** from when on none of them works any more, for certain */
  effectiveBy: At,
});

/** Whether the company's validator knows the ticket. */
export const TicketCheck = v.object({
  /** its name in the catalogue */
  validator: v.string(),
  /** unchecked: it did not answer and the role allows that, or break-glass did not wait for it */
  state: v.picklist(['valid', 'unchecked']),
  at: At,
  /** the validator's own words */
  says: v.optional(v.string()),
});

/** What the session policy is narrowed to, as approvers saw it. */
export const Scope = v.object({
  values: v.record(v.string(), v.string()),
  says: v.string(),
  statements: v.array(v.object({ actions: v.array(v.string()), resources: v.array(v.string()) })),
});

/** `endsAt` no longer belongs to it. */
export const Grant = v.object({ startsAt: At, endsAt: At });

/** How a request ended that somebody or something ended; `why` is the comment, or what the catalogue no longer allows. */
export const Outcome = v.object({
  status: v.picklist(['denied', 'withdrawn', 'ended', 'revoked', 'lapsed']),
  at: At,
  by: v.variant('kind', [
    v.object({ kind: v.literal('person'), ...KnownPerson.entries }),
    v.object({ kind: v.picklist(['clock', 'catalogue']) }),
  ]),
  why: v.optional(v.string()),
});

/** What a requester may say at filing besides the reason: kept, shown and carried into an extension as it was said. */
const said = { ticket: v.optional(v.string()) };
const saidNames = Object.keys(said) as Array<keyof typeof said>;
type Said = { [Name in keyof typeof said]?: v.InferOutput<(typeof said)[Name]> };
export const saidOf = (from: Said): Said =>
  Object.fromEntries(saidNames.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));

/** One request: the document that DynamoDB holds, one item, replaced whole under a version check. */
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
  /** there where the role has tickets checked and one was given */
  ticketCheck: v.optional(TicketCheck),
  durationSeconds: v.number(),
  /** the request whose grant this one continues */
  extends: v.optional(v.string()),
  scope: v.optional(Scope),
  createdAt: At,
  decideBy: At,
  automatic: v.boolean(),
  stages: v.array(Stage),
  /** how often the sweeper has made sure that the approvers of the current stage were mailed */
  mailChecks: v.number(),
  waiting: v.optional(Waiting),
  /** there while the catalogue names too few people to approve it; `admins` were told */
  stuck: v.optional(v.object({ at: At, admins: v.array(KnownPerson) })),
  /** there for a request by break-glass, and for no other */
  review: v.optional(Review),
  /** the earliest start that was asked for */
  wantedStart: v.optional(At),
  /** the time in which credentials are issued, once it is approved */
  grant: v.optional(Grant),
  /** written when somebody ends it, and by the sweep for what the clock has ended */
  outcome: v.optional(Outcome),
  revocation: v.optional(Revocation),
  /** the newest sessions; `vended` counts all that ever were */
  sessions: v.array(Session),
  vended: v.number(),
  history: v.array(HistoryEvent),
  /** hash chain over all events, folded ones included */
  head: v.string(),
  /** digest of the body that an Idempotency-Key stands for */
  fingerprint: v.optional(v.string()),
});

/** A message that was claimed for one channel: the claim and the link are one item. The link's random part itself is never stored. */
export const MessageRecord = v.object({
  requestId: v.string(),
  id: v.string(),
  channel: v.string(),
  kind: v.string(),
  /** whom its link is for: who may decide or sign a review by it or, for something a bot filed in their name, withdraw; absent without a link */
  holder: v.optional(KnownPerson),
  /** SHA-256 of the random parts of the links mailed so far (more than one after a crash between send and mark) */
  linkHashes: v.array(v.string()),
  claimedAt: At,
  sentAt: v.optional(At),
  /** why the mail service will never take it */
  failure: v.optional(v.string()),
  expiresAt: At,
});

/** An admin has refused access for a while: filing, approving and issuing. All that is named has to fit. `account`: its 12 digits. */
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
/** All blocks, one item; version 0 has never been written. */
export type Blocks = { version: number; blocks: readonly Block[] };

/** Whose a token's subject is: `subject` is `ISSUER#SUBJECT`, `id` its digest, `person` a key, `boundAt` epoch milliseconds. */
export type Binding = { id: string; subject: string; person: string; boundAt: number };

// -- what the API takes ----------------------------------------------------------------------------------------------

const reason = text(1000);
const comment = text(1000);

export const NewRequest = strict({
  role: RoleId,
  duration: v.optional(DurationText),
  reason,
  ticket: v.optional(oneLine(200)),
  onBehalfOf: v.optional(OnBehalfOf),
  startsAt: v.optional(InstantText),
  scope: v.optional(named(v.pipe(v.string(), v.maxLength(31)), v.pipe(v.string(), v.maxLength(200)))),
  breakGlass: v.optional(v.boolean()),
});
export const NewExtension = strict({ duration: DurationText, reason });
export const NewDecision = strict({
  decision: v.picklist(['approve', 'deny'], 'must be "approve" or "deny"'),
  comment: v.optional(comment),
  duration: v.optional(DurationText),
});
export const NewReview = strict({
  comment: words('must say what you found'),
});
export const NewEnd = strict({ comment: v.optional(comment) });
export const NewCredentials = strict({ duration: v.optional(DurationText) });
export const NewConsole = strict({
  destination: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(1000),
      // a path and nothing else: no scheme, no host, no second slash that a browser would read as one
      v.regex(/^\/(?![/\\])[!-[\]-~]*$/, 'must be a path on the AWS console, such as /s3/home'),
    ),
  ),
});
export const LinkForm = strict({
  decision: v.picklist(
    ['approve', 'deny', 'withdraw', 'revoke', 'sign'],
    'must be "approve" or "deny"; "withdraw" where something was filed in your name; "revoke" for a grant; "sign" for a review',
  ),
  comment: v.optional(comment),
  /** with an approval alone; a denial leaves it aside, because the form has one field for both buttons */
  duration: v.optional(DurationText),
});

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
/** A mail address in any case, or the ARN of an IAM user or role. */
const PersonText = v.pipe(
  oneLine(600),
  v.minLength(1, 'must name a person'),
  v.transform((text) => (text.includes(':') ? canonicalPrincipal(text) : text.toLowerCase())),
);
/** Id of an account, or its name in the catalogue. */
const AccountText = v.pipe(oneLine(64), v.minLength(1, 'must name an account'));
export const ListQuery = strict({
  view: v.optional(v.picklist(['mine', 'to-decide', 'all'], 'must be mine, to-decide or all'), 'mine'),
  status: v.optional(v.picklist(statuses, `must be one of ${statuses.join(', ')}`)),
  role: v.optional(RoleId),
  /** with view=all only: whose requests */
  person: v.optional(PersonText),
  /** with view=all only: id of an account, or its name in the catalogue */
  account: v.optional(AccountText),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^(?:[1-9]\d?|100)$/, 'must be a whole number from 1 to 100'), v.transform(Number)),
    '50',
  ),
  cursor: v.optional(v.pipe(v.string(), v.maxLength(400))),
});
/** At least one of person, role and account; requests that fit all that is given are ended. */
export const NewRevocation = strict({
  person: v.optional(PersonText),
  role: v.optional(RoleId),
  account: v.optional(AccountText),
  comment: words('must say why'),
  /** how long filing, approving and issuing are refused from now on */
  block: v.optional(DurationText),
});
export const BlockId = v.pipe(v.string(), v.regex(/^[0-9a-z]{26}$/, 'must be the id of a block'));
export const IdentityQuery = strict({ person: PersonText });
export const IdentityId = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be the id of an identity'));
export const FileQuery = strict({
  dryRun: v.optional(
    v.pipe(
      v.picklist(['true', 'false'], 'must be true or false'),
      v.transform((value) => value === 'true'),
    ),
    'false',
  ),
});
export const IdempotencyKey = v.pipe(
  v.string(),
  v.regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/, 'must be 1 to 255 printable ASCII characters'),
);

// -- what the API answers --------------------------------------------------------------------------------------------

const Instant = v.pipe(v.string(), v.isoTimestamp());
const AccountView = v.object({ id: v.string(), name: v.string(), color: v.optional(v.string()) });
const StageView = v.object({ need: v.number(), approvers: v.array(v.string()) });

export const HealthView = v.object({ status: v.literal('ok'), version: v.string() });
export const DiscoveryView = v.object({
  version: v.string(),
  issuer: v.string(),
  audience: v.array(v.string()),
  /** that a token must carry */
  scope: v.string(),
  /** what a sign-in asks the issuer for; scopes are separated by spaces */
  signIn: v.object({
    scope: v.string(),
    /** more parameters of the requests that begin a sign-in */
    parameters: v.optional(v.record(v.string(), v.string())),
    /** whether `offline_access` may be asked for, where the issuer lists it */
    offlineAccess: v.boolean(),
    /** more parameters of a sign-in with a second factor */
    stepUp: v.optional(v.record(v.string(), v.string())),
  }),
  /** of programs on people's machines, at the issuer; public clients have no secret */
  clientId: v.optional(v.string()),
  /** where a browser may come back to on a person's machine, `http://localhost:PORT/callback`; any, if left out */
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
  /** what a call must prove besides, one sentence each */
  conditions: v.optional(v.array(v.string())),
  approval: v.object({
    automatic: v.boolean(),
    /** when nobody has to be asked */
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
    /** what the role can do that its session's end does not end, one sentence's end each; left out where there is nothing */
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
        /** there where a mailed link does not decide, and whoever decides has to sign in */
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
/** false where nothing was known of the account */
export const ReleasedView = v.object({ released: v.boolean() });
/** What a revocation of many has ended. */
export const RevocationView = v.object({
  ended: v.array(v.string()),
  /** from when on no session of them works, for certain */
  effectiveBy: Instant,
  blockedUntil: v.optional(Instant),
  /** what could not be ended: repeat the call */
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
/** false where there was no such block, or no longer */
export const LiftedView = v.object({ lifted: v.boolean() });
/** A request that was just ended. */
export const EndedView = v.object({
  ...RequestView.entries,
  /** the extensions that a revoke has ended with it */
  alsoEnded: v.optional(v.array(v.string())),
  /** the extensions that could not be ended: repeat the call */
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
export const limits = ['requested', 'grant-end', 'catalogue', 'role-maximum', 'role-chaining'] as const;
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
export type NewRequest = v.InferOutput<typeof NewRequest>;
export type LinkForm = v.InferOutput<typeof LinkForm>;
export type NewReview = v.InferOutput<typeof NewReview>;
export type NewRevocation = v.InferOutput<typeof NewRevocation>;
export type NewExtension = v.InferOutput<typeof NewExtension>;
export type NewDecision = v.InferOutput<typeof NewDecision>;
export type RevocationView = v.InferOutput<typeof RevocationView>;
export type BlockListView = v.InferOutput<typeof BlockListView>;
export type IdentityListView = v.InferOutput<typeof IdentityListView>;
export type ListQuery = v.InferOutput<typeof ListQuery>;
export type RequestView = v.InferOutput<typeof RequestView>;
export type RoleView = v.InferOutput<typeof RoleView>;
export type DiscoveryView = v.InferOutput<typeof DiscoveryView>;
export type MeView = v.InferOutput<typeof MeView>;
export type ExplanationView = v.InferOutput<typeof ExplanationView>;
export type CredentialsView = v.InferOutput<typeof CredentialsView>;
export type ConsoleView = v.InferOutput<typeof ConsoleView>;
