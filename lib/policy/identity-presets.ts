// Presets for common identity providers: the claims of their access tokens and the parameters of their sign-in.
import { type ClaimValue, claimValuesIn } from './token-rules.ts';

export const presetNames = ['generic', 'okta', 'entra', 'cognito', 'auth0', 'keycloak', 'google'] as const;
export type PresetName = (typeof presetNames)[number];

/** A claim that must have one of the values. `{tenant}` and `{issuer}` are replaced by those of the deployment. */
export type HomeRule = { claim: string; values: readonly string[]; isRequired: boolean };
export type EmailRule = {
  claim: string;
  /** the claim that must be true for the address to count, or `issuer`: the operator vouches for all addresses of the issuer */
  trust: string;
  /** the only domains that count; empty for any domain, which `trust: issuer` does not allow */
  domains: readonly string[];
  /** distinguishes the provider's own accounts from guests; addresses of guests do not count */
  home: readonly HomeRule[];
};
export type SignInRule = {
  /** scopes to request, separated by spaces: Entra ID takes `api://ID/use` and puts `use` into the token */
  scope: string;
  /** further parameters of the authorization and device requests, such as Auth0's `audience` */
  parameters: Readonly<Record<string, string>>;
  /** whether a sign-in requests `offline_access` if the issuer lists it */
  offlineAccess: boolean;
  /** parameters of a sign-in with a second factor */
  stepUp: Readonly<Record<string, string>>;
};

/** How a deployment reads a token whose signature and issuer are valid. */
export interface TokenRules {
  idp: PresetName;
  /** the claim that never changes for an account; issuer and claim together are the principal */
  subjectClaim: string;
  /** the only tenant whose tokens count (claim `tid`), for a provider with many tenants */
  tenant?: string;
  email: EmailRule;
  groupsClaim: string;
  /** claim values that prove a sign-in with a second factor; one is enough */
  mfa: readonly ClaimValue[];
  signIn: SignInRule;
}

export type Preset = {
  /** the provider's name for people */
  title: string;
  /** matches the provider's issuers as in tokens; the group `tenant` is the tenant */
  issuer: RegExp;
  /** an example issuer, for messages */
  example: string;
  /** why its access tokens cannot be used at all */
  unusable?: string;
  subjectClaim: SubjectClaim;
  email: Pick<EmailRule, 'claim' | 'trust' | 'home'>;
  groupsClaim: string;
  /** in the form of the setting */
  mfa: string;
  /** `{scope}` and `{audience}` are replaced by those of the deployment, here and in the parameters */
  signInScope: string;
  parameters: Readonly<Record<string, string>>;
  offlineAccess: boolean;
  /** set if it does not follow from the values that prove a second factor */
  stepUp?: Readonly<Record<string, string>>;
};

/** Claims whose value a provider never assigns to another account. Email addresses can be reassigned. */
export const subjectClaims = ['sub', 'oid', 'uid'] as const;
export type SubjectClaim = (typeof subjectClaims)[number];

const plain = {
  subjectClaim: 'sub',
  email: { claim: 'email', trust: 'email_verified', home: [] },
  groupsClaim: 'groups',
  mfa: 'amr=mfa,acr=mfa',
  signInScope: '{scope}',
  parameters: {},
  offlineAccess: true,
} as const;

