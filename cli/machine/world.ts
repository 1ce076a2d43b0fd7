// What a command may touch: the environment, the clock, and the two streams. Tests give another one.
import type { Environment } from '../../lib/config.ts';

import type { ChildEnd, ChildOptions } from './child.ts';

export type World = {
  env: Environment;
  /** the user's home directory */
  home: string;
  platform: NodeJS.Platform;
  /** epoch milliseconds */
  now(): number;
  /** minutes that the time zone of whoever reads is ahead of UTC, at this instant in epoch milliseconds */
  offsetAt(ms: number): number;
  /** to stdout, as it is: what the command was asked for */
  out(text: string): void;
  /** to stderr, as it is: everything said beside it */
  err(text: string): void;
  outIsTerminal: boolean;
  errIsTerminal: boolean;
  /** how many characters fit on a line of the terminal that stdout is; undefined for anything else */
  columns(): number | undefined;
  /** @param ms how long; ends early, without an error, when `signal` is aborted */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Aborted at Ctrl-C from now on, instead of ending the program; `release` gives Ctrl-C back. */
  interrupt(): { signal: AbortSignal; release(): void };
  /** Asks whoever sits at the terminal for one line; undefined where nobody does. */
  ask(question: string): Promise<string | undefined>;
  /** Runs another program to its end, with this environment. Never rejects. */
  run(program: string, args: readonly string[], options?: ChildOptions): Promise<ChildEnd>;
  /** The AWS credentials of this machine that are not in its environment. @param profile the default chain's, if left out */
  awsKeys(profile?: string): Promise<FoundKeys>;
  /** program and first arguments that start this command line again; absolute paths, also where the PATH leads to it, if that is wanted */
  self(isAbsolute?: boolean): readonly string[];
};

/** A variable that is empty counts as not set. */
export const variable = ({ env }: Pick<World, 'env'>, name: string): string | undefined => env[name] || undefined;

/** The keys, or why there are none. No class of an error crosses from this file to the program, which has classes of its own. */
export type FoundKeys = AwsKeys | { why: string };

export type AwsKeys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
