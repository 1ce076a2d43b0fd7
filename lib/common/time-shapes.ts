// Shapes for times in files: a duration within bounds, a time of day, a time zone.
import * as v from 'valibot';
import { parseDuration } from './time.ts';
import { isTimeZone } from './wall-clock.ts';

/** Parses `45m`, `2h` or `PT1H30M` to seconds, from `min` to `max`. */
export const seconds = (min: number, max: number) =>
  v.pipe(
    v.string('must be a duration such as 45m, 2h or PT1H30M'),
    v.check((text) => parseDuration(text) !== undefined, 'must be a duration such as 45m, 2h or PT1H30M'),
    v.transform((text) => parseDuration(text) ?? 0),
    v.minValue(min, `must be at least ${min} s`),
    v.maxValue(max, `must be at most ${max} s`),
  );

export const timeOfDay = (pattern: RegExp, message: string) => v.pipe(v.string(message), v.regex(pattern, message));

export const timeZone = v.pipe(v.string(), v.check(isTimeZone, 'must be a time zone such as Europe/Berlin'));
