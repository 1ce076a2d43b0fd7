// Checks a catalogue: first its shape, then everything that spans entries. Reports all errors at once, with suggestions for misspelt names.
import * as v from 'valibot';
import { canonicalJson } from '../common/digest.ts';
import { noObject, unknownField } from '../common/strict-object.ts';
import { didYouMean } from '../common/suggestion.ts';
import { bounds } from './bounds.ts';
import { chatUsersOf } from './catalogue.ts';
import { groupName, isGroup, isPermissionSet } from './entry.ts';
import type { CatalogueFinding } from './finding.ts';
import { longestSessionPolicy, placeholdersIn, sessionPolicyLimit } from './narrowing.ts';
import { reachAfterDenial } from './reach.ts';
import { type PlacedRole, rolesIn, selectedAccounts } from './role-template.ts';
import { CatalogueData, type CatalogueData as Data, type RoleData } from './shape.ts';
import { permissionSetErrors } from './sso.ts';
import { validatorErrors } from './tickets.ts';

/** Checks the shape and everything that spans entries. Returns the data or all errors, each with its path into the file. */
export function checkCatalogue(
  input: unknown,
): { data: Data; errors: [] } | { data?: undefined; errors: CatalogueFinding[] } {
  const parsed = v.safeParse(CatalogueData, input);
  const inside = parsed.success ? [] : parsed.issues.flatMap((issue) => shapeErrors(issue));
  const sound = parsed.success ? parsed : v.safeParse(CatalogueData, withoutInvalid(input, inside));
  const errors = [...inside, ...(sound.success ? errorsBetween(sound.output, input as Data) : [])];
  return errors.length === 0 && sound.success ? { data: sound.output, errors: [] } : { errors };
}

/** The entries without errors, so that an error in one entry does not hide errors between others. */
function withoutInvalid(input: unknown, errors: readonly CatalogueFinding[]): unknown {
  const rest = structuredClone(input) as Record<string, Record<string, unknown>>;
  for (const [section, entry] of errors.map(({ path }) => path.map(String))) {
    if (section === undefined) return undefined;
    const entries = rest[section];
    if (entry !== undefined && typeof entries === 'object' && !Array.isArray(entries)) delete entries[entry];
    else delete rest[section];
  }
  return rest;
}

/** Sections whose entries can be left out without changing the meaning of others. */
const apart = ['accounts', 'bots', 'roles', 'ticketValidators'];

/**
 * What remains of a catalogue without the entries that have errors, and without those that depend on them.
 * @returns undefined where people or groups have errors: the meaning of every role follows from them
 */
export function soundPart(input: unknown, errors: readonly CatalogueFinding[]): Data | undefined {
  if (errors.some(({ path }) => path.length < 2 || !apart.includes(String(path[0])))) return undefined;
  const rest = withoutInvalid(input, errors);
  const checked = checkCatalogue(rest);
  return checked.data ?? soundPart(rest, checked.errors);
}

/** @param file the whole file, invalid entries included, because their names count as known */
const errorsBetween = (data: Data, file: Partial<Data>): CatalogueFinding[] => [
  ...accountErrors(data),
  ...roleErrors(data, mapOf(file.accounts)),
  ...twinErrors(data),
  ...ownNameErrors(data),
  ...ownerErrors(data),
  ...peopleErrors(data),
  ...botErrors(data, mapOf(file.roles), mapOf(file.groups ?? {})),
  ...groupErrors(data, mapOf(file.groups ?? {}), mapOf(file.tokenGroups ?? {})),
  ...permissionSetErrors(data.ssoAccounts, identitiesIn(data)),
  ...validatorErrors(data, mapOf(file.ticketValidators)),
];

/** A section of the file, if it is a map. */
const mapOf = (section: unknown): object | undefined =>
  typeof section === 'object' && section !== null && !Array.isArray(section) ? section : undefined;

