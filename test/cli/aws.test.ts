// The real AWS CLI with the built command line, against the local server: during a grant, across an expiry, and after the end.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RequestView } from '../../lib/http/answers.ts';
import { type LocalServer, startLocalServer } from '../../local/server.ts';
import { compileCache } from '../support/compile-cache.ts';
import { expectNotices } from '../support/notices.ts';
import { where } from '../support/wanted.ts';

const root = join(import.meta.dirname, '../..');
/** Requires version 2; version 1 may come first on the PATH, and has other exit statuses. */
const aws = ['aws', '/usr/bin/aws', '/usr/local/bin/aws'].find((program) =>
  spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('aws-cli/2'),
);
const withAws = where(aws ? undefined : 'no AWS CLI, version 2 (apt-get install awscli)', 'the AWS CLI with a grant');

type Ran = { status: number; out: string; err: string };
let server: LocalServer;
let folder: string;
let inputs: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-aws-'));
  const build =
    "import { buildCli } from './scripts/build-cli.ts'; console.log(JSON.stringify(await buildCli(process.argv[1])))";
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', build, join(folder, 'dist')], {
    cwd: root,
    encoding: 'utf8',
  });
  ({ inputs } = JSON.parse(said) as { inputs: string[] });
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(folder, 'dist/latchkey.js'), join(folder, 'bin/latchkey'));
  server = await startLocalServer();
}, 60_000);
afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (program: string, args: readonly string[], env: Record<string, string>): Promise<Ran> =>
  new Promise((resolve) => {
    const PATH = [join(folder, 'bin'), join(process.execPath, '..'), '/usr/bin', '/bin', process.env.PATH].join(
      delimiter,
    );
    const child = execFile(
      program,
      args,
      { env: { ...compileCache, PATH, AWS_EC2_METADATA_DISABLED: 'true', AWS_DEFAULT_REGION: 'us-east-1', ...env } },
      (_, out, err) => resolve({ status: child.exitCode ?? 1, out, err }),
    );
  });
const homeOf = (name: string): Record<string, string> => ({ HOME: join(folder, name), LATCHKEY_URL: server.url });
const tokenOf = async (email: string): Promise<string> => {
  const answer = await fetch(`${server.url}/local/token`, { method: 'POST', body: JSON.stringify({ email }) });
  return ((await answer.json()) as { token: string }).token;
};
const moveClock = (to: object) => fetch(`${server.url}/local/clock`, { method: 'POST', body: JSON.stringify(to) });
const latchkey = (env: Record<string, string>, ...args: string[]) => run('latchkey', args, env);
const whoIs = (env: Record<string, string>, ...args: string[]) =>
  run(aws!, ['sts', 'get-caller-identity', '--endpoint-url', `${server.url}/local/aws/`, ...args], env);

const role = 'production-bucket-read';
const assumed = expect.stringMatching(/^arn:aws:sts::111111111111:assumed-role\/readonly-asi-production-bucket\/lk-/);
const keysInUse = async (env: Record<string, string>): Promise<string> =>
  JSON.parse((await latchkey(env, 'show', role, '--json')).out).sessions.at(-1).accessKeyId;

async function grant(env: Record<string, string>): Promise<RequestView> {
  const filed = await latchkey(env, 'request', role, '--for', '2h', '--reason', 'Find the lost invoices', '--json');
  const { id } = JSON.parse(filed.out) as RequestView;
  const approved = await latchkey(
    { ...homeOf('lead'), LATCHKEY_TOKEN: await tokenOf('lead@example.com') },
    'approve',
    id,
    '--json',
  );
  return JSON.parse(approved.out) as RequestView;
}

/** The same story for a person with a token and for the machine that signs. */
const machine = () => {
  const { accessKeyId, secretAccessKey } = server.keys.find(({ arn }) => arn.endsWith('role/asi-dev-server'))!;
  return { accessKeyId, secretAccessKey };
};
const callers = {
  person: async () => ({ ...homeOf('person'), LATCHKEY_TOKEN: await tokenOf('asi-dev@example.com') }),
  // its own keys stand in a default profile, as a profile of Latchkey's would be shadowed by them in the environment
  'the machine asi-dev-server': async () => {
    const env = homeOf('machine');
    const { accessKeyId, secretAccessKey } = machine();
    for (const [name, value] of [
      ['aws_access_key_id', accessKeyId],
      ['aws_secret_access_key', secretAccessKey],
    ] as const)
      await run(aws!, ['configure', 'set', name, value], env);
    return env;
  },
};

