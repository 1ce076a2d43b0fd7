// Generates the help from the commands.
import { type AnyCommand, commonOptionsOf, groups, type OptionSpec, type Options } from '../options/command.ts';

/** `latchkey request ROLE --reason TEXT [options]` */
export function usageOf({ name, positionals, options, rest }: AnyCommand): string {
  const places = positionals.map((positional) => (positional.optional ? `[${positional.name}]` : positional.name));
  const needed = Object.entries(options).filter(([, { required }]) => required);
  return [
    'latchkey',
    name,
    ...places,
    ...needed.map(([option, { placeholder }]) => `--${option} ${placeholder}`),
    '[options]',
    ...(rest ? [rest.optional ? `[-- ${rest.name}...]` : `-- ${rest.name}`] : []),
  ].join(' ');
}

/** The summary of an option, and whether it may be repeated. */
export const optionSummary = ({ summary, type }: OptionSpec): string =>
  type === 'list' ? `${summary} (may be repeated)` : summary;

/** The option with its short form and placeholder. */
export const optionName = (name: string, { placeholder, short }: OptionSpec): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}${placeholder === undefined ? '' : ` ${placeholder}`}`;

/** All commands, by group. */
export function programHelp(commands: readonly AnyCommand[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const sections = groups.map((title) => {
    const rows = commands.flatMap(({ name, group, summary }) => (group === title ? [[name, summary] as const] : []));
    return `${title}:\n${columns(rows, width)}`;
  });
  return `Temporary access to AWS: request a role, use it, and lose it when it ends.

Usage: latchkey COMMAND [options]

${sections.join('\n')}
Start:    latchkey setup https://latchkey.example.com
          latchkey login
          latchkey roles
Scripts:  latchkey requests --json | jq -r '.items[].id'
More:     latchkey COMMAND --help
`;
}

/** @param first the first word of their names */
export const groupHelp = (
  first: string,
  commands: readonly AnyCommand[],
): string => `Usage: latchkey ${first} COMMAND [options]

${columns(commands.map(({ name, summary }) => [`latchkey ${name}`, summary]))}
More: latchkey ${commands[0]?.name ?? first} --help
`;

export function commandHelp(command: AnyCommand): string {
  const { summary, description = [], positionals, options, rest, examples, apart } = command;
  const places: Array<[string, string]> = [
    ...positionals.map(({ name, summary: what }): [string, string] => [name, what]),
    ...(rest ? ([[rest.name, rest.summary]] as Array<[string, string]>) : []),
  ];
  return [
    `${wrapped(`${summary}.`)}\n`,
    ...description.map((paragraph) => `${wrapped(paragraph)}\n`),
    `Usage: ${wrapped(usageOf(command), mostColumns - 7).replaceAll('\n', '\n         ')}\n`,
    ...(places.length > 0 ? [`Arguments:\n${columns(places)}`] : []),
    ...(Object.keys(options).length > 0 ? [`Options:\n${optionColumns(options)}`] : []),
    `${apart ? 'Option' : 'Options'} of every command:\n${optionColumns(commonOptionsOf(command))}`,
    `Examples:\n${examples.map(exampleText).join('')}`,
  ].join('\n');
}

// -- internal --------------------------------------------------------------------------------------------------------

/** The width of the narrowest usual terminal. */
const mostColumns = 80;
/** The text of a longer name is on the next line. */
const mostName = 26;

const optionColumns = (options: Options): string =>
  columns(Object.entries(options).map(([name, spec]) => [optionName(name, spec), optionSummary(spec)]));

function columns(
  rows: ReadonlyArray<readonly [string, string]>,
  width = Math.max(...rows.map(([name]) => name.length).filter((length) => length <= mostName), 0),
): string {
  const indent = ' '.repeat(width + 4);
  return rows
    .map(([name, what]) => {
      const text = wrapped(what, mostColumns - width - 4).replaceAll('\n', `\n${indent}`);
      return name.length > width ? `  ${name}\n${indent}${text}\n` : `  ${name.padEnd(width)}  ${text}\n`;
    })
    .join('');
}

/** Breaks lines at spaces; a word longer than a line stays whole. */
function wrapped(text: string, width = mostColumns): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** Can be pasted into a shell: a long example continues after a backslash, never within quotes. */
function exampleText(example: string): string {
  // an option and its value stay together
  const words = example.match(/(?:--[\w-]+ (?!-))?(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    // two columns of indentation and the backslash
    if (last !== undefined && last.length + 1 + word.length <= mostColumns - 4)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(last === undefined ? word : `    ${word}`);
  }
  return `  ${lines.join(' \\\n')}\n`;
}
