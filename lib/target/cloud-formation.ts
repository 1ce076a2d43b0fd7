// What a target account installs as a CloudFormation template.
import { commonBoundary } from './boundary.ts';
import { boundaryDescription, roleDescription } from './description.ts';
import { logicalId } from './resource-name.ts';
import type { Hub, Target, TargetRole } from './target.ts';

type Resource = { Type: string; DeletionPolicy?: 'Delete'; Properties: Record<string, unknown> };
type Resources = Record<string, Resource>;
export type Template = {
  AWSTemplateFormatVersion: '2010-09-09';
  Description: string;
  Parameters?: Record<string, unknown>;
  Mappings?: Record<string, Record<string, Record<string, string>>>;
  Resources: Resources;
};

/**
 * One template, without Regions and without numbers of other accounts. stack-set.ts makes one template for many accounts.
 * The permissions of a role are a managed policy, so that revocations have all the space of its inline policies.
 */
export function cloudFormationTemplate(target: Target, hub: Hub): Template {
  const { account, boundaries, roles, revoker, tags } = target;
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `Latchkey: what the account ${account.key} (${account.id}) installs. Made from the catalogue; change it there.`,
    ...(hub.accountId === undefined && { Parameters: { HubAccountId: hubAccountId } }),
    Resources: Object.assign(
      {},
      ...Object.entries(boundaries).map(([name, policy]) => boundaryResource(name, policy)),
      ...roles.map((role) => roleResources(role, tags)),
      revoker && { Revoker: revokerResource(revoker) },
    ) as Resources,
  };
}

// --- internal ---

const hubAccountId = {
  Type: 'String',
  AllowedPattern: '^[0-9]{12}$',
  Description: 'The 12 digits of the account in which Latchkey runs',
};

const boundaryId = (name: string): string => logicalId('Boundary', name.slice(`${commonBoundary}-`.length));

const boundaryResource = (name: string, PolicyDocument: Target['boundaries'][string]): Resources => ({
  [boundaryId(name)]: {
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: {
      ManagedPolicyName: name,
      Path: '/latchkey/',
      Description: boundaryDescription(name),
      PolicyDocument,
    },
  },
});

function roleResources(role: TargetRole, tags: Target['tags']): Resources {
  const id = logicalId('Role', role.name);
  return {
    [id]: roleResource(role, tags),
    ...(role.permissions && { [logicalId('Permissions', role.name)]: permissionsResource(role, id) }),
  };
}

const roleResource = (role: TargetRole, tags: Target['tags']): Resource => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    RoleName: role.name,
    Path: role.path,
    Description: roleDescription(role),
    MaxSessionDuration: role.maxSessionDuration,
    AssumeRolePolicyDocument: role.trust,
    PermissionsBoundary: { Ref: boundaryId(role.boundary.name) },
    ...(role.managed.length > 0 && { ManagedPolicyArns: role.managed }),
    ...(Object.keys(tags).length > 0 && { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
  },
});

const permissionsResource = ({ name, permissions }: TargetRole, roleId: string): Resource => ({
  Type: 'AWS::IAM::ManagedPolicy',
  Properties: {
    ManagedPolicyName: `${name}-permissions`,
    Path: '/latchkey/',
    PolicyDocument: permissions,
    Roles: [{ Ref: roleId }],
  },
});

const revokerResource = ({ trust, policy }: NonNullable<Target['revoker']>): Resource => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    RoleName: 'latchkey-revoker',
    Description: 'Latchkey: ends sessions of revoked grants',
    AssumeRolePolicyDocument: trust,
    Policies: [{ PolicyName: 'Revoke', PolicyDocument: policy }],
  },
});
