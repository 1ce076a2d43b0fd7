// Lint warnings, valid but suspicious catalogue entries: misspelt groups of tokens and domains, stages that nobody can fill, weak external ids, roles without permissions.
import { nearest } from '../common/suggestion.ts';
import { isFixedZone } from '../common/wall-clock.ts';
import { type Catalogue, openCatalogue, peopleNamed, type Role } from './catalogue.ts';
import { entriesIn } from './check.ts';
import { groupName, isGroup } from './entry.ts';
import type { CatalogueFinding } from './finding.ts';
import { reachWarnings } from './reach-lint.ts';
import { areFillable } from './seats.ts';
import type { CatalogueData } from './shape.ts';
import { uncheckedWarnings, validatorWarnings } from './tickets.ts';

/** Every warning, with its path into the file. */
export function* warningsOf(data: CatalogueData): Generator<CatalogueFinding> {
  yield* tokenGroupWarnings(data);
  yield* denyWarnings(data);
  yield* domainWarnings(data);
  yield* validatorWarnings(data);
  yield* uncheckedWarnings(data);
  yield* externalIdWarnings(data);
  yield* permissionWarnings(data);
  yield* reachWarnings(data);
  yield* zoneWarnings(data, []);
  const catalogue = openCatalogue(data);
  for (const roles of byEntry(catalogue)) yield* roleWarnings(catalogue, roles);
}

/** The roles of each entry of the catalogue: one, or those of a template. */
function byEntry({ roles }: Catalogue): Role[][] {
  const found = new Map<string, Role[]>();
  for (const role of roles.values()) {
    const others = found.get(role.entry);
    if (others) others.push(role);
    else found.set(role.entry, [role]);
  }
  return [...found.values()];
}

/** A group that tokens fill and nobody names is probably another one, misspelt. */
function* tokenGroupWarnings(data: CatalogueData): Generator<CatalogueFinding> {
  const named = new Set([...entriesIn(data)].flatMap(({ entry }) => (isGroup(entry) ? [groupName(entry)] : [])));
  for (const name of Object.keys(data.tokenGroups)) {
    const meant = named.has(name) || Object.hasOwn(data.groups, name) ? undefined : nearest(name, [...named]);
    if (meant !== undefined)
      yield { path: ['tokenGroups', name], detail: `no list names the group "${name}"; did you mean "${meant}"?` };
  }
}

/** `EST` has no summer time in New York's summer, and the sign of `Etc/GMT+5` is the other way round. Wherever a zone stands. */
function* zoneWarnings(part: unknown, path: ReadonlyArray<string | number>): Generator<CatalogueFinding> {
  if (typeof part !== 'object' || part === null) return;
  for (const [key, value] of Object.entries(part)) {
    const at = [...path, Array.isArray(part) ? Number(key) : key];
    if (key === 'timeZone' && typeof value === 'string' && isFixedZone(value))
      yield { path: at, detail: `"${value}" may ignore summer time; name a place such as America/New_York, or UTC` };
    else yield* zoneWarnings(value, at);
  }
}

/** A deny of a group that tokens fill refuses whoever's token cannot be asked: who signs with AWS keys, or is filed for by a bot. */
function* denyWarnings(data: CatalogueData): Generator<CatalogueFinding> {
  const { tokenGroups, groupsOf } = openCatalogue(data);
  const hasKeys = (entry: string): boolean =>
    entry.startsWith('arn:') ||
    (isGroup(entry) &&
      [...groupsOf].some(([key, groups]) => key.startsWith('arn:') && groups.includes(groupName(entry))));
  for (const [id, { deny, requesters }] of Object.entries(data.roles)) {
    const shut = [
      ...requesters.filter(hasKeys).map((entry) => `${entry} (by AWS keys)`),
      ...Object.entries(data.bots).flatMap(([bot, { roles }]) => (roles.includes(id) ? [`whom ${bot} files for`] : [])),
    ];
    for (const [i, entry] of deny.entries())
      if (isGroup(entry) && tokenGroups.includes(groupName(entry)) && shut.length > 0)
        yield {
          path: ['roles', id, 'deny', i],
          detail: `a token can make one a member of "${groupName(entry)}", so this refuses everyone who comes without a token: ${shut.join(', ')}; name people, or give them a role of their own`,
        };
  }
}

