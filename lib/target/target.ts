// What a target account installs: its roles, their boundary and the revoker, from the catalogue alone; as CloudFormation, Terraform or plain documents.
import type { CatalogueData } from '../catalogue/catalogue.ts';
import type { CatalogueFinding } from '../catalogue/finding.ts';
import { reachTexts } from '../catalogue/reach.ts';
import { entryOf, rolesIn } from '../catalogue/role-template.ts';
import {
  type Arn,
  boundaryArn,
  enterActions,
  hubPolicy,
  inlineLimit,
  managedLimit,
  type PolicyDocument,
  revokerArn,
  revokerPolicy,
  revokerTrust,
  roleArn,
  trustPolicy,
} from '../session/iam.ts';
import { boundaryNameOf, commonBoundary, permissionsBoundary } from './boundary.ts';
import { logicalId, terraformName } from './resource-name.ts';

type Account = CatalogueData['accounts'][string];
/** The hub as target accounts know it. */
export type Hub = {
  /** 12 digits; undefined leaves it to whoever deploys the template */
  accountId: string | undefined;
  /** stage of the hub's deployment, which is part of its roles' names */
  stage: string;
  organization: string | undefined;
};

/** One IAM role of a target account. `path` begins and ends with a slash. */
export type TargetRole = {
  name: string;
  path: string;
  /** ids in the catalogue that lead to it */
  ids: string[];
  maxSessionDuration: number;
  trust: PolicyDocument;
  managed: readonly string[];
  /** its own permissions; undefined where the catalogue gives none */
  permissions: PolicyDocument | undefined;
  /** name of its boundary, and what that is; roles that reach nothing beyond their session share one */
  boundary: { name: string; policy: PolicyDocument };
  /** what it can reach beyond its session, in words */
  reach: readonly string[];
};
export type Target = {
  account: { key: string; id: string; name: string; partition: Account['partition'] };
  /** by name */
  boundaries: Readonly<Record<string, PolicyDocument>>;
  roles: TargetRole[];
  revoker: { trust: PolicyDocument; policy: PolicyDocument } | undefined;
  tags: Readonly<Record<string, string>>;
};

/** IAM's own quotas (iam-ug, reference_iam-quotas), white space not counted, and CloudFormation's of a template (cloudformation-limits). */
const limits = { trust: 2048, managed: managedLimit, inline: inlineLimit, resources: 500 };

/** What a catalogue has for an account cannot be installed there; the message is for whoever edits the catalogue. */
export class TargetError extends Error {}

/** Whether the catalogue has a role in the account at all. */
export const installsRoles = (catalogue: CatalogueData, key: string): boolean =>
  [...rolesIn(catalogue)].some(({ account }) => account === key);

/**
 * Everything that one account installs, roles in the order of their names.
 * @param key of the account in the catalogue
 * @throws TargetError that says what does not fit or is missing, for whoever edits the catalogue
 */
export function targetOf(catalogue: CatalogueData, key: string, hub: Hub): Target {
  if (!Object.hasOwn(catalogue.accounts, key))
    throw new TargetError(
      `There is no account "${key}" in the catalogue. It has: ${Object.keys(catalogue.accounts).join(', ')}.`,
    );
  if (!installsRoles(catalogue, key))
    throw new TargetError(`No role of the catalogue is in the account "${key}", so there is nothing to install there.`);
  const target = assembled(catalogue, key, hub);
  const errors = [...errorsIn(target)];
  if (errors.length > 0) throw new TargetError(errors.map(({ detail }) => detail).join('\n'));
  return target;
}

/** A hub with names of usual length, for what a catalogue alone can say of its templates. */
export const usualHub: Hub = { accountId: '999999999999', stage: 'prod', organization: 'o-a1b2c3d4e5' };

/**
 * What `targetOf` would say of any account, with its places in the catalogue.
 * @param errorsOf more that can be wrong with an account, which is asked where nothing else is
 */
export function* installErrors(
  catalogue: CatalogueData,
  errorsOf: (target: Target) => Iterable<CatalogueFinding> = () => [],
): Generator<CatalogueFinding> {
  for (const key of Object.keys(catalogue.accounts)) {
    if (!installsRoles(catalogue, key)) continue;
    const target = assembled(catalogue, key, usualHub);
    const errors = [...errorsIn(target)];
    yield* errors.length > 0 ? errors : errorsOf(target);
  }
}

