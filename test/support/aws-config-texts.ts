// Texts of ~/.aws/config in the forms that people and tools write, drawn by a seed: regular ones, odd ones, and ones that nothing can read.
import { oneOf } from '../proof/size.ts';

type Random = () => number;

const names = ['auto', 'prod', 'default', 'last', 'a b', 'dev@x', 'über'];
const settings = [
  'region',
  'Region',
  'output',
  'credential_process',
  'Credential_Process',
  's3',
  'cli_pager',
  'aws_account_id',
  'sso_session',
  'role_arn',
  'ünïcode',
];
const values = [
  'us-east-1',
  'json',
  '/opt/old --json',
  '/opt/old "a b" # no comment',
  'x = y : z',
  '',
  '[x]',
  '"quoted"',
  'a;b',
  'ž',
];

/** @returns a text, and what the trial should be about it */
export function configText(random: Random): string {
  const draw = <Value>(...of: Value[]): Value => oneOf(random, of);
  const chance = (share: number): boolean => random() < share;
  const usual = draw('\n', '\n', '\r\n', '\r');
  const end = (): string => (chance(0.06) ? draw('\n', '\r\n', '\r') : usual);

  const heading = (): string => {
    const name = oneOf(random, names);
    const quote = chance(0.15) || name.includes(' ') ? draw('"', "'") : '';
    const plain =
      name === 'default' && chance(0.7)
        ? 'default'
        : `profile${draw(' ', ' ', ' ', '  ', '\t')}${quote}${name}${quote}`;
    if (chance(0.1))
      return draw(
        '[sso-session corp]',
        '[services s]',
        '[DEFAULT]',
        '[preview]',
        '[plugins]',
        `[${name}]`,
        `[Profile ${name}]`,
        `[ profile ${name} ]`,
        '[profile a\\ b]',
        '[profile "open]',
        '[profilex auto]',
      );
    return `${chance(0.04) ? draw(' ', '\t') : ''}[${plain}]${chance(0.08) ? draw(' # mine', ';x', ' [1]', ' ', '\t') : ''}`;
  };
  const filler = (): string =>
    draw('', '', '  ', '# comment', '; comment', '  # indented comment', '#[profile auto]', '\t', '\u00a0');
  const setting = (indentation: string, name: string): string[] => {
    const written = chance(0.1) ? name.toUpperCase() : name;
    const delimiter = draw(' = ', '=', ' = ', '\t=\t', ': ', ' : ', ':', '=');
    const first = `${indentation}${written}${delimiter}${oneOf(random, values)}`;
    if (chance(0.12)) {
      const nested = Array.from(
        { length: draw(1, 2) },
        () =>
          `${indentation}${draw('  ', '\t', ' ', '\u00a0')}${draw('max_queue_size = 5', 'endpoint_url=http://x', 'region = nested', '/opt/old --with many', '[profile auto]')}`,
      );
      return [`${indentation}${written}${delimiter.trimEnd()}`, ...(chance(0.2) ? [filler()] : []), ...nested];
    }
    if (chance(0.1))
      return [
        first,
        ...(chance(0.3) ? [filler()] : []),
        `${indentation}${draw('  ', '\t', ' ')}${draw('--more', 'and = more', 'x')}`,
      ];
    return [first];
  };
  const section = (): string[] => {
    const indentation = chance(0.15) ? draw(' ', '\t', '    ', '\u00a0') : '';
    // a name twice is rare, as botocore refuses it
    const drawn = Array.from({ length: Math.floor(random() * 4) }, () => oneOf(random, settings));
    const unique = drawn.filter(
      (name, at) => chance(0.05) || drawn.findIndex((other) => other.toLowerCase() === name.toLowerCase()) === at,
    );
    const body = unique.flatMap((name) => [
      ...(chance(0.15) ? [filler()] : []),
      ...setting(chance(0.05) ? draw('', ' ', '  ') : indentation, name),
    ]);
    return [heading(), ...body, ...(chance(0.6) ? [''] : [])];
  };
  const lines = [
    ...(chance(0.2) ? [filler()] : []),
    ...uniqueSections(Array.from({ length: draw(1, 2, 3, 4) }, section), () => chance(0.06)).flat(),
  ];
  const text = lines.map((line) => line + end()).join('');
  return mutated(random, chance(0.3) ? text.replace(/[\r\n]+$/, '') : text);
}

const uniqueSections = (sections: string[][], anyway: () => boolean): string[][] =>
  sections.filter(([heading], at) => anyway() || sections.findIndex(([other]) => other === heading) === at);

/** One time in eight, a character is taken away, doubled or put in. */
function mutated(random: Random, text: string): string {
  if (random() >= 0.12 || text === '') return text;
  const at = Math.floor(random() * text.length);
  const put = oneOf(random, [
    '',
    '',
    text[at]!,
    ' ',
    '\t',
    '\r',
    '\n',
    '\r\n',
    '[',
    ']',
    '=',
    ':',
    '#',
    '\ufeff',
    '\u0085',
    '\u2028',
    '\u000b',
    '\u001c',
    '"',
    "'",
    '\\',
  ]);
  return text.slice(0, at) + put + text.slice(at + (random() < 0.5 ? 1 : 0));
}
