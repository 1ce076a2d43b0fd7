// The forms of an entry in a list of people: an email address, an IAM principal, a permission set, `group:NAME`, `everyone`.
import { partitions } from './partition.ts';

/** A pattern for ARNs of known partitions. The partition is the first group. */
const arn = (rest: RegExp): RegExp => new RegExp(`^arn:(${partitions.join('|')}):${rest.source}`);

export const principalPattern = arn(/iam::(\d{12}):(user|role)\/((?:[\w+=,.@-]+\/)*)([\w+=,.@-]{1,64})$/);
/** Everyone who signs in with a permission set of IAM Identity Center. The name of its role ends in 16 characters that AWS chooses. */
export const permissionSetPattern = arn(
  /iam::(\d{12}):role\/(?:aws-reserved\/sso\.amazonaws\.com\/(?:[a-z0-9-]+\/)?)?(AWSReservedSSO_[\w+=,.@-]{1,32})_\*$/,
);

/**
 * One user of IAM Identity Center, by the user name in the session name, under any permission set and after any new provisioning.
 * A user whose user name is an email address is written as the email address.
 */
export const ssoUserPattern = arn(/sts::(\d{12}):assumed-role\/AWSReservedSSO_\*\/(?![^/]*@)[\w+=,.-]{2,64}$/);
export const ssoUser = (partition: string, account: string, name: string): string =>
  `arn:${partition}:sts::${account}:assumed-role/AWSReservedSSO_*/${name}`;

/** An account at the issuer, as its tokens name it: `https://idp.example.com#00u1`. OpenID Connect Core 1.0, section 2: a subject has at most 255 ASCII characters. */
export const subjectPattern = /^https?:\/\/[\x21-\x22\x24-\x7e]{1,300}#[\x20-\x7e]{1,255}$/;

/**
 * The one form in which a principal is compared. A role loses its path, because the ARN of an assumed role has none
 * (iam-ug, reference_identifiers) and a role's name is unique in its account.
 */
export function canonicalPrincipal(principal: string): string {
  const found = principalPattern.exec(principal);
  if (found) return found[3] === 'role' ? `arn:${found[1]}:iam::${found[2]}:role/${found[5]}` : principal;
  const set = permissionSetPattern.exec(principal);
  return set ? `arn:${set[1]}:iam::${set[2]}:role/${set[3]}_*` : principal;
}

/** Whether an entry is a permission set. It names no known people, so nobody can be emailed because of it. */
export const isPermissionSet = (entry: string): boolean => entry.startsWith('arn:') && entry.endsWith('_*');
export const isGroup = (entry: string): boolean => entry.startsWith('group:');
export const groupName = (entry: string): string => entry.slice('group:'.length);
