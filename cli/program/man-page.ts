// Generates latchkey(1) from the commands, in the man macros of groff, mandoc and macOS (man(7)).
import { type ExitName, exits } from '../machine/exit.ts';
import { type AnyCommand, commonOptions, groups, type Options } from '../options/command.ts';
import { settingsText } from '../options/settings-text.ts';
import { environment, meanings } from './document.ts';
import { optionName, optionSummary, usageOf } from './help.ts';

/** @param version of the program; there is no date, so that the same source generates the same page */
export const manPage = (commands: readonly AnyCommand[], version: string): string =>
  [
    `.TH LATCHKEY 1 "" "latchkey ${version}" "User Commands"`,
    '.SH NAME',
    roff('latchkey - temporary access to AWS accounts'),
    '.SH SYNOPSIS',
    '.B latchkey',
    roff('COMMAND [options]'),
    '.SH DESCRIPTION',
    roff(
      'Request a role, wait for the approval, and use AWS credentials that expire with the grant. Connect to a deployment first with `latchkey setup URL`, then sign in with `latchkey login`.',
    ),
    ...groups.flatMap((title) => [
      `.SH ${title.toUpperCase()}`,
      ...commands.filter(({ group }) => group === title).flatMap(commandSection),
    ]),
    '.SH OPTIONS OF EVERY COMMAND',
    ...optionItems(commonOptions),
    '.SH ENVIRONMENT',
    ...environment.flatMap(([name, what]) => item(name, what)),
    '.SH FILES',
    ...item('~/.config/latchkey/config.json', 'Settings, one JSON object that `latchkey setup` writes. Its members:'),
    '.RS',
    ...Object.entries(settingsText).flatMap(([key, what]) => item(key, what)),
    '.RE',
    ...item('~/.cache/latchkey/', 'The sign-in, and sessions kept by --cache; readable only by you.'),
    '.SH EXIT STATUS',
    ...(Object.keys(exits) as ExitName[]).flatMap((name) => item(String(exits[name].status), meanings[name])),
    '',
  ].join('\n');

// -- internal --------------------------------------------------------------------------------------------------------

function commandSection(command: AnyCommand): string[] {
  const { name, summary, description = [], positionals, options, rest, examples } = command;
  return [
    `.SS latchkey ${roff(name)}`,
    roff(`${summary}.`),
    ...description.flatMap((paragraph) => ['.PP', roff(paragraph)]),
    '.PP',
    `.B ${roff(usageOf(command))}`,
    ...positionals.flatMap((positional) => item(positional.name, positional.summary)),
    ...(rest ? item(rest.name, rest.summary) : []),
    ...optionItems(options),
    '.PP',
    examples.length > 1 ? 'Examples:' : 'Example:',
    '.PP',
    '.nf',
    ...examples.map((example) => `    ${roff(example)}`),
    '.fi',
  ];
}

const optionItems = (options: Options): string[] =>
  Object.entries(options).flatMap(([name, spec]) => item(optionName(name, spec), optionSummary(spec)));

const item = (name: string, what: string): string[] => ['.TP', `.B ${roff(name)}`, roff(what)];

/** Escapes a line of text: a leading dot or quote starts no macro, and hyphens can be pasted into a command line. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('`', '')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('~', '\\(ti')
    .replace(/^\./, '\\&.');
