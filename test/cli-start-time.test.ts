// --at: what people say of a time, read in the time zone of their terminal.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
/** Monday, 11:15:20 in Berlin. */
const now = '2026-11-23T10:15:20Z';

/** A process of its own has a time zone of its own. */
function readings(texts: readonly string[], TZ: string): string[] {
  const script = `
    const { startTimeOf, startTimeText } = await import('./cli/start-time.ts');
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
  ['14:30', '2026-11-23T13:30:00.000Z', 'Mon, 23 Nov 2026, 14:30 CET (2026-11-23T13:30:00Z), in 3 h 14 min'],
  ['9:00', '2026-11-24T08:00:00.000Z', 'Tue, 24 Nov 2026, 09:00 CET (2026-11-24T08:00:00Z), in 21 h 44 min'],
  ['11:15', '2026-11-23T10:15:00.000Z'],
  ['today 9:00', '2026-11-23T08:00:00.000Z'],
  ['Tomorrow 09:00', '2026-11-24T08:00:00.000Z'],
  ['friday 18:00', '2026-11-27T17:00:00.000Z'],
  ['monday 12:00', '2026-11-23T11:00:00.000Z'],
  ['monday 09:00', '2026-11-30T08:00:00.000Z'],
  ['2027-07-01 08:00', '2027-07-01T06:00:00.000Z', 'Thu, 1 Jul 2027, 08:00 CEST'],
  ['2026-12-24T08:00:00Z', '2026-12-24T08:00:00.000Z'],
  ['2026-12-24 08:00:00.5-05:00', '2026-12-24T13:00:00.000Z'],
  ['in 2h', '2026-11-23T12:15:20.000Z', 'in 2 h'],
  ['in 1h 30min', '2026-11-23T11:45:20.000Z'],
  ['in 90 minutes', '2026-11-23T11:45:20.000Z'],
  ['in PT30M', '2026-11-23T10:45:20.000Z'],
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
    '25:00',
    '9:60',
    '',
    'in',
    'in a bit',
    'someday 9:00',
    '2026-02-30 09:00',
    '2026-02-30T09:00:00Z',
    '2026-13-01 09:00',
    '14:30:00',
  ];
  const refused = readings(wrong, 'Europe/Berlin');
  test.each(wrong.map((text, i) => [text, refused[i]!]))('"%s" is no time', (text, found) =>
    expect(found).toBe(`usage: "${text}" is no time to start.`),
  );

  test('a time that the clocks skip is no time', () =>
    expect(readings(['2027-03-28 02:30'], 'Europe/Berlin')).toEqual([
      'usage: There is no 02:30 on that day here: the clocks are put forward.',
    ]));
});

test('the same words mean another instant elsewhere', () =>
  expect(readings(['14:30', 'tomorrow 09:00'], 'America/New_York')).toEqual([
    expect.stringMatching(/^2026-11-23T19:30:00.000Z Mon, 23 Nov 2026, 14:30 GMT-5 /),
    expect.stringMatching(/^2026-11-24T14:00:00.000Z /),
  ]));
