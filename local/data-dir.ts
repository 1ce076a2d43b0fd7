// The directory of --data, for one server at a time: its database ends the whole process when it is opened twice.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';

/**
 * Makes the directory if need be and takes it, by the file lock that LevelDB has on a database that is open. The operating system
 * releases it when the process ends, in whatever way, so no process id has to be trusted.
 * @returns gives it back
 * @throws Error that says so while another server has it
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
