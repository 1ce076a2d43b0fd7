// Storage of a sign-in: the refresh token is in the system's keychain, never in arguments of a process, or in the file if the keychain is missing or fails.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { runChild } from '../../cli/machine/child.ts';
import { findKeychain, type Keychain } from '../../cli/sign-in/keychain.ts';
import { type LocalServer, startLocalServer } from '../../local/server.ts';
import { signInAt } from '../support/browser-visit.ts';
import { cli, newHome, type Ran, removeHomes, type TestWorld, testWorld } from '../support/cli.ts';
import { type FakeKeychain, fakeKeychain } from '../support/fake-keychain.ts';
import { missingPrograms, where } from '../support/wanted.ts';

let server: LocalServer;
let keychain: FakeKeychain;
let world: TestWorld;
beforeAll(async () => {
  server = await startLocalServer();
});
afterAll(async () => {
  await server.close();
  removeHomes();
});
beforeEach(async () => {
  keychain = fakeKeychain();
  world = await newWorld();
});
afterEach(() => rmSync(keychain.folder, { recursive: true }));

/** Somebody on a Linux desktop, unless it is a Mac. */
async function newWorld(platform: 'darwin' | 'linux' = 'linux'): Promise<TestWorld> {
  const somebody = testWorld();
  keychain.openIn(somebody, platform);
  expect((await cli(somebody, 'setup', server.url)).status).toBe(0);
  return somebody;
}

async function login(who: TestWorld = world, ...args: string[]): Promise<Ran> {
  let said = '';
  const running = cli(
    Object.assign(who, {
      onSleep: async () =>
        void (await signInAt(/go directly to (\S+)\)/.exec(said)![1]!, { email: 'asi-dev@example.com' })),
    }),
    'login',
    '--device',
    ...args,
  );
  const { err } = who;
  who.err = (text) => {
    said += text;
    err(text);
  };
  const ran = await running;
  return { ...ran, err: ran.err.replace(/^Go to .*\n\(or .*\n/, '') };
}

const configFile = (who: TestWorld = world) => join(who.home, '.config/latchkey/config.json');
const tokensFile = (who: TestWorld = world) => join(who.home, '.cache/latchkey/tokens.json');
const keptIn = (who: TestWorld = world) =>
  Object.values(JSON.parse(readFileSync(tokensFile(who), 'utf8')))[0] as Record<string, string> | undefined;
const inKeychain = () => Object.values(keychain.secrets());
/** The same person and machine when the access token has expired. */
function later(who: TestWorld = world): TestWorld {
  const kept = Object.entries(JSON.parse(readFileSync(tokensFile(who), 'utf8')) as Record<string, object>);
  const expired = kept.map(([url, tokens]) => [url, { ...tokens, expiresAt: 0 }]);
  writeFileSync(tokensFile(who), JSON.stringify(Object.fromEntries(expired)));
  return testWorld({ ...who, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) });
}

