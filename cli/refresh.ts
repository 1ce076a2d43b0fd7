// Renews an expired sign-in by its refresh token.
import { discover, fetchTokens, TokenRefused } from './oidc.ts';
import { alone, forgetTokens, fresh, keepTokens, readTokens, type Tokens } from './tokens.ts';
import type { World } from './world.ts';

/** @returns undefined if only a new sign-in can help, and then nothing stale is kept @throws Failure `try-again` */
export function refreshed(world: World, url: string): Promise<Tokens | undefined> {
  return alone(world, async () => {
    const kept = readTokens(world, url);
    // another latchkey may have been first
    if (!kept || fresh(kept, world.now())) return kept;
    if (kept.refreshToken === undefined) return undefined;
    const issuer = await discover(world, kept.issuer);
    try {
      const renewed = await fetchTokens(world, { ...kept, issuer }, { grant_type: 'refresh_token', refresh_token: kept.refreshToken });
      await keepTokens(world, url, renewed);
      return renewed;
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      await forgetTokens(world, url);
      return undefined;
    }
  });
}
