// The catalogue with its people, groups, roles and bots indexed for the look-ups that policy needs. Its shape is in catalogue/shape.ts.
import { digestOf } from '../common/digest.ts';
import { type ConditionName, type Conditions, conditionsIn } from '../model/condition.ts';
import { groupName, isGroup, isPermissionSet } from './entry.ts';
import { type PlacedRole, rolesIn } from './role-template.ts';
import type { AccountData, CatalogueData, RoleData } from './shape.ts';

export type { CatalogueData } from './shape.ts';
export type Account = AccountData & { key: string };
type StageData = RoleData['approval']['stages'][number];
/** When the catalogue approves a filing automatically. */
export type AutomaticWhen = Extract<RoleData['approval']['automatic'], object>['when'];
/** A role in one account. `owner` in its stages, escalation and break-glass is replaced by the entries of the account's owner. */
export type Role = Omit<RoleData, 'account' | 'accounts' | 'approval' | ConditionName> & {
  id: string;
  /** the entry of the catalogue that defines it; the roles of a template share one entry */
  entry: string;
  /** its place in the file, from 0 */
  place: number;
  account: Account;
  arn: string;
  approval: { automatic: boolean; automaticWhen?: AutomaticWhen; stages: readonly StageData[] } & Pick<
    RoleData['approval'],
    'decideWithin' | 'remind' | 'escalate' | 'mfa' | 'signIn' | 'networks'
  >;
  conditions: Conditions;
  /** of the whole rule and the account */
  readonly digest: string;
};
/** The identities and groups that entries of the catalogue are compared with. */
export type Who = {
  identities: readonly string[];
  groups: readonly string[];
  /** further groups that they may be in, because no token says otherwise: a deny of one of these counts */
  mayBeIn?: readonly string[] | undefined;
};
export type Person = { key: string; name: string; email: string | null; identities: readonly string[] };
export type Bot = CatalogueData['bots'][string] & { id: string };
/** A service of the company that checks tickets. */
export type TicketValidator = CatalogueData['ticketValidators'][string] & { name: string };

/** The catalogue, indexed for look-ups. Everything in it comes from one CatalogueData. */
export type Catalogue = {
  /** what it was opened from */
  data: CatalogueData;
  /** by key */
  accounts: ReadonlyMap<string, Account>;
  roles: ReadonlyMap<string, Role>;
  /** the roles whose requesters or approvers name an entry, in the order of the file */
  requestable: ReadonlyMap<string, readonly Role[]>;
  decidable: ReadonlyMap<string, readonly Role[]>;
  /** by canonical identity: email address in lower case or principal */
  people: ReadonlyMap<string, Person>;
  /** by chat user, `slack:U024BE7LH` */
  chatUsers: ReadonlyMap<string, Person>;
  /** direct and nested members of each group */
  groups: ReadonlyMap<string, readonly Person[]>;
  /** by a person's key or the entry of a permission set */
  groupsOf: ReadonlyMap<string, readonly string[]>;
  /** by value of the token's groups claim: the groups that it grants membership of, outer groups included */
  groupsOfToken: ReadonlyMap<string, readonly string[]>;
  /** every group whose membership a token can grant */
  tokenGroups: readonly string[];
  /** by canonical principal; `roles` are ids, templates expanded */
  bots: ReadonlyMap<string, Bot>;
  /** by name */
  ticketValidators: ReadonlyMap<string, TicketValidator>;
  ssoAccounts: ReadonlySet<string>;
  admins: readonly string[];
  auditors: readonly string[];
  openRequests: number;
  requestsPerHour: number;
  leavers: 'revoke' | 'keep';
  /** IANA name */
  timeZone: string | undefined;
};

/** Indexes checked data for look-ups. */
export function openCatalogue(data: CatalogueData): Catalogue {
  const people = new Map<string, Person>();
  const chatUsers = new Map<string, Person>();
  for (const { email, name, principals, chat } of data.people) {
    const person: Person = { key: email, name, email, identities: [email, ...principals] };
    for (const identity of person.identities) people.set(identity, person);
    for (const user of chatUsersOf({ chat })) chatUsers.set(user, person);
  }
  const roles = [...rolesIn(data)].map((placed, place) => roleOf(data, placed, place));
  return {
    data,
    accounts: new Map(Object.entries(data.accounts).map(([key, account]) => [key, { ...account, key }])),
    roles: new Map(roles.map((role) => [role.id, role])),
    requestable: rolesByEntry(roles, ({ requesters, breakGlass }) => [
      ...requesters,
      ...(breakGlass?.requesters ?? []),
    ]),
    decidable: rolesByEntry(roles, decidersOf),
    people,
    chatUsers,
    ...openGroups(data, { people }),
    ...openTokenGroups(data),
    bots: openBots(data, roles),
    ticketValidators: new Map(
      Object.entries(data.ticketValidators).map(([name, validator]) => [name, { ...validator, name }]),
    ),
    ssoAccounts: new Set(data.ssoAccounts),
    admins: data.admins,
    auditors: data.auditors,
    openRequests: data.limits.openRequests,
    requestsPerHour: data.limits.requestsPerHour,
    leavers: data.leavers,
    timeZone: data.timeZone,
  };
}

