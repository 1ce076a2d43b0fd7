// What the functions that enter other accounts may do, for a handful of accounts, for five hundred, and for more than IAM has room for.
import { describe, expect, test } from '@jest/globals';
import { inlineLimit, managedLimit, managedPerRole, revokerRoles, targetRoles } from '../../lib/session/iam.ts';
import { iamResources } from '../../scripts/function-roles.ts';
import { fitted, sizeOf } from '../../scripts/policy-room.ts';
import { catalogueOfAccounts } from '../support/many-accounts.ts';

type Statement = { Sid?: string; Effect: string; Resource: unknown; Condition?: unknown; NotAction?: string[] };
type Resource = { Type: string; Properties: Record<string, unknown> };
const organization = 'o-a1b2c3d4e5';

const deployed = (accounts: number, settings: { organization?: string; roleName?: string } = {}) =>
  iamResources({
    stage: 'prod',
    settings: {
      organization: '',
      senderAddress: 'latchkey@example.com',
      senderDomain: 'example.com',
      ticketArns: [],
      ...settings,
    },
    catalogue: catalogueOfAccounts(accounts, settings.roleName),
  }) as Record<string, Resource>;
const inRole = (resources: Record<string, Resource>, id: string) =>
  (resources[id]!.Properties.Policies as Array<{ PolicyDocument: { Statement: Statement[] } }>).flatMap(
    ({ PolicyDocument }) => PolicyDocument.Statement,
  );
const beside = (resources: Record<string, Resource>, id: string) =>
  Object.entries(resources).flatMap(([name, { Type, Properties }]) =>
    Type === 'AWS::IAM::ManagedPolicy' && name.startsWith(id)
      ? [{ Properties, statements: (Properties.PolicyDocument as { Statement: Statement[] }).Statement }]
      : [],
  );
const named = (statements: Statement[]) =>
  statements.filter(({ Sid }) => Sid === 'Assume').flatMap(({ Resource }) => Resource as string[]);

const functions = [
  ['IssueSessionRole', (accounts: number) => targetRoles(catalogueOfAccounts(accounts))],
  ['RevokeSessionsRole', (accounts: number) => revokerRoles(catalogueOfAccounts(accounts))],
] as const;

describe.each(functions)('%s', (id, everything) => {
  test('of a hundred accounts names each in the role itself', () => {
    const resources = deployed(100);
    expect(named(inRole(resources, id))).toEqual(everything(100));
    expect(beside(resources, id)).toEqual([]);
  });

  test.each(['', organization])(
    'of five hundred accounts names each once, in managed policies beside the role; organisation "%s"',
    (given) => {
      const resources = deployed(500, { organization: given });
      const policies = beside(resources, id);
      expect(policies.length).toBeLessThanOrEqual(managedPerRole);
      expect(policies.flatMap(({ statements }) => named(statements))).toEqual(everything(500));
      for (const { Properties, statements } of policies) {
        expect(Properties.Roles).toEqual([{ Ref: id }]);
        expect(sizeOf(statements)).toBeLessThanOrEqual(managedLimit);
        expect(JSON.stringify(statements)).toContain('lambda:SourceFunctionArn');
        expect(JSON.stringify(statements).includes(organization)).toBe(given !== '');
      }
      const own = inRole(resources, id);
      expect(named(own)).toEqual([]);
      expect(own.find(({ Effect }) => Effect === 'Deny')).toMatchObject({ Sid: 'NothingElse', Resource: '*' });
      expect(own.find(({ Effect }) => Effect === 'Deny')!.NotAction).toContain('sts:AssumeRole');
      expect(sizeOf(own)).toBeLessThanOrEqual(inlineLimit);
    },
  );

  test('an account that is added at the end of the file moves no other', () => {
    const [before, after] = [deployed(500), deployed(501)].map((resources) =>
      beside(resources, id).map(({ statements }) => named(statements)),
    );
    expect(after!.slice(0, -1)).toEqual(before!.slice(0, -1));
    expect(after!.at(-1)).toEqual([...before!.at(-1)!, everything(501).at(-1)]);
  });

  test('of more accounts than IAM has room for names their paths under the organisation', () => {
    const resources = deployed(3000, { organization });
    const [role, ...more] = named(inRole(resources, id));
    expect([role, more]).toEqual([
      id === 'IssueSessionRole' ? 'arn:aws:iam::*:role/latchkey/*' : 'arn:aws:iam::*:role/latchkey-revoker',
      [],
    ]);
    expect(JSON.stringify(inRole(resources, id).find(({ Sid }) => Sid === 'Assume'))).toContain(
      `"StringEquals":{"aws:ResourceOrgID":"${organization}"}`,
    );
    expect(beside(resources, id)).toEqual([]);
  });
});

test('and without an organisation nothing is described: both functions say how much there is, and what to do', () => {
  expect(() => deployed(3000)).toThrow(
    /^This deployment is not possible yet:\n {2}To name what issue-session may enter, 3000 roles or paths in target accounts, takes \d\d managed policies of 6144 characters; IAM lets a role have 10\. If every target account is in one organization, give organization=o-\.\.\.: .*\n {2}To name what revoke-sessions may enter, 3000 /,
  );
});

test('a thousand accounts need no organisation', () => expect(() => deployed(1000)).not.toThrow());

test('a thousand roles without a path have no room by path either', () => {
  const statements = [
    {
      Sid: 'Assume',
      Resource: Array.from(
        { length: 3000 },
        (_, i) => `arn:aws:iam::${100000000000 + i}:role/AdministratorOfTheAccount${i}`,
      ),
    },
  ];
  expect(fitted('issue-session', statements, organization)).toEqual({
    error: expect.stringMatching(/let roleName in the catalogue share fewer paths, such as latchkey\/\.$/),
  });
});

test('a policy that alone is too long is reported, too', () =>
  expect(fitted('api', [{ Sid: 'Lists', Resource: ['x'.repeat(20_000)] }], organization)).toEqual({
    error: expect.stringMatching(/^The policy of api has 20\d\d\d characters; IAM takes 10240\.$/),
  }));

test('what CloudFormation fills in counts at its longest', () => {
  const arn = { 'Fn::Sub': `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:x` };
  expect(sizeOf([arn])).toBe(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: ['arn:aws-us-gov:lambda:ap-southeast-1:123456789012:function:x'],
    }).length,
  );
  expect(sizeOf([{ 'Fn::GetAtt': ['Table', 'StreamArn'] }])).toBeGreaterThan(200);
});
