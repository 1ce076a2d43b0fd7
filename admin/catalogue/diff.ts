// `diff OLD NEW`: who gains and loses which rights, as text for a pull request or as JSON.
import type { Answer } from '../answer.ts';
import { type Change, type Changes, changesBetween } from './changes.ts';
import { loadCatalogue } from './load.ts';

/** @throws CannotAnswer for an invalid catalogue */
export function diff(old: string, renewed: string, json: boolean): Answer {
  const changes = changesBetween(loadCatalogue(old).catalogue, loadCatalogue(renewed).catalogue);
  return { lines: json ? [JSON.stringify(changes, null, 2)] : inWords(changes), exitCode: 0 };
}

function inWords({ gained, lost, rules }: Changes): string[] {
  const lines = [
    ...section('Gained', '+', gained),
    ...section('Lost', '-', lost),
    ...(rules.length === 0
      ? []
      : [
          'Rules:',
          ...rules.map(
            ({ role, rule, before, after, is }) =>
              `  ~ ${role === undefined ? '' : `${role}: `}${rule} ${before} -> ${after}${is === undefined ? '' : ` (${is})`}`,
          ),
        ]),
  ];
  return lines.length === 0 ? ['Nobody gains or loses anything, and no rule changes.'] : lines;
}

const section = (title: string, sign: '+' | '-', changes: readonly Change[]): string[] =>
  changes.length === 0
    ? []
    : [
        `${title}:`,
        ...changes.map(
          ({ who, may, roles, person }) =>
            `  ${sign} ${who} ${may === 'denied' ? denial[sign] : verb[may]}${person === undefined ? '' : ` ${person}`}${roles === undefined ? '' : ` ${some(roles)}`}`,
        ),
      ];

const denial = { '+': 'is no longer denied', '-': 'is denied' };
const verb = {
  request: 'may request',
  'break-glass': 'may use break-glass for',
  approve: 'may approve',
  review: 'may review break-glass of',
  administer: 'is admin: may end anything and see everything',
  audit: 'is auditor: may see everything',
  file: 'is a bot that may file',
  be: 'counts as',
  automatic: 'is in a group with automatic approval for',
};

/** The roles, or the first five and the number of the others. */
const some = (roles: readonly string[]): string =>
  roles.length <= 6 ? roles.join(', ') : `${roles.slice(0, 5).join(', ')} and ${roles.length - 5} more`;
