// `npm run target`: what it prints is deterministic, passes AWS's validator, and says what is wrong with the question.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { findingsIn } from '../scripts/package.ts';
import { runTarget } from '../scripts/target.ts';

const catalogue = readFileSync(join(import.meta.dirname, '../access.yml'), 'utf8');
const run = (line: string, text = catalogue) => runTarget(line.split(' ').filter(Boolean), () => text);
function printed(line: string, text?: string): string {
  const result = run(line, text);
  if ('faults' in result) throw new Error(result.faults.join('\n'));
  return result.text;
}
const faults = (line: string, text?: string): string => {
  const result = run(line, text);
  return 'faults' in result ? result.faults.join('\n') : '';
};
const scratch = mkdtempSync(join(tmpdir(), 'latchkey-target-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const accounts = ['production', 'client-northwind', 'client-fabrikam', 'trusting', 'sandbox'];

describe('the CloudFormation template', () => {
  test.each(accounts)("AWS's validator has no objection to that of %s, with the hub's account and without", (account) => {
    for (const [i, line] of [`--account ${account} --hub 999999999999 --organization o-a1b2c3d4e5`, `--account ${account}`].entries()) {
      const file = join(scratch, `${account}-${i}.yml`);
      writeFileSync(file, printed(line));
      expect(findingsIn(file)).toEqual([]);
    }
  });

  test('is the same every time, whatever the order of the catalogue', () => {
    const turned = parse(catalogue) as { roles: Record<string, unknown> };
    turned.roles = Object.fromEntries(Object.entries(turned.roles).reverse());
    expect(printed('--account production', JSON.stringify(turned))).toBe(printed('--account production'));
  });

  test('has the roles of the account, all with the boundary, and the revoker outside of their path', () => {
    const { Resources } = parse(printed('--account production --hub 999999999999')) as {
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

  test("asks a foreign company for the hub's account when that is left out", () => {
    const template = parse(printed('--account trusting')) as { Parameters: unknown };
    expect(template.Parameters).toMatchObject({ HubAccountId: { AllowedPattern: '^[0-9]{12}$' } });
    expect(JSON.stringify(template)).toContain(`arn:aws:iam::\${HubAccountId}:role/latchkey-prod-issue-session`);
  });

  test('has no revoker where the account wants none', () => {
    const line = '    name: Sandbox\n';
    expect(catalogue).toContain(line);
    expect(printed('--account sandbox', catalogue.replace(line, `${line}    revoker: false\n`))).not.toContain('RoleName: latchkey-revoker');
  });

  test('gives a role nothing that the catalogue does not say', () => {
    const bare = printed('--account sandbox', catalogue.replace('    permissions: { managed: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] }\n', ''));
    expect(bare).not.toContain('ManagedPolicyArns');
  });
});

test('plain documents and Terraform carry the same policies', () => {
  const plain = JSON.parse(printed('--account production --hub 999999999999 --format json'));
  const terraform = JSON.parse(printed('--account production --hub 999999999999 --format terraform'));
  const role = terraform.resource.aws_iam_role.role_latchkey_UpdateProdApp;
  expect(JSON.parse(role.assume_role_policy)).toEqual(plain.roles[1].trustPolicy);
  expect(JSON.parse(terraform.resource.aws_iam_policy.latchkey_boundary.policy)).toEqual(plain.boundary.policy);
  expect(plain.revoker.arn).toBe('arn:aws:iam::111111111111:role/latchkey-revoker');
});

test("Terraform takes IAM's own variables as they are", () => {
  const personal = catalogue.replace('arn:aws:s3:::productionapp/*', `arn:aws:s3:::productionapp/\${aws:PrincipalTag/latchkey-requester}/*`);
  expect(printed('--account production --hub 999999999999 --format terraform', personal)).toContain(`productionapp/$\${aws:PrincipalTag`);
});

describe('a wrong question is told what is wrong', () => {
  test.each([
    ['', '--account is missing'],
    ['--acount production', "Unknown option '--acount'"],
    ['--account nowhere', 'There is no account "nowhere" in the catalogue. It has: production, client-northwind'],
    ['--account production --hub 12', '--hub must be the 12 digits'],
    ['--account production --format json', '--hub is missing'],
    ['--account production --format xml', '--format must be one of cloudformation, terraform, json'],
    ['--account production --organization x', '--organization must be'],
    ['--account production --stage a_b', '--stage must be'],
  ])('%s', (line, told) => expect(faults(line)).toContain(told));

  test('a trust policy that IAM would refuse is refused here', () =>
    expect(faults('--account sandbox', catalogue.replace('lk-0d8c2f6a91e34c7fb254a96b', `lk-${'x'.repeat(1200)}`))).toContain(
      'The trust policy of SandboxReadOnly has',
    ));

  test('two entries cannot mean one IAM role with different permissions', () =>
    expect(faults('--account production', catalogue.replace('roleName: latchkey/CrossAccountRole', 'roleName: latchkey/UpdateProdApp'))).toContain(
      'means the same IAM role with other permissions',
    ));

  test('a catalogue that is not there', () => {
    const missing = () => {
      throw Object.assign(new Error('no'), { code: 'ENOENT' });
    };
    expect(runTarget(['--account', 'production'], missing)).toEqual({ faults: ['There is no file access.yml. Name the catalogue with --catalogue FILE.'] });
  });
});

test('a new external id has 128 random bits and fits the catalogue', () => {
  const ids = [printed('--new-external-id'), printed('--new-external-id')];
  for (const id of ids) expect(id).toMatch(/^lk-[0-9a-f]{32}\n$/);
  expect(ids[0]).not.toBe(ids[1]);
});
