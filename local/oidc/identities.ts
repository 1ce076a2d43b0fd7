// The identities in the catalogue: people get local tokens, IAM principals get test keys.
import { createHash } from 'node:crypto';
import { type Catalogue, personOf } from '../../lib/catalogue/catalogue.ts';
import { isGroup, isPermissionSet, ssoUserPattern, subjectPattern } from '../../lib/catalogue/entry.ts';
import type { CatalogueData } from '../../lib/catalogue/shape.ts';
import type { SigningKey } from '../aws/sigv4.ts';
import { base32 } from '../aws/sts.ts';

export type Identities = {
  /** email addresses in lower case, in the order of the catalogue */
  emails: readonly string[];
  /** ARNs of IAM users and roles, bots included */
  principals: readonly string[];
};

/** Every email address and principal anywhere in the catalogue, including deny lists. */
export function identitiesOf(data: CatalogueData): Identities {
  const entries = [
    ...data.people.flatMap(({ email, principals }) => [email, ...principals]),
    ...Object.values(data.groups).flat(),
    ...Object.values(data.roles).flatMap(({ requesters, deny, approval, breakGlass }) => [
      ...requesters,
      ...deny,
      ...approval.stages.flatMap(({ approvers, fallback = [] }) => [...approvers, ...fallback]),
      ...(approval.escalate?.to ?? []),
      ...(breakGlass ? [...breakGlass.requesters, ...breakGlass.reviewers] : []),
    ]),
    ...Object.values(data.accounts).flatMap(({ owner = [] }) => owner),
    ...data.admins,
    ...data.auditors,
    ...Object.values(data.bots).flatMap((bot) => [bot.principal, ...bot.for]),
  ];
  const identities = [...new Set(entries)].filter(
    (entry) =>
      entry !== 'everyone' &&
      entry !== 'owner' &&
      !isGroup(entry) &&
      !isPermissionSet(entry) &&
      !subjectPattern.test(entry),
  );
  const isPrincipal = (identity: string) => identity.startsWith('arn:');
  return {
    emails: identities.filter((identity) => !isPrincipal(identity)),
    principals: identities.filter(isPrincipal),
  };
}

/** An identity to act as on the guided page. */
export type Actor = {
  email?: string;
  principal?: string;
  name: string;
  groups: readonly string[];
  kind: 'person' | 'machine' | 'bot';
};

/** All identities to act as: people by email address, then machines that are no person's second identity, then bots. */
export function actorsOf(catalogue: Catalogue, { emails, principals }: Identities): Actor[] {
  const known = (identity: string) => ({
    name: personOf(catalogue, identity).name,
    groups: catalogue.groupsOf.get(personOf(catalogue, identity).key) ?? [],
  });
  const alone = principals.filter((principal) => personOf(catalogue, principal).key === principal);
  const machine = (principal: string): Actor => ({
    principal,
    ...known(principal),
    kind: catalogue.bots.has(principal) ? 'bot' : 'machine',
  });
  return [...emails.map((email): Actor => ({ email, ...known(email), kind: 'person' })), ...alone.map(machine)];
}

/** A key that the local gateway knows, and the caller that API Gateway would report for it. */
export type TestKey = SigningKey & {
  accessKeyId: string;
  arn: string;
  userArn: string;
  callerId: string;
  accountId: string;
};

/**
 * The test key of a principal: always the same, so that exported keys stay valid after a restart. It is not a secret:
 * it is derived from the ARN, and is valid only for a server on the loopback interface.
 */
export function testKeyOf(arn: string): TestKey {
  const [, partition = 'aws', , , accountId = '', resource = ''] = arn.split(':');
  const ssoUser = ssoUserPattern.test(arn) ? resource.split('/').at(-1) : undefined;
  const isRole = resource.startsWith('role/') || ssoUser !== undefined;
  const session = ssoUser ?? 'local-session';
  const roleName = ssoUser === undefined ? resource.split('/').at(-1) : 'AWSReservedSSO_Local_0123456789abcdef';
  const id = lettersOf(`id of ${arn}`, 17);
  return {
    accessKeyId: `AKIA${lettersOf(`key of ${arn}`, 16)}`,
    secretAccessKey: lettersOf(`secret of ${arn}`, 40),
    arn,
    accountId,
    // a call signed by a role has the ARN of the assumed role, which leaves out the role's path (iam-ug, reference_identifiers)
    userArn: isRole ? `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${session}` : arn,
    callerId: isRole ? `AROA${id}:${session}` : `AIDA${id}`,
  };
}

const lettersOf = (text: string, count: number): string =>
  base32(createHash('sha256').update(`latchkey local ${text}`).digest()).slice(0, count);
