// Gates for a fake App: a fault or a crash at one I/O, and a scheduler that orders all of them by a seed.
import type { Gate } from './fake-app.ts';

/** Thrown in a process that has crashed, so that none of its code continues. */
export class Crash extends Error {
  constructor() {
    super('crashed');
    this.name = 'Crash';
  }
}

/** The n-th I/O fails, before it is done or after; all others work. */
export const faultAt =
  (n: number, when: 'before' | 'after', fault: Error): Gate =>
  (step, now) => {
    if (step.n === n && when === now) throw fault;
  };

/** The process dies at the n-th I/O, before it is done or after: every I/O from there on fails, also in code that handles errors. Another gate revives it. */
export function crashAt(n: number, when: 'before' | 'after'): Gate {
  let dead = false;
  return (step, now) => {
    dead ||= step.n === n && when === now;
    if (dead) throw new Crash();
  };
}

/**
 * Lets one waiting I/O go on at a time, whichever the seed says; the same calls and seed give the same order. The next one
 * goes on when every promise that could go on has, so all callers that can wait here do, and each order can come about.
 */
export function interleaved(seed: number): Gate {
  const random = randomFrom(seed);
  const waiting: Array<() => void> = [];
  let isRunning = false;
  // a tick that a microtask requests comes when no microtasks are left
  const releaseNext = () => queueMicrotask(() => process.nextTick(release));
  function release() {
    isRunning = waiting.length > 0;
    if (!isRunning) return;
    waiting.splice(Math.floor(random() * waiting.length), 1)[0]!();
    releaseNext();
  }
  return () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (isRunning) return;
      isRunning = true;
      releaseNext();
    });
}

/** Numbers from 0 to below 1 that follow from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