describe.each(['darwin', 'linux'] as const)('a keychain of %s', (platform) => {
  test('holds the refresh token from login to logout, and no process shows it', async () => {
    world = await newWorld(platform);
    const first = await login();
    expect(first).toMatchObject({
      status: 0,
      out: expect.stringContaining('The sign-in is renewed automatically'),
      err: '',
    });
    expect(keptIn()).toMatchObject({ refreshTokenIn: 'keychain', accessToken: expect.any(String) });
    expect(keptIn()).not.toHaveProperty('refreshToken');
    expect(statSync(tokensFile()).mode & 0o777).toBe(0o600);
    const [before = ''] = inKeychain();
    expect(before.length).toBeGreaterThan(20);

    // a call needs no keychain as long as the access token is good
    const calls = keychain.calls().length;
    expect((await cli(world, 'whoami')).out).toMatch(/^Amira Diaz\n/);
    expect(keychain.calls()).toHaveLength(calls);

    // the issuer takes a refresh token once: had both asked with it, one would have been refused
    const ran = await Promise.all([cli(later(), 'whoami'), cli(later(), 'whoami')]);
    expect(ran.map(({ status, err }) => [status, err])).toEqual(Array(2).fill([0, '']));
    const [after = ''] = inKeychain();
    expect(after).not.toBe(before);
    expect(keptIn()).not.toHaveProperty('refreshToken');

    expect(await cli(world, 'logout')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^You are signed out of /),
      err: '',
    });
    expect([keychain.secrets(), keptIn()]).toEqual([{}, undefined]);

    for (const { args } of keychain.calls())
      for (const secret of [before, after]) expect(args.join(' ')).not.toContain(secret);
    expect(keychain.calls().filter(({ input }) => input.includes(before))).toHaveLength(1);
    expect(new Set(keychain.calls().map(({ program }) => program))).toEqual(
      new Set([platform === 'darwin' ? 'security' : 'secret-tool']),
    );
    for (const secret of [before, after])
      expect(first.out + first.err + ran.map(({ out, err }) => out + err).join('')).not.toContain(secret);
  });

  test('returns every valid token, and refuses a token that it would truncate', async () => {
    world = await newWorld(platform);
    const found = findKeychain(world) as Keychain;
    const accounts = ['https://example.com/it\'s "here"\\ /home/jürgen s/tokens.json', 'https://example.com /home/b'];
    const secrets = [`it's "\\" $HOME \`id\` -w \\`, 'x'.repeat(3000)];
    for (const [i, account] of accounts.entries()) {
      expect(await found.keep(account, secrets[i]!)).toBeUndefined();
      expect(await found.recall(account)).toBe(secrets[i]);
    }
    expect([
      await found.forget(accounts[0]!),
      await found.recall(accounts[0]!),
      await found.forget(accounts[0]!),
    ]).toEqual([true, undefined, false]);
    expect(await found.recall(accounts[1]!)).toHaveLength(3000);
    for (const secret of ['', 'a\nb', 'é', 'x'.repeat(8192)])
      expect(await found.keep('account', secret)).toBe('the token is too long for it');
  });

  test('that is locked leaves the sign-in unchanged until it is unlocked', async () => {
    world = await newWorld(platform);
    await login();
    keychain.become('locked');
    expect(await cli(later(), 'whoami')).toMatchObject({
      status: 3,
      err: expect.stringMatching(
        /Its refresh token is in the keychain, which did not return it\.\n {2}Sign in again: latchkey login/,
      ),
    });
    keychain.become('well');
    expect(await cli(later(), 'whoami')).toMatchObject({ status: 0, err: '' });
  });
});

test('a renewal stores the sign-in where it was, and moves it out of the keychain if that is configured', async () => {
  world.env = { ...world.env, LATCHKEY_KEYCHAIN: 'off' };
  expect(await login(world, '--json')).toMatchObject({ out: expect.stringContaining('"keptIn": "file"'), err: '' });
  world.env = { ...world.env, LATCHKEY_KEYCHAIN: undefined };
  expect(await cli(later(), 'whoami')).toMatchObject({ status: 0, err: '' });
  expect(keptIn()).toHaveProperty('refreshToken');
  expect(keychain.calls()).toEqual([]);

  await login();
  expect(keptIn()).not.toHaveProperty('refreshToken');
  writeFileSync(configFile(), JSON.stringify({ ...JSON.parse(readFileSync(configFile(), 'utf8')), keychain: 'off' }));
  expect(await cli(later(), 'whoami')).toMatchObject({ status: 0, err: '' });
  expect(keptIn()).toHaveProperty('refreshToken');
  expect(inKeychain()).toEqual([]);
});

