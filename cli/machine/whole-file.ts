// Writes a file whole or not at all, and lets one writer in at a time.
import { chmodSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { textOfFile } from '../../lib/common/text-file.ts';
import { MINUTE, SECOND } from '../../lib/common/time.ts';
import { Failure } from './exit.ts';
import type { World } from './world.ts';

/** The text of a file; undefined where there is none. */
export const readText = (path: string): string | undefined => readBytes(path)?.toString('utf8');

/** The text of a file that a person writes; undefined where there is none. @throws Failure with the place of what is not UTF-8 */
export function readUtf8(path: string): string | undefined {
  const bytes = readBytes(path);
  if (bytes === undefined) return undefined;
  const read = textOfFile(bytes);
  if ('text' in read) return read.text;
  const { line, column, detail } = read.error;
  throw new Failure('usage', `${path}:${line}:${column} ${detail}.`);
}

/** The bytes of a file; undefined where there is none. */
export function readBytes(path: string): Buffer | undefined {
  try {
    // asked before, because an error with its stack costs more than the file would
    if (!statSync(path, { throwIfNoEntry: false })) return undefined;
    return readFileSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    throw new Failure('usage', `${path} cannot be read (${codeOf(error)}).`, [
      'Check that it is a file, and that you may read it.',
    ]);
  }
}

/**
 * Replaces a file in one step: whoever reads it sees the old text or the new one. A link stays a link.
 * @param mode of a file that is new, or of any if `force`; an existing one keeps its own
 */
export function writeWhole(
  path: string,
  text: string,
  { mode, force = false }: { mode: number; force?: boolean },
): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const target = targetOf(path);
    const kept = force ? undefined : modeOf(target);
    // not by process number alone: containers that share a home have the same ones
    const draft = `${target}.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`;
    try {
      writeFileSync(draft, text, { mode: kept ?? mode, flag: 'wx' });
      // the umask may have taken away what an existing file had
      if (kept !== undefined) chmodSync(draft, kept);
      renameSync(draft, target);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  } catch (error) {
    throw notWritten(path, error);
  }
}

/**
 * Runs `work` while no other latchkey works on the same file. A lock that nobody can still hold is taken over.
 * @param patience how long to wait for the others, in milliseconds
 */
export async function withLock<T>(
  world: Pick<World, 'sleep'>,
  path: string,
  work: () => Promise<T> | T,
  patience = 10 * SECOND,
): Promise<T> {
  const lock = `${targetOf(path)}.latchkey-lock`;
  makeFolder(dirname(lock));
  for (let waited = 0; !take(lock); waited += 50) {
    if (waited > patience)
      throw new Failure('try-again', `Another latchkey is at work on ${path}.`, [
        `If none is running, remove ${lock} and try again.`,
      ]);
    await world.sleep(50);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw notWritten(folder, error);
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, `${process.pid} ${hostname()}`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw notWritten(lock, error);
    if (isAbandoned(lock)) rmSync(lock, { force: true });
    return false;
  }
}

/** Whether a crash left a lock behind: its process is gone, or, where that cannot be told, it is old. */
function isAbandoned(lock: string): boolean {
  const taken = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  if (taken === undefined) return false;
  const [pid, host] = (readText(lock) ?? '').split(' ');
  return Date.now() - taken > MINUTE || (host === hostname() && !isRunning(Number(pid)));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false;
    if (hasCode(error, 'EPERM')) return true;
    throw error;
  }
}

function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return path;
    throw error;
  }
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The only Failure with a cause: the system's error. */
const notWritten = (path: string, error: unknown): Failure =>
  Object.assign(
    new Failure('usage', `${path} cannot be written (${codeOf(error)}). Nothing was changed.`, [
      'Check who may write there, and whether the disk is full.',
    ]),
    { cause: error },
  );

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';
const hasCode = (error: unknown, code: string): boolean => codeOf(error) === code;
