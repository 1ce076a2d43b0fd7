// Start-to-end times of the command line relative to `node -e 0`, and to `aws sts assume-role` if it is installed: medians, one call at a time.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hubKeys } from '../local/aws/sts.ts';
import { startLocalServer } from '../local/server.ts';
import { buildCli } from '../scripts/build-cli.ts';

export const title = 'The command line';

const rounds = 150;
const role = 'sandbox-read';
const id = '00000000000000000000000000';

type Case = {
  name: string;
  program: string;
  args: readonly string[];
  env: Record<string, string>;
  limit?: number;
  rounds?: number;
};

/** @returns a table of ratios of medians */
export async function measure(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  const server = await startLocalServer();
  let stopCanned = () => {};
  try {
    const bytes = await buildCli(join(folder, 'dist'));
    const script = join(folder, 'dist/latchkey.js');
    const node = process.execPath;
    const token = await fetch(`${server.url}/local/token`, { method: 'POST', body: '{"email":"asi-dev@example.com"}' });
    const common = { HOME: folder, LATCHKEY_URL: server.url };
    const person = { ...common, LATCHKEY_TOKEN: ((await token.json()) as { token: string }).token };
    const { accessKeyId, secretAccessKey } = server.keys.find(({ arn }) => arn.endsWith('role/asi-dev-server'))!;
    const machine = {
      ...common,
      HOME: join(folder, 'machine'),
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
    for (const env of [person, machine]) {
      for (const args of [
        ['request', role, '--reason', 'benchmark', '--for', '8h'],
        ['credentials', role, '--cache'],
      ])
        await timed({ name: '', program: node, args: [script, ...args], env });
    }
    const canned = await startCanned();
    stopCanned = canned.stop;
    const cases: Case[] = [
      { name: '`node -e 0`', program: node, args: ['-e', '0'], env: common },
      { name: '`latchkey help`', program: node, args: [script, 'help'], env: common, limit: 1.4 },
      {
        name: '`latchkey credentials --cache`, kept',
        program: node,
        args: [script, 'credentials', role, '--cache'],
        env: person,
        limit: 1.35,
      },
      {
        name: '`latchkey credentials`, one call with a token',
        program: node,
        args: [script, 'credentials', id],
        env: { ...person, LATCHKEY_URL: canned.url },
        limit: 1.7,
      },
      {
        name: '`latchkey credentials`, one call with SigV4',
        program: node,
        args: [script, 'credentials', id],
        env: { ...machine, LATCHKEY_URL: canned.url },
      },
      ...awsCase(server.url, common),
    ];
    const medians = await mediansOf(cases);
    const bare = medians[0]!;
    const rows = cases.map(
      ({ name, limit }, i) =>
        `| ${name} | ${(medians[i]! / bare).toFixed(2)} | ${limit === undefined ? '' : `${limit.toFixed(2)}`} |`,
    );
    return [
      '| start to end | ratio to bare node | target |',
      '|---|---:|---:|',
      ...rows,
      '',
      `Node ${process.versions.node}, medians of ${rounds} interleaved rounds (10 for the AWS CLI). A server that answers at once gives the credentials. The program has ${kilobytes(bytes.program)}, plus ${kilobytes(bytes.admin)} for the admin commands and ${kilobytes(bytes.signing)} for the AWS SDK's chain of credentials.`,
    ].join('\n');
  } finally {
    stopCanned();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KB`;

/** A separate process that returns the same credentials immediately, so that only the command line is measured. */
async function startCanned(): Promise<{ url: string; stop(): void }> {
  const at = new Date(Date.now() + 3_600_000).toISOString();
  const document = {
    Version: 1,
    AccessKeyId: 'ASIA',
    SecretAccessKey: 's',
    SessionToken: 't',
    Expiration: at,
    RequestId: id,
    GrantEndsAt: at,
    LimitedBy: 'grant-end',
  };
  const script = `require('node:http').createServer((q, a) => { q.resume(); a.end(${JSON.stringify(JSON.stringify(document))}) }).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<string>((resolve) =>
    child.stdout.once('data', (chunk) => resolve(String(chunk).trim())),
  );
  return { url: `http://127.0.0.1:${port}`, stop: () => void child.kill() };
}

/** The same with the AWS CLI, against the same emulator. */
function awsCase(url: string, env: Record<string, string>): Case[] {
  const program = '/usr/bin/aws';
  if (!existsSync(program)) return [];
  const args = `sts assume-role --role-arn arn:aws:iam::666666666666:role/latchkey/SandboxReadOnly --role-session-name lk-bench --external-id lk-0d8c2f6a91e34c7fb254a96b --source-identity bench --tags Key=latchkey-request,Value=bench Key=latchkey-requester,Value=bench --endpoint-url ${url}/local/aws/`;
  const keys = {
    AWS_ACCESS_KEY_ID: hubKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: hubKeys.secretAccessKey,
    AWS_SESSION_TOKEN: hubKeys.sessionToken,
  };
  execFileSync(program, ['--version'], { stdio: 'ignore' });
  return [
    {
      name: '`aws sts assume-role`',
      program,
      args: args.split(' '),
      env: { ...env, ...keys, AWS_DEFAULT_REGION: 'us-east-1' },
      rounds: 10,
    },
  ];
}

/** Runs the commands in turn, so that other load on this machine affects all of them equally. */
async function mediansOf(cases: readonly Case[]): Promise<number[]> {
  const times: number[][] = cases.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [i, given] of cases.entries()) if (round < (given.rounds ?? rounds)) times[i]!.push(await timed(given));
  }
  return times.map((list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]!);
}

/** Milliseconds from start to end. The environment is clean: certificates and options in it would slow Node down. */
function timed({ name, program, args, env }: Case): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.resume();
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.on('error', reject);
    child.on('close', (status) =>
      status === 0
        ? resolve(performance.now() - began)
        : reject(new Error(`${name || args[1]} exited with ${status}: ${said}`)),
    );
  });
}