/** The chat users of a person, by which a bot may name them: `slack:U024BE7LH`. */
export const chatUsersOf = ({ chat }: Pick<CatalogueData['people'][number], 'chat'>): string[] =>
  Object.entries(chat).map(([name, id]) => `${name}:${id}`);

/** Every entry of the stages of a role, their fallbacks and its escalation. */
export const decidersOf = ({
  approval: { stages, escalate },
}: {
  approval: Pick<Role['approval'], 'stages' | 'escalate'>;
}): string[] => [
  ...stages.flatMap(({ approvers, fallback = [] }) => [...approvers, ...fallback]),
  ...(escalate?.to ?? []),
];

function openGroups(data: CatalogueData, known: Pick<Catalogue, 'people'>): Pick<Catalogue, 'groups' | 'groupsOf'> {
  const groups = new Map<string, readonly Person[]>();
  const groupsOf = new Map<string, string[]>();
  for (const name of Object.keys(data.groups)) {
    const entries = [...entriesOfGroup(data, name)];
    const members = new Map(
      entries
        .filter((entry) => !isPermissionSet(entry))
        .map((entry) => [personOf(known, entry).key, personOf(known, entry)]),
    );
    groups.set(name, [...members.values()]);
    for (const key of [...members.keys(), ...entries.filter(isPermissionSet)]) {
      const others = groupsOf.get(key);
      if (others) others.push(name);
      else groupsOf.set(key, [name]);
    }
  }
  return { groups, groupsOf };
}

function openTokenGroups(data: CatalogueData): Pick<Catalogue, 'groupsOfToken' | 'tokenGroups'> {
  const groupsOfToken = new Map<string, string[]>();
  const outer = (name: string): string[] => [
    name,
    ...Object.keys(data.groups).filter((group) => groupsInside(data, group).has(name)),
  ];
  for (const [name, values] of Object.entries(data.tokenGroups))
    for (const value of values) groupsOfToken.set(value, [...(groupsOfToken.get(value) ?? []), ...outer(name)]);
  return { groupsOfToken, tokenGroups: [...new Set([...groupsOfToken.values()].flat())] };
}

/** The groups that are members of a group, at any depth. */
function groupsInside(data: CatalogueData, name: string, seen = new Set<string>()): Set<string> {
  for (const entry of data.groups[name] ?? []) {
    if (!isGroup(entry) || seen.has(groupName(entry))) continue;
    seen.add(groupName(entry));
    groupsInside(data, groupName(entry), seen);
  }
  return seen;
}

function entriesOfGroup(data: CatalogueData, name: string, seen = new Set<string>()): Set<string> {
  const members = new Set<string>();
  if (seen.has(name)) return members;
  seen.add(name);
  for (const entry of data.groups[name] ?? []) {
    if (!isGroup(entry)) members.add(entry);
    else for (const inner of entriesOfGroup(data, groupName(entry), seen)) members.add(inner);
  }
  return members;
}

function openBots(data: CatalogueData, roles: readonly Role[]): Map<string, Bot> {
  const open = ([id, bot]: [string, CatalogueData['bots'][string]]): [string, Bot] => {
    const named = new Set(bot.roles);
    return [
      bot.principal,
      { ...bot, id, roles: roles.filter((role) => named.has(role.id) || named.has(role.entry)).map((role) => role.id) },
    ];
  };
  return new Map(Object.entries(data.bots).map(open));
}

function roleOf(data: CatalogueData, { id, entry, rule, account: key }: PlacedRole, place: number): Role {
  const { account: _, accounts: __, approval, breakGlass, ...rest } = rule;
  const account = { ...data.accounts[key]!, key };
  const { automatic, stages, escalate, ...waits } = approval;
  return {
    ...rest,
    id,
    entry,
    place,
    account,
    arn: `arn:${account.partition}:iam::${account.id}:role/${rule.roleName}`,
    approval: {
      automatic: automatic === true,
      ...(typeof automatic === 'object' && { automaticWhen: automatic.when }),
      stages: stages.map((stage) => owned(stage, account, 'approvers', 'fallback')),
      ...waits,
      ...(escalate && { escalate: owned(escalate, account, 'to') }),
    },
    ...(breakGlass && { breakGlass: owned(breakGlass, account, 'requesters', 'reviewers') }),
    conditions: conditionsIn(rule),
    get digest() {
      return digestOf({ ...rule, account });
    },
  };
}

