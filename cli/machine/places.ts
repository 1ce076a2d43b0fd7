// The paths of the files that the command line reads and writes.
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { variable, type World } from './world.ts';

type Where = Pick<World, 'env' | 'home'>;

/** A container may run under a user ID without a home directory; then nothing is read or written. */
export function homeDirectory(): string {
  try {
    return homedir() || userInfo().homedir;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SYSTEM_ERROR') return '/nonexistent';
    throw error;
  }
}

const configDirectory = (world: Where): string => join(baseFolder(world, 'XDG_CONFIG_HOME', '.config'), 'latchkey');
const cacheDirectory = (world: Where): string => join(baseFolder(world, 'XDG_CACHE_HOME', '.cache'), 'latchkey');

/** A relative path is invalid and ignored (XDG Base Directory Specification). */
function baseFolder(world: Where, name: string, ordinary: string): string {
  const given = variable(world, name);
  return given !== undefined && isAbsolute(given) ? given : join(world.home, ordinary);
}

/** `~/.config/latchkey/config.json`, or the value of LATCHKEY_CONFIG. */
export const configPath = (world: Where): string =>
  variable(world, 'LATCHKEY_CONFIG') ?? join(configDirectory(world), 'config.json');
/** The configuration file of 0.1.0, which is no longer read. */
export const formerConfigPath = (world: Where): string => join(configDirectory(world), 'config.yml');

/** Tokens of `latchkey login`; 0600. */
export const tokensPath = (world: Where): string => join(cacheDirectory(world), 'tokens.json');
/** The session that `--cache` keeps for a role or request; 0600. File names can be case-insensitive, so capitals are written as numbers. */
export const sessionPath = (world: Where, target: string): string =>
  join(sessionsDirectory(world), `${target.replace(/[^a-z0-9.-]/g, asNumber)}.json`);
const asNumber = (character: string): string => `_${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
export const sessionsDirectory = (world: Where): string => join(cacheDirectory(world), 'sessions');

/** `~/.aws/config` and `~/.aws/credentials`, or the paths in the variables of the AWS tools. */
export const awsConfigPath = (world: Where): string =>
  variable(world, 'AWS_CONFIG_FILE') ?? join(world.home, '.aws', 'config');
export const awsCredentialsPath = (world: Where): string =>
  variable(world, 'AWS_SHARED_CREDENTIALS_FILE') ?? join(world.home, '.aws', 'credentials');
