// The program with every command.
import { commands } from './commands.ts';
import { runProgram } from './program.ts';
import { realWorld } from './real-world.ts';

export const run = (args: readonly string[]): Promise<number> => runProgram(realWorld(), args, commands);
