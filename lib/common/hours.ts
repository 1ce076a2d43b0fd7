// Hours of a catalogue: a window of the week by the wall clock of a time zone.
import { MINUTE } from './time.ts';
import { minutesOf, wallClock, weekdays } from './wall-clock.ts';

/** Wall-clock window of a time zone. `to` at or before `from` runs past midnight; the day is the one it begins on. */
export type Hours = { timeZone: string; days: readonly string[]; from: string; to: string };

/** Whether the wall clock of the window's zone is inside it at `now`; daylight saving follows from the zone. */
export function isWithin({ timeZone, days, from, to }: Hours, now: number): boolean {
  const { day, minute } = wallClock(timeZone, now);
  const [start, end] = [minutesOf(from), minutesOf(to)];
  const isOn = (index: number) => days.includes(weekdays[(index + 7) % 7]!);
  if (start < end) return isOn(day) && minute >= start && minute < end;
  return (isOn(day) && minute >= start) || (isOn(day - 1) && minute < end);
}

/** When the window that is open at `now` closes, to the minute, or `until` if that is earlier. Epoch milliseconds. */
export function closesAt(hours: Hours, now: number, until: number): number {
  for (let minute = Math.floor(now / MINUTE) * MINUTE + MINUTE; minute < until; minute += MINUTE)
    if (!isWithin(hours, minute)) return minute;
  return until;
}

/** `mon-fri 08:00-18:00 Europe/Berlin` */
export function hoursText({ timeZone, days, from, to }: Hours): string {
  const indexes = weekdays.flatMap((day, i) => (days.includes(day) ? [i] : []));
  const isRun = indexes.length > 2 && indexes.every((index, i) => i === 0 || index === indexes[i - 1]! + 1);
  const names = isRun
    ? `${weekdays[indexes[0]!]}-${weekdays[indexes.at(-1)!]}`
    : indexes.map((i) => weekdays[i]).join(', ');
  return `${indexes.length === 7 ? 'daily' : names} ${from}-${to} ${timeZone}`;
}
