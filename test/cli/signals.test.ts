// Signals and exec: the command gets each signal once and decides how it ends, and nothing of the session is left behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { cli, newHome } from '../support/cli.ts';
import { program } from '../support/cli-program.ts';
import { type CliServer, startForCli } from '../support/cli-server.ts';
import { compileCache } from '../support/compile-cache.ts';
import { missingTerminal, where } from '../support/wanted.ts';

const role = 'production-bucket-read';
const signals = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
let at: CliServer;
let env: Record<string, string>;
let folder: string;
beforeAll(async () => {
  at = await startForCli();
  const dev = await at.person('asi-dev@example.com');
  // longer than a session, so that exec has an endpoint and a temporary directory
  const filed = await cli(dev, 'request', role, '--for', '3h', '--reason', 'Find the lost invoices', '--json');
  await cli(await at.person('lead@example.com'), 'approve', JSON.parse(filed.out).id);
});
afterAll(() => at.close());
beforeEach(async () => {
  ({ env, folder } = await newTerminal());
});

/** A home directory, and one for temporary files. */
async function newTerminal(): Promise<{ env: Record<string, string>; folder: string }> {
  const home = newHome();
  const folder = join(home, 'tmp');
  mkdirSync(folder);
  const env = {
    ...compileCache,
    PATH: process.env.PATH ?? '',
    HOME: home,
    TMPDIR: folder,
    LATCHKEY_URL: at.server.url,
    LATCHKEY_TOKEN: await at.tokenOf('asi-dev@example.com'),
  };
  return { env, folder };
}

/** Counts its signals, and exits with 7 shortly after the first. */
const counting = `
  let seen = [];
  for (const name of ${JSON.stringify(signals)}) process.on(name, () => { seen.push(name); setTimeout(() => { console.log(seen.join()); process.exit(7) }, 600) });
  console.error('running'); setInterval(() => {}, 1000);`;

type Ended = { status: number | null; out: string; err: string };
/** Starts `exec` in its own process group; resolves when its command runs. */
async function running(
  script: string,
  within: Record<string, string> = env,
): Promise<{ child: ChildProcess; ended: Promise<Ended> }> {
  const child = spawn(process.execPath, [program, 'exec', role, '--', process.execPath, '-e', script], {
    env: within,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ran = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    ran.out += chunk;
  });
  const started = new Promise<void>((resolve) =>
    child.stderr.on('data', (chunk) => {
      ran.err += chunk;
      if (ran.err.includes('running')) resolve();
    }),
  );
  const ended = new Promise<Ended>((resolve) => child.on('close', (status) => resolve({ status, ...ran })));
  await Promise.race([started, ended]);
  return { child, ended };
}

test.each(signals)(
  '%s that exec gets, alone or with its whole process group, reaches the command once, and nothing is left behind',
  async (signal) => {
    const once = async (sign: 1 | -1) => {
      const own = await newTerminal();
      const { child, ended } = await running(counting, own.env);
      expect(readdirSync(own.folder)).toHaveLength(1);
      process.kill(sign * child.pid!, signal);
      expect(await ended).toEqual({ status: 7, out: `${signal}\n`, err: 'running\n' });
      expect(readdirSync(own.folder)).toEqual([]);
    };
    await Promise.all([once(1), once(-1)]);
  },
);

test('a command ended by a signal has the exit status of a shell', async () => {
  const { child, ended } = await running("console.error('running'); setInterval(() => {}, 1000)");
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ status: 128 + constants.signals.SIGTERM });
  expect(readdirSync(folder)).toEqual([]);
});

test('a signal before the command starts ends the waiting, or reaches the command', async () => {
  const { child, ended } = await running('process.exit(0)');
  child.kill('SIGTERM');
  await ended;
  expect(readdirSync(folder)).toEqual([]);
});

const onTerminal = where(missingTerminal(), 'Ctrl-C on a terminal');
onTerminal.test('Ctrl-C and Ctrl-\\ on a terminal reach the command once', async () => {
  for (const [key, name] of [
    ['\u0003', 'SIGINT'],
    ['\u001c', 'SIGQUIT'],
  ]) {
    const file = join(folder, 'counting.cjs');
    writeFileSync(
      file,
      counting.replace('console.log(seen.join())', `require('node:fs').writeFileSync('${folder}/seen', seen.join())`),
    );
    const line = `exec '${process.execPath}' '${program}' exec ${role} -- '${process.execPath}' '${file}'`;
    const terminal = spawn('script', ['-qec', line, '/dev/null'], { env });
    await new Promise<void>((resolve) => {
      terminal.stdout.on('data', (chunk) => String(chunk).includes('running') && resolve());
      terminal.on('close', () => resolve());
    });
    terminal.stdin.write(key!);
    expect(await new Promise((resolve) => terminal.on('close', resolve))).toBe(7);
    expect(readFileSync(join(folder, 'seen'), 'utf8')).toBe(name);
  }
});

test.each([
  ['that is not there', 'no-such-program', 127, /Command not found: "no-such-program"/],
  ['that is none', '/etc/passwd', 126, /"\/etc\/passwd" cannot be run \(EACCES\)/],
])('a command %s', async (_, name, status, err) => {
  const child = spawn(process.execPath, [program, 'exec', role, '--', name], { env });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  expect([await new Promise((resolve) => child.on('close', resolve)), said]).toEqual([
    status,
    expect.stringMatching(err),
  ]);
  expect(readdirSync(folder)).toEqual([]);
});

test('inside exec, the error says that its credentials do not sign in', async () => {
  const inner = `const { spawnSync } = require('node:child_process'); const { stderr } = spawnSync(process.execPath, [${JSON.stringify(program)}, 'whoami'], { encoding: 'utf8' }); console.log(stderr)`;
  const { ended } = await running(inner);
  expect((await ended).out).toMatch(
    /This runs inside "latchkey exec production-bucket-read", whose credentials do not sign in at Latchkey\.\n {2}Run it outside/,
  );
});
