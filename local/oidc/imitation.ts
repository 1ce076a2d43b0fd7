// The access tokens of common identity providers for people in the catalogue, from one file of claims per provider in idp/.
import { createHash } from 'node:crypto';
import type { PresetName } from '../../lib/policy/identity-presets.ts';
import type { Claims } from '../../lib/policy/token-checks.ts';
import auth0 from './idp/auth0.json' with { type: 'json' };
import cognito from './idp/cognito.json' with { type: 'json' };
import entra from './idp/entra.json' with { type: 'json' };
import generic from './idp/generic.json' with { type: 'json' };
import google from './idp/google.json' with { type: 'json' };
import keycloak from './idp/keycloak.json' with { type: 'json' };
import okta from './idp/okta.json' with { type: 'json' };

/** Claims that replace those of `ok`; null removes a claim. */
type Changes = Record<string, unknown>;
export type Imitation = {
  about: string;
  /** environment variables of a deployment that accepts these tokens */
  settings: Record<string, string>;
  /** an access token as set up in the provider's page; `{email}` and so on are replaced by the values of the person */
  ok: Claims;
  /** claims of a sign-in with a second factor */
  mfa: Changes;
  /** other tokens of the provider, as changes of `ok`, and the expected result: an identity, or a refusal with its reason */
  cases: Record<string, { token: Changes; is?: Record<string, unknown>; refused?: string }>;
};

export const imitations: Readonly<Record<PresetName, Imitation>> = {
  auth0,
  cognito,
  entra,
  generic,
  google,
  keycloak,
  okta,
};

export type Holder = {
  email: string;
  name: string;
  groups: readonly string[];
  mfa: boolean;
  issuer: string;
  audience: string;
  scope: string;
  tenant?: string | undefined;
  /** epoch seconds */
  now: number;
  /** epoch seconds of the end */
  later: number;
};

/** The claims of an access token that the provider would issue. @param changes claims to set; null removes a claim */
export function imitated(idp: PresetName, holder: Holder, changes: Changes = {}): Claims {
  const { ok, mfa } = imitations[idp];
  const claims = { ...ok, ...(holder.mfa && mfa), ...changes };
  return Object.fromEntries(
    Object.entries(claims)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, filled(value, holder)]),
  );
}

// -- internal --------------------------------------------------------------------------------------------------------

function filled(value: unknown, holder: Holder): unknown {
  if (Array.isArray(value)) return value.map((one) => filled(one, holder));
  if (typeof value !== 'string') return value;
  if (value === '{groups}') return [...holder.groups];
  if (value === '{now}') return holder.now;
  if (value === '{later}') return holder.later;
  const { email, name, issuer, audience, scope, tenant = '' } = holder;
  const texts: Record<string, string> = { id: accountOf(email), email, name, issuer, audience, scope, tenant };
  return value.replace(/\{(\w+)\}/g, (whole, key: string) => texts[key] ?? whole);
}

/** A unique ID per account. */
const accountOf = (email: string): string => createHash('sha256').update(email).digest('hex').slice(0, 20);
