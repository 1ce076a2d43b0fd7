// From the gateway's authorizer context to a caller: one canonical principal, one person, groups, and what the call proved.
import { type Catalogue, type Person, personOf } from '../catalogue/catalogue.ts';
import { canonicalPrincipal, principalPattern, ssoUser } from '../catalogue/entry.ts';
import { SECOND } from '../common/time.ts';
import { Problem } from '../model/problem.ts';
import type { CallerVia } from '../model/schema.ts';
import {
  type Claims,
  emailAdvice,
  emailIn,
  mailAddress,
  subjectIn,
  type TokenDemands,
  textsIn,
  tokenChecks,
} from './token-checks.ts';
import { saysOneOf } from './token-rules.ts';

export type { Claims } from './token-checks.ts';

/** What a caller's token must say besides its signature, which the gateway has verified. */
export interface Identity extends TokenDemands {
  /** every token of the issuer carries the claim, also of somebody in no group: one without it is not to be believed */
  hasGroupsAlways?: boolean;
  /** of the command line at the issuer; told to whoever asks how to sign in */
  clientId?: string;
  /** of people's machines, that the issuer lets a browser come back to; told in the same place. Any, if left out */
  loginPorts?: readonly number[];
}

export type Caller = {
  kind: 'person' | 'bot';
  /** canonical: `ISSUER#SUBJECT` for a token, `arn:aws:iam::ACCOUNT:user|role/NAME` for SigV4 */
  principal: string;
  /** `ISSUER#SUBJECT` of a token, whatever its principal is */
  subject?: string;
  person: Person;
  /** the catalogue's and those that the token's are mapped to, joined */
  groups: readonly string[];
  /** groups that a token fills, where the token cannot be asked: they count in a deny */
  mayBeIn?: readonly string[];
  via: CallerVia;
  mfa: boolean;
  /** when a token says that its holder signed in, epoch milliseconds */
  signedInAt?: number;
  /** where the call comes from, as the gateway saw it */
  sourceIp?: string;
  /** the permission set behind a session of IAM Identity Center, as an entry of the catalogue */
  permissionSet?: string;
  /** the catalogue's id of a bot */
  bot?: string;
};

export type IamContext = { userArn?: string; callerId?: string; accountId?: string };

const unauthenticated = (detail: string) => new Problem('unauthenticated', detail);

/**
 * The payload of the bearer token that the gateway verified. API Gateway hands claims on as text and flattens a list to
 * `[a b]`, so that a group named "x security" would read as two groups, one of them "security"; the payload itself is exact.
 * It counts only if it is the token that the gateway speaks of.
 * @throws Problem `unauthenticated`
 */
export function claimsOf(verified: Record<string, unknown>, authorization: string | undefined): Claims {
  const payload = authorization?.match(/^Bearer +[\w-]+\.([\w-]+)\.[\w-]+$/i)?.[1];
  if (payload === undefined) throw unauthenticated('Send a bearer token in the Authorization header.');
  const claims = parsePayload(payload);
  const isSame = ['iss', 'sub', 'exp'].every((name) => textOf(claims[name]) === textOf(verified[name]));
  if (!isSame) throw unauthenticated('The token does not agree with the one that was verified.');
  return claims;
}

/** What can be compared as text; an object from a token could bring a toString of its own. */
const textOf = (claim: unknown): string | undefined =>
  typeof claim === 'string' || typeof claim === 'number' ? String(claim) : undefined;

function parsePayload(payload: string): Claims {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)) return parsed as Claims;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw unauthenticated('The token is not a JSON Web Token.');
}

/**
 * Judges the claims of a verified token again: the gateway takes ID tokens for access tokens and any one scope
 * (apigw-dg, http-api-jwt-authorizer), and knows nothing of verified mail addresses.
 * @param now epoch milliseconds
 * @throws Problem `unauthenticated`
 */
export function callerFromToken(catalogue: Catalogue, identity: Identity, claims: Claims, now: number): Caller {
  for (const { error } of tokenChecks) {
    const found = error(claims, identity, now);
    if (found !== undefined) throw unauthenticated(found);
  }
  const machine = identity.principalClaim === undefined ? undefined : claims[identity.principalClaim];
  if (machine !== undefined && (typeof machine !== 'string' || !principalPattern.test(machine)))
    throw unauthenticated('The token names no IAM principal.');
  const subject = `${identity.issuer}#${subjectIn(claims, identity)}`;
  const principal = machine === undefined ? subject : canonicalPrincipal(machine);
  const person = catalogue.people.get(principal) ?? personOfClaims(catalogue, identity, claims, machine && principal);
  const ownName =
    typeof claims.name === 'string' && person.name === person.email ? claims.name.slice(0, 200) : undefined;
  return {
    ...kindOf(catalogue, principal),
    principal,
    subject,
    person: ownName === undefined ? person : { ...person, name: quotedName(ownName) ?? person.name },
    ...groupsOfClaims(catalogue, identity, claims, person),
    via: 'oidc',
    mfa: saysOneOf(claims, identity.mfa),
    ...signedInAtOf(claims),
  };
}

/**
 * The person whom a verified address names. Without one a token is nobody: the same account must not be another person whenever
 * its holder asks the issuer for less.
 * @param machine the principal that the issuer vouches for in a claim of its own, which needs no address
 * @throws Problem `unauthenticated` that says what the address lacks
 */
function personOfClaims(catalogue: Catalogue, identity: Identity, claims: Claims, machine: string | undefined): Person {
  const found = emailIn(claims, identity);
  if ('email' in found) return personOf(catalogue, found.email);
  if (machine !== undefined) return personOf(catalogue, machine);
  throw unauthenticated(`The token names no person: ${found.lacks} ${emailAdvice(identity)}`);
}