/** Every entry of every list of people, with its path into the file. */
export function* entriesIn(data: Data): Generator<{ path: Array<string | number>; entry: string }> {
  const each = function* (path: Array<string | number>, entries: readonly string[] = []) {
    for (const [i, entry] of entries.entries()) yield { path: [...path, i], entry };
  };
  yield* each(['admins'], data.admins);
  yield* each(['auditors'], data.auditors);
  for (const [key, { owner }] of Object.entries(data.accounts)) yield* each(['accounts', key, 'owner'], owner);
  for (const [name, entries] of Object.entries(data.groups)) yield* each(['groups', name], entries);
  for (const [id, bot] of Object.entries(data.bots)) yield* each(['bots', id, 'for'], bot.for);
  for (const [id, role] of Object.entries(data.roles))
    for (const { path, entries } of listsOf(role)) yield* each(['roles', id, ...path], entries);
}

/** Every identity that the file names, with its path. */
const identitiesIn = (data: Data): Array<{ path: Array<string | number>; entry: string }> => [
  ...entriesIn(data),
  ...data.people.flatMap(({ principals }, i) =>
    principals.map((entry, j) => ({ path: ['people', i, 'principals', j], entry })),
  ),
  ...Object.entries(data.bots).map(([id, { principal }]) => ({ path: ['bots', id, 'principal'], entry: principal })),
];

/** Every list of people of a role, with its path into the role. */
function* listsOf({
  requesters,
  deny,
  approval,
  breakGlass,
}: RoleData): Generator<{ path: Array<string | number>; entries: readonly string[] }> {
  yield { path: ['requesters'], entries: requesters };
  yield { path: ['deny'], entries: deny };
  for (const [i, { approvers, fallback = [] }] of approval.stages.entries()) {
    yield { path: ['approval', 'stages', i, 'approvers'], entries: approvers };
    yield { path: ['approval', 'stages', i, 'fallback'], entries: fallback };
  }
  yield { path: ['approval', 'escalate', 'to'], entries: approval.escalate?.to ?? [] };
  yield { path: ['breakGlass', 'requesters'], entries: breakGlass?.requesters ?? [] };
  yield { path: ['breakGlass', 'reviewers'], entries: breakGlass?.reviewers ?? [] };
}

// -- shape -----------------------------------------------------------------------------------------------------------

function shapeErrors(issue: v.BaseIssue<unknown>, root: Array<string | number> = []): CatalogueFinding[] {
  const path = [...root, ...(issue.path ?? []).map((part) => part.key as string | number)];
  // of several shapes, the intended one is the one that fails below its root
  const deeper =
    issue.type === 'union'
      ? (issue.issues ?? []).filter((inner) => inner.path !== undefined || inner.kind === 'validation')
      : [];
  if (deeper.length > 0) return deeper.flatMap((inner) => shapeErrors(inner, path));
  const name = String(path.at(-1));
  if ((issue.type === 'strict_object' && issue.expected === 'never') || issue.message === unknownField) {
    return [{ path, detail: `unknown entry "${name}"${didYouMean(name, fieldsAt(CatalogueData, path.slice(0, -1)))}` }];
  }
  if (issue.type === 'strict_object' && issue.expected !== 'Object')
    return [{ path: path.slice(0, -1), detail: `"${name}" is missing` }];
  return [{ path, detail: detailOf(issue) }];
}

function detailOf({ message, expected }: v.BaseIssue<unknown>): string {
  if (message === noObject) return `must be ${kinds.Object}`;
  return message.startsWith('Invalid') ? `must be ${kinds[expected ?? ''] ?? expected}` : message;
}

const kinds: Record<string, string> = {
  Array: 'a list',
  Object: 'a map',
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
};

/** A schema as valibot builds it; its members depend on its kind. */
type AnySchema = {
  type: string;
  entries?: Record<string, AnySchema>;
  wrapped?: AnySchema;
  value?: AnySchema;
  item?: AnySchema;
  options?: readonly (AnySchema | string)[];
  pipe?: readonly AnySchema[];
};

