// The doctor from arguments to report: against a local server, against broken deployments, and with invalid arguments.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { doctor } from '../../cli/commands/doctor.ts';
import { Failure } from '../../cli/machine/exit.ts';
import { readArguments } from '../../cli/program/arguments.ts';
import { type Credentials, clientsOf } from '../../doctor/clients.ts';
import { checks, type Finding } from '../../doctor/codes.ts';
import { type Diagnosis, diagnose, type Question, type Section } from '../../doctor/diagnosis.ts';
import { type DoctorOptions, type DoctorResult, runDoctor } from '../../doctor/doctor.ts';
import { operatorPolicyInHub, operatorPolicyInTarget } from '../../doctor/operator-policy.ts';
import { countsOf, planOf, textOf } from '../../doctor/report.ts';
import { openCatalogue } from '../../lib/catalogue/catalogue.ts';
import { checkCatalogue } from '../../lib/catalogue/check.ts';
import type { PolicyDocument } from '../../lib/session/iam.ts';
import { targetOf } from '../../lib/target/target.ts';
import { operatorKeys } from '../../local/aws/operator.ts';
import { hubKeys } from '../../local/aws/sts.ts';
import { startLocalServer } from '../../local/server.ts';
import { doctorDocument } from '../../scripts/doctor-docs.ts';
import { startEmulatedHub } from '../support/emulated-hub.ts';
import { isAllowed } from '../support/judge.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const root = join(import.meta.dirname, '../..');
const readText = (file: string) => readFileSync(join(root, file), 'utf8');
/** Calls the doctor as the command does. */
async function asked(args: readonly string[], read: (file: string) => string | Buffer): Promise<DoctorResult> {
  try {
    return await runDoctor(readArguments(doctor, args).options as unknown as DoctorOptions, (file) =>
      Buffer.from(read(file)),
    );
  } catch (error) {
    if (error instanceof Failure) return { errors: [error.message] };
    throw error;
  }
}
async function report(...args: string[]): Promise<{ text: string; exitCode: 0 | 1 }> {
  const result = await asked(args, readText);
  if ('errors' in result) throw new Error(result.errors.join('\n'));
  return result;
}
const withoutPlan = ({ sections }: Diagnosis) =>
  sections.flatMap(({ findings }) => findings).filter(({ level }) => level !== 'ok');

