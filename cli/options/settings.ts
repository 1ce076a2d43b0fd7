// The settings of a command: flags override environment variables, which override the configuration file.
import { Failure } from '../machine/exit.ts';
import { configPath, formerConfigPath } from '../machine/places.ts';
import { readUtf8 } from '../machine/whole-file.ts';
import { variable, type World } from '../machine/world.ts';
import type { CommonValues } from './command.ts';
import { type ConfigValues, parseConfig } from './config-file.ts';

export type Auth = 'auto' | 'token' | 'login' | 'aws';
export type Keychains = 'auto' | 'off';
export type Settings = Omit<ConfigValues, 'url' | 'auth' | 'keychain'> & {
  /** without a trailing slash */
  url: string;
  auth: Auth;
  /** whether the refresh token is kept in the system's keychain */
  keychain: Keychains;
  debug: boolean;
  json: boolean;
};

/** Prints warnings about the file to stderr. @throws Failure if no URL is configured, or a setting is invalid */
export function readSettings(world: World, options: CommonValues): Settings {
  const path = configPath(world);
  const { values, warnings } = parseConfig(readUtf8(path), path);
  for (const warning of warnings) world.err(`latchkey: ${warning}\n`);
  const { url: keptUrl, auth: keptAuth, keychain: keptKeychain, ...rest } = values;
  const url = options.url ?? variable(world, 'LATCHKEY_URL') ?? keptUrl;
  if (url === undefined) throw noUrl(world);
  const auth = options.auth ?? variable(world, 'LATCHKEY_AUTH') ?? keptAuth ?? 'auto';
  if (!isAuth(auth))
    throw new Failure('usage', `The setting "auth" must be auto, token, login or aws, not "${auth}".`, [
      `Check --auth, LATCHKEY_AUTH and ${path}.`,
    ]);
  const keychain = variable(world, 'LATCHKEY_KEYCHAIN') ?? keptKeychain ?? 'auto';
  if (keychain !== 'auto' && keychain !== 'off')
    throw new Failure('usage', `The setting "keychain" must be auto or off, not "${keychain}".`, [
      `Check LATCHKEY_KEYCHAIN and ${path}.`,
    ]);
  const { offlineAccess } = rest;
  if (offlineAccess !== undefined && offlineAccess !== 'auto' && offlineAccess !== 'off')
    throw new Failure('usage', `${path}: "offlineAccess" must be auto or off, not "${offlineAccess}".`);
  const region = variable(world, 'LATCHKEY_REGION') ?? rest.region;
  const clientSecret = variable(world, 'LATCHKEY_CLIENT_SECRET') ?? rest.clientSecret;
  return {
    ...rest,
    ...(region !== undefined && { region }),
    ...(clientSecret !== undefined && { clientSecret }),
    url: checkedUrl(url),
    auth,
    keychain,
    debug: options.debug,
    json: options.json,
  };
}

function noUrl(world: World): Failure {
  const former = formerConfigPath(world);
  return new Failure('usage', 'No Latchkey URL is configured.', [
    'Run once: latchkey setup https://latchkey.example.com',
    'or for this shell: export LATCHKEY_URL=https://latchkey.example.com',
    ...(readUtf8(former) === undefined ? [] : [`(${former} was written by version 0.1.0 and is no longer read.)`]),
  ]);
}

/** Anyone on the network could use a token or signature sent in the clear, so http is allowed only to this machine. */
export function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const isSafe = url !== undefined && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback));
  if (!isSafe || url.username || url.password || url.search || url.hash) {
    throw new Failure(
      'usage',
      `"${text}" is not a valid Latchkey URL: it must be an https URL (or http on this machine) without query or password.`,
      meantBy(text),
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** Suggests the scheme if only a host was given. */
function meantBy(text: string): string[] {
  const isHost = /^[\w.-]+(?::\d+)?(?:\/\S*)?$/.test(text);
  return isHost
    ? [`Did you mean ${/^(?:localhost|127\.0\.0\.1)\b/.test(text) ? 'http' : 'https'}://${text}?`]
    : ['Example: https://latchkey.example.com'];
}

const isAuth = (text: string): text is Auth => ['auto', 'token', 'login', 'aws'].includes(text);
