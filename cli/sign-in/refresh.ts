// Renews an expired sign-in by its refresh token.
import type { World } from '../machine/world.ts';
import type { Settings } from '../options/settings.ts';
import { discover, Refused, signInRefused, tokensByRefresh } from './oidc.ts';
import { forgetSignIn, keepRenewed, refreshTokenOf } from './sign-in.ts';
import { alone, fresh, readTokens, type Tokens } from './tokens.ts';

type Where = Pick<Settings, 'url' | 'keychain' | 'clientSecret'>;

/** @returns undefined if only a new sign-in can help, and then nothing stale is kept @throws Failure `try-again`, and `sign-in` if the keychain does not help */
export function refreshed(world: World, settings: Where): Promise<Tokens | undefined> {
  return alone(world, async () => {
    const kept = readTokens(world, settings.url);
    // another latchkey may have been first
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
      // one that took longer than its lock holds may have been first
      const others = readTokens(world, settings.url);
      if (others && fresh(others, world.now())) return others;
      // anything else, such as a client that is wrong, says nothing of the token
      if (error.code !== 'invalid_grant') throw signInRefused(error);
      await forgetSignIn(world, settings);
      return undefined;
    }
  });
}
