// What catalogues say, case by case: every file under cases/catalogue is a catalogue and the situations that it must decide.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { Case, faultsOf } from '../../admin/catalogue/cases.ts';
import { openCatalogue } from '../../lib/catalogue/catalogue.ts';
import { faultLines, readCatalogue } from '../../lib/catalogue/file.ts';
import { type Hours, isWithin } from '../../lib/common/hours.ts';
import { isFrom } from '../../lib/common/networks.ts';
import { start } from '../support/records.ts';
import { catalogueOf } from '../support/small-catalogue.ts';

const folder = join(import.meta.dirname, '../cases/catalogue');
const read = <T>(file: string): T => JSON.parse(readFileSync(join(folder, file), 'utf8')) as T;
type Named = { name: string };

describe.each(['who-may-ask', 'who-decides', 'conditions', 'automatic', 'break-glass', 'filing', 'tickets'])(
  '%s',
  (name) => {
    const { catalogue: file, cases } = read<{ catalogue: unknown; cases: Named[] }>(`${name}.json`);
    const catalogue = catalogueOf(file);
    test.each(cases)('$name', (given) => expect(faultsOf(catalogue, v.parse(Case, given), start)).toEqual([]));
  },
);

describe('hours', () => {
  const { cases } = read<{ cases: Array<Named & { hours: Hours; at: string; inside: boolean }> }>('hours.json');
  test.each(cases)('$name', ({ hours, at, inside }) => expect(isWithin(hours, Date.parse(at))).toBe(inside));
});

describe('networks', () => {
  const { cases } = read<{ cases: Array<Named & { networks: string[]; address?: string; inside: boolean }> }>(
    'networks.json',
  );
  test.each(cases)('$name', ({ networks, address, inside }) => expect(isFrom(networks, address)).toBe(inside));
});

describe('faults', () => {
  const { cases } = read<{ cases: Array<Named & { yaml: string; fault: string }> }>('faults.json');
  test.each(cases)('$name', ({ yaml, fault }) =>
    expect(faultLines('f', readCatalogue(yaml).faults)).toContain(`f:${fault}`),
  );
});

describe('doubts', () => {
  const { cases } = read<{ cases: Array<Named & { yaml: string; doubts: string[] }> }>('doubts.json');
  test.each(cases)('$name', ({ yaml, doubts }) => {
    const found = readCatalogue(yaml);
    expect(found.faults).toEqual([]);
    expect(faultLines('f', found.data ? found.doubts : [])).toEqual(doubts.map((doubt) => `f:${doubt}`));
  });

  test('a stage that is doubted refuses every request, and one that is not does not', () => {
    for (const { yaml, doubts } of cases) {
      const { data } = readCatalogue(yaml);
      const catalogue = openCatalogue(data!);
      const isRefused = [...catalogue.roles.values()].some((role) => {
        const given = { person: 'stranger@example.com', role: role.id };
        return (
          faultsOf(
            catalogue,
            v.parse(Case, { name: 'x', given, expect: { outcome: 'refused', code: 'no-approver' } }),
            start,
          ).length === 0
        );
      });
      expect([yaml, isRefused]).toEqual([yaml, doubts.some((doubt) => doubt.includes('every request is refused'))]);
    }
  });
});

test('there are enough cases, each with a name of its own', () => {
  const names = readdirSync(folder).flatMap((file) =>
    read<{ cases: Named[] }>(file).cases.map(({ name }) => `${file} ${name}`),
  );
  expect(names.length).toBeGreaterThanOrEqual(150);
  expect(new Set(names).size).toBe(names.length);
});
