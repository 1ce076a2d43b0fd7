// The target accounts: what the catalogue has each of them install, deployed with that account's own credentials.
import { CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { PutRolePermissionsBoundaryCommand } from '@aws-sdk/client-iam';
import { cloudFormationTemplate } from '../lib/target/cloud-formation.ts';
import { targetOf } from '../lib/target/target.ts';
import { deployedCatalogue } from '../scripts/deployed-catalogue.ts';
import { hub } from './emulation.ts';
import { operator } from './operator.ts';
import { stage } from './stack.ts';

/** @param keys of accounts in the catalogue that is deployed */
export async function setUpTargets(endpoint: string, keys: readonly string[]): Promise<void> {
  for (const key of keys) await setUp(endpoint, key);
}

async function setUp(endpoint: string, key: string): Promise<void> {
  const trusted = { accountId: hub.account, stage, organization: undefined };
  const target = targetOf(deployedCatalogue(), key, trusted);
  const { cloudFormation, iam } = operator(endpoint, target.account.id);
  const TemplateBody = JSON.stringify(cloudFormationTemplate(target, trusted));
  const StackName = 'latchkey';
  await cloudFormation.send(
    new CreateStackCommand({ StackName, TemplateBody, Capabilities: ['CAPABILITY_NAMED_IAM'] }),
  );
  await waitUntilStackCreateComplete(
    { client: cloudFormation, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
    { StackName },
  );
  // the emulation's CloudFormation leaves this property of a role out
  for (const { name, boundary } of target.roles) {
    const PermissionsBoundary = `arn:aws:iam::${target.account.id}:policy/latchkey/${boundary.name}`;
    await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: name, PermissionsBoundary }));
  }
}
