// Text for a terminal: colours only where they are wanted, times as people say them, and nobody's words as control sequences.
import { durationText, instantText, MINUTE, SECOND } from '../../lib/common/time.ts';
import { variable, type World } from '../machine/world.ts';

const codes = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', cyan: '36' } as const;
export type Colour = keyof typeof codes;
export type Paint = (colour: Colour, text: string) => string;

/** Colours on a terminal, unless NO_COLOR (no-color.org) or a terminal without them says no. */
export function painter(world: World, isTerminal = world.outIsTerminal): Paint {
  const isPlain = !isTerminal || variable(world, 'NO_COLOR') !== undefined || world.env.TERM === 'dumb';
  return isPlain ? (_, text) => text : (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m`;
}

/** Other people's words on one line: what could steer the terminal or reorder the line is left out. */
export const plain = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim();

/** What times are told by: the instant now in epoch milliseconds, and how many minutes the reader's zone is ahead of UTC at an instant. */
export type Times = { now: number; offsetAt(ms: number): number };

/** On a terminal in the zone of whoever reads, with UTC beside it; anything else, a file or a pipe, may be read anywhere. */
export const timesOf = (world: World, isTerminal = world.outIsTerminal): Times => ({
  now: world.now(),
  offsetAt: isTerminal ? (ms) => world.offsetAt(ms) : () => 0,
});
/** The same, for what is said on stderr. */
export const timesBeside = (world: World): Times => timesOf(world, world.errIsTerminal);

/** `in 42 min (22 Nov 2026, 10:00 UTC)`, `3 h ago (22 Nov 2026, 11:00 +01:00 / 10:00 UTC)`. @param instant RFC 3339 */
export function when(instant: string, { now, offsetAt }: Times): string {
  const at = Date.parse(instant);
  const apart = roughly(Math.abs(at - now));
  const relative = at >= now ? `in ${apart}` : `${apart} ago`;
  return `${Math.abs(at - now) < 2 * SECOND ? 'now' : relative} (${zonedText(at, offsetAt(at))})`;
}

/** @param offset minutes ahead of UTC */
function zonedText(at: number, offset: number): string {
  const utc = instantText(at);
  if (offset === 0) return utc;
  const local = instantText(at + offset * MINUTE).replace(/ UTC$/, '');
  const [day = '', time = ''] = utc.split(', ');
  return `${local} ${offsetText(offset)} / ${local.startsWith(`${day},`) ? time : utc}`;
}

/** Minutes -> `+05:30`, as RFC 3339 has it. */
function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const parts = [Math.floor(size / 60), size % 60].map((part) => String(part).padStart(2, '0'));
  return `${minutes < 0 ? '-' : '+'}${parts.join(':')}`;
}

/** A time span with as much of it as matters, rounded: minutes from a minute on, hours from a day on. @param ms milliseconds */
export function roughly(ms: number): string {
  const unit = ms >= 24 * 60 * MINUTE ? 60 * MINUTE : ms >= MINUTE ? MINUTE : SECOND;
  return durationText((Math.round(ms / unit) * unit) / SECOND);
}

/**
 * Rows under a heading, in columns as wide as they must be. The last column is not padded.
 * @param room how many characters fit on a line; where the table does not, each row is a paragraph of its own
 */
export function table(
  paint: Paint,
  heading: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
  room = Number.POSITIVE_INFINITY,
): string {
  const widths = heading.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  if (widths.reduce((sum, width) => sum + width + 2, -2) > room)
    return rows.map((row) => paragraph(paint, heading, row)).join('\n');
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [paint('bold', line(heading)), ...rows.map(line), ''].join('\n');
}

/** A row with the titles beside its cells; an empty cell is left out. */
function paragraph(paint: Paint, [, ...titles]: readonly string[], [first = '', ...cells]: readonly string[]): string {
  return `${paint('bold', first)}\n${fields(
    paint,
    titles.map((title, i) => [`${title[0]}${title.slice(1).toLowerCase()}`, cells[i] || undefined]),
  )}`;
}

/** `name  value` lines, the names in one column. Rows without a value are left out. */
export function fields(paint: Paint, rows: ReadonlyArray<readonly [string, string | undefined]>): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows
    .flatMap(([name, value]) => (value === undefined ? [] : [`  ${paint('dim', name.padEnd(width))}  ${value}\n`]))
    .join('');
}

/** What `--json` prints. */
export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
