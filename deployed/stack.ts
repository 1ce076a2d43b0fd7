// The hub's stack, as an operator handles it: `npm run package`, `osls deploy`, `osls remove`, and what the stack says of itself.
import { spawn } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { VerifyEmailIdentityCommand } from '@aws-sdk/client-ses';
import { hub } from './emulation.ts';
import { operator } from './operator.ts';

const root = join(import.meta.dirname, '..');
export const stage = 'prod';
const sender = 'latchkey@example.com';

export type Deployment = {
  /** the emulation's */
  endpoint: string;
  calls: string;
  issuer: string;
  baseUrl: string;
  /** where the package is kept: osls deletes what it has deployed */
  folder: string;
  /** parameters of a later deployment */
  changed?: Record<string, string>;
};

const parametersOf = ({ issuer, baseUrl, changed }: Deployment): string[] =>
  Object.entries({
    region: hub.region,
    issuer,
    audience: 'latchkey',
    scope: 'latchkey/use',
    clientId: 'latchkey-cli',
    sender: `Latchkey <${sender}>`,
    alarmTopic: `arn:aws:sns:${hub.region}:${hub.account}:latchkey-alarms`,
    baseUrl,
    ...changed,
  }).flatMap(([name, value]) => ['--param', `${name}=${value}`]);

const packageOf = ({ folder }: Deployment): string => join(folder, 'package');

export async function packageStack(deployment: Deployment): Promise<string> {
  const options = ['--stage', stage, ...parametersOf(deployment), '--package', packageOf(deployment)];
  return ran(deployment, join(root, 'scripts/package.ts'), ...options);
}

/** Deploys what was packaged last, a copy of it. */
export async function deployStack(deployment: Deployment): Promise<string> {
  const copy = `${packageOf(deployment)}-deployed`;
  cpSync(packageOf(deployment), copy, { recursive: true });
  return osls(deployment, 'deploy', '--package', copy);
}

/** What an operator does in SES before the first deployment. */
export const verifySender = ({ endpoint }: Deployment): Promise<unknown> =>
  operator(endpoint).ses.send(new VerifyEmailIdentityCommand({ EmailAddress: sender }));

/** What the stack says of itself, by name. */
export async function outputsOf({ endpoint }: Deployment): Promise<Record<string, string>> {
  const { cloudFormation } = operator(endpoint);
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: `latchkey-${stage}` }));
  return Object.fromEntries(Stacks![0]!.Outputs!.map(({ OutputKey, OutputValue }) => [OutputKey!, OutputValue!]));
}

export const removeStack = (deployment: Deployment): Promise<string> => osls(deployment, 'remove');

const osls = (deployment: Deployment, command: string, ...more: string[]): Promise<string> =>
  ran(
    deployment,
    join(root, 'node_modules/serverless/bin/serverless.js'),
    command,
    '--stage',
    stage,
    ...parametersOf(deployment),
    ...more,
  );

/** @returns what the program wrote @throws Error with it, where it fails */
async function ran({ endpoint }: Deployment, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (status !== 0) throw new Error(`${args.join(' ')} ended with status ${status}:\n${said}`);
  return said;
}
