// `latchkey target`: what it prints is deterministic, passes AWS's validator, and says what is wrong with the question.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { textDiff } from '../../admin/text-diff.ts';
import type { PolicyDocument, Statement } from '../../lib/session/iam.ts';
import { cloudFormationTemplate } from '../../lib/target/cloud-formation.ts';
import { accountsMost, stackSetTemplate } from '../../lib/target/stack-set.ts';
import { targetOf } from '../../lib/target/target.ts';
import { terraformDocument } from '../../lib/target/terraform.ts';
import { cli, removeHomes, testWorld } from '../support/cli.ts';
import { findingsIn, stopValidator } from '../support/cloudformation.ts';
import { isAllowed } from '../support/judge.ts';
import { catalogueOfAccounts } from '../support/many-accounts.ts';

const catalogue = readFileSync(join(import.meta.dirname, '../../access.yml'), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'latchkey-target-'));
afterAll(async () => {
  await stopValidator();
  rmSync(scratch, { recursive: true, force: true });
  removeHomes();
});
const run = async (line: string, text = catalogue) => {
  const file = join(scratch, 'access.yml');
  writeFileSync(file, text);
  return cli(
    testWorld(),
    'target',
    ...line.split(' ').filter(Boolean),
    ...(line.includes('--catalogue') ? [] : ['--catalogue', file]),
  );
};
async function printed(line: string, text?: string): Promise<string> {
  const { status, out, err } = await run(line, text);
  if (status !== 0) throw new Error(err);
  return out;
}
const errors = async (line: string, text?: string): Promise<string> => {
  const { status, err } = await run(line, text);
  return status === 0 ? '' : err;
};

const accounts = ['production', 'client-northwind', 'client-fabrikam', 'trusting', 'sandbox'];

