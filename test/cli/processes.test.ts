// The command line as separate processes: in parallel, on a terminal, at Ctrl-C, through a proxy.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { CredentialsView } from '../../lib/http/answers.ts';
import { newHome } from '../support/cli.ts';
import { program, start } from '../support/cli-program.ts';
import { type CliServer, startForCli } from '../support/cli-server.ts';
import { compileCache } from '../support/compile-cache.ts';
import { missingTerminal, where } from '../support/wanted.ts';

const root = join(import.meta.dirname, '../..');
let at: CliServer;
let tokens: { dev: string; lead: string };
let home: string;
beforeAll(async () => {
  at = await startForCli();
  tokens = { dev: await at.tokenOf('asi-dev@example.com'), lead: await at.tokenOf('lead@example.com') };
});
afterAll(() => at.close());
beforeEach(() => {
  home = newHome();
});

const reason = ['--reason', 'Find the lost invoices'];
const envOf = (more: Record<string, string> = {}): Record<string, string> => ({
  ...compileCache,
  PATH: process.env.PATH ?? '',
  HOME: home,
  LATCHKEY_URL: at.server.url,
  AWS_EC2_METADATA_DISABLED: 'true',
  ...more,
});
const latchkey = (args: readonly string[], more: Record<string, string> = { LATCHKEY_TOKEN: tokens.dev }) =>
  start(args, envOf(more)).ended;

test('a missing home directory is not created', async () => {
  const none = join(home, 'none');
  expect(await latchkey(['--version'], { HOME: none })).toMatchObject({ status: 0, err: '' });
  expect(existsSync(none)).toBe(false);
}, 60_000);

const asRoot = where(process.getuid?.() === 0 ? undefined : 'needs root', 'a user that belongs to nobody');

asRoot.test('a user that belongs to nobody needs no home', () => {
  const unknown = 23_456;
  // loaded first, because that user may not read this directory
  const script = `const { homeDirectory } = await import('${join(root, 'cli/machine/places.ts')}'); process.setgid(${unknown}); process.setuid(${unknown}); console.log(homeDirectory())`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env.PATH ?? '' },
    encoding: 'utf8',
  });
  expect([stdout, stderr]).toEqual(['/nonexistent\n', '']);
});

const withFullDisk = where(existsSync('/dev/full') ? undefined : 'there is no /dev/full', 'a full disk');

withFullDisk.test('a disk that is full is told as such', async () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [program, 'help'], {
    env: envOf(),
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(full);
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/^latchkey: The output cannot be written \(ENOSPC\)\.\n {2}Check the output file/),
  ]);
});

