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
    // all output is written; do not wait for open handles
    (status) => process.exit(status),
    (error: unknown) => {
      const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
      const next = args.includes('--debug') ? stack : '  Run it again with --debug and report the output.';
      process.stderr.write(`latchkey: internal error: ${name}: ${message}\n${next}\n`);
      process.exit(1);
    },
  );
