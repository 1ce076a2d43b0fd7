// Instants and durations as text: RFC 3339 in UTC, `1h30m`, `PT1H30M`. All arithmetic elsewhere is in epoch milliseconds.
import { wallClock } from './wall-clock.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The longest session from role chaining (iam-ug, id_roles_terms-and-concepts). Milliseconds. */
export const SESSION_MOST = HOUR;

/** Epoch milliseconds -> `2026-11-22T10:00:00Z`, cut to the second. */
export const toInstant = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** Epoch milliseconds cut to the whole second, as IAM's clock and STS count. */
export const floorToSecond = (ms: number): number => Math.floor(ms / SECOND) * SECOND;

const shortForm = /^(?=\d)(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s)?$/;
const isoForm = /^P(?=\d|T\d)(?:(\d{1,4})D)?(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?$/;

/** The form of a duration, for a JSON Schema. A duration of zero does not match. */
export const durationPattern = `^(?=.*[1-9])(?:${shortForm.source}|${isoForm.source})$`;

/** `45m`, `2h`, `1h30m`, `3d` or ISO 8601 `PT1H30M` -> seconds; undefined for anything else, zero included. */
export function parseDuration(text: string): number | undefined {
  const found = shortForm.exec(text) ?? isoForm.exec(text);
  if (!found) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((part) => Number(part ?? 0));
  const total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
  return total > 0 ? total : undefined;
}

const instantForm =
  /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** RFC 3339 with `Z` or an offset -> epoch milliseconds. Undefined if invalid, also for leap seconds and days such as 31 November. */
export function parseInstant(text: string): number | undefined {
  const day = instantForm.exec(text)?.[1];
  const midnight = day === undefined ? Number.NaN : Date.parse(`${day}T00:00:00Z`);
  // Date.parse takes 31 November for 1 December
  return !Number.isNaN(midnight) && toInstant(midnight).startsWith(day!) ? Date.parse(text.toUpperCase()) : undefined;
}

/** Seconds -> `1 h 30 min`, for people. */
export function durationText(seconds: number): string {
  const units: Array<[number, string]> = [
    [86400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [size, unit] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(' ') || '0 s';
}

/**
 * Epoch milliseconds -> `22 Nov 2026, 10:00 UTC`, for people; with a time zone `22 Nov 2026, 10:00 UTC (11:00 Europe/Berlin)`.
 * @param timeZone IANA name
 */
export function instantText(ms: number, timeZone = 'UTC'): string {
  const at = new Date(ms);
  const time = at.toISOString().slice(11, 16);
  const utc = `${dateText(at.getUTCDate(), at.getUTCMonth() + 1)} ${at.getUTCFullYear()}, ${time} UTC`;
  return timeZone === 'UTC' ? utc : `${utc} (${localText(at, timeZone)})`;
}

// --- internal ---

/** `11:00 Europe/Berlin`, with the date where it is another one there. */
function localText(at: Date, timeZone: string): string {
  const { date, month, minute } = wallClock(timeZone, at.getTime());
  const time = [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return `${date === at.getUTCDate() ? '' : `${dateText(date, month)}, `}${time} ${timeZone}`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** `22 Nov` @param month from 1 */
const dateText = (date: number, month: number): string => `${date} ${months[month - 1]}`;
