// What access.yml may hold, and everything that can be wrong with it. Used where a file is read, never in a Lambda: what is deployed was checked.
import * as v from 'valibot';
import { bounds, canonicalPrincipal, principalPattern } from './catalogue.ts';
import { canonicalJson } from './digest.ts';
import { longestSessionPolicy, placeholdersIn, scopeValue, sessionPolicyLimit } from './narrowing.ts';
import { Email, strict, unknownField } from './schema.ts';
import { parseDuration } from './time.ts';

// -- shape -----------------------------------------------------------------------------------------------------------

const seconds = (min: number, max: number) =>
  v.pipe(
    v.string('must be a duration such as 45m, 2h or PT1H30M'),
    v.check((text) => parseDuration(text) !== undefined, 'must be a duration such as 45m, 2h or PT1H30M'),
    v.transform((text) => parseDuration(text) ?? 0),
    v.minValue(min, `must be at least ${min} s`),
    v.maxValue(max, `must be at most ${max} s`),
  );
const label = v.pipe(v.string(), v.minLength(1), v.maxLength(300));
const count = (max: number) =>
  v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(1, 'must be at least 1'), v.maxValue(max, `must be at most ${max}`));
const key = (what: string) =>
  v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, `must be a name for ${what}: letters, digits, dot, dash, underscore`));

/** Entries by name. valibot leaves out names that every object has, which would lose an entry without a word. */
const named = <Entry extends v.GenericSchema>(what: string, entry: Entry) =>
  v.pipe(
    v.unknown(),
    v.check((input) => !reserved.some((name) => Object.hasOwn(Object(input), name)), `must have no entry called ${reserved.join(', ')}`),
    v.record(key(what), entry),
  );
const reserved = ['__proto__', 'prototype', 'constructor'];

const Principal = v.pipe(v.string(), v.regex(principalPattern, 'must be the ARN of an IAM user or role'), v.transform(canonicalPrincipal));
const isIdentity = (text: string): boolean => principalPattern.test(text) || v.is(Email, text);
const canonicalIdentity = (text: string): string => (text.startsWith('arn:') ? canonicalPrincipal(text) : text.toLowerCase());
const Identity = v.pipe(v.string(), v.check(isIdentity, 'must be a mail address or the ARN of an IAM user or role'), v.transform(canonicalIdentity));
const isNamedSet = (text: string): boolean => text === 'everyone' || /^group:./.test(text);
const Entry = v.pipe(
  v.string(),
  v.check((text) => isNamedSet(text) || isIdentity(text), 'must be a mail address, the ARN of an IAM user or role, group:NAME or everyone'),
  v.transform((text) => (isNamedSet(text) ? text : canonicalIdentity(text))),
);
const Entries = v.array(Entry);