describe('against a local server', () => {
  let server: Awaited<ReturnType<typeof startLocalServer>>;
  beforeAll(async () => {
    server = await startLocalServer();
  }, 30_000);
  afterAll(() => server.close());

  test('a healthy deployment: passed checks are counted, and what an emulator cannot answer is listed as not checked', async () => {
    const { text, exitCode } = await report('--local', server.url);
    expect(exitCode).toBe(0);
    expect(text).toMatch(
      /^Stage local in us-east-1, as arn:aws:iam::999999999999:user\/operator\n\nhub 999999999999\n {2}not checked {2}/,
    );
    expect(text).toMatch(/ {2}not checked {2}table-recovery: latchkey: this endpoint does not support the operation\n/);
    expect(text).not.toMatch(/^ {2}ok /m);
    expect(text).toMatch(
      /\n\nNo problems found: 0 findings, 0 warnings, 7 not checked, 120 ok\. List every check with --all\.\n$/,
    );
    expect(text).not.toMatch(/ASIA|undefined|\{/);
  });

  test('--all lists every check, in the order of the accounts', async () => {
    const { text, exitCode } = await report('--local', server.url, '--all');
    expect(exitCode).toBe(0);
    expect(text).toMatch(/\n\nhub 999999999999\n {2}ok {11}clock-here: /);
    expect(text).toMatch(
      / {2}ok {11}enter: latchkey\/UpdateProdApp, latchkey\/CrossAccountRole, latchkey\/readonly-asi-production-bucket: /,
    );
    expect(text).toMatch(/ {2}not checked {2}table-recovery: /);
    expect(text).toMatch(/\n\nNo problems found: 0 findings, 0 warnings, 7 not checked, 120 ok\.\n$/);
    expect(text).not.toMatch(/ASIA|undefined|\{/);
  });

  test('a second run reports the same; JSON, --account and exit code', async () => {
    const args = ['bin/latchkey.ts', 'doctor', '--local', server.url, '--json', '--fix-plan', '--account', 'sandbox'];
    const runs = await Promise.all([1, 2].map(() => promisify(execFile)(process.execPath, args, { cwd: root })));
    const [first, second] = runs.map(({ stdout }) => stdout);
    expect(first).toBe(second);
    const report = JSON.parse(first!);
    expect(report).toMatchObject({
      stage: 'local',
      region: 'us-east-1',
      hub: '999999999999',
      counts: { finding: 0, warning: 0 },
      plan: [],
    });
    expect(new Set(report.findings.map(({ section }: { section: string }) => section))).toEqual(
      new Set(['hub 999999999999', 'sandbox 666666666666']),
    );
    expect(report.findings).toContainEqual({
      section: 'sandbox 666666666666',
      code: 'tags',
      level: 'ok',
      about: 'arn:aws:iam::666666666666:role/latchkey/SandboxReadOnly',
      seen: 'cannot be assumed without it',
    });
  });

  test('a changed catalogue that was not deployed is found', async () => {
    const changed = readText('access.yml').replace('name: Sandbox', 'name: Playground');
    const result = await asked(['--local', server.url, '--account', 'sandbox'], () => changed);
    expect(result).toMatchObject({
      exitCode: 1,
      text: expect.stringMatching(/FINDING {6}catalogue: latchkey-local-issue-session: has the catalogue/),
    });
  });

  test('does not change the accounts', async () => {
    const before = await (await fetch(`${server.url}/local/sts`)).json();
    await asked(['--local', server.url], readText);
    const after = (await (await fetch(`${server.url}/local/sts`)).json()) as Array<{
      Policy?: string;
      RoleSessionName: string;
    }>;
    const own = after
      .slice(0, after.length - (before as unknown[]).length)
      .filter(({ RoleSessionName }) => RoleSessionName.startsWith('lk-'));
    expect(own.length).toBeGreaterThan(20);
    for (const { Policy } of own)
      expect(Policy).toMatch(/"Deny","Action":"\*","Resource":"\*"|"Action":"iam:DeleteRolePolicy"/);
  });
});

describe('against a broken deployment', () => {
  const role = 'arn:aws:iam::111111111111:role/latchkey/read';
  const { data } = checkCatalogue(smallCatalogueFile);
  let hub: Awaited<ReturnType<typeof startEmulatedHub>>;
  beforeEach(async () => {
    hub = await startEmulatedHub(openCatalogue(data!));
  });
  afterEach(() => hub.close());

  async function visit(change: Partial<Question> = {}, credentials: Credentials = operatorKeys): Promise<Diagnosis> {
    const place = { region: 'us-east-1', endpoint: hub.aws.endpoint, credentials };
    const clients = clientsOf(place);
    try {
      return await diagnose(
        { stage: 'local', account: 'production', targetRole: 'Auditor', place, ...change },
        data!,
        clients,
        Date.now,
      );
    } finally {
      for (const client of Object.values(clients)) client.destroy();
    }
  }
  const found = async (change?: Partial<Question>) =>
    withoutPlan(await visit(change)).flatMap(({ code, level, about }) =>
      level === 'not-checked' ? [] : [`${level} ${code} ${about.replace(/^arn.*role\//, '')}`],
    );
  /** The trust policy of the role, its first statement without a condition. */
  const trustWithout = (key: string): PolicyDocument => {
    const { trust } = hub.aws.targets.roles.get(role)!;
    const drop = (condition: object) =>
      Object.fromEntries(
        Object.entries(condition).map(([operator, keys]) => [
          operator,
          Object.fromEntries(Object.entries(keys as object).filter(([name]) => !name.startsWith(key))),
        ]),
      );
    return {
      ...trust,
      Statement: trust.Statement.map((statement) => ({ ...statement, Condition: drop(statement.Condition ?? {}) })),
    };
  };
  const breakRole = (change: object) =>
    hub.aws.targets.roles.set(role, { ...hub.aws.targets.roles.get(role)!, ...change });

  test('nothing is broken', async () => expect(await found()).toEqual([]));

  test.each<[string, () => void, string[]]>([
    [
      'no external id is asked for',
      () => breakRole({ trust: trustWithout('sts:ExternalId') }),
      ['finding external-id latchkey/read', 'finding role-trust latchkey/read'],
    ],
    [
      'no source identity is asked for',
      () => breakRole({ trust: trustWithout('sts:SourceIdentity') }),
      ['finding source-identity latchkey/read', 'finding role-trust latchkey/read'],
    ],
    [
      'no tags are asked for',
      () => breakRole({ trust: trustWithout('aws:RequestTag') }),
      ['finding tags latchkey/read', 'finding role-trust latchkey/read'],
    ],
    [
      'the role is missing',
      () => void hub.aws.targets.roles.delete(role),
      ['finding enter latchkey/read', 'finding revoker-rights latchkey/read', 'finding role latchkey/read'],
    ],
    [
      'the boundary is off the role',
      () => breakRole({ boundary: undefined }),
      ['finding revoker-rights latchkey/read', 'finding role-boundary latchkey/read'],
    ],
    [
      'the boundary is gone',
      () => void hub.aws.targets.policies.clear(),
      ['finding boundary arn:aws:iam::111111111111:policy/latchkey/Boundary'],
    ],
    ['the role is shorter', () => breakRole({ maxSessionDuration: 7200 }), ['finding role-duration latchkey/read']],
    [
      'the room is taken',
      () => breakRole({ inline: new Map([['Mine', JSON.stringify({ Statement: 'x'.repeat(10_100) })]]) }),
      ['finding role-room latchkey/read'],
    ],
    [
      'the revoker is gone',
      () => void hub.aws.targets.roles.delete('arn:aws:iam::111111111111:role/latchkey-revoker'),
      ['finding revoker latchkey-revoker', 'finding revoker-role latchkey-revoker'],
    ],
    [
      'the revoker has lost a role',
      () => {
        const { inline } = hub.aws.targets.roles.get('arn:aws:iam::111111111111:role/latchkey-revoker')!;
        inline.set('Revoke', inline.get('Revoke')!.replace(`"${role}",`, ''));
      },
      ['finding revoker-rights latchkey/read', 'finding revoker-policy latchkey-revoker'],
    ],
    [
      'the functions have another catalogue',
      () =>
        Object.assign(hub.app, { catalogue: catalogueOf({ ...smallCatalogueFile, admins: ['security@example.com'] }) }),
      ['finding catalogue latchkey-local-issue-session', 'finding catalogue latchkey-local-revoke-sessions'],
    ],
    [
      'the functions are older',
      () => Object.assign(hub.app, { version: '0.0.1' }),
      ['warning version latchkey-local-issue-session', 'warning version latchkey-local-revoke-sessions'],
    ],
    [
      'a function is not deployed',
      () => void hub.aws.lambda.functions.delete('latchkey-local-issue-session'),
      ['finding functions latchkey-local-issue-session'],
    ],
    [
      'a function was deployed before there was a doctor',
      () => Object.assign(hub.aws.lambda.functions.get('latchkey-local-revoke-sessions')!, { aliases: [] }),
      ['finding probe latchkey-local-revoke-sessions'],
    ],
    [
      'a function fails',
      () =>
        Object.assign(hub.aws.lambda.functions.get('latchkey-local-issue-session')!, {
          invoke: async () => ({ error: 'failed' }),
        }),
      ['finding probe latchkey-local-issue-session'],
    ],
    [
      'a function runs as somebody else',
      () =>
        Object.assign(hub.aws.lambda.functions.get('latchkey-local-issue-session')!, { role: 'service-role/other' }),
      ['finding function-role latchkey-local-issue-session'],
    ],
    [
      'mail cannot leave',
      () => Object.assign(hub.aws.ses.account, { isSending: false, max24HourSend: 200, verified: new Set() }),
      ['finding sender latchkey@example.com', 'finding sending SES', 'finding sandbox SES'],
    ],
    [
      'the configuration set of the sender is gone',
      () => Object.assign(hub.aws.ses.account, { defaultSet: 'deleted' }),
      ['finding configuration-set deleted'],
    ],
    [
      'the configuration set of the sender tracks clicks',
      () => {
        hub.aws.ses.account.defaultSet = 'tracking';
        hub.aws.ses.account.configurationSets.set('tracking', { isSending: true, events: ['bounce', 'click'] });
      },
      ['finding configuration-set tracking'],
    ],
    [
      'the configuration set of the sender is as it should be',
      () => {
        hub.aws.ses.account.defaultSet = 'plain';
        hub.aws.ses.account.configurationSets.set('plain', { isSending: true, events: ['bounce', 'complaint'] });
      },
      [],
    ],
  ])('%s', async (_, broken, expected) => {
    broken();
    expect(await found()).toEqual(expected);
  });

  test('a template for an organisation is recognised, and the fix keeps the organisation', async () => {
    const { data: asked } = checkCatalogue(smallCatalogueFile);
    const target = targetOf(asked!, 'production', {
      accountId: '999999999999',
      stage: 'local',
      organization: 'o-a1b2c3d4e5',
    });
    for (const { path, name, trust } of target.roles) {
      const arn = `arn:aws:iam::111111111111:role${path}${name}`;
      hub.aws.targets.roles.set(arn, { ...hub.aws.targets.roles.get(arn)!, trust });
    }
    hub.aws.targets.policies.clear();
    const found = withoutPlan(await visit()).filter(
      ({ code, level }) => level === 'finding' && !code.startsWith('enter'),
    );
    expect(found.map(({ code }) => code)).toEqual(['boundary', 'revoker-role']);
    expect(found[0]?.fix).toContain(
      '--account production --hub 999999999999 --stage local --organization o-a1b2c3d4e5',
    );
  });

  test('each finding has its cause and exact fix, and the plan has every command once', async () => {
    breakRole({ boundary: undefined, trust: trustWithout('sts:ExternalId') });
    const diagnosis = await visit();
    expect(countsOf(diagnosis)).toMatchObject({ finding: 4 });
    const text = textOf(diagnosis, { all: false });
    expect(text).toContain(
      [
        '  FINDING      external-id: latchkey/read: can be assumed without it',
        '               cause: Its trust policy does not require sts:ExternalId, which allows the confused deputy problem.',
        '               fix:   See the findings about the role below.',
      ].join('\n'),
    );
    expect(text).toContain(
      'Allow sts:AssumeRole: Condition.StringEquals.sts:ExternalId is missing: lk-9f2c6c1e4b7a4d5f8a3e.\n',
    );
    const boundary =
      'aws iam put-role-permissions-boundary --role-name read --permissions-boundary arn:aws:iam::111111111111:policy/latchkey/Boundary';
    expect(text).toContain(`fix:   Restore it: ${boundary}, with credentials of 111111111111.`);
    const [trust, ...rest] = planOf(diagnosis);
    expect(rest).toEqual([`${boundary}    # with credentials of 111111111111`]);
    const [, document = ''] =
      /^aws iam update-assume-role-policy --role-name read --policy-document '([^']+)' {4}# with credentials of 111111111111$/.exec(
        trust!,
      ) ?? [];
    const target = targetOf(data!, 'production', {
      accountId: '999999999999',
      stage: 'local',
      organization: undefined,
    });
    expect(JSON.parse(document)).toEqual(target.roles[0]!.trust);
  });

  test('findings come first, then warnings, then unchecked items; passed checks are counted', () => {
    const found = (code: 'enter' | 'tags', level: Finding['level']): Finding => ({
      code,
      level,
      about: level,
      seen: 'x',
    });
    const section = (title: string, code: 'enter' | 'tags'): Section => ({
      title,
      findings: [found(code, 'not-checked'), found(code, 'ok'), found(code, 'warning'), found(code, 'finding')],
    });
    const diagnosis = {
      stage: 'prod',
      region: 'eu-west-1',
      hub: undefined,
      caller: 'me',
      sections: [section('one', 'enter'), section('two', 'tags')],
    };
    const levels = (text: string) => text.split('\n').flatMap((line) => /^ {2}(not checked|\w+)/.exec(line)?.[1] ?? []);
    const worst = ['FINDING', 'FINDING', 'WARNING', 'WARNING', 'not checked', 'not checked'];
    expect(levels(textOf(diagnosis, { all: false }))).toEqual(worst);
    expect(textOf(diagnosis, { all: false })).toMatch(
      /\n2 findings, 2 warnings, 2 not checked, 2 ok\. List every check with --all\.\n$/,
    );
    const one = ['not checked', 'ok', 'WARNING', 'FINDING'];
    expect(levels(textOf(diagnosis, { all: true }))).toEqual([...one, ...one]);
  });

  test('from the hub alone, the fix is to run the doctor in the account', async () => {
    breakRole({ trust: trustWithout('sts:ExternalId') });
    const place = { region: 'us-east-1', endpoint: hub.aws.endpoint, credentials: operatorKeys };
    const diagnosis = await diagnose(
      { account: 'production', stage: 'local', place },
      data!,
      clientsOf(place),
      Date.now,
    );
    expect(withoutPlan(diagnosis).find(({ code }) => code === 'external-id')?.fix).toMatch(
      /^Run the doctor with credentials of 111111111111/,
    );
    expect(planOf(diagnosis)).toEqual([
      'npm run --silent doctor -- --account production --hub 999999999999 --stage local --fix-plan    # with credentials of 111111111111',
    ]);
  });

  test('missing permissions are named, and no check counts as passed', async () => {
    const diagnosis = await visit({ targetRole: 'Nobody' }, hubKeys);
    const open = withoutPlan(diagnosis);
    expect(new Set(open.map(({ level }) => level))).toEqual(new Set(['not-checked']));
    expect(new Set(open.flatMap(({ needs }) => needs ?? []))).toEqual(
      new Set([
        'lambda:GetFunctionConfiguration',
        'lambda:InvokeFunction',
        'dynamodb:DescribeTable',
        'dynamodb:DescribeTimeToLive',
        'dynamodb:DescribeContinuousBackups',
        'lambda:ListEventSourceMappings',
        'sts:AssumeRole',
      ]),
    );
    expect(open.find(({ code }) => code === 'role')?.seen).toContain(
      'you cannot assume arn:aws:iam::111111111111:role/Nobody (AccessDenied)',
    );
  });

  test('without credentials for the account, installed roles are not checked', async () => {
    const place = { region: 'us-east-1', endpoint: hub.aws.endpoint, credentials: operatorKeys };
    const diagnosis = await diagnose(
      { account: 'production', stage: 'local', place },
      data!,
      clientsOf(place),
      Date.now,
    );
    expect(withoutPlan(diagnosis).find(({ code }) => code === 'role')?.seen).toContain(
      'use credentials of 111111111111, or pass a role there',
    );
  });

  test('from a target account, installed roles are checked, and access by the hub is not', async () => {
    const enter = clientsOf({ region: 'us-east-1', endpoint: hub.aws.endpoint, credentials: operatorKeys });
    const { Credentials: keys } = await enter.sts.send(
      new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::111111111111:role/Auditor', RoleSessionName: 'me' }),
    );
    const credentials = {
      accessKeyId: keys!.AccessKeyId!,
      secretAccessKey: keys!.SecretAccessKey!,
      sessionToken: keys!.SessionToken!,
    };
    const place = { region: 'us-east-1', endpoint: hub.aws.endpoint, credentials };
    const clients = clientsOf(place);
    const within = (change: Partial<Question>) =>
      diagnose({ stage: 'local', place, ...change }, data!, clients, Date.now);
    const seen = await within({ hub: '999999999999' });
    expect(seen.sections.map(({ title }) => title)).toEqual(['here', 'production 111111111111']);
    expect(withoutPlan(seen).map(({ code, level }) => `${level} ${code}`)).toEqual(['not-checked enter']);
    expect(
      withoutPlan(await within({})).map(
        ({ code, about, seen }) => `${code} ${about.split('/').at(-1)}: ${seen.split(':')[0]}`,
      ),
    ).toEqual([
      "enter production: only the hub's functions can check this",
      'role-trust read: requires the account ID of the hub',
      'role-trust write: requires the account ID of the hub',
      'revoker-role latchkey-revoker: requires the account ID of the hub',
    ]);
    await expect(within({ hub: '999999999999', account: 'sandbox' })).rejects.toThrow(
      'Your credentials are for account 111111111111 (production). To check sandbox, use credentials of 333333333333',
    );
  });
});