/**
 * The groups of the catalogue and those that the token's groups are mapped to. A token that points elsewhere for its groups, as some
 * issuers do of whoever is in very many, leaves open in which ones its holder is (OpenID Connect Core 1.0, section 5.6.2: `_claim_names`).
 */
function groupsOfClaims(
  catalogue: Catalogue,
  { groupsClaim, hasGroupsAlways = false }: Identity,
  claims: Claims,
  person: Person,
): Pick<Caller, 'groups' | 'mayBeIn'> {
  const claim = claims[groupsClaim];
  const pointers = Object(claims._claim_names) as object;
  const isElsewhere = Object.hasOwn(pointers, groupsClaim) || (claims.hasgroups ?? false) !== false;
  const isMissing = claim === undefined ? hasGroupsAlways : textsIn(claim).length < [claim].flat().length;
  const mapped = textsIn(claim).flatMap((value) => catalogue.groupsOfToken.get(value) ?? []);
  return {
    groups: joinGroups(catalogue, person, mapped),
    ...((isElsewhere || isMissing) && { mayBeIn: catalogue.tokenGroups }),
  };
}

/**
 * The caller behind SigV4. Root and federated users are refused; an assumed role is its role, whatever its session is called,
 * because anybody who may assume a role picks the session name. The one exception is a role of IAM Identity Center in an account
 * that the catalogue lists: Identity Center names the session after the person. A role's ARN has lost its path here, so the account
 * is listed on the promise that nobody else makes roles of such names there (docs/catalogue.md).
 * @throws Problem `unauthenticated`
 */
export function callerFromIam(catalogue: Catalogue, { userArn = '', callerId = '', accountId }: IamContext): Caller {
  const user = /^arn:aws[a-z-]*:iam::(\d{12}):user\/[\w+=,.@/-]+$/.exec(userArn);
  const role = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/([\w+=,.@-]+)$/.exec(userArn);
  const account = user?.[1] ?? role?.[2];
  if (account === undefined || (accountId !== undefined && accountId !== account)) {
    throw unauthenticated('Sign with the keys of an IAM user or role; root and federated users are not accepted.');
  }
  if (role && !new RegExp(`^AROA[A-Z0-9]+:${role[4]!.replace(/[.+]/g, '\\$&')}$`).test(callerId)) {
    throw unauthenticated('The caller id does not belong to the role that signed.');
  }
  const permissionSet =
    role && catalogue.ssoAccounts.has(account) ? /^(AWSReservedSSO_.+)_[0-9a-f]{16}$/.exec(role[3]!)?.[1] : undefined;
  if (role && permissionSet !== undefined) {
    const set = `arn:${role[1]}:iam::${account}:role/${permissionSet}_*`;
    return callerFromPermissionSet(
      catalogue,
      userArn,
      mailAddress(role[4]) ?? ssoUser(role[1]!, account, role[4]!),
      set,
    );
  }
  const principal = role ? `arn:${role[1]}:iam::${role[2]}:role/${role[3]}` : userArn;
  const person = personOf(catalogue, principal);
  return {
    ...kindOf(catalogue, principal),
    principal,
    person,
    groups: joinGroups(catalogue, person, []),
    mayBeIn: catalogue.tokenGroups,
    via: 'iam',
    mfa: false,
  };
}

/**
 * The role is shared, so the session is the principal; its name is the user name of IAM Identity Center, usually an email address.
 * @param user that mail address or, for another name, the user apart from role and permission set: with two of them one human is still one
 */
function callerFromPermissionSet(catalogue: Catalogue, principal: string, user: string, permissionSet: string): Caller {
  const person = personOf(catalogue, user);
  const groups = joinGroups(catalogue, person, catalogue.groupsOf.get(permissionSet) ?? []);
  const mayBeIn = catalogue.tokenGroups;
  return { kind: 'person', principal, person, groups, mayBeIn, via: 'iam', mfa: false, permissionSet };
}

/** Whoever holds a mailed link, as the person it was mailed to; the catalogue alone says which groups that is. */
export function callerFromLink(catalogue: Catalogue, approver: { key: string; name: string }): Caller {
  const person = personOf(catalogue, approver.key);
  return {
    kind: 'person',
    principal: person.key,
    person,
    groups: joinGroups(catalogue, person, []),
    via: 'link',
    mfa: false,
  };
}

// --- internal ---

function kindOf(catalogue: Catalogue, principal: string): Pick<Caller, 'kind' | 'bot'> {
  const bot = catalogue.bots.get(principal);
  return bot ? { kind: 'bot', bot: bot.id } : { kind: 'person' };
}

const joinGroups = (catalogue: Catalogue, person: Person, more: readonly string[]): string[] =>
  [...new Set([...(catalogue.groupsOf.get(person.key) ?? []), ...more])].sort();

/** Some issuers write the number as text. */
function signedInAtOf({ auth_time: claim }: Claims): Pick<Caller, 'signedInAt'> {
  const seconds = typeof claim === 'string' && /^\d{1,12}$/.test(claim) ? Number(claim) : claim;
  return typeof seconds === 'number' ? { signedInAt: seconds * SECOND } : {};
}

/** In quotes, because its holder may choose it: it must not read as a name that the catalogue vouches for. */
function quotedName(name: string): string | undefined {
  const bare = printable(name).replace(/["“”„«»]/g, "'");
  return bare === '' ? undefined : `"${bare}"`;
}

/** A name from a token is shown to approvers; formatting characters could make it read as somebody else's. */
const printable = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .trim();
