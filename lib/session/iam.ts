// The IAM that Latchkey stands on, as documents: who may enter a target role, what the role can never do, who may revoke, and the revocation itself.
import type { CatalogueData } from '../catalogue/catalogue.ts';
import { rolesIn } from '../catalogue/role-template.ts';
import { toInstant } from '../common/time.ts';
import { sessionTags } from '../model/session-tags.ts';

/** An ARN as text, or as CloudFormation puts it together. */
export type Arn = string | { 'Fn::Sub': string };
export type Condition = Record<string, Record<string, Arn | readonly string[]>>;
export type Statement = {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: { AWS: Arn };
  Action?: string | readonly string[];
  NotAction?: readonly string[];
  Resource?: string | readonly string[];
  NotResource?: readonly string[];
  Condition?: Condition;
};
export type PolicyDocument = { Version: '2012-10-17'; Statement: readonly Statement[] };
type Account = CatalogueData['accounts'][string];
/** Who may enter: a role of the hub, and the organisation that it must be in, if any. */
export type Trusted = { role: Arn; organization?: string | undefined };

const document = (...Statement: Statement[]): PolicyDocument => ({ Version: '2012-10-17', Statement });

// -- entering a target role ------------------------------------------------------------------------------------------

/** What the hub does to enter a role; cross-account each needs a yes on both sides (iam-ug, id_session-tags). */
export const enterActions = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'] as const;

/**
 * The trust policy of a target role: one role of the hub, with the account's external id, naming the person and the request.
 * `ForAllValues` holds for an absent key, so `Null` stands beside it (iam-ug, reference_policies_multi-value-conditions).
 * @param externalId of the account in the catalogue
 */
export function trustPolicy({ role, organization }: Trusted, externalId: string): PolicyDocument {
  const Principal = { AWS: role };
  const tagged = { [`aws:RequestTag/${sessionTags.request}`]: '?*', [`aws:RequestTag/${sessionTags.requester}`]: '?*' };
  const named = { 'sts:SourceIdentity': '?*' };
  return document(
    {
      Sid: 'Enter',
      Effect: 'Allow',
      Principal,
      Action: 'sts:AssumeRole',
      Condition: {
        StringEquals: { 'sts:ExternalId': externalId, ...(organization && { 'aws:PrincipalOrgID': organization }) },
        StringLike: { ...tagged, ...named, 'sts:RoleSessionName': 'lk-*' },
      },
    },
    {
      Sid: 'Tag',
      Effect: 'Allow',
      Principal,
      Action: 'sts:TagSession',
      Condition: {
        StringLike: tagged,
        'ForAllValues:StringEquals': { 'aws:TagKeys': Object.values(sessionTags) },
        Null: { 'aws:TagKeys': 'false' },
      },
    },
    { Sid: 'Name', Effect: 'Allow', Principal, Action: 'sts:SetSourceIdentity', Condition: { StringLike: named } },
  );
}

/** The role paths of the catalogue, in the order of the file; a role without a path is named itself. */
export function targetRoles(catalogue: Pick<CatalogueData, 'accounts' | 'roles'>): string[] {
  const arns = [...rolesIn(catalogue)].map(({ account, rule: { roleName } }) => {
    const path = roleName.slice(0, roleName.lastIndexOf('/') + 1);
    return roleArn(catalogue.accounts[account]!, path === '' ? roleName : `${path}*`);
  });
  return [...new Set(arns)];
}

/** The roles in target accounts that revoke. Accounts that have none are left out. */
export const revokerRoles = (catalogue: Pick<CatalogueData, 'accounts'>): string[] => [
  ...new Set(
    Object.values(catalogue.accounts)
      .filter(({ revoker }) => revoker)
      .map(revokerArn),
  ),
];

/** The same names and paths in any account, for a policy without space for the list. Must be used with a condition on the organisation. */
export const inAnyAccount = (roles: readonly string[]): string[] => [
  ...new Set(roles.map((arn) => arn.replace(/^(arn:[\w-]+:iam::)\d{12}:/, '$1*:'))),
];

