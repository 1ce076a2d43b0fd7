// Help, from the commands themselves.
import { type AnyCommand, commonOptionsOf, type OptionSpec, type Options } from './command.ts';

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

/** What an option does, and that it may be given more than once. */
export const optionSummary = ({ summary, type }: OptionSpec): string =>
  type === 'list' ? `${summary} (may be repeated)` : summary;

/** One line an option or argument, what it is behind it. */
export const optionName = (name: string, { placeholder }: OptionSpec): string =>
  `--${name}${placeholder === undefined ? '' : ` ${placeholder}`}`;

export function programHelp(commands: readonly AnyCommand[]): string {
  const rows = commands.map(({ name, summary, apart = false }) => ({ apart, row: [name, summary] as const }));
  const width = Math.max(...rows.map(({ row: [name] }) => name.length));
  const of = (isApart: boolean) =>
    columns(
      rows.flatMap(({ apart, row }) => (apart === isApart ? [row] : [])),
      width,
    );
  return `Temporary access to AWS: ask for a role, have it approved, use it until it ends.

Usage: latchkey COMMAND [options]

${of(false)}
For administrators:

${of(true)}
Start with:  latchkey setup https://latchkey.example.com, then latchkey login
Then:        latchkey roles
Help of one: latchkey COMMAND --help
`;
}

/** @param first the word that they have in common */
export const groupHelp = (
  first: string,
  commands: readonly AnyCommand[],
): string => `Usage: latchkey ${first} COMMAND [options]

${columns(commands.map(({ name, summary }) => [`latchkey ${name}`, summary]))}
Help of one: latchkey ${commands[0]?.name ?? first} --help
`;

export function commandHelp(command: AnyCommand): string {
  const { summary, description = [], positionals, options, rest, examples, apart } = command;
  const places: Array<[string, string]> = [
    ...positionals.map(({ name, summary: what }): [string, string] => [name, what]),
    ...(rest ? ([[rest.name, rest.summary]] as Array<[string, string]>) : []),
  ];
  return [
    `latchkey ${command.name}: ${summary}\n`,
    ...description.map((paragraph) => `${paragraph}\n`),
    `Usage: ${usageOf(command)}\n`,
    ...(places.length > 0 ? [columns(places)] : []),
    ...(Object.keys(options).length > 0 ? [`Options:\n${optionColumns(options)}`] : []),
    `Options of every command${apart ? '' : ' that asks Latchkey'}:\n${optionColumns(commonOptionsOf(command))}`,
    `Examples:\n${examples.map((example) => `  ${example}\n`).join('')}`,
  ].join('\n');
}

// -- internal --------------------------------------------------------------------------------------------------------

const optionColumns = (options: Options): string =>
  columns(Object.entries(options).map(([name, spec]) => [optionName(name, spec), optionSummary(spec)]));

function columns(
  rows: ReadonlyArray<readonly [string, string]>,
  width = Math.max(...rows.map(([name]) => name.length)),
): string {
  return rows.map(([name, what]) => `  ${name.padEnd(width)}  ${what}\n`).join('');
}
