// `npm start`: the whole of Latchkey on this machine, until it is told to stop.
import { relative } from 'node:path';
import { faultLines } from '../lib/catalogue-file.ts';
import { CatalogueFaulty, startLocalServer } from './server.ts';
import { readSettings, usage } from './settings.ts';

// The table in memory keeps small buffers for good. Cut from a common pool, as Node does it, each would keep its 64 KB of pool alive.
Buffer.poolSize = 0;

const settings = readSettings(process.argv.slice(2), process.env);
if ('faults' in settings) fail(...settings.faults, '', usage);

const server = await startLocalServer(settings).catch((error: unknown) => fail(...reasonsOf(error, settings.port)));

console.log("Test keys of the catalogue's IAM principals. They open nothing but this server.\n");
for (const { arn, accessKeyId, secretAccessKey } of server.keys) {
  console.log(`${arn}\nAWS_ACCESS_KEY_ID=${accessKeyId}\nAWS_SECRET_ACCESS_KEY=${secretAccessKey}\n`);
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void server.close().then(() => process.exit(0));
  });
}
console.log(`Latchkey is ready at ${server.url}`);

// -- internal --------------------------------------------------------------------------------------------------------

function fail(...lines: string[]): never {
  console.error(lines.join('\n'));
  process.exit(1);
}

function reasonsOf(error: unknown, port: number): string[] {
  if (error instanceof CatalogueFaulty) return faultLines(relative(process.cwd(), error.file) || error.file, error.faults);
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return [`Port ${port} is in use. Stop whatever has it, or choose another: npm start -- --port ${port + 1}`];
  if (code === 'EACCES' && path === undefined) return [`Port ${port} may not be used by you. Choose one above 1023: npm start -- --port 3000`];
  if (code === 'ENOENT') return [`There is no file ${path}.`];
  return [`Latchkey could not start: ${message}`];
}
