// An OIDC issuer of the local server's own: signs access tokens for people of the catalogue and publishes its keys, as any provider does.
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { App } from '../lib/app.ts';
import { type Catalogue, personOf } from '../lib/catalogue.ts';
import { rulesOf } from '../lib/identity-presets.ts';
import type { Identity } from '../lib/principal.ts';
import { DAY, SECOND } from '../lib/time.ts';

export type Subject = ({ email: string } | { principal: string }) & {
  mfa?: boolean | undefined;
  groups?: readonly string[] | undefined;
  /** laid over the token; null takes a claim away */
  claims?: Record<string, unknown> | undefined;
};
export type Issuer = {
  url: string;
  /** without its ways to sign in, which authorization.ts adds */
  discovery: Record<string, unknown>;
  /** public keys only */
  jwks: { keys: JWK[] };
  token(subject: Subject): Promise<string>;
};

const place = { audience: ['latchkey'], scope: 'latchkey' };

/** What the local App asks of a token; product defaults, with a claim for machines. */
export const identityOf = (issuer: string): Identity => ({
  issuer,
  ...place,
  ...rulesOf('generic', { issuer, ...place }),
  principalClaim: 'principal',
  clientId: 'latchkey-cli',
});

const algorithm = 'RS256';

/**
 * @param url of the issuer; documents and tokens name it
 * @param clock Latchkey's own
 * @param dataDir where the key is kept, so that tokens outlive a restart as requests do
 */
export async function createIssuer({
  url,
  catalogue,
  clock,
  dataDir,
}: { url: string; dataDir?: string } & Pick<App, 'catalogue' | 'clock'>): Promise<Issuer> {
  const key = await keyFrom(dataDir);
  const signingKey = await importJWK(key, algorithm);
  const { kty, n, e, kid } = key;
  const identity = identityOf(url);

  return {
    url,
    discovery: {
      issuer: url,
      jwks_uri: `${url}/jwks`,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [algorithm],
    },
    jwks: { keys: [{ kty, n, e, kid, alg: algorithm, use: 'sig' } as JWK] },
    token(subject) {
      const wall = Date.now();
      const now = clock();
      const claims = {
        ...claimsOf(catalogue, subject),
        scope: identity.scope,
        groups: [...(subject.groups ?? [])],
        amr: subject.mfa ? ['pwd', 'mfa'] : ['pwd'],
        auth_time: Math.floor(now / SECOND),
        iss: url,
        aud: [...identity.audience],
        jti: randomUUID(),
        iat: Math.floor(wall / SECOND),
        // Latchkey's clock can be moved, and judges the token too: it must outlast any story that is told with it, so it ends
        // ten years after the later of both clocks and begins at no time (no nbf). No provider should do so.
        exp: Math.floor((Math.max(wall, now) + 3650 * DAY) / SECOND),
        ...subject.claims,
      };
      return new SignJWT(Object.fromEntries(Object.entries(claims).filter(([, claim]) => claim !== null)))
        .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: kid ?? '' })
        .sign(signingKey);
    },
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** A machine carries its ARN in a claim of its own, as a provider for workloads would. */
function claimsOf(catalogue: Catalogue, subject: Subject): Record<string, unknown> {
  if ('principal' in subject) return { sub: subject.principal, principal: subject.principal };
  const { name, email } = personOf(catalogue, subject.email);
  return { sub: subject.email, email: subject.email, email_verified: true, ...(name !== email && { name }) };
}

async function keyFrom(dataDir: string | undefined): Promise<JWK> {
  const file = dataDir === undefined ? undefined : join(dataDir, 'issuer-key.json');
  const kept = file === undefined ? undefined : readKey(file);
  if (kept) return kept;
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: randomUUID() };
  if (file !== undefined) writeFileSync(file, JSON.stringify(key), { mode: 0o600 });
  return key;
}

function readKey(file: string): JWK | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JWK;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${file} cannot be read as the issuer's key; remove it to have a new one made`, { cause: error });
  }
}