/** The names of the fields that the shape has at a path. */
function fieldsAt(schema: AnySchema, path: ReadonlyArray<string | number>): string[] {
  if (schema.wrapped) return fieldsAt(schema.wrapped, path);
  const inside = schema.pipe?.find((part) => part !== schema && (part.entries ?? part.value) !== undefined);
  if (schema.entries === undefined && inside) return fieldsAt(inside, path);
  if (schema.type === 'union')
    return (schema.options ?? []).flatMap((option) => (typeof option === 'string' ? [] : fieldsAt(option, path)));
  const [part, ...rest] = path;
  if (part === undefined) return Object.keys(schema.entries ?? {});
  const inner = schema.entries?.[part] ?? schema.value ?? schema.item;
  return inner ? fieldsAt(inner, rest) : [];
}

// -- what spans entries ----------------------------------------------------------------------------------------------

/** An account installs one template with one external id, so the catalogue must list it once. */
function* accountErrors(data: Data): Generator<CatalogueFinding> {
  const names = new Map<string, string>();
  for (const [key, { id, partition }] of Object.entries(data.accounts)) {
    const other = names.get(`${partition} ${id}`);
    if (other !== undefined) yield { path: ['accounts', key, 'id'], detail: `${id} is already account "${other}"` };
    else names.set(`${partition} ${id}`, key);
  }
  yield* partitionErrors(data);
}

/** No role of one partition can enter a role of another, so one hub serves one of them (iam-ug, reference_identifiers). */
function* partitionErrors({ accounts }: Data): Generator<CatalogueFinding> {
  const [first, ...others] = Object.entries(accounts);
  for (const [key, { partition }] of others)
    if (partition !== first![1].partition)
      yield {
        path: ['accounts', key, 'partition'],
        detail: `is ${partition}, and account "${first![0]}" is in ${first![1].partition}: a hub can only enter accounts of its own partition, so each partition needs its own hub and catalogue`,
      };
}

function* roleErrors(data: Data, accounts: object = {}): Generator<CatalogueFinding> {
  for (const [id, role] of Object.entries(data.roles)) {
    const path = ['roles', id];
    if (role.account !== undefined && !Object.hasOwn(accounts, role.account)) {
      yield {
        path: [...path, 'account'],
        detail: `no account "${role.account}" in accounts${didYouMean(role.account, Object.keys(accounts))}`,
      };
    }
    if (role.accounts !== undefined) {
      yield* nameErrors(accounts, [...path, 'accounts'], role.accounts);
      const selected = selectedAccounts(data, role);
      const isWhole = Object.keys(accounts).length === Object.keys(data.accounts).length;
      if (selected.length === 0 && isWhole) yield { path: [...path, 'accounts'], detail: 'selects no account' };
      if (selected.some((account) => id.length + 1 + account.length > 200))
        yield { path, detail: 'id@account is longer than 200 characters' };
    }
    if (role.duration.default > role.duration.max)
      yield { path: [...path, 'duration', 'default'], detail: 'the default is longer than max' };
    yield* narrowingErrors(role, path);
    yield* waitingErrors(role.approval, [...path, 'approval']);
    if (role.duration.max < bounds.sessionMin && reachAfterDenial(role.reaches).isToSessionEnd)
      yield {
        path: [...path, 'reaches'],
        detail: `sessions of this role can be used for at least ${bounds.sessionMin / 60} min, so duration.max must be at least that`,
      };
    yield* placeErrors(data, role, path);
    if (role.breakGlass && role.approval.automatic === true)
      yield {
        path: [...path, 'breakGlass'],
        detail: 'a role that is always approved automatically needs no break-glass',
      };
    if (role.breakGlass && role.breakGlass.maxDuration > role.duration.max)
      yield { path: [...path, 'breakGlass', 'maxDuration'], detail: "is longer than the role's own maximum" };
  }
}

