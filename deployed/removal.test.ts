// The end of the deployment: what `osls remove` takes away, and what stays.
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { expect, test } from '@jest/globals';
import { operator } from './operator.ts';
import { removeStack } from './stack.ts';
import { deployedWorld } from './world.ts';

const world = deployedWorld();
const aws = operator(world.endpoint);

test('the stack goes, and the API with it', async () => {
  await removeStack(world);
  await expect(aws.cloudFormation.send(new DescribeStacksCommand({ StackName: 'latchkey-prod' }))).rejects.toThrow(
    'does not exist',
  );
  expect((await fetch(`${world.baseUrl}/healthz`)).status).not.toBe(200);
});

test('the record of every request stays, and so do the roles that target accounts trust', async () => {
  const { Table } = await aws.dynamo.send(new DescribeTableCommand({ TableName: world.outputs.TableName }));
  expect(Table?.TableStatus).toBe('ACTIVE');
  for (const arn of [world.outputs.HubRoleArn, world.outputs.RevokerHubRoleArn]) {
    const { Role } = await aws.iam.send(new GetRoleCommand({ RoleName: arn.split('/').at(-1)! }));
    expect(Role?.Arn).toBe(arn);
  }
});
