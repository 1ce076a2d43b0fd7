// The type of a command. Parsing, help, completions and docs/cli.md are all generated from it.
import type { World } from '../machine/world.ts';

export type OptionSpec = {
  /** a list option is repeated, once per value */
  type: 'text' | 'list' | 'flag';
  /** shown for the value: `2h`, `NAME` */
  placeholder?: string;
  summary: string;
  /** one-letter form */
  short?: string;
  /** the allowed values */
  values?: readonly string[];
  required?: boolean;
};
export type Options = Readonly<Record<string, OptionSpec>>;
type Value<Spec extends OptionSpec> = Spec extends { type: 'flag' }
  ? boolean
  : Spec extends { type: 'list' }
    ? readonly string[]
    : Spec extends { required: true }
      ? string
      : string | undefined;
export type Values<Specs extends Options> = { [Name in keyof Specs]: Value<Specs[Name]> };

export type Positional = {
  name: string;
  summary: string;
  optional?: boolean;
  /** the values that completions offer */
  values?: readonly string[];
  /** completions offer requests to decide or current blocks; an argument named ROLE offers roles */
  from?: 'to-decide' | 'blocks';
};

/** Options of every command. */
export const commonOptions = {
  url: {
    type: 'text',
    placeholder: 'URL',
    summary: 'URL of Latchkey (default: LATCHKEY_URL, then the configuration file)',
  },
  auth: {
    type: 'text',
    placeholder: 'HOW',
    summary:
      'how to sign in: token (LATCHKEY_TOKEN), login, aws (SigV4), or auto for the first of these that is available (default: auto)',
    values: ['auto', 'token', 'login', 'aws'],
  },
  json: {
    type: 'flag',
    summary:
      'print the JSON of the API, for example for jq; errors go to stderr as JSON, with the next steps in `next`',
  },
  debug: {
    type: 'flag',
    summary: 'show every call on stderr: method, path, status, time, request ID; never a secret',
  },
  help: { type: 'flag', short: 'h', summary: 'show this help' },
} as const satisfies Options;
/** The common options that a command accepts in addition to its own. */
export const commonOptionsOf = ({ apart }: Pick<AnyCommand, 'apart'>): Options =>
  apart ? { help: commonOptions.help } : commonOptions;
export type CommonValues = Values<typeof commonOptions>;

export type Input<Specs extends Options = Options> = {
  /** in the order of the command's positionals; an optional one may be missing */
  positionals: readonly string[];
  options: Values<Specs> & CommonValues;
  /** the arguments after `--` */
  rest: readonly string[];
};

/** Groups of commands, in the order of the help. */
export const groups = ['Get access', 'Use it', 'Decide', 'Set up', 'Administer'] as const;
export type Group = (typeof groups)[number];

export type Command<Specs extends Options = Options> = {
  name: string;
  /** its group in the help */
  group: Group;
  /** in the imperative, without a full stop */
  summary: string;
  /** paragraphs for help and docs */
  description?: readonly string[];
  /** does not call the API, and accepts only --help of the common options */
  apart?: boolean;
  positionals: readonly Positional[];
  options: Specs;
  /** the arguments after `--`, if the command accepts them */
  rest?: { name: string; summary: string; optional?: boolean };
  examples: readonly string[];
  /** @param commands every command of the program @returns the exit status, 0 if nothing @throws Failure */
  run(world: World, input: Input<Specs>, commands: Commands): Promise<number | undefined>;
};
/** A command with any options, for tables of commands. */
export type AnyCommand = Omit<Command, 'run'> & {
  run(world: World, input: Input, commands: Commands): Promise<number | undefined>;
};

/** Infers the types of the options for `run`, and returns the command as AnyCommand. */
export function command<const Specs extends Options>(spec: Command<Specs>): AnyCommand {
  return spec as unknown as AnyCommand;
}

/** Commands by name. */
export type Commands = Readonly<Record<string, () => Promise<AnyCommand>>>;
