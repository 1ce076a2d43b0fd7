// The local server's OIDC issuer: signs access tokens for people in the catalogue and publishes its keys.
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
  /** claims to set in the token; null removes a claim */
  claims?: Record<string, unknown> | undefined;
};
export type Issuer = {
  url: string;
  /** what the App requires of its tokens */
  identity: Identity;
  /** without the sign-in fields, which authorization.ts adds */
  discovery: Record<string, unknown>;
  /** public keys only */
  jwks: { keys: JWK[] };
  token(subject: Subject): Promise<string>;
};

const place = { audience: ['latchkey'], scope: 'latchkey' };
/** Of the imitated provider, if it has tenants. */
const localTenant = '11111111-2222-3333-4444-555555555555';

/** What the local App requires of a token: the rules of a preset with the local issuer, and a claim for machines. */
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
 * @param identity the rules that tokens must meet; with another preset than generic, tokens look like the provider's
 * @param clock Latchkey's own
 * @param dataDir directory of the key, so that tokens stay valid after a restart, like requests
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
        // Latchkey's clock can be moved and also checks the token, which must stay valid however far it is moved. So the token expires
        // ten years after the later of both clocks and has no nbf. No real provider should do this.
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

/** A machine has its ARN in a separate claim, as with providers for workloads. */
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
    throw new Error(`${file} is not a valid key of the issuer. Remove it, and a new one will be created.`, {
      cause: error,
    });
  }
}
