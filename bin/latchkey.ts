#!/usr/bin/env node
// The command line `latchkey`: the only place that ends the process.
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { isOursAlone } from '../cli/compiled-code.ts';
import { compiledDirectory, homeDirectory } from '../cli/places.ts';

const home = homeDirectory();
// Compiling is most of what a short command costs. Node before 22.1 cannot keep it, and no home is made where there is none.
const compiled = compiledDirectory({ env: process.env, home });
if (enableCompileCache && existsSync(home) && isOursAlone(compiled)) enableCompileCache(compiled);

const args = process.argv.slice(2);
const isHelp = args.includes('--help') || args.includes('-h');
const program =
  args[0] === 'credentials' && !isHelp ? import('../cli/credentials-program.ts') : import('../cli/whole-program.ts');

program
  .then(({ run }) => run(args))
  .then(
    // everything is written already; waiting for Node to wind itself up would cost a tenth of a cached answer
    (status) => process.exit(status),
    (error: unknown) => {
      const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
      const isDebug = args.includes('--debug');
      process.stderr.write(
        `latchkey: a fault of the command line itself: ${name}: ${message}\n${isDebug ? `${stack}\n` : '  Run it again with --debug, and report what it shows.\n'}`,
      );
      process.exit(1);
    },
  );
