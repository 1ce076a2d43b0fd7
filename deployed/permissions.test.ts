// Every call that a function made in this rehearsal, against the permissions of its role: none denied, and none of them unused without a reason.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { RequestView } from '../lib/http/answers.ts';
import { call } from './people.ts';
import { deployedWorld } from './world.ts';

const { calls, folder } = deployedWorld();
type Call = { principal: string; action: string; resource: string; keys: string[]; allowed: boolean };
type Statement = { Sid: string; Effect: string; Action: string[]; Resource: unknown };
type Role = {
  Type: string;
  Properties: { Policies: Array<{ PolicyName: string; PolicyDocument: { Statement: Statement[] } }> };
};

/** What AWS does in a function's name, where the emulation asks no policy: its log, its stream, its dead letters. */
const byLambda = /^(?:logs:|sqs:|dynamodb:(?:DescribeStream|GetRecords|GetShardIterator|ListStreams)$)/;
/** What IAM judges together with sts:AssumeRole, in trust policies. */
const withAssumeRole = /^sts:(?:TagSession|SetSourceIdentity)$/;

/** `api dynamodb:GetItem` for each permission that a function's own code has a use for. */
function permissions(): string[] {
  const template = JSON.parse(readFileSync(join(folder, 'package/cloudformation-template-update-stack.json'), 'utf8'));
  const roles = (Object.values(template.Resources) as Role[]).filter(({ Type }) => Type === 'AWS::IAM::Role');
  const given = roles.flatMap(({ Properties: { Policies } }) =>
    Policies.flatMap(({ PolicyName, PolicyDocument }) =>
      PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) =>
        [Action].flat().map((action) => ({ name: PolicyName, action })),
      ),
    ),
  );
  const own = given.filter(({ action }) => !byLambda.test(action) && !withAssumeRole.test(action));
  return [...new Set(own.map(({ name, action }) => `${name} ${action}`))].sort();
}

const recorded = (): Call[] =>
  readFileSync(calls, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Call);
const functionOf = ({ principal }: Call): string | undefined =>
  /assumed-role\/[^/]+\/latchkey-prod-(.+)$/.exec(principal)?.[1];

/** Permissions that this rehearsal does not use, each with the reason. */
const unused: Record<string, string> = {
  'decision-page dynamodb:BatchGetItem': 'a grant with an extension is revoked by its mailed link',
  'decision-page dynamodb:UpdateItem': 'a grant is revoked by its mailed link',
  'notify dynamodb:GetItem': 'a record comes twice, and its email is claimed already',
  'sweep dynamodb:BatchGetItem': 'hours pass until a request is due',
  'sweep dynamodb:UpdateItem': 'hours pass until a request is due',
};

beforeAll(async () => {
  const [developer, lead, security] = ['asi-dev@example.com', 'lead@example.com', 'security@example.com'];
  for (const view of ['mine', 'to-decide']) await call(lead, 'GET', `/requests?view=${view}`);
  await call(security, 'GET', '/requests?view=all');
  await call(security, 'GET', '/blocks');
  // somebody whom the API has never seen gets no further than being told so
  await expect(call('second-dev@example.com', 'POST', '/roles/sandbox-read/credentials')).rejects.toThrow(/: 4\d\d /);
  const { items } = await call<{ items: RequestView[] }>(developer, 'GET', '/requests?view=mine');
  await call(security, 'POST', '/revocations', { person: developer, comment: 'A rehearsal', block: '2h' });
  for (const { id } of items)
    expect((await call<RequestView>(developer, 'GET', `/requests/${id}`)).status).not.toBe('active');
});

test('no call of a function was denied by its role', () => {
  const own = recorded().filter((one) => functionOf(one) !== undefined);
  expect(own.length).toBeGreaterThan(50);
  expect(own.filter(({ allowed }) => !allowed)).toEqual([]);
});

test('every permission of a function is used, or the reason why not is known', () => {
  const used = new Set(recorded().map((one) => `${functionOf(one)} ${one.action}`));
  expect(permissions().filter((permission) => !used.has(permission))).toEqual(Object.keys(unused).sort());
});