/** A domain that occurs once and looks like one that occurs often. */
function* domainWarnings(data: CatalogueData): Generator<CatalogueFinding> {
  const domainOf = (entry: string) =>
    entry.startsWith('arn:') || isGroup(entry) || !entry.includes('@')
      ? undefined
      : entry.slice(entry.lastIndexOf('@') + 1);
  const entries = [
    ...entriesIn(data),
    ...data.people.map(({ email }, i) => ({ path: ['people', i, 'email'], entry: email })),
  ];
  const counts = new Map<string, number>();
  for (const { entry } of entries) {
    const domain = domainOf(entry);
    if (domain !== undefined) counts.set(domain, (counts.get(domain) ?? 0) + 1);
  }
  const usual = [...counts].filter(([, count]) => count > 2).map(([domain]) => domain);
  for (const { path, entry } of entries) {
    const domain = domainOf(entry);
    const meant = domain !== undefined && counts.get(domain) === 1 ? nearest(domain, usual) : undefined;
    if (meant !== undefined) yield { path, detail: `"${domain}" occurs here only; did you mean "${meant}"?` };
  }
}

/** What nobody can guess. Latchkey's own are `lk-` and 32 hexadecimal digits. */
const shortestExternalId = 16;

/** The external id keeps one account's hub from being talked into another's; shared, it tells them apart no more. */
function* externalIdWarnings({ accounts }: CatalogueData): Generator<CatalogueFinding> {
  const owners = new Map<string, string>();
  for (const [key, { externalId }] of Object.entries(accounts)) {
    if (externalId.length < shortestExternalId)
      yield {
        path: ['accounts', key, 'externalId'],
        detail: `this external id has ${externalId.length} characters, so it can be guessed; use at least ${shortestExternalId}, npm run target -- --new-external-id prints one`,
      };
    const owner = owners.get(externalId);
    if (owner === undefined) owners.set(externalId, key);
    else
      yield {
        path: ['accounts', key, 'externalId'],
        detail: `the account "${owner}" has the same external id; each account has one of its own, npm run target -- --new-external-id prints one`,
      };
  }
}

/** The template would create a role that may do nothing. `permissions: {}` says that policies are attached elsewhere. */
function* permissionWarnings({ roles }: CatalogueData): Generator<CatalogueFinding> {
  for (const [id, { permissions }] of Object.entries(roles))
    if (permissions === undefined)
      yield {
        path: ['roles', id],
        detail:
          'this role has no permissions, so its sessions can do nothing; add permissions, or permissions: {} if you attach policies yourself',
      };
}

function* roleWarnings(catalogue: Catalogue, roles: readonly Role[]): Generator<CatalogueFinding> {
  const [{ entry, risk, approval }] = roles as readonly [Role];
  const path = ['roles', entry, 'approval'];
  if (risk === 'high' && approval.automatic)
    yield { path: [...path, 'automatic'], detail: 'a role of high risk is approved without anybody being asked' };
  for (const [i, { approvers }] of approval.stages.entries())
    if (approvers.includes('everyone'))
      yield {
        path: [...path, 'stages', i, 'approvers'],
        detail:
          'everyone is whoever can sign in, or sign with keys of the hub account: also the requester by another identity, unless people joins the two',
      };
  const short = [...stageWarnings(catalogue, roles)];
  yield* short;
  if (short.length === 0) yield* wholeWarnings(catalogue, roles);
  yield* reviewWarnings(catalogue, roles);
}

