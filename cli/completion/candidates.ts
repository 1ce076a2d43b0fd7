// Finds the candidates for the word that is being typed; the completion scripts of the shells call this.
import { type AnyCommand, commonOptions, commonOptionsOf, type OptionSpec, type Options } from '../options/command.ts';

/** A candidate, with a description where that helps. */
export type Candidate = { word: string; summary: string };
/** Candidates that have to be read from the API. */
export type Known = {
  roles(): Promise<Candidate[]>;
  toDecide(): Promise<Candidate[]>;
  blocks(): Promise<Candidate[]>;
};

/**
 * @param words after `latchkey`; the last one is being typed, and may be empty
 * @returns nothing for a file, a shell command or free text
 */
export async function candidatesFor(
  commands: readonly AnyCommand[],
  words: readonly string[],
  known: Known,
): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const all = await allFor(commands, words.slice(0, -1), current, known);
  return all.filter(({ word }) => word.startsWith(current));
}

// -- internal --------------------------------------------------------------------------------------------------------

const own: Candidate[] = [
  { word: 'help', summary: 'Show the help of a command' },
  { word: 'version', summary: 'Show the version' },
];

async function allFor(
  commands: readonly AnyCommand[],
  before: readonly string[],
  current: string,
  known: Known,
): Promise<Candidate[]> {
  const [first, second] = before;
  if (first?.startsWith('--')) return afterOption(commands, before, current, known);
  if (first === undefined && current.startsWith('-')) return optionsBesides([]);
  if (first === undefined) return [...namesAfter(commands, ''), ...own];
  if (first === 'help') return namesAfter(commands, before.slice(1).join(' '));
  const command =
    commands.find(({ name }) => name === first) ?? commands.find(({ name }) => name === `${first} ${second}`);
  if (!command) return second === undefined ? namesAfter(commands, first) : [];
  return argumentsOf(command, before.slice(command.name.split(' ').length), current, known);
}

/** Common options may come before the command. */
function afterOption(
  commands: readonly AnyCommand[],
  [first = '', ...others]: readonly string[],
  current: string,
  known: Known,
): Promise<Candidate[]> | Candidate[] {
  const [name = '', inline] = first.slice(2).split('=', 2);
  const spec: OptionSpec | undefined = Object.hasOwn(commonOptions, name)
    ? commonOptions[name as keyof typeof commonOptions]
    : undefined;
  // bash gives `--name=value` as three words
  const words = others[0] === '=' ? others.slice(1) : others;
  if (!spec) return [];
  if (spec.type === 'flag' || inline !== undefined) return allFor(commands, words, current, known);
  return words.length === 0 ? valuesOf(spec, known) : allFor(commands, words.slice(1), current, known);
}

const optionsBesides = (used: readonly string[], options: Options = commonOptions): Candidate[] =>
  Object.entries(options).flatMap(([option, { summary, type }]) =>
    used.includes(option) && type !== 'list' ? [] : [{ word: `--${option}`, summary }],
  );

/** The next words of all command names that begin with these; a word shared by several names has no description. */
function namesAfter(commands: readonly AnyCommand[], begin: string): Candidate[] {
  const depth = begin === '' ? 0 : begin.split(' ').length;
  const fitting = commands.filter(({ name }) => begin === '' || name.startsWith(`${begin} `));
  const next = new Map<string, string[]>();
  for (const { name, summary } of fitting) {
    const parts = name.split(' ');
    const word = parts[depth];
    if (word !== undefined)
      next.set(word, [
        ...(next.get(word) ?? []),
        parts.length === depth + 1 ? summary : parts.slice(depth + 1).join(' '),
      ]);
  }
  return [...next].map(([word, summaries]) => ({ word, summary: summaries.join(', ') }));
}

async function argumentsOf(
  command: AnyCommand,
  given: readonly string[],
  current: string,
  known: Known,
): Promise<Candidate[]> {
  const options: Options = { ...command.options, ...commonOptionsOf(command) };
  // bash gives `--name=value` as three words
  const args = given.filter((word) => word !== '=');
  if (args.includes('--')) return [];
  const used: string[] = [];
  let pending: OptionSpec | undefined;
  let place = 0;
  for (const arg of args) {
    if (pending) pending = undefined;
    else if (arg.startsWith('--')) {
      const [name = '', value] = arg.slice(2).split('=', 2);
      used.push(name);
      const spec = Object.hasOwn(options, name) ? options[name] : undefined;
      pending = spec && spec.type !== 'flag' && value === undefined ? spec : undefined;
    } else place += 1;
  }
  if (pending) return valuesOf(pending, known);
  const [, name = '', begun] = /^--([\w-]+)(=)/.exec(current) ?? [];
  if (begun && Object.hasOwn(options, name))
    return (await valuesOf(options[name]!, known)).map(({ word, summary }) => ({ word: `--${name}=${word}`, summary }));
  if (current.startsWith('-')) return optionsBesides(used, options);
  const positional = command.positionals[place];
  if (!positional) return [];
  if (positional.values) return positional.values.map((word) => ({ word, summary: '' }));
  if (positional.from === 'to-decide') return known.toDecide();
  if (positional.from === 'blocks') return known.blocks();
  return positional.name.split('|').includes('ROLE') ? known.roles() : [];
}

async function valuesOf({ values, placeholder }: OptionSpec, known: Known): Promise<Candidate[]> {
  if (values) return values.map((word) => ({ word, summary: '' }));
  return placeholder === 'ROLE' ? known.roles() : [];
}
