// What an operator does after the first deployment: the doctor, a change of a parameter, and the packed command line in the hands of a user.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { UpdateContinuousBackupsCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { RequestView } from '../lib/http/answers.ts';
import { buildCli } from '../scripts/build-cli.ts';
import { hub } from './emulation.ts';
import { tokenOf } from './issuer.ts';
import { operator } from './operator.ts';
import { call } from './people.ts';
import { deployStack, outputsOf, packageStack } from './stack.ts';
import { deployedWorld } from './world.ts';

const world = deployedWorld();
const root = join(import.meta.dirname, '..');
const developer = 'asi-dev@example.com';

type Ran = { status: number | null; out: string; err: string };

/** A program with this environment and nothing else of the caller's but the PATH. */
function run(program: string, args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
  const child = spawn(program, args, {
    cwd: root,
    env: { PATH, HOME: world.folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ran = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    ran.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    ran.err += chunk;
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...ran })));
}

describe('the doctor', () => {
  beforeAll(async () => {
    const { dynamo } = operator(world.endpoint);
    const { TableName } = world.outputs;
    // the emulation's CloudFormation leaves these properties of a table out
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
    await dynamo.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
    const TimeToLiveSpecification = { AttributeName: 'ttl', Enabled: true };
    await dynamo.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  });

  const doctor = (account: string, ...more: string[]): Promise<Ran> =>
    run(process.execPath, ['bin/latchkey.ts', 'doctor', '--account', 'production', ...more], {
      AWS_ENDPOINT_URL: world.endpoint,
      AWS_REGION: hub.region,
      AWS_ACCESS_KEY_ID: account,
      AWS_SECRET_ACCESS_KEY: 'test',
    });

  test('with credentials of the hub finds nothing to fix: the functions get into the account', async () => {
    const { status, out } = await doctor(hub.account);
    expect([status, out]).toEqual([0, expect.stringMatching(/\b0 findings\b/)]);
  });

  test('with credentials of the target account finds what is installed to be what the catalogue says', async () => {
    const { status, out } = await doctor('111111111111', '--hub', hub.account);
    expect([status, out]).toEqual([0, expect.stringMatching(/\b0 findings, 0 warnings\b/)]);
  });

  test('with credentials of the hub says that an account has not installed anything', async () => {
    const { status, out } = await run(process.execPath, ['bin/latchkey.ts', 'doctor', '--account', 'trusting'], {
      AWS_ENDPOINT_URL: world.endpoint,
      AWS_REGION: hub.region,
      AWS_ACCESS_KEY_ID: hub.account,
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    expect([status, out]).toEqual([1, expect.stringMatching(/FINDING +enter: latchkey\/my_cross_account_role/)]);
  });
});

test('a second deployment with another parameter keeps the address, the roles and every request', async () => {
  const request = { role: 'sandbox-read', reason: 'Before the change' };
  const { id } = await call<RequestView>(developer, 'POST', '/requests', request);
  const changed = { ...world, changed: { loginPorts: '8400' } };
  await packageStack(changed);
  await deployStack(changed);
  expect(await outputsOf(changed)).toEqual(world.outputs);
  const found = await (await fetch(`${world.baseUrl}/.well-known/latchkey`)).json();
  expect(found).toMatchObject({ loginPorts: [8400] });
  expect(await call<RequestView>(developer, 'GET', `/requests/${id}`)).toMatchObject({ id, status: 'active' });
  await call(developer, 'POST', `/requests/${id}/end`);
});

test('the packed command line is installed, files a request, and runs a program with its credentials', async () => {
  const [packed, prefix] = [join(world.folder, 'packed'), join(world.folder, 'prefix')];
  await buildCli(packed);
  mkdirSync(prefix);
  const install = ['install', '--global', '--prefix', prefix, '--offline', '--no-audit', '--no-fund'];
  const pack = await run('npm', ['pack', packed, '--pack-destination', world.folder, '--silent'], {});
  expect(await run('npm', [...install, join(world.folder, pack.out.trim())], {})).toMatchObject({ status: 0 });
  const latchkey = (...args: string[]) =>
    tokenOf(world.issuer, { email: developer }).then((token) =>
      run(join(prefix, 'bin/latchkey'), args, { LATCHKEY_URL: world.baseUrl, LATCHKEY_TOKEN: token, ...aws }),
    );
  const aws = { AWS_ENDPOINT_URL: world.endpoint, AWS_REGION: hub.region };

  const filed = await latchkey('request', 'sandbox-read', '--for', '30m', '--reason', 'First request');
  expect([filed.status, filed.err]).toEqual([0, expect.any(String)]);
  const program = `
    const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
    console.log((await new STSClient({}).send(new GetCallerIdentityCommand({}))).Arn);
    process.exit();`;
  const ran = await latchkey('exec', 'sandbox-read', '--', process.execPath, '--input-type=module', '-e', program);
  expect([ran.status, ran.out, ran.err]).toEqual([
    0,
    expect.stringMatching(/^arn:aws:sts::666666666666:assumed-role\/SandboxReadOnly\/lk-/),
    expect.any(String),
  ]);
});