/** A stage that needs more people than can be asked: filing answers `no-approver` to everybody. */
function* stageWarnings(catalogue: Catalogue, roles: readonly Role[]): Generator<CatalogueFinding> {
  for (const [i, { need }] of roles[0]!.approval.stages.entries()) {
    const { first, where } = failing(roles, ({ approval }) => {
      const askable = askableOf(catalogue, approval.stages[i]!);
      return askable !== 'any' && askable.length < need;
    });
    if (!first) continue;
    const askable = askableOf(catalogue, first.approval.stages[i]!);
    const only =
      askable.length === 0 ? 'nobody can be asked' : `only ${askable.length} can be asked (${[...askable].join(', ')})`;
    const remedy =
      askable.length === 0
        ? 'name somebody by mail address, by a group of the catalogue, or as fallback'
        : `name more, or set need to ${askable.length}`;
    const list = need === 1 ? 'approvers' : 'need';
    yield {
      path: ['roles', first.entry, 'approval', 'stages', i, list],
      detail: `${need === 1 ? 'somebody has' : `${need} different people have`} to approve${where}, and ${only}: every request is refused; ${remedy}`,
    };
  }
}

/** Each stage could be filled by itself, but nobody counts twice. */
function* wholeWarnings(catalogue: Catalogue, roles: readonly Role[]): Generator<CatalogueFinding> {
  const { first, where } = failing(
    roles,
    ({ approval }) =>
      !areFillable(approval.stages.map((stage) => ({ need: stage.need, candidates: askableOf(catalogue, stage) }))),
  );
  if (first)
    yield {
      path: ['roles', first.entry, 'approval', 'stages'],
      detail: `there are not enough different people to approve this${where}; every request is refused`,
    };
}

/** Break-glass that nobody could review is refused, too. */
function* reviewWarnings(catalogue: Catalogue, roles: readonly Role[]): Generator<CatalogueFinding> {
  const { first, where } = failing(
    roles,
    ({ breakGlass }) =>
      breakGlass !== undefined &&
      !breakGlass.reviewers.includes('everyone') &&
      peopleNamed(catalogue, breakGlass.reviewers).length === 0,
  );
  if (first)
    yield {
      path: ['roles', first.entry, 'breakGlass', 'reviewers'],
      detail: `nobody can be asked to review this${where}: break-glass is refused to everybody`,
    };
}

/**
 * Who could be asked to approve a stage, as filing sees it: people by name. Members of a token's group and sessions of a permission
 * set may approve, but nobody knows in advance who they are.
 */
function askableOf(
  catalogue: Catalogue,
  { need, approvers, fallback = [] }: Role['approval']['stages'][number],
): 'any' | readonly string[] {
  const keys = (entries: readonly string[]) => peopleNamed(catalogue, entries).map(({ key }) => key);
  if (approvers.includes('everyone')) return 'any';
  const first = keys(approvers);
  if (first.length >= need) return first;
  return fallback.includes('everyone') ? 'any' : keys([...approvers, ...fallback]);
}

/** The first role of a template for which something holds, and in which of its accounts, where that is not all of them. Roles that share a rule are asked once. */
function failing(roles: readonly Role[], holds: (role: Role) => boolean): { first: Role | undefined; where: string } {
  const answers = new Map<unknown, boolean>();
  const found = roles.filter((role) => {
    const rule =
      role.approval.stages.every((stage, i) => stage === roles[0]!.approval.stages[i]) &&
      role.breakGlass === roles[0]!.breakGlass
        ? 'shared'
        : role;
    const answer = answers.get(rule) ?? holds(role);
    answers.set(rule, answer);
    return answer;
  });
  const [first, ...more] = found;
  const where =
    !first || found.length === roles.length
      ? ''
      : ` in account "${first.account.key}"${more.length > 0 ? ` and ${more.length} more` : ''}`;
  return { first, where };
}
