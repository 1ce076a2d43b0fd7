// The tokens of `latchkey login` in a 0600 file: one set per deployment, without the refresh token if a keychain has it.
import { MINUTE, SECOND } from '../../lib/common/time.ts';
import { parsedJson } from '../machine/json-text.ts';
import { tokensPath } from '../machine/places.ts';
import { readText, withLock, writeWhole } from '../machine/whole-file.ts';
import type { World } from '../machine/world.ts';

export type Tokens = {
  accessToken: string;
  refreshToken?: string;
  /** epoch milliseconds */
  expiresAt: number;
  issuer: string;
  clientId: string;
  scope: string;
};
export type KeptTokens = Tokens & {
  /** whether the refresh token is in the keychain instead of the file */
  refreshTokenIn?: 'keychain';
};
type Kept = Record<string, KeptTokens>;

/** How long a token must still be valid to be sent. */
export const fresh = (tokens: Tokens, now: number): boolean => tokens.expiresAt - now > 30 * SECOND;

/** @param url of Latchkey */
export const readTokens = (world: World, url: string): KeptTokens | undefined => readAll(world)[url];

export async function keepTokens(world: World, url: string, tokens: KeptTokens): Promise<void> {
  await change(world, (all) => ({ ...all, [url]: tokens }));
}

/** @returns whether tokens were removed */
export async function forgetTokens(world: World, url: string): Promise<boolean> {
  const had = readTokens(world, url) !== undefined;
  if (had) await change(world, ({ [url]: _, ...others }) => others);
  return had;
}

/** Runs one refresh at a time: an issuer that rotates refresh tokens accepts each only once. Other processes wait as long as keychain and issuer may take. */
export const alone = <T>(world: World, work: () => Promise<T>): Promise<T> =>
  withLock(world, `${tokensPath(world)}.refresh`, work, MINUTE);

/** Epoch milliseconds from an issuer's `expires_in`, which may be left out (RFC 6749 section 5.1). */
export const expiryOf = (expiresIn: unknown, now: number): number =>
  now + (typeof expiresIn === 'number' && expiresIn > 0 ? expiresIn * SECOND : 5 * MINUTE);

// -- internal --------------------------------------------------------------------------------------------------------

async function change(world: World, edit: (all: Kept) => Kept): Promise<void> {
  const path = tokensPath(world);
  await withLock(world, path, () =>
    writeWhole(path, JSON.stringify(edit(readAll(world))), { mode: 0o600, force: true }),
  );
}

function readAll(world: World): Kept {
  const path = tokensPath(world);
  const text = readText(path);
  if (text === undefined) return {};
  const found = parsedJson(text);
  if (found !== null && typeof found === 'object' && Object.values(found).every(isTokens)) return found as Kept;
  world.err(`latchkey: ${path} is damaged and is ignored; the next login replaces it.\n`);
  return {};
}

const isTokens = (value: unknown): value is Tokens =>
  value !== null &&
  typeof value === 'object' &&
  'accessToken' in value &&
  typeof value.accessToken === 'string' &&
  'expiresAt' in value &&
  typeof value.expiresAt === 'number';