describe('invalid arguments', () => {
  test.each([
    ['--acount production', 'Unknown flag --acount for "latchkey doctor". Did you mean --account?'],
    ['--account nowhere', 'Account "nowhere" not found in access.yml. Accounts: production, client-northwind'],
    ['--hub 12', '--hub must be the 12 digits'],
    ['--stage a_b', '--stage must be the stage'],
    ['--region europe', '--region must be a Region'],
    ['--organization x', '--organization must be the ID'],
    ['--endpoint localhost', '--endpoint must be an http or https URL'],
    ['--local localhost:3000', '--local must be the URL of a local server'],
    ['--local http://localhost:3000 --endpoint http://localhost:3000', '--local and --endpoint cannot be combined'],
    ['--target-role a:b', '--target-role must be the path and name of a role'],
    ['--local http://127.0.0.1:9', 'No answer from http://127.0.0.1:9 (ECONNREFUSED). Check that it is running.'],
  ])('%s', async (line, told) => {
    const result = await asked(line.split(' '), readText);
    expect('errors' in result ? result.errors.join('\n') : '').toContain(told);
  });

  test('a catalogue that is missing, not readable or not valid', async () => {
    const failing = (code: string) => () => {
      throw Object.assign(new Error('no'), { code });
    };
    const name = 'Pass the catalogue with --catalogue FILE.';
    expect(await asked([], failing('ENOENT'))).toEqual({ errors: [`File access.yml not found. ${name}`] });
    expect(await asked([], failing('EACCES'))).toEqual({ errors: [`No permission to read access.yml. ${name}`] });
    expect(await asked([], () => 'version: 2')).toMatchObject({
      errors: expect.arrayContaining(['access.yml:1:1 version: must be 1']),
    });
  });

  test('missing or rejected credentials exit with 2', async () => {
    const bare = { PATH: process.env.PATH, HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' };
    const run = (env: Record<string, string | undefined>, ...args: string[]) =>
      promisify(execFile)(process.execPath, ['bin/latchkey.ts', 'doctor', ...args], { cwd: root, env }).then(
        () => ({ code: 0, stderr: '' }),
        ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
      );
    const hub = await startEmulatedHub(catalogueOf());
    const strange = { ...bare, AWS_ACCESS_KEY_ID: 'AKIASTRANGERSTRANGER', AWS_SECRET_ACCESS_KEY: 'secret-canary' };
    const [missing, region, refused] = await Promise.all([
      run(bare, '--region', 'eu-west-1'),
      run(bare),
      run(strange, '--region', 'eu-west-1', '--endpoint', hub.aws.endpoint),
    ]);
    await hub.close();
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('No AWS credentials found') });
    expect(region).toMatchObject({ code: 2, stderr: expect.stringContaining('No AWS Region configured') });
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('AWS rejected your credentials (InvalidClientTokenId)'),
    });
    expect(refused.stderr).not.toContain('canary');
  });
});

