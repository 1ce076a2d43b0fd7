// Runs a command line. Each command is loaded only when it is named.
import { parseArgs } from 'node:util';
import { probablyMeant } from '../../lib/common/suggestion.ts';
import { version } from '../../lib/common/version.ts';
import { exits, Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { type AnyCommand, type Commands, commonOptions } from '../options/command.ts';
import { parserOptions, readArguments } from './arguments.ts';
import { commandHelp, groupHelp, programHelp } from './help.ts';
import { otherWords } from './other-words.ts';
import { told } from './told.ts';

/** Runs one command line. Rejects only for internal errors. @returns the exit status */
export const runProgram = (world: World, args: readonly string[], commands: Commands): Promise<number> =>
  told(world, args, () => dispatch(world, args, commands));

// -- internal --------------------------------------------------------------------------------------------------------

async function dispatch(world: World, args: readonly string[], commands: Commands): Promise<number | undefined> {
  const [first = '', ...others] = args;
  if (['version', '--version', '-V', '-v'].includes(first)) {
    world.out(`latchkey ${version}\n`);
    return 0;
  }
  if (['help', '--help', '-h'].includes(first)) {
    world.out(await helpAbout(commands, others));
    return 0;
  }
  const { before, words } = splitAtCommand(args);
  const { command, rest } = await find(commands, words);
  if (command) {
    const input = readArguments(command, [...before, ...rest]);
    if (!input.options.help) return command.run(world, input, commands);
  }
  world.out(await helpAbout(commands, command ? command.name.split(' ') : words.slice(0, 1)));
  return rest.length === 0 ? exits.usage.status : 0;
}

/** Common options may come before the command, as in other programs. @throws Failure `usage` for any other option there */
function splitAtCommand(args: readonly string[]): { before: readonly string[]; words: readonly string[] } {
  const { tokens } = parseArgs({
    args: [...args],
    options: parserOptions(commonOptions),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const at = tokens.find(({ kind }) => kind === 'positional')?.index ?? args.length;
  for (const token of tokens) {
    if (token.kind === 'option' && token.index < at && !Object.hasOwn(commonOptions, token.name))
      throw new Failure('usage', `${token.rawName} must come after the command.`, ['See: latchkey help']);
  }
  return { before: args.slice(0, at), words: args.slice(at) };
}

/**
 * Finds the command by its first word or first two words; the first word alone can name a group.
 * @returns no command for a group or for no words @throws Failure `usage` for an unknown command
 */
async function find(
  commands: Commands,
  [first, second, ...others]: readonly string[],
): Promise<{ command?: AnyCommand; rest: readonly string[] }> {
  if (first === undefined) return { rest: [] };
  const afterFirst = second === undefined ? [] : [second, ...others];
  if (Object.hasOwn(commands, first)) return { command: await commands[first]!(), rest: afterFirst };
  const pair = `${first} ${second}`;
  if (Object.hasOwn(commands, pair)) return { command: await commands[pair]!(), rest: others };
  const isGroup = namesOf(commands, first).length > 0;
  if (isGroup && (second === undefined || second === '--help' || second === '-h')) return { rest: afterFirst };
  throw unknownCommand(commands, isGroup ? pair : first, isGroup ? ` ${first}` : '');
}

function unknownCommand(commands: Commands, given: string, group: string): Failure {
  const slip = probablyMeant(given, Object.keys(commands));
  const meant = Object.hasOwn(otherWords, given) ? otherWords[given]! : slip === undefined ? [] : [slip];
  const guess = meant.length === 0 ? '' : ` Did you mean ${meant.map((name) => `"${name}"`).join(' or ')}?`;
  return new Failure('usage', `Unknown command "${given}".${guess}`, [`See: latchkey help${group}`]);
}

/** The two-word command names that start with this word. */
const namesOf = (commands: Commands, first: string): string[] =>
  Object.keys(commands).filter((name) => name.startsWith(`${first} `));

async function helpAbout(commands: Commands, words: readonly string[]): Promise<string> {
  const load = (names: readonly string[]) => Promise.all(names.map((name) => commands[name]!()));
  const [first] = words;
  if (first === undefined) return programHelp(await load(Object.keys(commands)));
  const { command } = await find(commands, words);
  return command ? commandHelp(command) : groupHelp(first, await load(namesOf(commands, first)));
}