/** Roles to pass and managed policies must be in the role's own account, or be policies of AWS in its partition. */
function* placeErrors(data: Data, role: RoleData, path: CatalogueFinding['path']): Generator<CatalogueFinding> {
  const keys = role.account === undefined ? selectedAccounts(data, role) : [role.account];
  const accounts = keys.flatMap((key) => data.accounts[key] ?? []);
  const isForeign = (arn: string, anywhere: string) => {
    const [, partition, , , id] = arn.split(':');
    return accounts.some((account) => account.partition !== partition || (id !== anywhere && account.id !== id));
  };
  for (const [i, arn] of role.passRole.entries())
    if (isForeign(arn, '*'))
      yield {
        path: [...path, 'passRole', i],
        detail: "is not in the role's own account; write * in place of an account number",
      };
  const policies = [
    ...(role.permissions?.managed ?? []).map((arn, i) => ({ arn, at: ['permissions', 'managed', i] })),
    ...role.sessionPolicies.map((arn, i) => ({ arn, at: ['sessionPolicies', i] })),
  ];
  for (const { arn, at } of policies)
    if (isForeign(arn, 'aws'))
      yield { path: [...path, ...at], detail: "is not in the role's own account, nor AWS's in its partition" };
}

/** A reminder or an escalation that can never happen is an error. */
function* waitingErrors(
  approval: Data['roles'][string]['approval'],
  path: CatalogueFinding['path'],
): Generator<CatalogueFinding> {
  for (const name of ['remind', 'escalate'] as const) {
    const rule = approval[name];
    if (rule && approval.automatic === true)
      yield { path: [...path, name], detail: 'a role that is always approved automatically waits for nobody' };
    else if (rule && rule.after >= approval.decideWithin)
      yield { path: [...path, name, 'after'], detail: 'comes only after decideWithin has passed' };
  }
}

/** A name without `*` must exist, so that a typo does not silently skip an account. */
function* nameErrors(
  accounts: object,
  path: string[],
  selector: NonNullable<Data['roles'][string]['accounts']>,
): Generator<CatalogueFinding> {
  const [names, at] = Array.isArray(selector) ? [selector, path] : [selector.names ?? [], [...path, 'names']];
  for (const [i, name] of names.entries()) {
    if (!name.includes('*') && !Object.hasOwn(accounts, name)) {
      yield { path: [...at, i], detail: `no account "${name}" in accounts${didYouMean(name, Object.keys(accounts))}` };
    }
  }
}

/** `owner` is only valid in accounts that have an owner. */
function* ownerErrors(data: Data): Generator<CatalogueFinding> {
  for (const [id, role] of Object.entries(data.roles)) {
    const accounts = (role.account === undefined ? selectedAccounts(data, role) : [role.account]).filter((key) =>
      Object.hasOwn(data.accounts, key),
    );
    const [first, ...more] = accounts.filter((key) => data.accounts[key]!.owner === undefined);
    if (first === undefined) continue;
    const detail = `account "${first}"${more.length > 0 ? ` and ${more.length} more of this role have` : ' has'} no owner`;
    for (const { path, entries } of listsOf(role)) {
      const at = entries.indexOf('owner');
      if (at >= 0) yield { path: ['roles', id, ...path, at], detail };
    }
  }
}

/** Errors that would only show when a session is issued: unknown parameter names, and a policy that is too long for STS. */
function* narrowingErrors(role: RoleData, path: string[]): Generator<CatalogueFinding> {
  const names = Object.keys(role.scope?.parameters ?? {});
  const texts = [role.scope?.says ?? '', ...(role.scope?.statements ?? []).flatMap(({ resources }) => resources)];
  for (const name of new Set(texts.flatMap(placeholdersIn)))
    if (!names.includes(name)) yield { path: [...path, 'scope'], detail: `no parameter "${name}" in parameters` };
  for (const name of names)
    if (!texts.slice(1).some((text) => placeholdersIn(text).includes(name)))
      yield {
        path: [...path, 'scope', 'parameters', name],
        detail: `no resource of the scope's statements uses {${name}}`,
      };
  if (role.scope && role.sessionPolicies.length > 0)
    yield {
      path: [...path, 'sessionPolicies'],
      detail: 'these policies would allow more than the scope; give a role either scope or sessionPolicies',
    };
  const length = longestSessionPolicy(role);
  if (length > sessionPolicyLimit)
    yield {
      path,
      detail: `a session's policy could have ${length} characters, but STS takes at most ${sessionPolicyLimit}: shorten scope, sessionPolicies or sourceNetworks`,
    };
}

