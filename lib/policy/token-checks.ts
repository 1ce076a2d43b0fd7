// The checks of a verified access token, in order. The doctor shows the same checks line by line.
import * as v from 'valibot';
import { SECOND } from '../common/time.ts';
import { Email } from '../model/text.ts';
import { type EmailRule, pageOf, type TokenRules } from './identity-presets.ts';

export type Claims = Record<string, unknown>;
export interface TokenDemands extends TokenRules {
  issuer: string;
  /** one of these must be the token's `aud` or, in a token without one, its `client_id` */
  audience: readonly string[];
  /** the scope that a token must have */
  scope: string;
  /** claim that carries a catalogue principal for machine identities of the issuer; none unless configured */
  principalClaim?: string;
}

/** @param now epoch milliseconds @returns the error, for people */
type TokenError = (claims: Claims, demands: TokenDemands, now: number) => string | undefined;
export type TokenCheck = { code: string; error: TokenError };

const LEEWAY = 60 * SECOND;

/** In this order. A caller gets the first error. */
export const tokenChecks: readonly TokenCheck[] = [
  { code: 'issuer', error: ({ iss }, { issuer }) => unless(iss === issuer, 'The token comes from another issuer.') },
  {
    code: 'tenant',
    error: ({ tid }, { tenant }) =>
      unless(tenant === undefined || tid === tenant, 'The token comes from another tenant.'),
  },
  { code: 'subject', error: subjectError },
  {
    code: 'audience',
    // as in the gateway: client_id only counts without aud, so that a token for another API of the same client is refused
    error: ({ aud, client_id: client }, { audience }) =>
      unless(
        textsIn(aud ?? client).some((one) => audience.includes(one)),
        'The token is meant for another audience.',
      ),
  },
  {
    code: 'expiry',
    error: ({ exp }, _, now) =>
      unless(typeof exp === 'number' && exp * SECOND > now, 'The token has expired. Sign in again.'),
  },
  {
    code: 'not-before',
    error: ({ nbf }, _, now) =>
      unless(
        nbf === undefined || (typeof nbf === 'number' && nbf * SECOND <= now + LEEWAY),
        'The token is not valid yet.',
      ),
  },
  {
    code: 'access-token',
    error: (claims) => unless(!looksLikeIdToken(claims), 'This is an ID token. Send the access token.'),
  },
  {
    code: 'scope',
    error: ({ scope, scp }, demands) =>
      unless(
        [...wordsIn(scope), ...wordsIn(scp)].includes(demands.scope),
        `The token lacks the scope "${demands.scope}".`,
      ),
  },
];

/** The claim that names the account (OpenID Connect Core 1.0, section 2: at most 255 ASCII characters). A machine may have `sub` alone. */
export function subjectIn(
  claims: Claims,
  { subjectClaim, principalClaim }: Pick<TokenDemands, 'subjectClaim' | 'principalClaim'>,
): string | undefined {
  const isMachine = principalClaim !== undefined && claims[principalClaim] !== undefined;
  return textOfSubject(claims, subjectClaim) ?? (isMachine ? textOfSubject(claims, 'sub') : undefined);
}

/** The verified email address of the person, or why there is none. */
export function emailIn(
  claims: Claims,
  { email: rule, issuer, tenant = '' }: Pick<TokenDemands, 'email' | 'issuer' | 'tenant'>,
): { email: string } | { lacks: string } {
  if (claims[rule.claim] === undefined) return { lacks: `it has no "${rule.claim}" claim.` };
  const email = mailAddress(claims[rule.claim]);
  if (email === undefined) return { lacks: `its "${rule.claim}" claim is not a valid email address.` };
  if (rule.trust !== 'issuer' && !isTrue(claims, rule.trust))
    return { lacks: `it has ${article(rule.claim)} "${rule.claim}" claim, but not "${rule.trust}": true beside it.` };
  const domain = email.slice(email.lastIndexOf('@') + 1);
  if ((rule.trust === 'issuer' || rule.domains.length > 0) && !rule.domains.includes(domain))
    return { lacks: `its email address is not in a domain of this deployment.` };
  const own = (text: string) => text.replaceAll('{issuer}', issuer).replaceAll('{tenant}', tenant);
  const stranger = rule.home.find(({ claim, values, isRequired }) =>
    claims[claim] === undefined ? isRequired : !values.map(own).includes(scalarText(claims[claim])),
  );
  if (stranger === undefined) return { email };
  return {
    lacks:
      claims[stranger.claim] === undefined
        ? `it has no "${stranger.claim}" claim, which tells members from guests.`
        : `its "${stranger.claim}" claim says that the account is a guest.`,
  };
}

/** How to configure the provider so that tokens identify people. */
export function emailAdvice({ idp, email }: Pick<TokenRules, 'idp' | 'email'>): string {
  const claims = email.trust === 'issuer' ? `"${email.claim}"` : `"${email.claim}" and "${email.trust}": true`;
  return `Have your identity provider put ${claims} into access tokens (${pageOf(idp)}), or name the account in \`people\` of the catalogue as ISSUER#SUBJECT.`;
}

/** A claim only counts as an email address if it is a valid one: an ARN in its place must not become an identity. */
export function mailAddress(claim: unknown): string | undefined {
  const parsed = v.safeParse(Email, claim);
  return parsed.success ? parsed.output : undefined;
}

/** The texts of a claim that is a text or a list. */
export const textsIn = (claim: unknown): string[] =>
  (Array.isArray(claim) ? claim : [claim]).filter((value): value is string => typeof value === 'string');

// --- internal ---

const wordsIn = (claim: unknown): string[] => textsIn(claim).flatMap((value) => value.split(' '));
const unless = (holds: boolean, error: string): string | undefined => (holds ? undefined : error);
const article = (word: string): string => (/^[aeiou]/.test(word) ? 'an' : 'a');

function subjectError(claims: Claims, demands: TokenDemands): string | undefined {
  if (subjectIn(claims, demands) !== undefined) return undefined;
  const { subjectClaim, idp } = demands;
  return subjectClaim === 'sub'
    ? 'The token has no valid subject.'
    : `The token has no valid "${subjectClaim}" claim, which names the account (${pageOf(idp)}).`;
}

const textOfSubject = (claims: Claims, claim: string): string | undefined => {
  const subject = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  return typeof subject === 'string' && /^[\x20-\x7e]{1,255}$/.test(subject) ? subject : undefined;
};

const looksLikeIdToken = ({ token_use: use, typ, at_hash: hash }: Claims): boolean =>
  (use !== undefined && use !== 'access') || typ === 'ID' || hash !== undefined;

/** Some issuers send true as text. Entra ID also sends `xms_edov` as 1. */
const trueValues: Readonly<Record<string, readonly unknown[]>> = { xms_edov: [true, 'true', 1, '1'] };
const isTrue = (claims: Claims, claim: EmailRule['trust']): boolean =>
  Object.hasOwn(claims, claim) && (trueValues[claim] ?? [true, 'true']).includes(claims[claim]);

const scalarText = (claim: unknown): string =>
  typeof claim === 'string' || typeof claim === 'number' ? String(claim) : '';
