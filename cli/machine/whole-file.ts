// Writes files atomically, with one writer at a time.
import { chmodSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { textOfFile } from '../../lib/common/text-file.ts';
import { MINUTE, SECOND } from '../../lib/common/time.ts';
import { Failure } from './exit.ts';
import type { World } from './world.ts';

/** The text of a file; undefined if it does not exist. */
export const readText = (path: string): string | undefined => readBytes(path)?.toString('utf8');

/** The text of a file edited by people; undefined if it does not exist. @throws Failure with line and column of text that is not UTF-8 */
export function readUtf8(path: string): string | undefined {
  const bytes = readBytes(path);
  if (bytes === undefined) return undefined;
  const read = textOfFile(bytes);
  if ('text' in read) return read.text;
  const { line, column, detail } = read.error;
  throw new Failure('usage', `${path}:${line}:${column} ${detail}.`);
}

/** The bytes of a file; undefined if it does not exist. */
export function readBytes(path: string): Buffer | undefined {
  try {
    // check first, because creating an error with a stack costs more than the check
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
 * Replaces a file in one step: readers see the old text or the new one. A symbolic link stays a link.
 * @param mode for a new file, or for any file if `force`; otherwise an existing file keeps its mode
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
    // the process ID alone is not unique: containers that share a home directory can have the same one
    const draft = `${target}.${process.pid}-${Math.random().toString(36).slice(2)}.tmp`;
    try {
      writeFileSync(draft, text, { mode: kept ?? mode, flag: 'wx' });
      // restore permissions of the existing file that the umask removed
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
 * Runs `work` while no other latchkey process uses the same file. A stale lock is taken over.
 * @param patience how long to wait for other processes, in milliseconds
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
      throw new Failure('try-again', `Another latchkey process is using ${path}.`, [
        `If no other latchkey is running, remove ${lock} and try again.`,
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

/** Whether a lock is stale after a crash: its process is gone, or, if that cannot be determined, the lock is old. */
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

/** The only Failure with a cause: the system error. */
const notWritten = (path: string, error: unknown): Failure =>
  Object.assign(
    new Failure('usage', `${path} cannot be written (${codeOf(error)}). Nothing was changed.`, [
      'Check the permissions, and whether the disk is full.',
    ]),
    { cause: error },
  );

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';
const hasCode = (error: unknown, code: string): boolean => codeOf(error) === code;
