// Where V8's compiled code may be kept: whoever can write there decides what this program does, so it has to be ours alone.
import { lstatSync, mkdirSync } from 'node:fs';

/** @returns whether there is such a folder, it is this user's, and nobody else may write to it; it is made where there is none */
export function isOursAlone(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    const user = process.getuid?.();
    return user === undefined || (uid === user && (mode & 0o170022) === 0o040000);
  } catch {
    // a disk that is full or read-only, or something else in the place of the folder: then nothing is kept
    return false;
  }
}
