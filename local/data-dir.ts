// Reserves the directory of --data for one server, because LevelDB crashes the process if a database is opened twice.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';

/**
 * Creates the directory if necessary and locks it with the file lock of an open LevelDB database. The operating system
 * releases the lock however the process ends, so no process ID has to be trusted.
 * @returns a function that releases it
 * @throws Error if another server uses it
 */
export async function takeDataDir(dir: string): Promise<() => Promise<void>> {
  mkdirSync(dir, { recursive: true });
  const lock = new ClassicLevel(join(dir, 'lock'));
  try {
    await lock.open();
  } catch (error) {
    if (!isLocked(error)) throw error;
    throw new Error(`Another local server uses ${dir}. Stop it, or choose another directory.`, { cause: error });
  }
  return () => lock.close();
}

// -- internal --------------------------------------------------------------------------------------------------------

const isLocked = (error: unknown): boolean =>
  ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'LEVEL_LOCKED';
