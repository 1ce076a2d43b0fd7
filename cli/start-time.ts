// When a grant shall start, as people say it: an instant, a time of day in the terminal's own time zone, or a while from now.
import { MINUTE, parseDuration, SECOND } from '../lib/time.ts';
import { Failure } from './exit.ts';
import { roughly } from './terminal-text.ts';

/** What an option takes that is read by `startTimeOf`. */
export const startForms =
  '14:30, tomorrow 09:00, friday 18:00, 2026-12-24 08:00, in 2h, or an instant such as 2026-12-24T08:00:00Z';

/**
 * A bare time of day is the next one that comes; a weekday is the next of that name.
 * @param now epoch milliseconds
 * @returns epoch milliseconds, whole seconds @throws Failure `usage` for anything else, and for a time that the clocks skip that day
 */
export function startTimeOf(text: string, now: number): number {
  const words = text.trim().toLowerCase();
  const at = fromInstant(words) ?? fromNow(words, now) ?? fromDayAndTime(words, now);
  if (at === undefined) throw new Failure('usage', `"${text}" is no time to start.`, [`Say it as ${startForms}.`]);
  return at;
}

/** What was understood: in the terminal's time zone, in UTC, and how far away. */
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

/** RFC 3339 section 5.6, which takes a blank for the T and small letters too. */
function fromInstant(words: string): number | undefined {
  const [, day, time, offset] =
    /^(\d{4}-\d\d-\d\d)[t ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(z|[+-]\d\d:\d\d)$/.exec(words) ?? [];
  if (day === undefined) return undefined;
  const at = Date.parse(`${day}T${time}${offset!.toUpperCase()}`);
  // Date takes the 30th of February for the 2nd of March
  return Number.isNaN(at) ||
    Number(day.slice(8)) > new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)), 0)).getUTCDate()
    ? undefined
    : wholeSeconds(at);
}

function fromNow(words: string, now: number): number | undefined {
  const [, span] = /^in\s+(.+)$/.exec(words) ?? [];
  if (span === undefined) return undefined;
  // `2 h`, `90 minutes` and `PT2H` too
  const seconds = parseDuration(
    span.startsWith('p') ? span.toUpperCase() : span.replace(/\s+/g, '').replace(/([dhms])[a-z]+/g, '$1'),
  );
  return seconds === undefined ? undefined : wholeSeconds(now + seconds * SECOND);
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

function fromDayAndTime(words: string, now: number): number | undefined {
  const [, day, hours, minutes] =
    /^(?:(today|tomorrow|[a-z]+day|\d{4}-\d\d-\d\d)\s+)?(\d{1,2}):(\d\d)$/.exec(words) ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const time = [Number(hours), Number(minutes)] as const;
  const today = new Date(now);
  const on = (ahead: number) => localTime(today.getFullYear(), today.getMonth(), today.getDate() + ahead, ...time);
  // the minute that runs counts as ahead, since whoever types it means now
  const next = (ahead: number, orElse: number) => (on(ahead) > now - MINUTE ? on(ahead) : on(orElse));
  if (day === undefined) return next(0, 1);
  if (day === 'today') return on(0);
  if (day === 'tomorrow') return on(1);
  if (!day.includes('-')) {
    const wanted = weekdays.indexOf(day);
    const ahead = (wanted - today.getDay() + 7) % 7;
    return wanted < 0 ? undefined : next(ahead, ahead + 7);
  }
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  return new Date(year, month - 1, date).getDate() === date && month >= 1 && month <= 12
    ? localTime(year, month - 1, date, ...time)
    : undefined;
}

/** @throws Failure `usage` where the clocks are put forward over this time */
function localTime(year: number, month: number, date: number, hours: number, minutes: number): number {
  const at = new Date(year, month, date, hours, minutes);
  if (at.getHours() === hours && at.getMinutes() === minutes) return at.getTime();
  const clock = `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
  throw new Failure('usage', `There is no ${clock} on that day here: the clocks are put forward.`, [
    'Say another time, or an instant in UTC.',
  ]);
}
