// security(1) and secret-tool(1) as far as the command line uses them; `fake-keychain.ts` puts them on a PATH. Arguments: the folder of the keychain, the name of the program, and the program's own.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

const [folder = '', name = '', ...args] = process.argv.slice(2);
const read = (file: string): string | undefined =>
  existsSync(`${folder}/${file}`) ? readFileSync(`${folder}/${file}`, 'utf8') : undefined;
const input = readFileSync(0, 'utf8');
appendFileSync(`${folder}/calls`, `${JSON.stringify({ program: name, args, input })}\n`);
const mood = read('mood');
const secrets: Record<string, string> = JSON.parse(read('secrets') ?? '{}');
// errSecItemNotFound and errSecInteractionNotAllowed, cut to eight bits
const [missing, refused] = name === 'security' ? [44, 36] : [1, 1];

function put(account: string, secret: string): number {
  if (mood === 'locked' || mood === 'read-only') return refused;
  if (mood !== 'forgetful') writeFileSync(`${folder}/secrets`, JSON.stringify({ ...secrets, [account]: secret }));
  return 0;
}

function get(account: string, end: string): number {
  const secret = secrets[account];
  if (mood === 'locked') return refused;
  if (secret === undefined) return missing;
  process.stdout.write(secret + end);
  return 0;
}

function remove(account: string): number {
  const { [account]: secret, ...others } = secrets;
  if (mood === 'locked') return refused;
  if (secret === undefined) return missing;
  writeFileSync(`${folder}/secrets`, JSON.stringify(others));
  return 0;
}

const after = (words: readonly string[], option: string): string => words[words.indexOf(option) + 1] ?? '';

function security([command, ...rest]: readonly string[]): number {
  const account = after(rest, '-a');
  if (after(rest, '-s') !== 'latchkey') return 2;
  if (command === 'add-generic-password' && rest.includes('-U')) return put(account, after(rest, '-w'));
  if (command === 'find-generic-password' && rest.includes('-w')) return get(account, '\n');
  return command === 'delete-generic-password' ? remove(account) : 2;
}

/** A line of `security -i`: at most 4,095 bytes, words in double quotes or none, a backslash takes the next character as it is. */
const wordsOf = (line: string): string[] =>
  [...line.slice(0, 4095).matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, bare]) =>
    (quoted ?? bare ?? '').replace(/\\(.)/g, '$1'),
  );
const interactive = (): number =>
  input
    .split('\n')
    .filter(Boolean)
    .map((line) => security(wordsOf(line)))
    .at(-1) ?? 0;

function secretTool([command, ...rest]: readonly string[]): number {
  const account = after(rest, 'account');
  if (after(rest, 'service') !== 'latchkey') return 2;
  if (command === 'store')
    return rest.some((word) => word.startsWith('--label=')) ? put(account, input.slice(0, 8192)) : 2;
  if (command === 'lookup') return get(account, '');
  return command === 'clear' ? remove(account) : 2;
}

process.exitCode = name === 'secret-tool' ? secretTool(args) : args[0] === '-i' ? interactive() : security(args);