describe('the CloudFormation template', () => {
  test.each(accounts)(
    "passes CloudFormation validation for %s, with the hub's account and without",
    async (account) => {
      for (const [i, line] of [
        `--account ${account} --hub 999999999999 --organization o-a1b2c3d4e5`,
        `--account ${account}`,
      ].entries()) {
        const file = join(scratch, `${account}-${i}.yml`);
        writeFileSync(file, await printed(line));
        expect(await findingsIn(file)).toEqual([]);
      }
    },
  );

  test('is the same every time, whatever the order of the catalogue', async () => {
    const turned = parse(catalogue) as {
      roles: Record<string, unknown>;
      accounts: Record<string, { tags: Record<string, string> }>;
    };
    turned.roles = Object.fromEntries(Object.entries(turned.roles).reverse());
    for (const account of Object.values(turned.accounts))
      account.tags = Object.fromEntries(Object.entries(account.tags).reverse());
    for (const account of ['production', 'client-*'])
      expect(await printed(`--account ${account}`, JSON.stringify(turned))).toBe(await printed(`--account ${account}`));
  });

  test('has the roles of the account, all with the boundary, and the revoker outside of their path', async () => {
    const { Resources } = parse(await printed('--account production --hub 999999999999')) as {
      Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
    };
    const roles = Object.values(Resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
    expect(roles.map(({ Properties }) => `${Properties.Path ?? '/'}${Properties.RoleName}`)).toEqual([
      '/latchkey/CrossAccountRole',
      '/latchkey/UpdateProdApp',
      '/latchkey/readonly-asi-production-bucket',
      '/latchkey-revoker',
    ]);
    for (const { Properties } of roles.slice(0, 3))
      expect(Properties).toMatchObject({ PermissionsBoundary: { Ref: 'Boundary' }, MaxSessionDuration: 3600 });
    expect(JSON.stringify(Resources)).not.toContain('HubAccountId');
  });

  test("asks a foreign company for the hub's account when that is left out", async () => {
    const template = parse(await printed('--account trusting')) as { Parameters: unknown };
    expect(template.Parameters).toMatchObject({ HubAccountId: { AllowedPattern: '^[0-9]{12}$' } });
    expect(JSON.stringify(template)).toContain(`arn:aws:iam::\${HubAccountId}:role/latchkey-prod-issue-session`);
  });

  test('has no revoker where the account wants none', async () => {
    const line = '    name: Sandbox\n';
    expect(catalogue).toContain(line);
    expect(await printed('--account sandbox', catalogue.replace(line, `${line}    revoker: false\n`))).not.toContain(
      'RoleName: latchkey-revoker',
    );
  });

  test('gives a role nothing that the catalogue does not say', async () => {
    const bare = await printed(
      '--account sandbox',
      catalogue.replace('    permissions: { managed: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] }\n', ''),
    );
    expect(bare).not.toContain('ManagedPolicyArns');
  });
});

test('plain documents and Terraform carry the same policies', async () => {
  const plain = JSON.parse(await printed('--account production --hub 999999999999 --format json'));
  const terraform = JSON.parse(await printed('--account production --hub 999999999999 --format terraform'));
  const role = terraform.resource.aws_iam_role.role__UpdateProdApp;
  expect(JSON.parse(role.assume_role_policy)).toEqual(plain.roles[1].trustPolicy);
  expect(JSON.parse(terraform.resource.aws_iam_policy.latchkey_boundary.policy)).toEqual(plain.boundaries[0].policy);
  expect(plain.revoker.arn).toBe('arn:aws:iam::111111111111:role/latchkey-revoker');
});

test('plain documents have what the hub must be allowed for the account, and the simulator says that it suffices', async () => {
  const { hub, roles, revoker } = JSON.parse(
    await printed('--account production --hub 999999999999 --organization o-a1b2c3d4e5 --format json'),
  );
  expect(hub.map(({ role }: { role: string }) => role)).toEqual(
    ['issue-session', 'revoke-sessions'].map((name) => `arn:aws:iam::999999999999:role/latchkey-prod-${name}`),
  );
  const enters = (
    part: { role: string; statement: Statement },
    resource: string,
    trust: PolicyDocument,
    code = part.role.split('/')[1],
  ) =>
    isAllowed({
      principal: part.role.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/').concat('/x'),
      action: 'sts:AssumeRole',
      resource,
      accountId: '111111111111',
      identity: [{ Version: '2012-10-17', Statement: [part.statement] }],
      resourcePolicy: trust,
      context: {
        'sts:ExternalId': 'lk-9f2c6c1e4b7a4d5f8a3e',
        'sts:SourceIdentity': 'dev@example.com',
        'sts:RoleSessionName': 'lk-x',
        'aws:RequestTag/latchkey-request': 'r1',
        'aws:RequestTag/latchkey-requester': 'dev@example.com',
        'aws:PrincipalOrgID': 'o-a1b2c3d4e5',
        'aws:ResourceOrgID': 'o-a1b2c3d4e5',
        'lambda:SourceFunctionArn': `arn:aws:lambda:eu-west-1:999999999999:function:${code}`,
      },
    });
  const [vend, revoke] = hub;
  for (const { arn, trustPolicy } of roles) {
    expect(await enters(vend, arn, trustPolicy)).toBe(true);
    expect(await enters(vend, arn, trustPolicy, 'latchkey-prod-api')).toBe(false);
  }
  expect(await enters(revoke, revoker.arn, revoker.trustPolicy)).toBe(true);
  expect(await enters(vend, revoker.arn, revoker.trustPolicy)).toBe(false);
});

describe('one template for many accounts', () => {
  const filled = (
    value: unknown,
    id: string,
    { Mappings }: { Mappings: { Accounts: Record<string, Record<string, string>> } },
  ): unknown => {
    const inside = (inner: unknown) => filled(inner, id, { Mappings });
    if (Array.isArray(value)) return value.map(inside);
    if (typeof value !== 'object' || value === null) return value;
    if ('Fn::Sub' in value)
      return String(value['Fn::Sub']).replace(/\$\{(!?)(.*?)\}/g, (_, escaped, name) =>
        escaped ? `\${${name}}` : name === 'AWS::AccountId' ? id : '?',
      );
    if ('Fn::FindInMap' in value) return Mappings.Accounts[id]![(value['Fn::FindInMap'] as string[])[2]!];
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inside(inner)]));
  };
  const withoutNames = (text: string) => text.replace(/"Description":"[^"]*"/g, '');
  // the roles of a template, which use a variable of IAM's and are outside of the usual path
  const many = catalogue.replace(
    'roles:\n',
    `roles:\n  own-folder:\n    accounts: [client-*]\n    roleName: people/OwnFolder\n    description: One's own folder\n    permissions:\n      statements:\n        - { actions: [s3:GetObject], resources: ["arn:aws:s3:::team/\${aws:PrincipalTag/latchkey-requester}/*"] }\n    requesters: [group:developers]\n    approval: { automatic: true }\n    duration: { default: 1h, max: 2h }\n`,
  );

  test.each([many, catalogue])('brings each of them exactly what its own template brings', async (text) => {
    const shared = parse(await printed('--account client-* --hub 999999999999 --organization o-a1b2c3d4e5', text));
    for (const account of ['client-northwind', 'client-fabrikam']) {
      const own = parse(await printed(`--account ${account} --hub 999999999999 --organization o-a1b2c3d4e5`, text));
      const id = Object.keys(shared.Mappings.Accounts).find((key) => JSON.stringify(own).includes(key))!;
      expect(withoutNames(JSON.stringify(filled(shared.Resources, id, shared)))).toBe(
        withoutNames(JSON.stringify(own.Resources)),
      );
    }
  });

  test("passes CloudFormation validation, with the hub's account and without", async () => {
    for (const line of ['--account client-* --hub 999999999999', '--account client-northwind,client-fabrikam']) {
      const file = join(scratch, 'shared.yml');
      writeFileSync(file, await printed(line, many));
      expect(await findingsIn(file)).toEqual([]);
    }
  });

  test('has no number and no external id of an account outside of the map', async () => {
    const { Resources } = parse(await printed('--account client-* --hub 999999999999', many));
    for (const secret of [
      '333333333333',
      '444444444444',
      'lk-5be0c1a7d94f4f0fb6d2c38e',
      'lk-c6f1f0d22a3b4b67a1d95e07',
      'northwind',
      'fabrikam',
    ])
      expect(JSON.stringify(Resources)).not.toContain(secret);
  });

  test.each([
    [
      '--account *',
      'need different templates, one for each of these groups:\n  production\n  client-northwind,client-fabrikam\n  trusting\n  sandbox\n',
    ],
    ['--account nothing-*', 'No account in the catalogue matches nothing-*.'],
    [
      '--account client-northwind,client-fabricam',
      'There is no account "client-fabricam" in the catalogue; did you mean "client-fabrikam"?',
    ],
    ['--account client-* --hub 999999999999 --format terraform', '--format terraform is for one account at a time'],
  ])('not: %s', async (line, told) => expect(await errors(line)).toContain(told));

  test('not: more accounts than a map takes, and none whose own template does not fit', async () => {
    const data = catalogueOfAccounts(accountsMost + 1);
    const hub = { accountId: '999999999999', stage: 'prod', organization: undefined };
    const keys = Object.keys(data.accounts);
    expect(() => stackSetTemplate(data, keys, hub)).toThrow(
      `at most ${accountsMost} accounts, and ${accountsMost + 1} were named`,
    );
    expect(Object.keys(stackSetTemplate(data, keys.slice(1), hub).Mappings!.Accounts!)).toHaveLength(accountsMost);
    data.accounts[keys[1]!]!.externalId = 'x'.repeat(1200);
    expect(() => stackSetTemplate(data, keys.slice(1), hub)).toThrow('The trust policy of');
  });
});

