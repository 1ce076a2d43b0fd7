// An imitated identity provider for the doctor: its discovery document, its keys and signed tokens.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { SECOND } from '../../lib/common/time.ts';
import { type PresetName, rulesOf } from '../../lib/policy/identity-presets.ts';
import type { Claims } from '../../lib/policy/token-checks.ts';
import { imitated, imitations } from './imitation.ts';

const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const key = createPrivateKey(pem);
const publicKey = { ...createPublicKey(pem).export({ format: 'jwk' }), kid: 'key-1', alg: 'RS256', use: 'sig' };
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export const signedToken = (claims: object, header: object = {}): string => {
  const signed = `${part({ alg: 'RS256', kid: 'key-1', ...header })}.${part(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
};

/** The claims of the provider's access token for Lena Park. @param changes claims to set; null removes a claim */
export function imitatedClaims(idp: PresetName, now: number, changes: Record<string, unknown> = {}): Claims {
  const {
    LATCHKEY_ISSUER: issuer = '',
    LATCHKEY_AUDIENCE: audience = '',
    LATCHKEY_SCOPE: scope = '',
  } = imitations[idp].settings;
  const { tenant } = rulesOf(idp, { issuer, audience: [audience], scope });
  const place = { issuer, audience, scope, tenant, now: now / SECOND, later: now / SECOND + 3600 };
  const person = { email: 'lena.park@example.com', name: 'Lena Park', groups: ['engineering'], mfa: true };
  return imitated(idp, { ...person, ...place }, changes);
}

export const imitatedToken = (idp: PresetName, now: number, changes?: Record<string, unknown>): string =>
  signedToken(imitatedClaims(idp, now, changes));

/** The provider's documents, by URL. */
export function imitatedDocuments(issuer: string, document: object = { issuer }): Record<string, string> {
  const base = issuer.replace(/\/$/, '');
  return {
    [`${base}/.well-known/openid-configuration`]: JSON.stringify({ jwks_uri: `${base}/keys`, ...document }),
    [`${base}/keys`]: JSON.stringify({ keys: [publicKey] }),
  };
}
