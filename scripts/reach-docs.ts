// Writes what the boundary denies, and what a role may reach, into docs/boundary.md; a test holds the file to them.
import { readFileSync, writeFileSync } from 'node:fs';
import { denied } from '../lib/catalogue/denied.ts';
import { reachable } from '../lib/catalogue/reach.ts';
import { durationText } from '../lib/common/time.ts';

const file = new URL('../docs/boundary.md', import.meta.url);
const [begin, end] = ['<!-- actions: written by npm run docs -->', '<!-- end of actions -->'];

/** docs/boundary.md as it should be: the text between the marks is made from the code. */
export function boundaryDocument(): string {
  const text = readFileSync(file, 'utf8');
  const [before, after] = [text.split(begin)[0], text.split(end)[1]];
  return `${before}${begin}\n\n${tables()}\n${end}${after}`;
}

const code = (actions: readonly string[]): string => actions.map((action) => `\`${action}\``).join(', ');

function lasts(of: object): string {
  const value = 'lasts' in of ? of.lasts : undefined;
  if (value === undefined) return 'nothing';
  return value === 'session' ? 'until its credentials expire' : `for ${durationText(Number(value))}`;
}

function tables(): string {
  const rows = Object.entries(reachable).map(
    ([name, of]) => `| \`${name}\` | ${of.says} | ${lasts(of)} | ${code(of.actions)} |`,
  );
  const always = Object.entries(denied).map(([sid, actions]) => `| \`${sid}\` | ${code(actions)} |`);
  return [
    '| entry of `reaches` | sessions of the role can then | works on after a revoke | actions |\n|---|---|---|---|',
    ...rows,
    '\nDenied to every role:\n',
    '| statement | actions |\n|---|---|',
    ...always,
    '',
  ].join('\n');
}

if (import.meta.main) writeFileSync(file, boundaryDocument());
