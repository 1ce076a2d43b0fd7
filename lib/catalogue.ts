// The catalogue opened for the look-ups that policy needs. What the file may hold is catalogue-check.ts's.
import type { CatalogueData } from './catalogue-check.ts';
import { digestOf } from './digest.ts';
import { DAY, HOUR, MINUTE, SECOND } from './time.ts';

export type { CatalogueData } from './catalogue-check.ts';
export type Account = CatalogueData['accounts'][string] & { key: string };
export type Role = Omit<CatalogueData['roles'][string], 'account'> & {
  id: string;
  account: Account;
  arn: string;
  digest: string;
};
export type Person = { key: string; name: string; email: string | null; identities: readonly string[] };
export type Bot = CatalogueData['bots'][string] & { id: string };

/** The catalogue opened for look-ups. Everything in it comes from one CatalogueData. */
export type Catalogue = {
  /** by key */
  accounts: ReadonlyMap<string, Account>;
  roles: ReadonlyMap<string, Role>;
  /** by canonical identity: mail address in lower case or principal */
  people: ReadonlyMap<string, Person>;
  /** direct and nested members of each group */
  groups: ReadonlyMap<string, readonly Person[]>;
  /** by a person's key */
  groupsOf: ReadonlyMap<string, readonly string[]>;
  /** by canonical principal */
  bots: ReadonlyMap<string, Bot>;
  admins: readonly string[];
  auditors: readonly string[];
  openRequests: number;
};

/** Upper bounds that no catalogue can lift; the store's look-back for open requests follows from them. Seconds. */
export const bounds = {
  durationMax: (30 * DAY) / SECOND,
  /** how long before its start a grant may be filed, and an extension before the grant that it continues has ended */
  aheadMax: (30 * DAY) / SECOND,
  decideWithinMax: (14 * DAY) / SECOND,
  sessionMin: (15 * MINUTE) / SECOND,
  sessionMax: (12 * HOUR) / SECOND,
};

/** Opens checked data for look-ups. */
export function openCatalogue(data: CatalogueData): Catalogue {
  const people = new Map<string, Person>();
  for (const { email, name, principals } of data.people) {
    const person: Person = { key: email, name, email, identities: [email, ...principals] };
    for (const identity of person.identities) people.set(identity, person);
  }
  const known: Pick<Catalogue, 'people'> = { people };
  const groups = new Map<string, readonly Person[]>();
  const groupsOf = new Map<string, string[]>();
  for (const name of Object.keys(data.groups)) {
    const members = new Map([...entriesOfGroup(data, name)].map((identity) => personOf(known, identity)).map((person) => [person.key, person]));
    groups.set(name, [...members.values()]);
    for (const member of members.keys()) groupsOf.set(member, [...(groupsOf.get(member) ?? []), name]);
  }
  const accounts = new Map(Object.entries(data.accounts).map(([key, account]) => [key, { ...account, key }]));
  const roles = new Map(Object.entries(data.roles).map(([id, rule]) => [id, roleOf(data, id, rule)]));
  const bots = new Map(Object.entries(data.bots).map(([id, bot]) => [bot.principal, { ...bot, id }]));
  return { accounts, roles, people, groups, groupsOf, bots, admins: data.admins, auditors: data.auditors, openRequests: data.limits.openRequests };
}

function entriesOfGroup(data: CatalogueData, name: string, seen = new Set<string>()): Set<string> {
  const members = new Set<string>();
  if (seen.has(name)) return members;
  seen.add(name);
  for (const entry of data.groups[name] ?? []) {
    if (!entry.startsWith('group:')) members.add(entry);
    else for (const inner of entriesOfGroup(data, entry.slice(6), seen)) members.add(inner);
  }
  return members;
}

function roleOf(data: CatalogueData, id: string, rule: CatalogueData['roles'][string]): Role {
  const account = { ...data.accounts[rule.account]!, key: rule.account };
  const arn = `arn:${account.partition}:iam::${account.id}:role/${rule.roleName}`;
  return { ...rule, id, account, arn, digest: digestOf({ ...rule, account }) };
}

export const principalPattern = /^arn:(aws|aws-us-gov|aws-cn):iam::(\d{12}):(user|role)\/((?:[\w+=,.@-]+\/)*)([\w+=,.@-]{1,64})$/;

/**
 * The one form in which a principal is compared. A role loses its path, because the ARN of an assumed role has none
 * (iam-ug, reference_identifiers) and a role's name is unique in its account.
 */
export function canonicalPrincipal(arn: string): string {
  const found = principalPattern.exec(arn);
  return found?.[3] === 'role' ? `arn:${found[1]}:iam::${found[2]}:role/${found[5]}` : arn;
}

/** The person behind a canonical identity: the catalogue's, or one who has no other identity. */
export function personOf(catalogue: Pick<Catalogue, 'people'>, identity: string): Person {
  // every other kind of identity (ARN, ISSUER#SUBJECT) has a colon, which no mail address may have here
  const isMail = identity.includes('@') && !identity.includes(':');
  return (
    catalogue.people.get(identity) ?? {
      key: identity,
      name: isMail ? identity : (identity.split('/').at(-1) ?? identity),
      email: isMail ? identity : null,
      identities: [identity],
    }
  );
}

/** Whether one of the entries names somebody with these identities and groups. */
export function names(entries: readonly string[], who: { identities: readonly string[]; groups: readonly string[] }): boolean {
  return entries.some((entry) => entry === 'everyone' || (entry.startsWith('group:') ? who.groups.includes(entry.slice(6)) : who.identities.includes(entry)));
}

/** Everybody whom the entries name, as far as the catalogue can tell; members of a token's groups and `everyone` are not known in advance. */
export function peopleNamed(catalogue: Catalogue, entries: readonly string[]): Person[] {
  const found = new Map<string, Person>();
  for (const entry of entries) {
    if (entry === 'everyone') continue;
    const members = entry.startsWith('group:') ? (catalogue.groups.get(entry.slice(6)) ?? []) : [personOf(catalogue, entry)];
    for (const person of members) found.set(person.key, person);
  }
  return [...found.values()];
}

/** How the entries read for a person: names where they are known, the entry itself where not. */
export function displayNames(catalogue: Catalogue, entries: readonly string[]): string[] {
  const unknown = entries.filter((entry) => entry === 'everyone' || (entry.startsWith('group:') && !catalogue.groups.has(entry.slice(6))));
  return [...peopleNamed(catalogue, entries).map((person) => person.name), ...unknown];
}