/**
 * Several entries may lead to one IAM role on different terms, but must define the role itself in the same way. Role names are unique
 * in an account regardless of path and case (iam-ug, reference_identifiers).
 */
function* twinErrors(data: Data): Generator<CatalogueFinding> {
  const first = new Map<string, PlacedRole>();
  const told = new Set<string>();
  for (const role of rolesIn(data)) {
    const key = `${role.account} ${iamName(role.rule).toLowerCase()}`;
    const twin = first.get(key);
    if (!twin) first.set(key, role);
    const detail = twin && differenceOf(twin, role);
    if (detail === undefined || told.has(role.entry)) continue;
    told.add(role.entry);
    yield { path: ['roles', role.entry, 'roleName'], detail };
  }
}

const iamName = ({ roleName }: RoleData): string => roleName.slice(roleName.lastIndexOf('/') + 1);

/** The difference between two entries for roles of one name. */
function differenceOf(twin: PlacedRole, { rule }: PlacedRole): string | undefined {
  if (twin.rule.roleName !== rule.roleName)
    return `IAM compares role names without path and case, so this is the same name as ${twin.rule.roleName} of ${twin.id}; use another name`;
  return isSameIamRole(twin.rule, rule)
    ? undefined
    : `${twin.id} means the same IAM role with other permissions, passRole or reaches, or another maxSessionDuration`;
}

/** Names of Latchkey's own roles and policies in the templates. */
const ownNames = /^(?:latchkey-|boundary(?:-|$))/i;

function* ownNameErrors(data: Data): Generator<CatalogueFinding> {
  for (const [id, rule] of Object.entries(data.roles))
    if (ownNames.test(iamName(rule)))
      yield {
        path: ['roles', id, 'roleName'],
        detail: `names that begin with latchkey- and the name Boundary are reserved for Latchkey itself; use another name than ${iamName(rule)}`,
      };
}

const isSameIamRole = (a: RoleData, b: RoleData): boolean =>
  canonicalJson(installedOf(a)) === canonicalJson(installedOf(b));
/** The part of a rule that the account installs. */
const installedOf = ({
  maxSessionDuration,
  permissions = { managed: [], statements: [] },
  passRole,
  reaches,
}: RoleData) => ({
  maxSessionDuration,
  permissions,
  passRole,
  reaches,
});

function* peopleErrors(data: Data): Generator<CatalogueFinding> {
  const seen = new Map<string, string>();
  for (const [i, person] of data.people.entries()) {
    for (const identity of [person.email, ...person.principals, ...chatUsersOf(person)]) {
      const other = seen.get(identity);
      if (other !== undefined) yield { path: ['people', i], detail: `${identity} already belongs to ${other}` };
      seen.set(identity, person.email);
    }
  }
}