function assembled(catalogue: CatalogueData, key: string, hub: Hub): Target {
  const account = catalogue.accounts[key]!;
  const roles = rolesOf(catalogue, key, trustedOf(hub, 'issue-session', account.partition), hub.organization);
  const arns = roles.map(({ path, name }) => roleArn(account, `${path.slice(1)}${name}`));
  return {
    account: { key, id: account.id, name: account.name, partition: account.partition },
    boundaries: {
      [commonBoundary]: permissionsBoundary(account, { passRole: [], reaches: [] }),
      ...Object.fromEntries(roles.map(({ boundary }) => [boundary.name, boundary.policy])),
    },
    roles,
    revoker: account.revoker
      ? {
          trust: revokerTrust(
            { role: trustedOf(hub, 'revoke-sessions', account.partition), organization: hub.organization },
            account.externalId,
          ),
          policy: revokerPolicy(
            arns,
            roles.map(({ boundary }) => boundaryArn(account, boundary.name)),
          ),
        }
      : undefined,
    tags: Object.fromEntries(tagsOf(account)),
  };
}

/** In the order of their names, whatever the order of the file. */
export const tagsOf = ({ tags }: Pick<Account, 'tags'>): Array<[string, string]> =>
  Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));

function rolesOf(catalogue: CatalogueData, key: string, role: Arn, organization: string | undefined): TargetRole[] {
  const roles = new Map<string, TargetRole>();
  for (const { id, rule } of [...rolesIn(catalogue)].filter(({ account }) => account === key)) {
    const known = roles.get(rule.roleName);
    if (known) {
      known.ids.push(id);
      continue;
    }
    const slash = rule.roleName.lastIndexOf('/') + 1;
    const { managed = [], statements = [] } = rule.permissions ?? {};
    roles.set(rule.roleName, {
      name: rule.roleName.slice(slash),
      path: `/${rule.roleName.slice(0, slash)}`,
      ids: [id],
      boundary: {
        name: boundaryNameOf(rule.roleName.slice(slash), rule),
        policy: permissionsBoundary(catalogue.accounts[key]!, rule),
      },
      reach: reachTexts(rule),
      maxSessionDuration: rule.maxSessionDuration,
      trust: trustPolicy({ role, organization }, catalogue.accounts[key]!.externalId),
      managed: [...new Set(managed)],
      permissions:
        statements.length === 0
          ? undefined
          : {
              Version: '2012-10-17',
              Statement: statements.map(({ actions, resources, conditions }) => ({
                Effect: 'Allow' as const,
                Action: actions,
                Resource: resources,
                ...(conditions && { Condition: conditions }),
              })),
            },
    });
  }
  return [...roles.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found);
}

function* errorsIn({ account, roles, revoker }: Target): Generator<CatalogueFinding> {
  for (const role of roles) yield* roleErrorsIn(role, account.key);
  const path = ['accounts', account.key];
  if (revoker && sizeOf(revoker.policy) > limits.inline)
    yield {
      path,
      detail: `There are too many roles in the account ${account.key} for the policy of its revoker, which would have ${sizeOf(revoker.policy)} characters; IAM takes ${limits.inline}.`,
    };
  const resources = resourceCount(roles);
  if (resources > limits.resources)
    yield {
      path,
      detail: `The template of the account ${account.key} would have ${resources} resources; CloudFormation takes ${limits.resources}.`,
    };
}

function* roleErrorsIn(
  { ids, name, trust, permissions, boundary }: TargetRole,
  account: string,
): Generator<CatalogueFinding> {
  const role = ['roles', entryOf(ids[0]!)];
  if (sizeOf(boundary.policy) > limits.managed)
    yield {
      path: [...role, 'passRole'],
      detail: `The boundary of ${name} has ${sizeOf(boundary.policy)} characters, IAM takes ${limits.managed}: name fewer roles in passRole, with * for several.`,
    };
  if (sizeOf(trust) > limits.trust)
    yield {
      path: ['accounts', account, 'externalId'],
      detail: `The trust policy of ${name} has ${sizeOf(trust)} characters, IAM takes ${limits.trust}: shorten the external id.`,
    };
  if (permissions && sizeOf(permissions) > limits.managed)
    yield {
      path: [...role, 'permissions', 'statements'],
      detail: `The permissions of ${name} have ${sizeOf(permissions)} characters, IAM takes ${limits.managed}: move some to a managed policy of your own.`,
    };
}

/** At most: the common boundary, the revoker, and of each role itself, its permissions and its boundary. */
const resourceCount = (roles: readonly TargetRole[]): number =>
  2 +
  roles.reduce(
    (sum, { permissions, boundary }) => sum + 1 + (permissions ? 1 : 0) + (boundary.name === commonBoundary ? 0 : 1),
    0,
  );
