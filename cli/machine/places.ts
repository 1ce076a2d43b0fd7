// Where the command line keeps what it keeps.
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
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

const configDirectory = (world: Where): string => join(baseFolder(world, 'XDG_CONFIG_HOME', '.config'), 'latchkey');
const cacheDirectory = (world: Where): string => join(baseFolder(world, 'XDG_CACHE_HOME', '.cache'), 'latchkey');

/** XDG Base Directory Specification: a path that is relative is invalid, and ignored. */
function baseFolder(world: Where, name: string, ordinary: string): string {
  const given = variable(world, name);
  return given !== undefined && isAbsolute(given) ? given : join(world.home, ordinary);
}

/** `~/.config/latchkey/config.json`, or what LATCHKEY_CONFIG says. */
export const configPath = (world: Where): string =>
  variable(world, 'LATCHKEY_CONFIG') ?? join(configDirectory(world), 'config.json');
/** What 0.1.0 wrote, and nothing reads any more. */
export const formerConfigPath = (world: Where): string => join(configDirectory(world), 'config.yml');

/** Tokens of `latchkey login`; 0600. */
export const tokensPath = (world: Where): string => join(cacheDirectory(world), 'tokens.json');
/** The session that `--cache` keeps for a role or request; 0600. A disk may take `Read` and `read` for one name, so capitals are written as numbers. */
export const sessionPath = (world: Where, target: string): string =>
  join(sessionsDirectory(world), `${target.replace(/[^a-z0-9.-]/g, asNumber)}.json`);
const asNumber = (character: string): string => `_${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
export const sessionsDirectory = (world: Where): string => join(cacheDirectory(world), 'sessions');

/** `~/.aws/config` and `~/.aws/credentials`, or what the AWS tools' own variables say. */
export const awsConfigPath = (world: Where): string =>
  variable(world, 'AWS_CONFIG_FILE') ?? join(world.home, '.aws', 'config');
export const awsCredentialsPath = (world: Where): string =>
  variable(world, 'AWS_SHARED_CREDENTIALS_FILE') ?? join(world.home, '.aws', 'credentials');
