// `latchkey target`: what it prints is deterministic, passes AWS's validator, and says what is wrong with the question.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { findingsIn } from '../scripts/package.ts';
import { cli, removeHomes, testWorld } from './support/cli.ts';

const catalogue = readFileSync(join(import.meta.dirname, '../access.yml'), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'latchkey-target-'));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  removeHomes();
});
const run = async (line: string, text = catalogue) => {
  const file = join(scratch, 'access.yml');
  writeFileSync(file, text);
  return cli(testWorld(), 'target', ...line.split(' ').filter(Boolean), ...(line.includes('--catalogue') ? [] : ['--catalogue', file]));
};
async function printed(line: string, text?: string): Promise<string> {
  const { status, out, err } = await run(line, text);
  if (status !== 0) throw new Error(err);
  return out;
}
const faults = async (line: string, text?: string): Promise<string> => {
  const { status, err } = await run(line, text);
  return status === 0 ? '' : err;
};

const accounts = ['production', 'client-northwind', 'client-fabrikam', 'trusting', 'sandbox'];

describe('the CloudFormation template', () => {
  test.each(accounts)("AWS's validator has no objection to that of %s, with the hub's account and without", async (account) => {
    for (const [i, line] of [`--account ${account} --hub 999999999999 --organization o-a1b2c3d4e5`, `--account ${account}`].entries()) {
      const file = join(scratch, `${account}-${i}.yml`);
      writeFileSync(file, await printed(line));
      expect(findingsIn(file)).toEqual([]);
    }
  });

  test('is the same every time, whatever the order of the catalogue', async () => {
    const turned = parse(catalogue) as { roles: Record<string, unknown> };
    turned.roles = Object.fromEntries(Object.entries(turned.roles).reverse());
    expect(await printed('--account production', JSON.stringify(turned))).toBe(await printed('--account production'));
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
    for (const { Properties } of roles.slice(0, 3)) expect(Properties).toMatchObject({ PermissionsBoundary: { Ref: 'Boundary' }, MaxSessionDuration: 3600 });
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
    expect(await printed('--account sandbox', catalogue.replace(line, `${line}    revoker: false\n`))).not.toContain('RoleName: latchkey-revoker');
  });

  test('gives a role nothing that the catalogue does not say', async () => {
    const bare = await printed('--account sandbox', catalogue.replace('    permissions: { managed: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] }\n', ''));
    expect(bare).not.toContain('ManagedPolicyArns');
  });
});

test('plain documents and Terraform carry the same policies', async () => {
  const plain = JSON.parse(await printed('--account production --hub 999999999999 --format json'));
  const terraform = JSON.parse(await printed('--account production --hub 999999999999 --format terraform'));
  const role = terraform.resource.aws_iam_role.role_latchkey_UpdateProdApp;
  expect(JSON.parse(role.assume_role_policy)).toEqual(plain.roles[1].trustPolicy);
  expect(JSON.parse(terraform.resource.aws_iam_policy.latchkey_boundary.policy)).toEqual(plain.boundary.policy);
  expect(plain.revoker.arn).toBe('arn:aws:iam::111111111111:role/latchkey-revoker');
});

test("Terraform takes IAM's own variables as they are", async () => {
  const personal = catalogue.replace('arn:aws:s3:::productionapp/*', `arn:aws:s3:::productionapp/\${aws:PrincipalTag/latchkey-requester}/*`);
  expect(await printed('--account production --hub 999999999999 --format terraform', personal)).toContain(`productionapp/$\${aws:PrincipalTag`);
});

describe('a wrong question is told what is wrong', () => {
  test.each([
    ['', '--account is missing'],
    ['--acount production', '--acount is no option of "latchkey target". Did you mean --account?'],
    ['--account nowhere', 'There is no account "nowhere" in the catalogue. It has: production, client-northwind'],
    ['--account production --hub 12', '--hub must be the 12 digits'],
    ['--account production --format json', '--hub is missing'],
    ['--account production --format xml', '--format must be one of cloudformation, terraform, json'],
    ['--account production --organization x', '--organization must be'],
    ['--account production --stage a_b', '--stage must be'],
  ])('%s', async (line, told) => expect(await faults(line)).toContain(told));

  test('a trust policy that IAM would refuse is refused here', async () =>
    expect(await faults('--account sandbox', catalogue.replace('lk-0d8c2f6a91e34c7fb254a96b', `lk-${'x'.repeat(1200)}`))).toContain(
      'The trust policy of SandboxReadOnly has',
    ));

  test('two entries cannot mean one IAM role with different permissions', async () =>
    expect(await faults('--account production', catalogue.replace('roleName: latchkey/CrossAccountRole', 'roleName: latchkey/UpdateProdApp'))).toContain(
      'means the same IAM role with other permissions',
    ));

  test('a catalogue that is not there', async () =>
    expect(await faults('--account production --catalogue /no/access.yml')).toBe('latchkey: There is no file /no/access.yml.\n'));
});

test('a new external id has 128 random bits and fits the catalogue', async () => {
  const ids = [await printed('--new-external-id'), await printed('--new-external-id')];
  for (const id of ids) expect(id).toMatch(/^lk-[0-9a-f]{32}\n$/);
  expect(ids[0]).not.toBe(ids[1]);
});
