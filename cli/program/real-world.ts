// The real World: this process, its environment, streams and signals.
import { accessSync, constants, fstatSync, realpathSync, writeSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { proxyAgent } from '../http/http.ts';
import { runChild } from '../machine/child.ts';
import { Failure } from '../machine/exit.ts';
import { homeDirectory } from '../machine/places.ts';
import type { World } from '../machine/world.ts';

export async function realWorld(): Promise<World> {
  const [outIsTerminal, errIsTerminal] = [await isTerminal(1), await isTerminal(2)];
  return {
    env: process.env,
    home: homeDirectory(),
    platform: process.platform,
    now: Date.now,
    offsetAt: (ms) => -new Date(ms).getTimezoneOffset(),
    out: (text) => writeAll(1, text),
    err: (text) => writeAll(2, text),
    outIsTerminal,
    errIsTerminal,
    columns: () => (outIsTerminal ? process.stdout.columns || undefined : undefined),
    sleep,
    interrupt,
    ask,
    run: (program, args, options) => runChild(process.env, program, args, options),
    awsKeys: async (profile) =>
      (await import('../api/aws-chain.ts')).keysByChain(profile, await proxyAgent(process.env)),
    self: (isAbsolute = false) => selfIn(isAbsolute ? '' : (process.env.PATH ?? '')),
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** Checks for a device first: loading `node:tty` is slow, and AWS tools read the output of `credentials` from a pipe. */
async function isTerminal(descriptor: 0 | 1 | 2): Promise<boolean> {
  if (process.platform !== 'win32' && !fstatSync(descriptor).isCharacterDevice()) return false;
  const { isatty } = await import('node:tty');
  return isatty(descriptor);
}

/** Writes synchronously, so that nothing is lost at exit. A closed pipe (`| head`) is not an error. */
function writeAll(descriptor: 1 | 2, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return;
      // the pipe is full because its reader is slower
      if (code !== 'EAGAIN')
        throw new Failure('fault', `The output cannot be written (${code}).`, [
          'Check the output file, and whether the disk is full.',
        ]);
    }
  }
}

const sleep: World['sleep'] = (ms, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted) return void resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });

const interrupt: World['interrupt'] = () => {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.on('SIGINT', stop);
  return { signal: controller.signal, release: () => void process.off('SIGINT', stop) };
};

/** Reads a line in the terminal's own line mode, so that Ctrl-C ends the program as usual. End of input counts as an empty answer. */
const ask: World['ask'] = async (question) => {
  if (!(await isTerminal(0)) || !(await isTerminal(2))) return undefined;
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: process.stdin, terminal: false });
  writeAll(2, question);
  try {
    return await new Promise((resolve) => lines.once('line', resolve).once('close', () => resolve('')));
  } finally {
    lines.close();
  }
};

/** `latchkey` if the PATH finds this program, otherwise node and the script. */
function selfIn(path: string): string[] {
  const script = process.argv[1] ?? '';
  const own = realpathOf(script);
  const isOnPath = path
    .split(delimiter)
    .some((folder) => folder !== '' && realpathOf(join(folder, 'latchkey')) === own && isExecutable(own));
  return isOnPath ? ['latchkey'] : [process.execPath, script];
}

function realpathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    // missing or not readable, so not this program
    return undefined;
  }
}

function isExecutable(path: string | undefined): boolean {
  try {
    accessSync(path ?? '', constants.X_OK);
    return true;
  } catch {
    // not executable under this name
    return false;
  }
}
