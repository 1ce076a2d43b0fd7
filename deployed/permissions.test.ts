// Every call that a function made in this rehearsal, against the permissions of its role: none denied, and none of them unused without a reason.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { RequestView } from '../lib/http/answers.ts';
import { call, eventually } from './people.ts';
import { comesWithAssumeRole, isUsedByLambda, unused } from './unused.ts';
import { deployedWorld } from './world.ts';

const { calls, folder } = deployedWorld();
type Call = { principal: string; action: string; resource: string; keys: string[]; allowed: boolean };
type Statement = {
  Sid: string;
  Effect: string;
  Action: string | string[];
  Condition?: Record<string, Record<string, string[]>>;
};
type Role = {
  Type: string;
  Properties: { Policies: Array<{ PolicyName: string; PolicyDocument: { Statement: Statement[] } }> };
};

type Permission = { name: string; sid: string; action: string; keys: string[] | undefined };

/** Each permission that a function's own code has a use for; `keys` are the kinds of items that it is for. */
function permissions(): Permission[] {
  const template = JSON.parse(readFileSync(join(folder, 'package/cloudformation-template-update-stack.json'), 'utf8'));
  const roles = (Object.values(template.Resources) as Role[]).filter(({ Type }) => Type === 'AWS::IAM::Role');
  const statements = roles.flatMap(({ Properties: { Policies } }) =>
    Policies.flatMap(({ PolicyName: name, PolicyDocument }) =>
      PolicyDocument.Statement.map((one) => ({ name, ...one })),
    ),
  );
  const given = statements
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ name, Sid, Action, Condition }) =>
      [Action].flat().map((action) => ({ name, sid: Sid, action, keys: keysIn(Condition) })),
    );
  return given.filter(({ action }) => !isUsedByLambda(action) && !comesWithAssumeRole(action));
}

const keysIn = (condition: Statement['Condition']): string[] | undefined =>
  condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'];

const uses = ({ name, action, keys }: Permission, one: Call): boolean =>
  functionOf(one) === name &&
  one.action === action &&
  (keys === undefined || one.keys.every((key) => keys.includes(`${key}*`)));

const recorded = (): Call[] =>
  readFileSync(calls, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Call);
const functionOf = ({ principal }: Call): string | undefined =>
  /assumed-role\/[^/]+\/latchkey-prod-(.+)$/.exec(principal)?.[1];

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
  // the schedule calls it once a minute
  await eventually(async () =>
    recorded().find((one) => functionOf(one) === 'sweep' && one.action === 'dynamodb:PutItem'),
  );
});

test('no call of a function was denied by its role', () => {
  const own = recorded().filter((one) => functionOf(one) !== undefined);
  expect(own.length).toBeGreaterThan(50);
  expect(own.filter(({ allowed }) => !allowed)).toEqual([]);
});

test('every permission of a function is used, or the reason why not is known', () => {
  const all = recorded();
  const missing = permissions().filter((permission) => !all.some((one) => uses(permission, one)));
  const names = missing.map(({ name, sid, action }) => `${name} ${sid} ${action}`);
  expect(names.filter((name) => unused[name] === undefined)).toEqual([]);
});
