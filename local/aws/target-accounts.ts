// The target accounts of the emulators, as installed by `npm run target`: the roles and policies that IAM returns and STS evaluates.
import type { Catalogue, Role } from '../../lib/catalogue/catalogue.ts';
import {
  boundaryArn,
  type PolicyDocument,
  revokerArn,
  revokerPolicy,
  revokerTrust,
  roleArn,
  trustPolicy,
} from '../../lib/session/iam.ts';
import { boundaryNameOf, commonBoundary, permissionsBoundary } from '../../lib/target/boundary.ts';
import { hubAccount, localStage, operatorArn } from './operator.ts';

/** An installed role. Tests may change it, because nothing else here knows its expected state. */
export type InstalledRole = {
  arn: string;
  trust: PolicyDocument;
  maxSessionDuration: number;
  /** ARN of a managed policy */
  boundary?: string;
  /** inline policies by name, as text without white space */
  inline: Map<string, string>;
};
export type TargetAccounts = {
  /** by ARN */
  roles: Map<string, InstalledRole>;
  /** managed policies by ARN */
  policies: Map<string, PolicyDocument>;
};

/** The role in every account that may read IAM; the doctor uses it as the operator of the emulated hub. */
export const auditorName = 'Auditor';

export function installTargets(catalogue: Pick<Catalogue, 'accounts' | 'roles'>): TargetAccounts {
  const roles = new Map<string, InstalledRole>();
  const policies = new Map<string, PolicyDocument>();
  const install = (role: InstalledRole) => roles.set(role.arn, role);
  for (const account of catalogue.accounts.values()) {
    const own = [...catalogue.roles.values()].filter((role) => role.account.key === account.key);
    const arns = [...new Set(own.map(({ arn }) => arn))].sort();
    const enterer = (name: string) => ({
      role: `arn:${account.partition}:iam::${hubAccount}:role/latchkey-${localStage}-${name}`,
    });
    policies.set(boundaryArn(account, commonBoundary), permissionsBoundary(account, { passRole: [], reaches: [] }));
    const boundaryOf = (role: Role) =>
      boundaryArn(account, boundaryNameOf(role.arn.slice(role.arn.lastIndexOf('/') + 1), role));
    for (const role of own) {
      const { arn, maxSessionDuration } = role;
      policies.set(boundaryOf(role), permissionsBoundary(account, role));
      install({
        arn,
        trust: trustPolicy(enterer('issue-session'), account.externalId),
        maxSessionDuration,
        boundary: boundaryOf(role),
        inline: new Map(),
      });
    }
    if (account.revoker) {
      const inline = new Map([['Revoke', JSON.stringify(revokerPolicy(arns, own.map(boundaryOf)))]]);
      install({
        arn: revokerArn(account),
        trust: revokerTrust(enterer('revoke-sessions'), account.externalId),
        maxSessionDuration: 3600,
        inline,
      });
    }
    install({ arn: roleArn(account, auditorName), trust: auditorTrust, maxSessionDuration: 3600, inline: new Map() });
  }
  return { roles, policies };
}

const auditorTrust: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: operatorArn }, Action: 'sts:AssumeRole' }],
};

/** The role with a name in an account; names are unique whatever the path. */
export const roleNamed = ({ roles }: TargetAccounts, account: string, name: string): InstalledRole | undefined =>
  [...roles.values()].find(({ arn }) => arn.split(':')[4] === account && arn.endsWith(`/${name}`));