withAws.describe('with the AWS CLI', () => {
  test.each(Object.keys(callers) as Array<keyof typeof callers>)(
    '%s: works during the grant, renews across an expiry, is refused after the end',
    async (caller) => {
      const env = await callers[caller]();
      expect(await latchkey(env, 'configure', role)).toMatchObject({
        status: 0,
        out: expect.stringContaining('+credential_process = latchkey credentials'),
      });

      const before = await whoIs(env, '--profile', role);
      expect(before).toMatchObject({
        status: 255,
        err: expect.stringContaining('You have no active grant for production-bucket-read.'),
      });

      await grant(env);
      const during = await whoIs(env, '--profile', role);
      expect(during).toMatchObject({ status: 0, err: '' });
      expect(JSON.parse(during.out)).toMatchObject({ Account: '111111111111', Arn: assumed });

      const old = JSON.parse((await latchkey(env, 'credentials', role)).out);
      const oldKeys = {
        ...env,
        AWS_ACCESS_KEY_ID: old.AccessKeyId,
        AWS_SECRET_ACCESS_KEY: old.SecretAccessKey,
        AWS_SESSION_TOKEN: old.SessionToken,
      };
      expect((await whoIs(oldKeys)).status).toBe(0);
      try {
        await moveClock({ advance: '61m' });
        expect(await whoIs(oldKeys)).toMatchObject({ status: 254, err: expect.stringContaining('ExpiredToken') });
        expect(await whoIs(env, '--profile', role)).toMatchObject({ status: 0 });
        expect(await keysInUse(env)).not.toBe(old.AccessKeyId);

        expect((await latchkey(env, 'end', role)).out).toMatch(/^ended /);
        const after = await whoIs(env, '--profile', role);
        expect(after).toMatchObject({ status: 255, out: '', err: expect.stringContaining('You have no active grant') });
      } finally {
        await moveClock({ reset: true });
      }
    },
    120_000,
  );

  test('exec: the AWS CLI takes the session from the endpoint, before a default profile of its own', async () => {
    const env = await callers['the machine asi-dev-server']();
    await grant(env);
    const call = ['--', aws!, 'sts', 'get-caller-identity', '--endpoint-url', `${server.url}/local/aws/`];
    expect(JSON.parse((await latchkey(env, 'exec', role, ...call)).out)).toMatchObject({ Arn: assumed });
    expect(JSON.parse((await latchkey(env, 'exec', role, '--static', ...call)).out)).toMatchObject({ Arn: assumed });
    await latchkey(env, 'end', role);
  }, 60_000);
});

