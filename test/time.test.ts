import { describe, expect, test } from '@jest/globals';
import { durationText, parseDuration, toInstant } from '../lib/time.ts';

describe('durations', () => {
  test.each([
    ['45m', 2700],
    ['2h', 7200],
    ['1h30m', 5400],
    ['PT1H30M', 5400],
    ['P1DT1S', 86401],
    ['900s', 900],
  ])('%s is %d seconds', (text, seconds) => expect(parseDuration(text)).toBe(seconds));

  test.each(['', '0m', 'PT', 'P', 'PT0S', '1', '-1h', '1h 30m', '30m1h', '1.5h', 'h', '1H', 'P1H', '99999999999h'])('%j is none', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );

  test('reads well', () => {
    expect(durationText(5400)).toBe('1 h 30 min');
    expect(durationText(0)).toBe('0 s');
  });
});

test('an instant is cut to the second, in UTC', () => expect(toInstant(Date.UTC(2026, 10, 22, 10, 0, 0, 999))).toBe('2026-11-22T10:00:00Z'));
