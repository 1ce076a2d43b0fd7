// Lint for reaches and passRole: entries without effect, permissions that the boundary denies, and notes for reviewers.
import { denied } from './denied.ts';
import type { CatalogueFinding } from './finding.ts';
import { type ReachName, reachable, reachNames, reachTexts } from './reach.ts';
import type { CatalogueData, RoleData } from './shape.ts';

/** Valid but suspicious entries. */
export function* reachWarnings({ roles }: Pick<CatalogueData, 'roles'>): Generator<CatalogueFinding> {
  for (const [id, rule] of Object.entries(roles)) {
    const texts = reachTexts(usedBy(rule));
    if (texts.length > 0 && rule.risk !== 'high')
      yield {
        path: ['roles', id],
        detail: `beyond its session this role can ${texts.join('; ')}: set risk: high, or remove what it does not need`,
      };
    yield* uselessWarnings(rule, ['roles', id]);
    yield* deniedWarnings(rule, ['roles', id, 'permissions', 'statements']);
  }
}

/** Notes for reviewers of the catalogue. */
export function* reachNotes({ roles }: Pick<CatalogueData, 'roles'>): Generator<CatalogueFinding> {
  for (const [id, rule] of Object.entries(roles)) {
    const texts = reachTexts(usedBy(rule));
    if (texts.length > 0 && rule.risk === 'high')
      yield { path: ['roles', id], detail: `beyond its session this role can ${texts.join('; ')}` };
  }
}

// --- internal ---

type Permissions = Pick<RoleData, 'permissions' | 'passRole' | 'reaches'>;

/** The entries that both the boundary and the role's own permissions allow. */
const usedBy = (rule: Permissions): Pick<RoleData, 'passRole' | 'reaches'> => ({
  reaches: rule.reaches.filter((name) => mayDo(rule, reachable[name].actions)),
  passRole: mayDo(rule, ['iam:PassRole']) ? rule.passRole : [],
});

/** Managed policies, and permissions outside the catalogue, count as allowing everything. */
function mayDo({ permissions }: Permissions, actions: readonly string[]): boolean {
  if (permissions === undefined || permissions.managed.length > 0) return true;
  return actionsOf(permissions).some(({ action }) => actions.some((other) => overlap(action, other)));
}

function* uselessWarnings(rule: Permissions, path: CatalogueFinding['path']): Generator<CatalogueFinding> {
  const used = usedBy(rule);
  for (const [i, name] of rule.reaches.entries())
    if (!used.reaches.includes(name))
      yield { path: [...path, 'reaches', i], detail: `the role's permissions allow nothing of ${name}: remove it` };
  if (rule.passRole.length > used.passRole.length)
    yield { path: [...path, 'passRole'], detail: "the role's permissions do not allow iam:PassRole: remove it" };
}

/** Permissions that the boundary denies. */
function* deniedWarnings(rule: Permissions, path: CatalogueFinding['path']): Generator<CatalogueFinding> {
  for (const { action, at } of actionsOf(rule.permissions ?? { statements: [] })) {
    const why = denialOf(action, rule);
    if (why !== undefined) yield { path: [...path, ...at], detail: `the boundary denies ${action}: ${why}` };
  }
}

const neverAllowed = [...Object.values(denied).flat(), 'iam:Create*'];
/** Whether this creates a service-linked role, the one identity that may be created. Only its service can assume it. */
const isOfService = (action: string): boolean => action.toLowerCase() === 'iam:createservicelinkedrole';

function denialOf(action: string, { passRole, reaches }: Permissions): string | undefined {
  if (action === '*') return undefined;
  if (neverAllowed.some((pattern) => covers(pattern, action)) && !isOfService(action)) return 'no role may do this';
  if (covers('iam:PassRole', action) && passRole.length === 0) return 'list the roles in passRole';
  const missing = reachNames.filter((name) => !reaches.includes(name) && isPartOf(name, action));
  return missing.length > 0 ? `list ${missing.join(', ')} in reaches` : undefined;
}

const isPartOf = (name: ReachName, action: string): boolean =>
  reachable[name].actions.some((pattern) => overlap(pattern, action));

const actionsOf = ({ statements }: Pick<NonNullable<RoleData['permissions']>, 'statements'>) =>
  statements.flatMap(({ actions }, i) => actions.map((action, j) => ({ action, at: [i, 'actions', j] })));

/** Whether a pattern matches everything that the other matches. IAM compares actions without case. */
function covers(pattern: string, action: string): boolean {
  const form = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${form}$`, 'i').test(action);
}

/** Whether some action matches both patterns. */
function overlap(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  const known = new Map<string, boolean>();
  // whether the rests of the two patterns overlap; each pair of rests is tested once
  const rests = (i: number, j: number): boolean => {
    const found = known.get(`${i} ${j}`) ?? judge(i, j);
    known.set(`${i} ${j}`, found);
    return found;
  };
  const judge = (i: number, j: number): boolean => {
    if (a[i] === '*') return rests(i + 1, j) || (j < b.length && rests(i, j + 1));
    if (b[j] === '*') return rests(i, j + 1) || (i < a.length && rests(i + 1, j));
    if (i === a.length || j === b.length) return i === a.length && j === b.length;
    return (a[i] === '?' || b[j] === '?' || a[i] === b[j]) && rests(i + 1, j + 1);
  };
  return rests(0, 0);
}
