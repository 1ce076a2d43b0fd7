// What catalogues say, case by case: every file under cases/catalogue is a catalogue and the situations that it must decide.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { Case, errorsOf } from '../../admin/catalogue/cases.ts';
import { openCatalogue } from '../../lib/catalogue/catalogue.ts';
import { findingLines, readCatalogue } from '../../lib/catalogue/file.ts';
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
    test.each(cases)('$name', (given) => expect(errorsOf(catalogue, v.parse(Case, given), start)).toEqual([]));
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

describe('errors', () => {
  const { cases } = read<{ cases: Array<Named & { yaml: string; error: string }> }>('errors.json');
  test.each(cases)('$name', ({ yaml, error }) =>
    expect(findingLines('f', readCatalogue(yaml).errors)).toContain(`f:${error}`),
  );
});

describe('warnings', () => {
  const { cases } = read<{ cases: Array<Named & { yaml: string; warnings: string[] }> }>('warnings.json');
  test.each(cases)('$name', ({ yaml, warnings }) => {
    const found = readCatalogue(yaml);
    expect(found.errors).toEqual([]);
    expect(findingLines('f', found.data ? found.warnings : [])).toEqual(warnings.map((warning) => `f:${warning}`));
  });

  test('every request to a stage with this warning is refused, and no other', () => {
    for (const { yaml, warnings } of cases) {
      const { data } = readCatalogue(yaml);
      const catalogue = openCatalogue(data!);
      const isRefused = [...catalogue.roles.values()].some((role) => {
        const given = { person: 'stranger@example.com', role: role.id };
        return (
          errorsOf(
            catalogue,
            v.parse(Case, { name: 'x', given, expect: { outcome: 'refused', code: 'no-approver' } }),
            start,
          ).length === 0
        );
      });
      expect([yaml, isRefused]).toEqual([
        yaml,
        warnings.some((warning) => warning.includes('every request is refused')),
      ]);
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
