// Quiet hours: the time of day, on the wall clock of a time zone, in which no reminders are sent.
import { MINUTE } from './time.ts';
import { DAY_MINUTES, minutesOf, wallClock } from './wall-clock.ts';

/** `from` and `to` as `HH:MM`; a span that runs over midnight has `from` after `to`. `timeZone` is an IANA name. */
export type Quiet = { timeZone: string; from: string; to: string };

/**
 * Moves a time out of quiet hours, to their end. If clocks go forward over that end, the result is the first moment after the gap;
 * if they go back, the first of the two.
 * @param at epoch milliseconds
 */
export function afterQuiet(at: number, quiet: Quiet | undefined): number {
  if (!quiet || !isQuiet(at, quiet)) return at;
  const whole = Math.floor(at / MINUTE) * MINUTE;
  const left = (minutesOf(quiet.to) - wallClock(quiet.timeZone, at).minute + DAY_MINUTES) % DAY_MINUTES;
  // a clock change on the way makes the wait longer or shorter, so search minute by minute around the calculated end
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
