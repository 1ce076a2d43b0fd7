// Writes docs/cli.md from the commands; a test holds the file to what they say.
import { writeFileSync } from 'node:fs';
import { allCommands } from '../cli/program/commands.ts';
import { cliDocument } from '../cli/program/document.ts';

writeFileSync(new URL('../docs/cli.md', import.meta.url), cliDocument(await allCommands()));
