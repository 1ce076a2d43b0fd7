// A command as a value: what it takes, what it does. Parsing, help, completions and docs/cli.md are all made from it.
import type { World } from '../machine/world.ts';

export type OptionSpec = {
  /** a list is given once for each of its values */
  type: 'text' | 'list' | 'flag';
  /** of what stands behind a text option or each value of a list: `2h`, `NAME` */
  placeholder?: string;
  summary: string;
  /** the letter that is the same with one dash */
  short?: string;
  /** the only values it takes */
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
  /** what completions offer */
  values?: readonly string[];
  /** they offer the requests that wait for the caller's decision, or the blocks that stand; roles are known by the name */
  from?: 'to-decide' | 'blocks';
};

/** Options that every command takes. */
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
/** The common options that a command takes besides its own. */
export const commonOptionsOf = ({ apart }: Pick<AnyCommand, 'apart'>): Options =>
  apart ? { help: commonOptions.help } : commonOptions;
export type CommonValues = Values<typeof commonOptions>;

export type Input<Specs extends Options = Options> = {
  /** in the order of the command's positionals; an optional one may be missing */
  positionals: readonly string[];
  options: Values<Specs> & CommonValues;
  /** what stands behind `--` */
  rest: readonly string[];
};

/** What somebody is about to do, in the order of the help. */
export const groups = ['Get access', 'Use it', 'Decide', 'Set up', 'Administer'] as const;
export type Group = (typeof groups)[number];

export type Command<Specs extends Options = Options> = {
  name: string;
  /** under which the help lists it */
  group: Group;
  /** in the imperative, without a full stop */
  summary: string;
  /** paragraphs for help and docs */
  description?: readonly string[];
  /** has nothing to do with the API, and takes none of the options of those that call it */
  apart?: boolean;
  positionals: readonly Positional[];
  options: Specs;
  /** what stands behind `--`, where a command takes that */
  rest?: { name: string; summary: string; optional?: boolean };
  examples: readonly string[];
  /** @param commands every command of the program @returns the exit status, 0 if nothing @throws Failure */
  run(world: World, input: Input<Specs>, commands: Commands): Promise<number | undefined>;
};
/** Any command, as tables hold it. */
export type AnyCommand = Omit<Command, 'run'> & {
  run(world: World, input: Input, commands: Commands): Promise<number | undefined>;
};

/** Keeps the types of the options for `run`, and hands the command on as any other. */
export function command<const Specs extends Options>(spec: Command<Specs>): AnyCommand {
  return spec as unknown as AnyCommand;
}

/** Commands by name. */
export type Commands = Readonly<Record<string, () => Promise<AnyCommand>>>;
