// `npm start`: the whole of Latchkey on this machine, until it is told to stop.
import { relative } from 'node:path';
import { doubtLines, faultLines, unreadable } from '../lib/catalogue-file.ts';
import { CatalogueFaulty, startLocalServer } from './server.ts';
import { type LocalSettings, readSettings, usage } from './settings.ts';

// The table in memory keeps small buffers for good. Cut from a common pool, as Node does it, each would keep its 64 KB of pool alive.
Buffer.poolSize = 0;

const settings = readSettings(process.argv.slice(2), process.env);
if ('faults' in settings) fail(...settings.faults, '', usage);

const server = await startLocalServer(settings).catch((error: unknown) => fail(...reasonsOf(error, settings)));

console.log("Test keys of the catalogue's IAM principals. They open nothing but this server.\n");
for (const { arn, accessKeyId, secretAccessKey } of server.keys) {
  console.log(`${arn}\nAWS_ACCESS_KEY_ID=${accessKeyId}\nAWS_SECRET_ACCESS_KEY=${secretAccessKey}\n`);
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void server.close().then(() => process.exit(0));
  });
}
for (const line of doubtLines(shown(settings.catalogueFile), server.doubts)) console.error(line);
console.log(`Latchkey is ready at ${server.url}`);

// -- internal --------------------------------------------------------------------------------------------------------

function fail(...lines: string[]): never {
  console.error(lines.join('\n'));
  process.exit(1);
}

/** A path as somebody would type it here. */
function shown(file: string): string {
  return relative(process.cwd(), file) || file;
}

function reasonsOf(error: unknown, { port, catalogueFile }: LocalSettings): string[] {
  if (error instanceof CatalogueFaulty) return faultLines(shown(error.file), error.faults);
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return [`Port ${port} is in use. Stop whatever has it, or choose another: npm start -- --port ${port + 1}`];
  if (code === 'EACCES' && path === undefined)
    return [`Port ${port} may not be used by you. Choose one above 1023: npm start -- --port 3000`];
  if (code === 'EEXIST' && path !== undefined) return [`${shown(path)} is a file; --data takes a folder.`];
  return [unreadable(shown(path ?? catalogueFile), error) ?? `Latchkey could not start: ${message}`];
}
