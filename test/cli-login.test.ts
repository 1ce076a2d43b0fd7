// Login with the browser, by a code, and what becomes of the tokens.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HOUR } from '../lib/time.ts';
import { type LocalServer, startLocalServer } from '../local/server.ts';
import { cli, removeHomes, type TestWorld, testWorld } from './support/cli.ts';
import { type OidcStandIn, startOidc } from './support/oidc-stand-in.ts';

let server: LocalServer;
let oidc: OidcStandIn;
let world: TestWorld;
beforeAll(async () => {
  server = await startLocalServer();
  oidc = await startOidc(async (email) => {
    const answer = await fetch(`${server.url}/local/token`, { method: 'POST', body: JSON.stringify({ email }) });
    return ((await answer.json()) as { token: string }).token;
  });
});
afterAll(async () => {
  await oidc.close();
  await server.close();
  removeHomes();
});

/** A person whose browser follows every redirect and shows nothing; waits are as long as they are, but for `login`'s patience. */
beforeEach(async () => {
  Object.assign(oidc, { subject: 'asi-dev@example.com', pending: [], expiresIn: 3600, forms: [] });
  world = testWorld();
  expect((await cli(world, 'setup', server.url, '--issuer', oidc.issuer, '--client-id', 'cli')).status).toBe(0);
});
const tokensFile = () => join(world.home, '.cache/latchkey/tokens.json');

/** Runs login and visits the address that it shows. */
async function byBrowser(visit: (address: string) => Promise<unknown> = fetch) {
  let visited: Promise<unknown> = Promise.resolve();
  const here = testWorld({ ...world, env: { ...world.env, BROWSER: 'true' }, sleep: () => new Promise(() => {}) });
  const running = cli(here, 'login');
  const { err } = here;
  here.err = (text) => {
    err(text);
    const address = /^ {2}(http\S+)$/m.exec(text)?.[1];
    if (address !== undefined) visited = visit(address);
  };
  const ran = await running;
  await visited;
  return ran;
}

describe('with the browser', () => {
  test('signs in, keeps the tokens for their owner alone, and every command uses them', async () => {
    const ran = await byBrowser();
    expect(ran).toMatchObject({ status: 0, out: expect.stringMatching(/^You are signed in at http:\/\/localhost:\d+\. The sign-in renews itself\.\n$/) });
    expect(statSync(tokensFile()).mode & 0o777).toBe(0o600);
    expect((await cli(world, 'whoami')).out).toMatch(/^Asi Dev\n/);
    const { accessToken, refreshToken } = Object.values(JSON.parse(readFileSync(tokensFile(), 'utf8')))[0] as Record<string, string>;
    for (const secret of [accessToken, refreshToken]) expect(ran.out + ran.err).not.toContain(secret);
  });

  test('a visit with another state is turned away and changes nothing', async () => {
    const ran = await byBrowser(async (address) => {
      const back = new URL(new URL(address).searchParams.get('redirect_uri')!);
      back.search = '?state=forged&code=mine';
      expect((await fetch(back)).status).toBe(404);
      expect((await fetch(address)).status).toBe(200);
    });
    expect(ran.status).toBe(0);
  });

  test('an answer of another issuer is refused', async () => {
    const ran = await byBrowser(async (address) => {
      const { searchParams } = new URL(address);
      const back = new URL(searchParams.get('redirect_uri')!);
      back.search = String(new URLSearchParams({ state: searchParams.get('state')!, code: 'x', iss: 'https://evil.example' }));
      await fetch(back);
    });
    expect(ran).toMatchObject({ status: 3, err: expect.stringMatching(/The answer comes from another issuer/) });
    expect(oidc.forms).toEqual([]);
  });

  test('a no is a no', async () => {
    oidc.subject = undefined;
    expect(await byBrowser()).toMatchObject({
      status: 3,
      out: '',
      err: expect.stringMatching(/The issuer refused the sign-in: access_denied\.\n {2}Try again: latchkey login/),
    });
  });
});

