// The access tokens of common identity providers for people of the catalogue: local/idp has one file of claims for each, which tests read too.
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

/** A claim laid over those of `ok`; null takes one away. */
type Changes = Record<string, unknown>;
export type Imitation = {
  about: string;
  /** of a deployment that takes these tokens, as variables of the environment */
  settings: Record<string, string>;
  /** an access token as the provider's page sets it up; `{email}` and so on stand for the values of whoever signs in */
  ok: Claims;
  /** laid over it by a sign-in with a second factor */
  mfa: Changes;
  /** other tokens of the provider, as changes of `ok`, and who they are: somebody, or nobody with the reason */
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

/** The claims of an access token that the provider would issue. @param changes laid over it; null takes a claim away */
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

/** An account has an id of its own, and no other account has it. */
const accountOf = (email: string): string => createHash('sha256').update(email).digest('hex').slice(0, 20);
