// Shapes for text in requests. They reject characters that make a text look like another one.
import * as v from 'valibot';
import { durationPattern, parseDuration, parseInstant } from '../common/time.ts';

/** Control characters, and invisible or bidirectional formatting. The joiners stay, because scripts and emoji need them. */
const unsafe =
  /[\p{Cc}\p{Cs}\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\uFFF9-\uFFFB]/u;
const isSafe = (text: string): boolean => !unsafe.test(text);
/** Names the character by its code, because it is invisible. */
const unsafeText = ({ input }: { input: string }): string => {
  const code = unsafe
    .exec(input.replace(/[\n\t]/g, ' '))?.[0]
    .codePointAt(0)
    ?.toString(16)
    .toUpperCase();
  return `must not contain control or formatting characters such as U+${code?.padStart(4, '0')}`;
};
/** The same rule for the OpenAPI document, as far as one pattern can express it. */
export const safePattern = (breaks: string, start = '') =>
  `^${start}(?:[^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u206f\\ufeff\\ufff9-\\ufffb]${breaks})*$`;

export const oneLine = (max: number) =>
  v.pipe(
    v.string(),
    v.metadata({ maxLength: max, pattern: safePattern('') }),
    v.maxCodePoints(max, `must be at most ${max} characters`),
    v.check(isSafe, unsafeText),
    v.normalize('NFC'),
  );
export const lineBreaks = '|[\\t\\n]|\\r\\n';
/** Text of several lines. A browser posts line breaks as CRLF and counts them as one character. */
export const text = (max: number, more: { minLength?: number; pattern?: string } = {}) =>
  v.pipe(
    v.string(),
    // the OpenAPI document describes the text as sent, before line breaks are changed
    v.metadata({ maxLength: max, pattern: safePattern(lineBreaks), ...more }),
    v.transform((value) => value.replace(/\r\n/g, '\n')),
    v.maxCodePoints(max, `must be at most ${max} characters`),
    v.check((value) => isSafe(value.replace(/[\n\t]/g, ' ')), unsafeText),
    v.normalize('NFC'),
  );

/** A text that must not be blank. @param message the error for a blank one */
export const words = (message: string) =>
  v.pipe(text(1000, { minLength: 1, pattern: safePattern(lineBreaks, '(?=[\\s\\S]*\\S)') }), v.regex(/\S/, message));

const mailAddress = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;
export const Email = v.pipe(
  v.string(),
  v.maxLength(254),
  v.regex(mailAddress, 'must be an email address'),
  v.toLowerCase(),
);

/** A chat user: the chat's name in the catalogue, a colon, the chat's id of the user. */
export const chatUser = /^[a-z][a-z0-9-]{0,19}:[\x21-\x7e]{1,100}$/;
export const OnBehalfOf = v.pipe(
  v.string(),
  v.metadata({ maxLength: 254, pattern: `(?:${mailAddress.source})|(?:${chatUser.source})` }),
  v.check(
    (value) => v.is(Email, value) || chatUser.test(value),
    'must be an email address or a chat user such as slack:U024BE7LH',
  ),
  v.transform((value) => (chatUser.test(value) ? value : value.toLowerCase())),
);

/** A duration in a request body, kept as text until the core asks for seconds. */
export const DurationText = v.pipe(
  v.string(),
  v.metadata({ pattern: durationPattern }),
  v.maxLength(40),
  v.check((value) => parseDuration(value) !== undefined, 'must be a duration such as 45m, 2h, 1h30m or PT1H30M'),
);

/** An instant in a request body, kept as text until the core asks for milliseconds. */
export const InstantText = v.pipe(
  v.string(),
  v.metadata({ format: 'date-time' }),
  v.maxLength(40),
  v.check((value) => parseInstant(value) !== undefined, 'must be an instant such as 2026-11-22T10:00:00Z'),
);

export const RoleId = v.pipe(
  v.string(),
  v.maxLength(200),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._@-]*$/, 'must be the id of a role, such as production-bucket-read'),
);
export const RequestId = v.pipe(v.string(), v.regex(/^[0-9a-z]{26}$/, 'must be the id of a request'));
