import { describe, expect, test } from '@jest/globals';
import { durationText, instantText, parseDuration, parseInstant, toInstant } from '../../lib/common/time.ts';

describe('durations', () => {
  test.each([
    ['45m', 2700],
    ['2h', 7200],
    ['1h30m', 5400],
    ['PT1H30M', 5400],
    ['P1DT1S', 86401],
    ['900s', 900],
  ])('%s is %d seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

  test.each(['', '0m', 'PT', 'P', 'PT0S', '1', '-1h', '1h 30m', '30m1h', '1.5h', 'h', '1H', 'P1H', '99999999999h'])(
    '%j is none',
    (text) => expect(parseDuration(text)).toBeUndefined(),
  );

  test('reads well', () => {
    expect(durationText(5400)).toBe('1 h 30 min');
    expect(durationText(0)).toBe('0 s');
  });
});

test.each([
  ['2026-11-22T18:58:00Z', undefined, '22 Nov 2026, 18:58 UTC'],
  ['2026-11-22T18:58:00Z', 'UTC', '22 Nov 2026, 18:58 UTC'],
  ['2026-11-22T18:58:00Z', 'Europe/Berlin', '22 Nov 2026, 18:58 UTC (19:58 Europe/Berlin)'],
  ['2026-09-30T22:05:00Z', 'Europe/Berlin', '30 Sep 2026, 22:05 UTC (1 Oct, 00:05 Europe/Berlin)'],
  ['2027-01-01T00:30:00Z', 'America/St_Johns', '1 Jan 2027, 00:30 UTC (31 Dec, 21:00 America/St_Johns)'],
])('people read %s in %s as %s', (instant, timeZone, text) =>
  expect(instantText(Date.parse(instant), timeZone)).toBe(text),
);

test('an instant is cut to the second, in UTC', () =>
  expect(toInstant(Date.UTC(2026, 10, 22, 10, 0, 0, 999))).toBe('2026-11-22T10:00:00Z'));

describe('instants in a body', () => {
  test.each([
    ['2026-11-22T10:00:00Z', '2026-11-22T10:00:00.000Z'],
    ['2026-11-22T10:00:00.123456789Z', '2026-11-22T10:00:00.123Z'],
    ['2028-02-29t23:30:00.5-00:30', '2028-03-01T00:00:00.500Z'],
  ])('%s', (text, instant) => expect(parseInstant(text)).toBe(Date.parse(instant)));

  test.each([
    '',
    '2026-11-22',
    '2026-11-22T10:00Z',
    '2026-11-22T10:00:00',
    '2026-11-22 10:00:00Z',
    '2026-11-31T10:00:00Z',
    '2027-02-29T10:00:00Z',
    '2026-13-01T10:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T23:59:60Z',
    '2026-11-22T10:00:00+24:00',
    '+02026-11-22T10:00:00Z',
  ])('%j is none', (text) => expect(parseInstant(text)).toBeUndefined());
});
