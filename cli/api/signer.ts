// Chooses how to authenticate: a token for /v1, or AWS credentials that sign for /iam/v1.
import { Failure } from '../machine/exit.ts';
import { parsedJson } from '../machine/json-text.ts';
import { variable, type World } from '../machine/world.ts';
import type { Settings } from '../options/settings.ts';
import { fresh, readTokens } from '../sign-in/tokens.ts';
import { awsSigner } from './aws-signer.ts';
import type { Signer } from './signed-call.ts';

/** @throws Failure `sign-in` that lists the ways to sign in */
export async function findSigner(world: World, settings: Settings): Promise<Signer> {
  const { auth } = settings;
  const token = variable(world, 'LATCHKEY_TOKEN');
  if (token !== undefined && (auth === 'auto' || auth === 'token')) {
    if (!/^[\x21-\x7e]+$/.test(token))
      throw new Failure(
        'sign-in',
        'LATCHKEY_TOKEN contains characters that are not allowed in a token, such as a line break.',
      );
    return bearer(token);
  }
  if (auth === 'token')
    throw new Failure('sign-in', 'LATCHKEY_TOKEN is not set.', ['Set it to an access token, or leave --auth out.']);
  const login = auth === 'aws' ? undefined : await loginSigner(world, settings);
  if (login) return login;
  if (auth === 'login')
    throw new Failure('sign-in', `You are not signed in at ${settings.url}.`, ['Sign in: latchkey login']);
  return awsSigner(world, settings);
}

// -- internal --------------------------------------------------------------------------------------------------------

function bearer(token: string): Signer {
  const claims = claimsIn(token);
  return {
    mount: '/v1',
    who: `token ${claims ? `${claims.iss}#${claims.sub}` : 'opaque'}`,
    ...(claims && { claims }),
    headersFor: () => ({ authorization: `Bearer ${token}` }),
  };
}

async function loginSigner(world: World, settings: Settings): Promise<Signer | undefined> {
  const tokens = readTokens(world, settings.url);
  if (!tokens) return undefined;
  if (fresh(tokens, world.now())) return bearer(tokens.accessToken);
  const { refreshed } = await import('../sign-in/refresh.ts');
  const renewed = await refreshed(world, settings);
  if (renewed) return bearer(renewed.accessToken);
  throw new Failure('sign-in', 'Your sign-in has expired.', ['Sign in again: latchkey login']);
}

/** The claims of a token, unverified: the gateway verifies it. */
function claimsIn(token: string): Record<string, unknown> | undefined {
  const claims = parsedJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  return claims !== null && typeof claims === 'object' ? (claims as Record<string, unknown>) : undefined;
}
