// Where a sign-in is kept: what renews it in the system's keychain, if there is one, and the rest in the 0600 file, which is all that a call needs.
import { Failure } from '../machine/exit.ts';
import { tokensPath } from '../machine/places.ts';
import type { World } from '../machine/world.ts';
import type { Settings } from '../options/settings.ts';
import { findKeychain } from './keychain.ts';
import { forgetTokens, type KeptTokens, keepTokens, readTokens, type Tokens } from './tokens.ts';

type Where = Pick<Settings, 'url' | 'keychain'>;
/** Where the refresh token is; and why it is not in the keychain, unless it should not be. */
export type Place = { in: 'keychain' | 'file'; why?: string };

/** Keeps a new sign-in. */
export async function keepSignIn(world: World, where: Where, tokens: Tokens): Promise<Place> {
  const before = readTokens(world, where.url);
  const place = await placed(world, where, tokens.refreshToken);
  await keep(world, where.url, tokens, place, before);
  return place;
}

/**
 * Keeps a renewed sign-in where it was: one that is in the file stays there until the next login.
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
      `latchkey: What renews your sign-in is now in ${tokensPath(world)}, which only you can read, and not in the keychain: ${place.why}.\n`,
    );
  await keep(world, where.url, renewed, place, before);
}

/** @returns the refresh token, undefined if the sign-in has none @throws Failure `sign-in` if the keychain does not hand it over */
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
    `Your sign-in has expired; what renews it is in the keychain, which ${isFound ? 'did not hand it over' : `is out of reach: ${keychain}`}.`,
    [
      'Sign in again: latchkey login (or unlock the keychain, and try again)',
      'Where nobody can unlock it, as in cron, keep the sign-in in a file: LATCHKEY_KEYCHAIN=off latchkey login',
    ],
  );
}

/** @returns whether there was one */
export async function forgetSignIn(world: World, { url, keychain }: Where): Promise<boolean> {
  const isInKeychain = readTokens(world, url)?.refreshTokenIn === 'keychain';
  const wasThere = await forgetTokens(world, url);
  // asked even if the file knows of none: it can have been lost
  const isGone = (isInKeychain || keychain !== 'off') && (await removed(world, url));
  if (isInKeychain && !isGone)
    world.err(
      'latchkey: The keychain did not remove what renews your sign-in. Remove its entry "Latchkey sign-in" by hand.\n',
    );
  return wasThere;
}

// -- internal --------------------------------------------------------------------------------------------------------

/** One for each Latchkey and home, so that two people, or two homes of one, never renew each other's sign-in. */
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

/** Puts a refresh token where it belongs, if that is the keychain. */
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

/** Writes the file, after the keychain: a crash in between leaves behind what renews the sign-in, and no memory of something that is nowhere. */
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
