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

/** A group that tokens fill but no list names is probably misspelt. */
function* tokenGroupWarnings(data: CatalogueData): Generator<CatalogueFinding> {
  const named = new Set([...entriesIn(data)].flatMap(({ entry }) => (isGroup(entry) ? [groupName(entry)] : [])));
  for (const name of Object.keys(data.tokenGroups)) {
    const meant = named.has(name) || Object.hasOwn(data.groups, name) ? undefined : nearest(name, [...named]);
    if (meant !== undefined)
      yield { path: ['tokenGroups', name], detail: `no list names the group "${name}"; did you mean "${meant}"?` };
  }
}

/** `EST` ignores daylight saving time, and the sign of `Etc/GMT+5` is reversed. Checks every time zone in the file. */
function* zoneWarnings(part: unknown, path: ReadonlyArray<string | number>): Generator<CatalogueFinding> {
  if (typeof part !== 'object' || part === null) return;
  for (const [key, value] of Object.entries(part)) {
    const at = [...path, Array.isArray(part) ? Number(key) : key];
    if (key === 'timeZone' && typeof value === 'string' && isFixedZone(value))
      yield {
        path: at,
        detail: `"${value}" may ignore daylight saving time; use a place such as America/New_York, or UTC`,
      };
    else yield* zoneWarnings(value, at);
  }
}

/** A deny of a group that tokens fill refuses everyone without a token: callers with AWS keys, and people whom a bot files for. */
function* denyWarnings(data: CatalogueData): Generator<CatalogueFinding> {
  const { tokenGroups, groupsOf } = openCatalogue(data);
  const hasKeys = (entry: string): boolean =>
    entry.startsWith('arn:') ||
    (isGroup(entry) &&
      [...groupsOf].some(([key, groups]) => key.startsWith('arn:') && groups.includes(groupName(entry))));
  for (const [id, { deny, requesters }] of Object.entries(data.roles)) {
    const shut = [
      ...requesters.filter(hasKeys).map((entry) => `${entry} (by AWS keys)`),
      ...Object.entries(data.bots).flatMap(([bot, { roles }]) =>
        roles.includes(id) ? [`people whom ${bot} files for`] : [],
      ),
    ];
    for (const [i, entry] of deny.entries())
      if (isGroup(entry) && tokenGroups.includes(groupName(entry)) && shut.length > 0)
        yield {
          path: ['roles', id, 'deny', i],
          detail: `tokens can grant membership of "${groupName(entry)}", so this refuses everyone without a token: ${shut.join(', ')}; deny people by name, or give these callers a separate role`,
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

/** The shortest length that is hard to guess. Latchkey's own external IDs are `lk-` and 32 hexadecimal digits. */
const shortestExternalId = 16;

/** The external ID protects against the confused deputy problem, so each account needs its own. */
function* externalIdWarnings({ accounts }: CatalogueData): Generator<CatalogueFinding> {
  const owners = new Map<string, string>();
  for (const [key, { externalId }] of Object.entries(accounts)) {
    if (externalId.length < shortestExternalId)
      yield {
        path: ['accounts', key, 'externalId'],
        detail: `this external ID has ${externalId.length} characters, so it can be guessed; use at least ${shortestExternalId} (npm run target -- --new-external-id prints one)`,
      };
    const owner = owners.get(externalId);
    if (owner === undefined) owners.set(externalId, key);
    else
      yield {
        path: ['accounts', key, 'externalId'],
        detail: `account "${owner}" has the same external ID; give each account its own (npm run target -- --new-external-id prints one)`,
      };
  }
}

/** The template would create a role without permissions. `permissions: {}` means that policies are attached elsewhere. */
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
    yield { path: [...path, 'automatic'], detail: 'a role of high risk is approved automatically' };
  for (const [i, { approvers }] of approval.stages.entries())
    if (approvers.includes('everyone'))
      yield {
        path: [...path, 'stages', i, 'approvers'],
        detail:
          'everyone means anyone who can sign in or has keys of the hub account, even the requester under another identity that people does not join',
      };
  const short = [...stageWarnings(catalogue, roles)];
  yield* short;
  if (short.length === 0) yield* wholeWarnings(catalogue, roles);
  yield* reviewWarnings(catalogue, roles);
}

/** A stage that needs more people than can be asked: every filing is refused with `no-approver`. */
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
        ? 'name people by email address, by a group of the catalogue, or as fallback'
        : `name more, or set need to ${askable.length}`;
    const list = need === 1 ? 'approvers' : 'need';
    yield {
      path: ['roles', first.entry, 'approval', 'stages', i, list],
      detail: `${need === 1 ? 'somebody has' : `${need} different people have`} to approve${where}, and ${only}: every request is refused; ${remedy}`,
    };
  }
}

/** Each stage alone could be filled, but each person counts once over all stages. */
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

/** Break-glass without a possible reviewer is refused too. */
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
      detail: `nobody can be asked to review this${where}: every break-glass request is refused`,
    };
}

/**
 * The people who can be asked to approve a stage. Members of a token's group and sessions of a permission set may approve too, but are
 * not known in advance.
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

/** The first role of a template for which `holds` is true, and the accounts, if not all of them. Roles that share a rule are tested once. */
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
