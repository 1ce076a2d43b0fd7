// Revokes the refresh token at its issuer, so that copies of it are useless.
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import type { Settings } from '../options/settings.ts';
import { discover, Refused, revokeToken, signInRefused } from './oidc.ts';
import { refreshTokenOf } from './sign-in.ts';
import { readTokens } from './tokens.ts';

/** Never throws for an issuer that fails, so that logout always removes the local sign-in. @returns why the token was not revoked; undefined if it was, or if there was none */
export async function endAtIssuer(world: World, settings: Settings): Promise<string | undefined> {
  try {
    await revoke(world, settings);
    return undefined;
  } catch (error) {
    const failure = error instanceof Refused ? signInRefused(error) : error;
    if (failure instanceof Failure) return failure.message;
    throw failure;
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

async function revoke(world: World, { url, clientSecret }: Settings): Promise<void> {
  const kept = readTokens(world, url);
  const token = kept && (await refreshTokenOf(world, url, kept));
  if (token === undefined) return;
  const { clientId, scope } = kept!;
  const issuer = await discover(world, kept!.issuer);
  await revokeToken(world, { issuer, clientId, clientSecret, scope, parameters: {} }, token);
}
