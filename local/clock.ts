// Latchkey's clock on the local server: the wall clock, plus the offset that a user has set.

export type MovableClock = {
  /** epoch milliseconds */
  now(): number;
  /** sets the clock to this instant, from which it continues; epoch milliseconds */
  set(at: number): void;
  reset(): void;
};

export function createClock(wallClock: () => number = Date.now): MovableClock {
  let offset = 0;
  return {
    now: () => wallClock() + offset,
    set(at) {
      offset = at - wallClock();
    },
    reset() {
      offset = 0;
    },
  };
}
