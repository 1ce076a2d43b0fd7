// What common identity providers put into their access tokens and how people sign in there: data, one entry per provider.
import { type ClaimValue, claimValuesIn } from './token-rules.ts';

export const presetNames = ['generic', 'okta', 'entra', 'cognito', 'auth0', 'keycloak', 'google'] as const;
export type PresetName = (typeof presetNames)[number];

/** A claim that has to have one of the values; `{tenant}` and `{issuer}` stand for the deployment's own. */
export type HomeRule = { claim: string; values: readonly string[]; isRequired: boolean };
export type EmailRule = {
  claim: string;
  /** the claim that has to be true beside the address, or `issuer`: the operator vouches for what the issuer says */
  trust: string;
  /** the only domains that count; any, if empty, which `trust: issuer` does not allow */
  domains: readonly string[];
  /** what tells the provider's own accounts from its guests; addresses of guests do not count */
  home: readonly HomeRule[];
};
export type SignInRule = {
  /** scopes to ask for, separated by spaces: Entra ID takes `api://ID/use` and writes `use` into the token */
  scope: string;
  /** more parameters of the authorization and device requests, such as Auth0's `audience` */
  parameters: Readonly<Record<string, string>>;
  /** whether a sign-in asks for `offline_access` where the issuer lists it */
  offlineAccess: boolean;
  /** parameters of a sign-in with a second factor */
  stepUp: Readonly<Record<string, string>>;
};

/** What a deployment takes from a token whose signature and issuer hold. */
export interface TokenRules {
  idp: PresetName;
  /** the claim that stays with an account for ever; with the issuer it is the principal */
  subjectClaim: string;
  /** whose tokens alone count, where the provider has many tenants: the claim `tid` */
  tenant?: string;
  email: EmailRule;
  groupsClaim: string;
  /** any of these is a sign-in with a second factor */
  mfa: readonly ClaimValue[];
  signIn: SignInRule;
}

export type Preset = {
  /** the provider's name for people */
  title: string;
  /** of issuers, as they are in tokens; the group `tenant` is the tenant */
  issuer: RegExp;
  /** such an issuer, for messages */
  example: string;
  /** why its access tokens cannot be used at all */
  unusable?: string;
  subjectClaim: SubjectClaim;
  email: Pick<EmailRule, 'claim' | 'trust' | 'home'>;
  groupsClaim: string;
  /** as the setting writes it */
  mfa: string;
  /** `{scope}` and `{audience}` stand for the deployment's own, here and in the parameters */
  signInScope: string;
  parameters: Readonly<Record<string, string>>;
  offlineAccess: boolean;
  /** where it does not follow from the values that count as a second factor */
  stepUp?: Readonly<Record<string, string>>;
};

/** Claims that a provider never gives to another account; an address is none of them. */
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
    // tokens of the org authorization server are opaque to everybody but Okta
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
    // one tenant: `common` and `organizations` would let anybody in who makes a tenant
    issuer:
      /^https:\/\/(?:login\.microsoftonline\.(?:com|us)\/(?<tenant>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/v2\.0|sts\.windows\.net\/(?<tenant1>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/)$/,
    example: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0',
    // `sub` differs from application to application
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
    // Auth0 keeps `groups`, `amr` and `acr` for itself
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
    // it gives a refresh token without; an offline session takes a role and outlives the sign-out
    offlineAccess: false,
  },
  google: {
    ...plain,
    title: 'Google Workspace',
    issuer: /^https:\/\/accounts\.google\.com$/,
    example: 'https://accounts.google.com',
    unusable:
      'Google issues access tokens that only Google can read. Put an issuer such as Amazon Cognito in front of it, or let people sign with AWS IAM Identity Center: docs/identity/google.md.',
  },
};

/** The page that says how to set the provider up. */
export const pageOf = (idp: PresetName): string => `docs/identity/${idp}.md`;

/** What the settings of a deployment say otherwise than its preset. */
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

/** The preset that an issuer looks like, for a doctor that is told the issuer alone. */
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
