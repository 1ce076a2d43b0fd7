// Renews an expired sign-in by its refresh token.
import { discover, fetchTokens, TokenRefused } from './oidc.ts';
import type { Settings } from './settings.ts';
import { forgetSignIn, keepRenewed, refreshTokenOf } from './sign-in.ts';
import { alone, fresh, readTokens, type Tokens } from './tokens.ts';
import type { World } from './world.ts';

/** @returns undefined if only a new sign-in can help, and then nothing stale is kept @throws Failure `try-again`, and `sign-in` if the keychain does not help */
export function refreshed(world: World, settings: Pick<Settings, 'url' | 'keychain'>): Promise<Tokens | undefined> {
  return alone(world, async () => {
    const kept = readTokens(world, settings.url);
    // another latchkey may have been first
    if (!kept || fresh(kept, world.now())) return kept;
    const refreshToken = await refreshTokenOf(world, settings.url, kept);
    if (refreshToken === undefined) return undefined;
    const issuer = await discover(world, kept.issuer);
    try {
      const renewed = await fetchTokens(
        world,
        { ...kept, issuer },
        { grant_type: 'refresh_token', refresh_token: refreshToken },
      );
      await keepRenewed(world, settings, renewed, kept, refreshToken);
      return renewed;
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      // one that took longer than its lock holds may have been first
      const others = readTokens(world, settings.url);
      if (others && fresh(others, world.now())) return others;
      await forgetSignIn(world, settings);
      return undefined;
    }
  });
}