describe('by a code', () => {
  test('shows the code, asks as often as it may, and signs in', async () => {
    oidc.pending = ['authorization_pending', 'slow_down', 'authorization_pending'];
    const ran = await cli(world, 'login', '--device');
    expect(ran).toMatchObject({ status: 0, err: expect.stringMatching(/^Go to http:\/\/127\S+\/go with any browser and enter the code WDJB-MJHT\n/) });
    expect(world.slept).toEqual([1000, 1000, 6000, 6000]);
    expect((await cli(world, 'whoami')).status).toBe(0);
  });
  test('without a display it is what login does', async () => expect((await cli(world, 'login')).err).toContain('WDJB-MJHT'));
  test('a no, and Ctrl-C', async () => {
    oidc.subject = undefined;
    expect(await cli(world, 'login', '--device')).toMatchObject({ status: 3, err: expect.stringMatching(/The person said no/) });
    world.onSleep = () => 'interrupt';
    expect(await cli(world, 'login', '--device')).toMatchObject({ status: 130 });
  });
  test('an issuer without codes says so', async () => {
    const other = await startOidc(async () => '', { device: false });
    try {
      await cli(world, 'setup', server.url, '--issuer', other.issuer);
      expect(await cli(world, 'login', '--device')).toMatchObject({ status: 2, err: expect.stringMatching(/does not offer sign-in by a code/) });
    } finally {
      await other.close();
    }
  });
});

describe('tokens', () => {
  const later = () => testWorld({ ...world, now: () => Date.now() + 2 * HOUR, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) });

  test('are renewed when they have expired, once, and the new refresh token is kept', async () => {
    await cli(world, 'login', '--device');
    const [first, second] = await Promise.all([cli(later(), 'whoami'), cli(later(), 'whoami')]);
    expect([first.status, second.status]).toEqual([0, 0]);
    expect(oidc.forms.filter(({ grant_type: type }) => type === 'refresh_token')).toHaveLength(1);
  });

  test('that cannot be renewed ask for a new login', async () => {
    await cli(world, 'login', '--device');
    oidc.subject = undefined;
    expect(await cli(later(), 'whoami')).toMatchObject({
      status: 3,
      err: expect.stringMatching(/Your sign-in has expired\.\n {2}Sign in again: latchkey login/),
    });
    expect(await cli(world, 'whoami', '--auth', 'login')).toMatchObject({ status: 3, err: expect.stringMatching(/You are not signed in/) });
  });

  test('are forgotten by logout', async () => {
    await cli(world, 'login', '--device');
    expect((await cli(world, 'logout')).out).toMatch(/^You are signed out of /);
    expect((await cli(world, 'logout')).out).toMatch(/^You were not signed in /);
    expect((await cli(world, 'whoami')).status).toBe(3);
  });

  test('that are damaged are ignored with a warning', async () => {
    await cli(world, 'login', '--device');
    writeFileSync(tokensFile(), '{"x":1}');
    expect(await cli(world, 'whoami')).toMatchObject({ status: 3, err: expect.stringMatching(/cannot be read as tokens and is ignored/) });
  });
});

describe('an issuer that is not what it should be', () => {
  test.each([
    ['http://localhost:9', 11, /does not answer/],
    ['http://issuer.example', 2, /must be an https URL/],
  ])('%s', async (issuer, status, err) => {
    writeFileSync(join(world.home, '.config/latchkey/config.yml'), `url: ${server.url}\nissuer: ${issuer}\nclientId: cli\n`);
    expect(await cli(world, 'login')).toMatchObject({ status, err: expect.stringMatching(err) });
  });
  test('another name than the one that was asked', async () => {
    await cli(world, 'setup', server.url, '--issuer', oidc.issuer.replace('127.0.0.1', 'localhost'));
    expect(await cli(world, 'login')).toMatchObject({ status: 3, err: expect.stringMatching(/does not describe itself/) });
  });
  test('none at all', async () => {
    writeFileSync(join(world.home, '.config/latchkey/config.yml'), `url: ${server.url}\n`);
    expect(await cli(world, 'login')).toMatchObject({ status: 2, err: expect.stringMatching(/issuer and clientId are missing/) });
  });
});
