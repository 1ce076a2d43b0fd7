// Help: in the imperative, in groups, and within 80 columns.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AnyCommand, commonOptions, groups } from '../../cli/options/command.ts';
import { allCommands } from '../../cli/program/commands.ts';
import { cli, removeHomes, testWorld } from '../support/cli.ts';

let all: AnyCommand[];
beforeAll(async () => {
  all = await allCommands();
});
afterAll(removeHomes);
const helpOf = async (...words: string[]): Promise<string> => (await cli(testWorld(), 'help', ...words)).out;
const summariesOf = (...types: string[]) =>
  [{ name: 'every command', options: commonOptions }, ...all].flatMap(({ name, options }) =>
    Object.entries(options).flatMap(([option, { type, summary }]) =>
      types.includes(type) ? [[`${name} --${option}`, summary] as const] : [],
    ),
  );

describe('the list of commands', () => {
  test('has every command once, in its group, on one line', async () => {
    const sections = (await helpOf()).split('\n\n');
    for (const title of groups) {
      const [, ...lines] = sections.find((section) => section.startsWith(`${title}:\n`))!.split('\n');
      const expected = all.filter(({ group }) => group === title).map(({ name, summary }) => [name, summary]);
      expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual(expected);
    }
  });
  test('describes the output for scripts', async () =>
    expect(await helpOf()).toContain("latchkey requests --json | jq -r '.items[].id'"));
});

describe('texts', () => {
  test('commands are described in the imperative', () => {
    const others = all.filter(({ summary }) => !/^[A-Z][a-z]+,? /.test(summary) || /^[A-Z]\w+s /.test(summary));
    expect(others.map(({ name }) => name)).toEqual([]);
  });
  test('flags are described in the imperative', () =>
    expect(summariesOf('flag').filter(([, summary]) => /^[a-z]+[^s]s /.test(summary))).toEqual([]));
  test('defaults are written as (default: ...)', () =>
    expect(summariesOf('flag', 'list', 'text').filter(([, summary]) => /\belse\b|without it/.test(summary))).toEqual(
      [],
    ));
});

describe('lines', () => {
  test('none is longer than 80 characters', async () => {
    const texts = [await helpOf(), await helpOf('catalogue')];
    for (const { name } of all) texts.push(await helpOf(...name.split(' ')));
    const long = texts.flatMap((text) => text.split('\n')).filter((line) => line.length > 80);
    expect(long).toEqual([]);
  });
  test('a longer example continues after a backslash, with each option next to its value', async () =>
    expect(await helpOf('request')).toContain(
      '  latchkey request production-bucket-read --for 2h \\\n    --reason "Find the lost invoices" --wait\n',
    ));
});
