// Everything that a command may touch: environment, clock and output streams. Tests provide their own.
import type { Environment } from '../../lib/config.ts';

import type { ChildEnd, ChildOptions } from './child.ts';

export type World = {
  env: Environment;
  /** the user's home directory */
  home: string;
  platform: NodeJS.Platform;
  /** epoch milliseconds */
  now(): number;
  /** minutes that the user's time zone is ahead of UTC at this instant, in epoch milliseconds */
  offsetAt(ms: number): number;
  /** writes to stdout: the result of the command */
  out(text: string): void;
  /** writes to stderr: all other messages */
  err(text: string): void;
  outIsTerminal: boolean;
  errIsTerminal: boolean;
  /** width of the terminal in characters; undefined if stdout is not a terminal */
  columns(): number | undefined;
  /** @param ms how long; returns early, without an error, when `signal` is aborted */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** From now on, Ctrl-C aborts this signal instead of ending the program; `release` restores the default. */
  interrupt(): { signal: AbortSignal; release(): void };
  /** Asks for one line at the terminal; undefined if there is no terminal. */
  ask(question: string): Promise<string | undefined>;
  /** Runs another program with this environment and waits for its end. Never rejects. */
  run(program: string, args: readonly string[], options?: ChildOptions): Promise<ChildEnd>;
  /** The AWS credentials of this machine, other than environment variables. @param profile (default: the SDK's default chain) */
  awsKeys(profile?: string): Promise<FoundKeys>;
  /** program and first arguments that start this command line again; with `absolute`, absolute paths even if it is on the PATH */
  self(isAbsolute?: boolean): readonly string[];
};

/** An empty variable counts as not set. */
export const variable = ({ env }: Pick<World, 'env'>, name: string): string | undefined => env[name] || undefined;

/** The keys, or why there are none. Errors are returned as text, because each bundle has its own copy of the error classes. */
export type FoundKeys = AwsKeys | { why: string };

export type AwsKeys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
