// Turns the gateway's authorizer context into a caller: one canonical principal, one person, groups, and what the call proved.
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

/** Requirements for a caller's token, whose signature the gateway has verified. */
export interface Identity extends TokenDemands {
  /** every token of the issuer has the groups claim, even without groups; a token without the claim leaves membership unknown */
  hasGroupsAlways?: boolean;
  /** client ID of the command line at the issuer; part of the public sign-in settings */
  clientId?: string;
  /** loopback ports that the issuer accepts for the browser's return (default: any); part of the public sign-in settings */
  loginPorts?: readonly number[];
}

export type Caller = {
  kind: 'person' | 'bot';
  /** canonical: `ISSUER#SUBJECT` for a token, `arn:aws:iam::ACCOUNT:user|role/NAME` for SigV4 */
  principal: string;
  /** `ISSUER#SUBJECT` of a token, even if its principal is another */
  subject?: string;
  person: Person;
  /** from the catalogue, and mapped from the token's groups */
  groups: readonly string[];
  /** groups that tokens fill, if this call\'s membership is unknown: they count in a deny */
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
 * The payload of the bearer token that the gateway verified. API Gateway passes claims as text and flattens a list to `[a b]`, so a
 * group named "x security" would read as two groups, one of them "security". The payload itself is exact. It only counts if it matches
 * the claims that the gateway verified.
 * @throws Problem `unauthenticated`
 */
export function claimsOf(verified: Record<string, unknown>, authorization: string | undefined): Claims {
  const payload = authorization?.match(/^Bearer +[\w-]+\.([\w-]+)\.[\w-]+$/i)?.[1];
  if (payload === undefined) throw unauthenticated('Send a bearer token in the Authorization header.');
  const claims = parsePayload(payload);
  const isSame = ['iss', 'sub', 'exp'].every((name) => textOf(claims[name]) === textOf(verified[name]));
  if (!isSame) throw unauthenticated('The token does not match the verified token.');
  return claims;
}

/** A claim as text to compare. Objects are excluded, because one from a token could define toString. */
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
 * Checks the claims of a verified token again: the gateway accepts ID tokens as access tokens and any one scope
 * (apigw-dg, http-api-jwt-authorizer), and does not check for verified email addresses.
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
    throw unauthenticated('The token has no valid IAM principal.');
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
 * The person with the verified address. A token without one is refused: the same account must not become another person when its holder
 * requests fewer claims.
 * @param machine the principal that the issuer vouches for in a claim of its own, which needs no address
 * @throws Problem `unauthenticated` that says what is missing
 */
function personOfClaims(catalogue: Catalogue, identity: Identity, claims: Claims, machine: string | undefined): Person {
  const found = emailIn(claims, identity);
  if ('email' in found) return personOf(catalogue, found.email);
  if (machine !== undefined) return personOf(catalogue, machine);
  throw unauthenticated(`The token names no person: ${found.lacks} ${emailAdvice(identity)}`);
}

/**
 * The groups of the catalogue and those that the token's groups are mapped to. If the token only refers to its groups, as some issuers
 * do for people in very many groups, membership is unknown (OpenID Connect Core 1.0, section 5.6.2: `_claim_names`).
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
 * The caller behind SigV4. Root and federated users are refused. An assumed role counts as its role, because anyone who may assume a
 * role chooses the session name. The exception is a role of IAM Identity Center in an account of ssoAccounts: Identity Center names the
 * session after the person. A role's ARN has no path here, so an account may only be listed if nobody else can create roles with such
 * names there (docs/catalogue.md).
 * @throws Problem `unauthenticated`
 */
export function callerFromIam(catalogue: Catalogue, { userArn = '', callerId = '', accountId }: IamContext): Caller {
  const user = /^arn:aws[a-z-]*:iam::(\d{12}):user\/[\w+=,.@/-]+$/.exec(userArn);
  const role = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/([\w+=,.@-]+)$/.exec(userArn);
  const account = user?.[1] ?? role?.[2];
  if (account === undefined || (accountId !== undefined && accountId !== account)) {
    throw unauthenticated('Sign with the keys of an IAM user or role. Root and federated users are not accepted.');
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
 * The role is shared, so the session is the principal. Its name is the user name of IAM Identity Center, usually an email address.
 * @param user that email address or, for another user name, the user without role and permission set, so that a person with two sets is one
 */
function callerFromPermissionSet(catalogue: Catalogue, principal: string, user: string, permissionSet: string): Caller {
  const person = personOf(catalogue, user);
  const groups = joinGroups(catalogue, person, catalogue.groupsOf.get(permissionSet) ?? []);
  const mayBeIn = catalogue.tokenGroups;
  return { kind: 'person', principal, person, groups, mayBeIn, via: 'iam', mfa: false, permissionSet };
}

/** The holder of an emailed link, as the person whom it was sent to. Groups come from the catalogue only. */
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

/** Some issuers send the number as text. */
function signedInAtOf({ auth_time: claim }: Claims): Pick<Caller, 'signedInAt'> {
  const seconds = typeof claim === 'string' && /^\d{1,12}$/.test(claim) ? Number(claim) : claim;
  return typeof seconds === 'number' ? { signedInAt: seconds * SECOND } : {};
}

/** In quotes, because its holder may choose it, so it must not look like a name from the catalogue. */
function quotedName(name: string): string | undefined {
  const bare = printable(name).replace(/["“”„«»]/g, "'");
  return bare === '' ? undefined : `"${bare}"`;
}

/** Without formatting characters, which could make a token's name look like another person's to approvers. */
const printable = (text: string): string =>
  text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .trim();
