// Parses the arguments of a command.
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { probablyMeant } from '../../lib/common/suggestion.ts';
import { Failure } from '../machine/exit.ts';
import { type AnyCommand, commonOptionsOf, type Input, type OptionSpec, type Options } from '../options/command.ts';

/** The options of a command in the form of node:util parseArgs. */
export const parserOptions = (specs: Options): NonNullable<ParseArgsConfig['options']> =>
  Object.fromEntries(
    Object.entries(specs).map(([name, { type, short }]) => [
      name,
      { type: type === 'flag' ? 'boolean' : 'string', ...(short && { short }) },
    ]),
  );

/**
 * Options may come anywhere before `--`, as `--name value` or `--name=value`.
 * @throws Failure that names the invalid argument and suggests a similar one
 */
export function readArguments(command: AnyCommand, args: readonly string[]): Input {
  const specs: Options = { ...command.options, ...commonOptionsOf(command) };
  const options: Record<string, Value> = Object.fromEntries(
    Object.entries(specs).map(([name, { type }]) => [name, nothingGiven[type]]),
  );
  const positionals: string[] = [];
  // not strict, so that this program writes its own error messages
  const { tokens } = parseArgs({
    args: [...args],
    options: parserOptions(specs),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  let end = args.length;
  for (const token of tokens) {
    if (token.index > end) break;
    if (token.kind === 'option-terminator') end = command.rest ? token.index : args.length;
    else if (token.kind === 'option') {
      if (!Object.hasOwn(specs, token.name)) throw unknownOption(command, specs, args[token.index]!.split('=')[0]!);
      options[token.name] = withValue(command, options[token.name], specs[token.name]!, token);
    } else {
      if (command.rest && !command.rest.optional && positionals.length === command.positionals.length)
        throw noDashes(command, positionals, args.slice(token.index));
      positionals.push(token.value);
    }
  }
  const input = { positionals, options, rest: args.slice(end + 1) } as unknown as Input;
  if (!input.options.help) check(command, input);
  return input;
}

// -- internal --------------------------------------------------------------------------------------------------------

type Value = string | boolean | readonly string[] | undefined;
const nothingGiven: Record<OptionSpec['type'], Value> = { flag: false, list: [], text: undefined };

function withValue(
  command: AnyCommand,
  before: Value,
  { type, placeholder, values }: OptionSpec,
  { rawName, value, inlineValue }: { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
): Value {
  if (type === 'flag') {
    if (value !== undefined) throw wrong(command, `${rawName} does not take a value.`);
    return true;
  }
  if (value === undefined || (!inlineValue && value.startsWith('--')))
    throw wrong(command, `${rawName} requires a value: ${placeholder}.`);
  if (values && !values.includes(value))
    throw wrong(command, `${rawName} must be one of ${values.join(', ')}, not "${value}".`);
  return type === 'list' ? [...(before as readonly string[]), value] : value;
}

function check(command: AnyCommand, { positionals, options }: Input): void {
  const missing = command.positionals.filter(({ optional }, i) => !optional && positionals[i] === undefined);
  if (missing.length > 0)
    throw wrong(
      command,
      `${missing.map(({ name }) => name).join(' and ')} ${missing.length > 1 ? 'are' : 'is'} required.`,
    );
  const tooMuch = positionals[command.positionals.length];
  if (tooMuch !== undefined)
    throw wrong(command, `Unexpected argument "${tooMuch}". Quote values that contain spaces.`);
  for (const [name, spec] of Object.entries(command.options)) {
    if (spec.required && (options as Record<string, unknown>)[name] === undefined)
      throw wrong(command, `--${name} is required: ${spec.summary}.`);
  }
}

const wrong = ({ name }: AnyCommand, message: string) =>
  new Failure('usage', message, [`See: latchkey ${name} --help`]);

/** The dashes before the command to run are required, because its options could be mistaken for ours. */
function noDashes({ name }: AnyCommand, positionals: readonly string[], rest: readonly string[]): Failure {
  return new Failure('usage', 'Put -- before the command to run.', [
    `Did you mean: ${['latchkey', name, ...positionals, '--', ...rest].map(wordFor).join(' ')}`,
  ]);
}

const wordFor = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

function unknownOption(command: AnyCommand, specs: Options, given: string): Failure {
  const meant = probablyMeant(given.replace(/^-+/, ''), Object.keys(specs));
  const guess = meant === undefined ? '' : ` Did you mean --${meant}?`;
  return wrong(command, `Unknown flag ${given} for "latchkey ${command.name}".${guess}`);
}