describe('the package', () => {
  test('renews a sign-in, files a request and reports a refusal across its bundles', async () => {
    const browser = join(folder, 'browser');
    writeFileSync(browser, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'test/support/browser.ts')}' "$@"\n`, {
      mode: 0o755,
    });
    const env = { ...homeOf('renewing'), BROWSER: browser, AS: 'second-dev@example.com', LATCHKEY_KEYCHAIN: 'off' };
    await latchkey(env, 'setup', server.url);
    expect(await latchkey(env, 'login')).toMatchObject({ status: 0 });
    const tokens = join(folder, 'renewing/.cache/latchkey/tokens.json');
    const change = (to: object): void => {
      const kept: Record<string, object> = JSON.parse(readFileSync(tokens, 'utf8'));
      writeFileSync(
        tokens,
        JSON.stringify(Object.fromEntries(Object.entries(kept).map(([url, one]) => [url, { ...one, ...to }]))),
      );
    };
    change({ expiresAt: 0 });
    expect(await latchkey(env, 'credentials', 'sandbox-read')).toMatchObject({
      status: 8,
      err: expect.stringMatching(/You have no active grant for sandbox-read/),
    });
    expect(readFileSync(tokens, 'utf8')).not.toContain('"expiresAt":0');
    change({ expiresAt: 0 });
    expect(await latchkey(env, 'credentials', 'sandbox-read', '--request', '--reason', 'look')).toMatchObject({
      status: 0,
      err: '',
    });
    change({ expiresAt: 0, refreshToken: 'spent' });
    expect(await latchkey(env, 'credentials', 'sandbox-read')).toMatchObject({
      status: 3,
      err: 'latchkey: Your sign-in has expired.\n  Sign in again: latchkey login\n',
    });

    const signedIn = { ...env, LATCHKEY_TOKEN: await tokenOf(env.AS) };
    await latchkey(signedIn, 'end', 'sandbox-read');
    const refused = await latchkey(signedIn, 'credentials', 'production-bucket-read', '--request', '--reason', 'x');
    expect(refused).toMatchObject({
      status: 6,
      err: expect.stringMatching(/^latchkey: The reason must have at least 10 characters/),
    });
  }, 60_000);

  test('carries the notices of every package in it, and none has a copyleft license', () => {
    expect(inputs.some((file) => file.startsWith('node_modules/yaml/'))).toBe(true);
    expectNotices(readFileSync(join(folder, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8'), root, inputs);
  });

  test('is installed with npm, without any dependency', async () => {
    const npm = join(process.execPath, '..', 'npm');
    const program = existsSync(npm) ? npm : 'npm';
    const env = { ...process.env, npm_config_offline: 'true', npm_config_cache: join(folder, 'npm') };
    const packed = execFileSync(program, ['pack', join(folder, 'dist'), '--pack-destination', folder, '--json'], {
      encoding: 'utf8',
      env,
    });
    const [{ filename, files }] = JSON.parse(packed) as [
      { filename: string; files: Array<{ path: string; size: number }> },
    ];
    expect(files.map(({ path }) => path).sort()).toEqual([
      'LICENSE',
      'README.md',
      'THIRD-PARTY-NOTICES.txt',
      'admin-tools.js',
      'aws-chain.js',
      'latchkey.js',
      'man/latchkey.1',
      'oauth.js',
      'package.json',
    ]);
    const { keywords, homepage, repository, bugs, man } = JSON.parse(
      readFileSync(join(folder, 'dist/package.json'), 'utf8'),
    );
    const address = expect.stringMatching(/^(?:git\+)?https:\/\//);
    expect([homepage, repository.url, bugs.url, man]).toEqual([address, address, address, ['man/latchkey.1']]);
    expect(keywords).toContain('aws');
    // with an unreachable registry, because nothing may leave this machine
    const nowhere = { ...env, npm_config_registry: 'http://127.0.0.1:9/' };
    const published = execFileSync(program, ['publish', join(folder, 'dist'), '--dry-run', '--json'], {
      encoding: 'utf8',
      env: nowhere,
      stdio: 'pipe',
    });
    expect(published).toContain(filename);
    const sizes = Object.fromEntries(files.map(({ path, size }) => [path, size]));
    // the files that every command loads
    expect(sizes['latchkey.js']).toBeLessThan(150_000);
    const user = join(folder, 'user');
    mkdirSync(user);
    execFileSync(program, ['install', '--prefix', user, join(folder, filename)], { env, stdio: 'pipe' });
    // in a directory outside of this repository
    const installed = (...args: string[]) =>
      new Promise<Ran>((resolve) => {
        const child = execFile(join(user, 'node_modules/.bin/latchkey'), args, { cwd: user }, (_, out, err) =>
          resolve({ status: child.exitCode ?? 1, out, err }),
        );
      });
    expect((await installed('--version')).out).toMatch(/^latchkey \d/);
    expect((await installed('help')).out).toMatch(/catalogue check +Check a catalogue/);
    const catalogue = join(root, 'access.yml');
    expect(await installed('catalogue', 'check', catalogue)).toMatchObject({
      status: 0,
      out: expect.stringContaining('access.yml: OK ('),
    });
    expect(await installed('catalogue', 'check')).toMatchObject({
      status: 2,
      err: 'latchkey: File access.yml not found.\n',
    });
    expect(await installed('doctor', '--local', server.url, '--catalogue', catalogue, '--json')).toMatchObject({
      status: 0,
      out: expect.stringContaining('"finding": 0'),
    });
    expect(await installed('audit', 'verify', '--local', server.url)).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^latchkey: \d+ requests? (?:is|are) as Latchkey wrote them\.\n$/),
    });
    expect((await installed('target', '--account', 'production', '--catalogue', catalogue)).out).toMatch(
      /^AWSTemplateFormatVersion: /,
    );
  }, 60_000);
});
