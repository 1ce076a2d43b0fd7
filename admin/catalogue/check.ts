// `check FILE`: every error and every warning, where it is and what was probably meant.
import { openCatalogue } from '../../lib/catalogue/catalogue.ts';
import { findingLines, warningLines } from '../../lib/catalogue/file.ts';
import type { CatalogueData } from '../../lib/catalogue/shape.ts';
import type { Answer } from '../answer.ts';
import { readFile } from './load.ts';

/**
 * `exitCode` 1 where there are errors.
 * @param strict also where there are warnings
 */
export function check(file: string, strict: boolean): Answer {
  const read = readFile(file);
  const errors = findingLines(file, read.errors).map((line) => `error: ${line}`);
  const notes = read.data ? findingLines(file, read.notes).map((line) => `note: ${line}`) : [];
  const warnings = warningLines(file, read.warnings);
  const verdict = read.data ? `OK (${sizesOf(read.data)})` : count(errors.length, 'error');
  const sum = [verdict, ...(warnings.length > 0 ? [count(warnings.length, 'warning')] : [])].join(', ');
  const isStopped = strict && warnings.length > 0;
  const remark = isStopped && read.data ? ' With --strict, warnings fail the check.' : '';
  return {
    lines: [...errors, ...notes, ...warnings, `${file}: ${sum}.${remark}`],
    exitCode: errors.length > 0 || isStopped ? 1 : 0,
  };
}

/** `5 accounts, 7 roles, 8 groups, 12 people` */
function sizesOf(data: CatalogueData): string {
  const { roles, people, groups } = openCatalogue(data);
  const persons = new Set([...people.values(), ...[...groups.values()].flat()].map(({ key }) => key)).size;
  return [
    count(Object.keys(data.accounts).length, 'account'),
    count(roles.size, 'role'),
    count(groups.size, 'group'),
    count(persons, 'person', 'people'),
  ].join(', ');
}

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