const sizeOf = (document: PolicyDocument): number => JSON.stringify(document).length;

const trustedOf = (hub: Hub, functionName: string, partition: string): Arn => {
  const name = `role/latchkey-${hub.stage}-${functionName}`;
  return hub.accountId === undefined
    ? { 'Fn::Sub': `arn:${partition}:iam::\${HubAccountId}:${name}` }
    : `arn:${partition}:iam::${hub.accountId}:${name}`;
};

// -- CloudFormation --------------------------------------------------------------------------------------------------

type Resource = { Type: string; DeletionPolicy?: 'Delete'; Properties: Record<string, unknown> };
export type Template = {
  AWSTemplateFormatVersion: '2010-09-09';
  Description: string;
  Parameters?: Record<string, unknown>;
  Mappings?: Record<string, Record<string, Record<string, string>>>;
  Resources: Record<string, Resource>;
};

/**
 * One template, free of Regions and of account numbers that are not the target's. What many accounts install alike is stack-set.ts's.
 * A role's own permissions are a managed policy: all of its inline policies' room is left to revocations.
 */
export function cloudFormationTemplate(target: Target, hub: Hub): Template {
  const { account, boundaries, roles, revoker } = target;
  const resources: Record<string, Resource> = {};
  for (const [name, PolicyDocument] of Object.entries(boundaries))
    resources[boundaryId(name)] = {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        ManagedPolicyName: name,
        Path: '/latchkey/',
        Description: boundaryDescription(name),
        PolicyDocument,
      },
    };
  for (const role of roles) {
    const id = logicalId('Role', role.name);
    resources[id] = {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: role.name,
        Path: role.path,
        Description: roleDescription(role),
        MaxSessionDuration: role.maxSessionDuration,
        AssumeRolePolicyDocument: role.trust,
        PermissionsBoundary: { Ref: boundaryId(role.boundary.name) },
        ...(role.managed.length > 0 && { ManagedPolicyArns: role.managed }),
        ...(Object.keys(target.tags).length > 0 && {
          Tags: Object.entries(target.tags).map(([Key, Value]) => ({ Key, Value })),
        }),
      },
    };
    if (role.permissions)
      resources[logicalId('Permissions', role.name)] = {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: {
          ManagedPolicyName: `${role.name}-permissions`,
          Path: '/latchkey/',
          PolicyDocument: role.permissions,
          Roles: [{ Ref: id }],
        },
      };
  }
  if (revoker)
    resources.Revoker = {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: 'latchkey-revoker',
        Description: 'Latchkey: ends sessions of revoked grants',
        AssumeRolePolicyDocument: revoker.trust,
        Policies: [{ PolicyName: 'Revoke', PolicyDocument: revoker.policy }],
      },
    };
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `Latchkey: what the account ${account.key} (${account.id}) installs. Made from the catalogue; change it there.`,
    ...(hub.accountId === undefined && {
      Parameters: {
        HubAccountId: {
          Type: 'String',
          AllowedPattern: '^[0-9]{12}$',
          Description: 'The 12 digits of the account in which Latchkey runs',
        },
      },
    }),
    Resources: resources,
  };
}

const boundaryId = (name: string): string => logicalId('Boundary', name.slice(`${commonBoundary}-`.length));
const boundaryDescription = (name: string): string =>
  name === commonBoundary
    ? 'What roles of Latchkey cannot do, whatever their permissions'
    : `What ${name.slice(`${commonBoundary}-`.length)} cannot do, whatever its permissions`;

/** botocore iam: at most 1000 characters. What it can reach beyond its session comes first, since the ids may be many. */
const roleDescription = ({ ids, reach }: Pick<TargetRole, 'ids' | 'reach'>): string =>
  [...(reach.length > 0 ? [`Beyond its session it can ${reach.join('; ')}.`] : []), `Latchkey: ${ids.join(', ')}`]
    .join(' ')
    .slice(0, 1000);

// -- plain documents and Terraform -----------------------------------------------------------------------------------

