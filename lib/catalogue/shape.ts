// The shape of access.yml: its fields, defaults and bounds. Checks that span entries are in catalogue/check.ts.
import * as v from 'valibot';
import { strict } from '../common/strict-object.ts';
import { seconds, timeOfDay, timeZone } from '../common/time-shapes.ts';
import { conditionFields, conditionNames, HoursRule } from '../model/condition.ts';
import { Email } from '../model/text.ts';
import { bounds } from './bounds.ts';
import { canonicalPrincipal, permissionSetPattern, principalPattern, ssoUserPattern, subjectPattern } from './entry.ts';
import { partitions } from './partition.ts';
import { reachNames } from './reach.ts';
import { scopeValue } from './scope-value.ts';
import { isPattern, TicketRule, ValidatorRule } from './ticket-rules.ts';

const label = v.pipe(v.string(), v.minLength(1), v.maxLength(300));
const count = (max: number) =>
  v.pipe(
    v.number(),
    v.integer('must be a whole number'),
    v.minValue(1, 'must be at least 1'),
    v.maxValue(max, `must be at most ${max}`),
  );
const key = (what: string) =>
  v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, `must be a name for ${what}: letters, digits, dot, dash, underscore`),
  );

/** Entries by name. valibot silently drops names that every object has, so they are errors here. */
const named = <Entry extends v.GenericSchema>(what: string, entry: Entry) =>
  v.pipe(
    v.unknown(),
    v.check(
      (input) => !reserved.some((name) => Object.hasOwn(Object(input), name)),
      `must have no entry called ${reserved.join(', ')}`,
    ),
    v.record(key(what), entry),
  );
const reserved = ['__proto__', 'prototype', 'constructor'];

// -- who -------------------------------------------------------------------------------------------------------------

const Principal = v.pipe(
  v.string(),
  v.regex(principalPattern, 'must be the ARN of an IAM user or role'),
  v.transform(canonicalPrincipal),
);
const isIdentity = (text: string): boolean =>
  principalPattern.test(text) || ssoUserPattern.test(text) || v.is(Email, text);
const canonicalIdentity = (text: string): string =>
  text.startsWith('arn:') ? canonicalPrincipal(text) : text.toLowerCase();
/** An identity of a person in `people`. Only here can it also be an account at the issuer. */
const OwnIdentity = v.pipe(
  v.string(),
  v.check(
    (text) => isIdentity(text) || subjectPattern.test(text),
    'must be an email address, the ARN of an IAM user or role, or ISSUER#SUBJECT of a token',
  ),
  v.transform((text) => (subjectPattern.test(text) ? text : canonicalIdentity(text))),
);
const isNamedSet = (text: string): boolean => text === 'everyone' || /^group:./.test(text);
const isEntry = (text: string): boolean => isNamedSet(text) || isIdentity(text) || permissionSetPattern.test(text);
const canonicalEntry = (text: string): string => (isNamedSet(text) ? text : canonicalIdentity(text));
const Entry = v.pipe(
  v.string(),
  v.check(isEntry, 'must be an email address, the ARN of an IAM user or role, group:NAME or everyone'),
  v.transform(canonicalEntry),
);
const Entries = v.array(Entry);
/** Entries in a role, where `owner` stands for the owner of the role\'s account. */
const EntriesOrOwner = v.array(
  v.pipe(
    v.string(),
    v.check(
      (text) => text === 'owner' || isEntry(text),
      'must be an email address, the ARN of an IAM user or role, group:NAME, owner or everyone',
    ),
    v.transform(canonicalEntry),
  ),
);

/** The issuer's name of a group: a name, a path or an object ID. */
const TokenGroup = v.pipe(v.string(), v.minLength(1, 'must not be empty'), v.maxLength(300));

// -- where -----------------------------------------------------------------------------------------------------------

