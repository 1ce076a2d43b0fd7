// Hostile input: text, values of every type, broken JSON, forms, queries and YAML, and valid ones changed in one place.
import { oneOf } from './size.ts';

type Random = () => number;

const markup = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</title><b>',
  '</textarea></style><svg/onload=alert(1)>',
  '<!--',
  ']]>',
  '&lt;b&gt;',
  '&#60;b&#62;',
  '`$' + '{7*7}`',
  '{{7*7}}',
  'javascript:alert(1)',
  'https://evil.example/decide/x',
  '＜b＞',
  '+ADw-script+AD4-',
];
const characters = [
  '\0',
  '\u0007',
  '\u001b[31m',
  '\r\nSet-Cookie: a=b',
  '\n',
  '\t',
  '\u2028',
  '\ud800',
  '\udfff\ud800',
  '\u202egnp.exe',
  '\u2066',
  '\u200b',
  '\ufeff',
  '\u00ad',
  'é',
  'e\u0301',
  '\u1e9b\u0323',
  'İ',
  'ﬃ',
  '🔑',
  '👩‍👩‍👧',
  '٣',
  '\u{10ffff}',
];
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
  'length',
  '',
  ' ',
  '.',
  '..',
  '../..',
  '/',
  '~',
  '~1',
  '%',
  '%00',
  '%ff',
  '*',
  '$',
  '?',
  '#',
];
const words = [
  'true',
  'false',
  'null',
  'undefined',
  'NaN',
  'Infinity',
  '-0',
  '1e999',
  '0x10',
  '9007199254740993',
  'everyone',
  'owner',
  'group:leads',
  'latchkey',
  'mfa',
  'sweep#look',
  'a.b',
  'a@b',
  'arn:aws:iam::111111111111:role/Admin',
  'arn:aws:sts::111111111111:assumed-role/a/b',
];
const times = [
  '0m',
  '1',
  '-1h',
  '9999d',
  '99999999999h',
  'PT',
  'P9999D',
  'PT1.5H',
  '1h30m',
  '275760-09-13T00:00:00Z',
  '0000-00-00T00:00:00Z',
  '0000-01-01T00:00:00+23:59',
  '9999-12-31T23:59:59.999999999-23:59',
  '2026-11-31T10:00:00Z',
  '2026-11-22T10:00:00Z',
  '2026-11-25t10:00:00.5z',
];

/** A text that means harm or nothing. */
export function hostileText(random: Random): string {
  const draw = random();
  if (draw < 0.25) return oneOf(random, markup);
  if (draw < 0.45)
    return `${oneOf(random, ['', 'a', 'Look at it'])}${oneOf(random, characters)}${oneOf(random, ['', 'b'])}`;
  if (draw < 0.55) return oneOf(random, names);
  if (draw < 0.65) return oneOf(random, words);
  if (draw < 0.75) return oneOf(random, times);
  if (draw < 0.8)
    return oneOf(random, ['x', '0', ' ', '🔑', '<', 'a.', '(', '1h']).repeat(
      oneOf(random, [30, 201, 256, 1000, 1001, 5000]),
    );
  if (draw < 0.9) return hostileText(random) + hostileText(random);
  return Array.from({ length: Math.floor(random() * 30) }, () =>
    String.fromCharCode(Math.floor(random() * (random() < 0.5 ? 0x80 : 0x10000))),
  ).join('');
}

/** A value of any type that JSON has. */
export function hostileValue(random: Random, depth = 0): unknown {
  const draw = random();
  if (draw < 0.4) return hostileText(random);
  if (draw < 0.6) return oneOf(random, [0, -0, -1, 1, 0.5, 3600, 2 ** 31, 2 ** 53, -(2 ** 63), 1e21, 1e308, 5e-324]);
  if (draw < 0.75) return oneOf(random, [true, false, null, [], {}, [[]], [null], [{}]]);
  if (depth > 3) return nested(oneOf(random, [10, 500]));
  if (draw < 0.87) return Array.from({ length: Math.floor(random() * 4) }, () => hostileValue(random, depth + 1));
  return hostileObject(random, depth + 1);
}

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let n = 0; n < depth; n += 1) value = n % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Own members only, `__proto__` among them, as JSON.parse makes them. */
const hostileObject = (random: Random, depth: number): unknown =>
  JSON.parse(
    `{${Array.from({ length: Math.floor(random() * 4) }, () => `${JSON.stringify(hostileText(random))}:${JSON.stringify(hostileValue(random, depth))}`).join()}}`,
  );