/** Every document by itself, for whoever installs by hand or by a tool of their own; with what the hub has to be allowed for this account. */
export const plainDocuments = ({ account, boundaries, roles, revoker }: Target, hub: Hub) => ({
  account: account.id,
  boundaries: Object.entries(boundaries).map(([name, policy]) => ({ arn: boundaryArn(account, name), policy })),
  roles: roles.map(({ name, path, maxSessionDuration, trust, managed, permissions, boundary, reach }) => ({
    arn: roleArn(account, `${path.slice(1)}${name}`),
    maxSessionDuration,
    permissionsBoundary: boundaryArn(account, boundary.name),
    ...(reach.length > 0 && { reachesBeyondItsSession: reach }),
    trustPolicy: trust,
    managedPolicies: managed,
    ...(permissions && { permissions }),
  })),
  ...(revoker && { revoker: { arn: revokerArn(account), trustPolicy: revoker.trust, policy: revoker.policy } }),
  hub: [
    hubPart(hub, account, 'issue-session', enterActions, [
      ...new Set(roles.map(({ path, name }) => roleArn(account, path === '/' ? name : `${path.slice(1)}*`))),
    ]),
    ...(revoker ? [hubPart(hub, account, 'revoke-sessions', ['sts:AssumeRole'], [revokerArn(account)])] : []),
  ],
});

/** The statement that one role of the hub needs. The hub's own template has it for all accounts together, and names the Region. */
function hubPart(
  hub: Hub,
  { partition }: Target['account'],
  name: string,
  actions: readonly string[],
  entered: readonly string[],
) {
  const code = `arn:${partition}:lambda:*:${hub.accountId}:function:latchkey-${hub.stage}-${name}`;
  const [statement] = hubPolicy(actions, entered, code, hub.organization, []);
  return { role: trustedOf(hub, name, partition), statement };
}

const boundaryLabel = (name: string): string =>
  name === commonBoundary ? 'latchkey_boundary' : terraformName('boundary', name.slice(`${commonBoundary}-`.length));

/** Of a managed policy on a role: by the policy's owner and path, so that the order of the list does not matter. */
const attachmentName = ({ name }: TargetRole, arn: string): string =>
  terraformName('role', name, arn.split(':')[4]!, arn.slice(arn.indexOf('/') + 1));

/** Terraform's JSON syntax (`latchkey.tf.json`), for the provider hashicorp/aws. `${` and `%{` in a document are IAM's, so they are escaped. */
export function terraformDocument({ boundaries, roles, revoker, tags }: Target): Record<string, unknown> {
  const text = (document: PolicyDocument) => JSON.stringify(document).replace(/[$%](?=\{)/g, '$&$&');
  const reference = (attribute: string) => `\${${attribute}}`;
  const label = ({ name }: TargetRole) => terraformName('role', name);
  const own = roles.filter(({ permissions }) => permissions);
  const ofRole = (role: TargetRole) => reference(`aws_iam_role.${label(role)}.name`);
  const attachments = roles.flatMap((role) => [
    ...role.managed.map((arn) => [attachmentName(role, arn), { role: ofRole(role), policy_arn: arn }]),
    ...(role.permissions
      ? [
          [
            terraformName('role', role.name, 'own'),
            { role: ofRole(role), policy_arn: reference(`aws_iam_policy.${label(role)}.arn`) },
          ],
        ]
      : []),
  ]);
  return {
    resource: {
      aws_iam_policy: {
        ...Object.fromEntries(
          Object.entries(boundaries).map(([name, policy]) => [
            boundaryLabel(name),
            { name, path: '/latchkey/', description: boundaryDescription(name), policy: text(policy) },
          ]),
        ),
        ...Object.fromEntries(
          own.map((role) => [
            label(role),
            { name: `${role.name}-permissions`, path: '/latchkey/', policy: text(role.permissions!) },
          ]),
        ),
      },
      aws_iam_role: {
        ...Object.fromEntries(
          roles.map((role) => [
            label(role),
            {
              name: role.name,
              path: role.path,
              description: roleDescription(role),
              max_session_duration: role.maxSessionDuration,
              permissions_boundary: reference(`aws_iam_policy.${boundaryLabel(role.boundary.name)}.arn`),
              assume_role_policy: text(role.trust),
              ...(Object.keys(tags).length > 0 && { tags }),
            },
          ]),
        ),
        ...(revoker && { latchkey_revoker: { name: 'latchkey-revoker', assume_role_policy: text(revoker.trust) } }),
      },
      ...(attachments.length > 0 && { aws_iam_role_policy_attachment: Object.fromEntries(attachments) }),
      ...(revoker && {
        aws_iam_role_policy: {
          latchkey_revoker: {
            name: 'Revoke',
            role: reference('aws_iam_role.latchkey_revoker.name'),
            policy: text(revoker.policy),
          },
        },
      }),
    },
  };
}