describe('what has changed since', () => {
  const since = async (before: string, after: string, line = '') => {
    const file = join(scratch, 'before.yml');
    writeFileSync(file, before);
    return printed(`${line} --since ${file}`, after);
  };

  test('the same catalogue changes nothing, nor does what no account installs', async () => {
    expect(await since(catalogue, catalogue)).toBe('5 of 5 accounts as before.\n');
    expect(
      await since(
        catalogue,
        catalogue.replace('duration: { default: 1h, max: 4h }', 'duration: { default: 1h, max: 3h }'),
      ),
    ).toBe('5 of 5 accounts as before.\n');
  });

  test('says which accounts install what again; those that change alike are told once', async () => {
    const weaker = catalogue.replaceAll(
      /(Administer the account of client \w+\n {4}permissions: \{ managed: \["arn:aws:iam::aws:policy\/)AdministratorAccess/g,
      '$1PowerUserAccess',
    );
    const told = await since(catalogue, weaker.replace('s3:PutObject, ', ''));
    expect(told).toContain('production: install it again, this has changed:\n@@ -');
    expect(told).toContain('\n-              - s3:PutObject\n');
    expect(told.match(/client-northwind, client-fabrikam: install it again/g)).toHaveLength(1);
    expect(told).toContain(
      '\n-        - arn:aws:iam::aws:policy/AdministratorAccess\n+        - arn:aws:iam::aws:policy/PowerUserAccess\n',
    );
    expect(told).toMatch(/\n2 of 5 accounts as before\.\n$/);
    expect(await since(catalogue, weaker, '--account production')).toBe('1 of 1 account as before.\n');
  });

  test('says what is new and what is gone', async () => {
    const [without] = catalogue.split('  # Low risk: no approval needed');
    expect(await since(without!, catalogue)).toBe(
      'sandbox: install the template (there was none before).\n\n4 of 5 accounts as before.\n',
    );
    expect(await since(catalogue, without!)).toBe(
      'sandbox: delete what is installed (the catalogue no longer has a role there).\n\n4 of 5 accounts as before.\n',
    );
  });

  test('of a catalogue that is not there', async () =>
    expect(await errors('--since /no/access.yml')).toContain('File /no/access.yml not found.'));

  test('the diff, applied to what was, is what is', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '', '  - x'), { minLength: 1, maxLength: 30 })
      .map((lines) => `${lines.join('\n').trimEnd()}\n`);
    fc.assert(
      fc.property(text, text, (before, after) => applied(before, textDiff(before, after)) === after),
      { numRuns: 2000 },
    );
  });

  /** As `patch` does it: each hunk has to find its old lines where it says. */
  function applied(before: string, diff: readonly string[]): string {
    const old = before.trimEnd().split('\n');
    const lines: string[] = [];
    let at = 0;
    for (const line of diff) {
      const [, from] = /^@@ -(\d+),/.exec(line) ?? [];
      if (from !== undefined) while (at < Number(from) - 1) lines.push(old[at++]!);
      else {
        if (line[0] !== '+' && old[at++] !== line.slice(1)) throw new Error(`not there: ${line}`);
        if (line[0] !== '-') lines.push(line.slice(1));
      }
    }
    return `${[...lines, ...old.slice(at)].join('\n')}\n`;
  }
});

