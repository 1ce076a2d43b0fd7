// Where the command line keeps what it keeps.
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { variable, type World } from './world.ts';

type Where = Pick<World, 'env' | 'home'>;

/** A container may run as a number that belongs to nobody: then there is nothing to read, and nowhere to write. */
export function homeDirectory(): string {
  try {
    return homedir() || userInfo().homedir;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SYSTEM_ERROR') return '/nonexistent';
    throw error;
  }
}

/** `~/.config/latchkey/config.yml` (XDG Base Directory Specification), or what LATCHKEY_CONFIG says. */
export const configPath = (world: Where): string =>
  variable(world, 'LATCHKEY_CONFIG') ??
  join(variable(world, 'XDG_CONFIG_HOME') ?? join(world.home, '.config'), 'latchkey', 'config.yml');

const cacheDirectory = (world: Where): string =>
  join(variable(world, 'XDG_CACHE_HOME') ?? join(world.home, '.cache'), 'latchkey');

/** Tokens of `latchkey login`; 0600. */
export const tokensPath = (world: Where): string => join(cacheDirectory(world), 'tokens.json');
/** The session that `--cache` keeps for a role or request; 0600. */
export const sessionPath = (world: Where, target: string): string =>
  join(cacheDirectory(world), 'sessions', `${target}.json`);
export const sessionsDirectory = (world: Where): string => join(cacheDirectory(world), 'sessions');

/** `~/.aws/config` and `~/.aws/credentials`, or what the AWS tools' own variables say. */
export const awsConfigPath = (world: Where): string =>
  variable(world, 'AWS_CONFIG_FILE') ?? join(world.home, '.aws', 'config');
export const awsCredentialsPath = (world: Where): string =>
  variable(world, 'AWS_SHARED_CREDENTIALS_FILE') ?? join(world.home, '.aws', 'credentials');
