// Quiet hours: the part of the day in which nobody is reminded, by the wall clock of a time zone.
import { MINUTE } from './time.ts';
import { DAY_MINUTES, minutesOf, wallClock } from './wall-clock.ts';

/** `from` and `to` as `HH:MM`; a span that runs over midnight has `from` after `to`. `timeZone` is an IANA name. */
export type Quiet = { timeZone: string; from: string; to: string };

/**
 * The moment itself, or the end of the quiet hours that it falls into. Where clocks are put forward over that end, it is
 * the first moment after the gap; where they are put back, the first of the two.
 * @param at epoch milliseconds
 */
export function afterQuiet(at: number, quiet: Quiet | undefined): number {
  if (!quiet || !isQuiet(at, quiet)) return at;
  const whole = Math.floor(at / MINUTE) * MINUTE;
  const left = (minutesOf(quiet.to) - wallClock(quiet.timeZone, at).minute + DAY_MINUTES) % DAY_MINUTES;
  // clocks that change on the way make the wait longer or shorter: go minute by minute around the end that the arithmetic gives
  const guess = whole + left * MINUTE;
  let end = guess;
  while (end - MINUTE > at && !isQuiet(end - MINUTE, quiet)) end -= MINUTE;
  while (isQuiet(end, quiet)) end += MINUTE;
  return end;
}

function isQuiet(at: number, { timeZone, from, to }: Quiet): boolean {
  const [minute, start, end] = [wallClock(timeZone, at).minute, minutesOf(from), minutesOf(to)];
  return start < end ? minute >= start && minute < end : minute >= start || minute < end;
}