const Tags = v.record(v.string(), v.string());
const OuPath = v.pipe(
  v.string(),
  v.regex(/^(?:\/[^/\s][^/]{0,127}){1,10}$/, 'must be a path of organizational units such as /Workloads/Production'),
);
const AccountId = v.pipe(
  v.string('must be the 12 digits of an AWS account, in quotes'),
  v.regex(/^\d{12}$/, 'must be the 12 digits of an AWS account, in quotes'),
);
const AccountRule = strict({
  id: AccountId,
  name: label,
  color: v.optional(v.pipe(v.string(), v.regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as "#b91c1c"'))),
  /** botocore sts: 2-1224 characters of [\w+=,.@:\/-] */
  externalId: v.pipe(
    v.string(),
    v.regex(/^[\w+=,.@:/-]{2,1224}$/, 'must be 2 to 1224 characters of letters, digits and _+=,.@:/-'),
  ),
  partition: v.optional(v.picklist(partitions, `must be one of ${partitions.join(', ')}`), 'aws'),
  tags: v.optional(Tags, {}),
  path: v.optional(OuPath),
  /** whether the account's template includes the role latchkey-revoker, with which a revocation ends live sessions */
  revoker: v.optional(v.boolean(), true),
  owner: v.optional(Entries),
});
const NamePattern = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9._*-]{1,100}$/, 'must be the name of an account, with * for any characters'),
);
/** Which accounts a template is for; everything that is given must hold. */
const AccountSelector = v.union(
  [
    v.pipe(v.array(NamePattern), v.minLength(1, 'must name at least one account')),
    v.pipe(
      strict({
        names: v.optional(v.pipe(v.array(NamePattern), v.minLength(1, 'must name at least one account'))),
        tags: v.optional(Tags),
        path: v.optional(OuPath),
      }),
      v.check(
        ({ names, tags, path }) => names !== undefined || path !== undefined || Object.keys(tags ?? {}).length > 0,
        'must have names, tags or a path',
      ),
    ),
  ],
  'must be a list of account names, or names, tags and path',
);

// -- roles -----------------------------------------------------------------------------------------------------------

