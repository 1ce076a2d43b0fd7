// Stores a sign-in: the refresh token in the system's keychain, if there is one, and the rest in a 0600 file, which is enough for a call.
import { Failure } from '../machine/exit.ts';
import { tokensPath } from '../machine/places.ts';
import type { World } from '../machine/world.ts';
import type { Settings } from '../options/settings.ts';
import { findKeychain } from './keychain.ts';
import { forgetTokens, type KeptTokens, keepTokens, readTokens, type Tokens } from './tokens.ts';

type Where = Pick<Settings, 'url' | 'keychain'>;
/** Where the refresh token is stored, and why not in the keychain unless that is switched off. */
export type Place = { in: 'keychain' | 'file'; why?: string };

/** Stores a new sign-in. */
export async function keepSignIn(world: World, where: Where, tokens: Tokens): Promise<Place> {
  const before = readTokens(world, where.url);
  const place = await placed(world, where, tokens.refreshToken);
  await keep(world, where.url, tokens, place, before);
  return place;
}

/**
 * Stores a renewed sign-in where it was: one in the file stays there until the next login.
 * @param before as it was read from the file
 * @param used the refresh token that renewed it
 */
export async function keepRenewed(
  world: World,
  where: Where,
  renewed: Tokens,
  before: KeptTokens,
  used: string,
): Promise<void> {
  const place = await placeOfRenewed(world, where, renewed, before, used);
  if (place.why !== undefined)
    world.err(
      `latchkey: The refresh token is now stored in ${tokensPath(world)}, which only you can read, because the keychain cannot be used: ${place.why}.\n`,
    );
  await keep(world, where.url, renewed, place, before);
}

/** @returns the refresh token, undefined if the sign-in has none @throws Failure `sign-in` if the keychain does not return it */
export async function refreshTokenOf(
  world: World,
  url: string,
  { refreshTokenIn, refreshToken }: KeptTokens,
): Promise<string | undefined> {
  if (refreshTokenIn !== 'keychain') return refreshToken;
  const keychain = findKeychain(world);
  const isFound = typeof keychain !== 'string';
  const found = isFound ? await keychain.recall(accountOf(world, url)) : undefined;
  if (found !== undefined) return found;
  throw new Failure(
    'sign-in',
    `Your sign-in has expired. Its refresh token is in the keychain, which ${isFound ? 'did not return it' : `cannot be used: ${keychain}`}.`,
    [
      'Sign in again: latchkey login (or unlock the keychain and try again)',
      'If nobody can unlock it, as in cron, keep the sign-in in a file: LATCHKEY_KEYCHAIN=off latchkey login',
    ],
  );
}

/** @returns whether there was one */
export async function forgetSignIn(world: World, { url, keychain }: Where): Promise<boolean> {
  const isInKeychain = readTokens(world, url)?.refreshTokenIn === 'keychain';
  const wasThere = await forgetTokens(world, url);
  // also if the file lists none, because the file may have been lost
  const isGone = (isInKeychain || keychain !== 'off') && (await removed(world, url));
  if (isInKeychain && !isGone)
    world.err(
      'latchkey: The keychain did not remove the refresh token. Remove its entry "Latchkey sign-in" manually.\n',
    );
  return wasThere;
}

// -- internal --------------------------------------------------------------------------------------------------------

/** One entry per deployment and home directory, so that two people (or two homes) never renew each other's sign-in. */
const accountOf = (world: World, url: string): string => `${url} ${tokensPath(world)}`;

async function placeOfRenewed(
  world: World,
  where: Where,
  { refreshToken }: Tokens,
  { refreshTokenIn }: KeptTokens,
  used: string,
): Promise<Place> {
  if (refreshTokenIn !== 'keychain') return { in: 'file' };
  const isThere = where.keychain !== 'off' && refreshToken === used;
  return isThere ? { in: 'keychain' } : placed(world, where, refreshToken);
}

/** Stores the refresh token in the keychain, if that is where it belongs. */
async function placed(
  world: World,
  { url, keychain: wanted }: Where,
  refreshToken: string | undefined,
): Promise<Place> {
  if (refreshToken === undefined || wanted === 'off') return { in: 'file' };
  const keychain = findKeychain(world);
  const why = typeof keychain === 'string' ? keychain : await keychain.keep(accountOf(world, url), refreshToken);
  return why === undefined ? { in: 'keychain' } : { in: 'file', why };
}

/** Writes the file after the keychain, so that after a crash in between the file never refers to a missing keychain entry. */
async function keep(
  world: World,
  url: string,
  tokens: Tokens,
  place: Place,
  before: KeptTokens | undefined,
): Promise<void> {
  const { refreshToken, ...others } = tokens;
  if (place.in === 'keychain') return keepTokens(world, url, { ...others, refreshTokenIn: 'keychain' });
  await keepTokens(world, url, tokens);
  if (before?.refreshTokenIn === 'keychain') await removed(world, url);
}

async function removed(world: World, url: string): Promise<boolean> {
  const keychain = findKeychain(world);
  return typeof keychain !== 'string' && keychain.forget(accountOf(world, url));
}
