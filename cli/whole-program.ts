// The program with every command, and what the small one of `credentials` seldom needs and gets from here.
import { commands } from './commands.ts';
import { runProgram } from './program.ts';
import { realWorld } from './real-world.ts';

export { fileAndWait } from './file-request.ts';
export { refreshed } from './refresh.ts';
export const run = (args: readonly string[]): Promise<number> => runProgram(realWorld(), args, commands);
