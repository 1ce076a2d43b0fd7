// `who --role R`: who may request a role, who is denied, and who approves.
import { type Catalogue, displayNames, peopleNamed, type Role, type Who } from '../../lib/catalogue/catalogue.ts';
import { groupName, isGroup, isPermissionSet } from '../../lib/catalogue/entry.ts';
import { durationText } from '../../lib/common/time.ts';
import { conditionTexts } from '../../lib/model/condition.ts';
import { automaticText } from '../../lib/policy/automatic.ts';
import { mayBreakGlass } from '../../lib/policy/break-glass.ts';
import { mayRequest } from '../../lib/policy/filing-checks.ts';
import type { Answer } from '../answer.ts';
import { loadCatalogue, roleNamed } from './load.ts';

/** @throws CannotAnswer for an unknown role or an invalid catalogue */
export function who(file: string, id: string): Answer {
  const { catalogue } = loadCatalogue(file);
  const role = roleNamed(catalogue, id);
  const { people, open } = nameable(catalogue, role.requesters, (who) => mayRequest(role, who));
  const { automatic, automaticWhen, stages, escalate, decideWithin } = role.approval;
  const { breakGlass } = role;
  const lines = [
    `${role.id}: ${role.description}`,
    `  is          ${role.arn} in ${role.account.name}`,
    `  for         ${durationText(role.duration.default)}, at most ${durationText(role.duration.max)}`,
    ...list('request', [...people, ...open]),
    ...(role.deny.length > 0 ? list('denied', displayNames(catalogue, role.deny)) : []),
    ...conditionTexts({ ...role.conditions }).map((text) => `  condition   ${text}`),
    ...(role.mfa ? ['  condition   Signed in with MFA.'] : []),
    ...(automatic ? ['  approve     nobody has to'] : []),
    ...(automaticWhen ? [`  at once     ${automaticText(automaticWhen)}`] : []),
    ...stages.flatMap(({ need, approvers, fallback }, i) => [
      ...list(`stage ${i + 1}`, [`${need} of ${displayNames(catalogue, approvers).join(', ')}`]),
      ...(fallback ? list('', [`or, where those are too few, ${displayNames(catalogue, fallback).join(', ')}`]) : []),
    ]),
    ...(escalate
      ? list('escalate', [
          `after ${durationText(escalate.after)} to ${displayNames(catalogue, escalate.to).join(', ')}`,
        ])
      : []),
    ...(automatic ? [] : [`  decide in   ${durationText(decideWithin)}`]),
    ...(breakGlass
      ? [
          ...list('glass', [
            `${breakers(catalogue, role).join(', ') || 'nobody'}, for at most ${durationText(breakGlass.maxDuration)}`,
          ]),
          ...list('review', [
            `${displayNames(catalogue, breakGlass.reviewers).join(', ')}, within ${durationText(breakGlass.reviewWithin)}`,
          ]),
        ]
      : []),
  ];
  return { lines, exitCode: 0 };
}

/** The known people whom the entries name and who may act, and the entries for people that the catalogue does not know. */
function nameable(
  catalogue: Catalogue,
  entries: readonly string[],
  may: (who: Who) => boolean,
): { people: string[]; open: string[] } {
  const people = peopleNamed(catalogue, entries)
    .filter((person) => may({ identities: person.identities, groups: catalogue.groupsOf.get(person.key) ?? [] }))
    .map(({ key, name }) => (name === key ? key : `${name} (${key})`));
  return { people, open: openEntries(catalogue, entries) };
}

function breakers(catalogue: Catalogue, role: Role): string[] {
  const { people, open } = nameable(catalogue, role.breakGlass?.requesters ?? [], (who) => mayBreakGlass(role, who));
  return [...people, ...open];
}

/** Entries without a known list of people: everyone, permission sets, groups that tokens fill. */
export const openEntries = (catalogue: Catalogue, entries: readonly string[]): string[] =>
  entries.filter(
    (entry) =>
      entry === 'everyone' ||
      isPermissionSet(entry) ||
      (isGroup(entry) && catalogue.tokenGroups.includes(groupName(entry))),
  );

const list = (title: string, items: readonly string[]): string[] =>
  items.length === 0
    ? [`  ${title.padEnd(10)}  nobody`]
    : items.map((item, i) => `  ${(i === 0 ? title : '').padEnd(10)}  ${item}`);
