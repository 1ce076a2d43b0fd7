// docs/catalogue.md: every example is a catalogue without errors that says what the cases under it expect.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { parse } from 'yaml';
import { Case, errorsOf } from '../../admin/catalogue/cases.ts';
import { openCatalogue } from '../../lib/catalogue/catalogue.ts';
import { readCatalogue } from '../../lib/catalogue/file.ts';
import { start } from '../support/records.ts';
import { catalogueOf } from '../support/small-catalogue.ts';

type Tree = { [key: string]: Tree | unknown };

/** What every example stands in, as the page says. */
const base = {
  version: 1,
  accounts: {
    production: { id: '111111111111', name: 'Production', externalId: 'lk-9f2c6c1e4b7a4d5f8a3e' },
    sandbox: { id: '333333333333', name: 'Sandbox', externalId: 'lk-1b2c3d4e5f60718293a4' },
  },
  people: [
    { email: 'lead@example.com', name: 'Lena Park' },
    { email: 'security@example.com', name: 'Priya Nair' },
  ],
  groups: { developers: ['dev@example.com'], leads: ['lead@example.com'] },
};
const role = {
  roleName: 'latchkey/Role',
  description: 'A role',
  requesters: ['group:developers'],
  approval: { stages: [{ approvers: ['group:leads'] }] },
  duration: { default: '1h', max: '8h' },
};

const page = readFileSync(new URL('../../docs/catalogue.md', import.meta.url), 'utf8');
/** The last heading before a place of the page. */
const headingBefore = (place: number): string =>
  page
    .slice(0, place)
    .match(/^#+ (.+)$/gm)
    ?.at(-1) ?? '';
const examples = [...page.matchAll(/^```yaml\n(.*?)^```\n\n```yaml case\n(.*?)^```/gms)].map(
  ({ index, 1: example = '', 2: cases = '' }) => {
    const { roles = {}, people = [], ...rest } = parse(example) as Tree;
    const file = merged(base, rest) as Tree;
    const whole = Object.entries(roles as Tree).map(([id, rule]) => [
      id,
      { ...(Object.hasOwn(rule as Tree, 'accounts') ? {} : { account: 'production' }), ...role, ...(rule as Tree) },
    ]);
    return {
      heading: headingBefore(index),
      file: { ...file, people: [...base.people, ...(people as unknown[])], roles: Object.fromEntries(whole) },
      cases: v.parse(v.array(Case), parse(cases)),
    };
  },
);

describe.each(examples)('$heading', ({ file, cases }) => {
  const catalogue = catalogueOf(file);
  test.each(cases)('$name', (one) => expect(errorsOf(catalogue, one, start)).toEqual([]));
});

test('the complete file at the top is a catalogue without errors or warnings, in at most 25 lines, and works', () => {
  const [, text = ''] = /^```yaml access\.yml\n(.*?)^```/ms.exec(page) ?? [];
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(25);
  const read = readCatalogue(text);
  expect(read).toMatchObject({ errors: [], warnings: [] });
  const given = { person: 'amira@example.com', role: 'production-read' };
  const one = { name: 'a developer asks', given, expect: { outcome: 'needs-approval', approvers: [['Lena Park']] } };
  expect(errorsOf(openCatalogue(read.data!), v.parse(Case, one), start)).toEqual([]);
});

test('no example is left out', () => {
  expect(page.match(/^```yaml\n/gm)).toHaveLength(examples.length);
  expect(examples.length).toBeGreaterThanOrEqual(18);
});

test('the page names everything that a catalogue may hold', () => {
  const named = new Set<string>();
  const collect = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    if ('properties' in part) for (const name of Object.keys(part.properties as object)) named.add(name);
    Object.values(part).forEach(collect);
  };
  collect(JSON.parse(readFileSync(new URL('../../docs/access.schema.json', import.meta.url), 'utf8')));
  expect([...named].filter((name) => !new RegExp(`\\b${name}\\b`).test(page))).toEqual([]);
  expect(named.size).toBeGreaterThan(80);
});

function merged(one: unknown, other: unknown): unknown {
  const isTree = (value: unknown): value is Tree =>
    value !== null && typeof value === 'object' && !Array.isArray(value);
  if (!isTree(one) || !isTree(other)) return other;
  return {
    ...one,
    ...Object.fromEntries(
      Object.entries(other).map(([key, value]) => [key, Object.hasOwn(one, key) ? merged(one[key], value) : value]),
    ),
  };
}