test("Terraform takes IAM's own variables as they are", async () => {
  const personal = catalogue.replace(
    'arn:aws:s3:::productionapp/*',
    `arn:aws:s3:::productionapp/\${aws:PrincipalTag/latchkey-requester}/*`,
  );
  expect(await printed('--account production --hub 999999999999 --format terraform', personal)).toContain(
    `productionapp/$\${aws:PrincipalTag`,
  );
});

describe('a role that reaches beyond its session', () => {
  const reaching = catalogue.replace(
    'reason: { minLength: 20 }',
    'reason: { minLength: 20 }\n    reaches: [lambda]\n    passRole: ["arn:aws:iam::*:role/app/*"]',
  );
  const says =
    /Beyond its session it can change the code of Lambda functions.*\(lambda\); give services these roles.*role\/app\/\*/s;

  test('has a boundary of its own, which the revoker knows, and says what it can in its description', async () => {
    const { Resources } = parse(await printed('--account production --hub 999999999999', reaching));
    expect(Resources.RoleCrossAccountRole.Properties).toMatchObject({
      PermissionsBoundary: { Ref: 'BoundaryCrossAccountRole' },
      Description: expect.stringMatching(says),
    });
    expect(Resources.RoleUpdateProdApp.Properties.PermissionsBoundary).toEqual({ Ref: 'Boundary' });
    const [own, common] = [Resources.BoundaryCrossAccountRole, Resources.Boundary].map(({ Properties }) =>
      JSON.stringify(Properties.PolicyDocument),
    );
    expect([own!.includes('lambda:UpdateFunctionCode'), common!.includes('lambda:UpdateFunctionCode')]).toEqual([
      false,
      true,
    ]);
    expect(Resources.Revoker.Properties.Policies[0].PolicyDocument.Statement[0].Condition).toEqual({
      StringEquals: {
        'iam:PermissionsBoundary': ['', '-CrossAccountRole'].map(
          (of) => `arn:aws:iam::111111111111:policy/latchkey/Boundary${of}`,
        ),
      },
    });
  });

  test("passes AWS's validator, and is the same in Terraform and in plain documents", async () => {
    const file = join(scratch, 'reaching.yml');
    writeFileSync(file, await printed('--account production --hub 999999999999', reaching));
    expect(await findingsIn(file)).toEqual([]);
    const terraform = JSON.parse(await printed('--account production --hub 999999999999 --format terraform', reaching));
    const plain = JSON.parse(await printed('--account production --hub 999999999999 --format json', reaching));
    const { description, permissions_boundary } = terraform.resource.aws_iam_role.role__CrossAccountRole;
    expect(description).toMatch(says);
    expect(permissions_boundary).toContain('aws_iam_policy.boundary__CrossAccountRole.arn');
    expect(plain.boundaries.map(({ arn }: { arn: string }) => arn.split('/').at(-1))).toEqual([
      'Boundary',
      'Boundary-CrossAccountRole',
    ]);
    expect(JSON.parse(terraform.resource.aws_iam_policy.boundary__CrossAccountRole.policy)).toEqual(
      plain.boundaries[1].policy,
    );
  });

  test('with more roles to pass than its boundary has room for is refused', async () => {
    const many = Array.from({ length: 60 }, (_, i) => `"arn:aws:iam::111111111111:role/app/Task${i}"`).join(', ');
    expect(await errors('--account production', reaching.replace('"arn:aws:iam::*:role/app/*"', many))).toContain(
      'The boundary of CrossAccountRole has',
    );
  });
});

