// From arguments to an exit status. Commands are loaded when they are named.
import { version } from '../lib/version.ts';
import { readArguments } from './arguments.ts';
import type { AnyCommand } from './command.ts';
import { exits, Failure } from './exit.ts';
import { nearest } from './nearest.ts';
import type { World } from './world.ts';

/** Commands by name. */
export type Commands = Readonly<Record<string, () => Promise<AnyCommand>>>;

/** Runs one command line. Never rejects for what a user can do. @returns the exit status */
export async function runProgram(world: World, args: readonly string[], commands: Commands): Promise<number> {
  const asJson = beforeDashes(args).includes('--json');
  try {
    return await dispatch(world, args, commands);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    world.err(failureText(error, asJson));
    return exits[error.exit].status;
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

async function dispatch(world: World, [name, ...args]: readonly string[], commands: Commands): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const { commandHelp, programHelp } = await import('./help.ts');
    const about = args[0];
    world.out(
      about === undefined ? programHelp(await Promise.all(Object.values(commands).map((command) => command()))) : commandHelp(await load(commands, about)),
    );
    return name === undefined ? exits.usage.status : 0;
  }
  if (name === 'version' || name === '--version') {
    world.out(`latchkey ${version}\n`);
    return 0;
  }
  const command = await load(commands, name);
  const input = readArguments(command, args);
  if (input.options.help) {
    const { commandHelp } = await import('./help.ts');
    world.out(commandHelp(command));
    return 0;
  }
  return (await command.run(world, input)) ?? 0;
}

function load(commands: Commands, name: string): Promise<AnyCommand> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command) return command();
  const meant = nearest(name, Object.keys(commands));
  throw new Failure('usage', `"${name}" is no command.${meant ? ` Did you mean "${meant}"?` : ''}`, ['See: latchkey help']);
}

const beforeDashes = (args: readonly string[]): readonly string[] => (args.includes('--') ? args.slice(0, args.indexOf('--')) : args);

function failureText({ message, next, exit, problem }: Failure, asJson: boolean): string {
  if (asJson) return `${JSON.stringify(problem ?? { code: exit, detail: message, next }, null, 2)}\n`;
  return [`latchkey: ${message}`, ...next.map((line) => `  ${line}`), ''].join('\n');
}
