// `npm run catalogue -- COMMAND`: what a reviewer of access.yml asks: is it right, why may she, who may, what does this change do, do the cases hold.
import { parseArgs } from 'node:util';
import { runCases } from './catalogue/cases.ts';
import { check } from './catalogue/check.ts';
import { diff } from './catalogue/diff.ts';
import { explain } from './catalogue/explain.ts';
import { CannotAnswer, codeOf } from './catalogue/load.ts';
import { who } from './catalogue/who.ts';

export const usage = `npm run catalogue -- COMMAND

  check [FILE]                         faults and doubts with line and column (default access.yml); --strict fails on doubts
  explain --person P --role R          every rule of the role applied to this person, passed or failed
      --at TIME  --mfa  --signed-in-ago 5m  --from ADDRESS  --group NAME  --permission-set ARN
      --duration 1h  --reason TEXT  --ticket TEXT  --ticket-is valid|invalid|unreachable  --on-behalf-of MAIL  --starts-at TIME  --scope NAME=VALUE  --break-glass
      --open ROLE  --filed-lately 3  --bot-filed-lately 3  --open-of-role 3  --review-overdue 2d  --continues 30m  --json
  who --role R                         who may request it and who approves
  diff OLD NEW [--json]                who gains and loses what
  test [DIR]                           runs the YAML cases of a directory (default catalogue-tests)

explain and who take --catalogue FILE; so does test, for the cases about access.yml.`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const options = {
  catalogue: text,
  person: text,
  role: text,
  at: text,
  mfa: flag,
  'signed-in-ago': text,
  from: text,
  group: { type: 'string', multiple: true },
  'permission-set': text,
  duration: text,
  reason: text,
  ticket: text,
  'ticket-is': text,
  'on-behalf-of': text,
  'starts-at': text,
  scope: { type: 'string', multiple: true },
  'break-glass': flag,
  open: { type: 'string', multiple: true },
  'filed-lately': text,
  'bot-filed-lately': text,
  'open-of-role': text,
  'review-overdue': text,
  continues: text,
  json: flag,
  strict: flag,
} as const;

/** An answer: lines for people and the exit code. 1: no, or something is wrong; 2: the question itself is. */
export type Answer = { lines: string[]; exitCode: number };

/** @param now epoch milliseconds, for what is judged by the clock */
export function answer(args: readonly string[], now: number): Answer {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [command, ...rest] = positionals;
    const file = values.catalogue ?? 'access.yml';
    if (command === 'check') return check(rest[0] ?? file, values.strict === true);
    if (command === 'explain') return explain(file, values, now);
    if (command === 'who') return who(file, values.role);
    if (command === 'diff') return diff(rest, values.json === true);
    if (command === 'test') return runCases(rest[0] ?? 'catalogue-tests', values.catalogue, now);
    return { lines: [usage], exitCode: command === undefined ? 0 : 2 };
  } catch (error) {
    if (error instanceof CannotAnswer) return { lines: [error.message], exitCode: error.exitCode };
    if (codeOf(error).startsWith('ERR_PARSE_ARGS')) return { lines: [(error as Error).message, '', usage], exitCode: 2 };
    throw error;
  }
}

if (import.meta.main) {
  const { lines, exitCode } = answer(process.argv.slice(2), Date.now());
  console.log(lines.join('\n'));
  process.exitCode = exitCode;
}
