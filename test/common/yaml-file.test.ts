// Files that people write: what is no text or no YAML is an error with its place and cause, and whatever YAML offers for reuse works.
import { describe, expect, test } from '@jest/globals';
import { readCatalogue } from '../../lib/catalogue/file.ts';
import { textOfFile } from '../../lib/common/text-file.ts';
import { readYaml } from '../../lib/common/yaml-file.ts';

const errorsOf = (source: Uint8Array | string): string[] =>
  readYaml(source).errors.map(({ line, column, detail }) => `${line}:${column} ${detail}`);
const dataOf = (source: string): unknown => readYaml(source).data;

describe('a file in another encoding', () => {
  const text = 'version: 1\nname: J\u00fcrgen\n';
  const utf16 = (order: 'le' | 'be', mark: boolean): Buffer => {
    const bytes = Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le');
    return order === 'le' ? bytes : bytes.swap16();
  };
  test.each<[string, Uint8Array, string]>([
    ['Latin-1', Buffer.from(text, 'latin1'), '2:8 contains the byte 0xfc, which is not UTF-8: save the file as UTF-8'],
    ['UTF-16 with a mark', utf16('le', true), '1:1 is UTF-16, not UTF-8: save the file as UTF-8'],
    ['UTF-16, big end first, with a mark', utf16('be', true), '1:1 is UTF-16, not UTF-8: save the file as UTF-8'],
    ['UTF-16 without a mark', utf16('le', false), '1:1 is UTF-16, not UTF-8: save the file as UTF-8'],
    ['UTF-16, big end first, without a mark', utf16('be', false), '1:1 is UTF-16, not UTF-8: save the file as UTF-8'],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x76, 0, 0, 0]), '1:1 is UTF-32, not UTF-8: save the file as UTF-8'],
    [
      'a character cut at the end',
      Buffer.from(text).subarray(0, 19),
      '2:8 contains the byte 0xc3, which is not UTF-8: save the file as UTF-8',
    ],
    [
      'Latin-1 behind a lost character',
      Buffer.from([0xef, 0xbf, 0xbd, 0x0a, 0xe4]),
      '2:1 contains the byte 0xe4, which is not UTF-8: save the file as UTF-8',
    ],
    [
      'a lost character',
      Buffer.from('a: J\ufffdrgen'),
      '1:5 contains U+FFFD, which replaced a character that was lost when the file was saved in another encoding',
    ],
    ['a zero byte', Buffer.from('a: 1\nb: "\0"'), '2:5 contains the control character U+0000'],
    ['an escape', Buffer.from('a: "\x1b[31m"'), '1:5 contains the control character U+001B'],
    [
      'line ends of the old Mac',
      Buffer.from('a: 1\rb: 2\r'),
      '1:5 has a carriage return without a line feed: save the file with LF or CRLF line ends',
    ],
  ])('%s', (_, bytes, error) => expect(errorsOf(bytes)).toEqual([error]));

  test.each(['', '\ufeff', 'a: 1\r\n', '# \u{1f511} \u0085\u00a0\n'])('%j is text', (one) =>
    expect(textOfFile(Buffer.from(one))).toEqual({ text: one.replace('\ufeff', '') }),
  );
  test('a catalogue reports it as an error', () =>
    expect(readCatalogue(Buffer.from('version: 1\nadmins: [\xfc]\n', 'latin1'))).toEqual({
      errors: [{ line: 2, column: 10, path: '', detail: expect.stringContaining('0xfc') }],
      warnings: [],
    }));
});

describe('reuse', () => {
  const uses = (count: number, use: (n: number) => string) => Array.from({ length: count }, (_, n) => use(n)).join('');

  test('one anchor may be used as often as a file has reason to', () => {
    const text = `people: &people\n${uses(100, (n) => `  - person-${n}@example.com\n`)}roles:\n${uses(1000, (n) => `  role-${n}: *people\n`)}`;
    expect(Object.values((dataOf(text) as { roles: Record<string, string[]> }).roles)).toHaveLength(1000);
  });

  test.each([
    ['a merge', 'b: &b { x: 1, y: 2 }\nc: { <<: *b, y: 3 }\n', { x: 1, y: 3 }],
    [
      'a merge of several, of which the first counts',
      'a: &a { x: 1 }\nb: &b { x: 2, y: 2 }\nc: { <<: [*a, *b] }\n',
      { x: 1, y: 2 },
    ],
    ['a merge in a merge', 'a: &a { x: 1 }\nb: &b { <<: *a, y: 2 }\nc: { <<: *b, z: 3 }\n', { x: 1, y: 2, z: 3 }],
    ['an anchor that is given again', 'a: &a 1\nb: &a 2\nc: *a\n', 2],
    ['a key that only looks like a merge', 'c: { "<<": 1 }\n', { '<<': 1 }],
  ])('%s', (_, text, value) => expect((dataOf(text) as { c: unknown }).c).toEqual(value));

  test.each([
    ['an alias before its anchor', 'a: *b\nb: &b 1\n', '1:4 no anchor &b before this alias'],
    ['an alias within its anchor', 'a: &a [1, *a]\n', '1:11 *a is inside &a, so it would contain itself'],
    ['a merge of itself', 'a: &a\n  <<: *a\n', '2:7 *a is inside &a, so it would contain itself'],
    [
      'a merge of a number',
      'a:\n  <<: 5\n',
      '2:7 << merges maps: give it a map, an alias of a map, or a list of these',
    ],
    ['a merge of nothing', 'a:\n  <<:\n', '2:6 << merges maps: give it a map, an alias of a map, or a list of these'],
    [
      'a merge of a list of texts',
      'b: &b x\na:\n  <<: [*b]\n',
      '3:7 << merges maps: give it a map, an alias of a map, or a list of these',
    ],
    [
      'aliases that come to billions',
      `a0: &a0 [1, 2]\n${uses(30, (n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`)}`,
      '31:12 *a29 repeats so much that the file has more than 2,000,000 values with its aliases expanded',
    ],
    ['brackets by the thousand', '['.repeat(20_000), expect.stringMatching(/^1:\d+ is nested too deeply$/)],
  ])('%s is refused at its place', (_, text, error) => expect(errorsOf(text)).toEqual([error]));

  test('an anchor that is wrong is told once, where it is', () => {
    const { errors } = readCatalogue(`version: 1
accounts:
  one: &account { id: "1", name: One, externalId: lk-0123 }
  two: *account
  three: { <<: *account, name: Three }
roles: {}
`);
    expect(errors.map(({ line, column, path }) => `${line}:${column} ${path}`)).toEqual(['3:19 accounts.one.id']);
  });
});
