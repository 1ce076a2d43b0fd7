// The program with the one command that the AWS tools start again and again: built into a file of its own, so that Node reads nothing else.
import { readArguments } from './arguments.ts';
import { credentials } from './commands/credentials.ts';
import { realWorld } from './real-world.ts';
import { told } from './told.ts';

/** @param args `credentials` and its own; whoever asks for help asks the whole program */
export function run(args: readonly string[]): Promise<number> {
  const world = realWorld();
  return told(world, args, async () => credentials.run(world, readArguments(credentials, args.slice(1))));
}
