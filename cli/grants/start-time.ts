// Parses --at: an instant, a date and time in the terminal's time zone, or an offset from now.
import { parseDuration, SECOND } from '../../lib/common/time.ts';
import { Failure } from '../machine/exit.ts';
import { roughly } from '../text/terminal-text.ts';

/** The forms that `startTimeOf` accepts. */
export const startForms = '+2h, "2026-12-24 08:00" in your time zone, or an instant such as 2026-12-24T08:00:00Z';

/**
 * @param now epoch milliseconds
 * @returns epoch milliseconds, whole seconds @throws Failure `usage` for any other text, and for a local time that daylight saving skips
 */
export function startTimeOf(text: string, now: number): number {
  const at = fromNow(text.trim(), now) ?? fromDate(text.trim());
  if (at === undefined) throw new Failure('usage', `"${text}" is not a valid start time.`, [`Use ${startForms}.`]);
  return at;
}

/** The parsed time: in the terminal's time zone, in UTC, and relative to now. */
export function startTimeText(at: number, now: number): string {
  const local = new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(at);
  return `${local} (${new Date(at).toISOString().slice(0, 19)}Z), ${at >= now ? `in ${roughly(at - now)}` : `${roughly(now - at)} ago`}`;
}

// -- internal --------------------------------------------------------------------------------------------------------

const wholeSeconds = (ms: number): number => Math.floor(ms / SECOND) * SECOND;

function fromNow(text: string, now: number): number | undefined {
  const seconds = text.startsWith('+') ? parseDuration(text.slice(1)) : undefined;
  return seconds === undefined ? undefined : wholeSeconds(now + seconds * SECOND);
}

/** RFC 3339 section 5.6, which also allows a space instead of T, and lower case; without an offset it is local time. */
function fromDate(text: string): number | undefined {
  const [, date, time, offset] =
    /^(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):[0-5]\d(?::\d\d(?:\.\d+)?)?)([Zz]|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  if (date === undefined || time === undefined) return undefined;
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  // Date reads 30 February as 2 March
  if (month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  const at = Date.parse(`${date}T${time}${offset?.toUpperCase() ?? ''}`);
  if (Number.isNaN(at)) return undefined;
  if (offset === undefined && !time.startsWith(localTime(at))) throw skipped(time);
  return wholeSeconds(at);
}

const localTime = (at: number): string => {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
};

const skipped = (time: string): Failure =>
  new Failure('usage', `${time} does not exist on that day in your time zone: the clocks go forward.`, [
    'Choose another time, or give an instant in UTC.',
  ]);
