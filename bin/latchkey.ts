#!/usr/bin/env node
// The command line `latchkey`: the only place that ends the process.
import { commands } from '../cli/program/commands.ts';
import { runProgram } from '../cli/program/program.ts';
import { realWorld } from '../cli/program/real-world.ts';

const args = process.argv.slice(2);
// otherwise Node opens a debugger on a process that holds credentials
process.on('SIGUSR1', () => {});

realWorld()
  .then((world) => runProgram(world, args, commands))
  .then(
    // everything is written already, and nothing that is still open is waited for
    (status) => process.exit(status),
    (error: unknown) => {
      const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
      const next = args.includes('--debug') ? stack : '  Run it again with --debug, and report what it shows.';
      process.stderr.write(`latchkey: a fault of the command line itself: ${name}: ${message}\n${next}\n`);
      process.exit(1);
    },
  );