const BotRule = strict({
  principal: Principal,
  for: Entries,
  roles: v.array(v.string()),
  requestsPerHour: v.optional(count(1000), 60),
});
const ChatName = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9-]{0,19}$/, 'must be a name for a chat: small letters, digits, dash'),
);
const ChatId = v.pipe(
  v.string(),
  v.regex(/^[\x21-\x7e]{1,100}$/, "must be the chat's own id of the user, such as U024BE7LH"),
);
const PersonRule = strict({
  email: Email,
  name: label,
  principals: v.optional(v.array(OwnIdentity), []),
  /** by the chat's name; bots may use it to name the person, but nobody signs in with it */
  chat: v.optional(v.record(ChatName, ChatId), {}),
});
const StageRule = strict({
  approvers: EntriesOrOwner,
  need: v.optional(count(20), 1),
  /** added to the approvers if these are too few without the requester */
  fallback: v.optional(EntriesOrOwner),
  /** whether the emailed link can decide, or only a sign-in (default for a role of high risk) */
  by: v.optional(v.picklist(['link', 'signed-in'], 'must be link or signed-in')),
});
const decideWithin = v.optional(seconds(60, bounds.decideWithinMax), '8h');
const clockTime = timeOfDay(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as "20:00", in quotes');
const QuietRule = v.pipe(
  strict({
    timeZone,
    from: clockTime,
    to: clockTime,
  }),
  v.check(({ from, to }) => from !== to, 'must not be the whole day'),
);
const RemindRule = strict({
  /** counted from the opening of the stage */
  after: seconds(300, bounds.decideWithinMax),
  /** between reminders (default: `after`) */
  every: v.optional(seconds(300, bounds.decideWithinMax)),
  /** multiplier applied to each successive interval */
  backOff: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(10)), 1),
  most: v.optional(count(20), 3),
  quiet: v.optional(QuietRule),
});
const EscalateRule = strict({
  after: seconds(60, bounds.decideWithinMax),
  to: v.pipe(EntriesOrOwner, v.minLength(1, 'must have at least one entry')),
});
/** When the catalogue approves automatically; all conditions must hold. */
const AutomaticRule = v.pipe(
  strict({
    groups: v.optional(
      v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.minLength(1, 'must name at least one group')),
    ),
    maxDuration: v.optional(seconds(60, bounds.durationMax)),
    hours: v.optional(HoursRule),
    tags: v.optional(Tags),
  }),
  v.check(
    (when) => Object.keys(when).length > 0,
    'must have at least one condition: groups, maxDuration, hours or tags',
  ),
);
const ApprovalRule = v.pipe(
  strict({
    automatic: v.optional(
      v.union([v.boolean(), strict({ when: AutomaticRule })], 'must be true, false or { when: ... }'),
      false,
    ),
    stages: v.optional(v.pipe(v.array(StageRule), v.maxLength(5, 'must have at most 5 stages')), []),
    decideWithin,
    remind: v.optional(RemindRule),
    escalate: v.optional(EscalateRule),
    /** conditions on approvers and reviewers; an emailed link meets none of them */
    mfa: v.optional(v.boolean(), false),
    ...conditionFields('signIn', 'networks'),
  }),
  v.check(
    ({ automatic, stages }) => (automatic === true) !== stages.length > 0,
    'must have either stages or automatic: true; automatic: { when } needs stages too',
  ),
);
const BreakGlassRule = strict({
  requesters: v.pipe(EntriesOrOwner, v.minLength(1, 'must have at least one entry')),
  maxDuration: seconds(60, bounds.breakGlassMax),
  reason: v.optional(strict({ minLength: count(1000) }), { minLength: 20 }),
  reviewers: v.pipe(EntriesOrOwner, v.minLength(1, 'must have at least one entry')),
  /** counted from the end of the grant as issued */
  reviewWithin: v.optional(seconds(3600, bounds.reviewWithinMax), '3d'),
  /** the number of a person's break-glass grants, of any role, that may wait for review at once */
  unsigned: v.optional(count(10), 1),
});
const ManagedPolicy = v.pipe(
  v.string(),
  v.regex(/^arn:[\w-]+:iam::(?:aws|\d{12}):policy\/[\w+=,.@/-]{1,600}$/, 'must be the ARN of a managed policy'),
);
const Action = v.pipe(
  v.string(),
  v.regex(/^(?:\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/, 'must be an action such as s3:GetObject'),
);
const Resource = v.pipe(v.string(), v.regex(/^(?:\*|arn:[!-~]+)$/, 'must be an ARN or *'));
/** Permissions of the role in the template of its account. Plain data: no part of a request ever gets into it. */
const PermissionsRule = strict({
  managed: v.optional(v.pipe(v.array(ManagedPolicy), v.maxLength(9, 'must have at most 9 managed policies')), []),
  statements: v.optional(
    v.array(
      strict({
        actions: v.pipe(v.array(Action), v.minLength(1, 'must name an action')),
        resources: v.pipe(v.array(Resource), v.minLength(1, 'must name a resource')),
        conditions: v.optional(v.record(v.string(), v.record(v.string(), v.union([v.string(), v.array(v.string())])))),
      }),
    ),
    [],
  ),
});
/** Sorted, without duplicates, so that the order in the file does not matter. */
const once = <Item extends string>(list: readonly Item[]): Item[] => [...new Set(list)].sort();
const PassableRole = v.pipe(
  v.string(),
  v.regex(
    /^arn:[\w-]+:iam::(?:\d{12}|\*):role\/[\w+=,.@/*?-]{1,576}$/,
    'must be the ARN of an IAM role; * matches any characters, or any account',
  ),
);
/** The scope that a request may set. Names in braces are replaced by values in resources and in the text for approvers. */
const ScopeRule = strict({
  parameters: v.pipe(
    v.record(
      v.pipe(
        v.string(),
        v.regex(
          /^[a-z][a-zA-Z0-9]{0,30}$/,
          'must be a name such as bucket: a lower-case letter, then letters and digits',
        ),
      ),
      v.pipe(
        strict({
          description: label,
          values: v.optional(
            v.pipe(
              v.array(v.pipe(v.string(), v.regex(scopeValue, 'must contain only letters, digits and _.,/@+=:-'))),
              v.minLength(1),
            ),
          ),
          pattern: v.optional(v.pipe(v.string(), v.maxLength(200), v.check(isPattern, 'must be a regular expression'))),
          maxLength: v.optional(count(200), 64),
        }),
        v.check(
          ({ values, pattern }) => (values === undefined) !== (pattern === undefined),
          'must have either values or a pattern',
        ),
      ),
    ),
    v.check((parameters) => Object.keys(parameters).length > 0, 'must name a parameter'),
  ),
  /** for approvers, in words: `objects below {prefix} in {bucket}` */
  says: label,
  statements: v.pipe(
    v.array(
      strict({
        actions: v.pipe(v.array(Action), v.minLength(1, 'must name an action')),
        resources: v.pipe(v.array(Resource), v.minLength(1, 'must name a resource')),
      }),
    ),
    v.minLength(1, 'must have a statement'),
  ),
});
const cidr = /^(?:\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}|[0-9a-fA-F:]{2,39}\/\d{1,3})$/;
const RoleRule = v.pipe(
  strict({
    account: v.optional(v.string()),
    /** makes this a template: one role `id@account` in each of these accounts */
    accounts: v.optional(AccountSelector),
    /** IAM path and name, without the leading slash; botocore iam: path up to 512, name up to 64 */
    roleName: v.pipe(
      v.string(),
      v.regex(
        /^(?:[\w+=,.@-]{1,128}\/){0,4}[\w+=,.@-]{1,64}$/,
        "must be the role's path and name in its account, such as latchkey/ReadOnly",
      ),
    ),
    description: label,
    requesters: Entries,
    deny: v.optional(Entries, []),
    approval: ApprovalRule,
    duration: strict({ default: seconds(60, bounds.durationMax), max: seconds(60, bounds.durationMax) }),
    /** how far ahead a grant may start */
    schedule: v.optional(strict({ within: v.optional(seconds(60, bounds.aheadMax), '7d') }), {}),
    session: v.optional(strict({ max: v.optional(seconds(bounds.sessionMin, bounds.sessionMax), '1h') }), {}),
    /** the role's own MaxSessionDuration in IAM; IAM's default is one hour */
    maxSessionDuration: v.optional(seconds(3600, 43200), '1h'),
    reason: v.optional(strict({ minLength: count(1000) }), { minLength: 1 }),
    ticket: v.optional(TicketRule),
    mfa: v.optional(v.boolean(), false),
    /** further conditions on each call, see condition.ts */
    ...conditionFields(...conditionNames),
    risk: v.optional(v.picklist(['low', 'high']), 'low'),
    /** `open`: the number of requests for this role that may be open at once, over all people; for a template, in each account */
    limits: v.optional(strict({ open: v.optional(count(500)) })),
    breakGlass: v.optional(BreakGlassRule),
    permissions: v.optional(PermissionsRule),
    /** roles that its sessions may pass to services (default: none) */
    passRole: v.optional(
      v.pipe(
        v.union(
          [v.literal('none'), v.pipe(v.array(PassableRole), v.minLength(1, 'must name a role, or be none'))],
          'must be none or a list of ARNs of IAM roles',
        ),
        v.transform((passed) => (passed === 'none' ? [] : once(passed))),
      ),
      'none',
    ),
    /** access that its sessions can get beyond themselves, see reach.ts; the boundary denies all other kinds */
    reaches: v.optional(
      v.pipe(v.array(v.picklist(reachNames, `must be one of ${reachNames.join(', ')}`)), v.transform(once)),
      [],
    ),
    scope: v.optional(ScopeRule),
    /** managed policies that limit every session; botocore sts: at most 10, of the role's own account or of AWS */
    sessionPolicies: v.optional(
      v.pipe(v.array(ManagedPolicy), v.maxLength(10, 'must have at most 10 managed policies')),
      [],
    ),
    /** networks from which sessions may be used */
    sourceNetworks: v.optional(
      v.array(v.pipe(v.string(), v.regex(cidr, 'must be a network such as 198.51.100.0/24'))),
      [],
    ),
  }),
  v.check(
    ({ account, accounts }) => (account === undefined) !== (accounts === undefined),
    'must have either account, or accounts for a role in many',
  ),
);

/** What access.yml holds, durations in seconds, defaults filled in. Plain data: it travels as JSON in a Lambda artefact. */
export const CatalogueData = strict({
  version: v.literal(1, 'must be 1'),
  admins: v.optional(Entries, []),
  auditors: v.optional(Entries, []),
  /** accounts in which only IAM Identity Center can create AWSReservedSSO_ roles, so that the session name identifies the person */
  ssoAccounts: v.optional(v.array(AccountId), []),
  accounts: named('an account', AccountRule),
  people: v.optional(v.array(PersonRule), []),
  groups: v.optional(named('a group', Entries), {}),
  /** values of the token's groups claim that grant membership; a group in `groups` only gets no members from tokens */
  tokenGroups: v.optional(
    named('a group', v.pipe(v.array(TokenGroup), v.minLength(1, 'must name at least one group of the issuer'))),
    {},
  ),
  bots: v.optional(named('a bot', BotRule), {}),
  limits: v.optional(
    strict({
      openRequests: v.optional(count(500), 20),
      /** of one person */
      requestsPerHour: v.optional(count(500), 20),
    }),
    {},
  ),
  /** what happens to open requests that the catalogue no longer allows */
  leavers: v.optional(v.picklist(['revoke', 'keep'], 'must be revoke or keep'), 'revoke'),
  /** emails and pages show its time beside UTC */
  timeZone: v.optional(timeZone),
  /** services of the company that check tickets */
  ticketValidators: v.optional(named('a ticket validator', ValidatorRule), {}),
  roles: named('a role', RoleRule),
});
export type CatalogueData = v.InferOutput<typeof CatalogueData>;
export type RoleData = CatalogueData['roles'][string];
export type AccountData = CatalogueData['accounts'][string];