describe('several processes', () => {
  const many = Array.from({ length: 6 }, (_, i) => `profile-${i}`);

  test('write one ~/.aws/config, and every profile is whole', async () => {
    mkdirSync(join(home, '.aws'));
    writeFileSync(join(home, '.aws/config'), '# mine\n[default]\nregion = eu-west-1\n');
    const ran = await Promise.all(many.map((profile) => latchkey(['configure', 'sandbox-read', '--profile', profile])));
    expect(ran.map(({ status }) => status)).toEqual(many.map(() => 0));
    const text = readFileSync(join(home, '.aws/config'), 'utf8');
    expect(text).toMatch(/^# mine\n\[default\]\nregion = eu-west-1\n/);
    for (const profile of many)
      expect(text).toMatch(
        new RegExp(`\\n\\[profile ${profile}\\]\\ncredential_process = .* credentials sandbox-read\\n`),
      );
    expect(readdirSync(join(home, '.aws'))).toEqual(['config']);
  }, 60_000);

  test('keep one session, and each has it whole', async () => {
    await latchkey(['request', 'sandbox-read', ...reason, '--for', '2h']);
    const ran = await Promise.all(many.map(() => latchkey(['credentials', 'sandbox-read', '--cache'])));
    for (const { status, out } of ran)
      expect([status, JSON.parse(out)]).toEqual([
        0,
        expect.objectContaining({ Version: 1, RequestId: expect.any(String) }),
      ]);
    const cache = join(home, '.cache/latchkey');
    const kept = JSON.parse(readFileSync(join(cache, 'sessions/sandbox-read.json'), 'utf8')) as {
      credentials: CredentialsView;
    };
    expect(ran.map(({ out }) => (JSON.parse(out) as CredentialsView).AccessKeyId)).toContain(
      kept.credentials.AccessKeyId,
    );
    expect(
      [...readdirSync(join(cache, 'sessions')), ...readdirSync(cache)].filter((name) => /lock|tmp/.test(name)),
    ).toEqual([]);
    await latchkey(['end', 'sandbox-read']);
  }, 60_000);

  test('the lock of a killed process blocks nobody, and a held lock does', async () => {
    const lock = join(home, '.aws/config.latchkey-lock');
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    mkdirSync(join(home, '.aws'));
    writeFileSync(lock, `${dead} ${hostname()}`);
    expect(await latchkey(['configure', 'sandbox-read', '--profile', 'after-a-crash'])).toMatchObject({ status: 0 });
    writeFileSync(lock, `${process.pid} ${hostname()}`);
    const held = latchkey(['configure', 'sandbox-read', '--profile', 'after-another']);
    const first = await Promise.race([
      held.then(() => 'configured'),
      new Promise((resolve) => setTimeout(resolve, 1500, 'held up')),
    ]);
    expect(first).toBe('held up');
    rmSync(lock);
    expect(await held).toMatchObject({ status: 0 });
  }, 60_000);
});

test('credentials are issued even if the home directory is read-only', async () => {
  await latchkey(['request', 'sandbox-read', ...reason, '--for', '30m']);
  const nowhere = { HOME: '/dev/null/home', LATCHKEY_TOKEN: tokens.dev };
  const plain = await latchkey(['credentials', 'sandbox-read'], nowhere);
  const cached = await latchkey(['credentials', 'sandbox-read', '--cache'], nowhere);
  for (const { status, out } of [plain, cached])
    expect([status, JSON.parse(out)]).toEqual([0, expect.objectContaining({ Version: 1 })]);
  // reported only with --cache, not at every call of an AWS tool
  expect([plain.err, cached.err]).toEqual([
    '',
    expect.stringMatching(
      /^latchkey: \S+ cannot be written \(ENOTDIR\)\. Nothing was changed\. The credentials are valid, but were not kept\.\n$/,
    ),
  ]);
  await latchkey(['end', 'sandbox-read']);
}, 60_000);

test('Ctrl-C while waiting leaves the request pending, and shows how to continue', async () => {
  const waiting = start(
    ['request', 'production-bucket-read', ...reason, '--wait'],
    envOf({ LATCHKEY_TOKEN: tokens.dev }),
  );
  await waiting.said('Ctrl-C stops waiting');
  waiting.child.kill('SIGINT');
  const { status, out, err } = await waiting.ended;
  expect([status, out]).toEqual([130, '']);
  const id = /latchkey show (\w{26}) --wait/.exec(err)![1]!;

  const again = start(['show', id, '--wait'], envOf({ LATCHKEY_TOKEN: tokens.dev }));
  await again.said('Ctrl-C stops waiting');
  expect(await latchkey(['approve', id], { LATCHKEY_TOKEN: tokens.lead })).toMatchObject({ status: 0 });
  expect(await again.ended).toMatchObject({
    status: 0,
    out: expect.stringMatching(/^active /),
    err: expect.stringMatching(/Lena Park approved it\./),
  });
  await latchkey(['end', id]);
}, 60_000);

const withTerminal = where(missingTerminal(), 'colours on a terminal');

withTerminal.describe('on a terminal of its own', () => {
  test('uses colours, but not with NO_COLOR or in a pipe', async () => {
    const run = (line: string, more?: Record<string, string>) =>
      new Promise<string>((resolve) => {
        const child = spawn('script', ['-qec', line, '/dev/null'], {
          env: envOf({ LATCHKEY_TOKEN: tokens.dev, TERM: 'xterm', ...more }),
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        let out = '';
        child.stdout.on('data', (chunk) => {
          out += chunk;
        });
        child.on('close', () => resolve(out));
      });
    const roles = `stty cols 200; '${process.execPath}' '${program}' roles`;
    expect(await run(roles)).toContain('\u001b[1mROLE');
    expect(await run(roles, { NO_COLOR: '1' })).not.toContain('\u001b');
    expect(await run(roles, { TERM: 'dumb' })).not.toContain('\u001b');
    expect(await run(`${roles} | cat`)).not.toContain('\u001b');
    // if the table does not fit, each row is a paragraph
    expect(await run(roles.replace('200', '60'))).toMatch(
      /^\u001b\[1mproduction-app-write\u001b\[0m\r?\n {2}\u001b\[2mAccount/,
    );
  }, 60_000);
});

describe('through a proxy', () => {
  let proxy: Server;
  let api: Server;
  const connected: string[] = [];
  const calls: string[] = [];
  const certificate = join(import.meta.dirname, '../support/tls/certificate.pem');
  beforeAll(async () => {
    const key = readFileSync(join(import.meta.dirname, '../support/tls/key.pem'));
    api = createTlsServer({ key, cert: readFileSync(certificate) }, (request, response) => {
      calls.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.setHeader('content-type', 'application/json').end('{"items":[]}');
    });
    proxy = createServer().on('connect', (request, socket) => {
      connected.push(request.url ?? '');
      if (request.headers['proxy-authorization']) return void socket.end('HTTP/1.1 407 No\r\n\r\n');
      const onward = connect((api.address() as AddressInfo).port, '127.0.0.1', () =>
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n'),
      );
      onward.pipe(socket).pipe(onward);
      for (const side of [onward, socket]) side.on('error', () => side.destroy());
    });
    for (const server of [api, proxy]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const server of [api, proxy]) {
      server.close();
      server.closeAllConnections();
    }
  });
  beforeEach(() => {
    connected.length = 0;
    calls.length = 0;
  });
  const roles = (more: Record<string, string>) =>
    latchkey(['roles', '--url', `https://localhost:${(api.address() as AddressInfo).port}`], {
      LATCHKEY_TOKEN: 'a.b.c',
      NODE_EXTRA_CA_CERTS: certificate,
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      ...more,
    });

  test('a call goes through it, still verified end to end', async () => {
    expect(await roles({})).toMatchObject({ status: 0, out: 'You may not request any role.\n' });
    expect([connected, calls]).toEqual([
      [`localhost:${(api.address() as AddressInfo).port}`],
      ['GET /v1/roles Bearer a.b.c'],
    ]);
    expect(await roles({ NODE_EXTRA_CA_CERTS: '' })).toMatchObject({
      status: 11,
      err: expect.stringMatching(/its certificate is not trusted/),
    });
    expect(calls).toHaveLength(1);
  });
  test('NO_PROXY bypasses it', async () => {
    expect(await roles({ NO_PROXY: 'localhost' })).toMatchObject({ status: 0 });
    expect([connected, calls.length]).toEqual([[], 1]);
  });
  test.each([
    ['http://127.0.0.1:9', 11, /the proxy 127\.0\.0\.1 did not answer \(ECONNREFUSED\)\.\n {2}Check HTTPS_PROXY/],
    ['refusing', 11, /the proxy 127\.0\.0\.1 refused the connection \(status 407\)\.\n {2}Check HTTPS_PROXY/],
    ['socks5://user:canary@127.0.0.1:9', 2, /HTTPS_PROXY is not a valid HTTP proxy URL/],
  ])('an unreachable or invalid proxy is reported: %s', async (address, status, err) => {
    const at = `http://user:canary@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const ran = await roles({ HTTPS_PROXY: address === 'refusing' ? at : address });
    expect(ran).toMatchObject({ status, err: expect.stringMatching(err) });
    expect(ran.err).not.toContain('canary');
  });
});
