// Compares what a caller sent with a regular expression of the catalogue, and gives up where that would take for ever.
import { createContext, Script } from 'node:vm';

/** Milliseconds by the wall clock; long enough that a busy machine does not refuse a text that has the form. */
const PATIENCE = 1000;

const comparison = new Script("new RegExp(pattern, 'u').test(text)");
/** Holds two texts and no code. Made when a pattern is first compared with, which most calls never do. */
let room: { pattern: string; text: string } | undefined;

/**
 * Whether a text has the form. A pattern such as `^(a+)+$` backtracks through more ways than anybody can wait for; a text that is made
 * for that is one that has not.
 * @param pattern that `isPattern` (catalogue/tickets.ts) took
 */
export function isOfForm(pattern: string, text: string): boolean {
  room ??= createContext({ pattern: '', text: '' }) as { pattern: string; text: string };
  Object.assign(room, { pattern, text });
  try {
    return comparison.runInContext(room, { timeout: PATIENCE }) === true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
    throw error;
  }
}
