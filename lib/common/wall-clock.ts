// The wall clock of a time zone: the weekday and the time of day there.
/** Days of the week as the catalogue writes them, in the order of `wallClock`. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Whether the platform knows the zone by this IANA name. An offset such as +02:00 is not accepted: it would be wrong half of the year. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    clockOf(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Whether a valid zone is an offset or an abbreviation, which may not follow the daylight saving time of a place. */
export function isFixedZone(name: string): boolean {
  if (/^(?:Etc\/)?(?:UTC|UCT|GMT|Zulu|Universal|Greenwich)$/i.test(name)) return false;
  return /^Etc\//i.test(name) || !name.includes('/');
}

/**
 * The weekday, from 0 for Monday, the date as day of the month and month from 1, and the minutes since midnight.
 * @param at epoch milliseconds
 */
export function wallClock(timeZone: string, at: number): { day: number; date: number; month: number; minute: number } {
  const parts = new Map(
    clockOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const name = (parts.get('weekday') ?? '').toLowerCase();
  return {
    day: (weekdays as readonly string[]).indexOf(name),
    date: Number(parts.get('day')),
    month: Number(parts.get('month')),
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}

/** Minutes since midnight of `HH:MM`; `24:00` is the end of the day. */
export const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

export const DAY_MINUTES = 24 * 60;

// --- internal ---

/** Creating a formatter takes far longer than using it. */
const clocks = new Map<string, Intl.DateTimeFormat>();
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const clock =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      day: 'numeric',
      month: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  clocks.set(timeZone, clock);
  return clock;
}
