// An OIDC issuer of the local server's own: signs access tokens for people of the catalogue and publishes its keys, as any provider does.
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { App } from '../../lib/app.ts';
import { type Catalogue, personOf } from '../../lib/catalogue/catalogue.ts';
import { DAY, SECOND } from '../../lib/common/time.ts';
import { type PresetName, rulesOf } from '../../lib/policy/identity-presets.ts';
import type { Identity } from '../../lib/policy/principal.ts';
import { imitated } from './imitation.ts';

export type Subject = ({ email: string } | { principal: string }) & {
  mfa?: boolean | undefined;
  groups?: readonly string[] | undefined;
  /** laid over the token; null takes a claim away */
  claims?: Record<string, unknown> | undefined;
};
export type Issuer = {
  url: string;
  /** what the App asks of its tokens */
  identity: Identity;
  /** without its ways to sign in, which authorization.ts adds */
  discovery: Record<string, unknown>;
  /** public keys only */
  jwks: { keys: JWK[] };
  token(subject: Subject): Promise<string>;
};

const place = { audience: ['latchkey'], scope: 'latchkey' };
/** Of the imitated provider, where it has many. */
const localTenant = '11111111-2222-3333-4444-555555555555';

/** What the local App asks of a token: the rules of a preset at an issuer that is not the provider's own, with a claim for machines. */
export function identityOf(issuer: string, idp: PresetName = 'generic'): Identity {
  const rules = rulesOf(idp, { issuer, ...place });
  return {
    issuer,
    ...place,
    ...rules,
    ...(idp === 'entra' && { tenant: localTenant }),
    principalClaim: 'principal',
    clientId: 'latchkey-cli',
  };
}

const algorithm = 'RS256';

/**
 * @param identity what the tokens have to say, and how: those of another preset than generic look as its provider's
 * @param clock Latchkey's own
 * @param dataDir where the key is kept, so that tokens outlive a restart as requests do
 */
export async function createIssuer({
  identity,
  catalogue,
  clock,
  dataDir,
}: { dataDir?: string } & Pick<App, 'catalogue' | 'clock' | 'identity'>): Promise<Issuer> {
  const key = await keyFrom(dataDir);
  const signingKey = await importJWK(key, algorithm);
  const { kty, n, e, kid } = key;
  const { issuer: url } = identity;

  return {
    url,
    identity,
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
        ...claimsOf(catalogue, identity, subject, Math.floor(now / SECOND)),
        iss: url,
        jti: randomUUID(),
        iat: Math.floor(wall / SECOND),
        // Latchkey's clock can be moved, and judges the token too: it must outlast any story that is told with it, so it ends
        // ten years after the later of both clocks and begins at no time (no nbf). No provider should do so.
        exp: Math.floor((Math.max(wall, now) + 3650 * DAY) / SECOND),
        nbf: null,
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
function claimsOf(catalogue: Catalogue, identity: Identity, subject: Subject, now: number): Record<string, unknown> {
  const { issuer, idp, audience, scope, tenant } = identity;
  const groups = [...(subject.groups ?? [])];
  if (idp !== 'generic' && 'email' in subject) {
    const { name } = personOf(catalogue, subject.email);
    const place = { issuer, audience: audience[0] ?? '', scope, tenant, now, later: now };
    return imitated(idp, { email: subject.email, name, groups, mfa: subject.mfa === true, ...place });
  }
  return {
    ...nameOf(catalogue, subject),
    ...(tenant !== undefined && { tid: tenant }),
    scope,
    groups,
    amr: subject.mfa ? ['pwd', 'mfa'] : ['pwd'],
    auth_time: now,
    aud: [...audience],
  };
}

function nameOf(catalogue: Catalogue, subject: Subject): Record<string, unknown> {
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