describe('an account with very many roles', () => {
  const withRoles = (count: number) => {
    const { roles, ...rest } = parse(catalogue);
    const more = Array.from({ length: count }, (_, i) => [
      `role-${i}`,
      { ...roles['sandbox-read'], roleName: `latchkey/Role${i}` },
    ]);
    return JSON.stringify({ ...rest, bots: {}, roles: Object.fromEntries(more) });
  };

  test('has a template that is too long for a call, and says how it is deployed', async () => {
    const { out, err } = await run('--account sandbox', withRoles(40));
    expect(out).toMatch(
      /^# This template has \d+ bytes, and CloudFormation takes 51200 in a call: .*\n# .*--s3-bucket BUCKET\n# .*--template-url/,
    );
    expect(err).toMatch(/^This template has .*\naws cloudformation deploy .*--s3-bucket BUCKET\n/);
    expect(Buffer.byteLength(out)).toBeGreaterThan(51_200);
    expect(Object.keys(parse(out).Resources)).toHaveLength(42);
  });

  test('is told so by check too, once IAM or CloudFormation has no room', async () => {
    const file = join(scratch, 'many.yml');
    for (const [count, told] of [
      [240, 'policy of its revoker'],
      [510, 'CloudFormation takes 500'],
    ] as const) {
      writeFileSync(file, withRoles(count));
      const { status, err, out } = await cli(testWorld(), 'catalogue', 'check', file);
      expect([status, `${err}${out}`]).toEqual([1, expect.stringContaining(told)]);
      expect(await errors('--account sandbox', withRoles(count))).toContain(told);
    }
  });
});

