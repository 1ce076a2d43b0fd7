// Matches a caller\'s text against a regular expression of the catalogue, with a time limit.
import { createContext, Script } from 'node:vm';

/** Milliseconds of wall-clock time; long enough that a busy machine does not reject a valid text. */
const PATIENCE = 1000;

const comparison = new Script("new RegExp(pattern, 'u').test(text)");
/** A context that holds two texts and no code. Created on first use, because most calls never need it. */
let room: { pattern: string; text: string } | undefined;

/**
 * Whether a text matches a pattern. A pattern such as `^(a+)+$` can backtrack practically without end; a text that runs into the time
 * limit does not match.
 * @param pattern valid by `isPattern` (catalogue/ticket-rules.ts)
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
