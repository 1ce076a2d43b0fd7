// Where Latchkey is and how to sign in: flags before environment before the configuration file.
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
  /** whether the system's keychain takes what renews a login */
  keychain: Keychains;
  debug: boolean;
  json: boolean;
};

/** What is wrong in the file and can be passed over is said on stderr. @throws Failure if no URL is known, or a setting is wrong */
export function readSettings(world: World, options: CommonValues): Settings {
  const path = configPath(world);
  const { values, warnings } = parseConfig(readUtf8(path), path);
  for (const warning of warnings) world.err(`latchkey: ${warning}\n`);
  const { url: keptUrl, auth: keptAuth, keychain: keptKeychain, ...rest } = values;
  const url = options.url ?? variable(world, 'LATCHKEY_URL') ?? keptUrl;
  if (url === undefined) throw noUrl(world);
  const auth = options.auth ?? variable(world, 'LATCHKEY_AUTH') ?? keptAuth ?? 'auto';
  if (!isAuth(auth))
    throw new Failure('usage', `The way to sign in must be auto, token, login or aws, not "${auth}".`, [
      `Check --auth, LATCHKEY_AUTH and ${path}.`,
    ]);
  const keychain = variable(world, 'LATCHKEY_KEYCHAIN') ?? keptKeychain ?? 'auto';
  if (keychain !== 'auto' && keychain !== 'off')
    throw new Failure('usage', `The keychain must be auto or off, not "${keychain}".`, [
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
  return new Failure('usage', 'It is not known yet where Latchkey is.', [
    'Say it once: latchkey setup https://latchkey.example.com',
    'or for this shell: export LATCHKEY_URL=https://latchkey.example.com',
    ...(readUtf8(former) === undefined ? [] : [`(${former} is of version 0.1.0, and is not read any more.)`]),
  ]);
}

/** A token or signature sent in the clear could be used by anybody on the way, so only this machine's own address may be http. */
export function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const isSafe = url !== undefined && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback));
  if (!isSafe || url.username || url.password || url.search || url.hash) {
    throw new Failure(
      'usage',
      `"${text}" is no address of Latchkey: it must be an https URL, or http on this machine, without query or password.`,
      meantBy(text),
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** A host alone is an address that lacks its beginning. */
function meantBy(text: string): string[] {
  const isHost = /^[\w.-]+(?::\d+)?(?:\/\S*)?$/.test(text);
  return isHost
    ? [`Did you mean ${/^(?:localhost|127\.0\.0\.1)\b/.test(text) ? 'http' : 'https'}://${text}?`]
    : ['It is such as https://latchkey.example.com'];
}

const isAuth = (text: string): text is Auth => ['auto', 'token', 'login', 'aws'].includes(text);