describe('names in a template', () => {
  const name = fc.stringMatching(/^[\w+=,.@-]{1,12}$/);
  const path = fc.constantFrom('', 'a/', 'b/', 'b_/');
  const managed = fc.subarray([
    'aws:policy/A_B',
    'aws:policy/A-B',
    '111111111111:policy/A.B',
    '111111111111:policy/A/B',
  ]);
  const own = fc.boolean();
  const roles = fc.uniqueArray(fc.record({ name, path, managed, own }), {
    selector: (role) => role.name.toLowerCase(),
    maxLength: 8,
  });
  type Drawn = { name: string; path: string; managed: string[]; own: boolean };
  const permissions = {
    Version: '2012-10-17' as const,
    Statement: [{ Effect: 'Allow' as const, Action: 's3:GetObject', Resource: '*' }],
  };
  const hub = { accountId: '999999999999', stage: 'prod', organization: undefined };
  const whole = targetOf(catalogueOfAccounts(1), 'account-0', hub);
  const targetWith = (drawn: readonly Drawn[]) => ({
    ...whole,
    roles: drawn.map((role) => ({
      ...whole.roles[0]!,
      name: role.name,
      path: `/${role.path}`,
      managed: role.managed.map((arn) => `arn:aws:iam::${arn}`),
      permissions: role.own ? permissions : undefined,
    })),
  });
  const resourcesIn = (drawn: readonly Drawn[]) => cloudFormationTemplate(targetWith(drawn), hub).Resources;
  const terraformIn = (drawn: readonly Drawn[]) =>
    Object.entries(
      terraformDocument(targetWith(drawn)).resource as Record<string, Record<string, Record<string, unknown>>>,
    ).flatMap(([type, resources]) =>
      Object.entries(resources).map(([label, resource]) => [`${type}.${label}`, resource] as const),
    );

  test('CloudFormation has a resource for each role and policy, and adding another role changes none of them', () =>
    fc.assert(
      fc.property(roles, (drawn) => {
        const all = resourcesIn(drawn);
        const policies = drawn.filter((role) => role.own).length;
        expect(Object.keys(all)).toHaveLength(2 + drawn.length + policies);
        for (const id of Object.keys(all)) expect(id).toMatch(/^[A-Za-z0-9]{1,255}$/);
        for (const { RoleName } of Object.values(all).map(({ Properties }) => Properties)) {
          const role = drawn.find((one) => one.name === RoleName);
          if (role) expect(all).toMatchObject(resourcesIn([role]));
        }
      }),
      { numRuns: 500 },
    ));

  test('Terraform has a resource for each role, policy and attachment, and adding another role changes none of them', () =>
    fc.assert(
      fc.property(roles, (drawn) => {
        const all = terraformIn(drawn);
        const attachments = drawn.reduce((sum, role) => sum + role.managed.length + (role.own ? 2 : 0), 0);
        expect(all).toHaveLength(4 - 1 + drawn.length + attachments);
        for (const [label] of all) expect(label).toMatch(/^aws_iam_\w+\.[A-Za-z_][A-Za-z0-9_-]*$/);
        for (const role of drawn)
          for (const [label, resource] of terraformIn([role])) expect(Object.fromEntries(all)[label]).toEqual(resource);
      }),
      { numRuns: 500 },
    ));

  test.each([
    ['app/db-admin', 'app/db_admin'],
    ['latchkey/read', 'latchkey/readPermissions'],
    ['latchkey/ab', 'latchkey/a-b', 'latchkey/ab1'],
    ['latchkey/Z', 'latchkey/Z5A', 'latchkey/-'],
  ])('%s and %s are told apart', async (...names) => {
    const text = JSON.stringify({
      ...parse(catalogue),
      bots: {},
      roles: Object.fromEntries(
        names.map((roleName, i) => [
          `role-${i}`,
          {
            ...parse(catalogue).roles['production-app-write'],
            roleName,
            permissions: { statements: [{ actions: [`s3:Action${i}`], resources: ['*'] }] },
          },
        ]),
      ),
    });
    for (const format of ['cloudformation', 'terraform']) {
      const out = await printed(`--account production --hub 999999999999 --format ${format}`, text);
      for (const [i, roleName] of names.entries()) {
        expect(out).toContain(`s3:Action${i}`);
        expect(out).toContain(`${roleName.slice(roleName.lastIndexOf('/') + 1)}-permissions`);
      }
    }
  });
});

describe('a wrong question is told what is wrong', () => {
  test.each([
    ['', '--account is missing'],
    ['--acount production', 'Unknown flag --acount for "latchkey target". Did you mean --account?'],
    ['--account nowhere', 'There is no account "nowhere" in the catalogue. It has: production, client-northwind'],
    ['--account pro[d', 'There is no account "pro[d" in the catalogue'],
    ['--account p(*', 'No account in the catalogue matches p(*.'],
    ['--account production --hub 12', '--hub must be the 12 digits'],
    ['--account production --format json', '--hub is missing'],
    ['--account production --format xml', '--format must be one of cloudformation, terraform, json'],
    ['--account production --organization x', '--organization must be'],
    ['--account production --stage a_b', '--stage must be'],
  ])('%s', async (line, told) => expect(await errors(line)).toContain(told));

  test('a trust policy that IAM would refuse is refused here', async () =>
    expect(
      await errors('--account sandbox', catalogue.replace('lk-0d8c2f6a91e34c7fb254a96b', `lk-${'x'.repeat(1200)}`)),
    ).toContain('The trust policy of SandboxReadOnly has'));

  test('two entries cannot mean one IAM role with different permissions', async () =>
    expect(
      await errors(
        '--account production',
        catalogue.replace('roleName: latchkey/CrossAccountRole', 'roleName: latchkey/UpdateProdApp'),
      ),
    ).toContain('means the same IAM role with other permissions'));

  test('a catalogue that is not there', async () =>
    expect(await errors('--account production --catalogue /no/access.yml')).toBe(
      'latchkey: File /no/access.yml not found.\n',
    ));
});

test('a new external id has 128 random bits and fits the catalogue', async () => {
  const ids = [await printed('--new-external-id'), await printed('--new-external-id')];
  for (const id of ids) expect(id).toMatch(/^lk-[0-9a-f]{32}\n$/);
  expect(ids[0]).not.toBe(ids[1]);
});