describe('the file replaces the keychain, and login reports it once', () => {
  const ways: Array<[string, RegExp, () => void]> = [
    [
      'is not installed',
      /secret-tool is not installed \(Debian, Ubuntu: libsecret-tools; Fedora: libsecret\)/,
      () => rmSync(join(keychain.folder, 'secret-tool')),
    ],
    [
      'has no session',
      /there is no desktop session here/,
      () => Object.assign(world, { env: { ...world.env, DBUS_SESSION_BUS_ADDRESS: undefined } }),
    ],
    ['is locked', /secret-tool exited with status 1/, () => keychain.become('locked')],
    ['forgets', /did not return the stored value/, () => keychain.become('forgetful')],
    [
      'never answers',
      /did not answer within 30 s/,
      () => Object.assign(world, { run: async () => ({ status: 124, out: '' }) }),
    ],
    [
      'is of another system',
      /latchkey supports no keychain on this system/,
      () => Object.assign(world, { platform: 'win32' }),
    ],
  ];
  test.each(ways)('if the keychain %s', async (_, why, happens) => {
    happens();
    const ran = await login();
    expect(ran).toMatchObject({ status: 0, err: expect.stringMatching(why) });
    expect(ran.err).toMatch(
      /^The refresh token is stored in \S+tokens\.json, which only you can read, because no keychain can be used: .*\n.*LATCHKEY_KEYCHAIN=off.*\n$/,
    );
    expect(keptIn()).toMatchObject({ refreshToken: expect.any(String) });
    expect(statSync(tokensFile()).mode & 0o777).toBe(0o600);
    // nobody is asked again in every hour whether the keychain may have come back
    const calls = keychain.calls().length;
    expect(await cli(later(), 'whoami')).toMatchObject({ status: 0, err: '' });
    expect(keychain.calls()).toHaveLength(calls);
  });

  test('the next login tries again', async () => {
    keychain.become('locked');
    await login();
    keychain.become('well');
    expect(await login(world, '--json')).toMatchObject({
      out: expect.stringContaining('"keptIn": "keychain"'),
      err: '',
    });
    expect(keptIn()).not.toHaveProperty('refreshToken');
  });
});

test('a new token that the keychain refuses is stored in the file, with a warning', async () => {
  await login();
  keychain.become('read-only');
  expect(await cli(later(), 'whoami')).toMatchObject({
    status: 0,
    err: expect.stringMatching(/is now stored in \S+tokens\.json.*: secret-tool exited with status 1\.\n$/),
  });
  expect(keptIn()).toMatchObject({ refreshToken: expect.any(String) });
  expect(await cli(later(), 'whoami')).toMatchObject({ status: 0, err: '' });
});

test('a token that the issuer refuses is removed from both', async () => {
  await login();
  const form = { client_id: 'latchkey-cli', grant_type: 'refresh_token', refresh_token: inKeychain()[0]! };
  expect(
    (await fetch(`${server.url}/local/oidc/token`, { method: 'POST', body: new URLSearchParams(form) })).status,
  ).toBe(200);
  expect(await cli(later(), 'whoami')).toMatchObject({
    status: 3,
    err: expect.stringMatching(/Your sign-in has expired\.\n {2}Sign in again: latchkey login/),
  });
  expect([keychain.secrets(), keptIn()]).toEqual([{}, undefined]);
});

test('two home directories of one person each renew their own sign-in', async () => {
  const other = await newWorld();
  await login();
  await login(other);
  expect(inKeychain()).toHaveLength(2);
  for (const one of [other, world]) expect(await cli(later(one), 'whoami')).toMatchObject({ status: 0, err: '' });
  await cli(other, 'logout');
  expect(inKeychain()).toHaveLength(1);
});

test('logout reports what it could not remove, and removes the keychain entry of a lost file', async () => {
  await login();
  keychain.become('locked');
  expect(await cli(world, 'logout')).toMatchObject({
    status: 0,
    err: expect.stringMatching(/Remove its entry "Latchkey sign-in" manually/),
  });
  keychain.become('well');
  expect(await cli(world, 'logout')).toMatchObject({
    status: 0,
    out: expect.stringMatching(/^You were not signed in /),
    err: '',
  });
  expect(keychain.secrets()).toEqual({});
});