/**
 * What a function of the hub may do in other accounts: only these actions on these roles, and only from its own code.
 * The condition key lambda:SourceFunctionArn pins the credentials to the function (lambda-dg, lambda-intro-execution-role). The Deny
 * spares calls that a service makes for us: DynamoDB decrypts the table's key in the caller's name.
 * @param beside the other actions that the function needs
 */
export function hubPolicy(
  actions: readonly string[],
  roles: readonly string[],
  functionArn: Arn,
  organization: string | undefined,
  beside: readonly string[],
): Statement[] {
  return [
    ...(roles.length > 0
      ? [
          {
            Sid: 'Assume',
            Effect: 'Allow' as const,
            Action: actions,
            Resource: roles,
            Condition: {
              ArnEquals: { 'lambda:SourceFunctionArn': functionArn },
              ...(organization && { StringEquals: { 'aws:ResourceOrgID': organization } }),
            },
          },
        ]
      : []),
    {
      Sid: 'NothingElse',
      Effect: 'Deny',
      NotAction: [...(roles.length > 0 ? actions : []), ...beside],
      Resource: '*',
      Condition: { Bool: { 'aws:ViaAWSService': 'false' } },
    },
  ];
}

// -- revoking --------------------------------------------------------------------------------------------------------

/** @param name as boundary.ts has it */
export const boundaryArn = ({ partition, id }: Pick<Account, 'partition' | 'id'>, name: string): string =>
  `arn:${partition}:iam::${id}:policy/latchkey/${name}`;
/** Outside of role/latchkey/, so that issue-session cannot assume it. */
export const revokerArn = (account: Pick<Account, 'partition' | 'id'>): string => roleArn(account, 'latchkey-revoker');
export const roleArn = ({ partition, id }: Pick<Account, 'partition' | 'id'>, roleName: string): string =>
  `arn:${partition}:iam::${id}:role/${roleName}`;

/** Only the hub's revoke-sessions function may assume an account's revoker. */
export const revokerTrust = ({ role, organization }: Trusted, externalId: string): PolicyDocument =>
  document({
    Sid: 'Enter',
    Effect: 'Allow',
    Principal: { AWS: role },
    Action: 'sts:AssumeRole',
    Condition: {
      StringEquals: { 'sts:ExternalId': externalId, ...(organization && { 'aws:PrincipalOrgID': organization }) },
    },
  });

/**
 * A revoker may write and remove inline policies of the account's target roles, as long as they have a boundary of Latchkey.
 * @param boundaries ARNs of the boundaries that the account's roles have
 */
export const revokerPolicy = (roles: readonly string[], boundaries: readonly string[]): PolicyDocument =>
  document({
    Sid: 'Revoke',
    Effect: 'Allow',
    Action: ['iam:PutRolePolicy', 'iam:DeleteRolePolicy'],
    Resource: roles,
    Condition: { StringEquals: { 'iam:PermissionsBoundary': [...new Set(boundaries)].sort() } },
  });

/** Name of the inline policy that holds the revocations of a role. */
export const revocationPolicyName = 'LatchkeyRevocations';
/** Characters of all inline policies of a role together, without white space (iam-ug, reference_iam-quotas). */
export const inlineLimit = 10_240;
/** Characters of one managed policy, without white space, and the default quota of managed policies per role (same page). */
export const managedLimit = 6144;
export const managedPerRole = 10;

/**
 * The policy that ends sessions of a role: those of the listed grants, by their tag, and all that were issued before an instant.
 * IAM evaluates it at every call, so it denies sessions that are already issued, within minutes (iam-ug, id_roles_use_revoke-sessions).
 * @param before epoch milliseconds
 * @returns undefined when it would deny nothing
 */
export function revocationPolicy(grants: readonly string[], before: number | undefined): PolicyDocument | undefined {
  const deny = (Sid: string, Condition: Condition): Statement => ({
    Sid,
    Effect: 'Deny',
    Action: '*',
    Resource: '*',
    Condition,
  });
  const statements = [
    ...(grants.length > 0
      ? [deny('RevokedGrants', { StringEquals: { [`aws:PrincipalTag/${sessionTags.request}`]: grants } })]
      : []),
    ...(before !== undefined
      ? [deny('OlderSessions', { DateLessThan: { 'aws:TokenIssueTime': toInstant(before) } })]
      : []),
  ];
  return statements.length > 0 ? document(...statements) : undefined;
}
