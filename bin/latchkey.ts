#!/usr/bin/env node
// The command line `latchkey`: the only place that ends the process.
import { runProgram } from '../cli/program.ts';
import { realWorld } from '../cli/real-world.ts';

runProgram(realWorld(), process.argv.slice(2)).then(
  // everything is written already; waiting for Node to wind itself up would cost a tenth of a cached answer
  (status) => process.exit(status),
  (error: unknown) => {
    const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    const isDebug = process.argv.includes('--debug');
    process.stderr.write(
      `latchkey: a fault of the command line itself: ${name}: ${message}\n${isDebug ? `${stack}\n` : '  Run it again with --debug, and report what it shows.\n'}`,
    );
    process.exit(1);
  },
);
