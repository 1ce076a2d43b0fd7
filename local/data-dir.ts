// The directory of --data, for one server at a time: its database ends the whole process when it is opened twice.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes the directory if need be and takes it. What a server left that was killed is taken over.
 * @returns gives it back
 * @throws Error that says so while another server has it
 */
export function takeDataDir(dir: string): () => void {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'server.pid');
  const owner = ownerIn(file);
  if (owner !== undefined && isRunning(owner))
    throw new Error(`Another local server (process ${owner}) uses ${dir}. Stop it, or choose another directory.`);
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}

// -- internal --------------------------------------------------------------------------------------------------------

function ownerIn(file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Signal 0 asks without sending anything (kill(2)). */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