/** A good object, most often with one member changed, taken away, or one too many. */
export function changed(random: Random, good: Record<string, unknown>): unknown {
  const draw = random();
  if (draw < 0.1) return good;
  if (draw < 0.17) return hostileValue(random);
  const members = Object.entries(good).map(([name, value]) => [name, value] as [string, unknown]);
  for (let times = 1 + Math.floor(random() * 2); times > 0; times -= 1) {
    const at = Math.floor(random() * members.length);
    const member = members[at];
    const how = random();
    if (member && how < 0.65) member[1] = hostileValue(random);
    else if (member && how < 0.75) members.splice(at, 1);
    else members.push([hostileText(random), hostileValue(random)]);
  }
  return JSON.parse(
    `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value ?? null)}`).join()}}`,
  );
}

/** JSON as no encoder writes it, some of it valid. */
export function brokenJson(random: Random, good: unknown): Buffer {
  const text = JSON.stringify(good);
  const at = Math.floor(random() * (text.length + 1));
  return oneOf<() => Buffer>(random, [
    () => Buffer.from(text.slice(0, at)),
    () => Buffer.from(text.slice(at)),
    () => Buffer.from(text.slice(0, at) + hostileText(random) + text.slice(at)),
    () => Buffer.from(`${text}${text}`),
    () => Buffer.from(`\ufeff${text}`),
    () => Buffer.from(text, 'utf16le'),
    () =>
      Buffer.from(
        text.replace(
          '{',
          `{"${oneOf(random, ['role', 'reason', 'decision', 'comment', '__proto__'])}":${JSON.stringify(hostileValue(random))},`,
        ),
      ),
    () => Buffer.from(text.replace(/"([^"]*)"/, "'$1'")),
    () => Buffer.from(text.replace('}', ',}')),
    () =>
      Buffer.from(
        text.replace(
          /:"[^"]*"/,
          oneOf(random, [
            ':NaN',
            ':1e999',
            ':01',
            ':-',
            ':"\\ud800"',
            ':"\\u0000"',
            ':"\\x41"',
            ':undefined',
            `:${'9'.repeat(400)}`,
          ]),
        ),
      ),
    () => Buffer.from(oneOf(random, ['[', '{"a":', '[{"a":']).repeat(oneOf(random, [100, 2000]))),
    () => Buffer.from('['.repeat(7000) + ']'.repeat(7000)),
    () => Buffer.from(text.padEnd(oneOf(random, [16 * 1024, 16 * 1024 + 1, 40_000]))),
    () => flipped(random, Buffer.from(text)),
    () => Buffer.alloc(0),
  ])();
}

/** A form as no browser posts it, some of it valid. */
export function brokenForm(random: Random, good: Record<string, string>): Buffer {
  const fields = Object.entries(good);
  for (let times = Math.floor(random() * 3); times > 0; times -= 1) {
    const field = oneOf(random, fields);
    if (random() < 0.6 && field) field[1] = hostileText(random);
    else fields.push([random() < 0.3 ? (field?.[0] ?? 'x') : hostileText(random), hostileText(random)]);
  }
  const text = new URLSearchParams(fields).toString();
  return random() < 0.85
    ? Buffer.from(text)
    : flipped(random, Buffer.from(random() < 0.5 ? text : `${text}&${hostileText(random)}`));
}

/** One to four bits of the bytes are others. */
export function flipped(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let times = 1 + Math.floor(random() * 4); times > 0 && copy.length > 0; times -= 1)
    copy[Math.floor(random() * copy.length)]! ^= 1 << Math.floor(random() * 8);
  return copy;
}

/** A text with one to three places of it changed. */
export function edited(random: Random, text: string): string {
  let next = text;
  for (let times = 1 + Math.floor(random() * 3); times > 0; times -= 1) {
    const from = Math.floor(random() * (next.length + 1));
    const to = from + Math.floor(random() * (random() < 0.8 ? 3 : 60));
    const put = oneOf<() => string>(random, [
      () => '',
      () => hostileText(random),
      () => next.slice(from, to).repeat(2),
      () => oneOf(random, [...':-#&*!|>\'"[]{},?%@`\n\t 0']),
    ])();
    next = next.slice(0, from) + put + next.slice(to);
  }
  return next;
}

/** A plain value with one place of it, however deep, changed to something else or taken away. */
export function damaged<Value>(random: Random, value: Value, put: (random: Random) => unknown = hostileValue): Value {
  const copy = structuredClone(value);
  let place: Record<string, unknown> = copy as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(place);
    if (keys.length === 0) return copy;
    const key = oneOf(random, keys);
    const next = place[key];
    if (typeof next === 'object' && next !== null && Object.keys(next).length > 0 && random() < 0.75) {
      place = next as Record<string, unknown>;
      continue;
    }
    if (random() < 0.25) delete place[key];
    else place[key] = put(random);
    return copy;
  }
}
