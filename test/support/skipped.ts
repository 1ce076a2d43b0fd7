// Says what is not tested on this machine. Benchmarks run it outside of Jest, so it imports nothing of Jest's.
import { relative } from 'node:path';

/** CI sets it: it has installed everything, so no test may be skipped. */
export const everythingIsWanted = process.env.LATCHKEY_WANTED === 'all';

/**
 * Says that something is not tested here.
 * @param isWanted false for what CI does not install either
 * @throws Error if it is wanted
 */
export function saySkipped(missing: string, untried: string, isWanted = everythingIsWanted): void {
  const { expect } = globalThis as { expect?: { getState(): { testPath?: string } } };
  const file = relative(process.cwd(), expect?.getState().testPath ?? process.argv[1] ?? 'test');
  if (isWanted) throw new Error(`LATCHKEY_WANTED=all, but ${file} cannot test ${untried}: ${missing}`);
  process.stderr.write(`SKIPPED: ${file}: ${untried}: ${missing}\n`);
}
