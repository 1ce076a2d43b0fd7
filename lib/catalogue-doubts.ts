// What a catalogue may say but probably does not mean: misspelt groups and domains, stages that nobody can fill, high risk without a second person.
import { type Catalogue, openCatalogue, peopleNamed, type Role } from './catalogue.ts';
import { type CatalogueFault, entriesIn } from './catalogue-check.ts';
import type { CatalogueData } from './catalogue-shape.ts';
import { validatorDoubts } from './catalogue-tickets.ts';
import { groupName, isGroup, isPermissionSet } from './entry.ts';
import { areFillable } from './policy.ts';
import { nearest } from './suggestion.ts';

/** Every doubt, with its path into the file. */
export function* doubtsOf(data: CatalogueData): Generator<CatalogueFault> {
  yield* groupDoubts(data);
  yield* domainDoubts(data);
  yield* validatorDoubts(data);
  const catalogue = openCatalogue(data);
  const seen = new Set<string>();
  for (const role of catalogue.roles.values()) {
    if (!seen.has(role.entry)) yield* roleDoubts(catalogue, role);
    seen.add(role.entry);
  }
}

/** A group that is not in the catalogue may come from tokens, unless it looks like one that is. */
function* groupDoubts(data: CatalogueData): Generator<CatalogueFault> {
  const known = Object.keys(data.groups);
  const named = [...entriesIn(data)].filter(({ entry }) => isGroup(entry)).map(({ path, entry }) => ({ path, name: groupName(entry) }));
  const inConditions = Object.entries(data.roles).flatMap(([id, { approval }]) =>
    typeof approval.automatic === 'object'
      ? (approval.automatic.when.groups ?? []).map((name, i) => ({ path: ['roles', id, 'approval', 'automatic', 'when', 'groups', i], name }))
      : [],
  );
  for (const { path, name } of [...named, ...inConditions]) {
    const meant = Object.hasOwn(data.groups, name) ? undefined : nearest(name, known);
    if (meant !== undefined) yield { path, detail: `no group "${name}" in groups; did you mean "${meant}"? (A group that only tokens carry needs no entry.)` };
  }
}

/** A domain that occurs once and looks like one that occurs often. */
function* domainDoubts(data: CatalogueData): Generator<CatalogueFault> {
  const domainOf = (entry: string) =>
    entry.startsWith('arn:') || isGroup(entry) || !entry.includes('@') ? undefined : entry.slice(entry.lastIndexOf('@') + 1);
  const entries = [...entriesIn(data), ...data.people.map(({ email }, i) => ({ path: ['people', i, 'email'], entry: email }))];
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

function* roleDoubts(catalogue: Catalogue, role: Role): Generator<CatalogueFault> {
  const path = ['roles', role.entry, 'approval'];
  const { automatic, stages } = role.approval;
  if (role.risk === 'high' && automatic) yield { path: [...path, 'automatic'], detail: 'a role of high risk is approved without anybody being asked' };
  const isOpen = (entries: readonly string[]) =>
    entries.some((entry) => entry === 'everyone' || isPermissionSet(entry) || (isGroup(entry) && !catalogue.groups.has(groupName(entry))));
  const fillable = stages.map(({ need, approvers, fallback = [] }) => {
    const entries = [...approvers, ...fallback];
    return { need, candidates: isOpen(entries) ? ('any' as const) : peopleNamed(catalogue, entries).map(({ key }) => key) };
  });
  if (!areFillable(fillable)) yield { path: [...path, 'stages'], detail: 'there are not enough different people to approve this; every request is refused' };
}
