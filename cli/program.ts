// The program: its commands by name, and from arguments to an exit status. Commands are loaded when they are named.
import { version } from '../lib/version.ts';
import { readArguments } from './arguments.ts';
import type { AnyCommand } from './command.ts';
import { exits, Failure } from './exit.ts';
import { nearest } from './nearest.ts';
import type { World } from './world.ts';

/** In the order of help and docs. */
export const loaders: Record<string, () => Promise<AnyCommand>> = {
  setup: async () => (await import('./commands/setup.ts')).setup,
  login: async () => (await import('./commands/login.ts')).login,
  logout: async () => (await import('./commands/logout.ts')).logout,
  whoami: async () => (await import('./commands/whoami.ts')).whoami,
  roles: async () => (await import('./commands/roles.ts')).roles,
  explain: async () => (await import('./commands/explain.ts')).explain,
  request: async () => (await import('./commands/request.ts')).request,
  requests: async () => (await import('./commands/requests.ts')).requests,
  show: async () => (await import('./commands/show.ts')).show,
  approve: async () => (await import('./commands/decide.ts')).approve,
  deny: async () => (await import('./commands/decide.ts')).deny,
  extend: async () => (await import('./commands/extend.ts')).extend,
  review: async () => (await import('./commands/review.ts')).review,
  end: async () => (await import('./commands/end.ts')).end,
  configure: async () => (await import('./commands/configure.ts')).configure,
  exec: async () => (await import('./commands/exec.ts')).exec,
  console: async () => (await import('./commands/console.ts')).console,
  env: async () => (await import('./commands/env.ts')).env,
  credentials: async () => (await import('./commands/credentials.ts')).credentials,
  completion: async () => (await import('./commands/completion.ts')).completion,
};

export const allCommands = (): Promise<AnyCommand[]> => Promise.all(Object.values(loaders).map((load) => load()));

/** Runs one command line. Never rejects for what a user can do. @returns the exit status */
export async function runProgram(world: World, args: readonly string[]): Promise<number> {
  const asJson = beforeDashes(args).includes('--json');
  try {
    return await dispatch(world, args);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    world.err(failureText(error, asJson));
    return exits[error.exit].status;
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

async function dispatch(world: World, [name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const { commandHelp, programHelp } = await import('./help.ts');
    const about = args[0];
    world.out(about === undefined ? programHelp(await allCommands()) : commandHelp(await load(about)));
    return name === undefined ? exits.usage.status : 0;
  }
  if (name === 'version' || name === '--version') {
    world.out(`latchkey ${version}\n`);
    return 0;
  }
  const command = await load(name);
  const input = readArguments(command, args);
  if (input.options.help) {
    const { commandHelp } = await import('./help.ts');
    world.out(commandHelp(command));
    return 0;
  }
  return (await command.run(world, input)) ?? 0;
}

function load(name: string): Promise<AnyCommand> {
  const loader = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  if (loader) return loader();
  const meant = nearest(name, Object.keys(loaders));
  throw new Failure('usage', `"${name}" is no command.${meant ? ` Did you mean "${meant}"?` : ''}`, ['See: latchkey help']);
}

const beforeDashes = (args: readonly string[]): readonly string[] => (args.includes('--') ? args.slice(0, args.indexOf('--')) : args);

function failureText({ message, next, exit, problem }: Failure, asJson: boolean): string {
  if (asJson) return `${JSON.stringify(problem ?? { code: exit, detail: message, next }, null, 2)}\n`;
  return [`latchkey: ${message}`, ...next.map((line) => `  ${line}`), ''].join('\n');
}
