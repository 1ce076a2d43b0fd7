// A provider of local/idp as a doctor sees it: its document, its keys, and tokens that it has signed.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { SECOND } from '../../lib/common/time.ts';
import { configFor } from '../../lib/config.ts';
import type { PresetName } from '../../lib/policy/identity-presets.ts';
import { imitated, imitations } from '../../local/oidc/imitation.ts';

const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
const key = createPrivateKey(pem);
const publicKey = { ...createPublicKey(pem).export({ format: 'jwk' }), kid: 'key-1', alg: 'RS256', use: 'sig' };
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export const signedToken = (claims: object, header: object = {}): string => {
  const signed = `${part({ alg: 'RS256', kid: 'key-1', ...header })}.${part(claims)}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`;
};

/** An access token of the provider for Lena Park. @param changes laid over it; null takes a claim away */
export function imitatedToken(idp: PresetName, now: number, changes: Record<string, unknown> = {}): string {
  const { issuer, audience, scope, tenant } = configFor(['identity'], imitations[idp].settings).identity;
  const place = { issuer, audience: audience[0] ?? '', scope, tenant, now: now / SECOND, later: now / SECOND + 3600 };
  const person = { email: 'lena.park@example.com', name: 'Lena Park', groups: ['engineering'], mfa: true };
  return signedToken(imitated(idp, { ...person, ...place }, changes));
}

/** What the provider answers to reads, by address. */
export function imitatedDocuments(issuer: string, document: object = { issuer }): Record<string, string> {
  const base = issuer.replace(/\/$/, '');
  return {
    [`${base}/.well-known/openid-configuration`]: JSON.stringify({ jwks_uri: `${base}/keys`, ...document }),
    [`${base}/keys`]: JSON.stringify({ keys: [publicKey] }),
  };
}
