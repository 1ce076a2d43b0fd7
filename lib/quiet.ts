// Quiet hours: the part of the day in which nobody is reminded, by the wall clock of a time zone.
import { MINUTE } from './time.ts';

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
  const left = (minutesOf(quiet.to) - wallMinutes(at, quiet.timeZone) + DAY_MINUTES) % DAY_MINUTES;
  // clocks that change on the way make the wait longer or shorter: go minute by minute around the end that the arithmetic gives
  const guess = whole + left * MINUTE;
  let end = guess;
  while (end - MINUTE > at && !isQuiet(end - MINUTE, quiet)) end -= MINUTE;
  while (isQuiet(end, quiet)) end += MINUTE;
  return end;
}

function isQuiet(at: number, { timeZone, from, to }: Quiet): boolean {
  const [minute, start, end] = [wallMinutes(at, timeZone), minutesOf(from), minutesOf(to)];
  return start < end ? minute >= start && minute < end : minute >= start || minute < end;
}

const DAY_MINUTES = 24 * 60;

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** Minutes since midnight on the wall clock of a time zone. */
function wallMinutes(at: number, timeZone: string): number {
  return minutesOf(
    new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at),
  );
}
