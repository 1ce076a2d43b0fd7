// --at: times in the time zone of the terminal, instants, and a while from now.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
/** Monday, 11:15:20 in Berlin. */
const now = '2026-11-23T10:15:20Z';

/** A process of its own has a time zone of its own. */
function readings(texts: readonly string[], TZ: string): string[] {
  const script = `
    const { startTimeOf, startTimeText } = await import('./cli/grants/start-time.ts');
    const now = Date.parse('${now}');
    const read = (text) => { try { const at = startTimeOf(text, now); return new Date(at).toISOString() + ' ' + startTimeText(at, now); } catch (error) { return error.exit + ': ' + error.message; } };
    console.log(JSON.stringify(${JSON.stringify(texts)}.map(read)));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: root,
      env: { PATH: process.env.PATH, TZ },
      encoding: 'utf8',
    }),
  );
}

const cases: Array<[text: string, utc: string, said?: string]> = [
  ['2026-11-23 14:30', '2026-11-23T13:30:00.000Z', 'Mon, 23 Nov 2026, 14:30 CET (2026-11-23T13:30:00Z), in 3 h 15 min'],
  ['2026-11-23T14:30:05', '2026-11-23T13:30:05.000Z'],
  ['2027-07-01 08:00', '2027-07-01T06:00:00.000Z', 'Thu, 1 Jul 2027, 08:00 CEST'],
  ['2026-12-24T08:00:00Z', '2026-12-24T08:00:00.000Z'],
  ['2026-12-24t08:00z', '2026-12-24T08:00:00.000Z'],
  ['2026-12-24 08:00:00.5-05:00', '2026-12-24T13:00:00.000Z'],
  ['+2h', '2026-11-23T12:15:20.000Z', 'in 2 h'],
  ['+1h30m', '2026-11-23T11:45:20.000Z'],
  [' +PT30M ', '2026-11-23T10:45:20.000Z'],
];

describe('in Berlin', () => {
  const read = readings(
    cases.map(([text]) => text),
    'Europe/Berlin',
  );
  test.each(cases.map(([text, utc, said = ''], i) => ({ text, utc, said, found: read[i]! })))(
    '$text',
    ({ utc, said, found }) => {
      expect(found).toContain(said);
      expect(found.split(' ')[0]).toBe(utc);
    },
  );

  const wrong = [
    'noon',
    '14:30',
    'tomorrow 09:00',
    'in 2h',
    '2h',
    '+',
    '+soon',
    '',
    '2026-11-23',
    '2026-11-23 25:00',
    '2026-11-23 24:00',
    '2026-11-23T24:00:00Z',
    '2026-11-23 9:60',
    '2026-02-30 09:00',
    '2026-02-30T09:00:00Z',
    '2026-13-01 09:00',
    '2026-00-10 09:00',
  ];
  const refused = readings(wrong, 'Europe/Berlin');
  test.each(wrong.map((text, i) => [text, refused[i]!]))('"%s" is not valid', (text, found) =>
    expect(found).toBe(`usage: "${text}" is not a valid start time.`),
  );

  test('a time that daylight saving skips is not valid', () =>
    expect(readings(['2027-03-28 02:30'], 'Europe/Berlin')).toEqual([
      'usage: 02:30 does not exist on that day in your time zone: the clocks go forward.',
    ]));
});

test('the same local time is another instant in another time zone', () =>
  expect(readings(['2026-11-23 14:30', '2026-12-24T08:00:00Z'], 'America/New_York')).toEqual([
    expect.stringMatching(/^2026-11-23T19:30:00.000Z Mon, 23 Nov 2026, 14:30 GMT-5 /),
    expect.stringMatching(/^2026-12-24T08:00:00.000Z /),
  ]));
