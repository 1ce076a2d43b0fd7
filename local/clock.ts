// Latchkey's clock on the local server: the wall's, moved by as much as somebody asked for.

export type MovableClock = {
  /** epoch milliseconds */
  now(): number;
  /** lets the clock run on from this instant; epoch milliseconds */
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