export const presets: Readonly<Record<PresetName, Preset>> = {
  generic: { ...plain, title: 'another OpenID provider', issuer: /^https?:\/\//, example: 'https://id.example.com' },
  okta: {
    ...plain,
    title: 'Okta',
    // only Okta can read tokens of the org authorization server
    issuer: /^https:\/\/[^/]+\/oauth2\/[^/]+$/,
    example: 'https://example.okta.com/oauth2/default',
    // `sub` is the login, which can change
    subjectClaim: 'uid',
    mfa: 'acr=urn:okta:loa:2fa:any,acr=phr,acr=phrh',
    stepUp: { acr_values: 'urn:okta:loa:2fa:any' },
  },
  entra: {
    ...plain,
    title: 'Microsoft Entra ID',
    // one tenant: `common` and `organizations` would accept anyone who creates a tenant
    issuer:
      /^https:\/\/(?:login\.microsoftonline\.(?:com|us)\/(?<tenant>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/v2\.0|sts\.windows\.net\/(?<tenant1>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/)$/,
    example: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0',
    // `sub` differs between applications
    subjectClaim: 'oid',
    email: {
      claim: 'email',
      trust: 'xms_edov',
      home: [
        { claim: 'acct', values: ['0'], isRequired: true },
        { claim: 'idp', values: ['{issuer}', 'https://sts.windows.net/{tenant}/'], isRequired: false },
      ],
    },
    mfa: 'acrs=c1,amr=mfa',
    signInScope: 'api://{audience}/{scope}',
  },
  cognito: {
    ...plain,
    title: 'Amazon Cognito',
    issuer: /^https:\/\/cognito-idp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/[\w-]+$/,
    example: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEfGhI',
    groupsClaim: 'cognito:groups',
    mfa: 'latchkey_mfa=true',
  },
  auth0: {
    ...plain,
    title: 'Auth0',
    issuer: /^https:\/\/[^/]+\/$/,
    example: 'https://example.eu.auth0.com/',
    // Auth0 reserves `groups`, `amr` and `acr`
    groupsClaim: 'https://latchkey/groups',
    mfa: 'https://latchkey/mfa=true',
    // without it the access token is opaque
    parameters: { audience: '{audience}' },
    stepUp: { acr_values: 'http://schemas.openid.net/pape/policies/2007/06/multi-factor' },
  },
  keycloak: {
    ...plain,
    title: 'Keycloak',
    issuer: /^https?:\/\/[^/]+(?:\/[^/]+)*\/realms\/[^/]+$/,
    example: 'https://id.example.com/realms/staff',
    // it issues a refresh token without offline access; an offline session requires a role and outlives the sign-out
    offlineAccess: false,
  },
  google: {
    ...plain,
    title: 'Google Workspace',
    issuer: /^https:\/\/accounts\.google\.com$/,
    example: 'https://accounts.google.com',
    unusable:
      'Google issues access tokens that only Google can read. Put an issuer such as Amazon Cognito in front of it, or let people sign calls with AWS IAM Identity Center: docs/identity/google.md.',
  },
};

/** The documentation page for the provider. */
export const pageOf = (idp: PresetName): string => `docs/identity/${idp}.md`;

/** Settings of a deployment that override its preset. */
export type RuleChanges = {
  subjectClaim?: SubjectClaim | undefined;
  emailClaim?: string | undefined;
  emailTrust?: string | undefined;
  emailDomains?: readonly string[] | undefined;
  groupsClaim?: string | undefined;
  mfa?: readonly ClaimValue[] | undefined;
  signInScope?: string | undefined;
  signInParameters?: Readonly<Record<string, string>> | undefined;
  offlineAccess?: boolean | undefined;
};
type Place = { issuer: string; audience: readonly string[]; scope: string };

/** The rules of a preset with the deployment's changes. */
export function rulesOf(idp: PresetName, place: Place, changes: RuleChanges = {}): TokenRules {
  const preset = presets[idp];
  const tenant = tenantOf(idp, place.issuer);
  const filled = (text: string) =>
    text.replaceAll('{scope}', place.scope).replaceAll('{audience}', place.audience[0] ?? '');
  const parameters = Object.entries(preset.parameters).map(([name, value]) => [name, filled(value)] as const);
  const mfa = changes.mfa ?? claimValuesIn(preset.mfa) ?? [];
  return {
    idp,
    subjectClaim: changes.subjectClaim ?? preset.subjectClaim,
    ...(tenant !== undefined && { tenant }),
    email: {
      claim: changes.emailClaim ?? preset.email.claim,
      trust: changes.emailTrust ?? preset.email.trust,
      domains: changes.emailDomains ?? [],
      home: preset.email.home,
    },
    groupsClaim: changes.groupsClaim ?? preset.groupsClaim,
    mfa,
    signIn: {
      scope: changes.signInScope ?? filled(preset.signInScope),
      parameters: changes.signInParameters ?? Object.fromEntries(parameters),
      offlineAccess: changes.offlineAccess ?? preset.offlineAccess,
      stepUp: (changes.mfa === undefined ? preset.stepUp : undefined) ?? stepUpTo(mfa),
    },
  };
}

/** The preset that matches an issuer, for the doctor, which may only get the issuer. */
export const presetOfIssuer = (issuer: string): PresetName =>
  (['okta', 'entra', 'cognito', 'keycloak', 'google', 'auth0'] as const).find((idp) =>
    presets[idp].issuer.test(issuer),
  ) ?? 'generic';

// --- internal ---

function tenantOf(idp: PresetName, issuer: string): string | undefined {
  const { tenant, tenant1 } = presets[idp].issuer.exec(issuer)?.groups ?? {};
  return tenant ?? tenant1;
}

/** `acr_values` (OpenID Connect Core 1.0, section 3.1.2.1), and for Entra ID a claims request for the authentication context. */
function stepUpTo(mfa: readonly ClaimValue[]): Record<string, string> {
  const classes = mfa.flatMap(({ claim, value }) => (claim === 'acr' ? [value] : []));
  const context = mfa.find(({ claim }) => claim === 'acrs')?.value;
  return {
    ...(classes.length > 0 && { acr_values: classes.join(' ') }),
    ...(context !== undefined && {
      claims: JSON.stringify({ access_token: { acrs: { essential: true, value: context } } }),
    }),
  };
}
