// The program with the one command that the AWS tools start again and again: built into a file of its own, so that Node reads nothing else.
import { credentials } from './commands/credentials.ts';
import { runProgram } from './program.ts';
import { realWorld } from './real-world.ts';

export const run = (args: readonly string[]): Promise<number> => runProgram(realWorld(), args, { credentials: async () => credentials });
