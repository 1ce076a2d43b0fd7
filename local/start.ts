// `npm start`: runs all of Latchkey on this machine until Ctrl-C.
import { relative } from 'node:path';
import { findingLines, unreadable, warningLines } from '../lib/catalogue/file.ts';
import { InvalidCatalogue, startLocalServer } from './server.ts';
import { type LocalSettings, readSettings } from './settings.ts';

// The table in memory keeps small buffers. If they came from Node's shared pool, each would keep its 64 KB pool alive.
Buffer.poolSize = 0;

const settings = readSettings(process.argv.slice(2), process.env, process.stdout.isTTY);
if ('help' in settings) {
  console.log(settings.help);
  process.exit(0);
}
if ('errors' in settings) fail(...settings.errors, 'See: npm start -- --help');

const server = await startLocalServer(settings).catch((error: unknown) => fail(...reasonsOf(error, settings)));

if (settings.showsKeys) {
  console.log("Test keys of the catalogue's IAM principals. They work on this server only.\n");
  for (const { arn, accessKeyId, secretAccessKey } of server.keys)
    console.log(`${arn}\nAWS_ACCESS_KEY_ID=${accessKeyId}\nAWS_SECRET_ACCESS_KEY=${secretAccessKey}\n`);
} else console.log('Test keys for signed calls: npm start -- --keys');
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void server.close().then(() => process.exit(0));
  });
}
for (const line of warningLines(shown(settings.catalogueFile), server.warnings)) console.error(line);
console.log('Open this address in a browser. Stop the server with Ctrl-C.');
console.log(`Latchkey is ready at ${server.url}`);

// -- internal --------------------------------------------------------------------------------------------------------

function fail(...lines: string[]): never {
  console.error(lines.join('\n'));
  process.exit(1);
}

/** A path relative to the current directory. */
function shown(file: string): string {
  return relative(process.cwd(), file) || file;
}

function reasonsOf(error: unknown, { port, catalogueFile }: LocalSettings): string[] {
  if (error instanceof InvalidCatalogue) return findingLines(shown(error.file), error.errors);
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return [
      `Port ${port} is in use. Stop the program that uses it, or choose another: npm start -- --port ${port + 1}`,
    ];
  if (code === 'EACCES' && path === undefined)
    return [`No permission to listen on port ${port}. Choose one above 1023: npm start -- --port 3000`];
  if (code === 'EEXIST' && path !== undefined) return [`${shown(path)} is a file. --data requires a directory.`];
  return [unreadable(shown(path ?? catalogueFile), error) ?? `Latchkey could not start: ${message}`];
}