/** A bot only files and reads. If it were also a person, it could approve its own requests. */
function* botErrors(data: Data, file: object = {}, groups: object | undefined): Generator<CatalogueFinding> {
  const named = new Set(data.people.flatMap((person) => [person.email, ...person.principals]));
  for (const { path, entry } of entriesIn(data)) if (path[0] !== 'bots' && path[2] !== 'deny') named.add(entry);
  const roles = new Set([...Object.keys(file), ...[...rolesIn(data)].map(({ id }) => id)]);
  const principals = new Set<string>();
  for (const [id, bot] of Object.entries(data.bots)) {
    if (named.has(bot.principal))
      yield {
        path: ['bots', id, 'principal'],
        detail: 'a bot must not be a person, a group member, a requester, an approver, an admin or an auditor',
      };
    if (principals.has(bot.principal))
      yield { path: ['bots', id, 'principal'], detail: 'this principal is already a bot' };
    principals.add(bot.principal);
    for (const [i, entry] of bot.for.entries()) yield* strangerErrors(entry, ['bots', id, 'for', i], groups);
    for (const [i, role] of bot.roles.entries())
      if (!roles.has(role))
        yield { path: ['bots', id, 'roles', i], detail: `no role "${role}" in roles${didYouMean(role, roles)}` };
  }
}

/** Whom a bot may file for follows from the catalogue alone, so groups of tokens and permission sets match nobody there. */
function* strangerErrors(
  entry: string,
  path: CatalogueFinding['path'],
  groups: object | undefined,
): Generator<CatalogueFinding> {
  const alone = 'the people of a bot must be named in the catalogue';
  if (isPermissionSet(entry))
    yield { path, detail: `${alone}, which does not know who signs in with a permission set; name people or a group` };
  if (groups && isGroup(entry) && !Object.hasOwn(groups, groupName(entry)))
    yield {
      path,
      detail: `no group "${groupName(entry)}" in groups${didYouMean(groupName(entry), Object.keys(groups))}; ${alone}`,
    };
}

function* groupErrors(data: Data, groups?: object, tokenGroups?: object): Generator<CatalogueFinding> {
  const names = [...Object.keys(groups ?? {}), ...Object.keys(tokenGroups ?? {})];
  const isWhole = groups !== undefined && tokenGroups !== undefined;
  for (const { path, name } of isWhole ? groupsNamed(data) : [])
    if (!names.includes(name))
      yield {
        path,
        detail: `no group "${name}" in groups or tokenGroups${didYouMean(name, names)}; a group name in a token only counts if tokenGroups maps it`,
      };
  for (const [name, entries] of Object.entries(data.groups)) {
    for (const [i, entry] of entries.entries()) {
      if (entry === 'everyone')
        yield {
          path: ['groups', name, i],
          detail: 'everyone cannot be a member of a group; name everyone where the group is used',
        };
    }
  }
  yield* cycleErrors(data);
}

/** Every group in a list of people, with its place. Lists of bots are checked separately. */
function* groupsNamed(data: Data): Generator<{ path: CatalogueFinding['path']; name: string }> {
  for (const { path, entry } of entriesIn(data))
    if (isGroup(entry) && path[0] !== 'bots') yield { path, name: groupName(entry) };
  for (const [id, { approval }] of Object.entries(data.roles)) {
    const { automatic } = approval;
    const groups = typeof automatic === 'object' ? (automatic.when.groups ?? []) : [];
    for (const [i, name] of groups.entries())
      yield { path: ['roles', id, 'approval', 'automatic', 'when', 'groups', i], name };
  }
}

/** A group inside itself: reported once for each cycle, where it closes. */
function* cycleErrors(data: Data): Generator<CatalogueFinding> {
  const done = new Set<string>();
  function* visit(name: string, trail: readonly string[]): Generator<CatalogueFinding> {
    for (const [i, entry] of (data.groups[name] ?? []).entries()) {
      const inner = isGroup(entry) ? groupName(entry) : undefined;
      if (inner === undefined) continue;
      const from = trail.indexOf(inner);
      if (from >= 0)
        yield {
          path: ['groups', name, i],
          detail: `a group cannot be inside itself: ${[...trail.slice(from), inner].join(' > ')}`,
        };
      else if (!done.has(inner)) yield* visit(inner, [...trail, inner]);
    }
    done.add(name);
  }
  for (const name of Object.keys(data.groups)) if (!done.has(name)) yield* visit(name, [name]);
}
