// Reads a command's arguments. Not node:util's parseArgs: that one alone would cost `credentials` a tenth of its time.
import { probablyMeant } from '../lib/suggestion.ts';
import { type AnyCommand, commonOptionsOf, type Input, type Options } from './command.ts';
import { Failure } from './exit.ts';

/**
 * Options may stand anywhere before `--`, as `--name value` or `--name=value`.
 * @throws Failure that names what is wrong and what was probably meant
 */
export function readArguments(command: AnyCommand, args: readonly string[]): Input {
  const specs: Options = { ...command.options, ...commonOptionsOf(command) };
  const options: Record<string, string | boolean | readonly string[] | undefined> = {};
  for (const [name, { type }] of Object.entries(specs))
    options[name] = type === 'flag' ? false : type === 'list' ? [] : undefined;
  const positionals: string[] = [];
  let rest: readonly string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i]!;
    if (arg === '--' && command.rest) {
      rest = args.slice(i + 1);
      break;
    }
    if (arg === '-h') options.help = true;
    else if (!arg.startsWith('-') || arg === '-') {
      if (command.rest && !command.rest.optional && positionals.length === command.positionals.length)
        throw noDashes(command, positionals, args.slice(i));
      positionals.push(arg);
    } else {
      const [, name = '', inline] = /^--?([^=]*)(?:=(.*))?$/s.exec(arg)!;
      const spec = Object.hasOwn(specs, name) && arg.startsWith('--') ? specs[name]! : undefined;
      if (!spec) throw unknownOption(command, specs, arg.split('=')[0]!);
      if (spec.type === 'flag') {
        if (inline !== undefined) throw wrong(command, `--${name} takes no value.`);
        options[name] = true;
        continue;
      }
      const value = inline ?? args[++i];
      if (value === undefined || (inline === undefined && value.startsWith('--')))
        throw wrong(command, `--${name} needs a value: ${spec.placeholder}.`);
      if (spec.values && !spec.values.includes(value))
        throw wrong(command, `--${name} must be one of ${spec.values.join(', ')}, not "${value}".`);
      options[name] = spec.type === 'list' ? [...(options[name] as readonly string[]), value] : value;
    }
  }
  const input = { positionals, options, rest } as unknown as Input;
  if (!options.help) check(command, input);
  return input;
}

function check(command: AnyCommand, { positionals, options }: Input): void {
  const missing = command.positionals.filter(({ optional }, i) => !optional && positionals[i] === undefined);
  if (missing.length > 0)
    throw wrong(
      command,
      `${missing.map(({ name }) => name).join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing.`,
    );
  const tooMuch = positionals[command.positionals.length];
  if (tooMuch !== undefined)
    throw wrong(command, `"${tooMuch}" is one argument too many. Quote a text of several words.`);
  for (const [name, spec] of Object.entries(command.options)) {
    if (spec.required && (options as Record<string, unknown>)[name] === undefined)
      throw wrong(command, `--${name} is missing: ${spec.summary}.`);
  }
}

const wrong = ({ name }: AnyCommand, message: string) =>
  new Failure('usage', message, [`See: latchkey ${name} --help`]);

/** What runs a command knows it only by the dashes before it, since its options could be ours. */
function noDashes({ name }: AnyCommand, positionals: readonly string[], rest: readonly string[]): Failure {
  return new Failure('usage', 'Two dashes are missing before the command that is to be run.', [
    `Perhaps: ${['latchkey', name, ...positionals, '--', ...rest].map(wordFor).join(' ')}`,
  ]);
}

const wordFor = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

function unknownOption(command: AnyCommand, specs: Options, given: string): Failure {
  const meant = probablyMeant(given.replace(/^-+/, ''), Object.keys(specs));
  return wrong(
    command,
    `${given} is no option of "latchkey ${command.name}".${meant ? ` Did you mean --${meant}?` : ''}`,
  );
}
