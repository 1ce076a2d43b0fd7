// Renews an expired sign-in with its refresh token.
import type { World } from '../machine/world.ts';
import type { Settings } from '../options/settings.ts';
import { discover, Refused, signInRefused, tokensByRefresh } from './oidc.ts';
import { forgetSignIn, keepRenewed, refreshTokenOf } from './sign-in.ts';
import { alone, fresh, readTokens, type Tokens } from './tokens.ts';

type Where = Pick<Settings, 'url' | 'keychain' | 'clientSecret'>;

/** @returns undefined if a new sign-in is required; the old one is then removed @throws Failure `try-again`, or `sign-in` if the keychain fails */
export function refreshed(world: World, settings: Where): Promise<Tokens | undefined> {
  return alone(world, async () => {
    const kept = readTokens(world, settings.url);
    // another latchkey process may have renewed it already
    if (!kept || fresh(kept, world.now())) return kept;
    const refreshToken = await refreshTokenOf(world, settings.url, kept);
    if (refreshToken === undefined) return undefined;
    const { clientId, scope } = kept;
    const issuer = await discover(world, kept.issuer);
    const client = { issuer, clientId, clientSecret: settings.clientSecret, scope, parameters: {} };
    try {
      const renewed = await tokensByRefresh(world, client, refreshToken);
      await keepRenewed(world, settings, renewed, kept, refreshToken);
      return renewed;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // a process that outlived its lock may have renewed it already
      const others = readTokens(world, settings.url);
      if (others && fresh(others, world.now())) return others;
      // other errors, such as an invalid client, say nothing about the token
      if (error.code !== 'invalid_grant') throw signInRefused(error);
      await forgetSignIn(world, settings);
      return undefined;
    }
  });
}