/** Replaces `owner` in part of a rule by the account's owner. Without `owner` it returns the same object, which all roles of a template share. */
function owned<List extends string, Part extends { readonly [list in List]?: readonly string[] | undefined }>(
  part: Part,
  { owner = [] }: Account,
  ...lists: readonly List[]
): Part {
  const named = lists.filter((list) => part[list]?.includes('owner'));
  if (named.length === 0) return part;
  const spelt = (entries: readonly string[] = []) => [
    ...new Set(entries.flatMap((entry) => (entry === 'owner' ? owner : [entry]))),
  ];
  return { ...part, ...Object.fromEntries(named.map((list) => [list, spelt(part[list])])) };
}

function rolesByEntry(
  roles: readonly Role[],
  entriesOf: (role: Role) => readonly string[],
): Map<string, readonly Role[]> {
  const found = new Map<string, Role[]>();
  for (const role of roles) {
    for (const entry of new Set(entriesOf(role))) {
      const others = found.get(entry);
      if (others) others.push(role);
      else found.set(entry, [role]);
    }
  }
  return found;
}

/** The roles whose entries name a person, each once, in the order of the file. */
export function rolesNaming(index: ReadonlyMap<string, readonly Role[]>, who: Who): Role[] {
  const entries = new Set(['everyone', ...who.identities, ...who.groups.map((group) => `group:${group}`)]);
  const lists = [...entries].flatMap((entry) => index.get(entry) ?? []);
  return [...new Set(lists)].sort((a, b) => a.place - b.place);
}

/** The person behind a canonical identity: from the catalogue, or else a person with this identity only. */
export function personOf(catalogue: Pick<Catalogue, 'people'>, identity: string): Person {
  // every other kind of identity (ARN, ISSUER#SUBJECT) has a colon, which an email address must not have here
  const isMail = identity.includes('@') && !identity.includes(':');
  return (
    catalogue.people.get(identity) ?? {
      key: identity,
      // a token's subject is shown whole, because the part after a slash could be another person's name
      name:
        isMail || !identity.startsWith('arn:')
          ? identity.replace(/^https?:\/\//, '')
          : (identity.split('/').at(-1) ?? identity),
      email: isMail ? identity : null,
      identities: [identity],
    }
  );
}

/** The account of a role, found by the role's ARN because accounts can be renamed, if it has a revoker. */
export const accountWithRevoker = ({ accounts }: Pick<Catalogue, 'accounts'>, roleArn: string): Account | undefined =>
  [...accounts.values()].find(
    ({ id, partition, revoker }) => revoker && roleArn.startsWith(`arn:${partition}:iam::${id}:role/`),
  );

/** Whether one of the entries names a person with these identities and groups. */
export function names(entries: readonly string[], who: Who): boolean {
  return entries.some(
    (entry) =>
      entry === 'everyone' || (isGroup(entry) ? who.groups.includes(groupName(entry)) : who.identities.includes(entry)),
  );
}

/** Whether a role denies a person. If a token's groups are not known, a deny of a group that tokens fill counts as a match. */
export const isDenied = (role: { deny: readonly string[] }, { identities, groups, mayBeIn = [] }: Who): boolean =>
  names(role.deny, { identities, groups: [...groups, ...mayBeIn] });

/** The people whom the entries name, as far as the catalogue knows them. Members by token, sessions of a permission set and `everyone` are not known in advance. */
export function peopleNamed(catalogue: Catalogue, entries: readonly string[]): Person[] {
  const found = new Map<string, Person>();
  for (const entry of entries) {
    if (entry === 'everyone' || isPermissionSet(entry)) continue;
    const members = isGroup(entry) ? (catalogue.groups.get(groupName(entry)) ?? []) : [personOf(catalogue, entry)];
    for (const person of members) found.set(person.key, person);
  }
  return [...found.values()];
}

/** The people whom the entries name, except one. */
export const othersNamed = (
  catalogue: Catalogue,
  entries: readonly string[],
  but: string,
): Array<{ key: string; name: string }> =>
  peopleNamed(catalogue, entries)
    .filter(({ key }) => key !== but)
    .map(({ key, name }) => ({ key, name }));

/** The entries for display: names of people where known, otherwise the entry itself. */
export function displayNames(catalogue: Catalogue, entries: readonly string[]): string[] {
  const unknown = entries.filter(
    (entry) =>
      entry === 'everyone' ||
      isPermissionSet(entry) ||
      (isGroup(entry) && (!catalogue.groups.has(groupName(entry)) || catalogue.tokenGroups.includes(groupName(entry)))),
  );
  return [...peopleNamed(catalogue, entries).map((person) => person.name), ...unknown];
}
