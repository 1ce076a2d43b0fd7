// From arguments to an exit status. Commands are loaded when they are named.
import { probablyMeant } from '../lib/suggestion.ts';
import { version } from '../lib/version.ts';
import { readArguments } from './arguments.ts';
import { type AnyCommand, commonOptions, type OptionSpec } from './command.ts';
import { exits, Failure } from './exit.ts';
import { told } from './told.ts';
import type { World } from './world.ts';

/** Commands by name. */
export type Commands = Readonly<Record<string, () => Promise<AnyCommand>>>;

/** Runs one command line. Never rejects for what a user can do. @returns the exit status */
export const runProgram = (world: World, args: readonly string[], commands: Commands): Promise<number> =>
  told(world, args, () => dispatch(world, args, commands));

// -- internal --------------------------------------------------------------------------------------------------------

async function dispatch(world: World, given: readonly string[], commands: Commands): Promise<number | undefined> {
  const args = commandFirst(given);
  const [name] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const about = args.slice(1);
    world.out(about.length === 0 ? await helpOf(Object.values(commands)) : await helpAbout(commands, about));
    return name === undefined ? exits.usage.status : 0;
  }
  if (['version', '--version', '-V', '-v'].includes(name)) {
    world.out(`latchkey ${version}\n`);
    return 0;
  }
  const { loader, rest } = find(commands, args);
  if (!loader) {
    world.out(await helpAbout(commands, [name]));
    return rest.length === 0 ? exits.usage.status : 0;
  }
  const command = await loader();
  const input = readArguments(command, rest);
  if (input.options.help) {
    const { commandHelp } = await import('./help.ts');
    world.out(commandHelp(command));
    return 0;
  }
  return command.run(world, input);
}

/** Options of every command may stand before it, as they do with other programs. */
function commandFirst(args: readonly string[]): readonly string[] {
  let at = 0;
  for (let option = optionAt(args, at); option !== undefined; option = optionAt(args, at))
    at += option.type === 'flag' || args[at]!.includes('=') ? 1 : 2;
  if (at === 0 || at >= args.length) return args;
  // the name may have two words, and nothing of a command's own stands between them
  const words = args.slice(at + 1).findIndex((word) => word.startsWith('-'));
  const end = words < 0 ? args.length : at + 1 + words;
  return [...args.slice(at, end), ...args.slice(0, at), ...args.slice(end)];
}

function optionAt(args: readonly string[], at: number): OptionSpec | undefined {
  const [, name = ''] = /^--([a-z]+)(?:=|$)/.exec(args[at] ?? '') ?? [];
  return name !== 'help' && Object.hasOwn(commonOptions, name)
    ? commonOptions[name as keyof typeof commonOptions]
    : undefined;
}

/**
 * The command that the first words name; some names have two, of which the first alone names them all.
 * @returns no loader for the first word of several commands @throws Failure `usage` for what names nothing
 */
function find(
  commands: Commands,
  [first = '', ...others]: readonly string[],
): { loader?: Commands[string]; rest: readonly string[] } {
  const [second = ''] = others;
  const pair = `${first} ${second}`;
  if (Object.hasOwn(commands, first)) return { loader: commands[first]!, rest: others };
  if (Object.hasOwn(commands, pair)) return { loader: commands[pair]!, rest: others.slice(1) };
  const isGroup = ofGroup(commands, first).length > 0;
  if (isGroup && (second === '' || second === '--help' || second === '-h')) return { rest: others };
  const given = isGroup ? pair : first;
  const meant = probablyMeant(given, Object.keys(commands));
  throw new Failure('usage', `"${given}" is no command.${meant ? ` Did you mean "${meant}"?` : ''}`, [
    `See: latchkey help${isGroup ? ` ${first}` : ''}`,
  ]);
}

const ofGroup = (commands: Commands, first: string): Array<Commands[string]> =>
  Object.entries(commands).flatMap(([name, loader]) => (name.startsWith(`${first} `) ? [loader] : []));

/** @param loaders of every command, or of those of one group */
async function helpOf(loaders: ReadonlyArray<Commands[string]>, group?: string): Promise<string> {
  const { groupHelp, programHelp } = await import('./help.ts');
  const all = await Promise.all(loaders.map((loader) => loader()));
  return group === undefined ? programHelp(all) : groupHelp(group, all);
}

async function helpAbout(commands: Commands, words: readonly string[]): Promise<string> {
  const { loader } = find(commands, words);
  if (!loader) return helpOf(ofGroup(commands, words[0]!), words[0]);
  const { commandHelp } = await import('./help.ts');
  return commandHelp(await loader());
}