describe('docs/doctor.md', () => {
  test('has every check and the required permissions', () => {
    expect(readText('docs/doctor.md')).toBe(doctorDocument());
    for (const code of Object.keys(checks)) expect(readText('docs/doctor.md')).toContain(`\n| \`${code}\` |`);
  });

  test('no guide names an unknown option', () => {
    const guides = ['README.md', 'docs/doctor.md', 'docs/onboarding.md', 'docs/deploy.md', 'docs/upgrade.md']
      .map(readText)
      .join('\n');
    const lines = [...guides.matchAll(/(?:run (?:--silent )?doctor --|latchkey doctor) ([^\n`#]*)/g)].map(
      ([, rest]) => rest!,
    );
    expect(lines.length).toBeGreaterThan(6);
    for (const option of lines.flatMap((line) => line.match(/--[a-z-]+/g) ?? []))
      expect(Object.keys(doctor.options)).toContain(option.slice(2));
  });

  test('the policies allow exactly the calls of the doctor', () => {
    const sources = ['read-hub', 'read-target'].map((name) => readText(`doctor/${name}.ts`)).join('\n');
    const made = [...sources.matchAll(/look\(\s*'([a-z]+:[A-Za-z]+)'/g)].map(([, action]) => action);
    const policies = [
      operatorPolicyInHub({ partition: 'aws', account: '999999999999', region: 'eu-west-1', stage: 'prod' }),
      operatorPolicyInTarget({ partition: 'aws', id: '111111111111' }),
    ];
    expect(new Set(policies.flatMap(({ Statement }) => Statement.flatMap(({ Action = [] }) => Action)))).toEqual(
      new Set(made),
    );
  });

  test('the policies allow probes, but neither posing as the gateway nor changing a role', async () => {
    const inHub = operatorPolicyInHub({
      partition: 'aws',
      account: '999999999999',
      region: 'eu-west-1',
      stage: 'prod',
    });
    const inTarget = operatorPolicyInTarget({ partition: 'aws', id: '111111111111' });
    const code = 'arn:aws:lambda:eu-west-1:999999999999:function:latchkey-prod-issue-session';
    const may = (action: string, resource: string, accountId: string, policy: PolicyDocument) =>
      isAllowed({
        principal: `arn:aws:iam::${accountId}:user/operator`,
        action,
        resource,
        accountId,
        identity: [policy],
      });
    const judged: Array<[boolean, Promise<boolean>]> = [
      [true, may('lambda:InvokeFunction', `${code}:doctor`, '999999999999', inHub)],
      [false, may('lambda:InvokeFunction', code, '999999999999', inHub)],
      [false, may('lambda:InvokeFunction', `${code.replace('issue-session', 'api')}:doctor`, '999999999999', inHub)],
      [false, may('lambda:UpdateFunctionCode', code, '999999999999', inHub)],
      [
        true,
        may(
          'dynamodb:DescribeTable',
          'arn:aws:dynamodb:eu-west-1:999999999999:table/latchkey-prod',
          '999999999999',
          inHub,
        ),
      ],
      [
        false,
        may('dynamodb:GetItem', 'arn:aws:dynamodb:eu-west-1:999999999999:table/latchkey-prod', '999999999999', inHub),
      ],
      [true, may('iam:GetRole', 'arn:aws:iam::111111111111:role/latchkey/read', '111111111111', inTarget)],
      [false, may('iam:DeleteRolePolicy', 'arn:aws:iam::111111111111:role/latchkey/read', '111111111111', inTarget)],
    ];
    for (const [expected, verdict] of judged) expect(await verdict).toBe(expected);
  });
});
