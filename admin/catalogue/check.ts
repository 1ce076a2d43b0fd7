// `check FILE`: every fault and every doubt, where it is and what was probably meant.
import { openCatalogue } from '../../lib/catalogue.ts';
import { doubtLines, faultLines } from '../../lib/catalogue-file.ts';
import type { Answer } from '../answer.ts';
import { readFile } from './load.ts';

export function check(file: string, strict: boolean): Answer {
  const read = readFile(file);
  if (!read.data)
    return {
      lines: [...faultLines(file, read.faults), `${count(read.faults.length, 'fault')} in ${file}.`],
      exitCode: 1,
    };
  const { roles, people, groups } = openCatalogue(read.data);
  const accounts = Object.keys(read.data.accounts).length;
  const persons = new Set([...people.values(), ...[...groups.values()].flat()].map(({ key }) => key)).size;
  const sizes = `${count(accounts, 'account')}, ${count(roles.size, 'role')}, ${count(groups.size, 'group')}, ${count(persons, 'person', 'people')}`;
  const doubts = doubtLines(file, read.doubts);
  const notes = faultLines(file, read.notes).map((line) => `note: ${line}`);
  return {
    lines: [
      ...notes,
      ...doubts,
      `${file} is right: ${sizes}${doubts.length > 0 ? `; ${count(doubts.length, 'doubt')}` : ''}.`,
    ],
    exitCode: strict && doubts.length > 0 ? 1 : 0,
  };
}

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
