// Formats text for a terminal: colours, times, tables, and other people's text without control sequences.
import { durationText, instantText, MINUTE, SECOND } from '../../lib/common/time.ts';
import { variable, type World } from '../machine/world.ts';

const codes = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', cyan: '36' } as const;
export type Colour = keyof typeof codes;
export type Paint = (colour: Colour, text: string) => string;

/** Uses colours on a terminal, unless NO_COLOR is set (no-color.org) or the terminal has none. */
export function painter(world: World, isTerminal = world.outIsTerminal): Paint {
  const isPlain = !isTerminal || variable(world, 'NO_COLOR') !== undefined || world.env.TERM === 'dumb';
  return isPlain ? (_, text) => text : (colour, text) => `\u001b[${codes[colour]}m${text}\u001b[0m`;
}

/** Other people's text on one line, without control and bidirectional characters. */
export const plain = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
    .trim();

/** Clock and time zone: now in epoch milliseconds, and the offset of the reader's zone from UTC in minutes at an instant. */
export type Times = { now: number; offsetAt(ms: number): number };

/** The local zone and UTC on a terminal; only UTC in files and pipes, which may be read anywhere. */
export const timesOf = (world: World, isTerminal = world.outIsTerminal): Times => ({
  now: world.now(),
  offsetAt: isTerminal ? (ms) => world.offsetAt(ms) : () => 0,
});
/** The same for stderr. */
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

/** A rounded time span: no seconds from a minute on, no minutes from a day on. @param ms milliseconds */
export function roughly(ms: number): string {
  const unit = ms >= 24 * 60 * MINUTE ? 60 * MINUTE : ms >= MINUTE ? MINUTE : SECOND;
  return durationText((Math.round(ms / unit) * unit) / SECOND);
}

/**
 * A table with columns as wide as needed. The last column is not padded.
 * @param room width of the terminal; if the table does not fit, each row becomes a paragraph
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

/** A row as a paragraph with the column titles; empty cells are left out. */
function paragraph(paint: Paint, [, ...titles]: readonly string[], [first = '', ...cells]: readonly string[]): string {
  return `${paint('bold', first)}\n${fields(
    paint,
    titles.map((title, i) => [`${title[0]}${title.slice(1).toLowerCase()}`, cells[i] || undefined]),
  )}`;
}

/** `name  value` lines with aligned values. Rows without a value are left out. */
export function fields(paint: Paint, rows: ReadonlyArray<readonly [string, string | undefined]>): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows
    .flatMap(([name, value]) => (value === undefined ? [] : [`  ${paint('dim', name.padEnd(width))}  ${value}\n`]))
    .join('');
}

/** The output of `--json`. */
export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
