// Explains an access token line by line: the gateway's checks, Latchkey's checks, and the identity. Pure, and never prints the token.
import { createPublicKey, verify } from 'node:crypto';
import { pageOf, presets } from '../lib/policy/identity-presets.ts';
import type { Identity } from '../lib/policy/principal.ts';
import { type Claims, emailAdvice, emailIn, subjectIn, textsIn, tokenChecks } from '../lib/policy/token-checks.ts';
import { saysOneOf } from '../lib/policy/token-rules.ts';
import type { Level } from './codes.ts';

export type TokenLine = { check: string; level: Level; seen: string; fix?: string };
export type TokenSection = { title: string; lines: TokenLine[] };

/** The issuer's published document and keys, or why they are unknown. */
export type IssuerFacts = { document: Claims; keys: readonly JsonWebKey[] } | { why: string };
export type JsonWebKey = { kty?: string; kid?: string; alg?: string; n?: string; e?: string };
/** A decoded token; only those parts of header and claims that a check uses are shown. */
export type Parts = { header: Claims; claims: Claims; signed: string; signature: Buffer };

/** @returns undefined if it is not a JSON Web Token, such as an opaque token */
export function partsOf(token: string): Parts | undefined {
  const found = /^(?:Bearer +)?([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(token.trim());
  const [header, claims] = [objectIn(found?.[1]), objectIn(found?.[2])];
  if (!found || !header || !claims) return undefined;
  return { header, claims, signed: `${found[1]}.${found[2]}`, signature: Buffer.from(found[3]!, 'base64url') };
}

/** The gateway's checks (apigw-dg, http-api-jwt-authorizer): the issuer's document, its keys, the signature. */
export function issuerLines(facts: IssuerFacts, parts: Parts | undefined, identity: Identity): TokenLine[] {
  if ('why' in facts) return [finding('issuer-document', facts.why, 'Check --issuer and the network.')];
  const said = facts.document.issuer;
  const rsa = facts.keys.filter(({ kty }) => kty === 'RSA');
  return [
    said === identity.issuer
      ? ok('issuer-document', `the document names the issuer ${identity.issuer}`)
      : finding(
          'issuer-document',
          `the document names the issuer ${shown(said)}`,
          'Set the parameter issuer to exactly this value, including a trailing slash.',
        ),
    rsa.length > 0
      ? ok('issuer-keys', `${rsa.length} RSA keys`)
      : finding(
          'issuer-keys',
          'no RSA key',
          'API Gateway verifies only RSA signatures. Configure the provider to sign with RS256.',
        ),
    ...(parts ? [signatureLine(parts, rsa)] : []),
  ];
}

/** The form of the token, and then every check of lib/policy/token-checks.ts. @param given which of audience and scope were given */
export function tokenLines(
  parts: Parts | undefined,
  identity: Identity,
  given: { audience: boolean; scope: boolean },
  now: number,
): TokenLine[] {
  if (!parts)
    return [
      finding(
        'form',
        'this is not a JSON Web Token',
        `The provider issued an opaque access token. Define an API with an audience and a scope at the provider: ${pageOf(identity.idp)}.`,
      ),
    ];
  const untold: Record<string, boolean> = { audience: !given.audience, scope: !given.scope };
  return [
    ok('form', 'a JSON Web Token'),
    ...tokenChecks.map(({ code, error }) => {
      const wrong = error(parts.claims, identity, now);
      const seen = claimsShown(code, parts.claims, identity);
      if (wrong !== undefined) return finding(code, `${wrong} ${seen}`.trim(), fixOf(code, parts.claims, identity));
      return untold[code]
        ? { check: code, level: 'not-checked' as const, seen, fix: `Pass --${code} with the value of the deployment.` }
        : ok(code, seen);
    }),
  ];
}

/** The identity in the token. */
export function personLines({ claims }: Parts, identity: Identity): TokenLine[] {
  const email = emailIn(claims, identity);
  const subject = subjectIn(claims, identity);
  const isPerson = 'email' in email;
  return [
    subject === undefined
      ? finding('principal', `no "${identity.subjectClaim}" claim`, `See ${pageOf(identity.idp)}.`)
      : ok('principal', `${identity.issuer}#${subject}`),
    isPerson ? ok('email', email.email) : finding('email', email.lacks, emailAdvice(identity)),
    ...loginLine(subject, identity),
    ...groupLines(claims, identity),
    saysOneOf(claims, identity.mfa)
      ? ok('mfa', 'the token proves a second factor')
      : warning(
          'mfa',
          `no second factor: none of ${identity.mfa.map(({ claim, value }) => `${claim}=${value}`).join(', ')}`,
          `Roles that require MFA refuse this token. Sign in with latchkey login --mfa, or see ${pageOf(identity.idp)}.`,
        ),
    claims.auth_time === undefined
      ? warning(
          'auth_time',
          'no "auth_time" claim',
          `Roles that require a fresh sign-in refuse this token. See ${pageOf(identity.idp)}.`,
        )
      : ok('auth_time', shown(claims.auth_time)),
  ];
}

// --- internal ---

const ok = (check: string, seen: string): TokenLine => ({ check, level: 'ok', seen });
const finding = (check: string, seen: string, fix: string): TokenLine => ({ check, level: 'finding', seen, fix });
const warning = (check: string, seen: string, fix: string): TokenLine => ({ check, level: 'warning', seen, fix });

/** Claims are untrusted text: removes control characters and limits the length. */
const shown = (value: unknown): string => {
  const text = (JSON.stringify(value) ?? 'nothing').replace(/[^\x20-\x7e]/g, '?');
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
};

function objectIn(part: string | undefined): Claims | undefined {
  if (part === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Claims) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function signatureLine({ header, signed, signature }: Parts, keys: readonly JsonWebKey[]): TokenLine {
  const digest = /^RS(256|384|512)$/.exec(String(header.alg))?.[1];
  if (digest === undefined)
    return finding('signature', `signed with ${shown(header.alg)}`, 'Configure the provider to sign with RS256.');
  const key = keys.find(({ kid }) => kid !== undefined && kid === header.kid);
  if (!key)
    return finding(
      'signature',
      `the issuer has no key ${shown(header.kid)}`,
      'The token comes from another issuer, or its key was rotated: sign in again. API Gateway keeps keys for up to two hours.',
    );
  const isSigned = verify(`RSA-SHA${digest}`, Buffer.from(signed), publicKey(key), signature);
  return isSigned
    ? ok('signature', `valid, key ${shown(header.kid)}`)
    : finding('signature', 'not valid', 'The token was changed or was not copied completely.');
}

const publicKey = ({ n = '', e = '' }: JsonWebKey) => createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });

/** The claims that a check uses. */
const looksAt: Readonly<Record<string, readonly string[]>> = {
  issuer: ['iss', 'ver'],
  tenant: ['tid'],
  audience: ['aud', 'client_id'],
  expiry: ['exp'],
  'not-before': ['nbf'],
  'access-token': ['token_use', 'typ', 'at_hash'],
  scope: ['scope', 'scp'],
};

function claimsShown(code: string, claims: Claims, { subjectClaim, tenant }: Identity): string {
  if (code === 'tenant' && tenant === undefined) return 'this provider has no tenants';
  const names = code === 'subject' ? [subjectClaim] : (looksAt[code] ?? []);
  const said = names.filter((name) => claims[name] !== undefined);
  // the hash helps nobody and looks like a secret
  const texts = said.map((name) => (name === 'at_hash' ? name : `${name}: ${shown(claims[name])}`));
  return texts.join(', ') || `no ${names.join(' or ')}`;
}

function fixOf(code: string, claims: Claims, identity: Identity): string {
  const page = pageOf(identity.idp);
  const isOlderEntra = /^https:\/\/sts\.windows\.net\//.test(String(claims.iss)) && identity.idp === 'entra';
  if (code === 'issuer' && isOlderEntra)
    return `This is a token of version 1.0. Set api.requestedAccessTokenVersion to 2 in the manifest of the API's application: ${page}.`;
  return { ...fixes, scope: scopeFix(claims, identity) }[code]?.replace('{page}', page) ?? `See ${page}.`;
}

const fixes: Readonly<Record<string, string>> = {
  issuer: 'Set the parameter issuer to the iss of the token, or use a token of this issuer.',
  tenant: 'Sign in with an account of the tenant of the parameter issuer.',
  audience: 'Set the parameter audience to the value in the token, or configure it at the provider: {page}.',
  expiry: 'Sign in again.',
  'not-before': 'Check the clock of this machine and of the provider.',
  'access-token': 'Use the access_token of the response, not the id_token.',
};

/** The most common mistake: the requested scope has a prefix that the scope in the token lacks, or the reverse. */
function scopeFix(claims: Claims, { scope, signIn }: Identity): string {
  const found = [...textsIn(claims.scope), ...textsIn(claims.scp)].flatMap((text) => text.split(' '));
  const near = found.find((one) => one.split('/').at(-1) === scope.split('/').at(-1));
  return near === undefined
    ? `Request ${signIn.scope} at sign-in, and allow it at the provider: {page}.`
    : `Set the parameter scope to ${shown(near)}, as in the token. If the sign-in must request another spelling, set signInScope.`;
}

/** A login name can be reassigned to another person, who would then inherit everything bound to it. */
function loginLine(subject: string | undefined, { subjectClaim }: Identity): TokenLine[] {
  if (subjectClaim !== 'sub' || !subject?.includes('@')) return [];
  return [
    warning(
      'principal',
      'the "sub" claim looks like a login name, which can be reassigned to another person',
      'Configure a permanent ID at the provider, or set idp if this is Okta.',
    ),
  ];
}

function groupLines(claims: Claims, { groupsClaim }: Identity): TokenLine[] {
  const groups = textsIn(claims[groupsClaim]);
  const pointers = Object(claims._claim_names) as object;
  if (Object.hasOwn(pointers, groupsClaim) || (claims.hasgroups ?? false) !== false)
    return [
      warning(
        'groups',
        'the token only links to its groups: no group grants anything, and every deny of a mapped group applies',
        'Send fewer groups, or send application roles and set groupsClaim to their claim.',
      ),
    ];
  if (claims[groupsClaim] === undefined)
    return [
      warning(
        'groups',
        `no "${groupsClaim}" claim: no groups`,
        'Set groupsClaim to the claim that lists groups, if there is one.',
      ),
    ];
  const paths = groups.filter((group) => group.startsWith('/'));
  return [
    ok('groups', `${groups.length}: ${shown(groups)}. Groups that tokenGroups of the catalogue maps are used`),
    ...(paths.length > 0
      ? [
          warning(
            'groups',
            'groups are paths',
            'Map them in tokenGroups with the slash, or switch "Full group path" off.',
          ),
        ]
      : []),
  ];
}

/** For a provider whose tokens cannot be used at all. */
export const unusableLine = (idp: Identity['idp']): TokenLine | undefined => {
  const { unusable } = presets[idp];
  return unusable === undefined ? undefined : finding('provider', unusable, `See ${pageOf(idp)}.`);
};
