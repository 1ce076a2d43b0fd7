// One process that stands for AWS: several accounts, CloudFormation, Lambda, API Gateway, DynamoDB, SES, IAM and STS, on this machine only.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** The account that Latchkey is deployed into, and its Region. */
export const hub = { account: '999999999999', region: 'eu-west-1' } as const;

export type Emulation = {
  endpoint: string;
  /** the file with one line of JSON for each call that IAM was asked about */
  calls: string;
  stop(): Promise<void>;
};

/**
 * @param python of the virtual environment that has the packages
 * @param folder where its log and the record of calls go
 */
export async function startEmulation(python: string, folder: string): Promise<Emulation> {
  const port = await freePort();
  const [log, calls] = [join(folder, 'emulation.log'), join(folder, 'calls.jsonl')];
  const out = openSync(log, 'w');
  const child = spawn(python, [join(import.meta.dirname, 'emulation.py')], {
    cwd: folder,
    stdio: ['ignore', out, out],
    env: {
      HOME: folder,
      // functions run on the first Node of the PATH
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      IOT_MTLS_ENABLED: '0',
      AUTH: 'true',
      LATCHKEY_CALLS: calls,
      MINISTACK_ACCOUNT_ID: hub.account,
      MINISTACK_REGION: hub.region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
  });
  closeSync(out);
  // an IP address: with a name, the SDK would make the bucket a part of it
  const endpoint = `http://127.0.0.1:${port}`;
  const emulation = { endpoint, calls, stop: () => stopped(child) };
  try {
    await ready(child, endpoint);
    return emulation;
  } catch (error) {
    await emulation.stop();
    throw new Error(`the emulation did not start:\n${readFileSync(log, 'utf8')}`, { cause: error });
  }
}

async function ready(child: ChildProcess, endpoint: string): Promise<void> {
  for (let tries = 0; tries < 300 && child.exitCode === null; tries += 1) {
    if (await isReady(endpoint)) return;
    await pause(200);
  }
  throw new Error(child.exitCode === null ? 'not ready within a minute' : `ended with status ${child.exitCode}`);
}

/** Nobody listens at first, which is no error. */
const isReady = (endpoint: string): Promise<boolean> =>
  fetch(`${endpoint}/_ministack/ready`).then(
    ({ ok }) => ok,
    () => false,
  );

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  const kill = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(kill);
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