const AccountRule = strict({
  id: v.pipe(v.string('must be the 12 digits of an AWS account, in quotes'), v.regex(/^\d{12}$/, 'must be the 12 digits of an AWS account, in quotes')),
  name: label,
  color: v.optional(v.pipe(v.string(), v.regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as "#b91c1c"'))),
  /** botocore sts: 2-1224 characters of [\w+=,.@:\/-] */
  externalId: v.pipe(v.string(), v.regex(/^[\w+=,.@:/-]{2,1224}$/, 'must be 2 to 1224 characters of letters, digits and _+=,.@:/-')),
  partition: v.optional(v.picklist(['aws', 'aws-us-gov', 'aws-cn']), 'aws'),
  tags: v.optional(v.record(v.string(), v.string()), {}),
  /** whether the account's template brought the role latchkey-revoker, by which a revocation reaches sessions that are out */
  revoker: v.optional(v.boolean(), true),
});
const PersonRule = strict({ email: Email, name: label, principals: v.optional(v.array(Identity), []) });
const BotRule = strict({ principal: Principal, for: Entries, roles: v.array(v.string()) });
const StageRule = strict({ approvers: Entries, need: v.optional(count(20), 1) });
const decideWithin = v.optional(seconds(60, bounds.decideWithinMax), '8h');
const ApprovalRule = v.pipe(
  strict({
    automatic: v.optional(v.boolean(), false),
    stages: v.optional(v.pipe(v.array(StageRule), v.maxLength(5, 'must have at most 5 stages')), []),
    decideWithin,
  }),
  v.check(({ automatic, stages }) => automatic !== stages.length > 0, 'must have either stages or automatic: true'),
);
const ManagedPolicy = v.pipe(v.string(), v.regex(/^arn:[\w-]+:iam::(?:aws|\d{12}):policy\/[\w+=,.@/-]{1,600}$/, 'must be the ARN of a managed policy'));
const Action = v.pipe(v.string(), v.regex(/^(?:\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/, 'must be an action such as s3:GetObject'));
const Resource = v.pipe(v.string(), v.regex(/^(?:\*|arn:[!-~]+)$/, 'must be an ARN or *'));
/** What the role may do, for the template of its account. Plain data: nothing of a request ever gets into it. */
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
/** What a requester may narrow the role to. Names in braces stand for the values in resources and in what approvers are told. */
const ScopeRule = strict({
  parameters: v.pipe(
    v.record(
      v.pipe(v.string(), v.regex(/^[a-z][a-zA-Z0-9]{0,30}$/, 'must be a name such as bucket: a small letter, then letters and digits')),
      v.pipe(
        strict({
          description: label,
          values: v.optional(v.pipe(v.array(v.pipe(v.string(), v.regex(scopeValue, 'must have letters, digits and _.,/@+=:- only'))), v.minLength(1))),
          pattern: v.optional(v.pipe(v.string(), v.maxLength(200), v.check(isPattern, 'must be a regular expression'))),
          maxLength: v.optional(count(200), 64),
        }),
        v.check(({ values, pattern }) => (values === undefined) !== (pattern === undefined), 'must have either values or a pattern'),
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
const RoleRule = strict({
  account: v.string(),
  /** IAM path and name, without the leading slash; botocore iam: path up to 512, name up to 64 */
  roleName: v.pipe(
    v.string(),
    v.regex(/^(?:[\w+=,.@-]{1,128}\/){0,4}[\w+=,.@-]{1,64}$/, "must be the role's path and name in its account, such as latchkey/ReadOnly"),
  ),
  description: label,
  requesters: Entries,
  deny: v.optional(Entries, []),
  approval: ApprovalRule,
  duration: strict({ default: seconds(60, bounds.durationMax), max: seconds(60, bounds.durationMax) }),
  /** how far ahead a grant may be asked to start */
  schedule: v.optional(strict({ within: v.optional(seconds(60, bounds.aheadMax), '7d') }), {}),
  session: v.optional(strict({ max: v.optional(seconds(bounds.sessionMin, bounds.sessionMax), '1h') }), {}),
  /** the role's own MaxSessionDuration in IAM; IAM's default is one hour */
  maxSessionDuration: v.optional(seconds(3600, 43200), '1h'),
  reason: v.optional(strict({ minLength: count(1000) }), { minLength: 1 }),
  ticket: v.optional(
    strict({
      pattern: v.pipe(v.string(), v.maxLength(200), v.check(isPattern, 'must be a regular expression')),
      required: v.optional(v.boolean(), false),
    }),
  ),
  mfa: v.optional(v.boolean(), false),
  risk: v.optional(v.picklist(['low', 'high']), 'low'),
  permissions: v.optional(PermissionsRule),
  scope: v.optional(ScopeRule),
  /** managed policies that bound every session; botocore sts: at most 10, of the role's own account or AWS's */
  sessionPolicies: v.optional(v.pipe(v.array(ManagedPolicy), v.maxLength(10, 'must have at most 10 managed policies')), []),
  /** where sessions may be used from */
  sourceNetworks: v.optional(v.array(v.pipe(v.string(), v.regex(cidr, 'must be a network such as 198.51.100.0/24'))), []),
});

/** What access.yml holds, durations in seconds, defaults filled in. Plain data: it travels as JSON in a Lambda artefact. */
export const CatalogueData = strict({
  version: v.literal(1, 'must be 1'),
  admins: v.optional(Entries, []),
  auditors: v.optional(Entries, []),
  accounts: named('an account', AccountRule),
  people: v.optional(v.array(PersonRule), []),
  groups: v.optional(named('a group', Entries), {}),
  bots: v.optional(named('a bot', BotRule), {}),
  limits: v.optional(strict({ openRequests: v.optional(count(500), 20) }), {}),
  roles: named('a role', RoleRule),
});
export type CatalogueData = v.InferOutput<typeof CatalogueData>;

// -- checks ----------------------------------------------------------------------------------------------------------

export type CatalogueFault = { path: Array<string | number>; detail: string };

/** Checks the shape and everything that spans entries. Answers the data or every fault at once, each with its path into the file. */
export function checkCatalogue(input: unknown): { data: CatalogueData; faults: [] } | { data?: undefined; faults: CatalogueFault[] } {
  const parsed = v.safeParse(CatalogueData, input);
  const inside = parsed.success ? [] : parsed.issues.map(toCatalogueFault);
  const sound = parsed.success ? parsed : v.safeParse(CatalogueData, withoutFaulty(input, inside));
  const faults = [...inside, ...(sound.success ? faultsBetween(sound.output, input as CatalogueData) : [])];
  return faults.length === 0 && sound.success ? { data: sound.output, faults: [] } : { faults };
}

/** The entries without a fault inside, so that a slip in one does not hide what is wrong between others. */
function withoutFaulty(input: unknown, faults: readonly CatalogueFault[]): unknown {
  const rest = structuredClone(input) as Record<string, Record<string, unknown>>;
  for (const [section, entry] of faults.map(({ path }) => path.map(String))) {
    if (section === undefined) return undefined;
    const entries = rest[section];
    if (entry !== undefined && typeof entries === 'object' && !Array.isArray(entries)) delete entries[entry];
    else delete rest[section];
  }
  return rest;
}

/** @param file what it names at all, faulty entries included */
const faultsBetween = (data: CatalogueData, file: Partial<CatalogueData>): CatalogueFault[] => [
  ...roleFaults(data, file.accounts),
  ...peopleFaults(data),
  ...botFaults(data, file.roles),
  ...groupFaults(data, file.groups),
];

function toCatalogueFault(issue: v.BaseIssue<unknown>): CatalogueFault {
  const path = (issue.path ?? []).map((part) => part.key as string | number);
  const name = String(path.at(-1));
  if ((issue.type === 'strict_object' && issue.expected === 'never') || issue.message === unknownField) return { path, detail: `unknown entry "${name}"` };
  if (issue.type === 'strict_object' && issue.expected !== 'Object') return { path: path.slice(0, -1), detail: `"${name}" is missing` };
  return { path, detail: issue.message.startsWith('Invalid') ? `must be ${kinds[issue.expected ?? ''] ?? issue.expected}` : issue.message };
}

const kinds: Record<string, string> = { Array: 'a list', Object: 'a map', string: 'text', number: 'a number', boolean: 'true or false' };

function* roleFaults(data: CatalogueData, accounts: object = {}): Generator<CatalogueFault> {
  for (const [id, role] of Object.entries(data.roles)) {
    const path = ['roles', id];
    if (!Object.hasOwn(accounts, role.account)) yield { path: [...path, 'account'], detail: `no account "${role.account}" in accounts` };
    if (role.duration.default > role.duration.max) yield { path: [...path, 'duration', 'default'], detail: 'the default is longer than max' };
    yield* narrowingFaults(role, path);
    const twin = Object.entries(data.roles).find(([, other]) => other.account === role.account && other.roleName === role.roleName);
    if (twin && twin[0] !== id && !isSameIamRole(twin[1], role))
      yield { path: [...path, 'roleName'], detail: `${twin[0]} means the same IAM role with other permissions or another maxSessionDuration` };
  }
}

/** What cannot become a session policy, told before anybody waits for a session: unknown names, and more text than STS takes. */
function* narrowingFaults(role: CatalogueData['roles'][string], path: string[]): Generator<CatalogueFault> {
  const names = Object.keys(role.scope?.parameters ?? {});
  const texts = [role.scope?.says ?? '', ...(role.scope?.statements ?? []).flatMap(({ resources }) => resources)];
  for (const name of new Set(texts.flatMap(placeholdersIn)))
    if (!names.includes(name)) yield { path: [...path, 'scope'], detail: `no parameter "${name}" in parameters` };
  for (const name of names)
    if (!texts.slice(1).some((text) => placeholdersIn(text).includes(name)))
      yield { path: [...path, 'scope', 'parameters', name], detail: `no resource of the scope's statements uses {${name}}` };
  if (role.scope && role.sessionPolicies.length > 0)
    yield { path: [...path, 'sessionPolicies'], detail: 'what these allow would be allowed beside the scope; a role has one or the other' };
  const length = longestSessionPolicy(role);
  if (length > sessionPolicyLimit)
    yield {
      path,
      detail: `a session's policy could have ${length} characters, STS takes ${sessionPolicyLimit}: shorten scope, sessionPolicies or sourceNetworks`,
    };
}

/** Several entries may lead to one IAM role, on different terms; what the role itself is can be said in one way only. */
const isSameIamRole = (a: CatalogueData['roles'][string], b: CatalogueData['roles'][string]): boolean =>
  a.maxSessionDuration === b.maxSessionDuration && canonicalJson(a.permissions ?? {}) === canonicalJson(b.permissions ?? {});

function* peopleFaults(data: CatalogueData): Generator<CatalogueFault> {
  const seen = new Map<string, string>();
  for (const [i, person] of data.people.entries()) {
    for (const identity of [person.email, ...person.principals]) {
      const other = seen.get(identity);
      if (other !== undefined) yield { path: ['people', i], detail: `${identity} already belongs to ${other}` };
      seen.set(identity, person.email);
    }
  }
}

/** A bot files and reads; were it also a person somewhere, it could decide on its own word. */
function* botFaults(data: CatalogueData, roles: object = {}): Generator<CatalogueFault> {
  const named = new Set([
    ...data.admins,
    ...data.auditors,
    ...Object.values(data.groups).flat(),
    ...data.people.flatMap((person) => [person.email, ...person.principals]),
    ...Object.values(data.roles).flatMap((role) => [...role.requesters, ...role.approval.stages.flatMap((stage) => stage.approvers)]),
  ]);
  const principals = new Set<string>();
  for (const [id, bot] of Object.entries(data.bots)) {
    if (named.has(bot.principal))
      yield { path: ['bots', id, 'principal'], detail: 'a bot must not be a person, a group member, a requester, an approver, an admin or an auditor' };
    if (principals.has(bot.principal)) yield { path: ['bots', id, 'principal'], detail: 'this principal is already a bot' };
    principals.add(bot.principal);
    for (const [i, role] of bot.roles.entries())
      if (!Object.hasOwn(roles, role)) yield { path: ['bots', id, 'roles', i], detail: `no role "${role}" in roles` };
  }
}

function* groupFaults(data: CatalogueData, groups: object = {}): Generator<CatalogueFault> {
  for (const [name, entries] of Object.entries(data.groups)) {
    for (const [i, entry] of entries.entries()) {
      if (entry === 'everyone') yield { path: ['groups', name, i], detail: 'everyone cannot be a member of a group; name everyone where the group is used' };
      if (entry.startsWith('group:') && !Object.hasOwn(groups, entry.slice(6)))
        yield { path: ['groups', name, i], detail: `no group "${entry.slice(6)}" in groups` };
    }
  }
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