test('while one process waits for the keychain, others wait for that process', async () => {
  await login();
  let waited = 0;
  const waiting = testWorld({
    ...later(),
    sleep: async (ms) => {
      waited += ms;
    },
  });
  writeFileSync(`${tokensFile()}.refresh.latchkey-lock`, `${process.pid} ${hostname()}`);
  expect(await cli(waiting, 'whoami')).toMatchObject({
    status: 11,
    err: expect.stringMatching(/Another latchkey process is using/),
  });
  expect(waited).toBeGreaterThan(30_000);
});

test('without a desktop session, the error says how to work without the keychain', async () => {
  await login();
  const cron = later();
  cron.env = { ...cron.env, DBUS_SESSION_BUS_ADDRESS: undefined };
  expect(await cli(cron, 'whoami')).toMatchObject({
    status: 3,
    err: expect.stringMatching(
      /cannot be used: there is no desktop session here.*\n.*\n {2}If nobody can unlock it.*LATCHKEY_KEYCHAIN=off latchkey login\n$/,
    ),
  });
});

test('a setting other than auto and off is refused', async () => {
  world.env = { ...world.env, LATCHKEY_KEYCHAIN: 'maybe' };
  expect(await cli(world, 'whoami')).toMatchObject({
    status: 2,
    err: expect.stringMatching(
      /setting "keychain" must be auto or off, not "maybe"\.\n {2}Check LATCHKEY_KEYCHAIN and \S+config\.json\.\n/,
    ),
  });
});

describe('a program that is run', () => {
  const run = (script: string, options = {}) =>
    runChild({ PATH: process.env.PATH }, process.execPath, ['-e', script], options);
  test('returns its output and its status', async () =>
    expect(await run('process.stdin.pipe(process.stdout); process.exitCode = 3', { input: 'a\n' })).toEqual({
      status: 3,
      out: 'a\n',
    }));
  test('that does not exist', async () =>
    expect(await runChild({ PATH: '' }, 'no-such-program', [])).toEqual({ status: 127, out: '' }));
  test('that reads nothing', async () =>
    expect(await run('', { input: 'x'.repeat(1e6) })).toEqual({ status: 0, out: '' }));
  test('that never ends is killed, even if its own children still run', async () => {
    const script =
      "require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 3000)'], { stdio: 'inherit' }); setInterval(() => {}, 1000)";
    expect(await run(script, { timeoutMs: 200 })).toEqual({ status: 124, out: '' });
  });
});

const withKeyring = where(
  missingPrograms({
    'dbus-run-session': 'dbus',
    'gnome-keyring-daemon': 'gnome-keyring',
    'secret-tool': 'libsecret-tools',
  }),
  'a real keychain',
);

withKeyring.describe('the real secret-tool and gnome-keyring', () => {
  test('store, renew and remove the token', async () => {
    const home = newHome();
    const runtime = join(home, 'run');
    mkdirSync(runtime, { mode: 0o700 });
    const env = { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: runtime };
    const script =
      'printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; echo "$DBUS_SESSION_BUS_ADDRESS"; cat >/dev/null';
    const session = spawn('dbus-run-session', ['--', 'sh', '-c', script], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    try {
      const address = await new Promise<string>((resolve) =>
        session.stdout.setEncoding('utf8').once('data', (line: string) => resolve(line.trim())),
      );
      const real = testWorld({ home, env: { ...env, DBUS_SESSION_BUS_ADDRESS: address } });
      await cli(real, 'setup', server.url);
      expect(await login(real, '--json')).toMatchObject({
        status: 0,
        out: expect.stringContaining('"keptIn": "keychain"'),
        err: '',
      });
      expect(keptIn(real)).not.toHaveProperty('refreshToken');
      expect(await cli(later(real), 'whoami')).toMatchObject({ status: 0, err: '' });
      expect(await cli(later(real), 'logout')).toMatchObject({ status: 0, err: '' });
      expect(
        spawnSync('secret-tool', ['search', '--all', 'service', 'latchkey'], {
          env: real.env as NodeJS.ProcessEnv,
          encoding: 'utf8',
        }).stdout,
      ).toBe('');
    } finally {
      session.stdin.end();
      await new Promise((resolve) => session.once('close', resolve));
    }
  });
});
