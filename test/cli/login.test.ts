// Login at the local server's own issuer, with the browser and by a code, and what becomes of the tokens.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HOUR } from '../../lib/common/time.ts';
import { type LocalServer, startLocalServer } from '../../local/server.ts';
import { loginInBrowser } from '../support/browser-login.ts';
import { type Choice, signInAt, type Visit } from '../support/browser-visit.ts';
import { cli, type Ran, removeHomes, type TestWorld, testWorld } from '../support/cli.ts';

let server: LocalServer;
let world: TestWorld;
beforeAll(async () => {
  server = await startLocalServer();
});
afterAll(async () => {
  await server.close();
  removeHomes();
});
beforeEach(async () => {
  world = testWorld();
  expect((await cli(world, 'setup', server.url)).status).toBe(0);
});

const asi = { email: 'asi-dev@example.com' };
const issuer = () => `${server.url}/local/oidc`;
const configFile = () => join(world.home, '.config/latchkey/config.json');
const tokensFile = () => join(world.home, '.cache/latchkey/tokens.json');
const keptTokens = () => Object.values(JSON.parse(readFileSync(tokensFile(), 'utf8')))[0] as Record<string, string>;

const byBrowser = (
  visit: (address: string) => Promise<unknown> = (address) => signInAt(address, asi),
  ...args: string[]
): Promise<Ran> => loginInBrowser(world, visit, ...args);

/** Runs login with a code, and enters it where it says, when the command line waits for the n-th time. */
async function byCode(
  choice: Choice,
  { wait = 1, args = ['login', '--device'] } = {},
): Promise<Ran & { visit: Visit | undefined }> {
  let said = '';
  let visit: Visit | undefined;
  world.slept.length = 0;
  world.onSleep = async () => {
    if (world.slept.length === wait) visit = await signInAt(/go directly to (\S+)\)/.exec(said)![1]!, choice);
    return undefined;
  };
  const running = cli(world, ...args);
  const { err } = world;
  world.err = (text) => {
    said += text;
    err(text);
  };
  return { ...(await running), visit };
}

type Answers = Record<string, (form: URLSearchParams, authorization: string) => readonly [number, unknown]>;
/** Another issuer takes the place of the kept sign-in's and of the setting's; paths that it has no answer for do not exist. */
async function issuing(answers: Answers, work: (address: string) => Promise<void>, more: object = {}): Promise<void> {
  const server = createServer((request, response) => {
    let form = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      form += text;
    });
    request.on('end', () => {
      const found = answers[request.url ?? '']?.(new URLSearchParams(form), request.headers.authorization ?? '');
      const [status, body] = found ?? (request.url?.includes('well-known') ? [200, metadata] : [404, {}]);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const metadata = {
    issuer: address,
    token_endpoint: `${address}/token`,
    authorization_endpoint: `${address}/authorize`,
    device_authorization_endpoint: `${address}/device`,
    revocation_endpoint: `${address}/revoke`,
    scopes_supported: ['openid', 'offline_access'],
    ...more,
  };
  writeFileSync(configFile(), JSON.stringify({ ...JSON.parse(readFileSync(configFile(), 'utf8')), issuer: address }));
  if (existsSync(tokensFile())) {
    const [url] = Object.keys(JSON.parse(readFileSync(tokensFile(), 'utf8')));
    writeFileSync(tokensFile(), JSON.stringify({ [url!]: { ...keptTokens(), issuer: address } }));
  }
  try {
    await work(address);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** What a path that no browser would send is answered with. */
const statusOf = ({ hostname, port }: URL, path: string): Promise<number | undefined> =>
  new Promise((resolve, reject) =>
    get({ hostname, port, path, agent: false }, (answer) => resolve(answer.resume().statusCode)).on('error', reject),
  );

describe('with the browser', () => {
  test('signs in, stores the tokens only for their owner, and every command uses them', async () => {
    const ran = await byBrowser();
    expect(ran).toMatchObject({
      status: 0,
      out: expect.stringMatching(
        /^You are signed in at http:\/\/localhost:\d+\. The sign-in is renewed automatically\.\n$/,
      ),
    });
    expect(statSync(tokensFile()).mode & 0o777).toBe(0o600);
    expect((await cli(world, 'whoami')).out).toMatch(/^Amira Diaz\n/);
    const { accessToken, refreshToken } = keptTokens();
    for (const secret of [accessToken, refreshToken]) expect(ran.out + ran.err).not.toContain(secret);
  });

  test('a second factor is in the token only if it was there', async () => {
    const explain = async () => (await cli(world, 'explain', 'northwind-admin')).out;
    await byBrowser((address) => signInAt(address, { email: 'main-admin@example.com' }));
    expect(await explain()).toMatch(/no {2}mfa: /);
    await byBrowser((address) => signInAt(address, { email: 'main-admin@example.com', mfa: true }));
    expect(await explain()).toMatch(/ok {2}mfa: /);
  });

  test('a redirect with another state is refused and changes nothing', async () => {
    const ran = await byBrowser(async (address) => {
      const back = new URL(new URL(address).searchParams.get('redirect_uri')!);
      back.search = '?state=forged&code=mine';
      expect((await fetch(back)).status).toBe(404);
      for (const path of ['//', 'http://[', '/%', '*']) expect(await statusOf(back, path)).toBe(404);
      expect((await signInAt(address, asi)).page).toContain('Back to the terminal');
    });
    expect(ran.status).toBe(0);
  });

  test('an answer of another issuer is refused', async () => {
    const ran = await byBrowser(async (address) => {
      const { searchParams } = new URL(address);
      const back = new URL(searchParams.get('redirect_uri')!);
      back.search = String(
        new URLSearchParams({ state: searchParams.get('state')!, code: 'x', iss: 'https://evil.example' }),
      );
      await fetch(back);
    });
    expect(ran).toMatchObject({
      status: 3,
      err: expect.stringMatching(/unexpected "iss" \(issuer\) response parameter/),
    });
  });

  test('returns to the given port, or to the first free port of the list', async () => {
    const busy = createServer();
    await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
    const taken = (busy.address() as AddressInfo).port;
    const free = await freePort();
    const backs: string[] = [];
    const visit = (address: string) => {
      backs.push(new URL(address).searchParams.get('redirect_uri')!);
      return signInAt(address, asi);
    };
    try {
      expect(await byBrowser(visit, '--port', String(free))).toMatchObject({ status: 0 });
      expect(await byBrowser(visit, '--port', String(taken))).toMatchObject({
        status: 2,
        err: expect.stringContaining(`No free port for the redirect: ${taken}.`),
      });
      const settings = JSON.parse(readFileSync(configFile(), 'utf8'));
      writeFileSync(configFile(), JSON.stringify({ ...settings, loginPorts: [taken, free] }));
      expect(await byBrowser(visit)).toMatchObject({ status: 0 });
      expect(backs).toEqual(Array(2).fill(`http://localhost:${free}/callback`));
      expect(await byBrowser(visit, '--port', 'x')).toMatchObject({
        status: 2,
        err: expect.stringMatching(/"x" is not a valid port/),
      });
    } finally {
      busy.close();
    }
  });

  test('a cancelled sign-in is reported', async () =>
    expect(await byBrowser((address) => signInAt(address, { email: '' }))).toMatchObject({
      status: 3,
      out: '',
      err: expect.stringMatching(
        /The issuer refused the sign-in: No person was chosen\.\n {2}Try again: latchkey login/,
      ),
    }));
});

describe('with a code', () => {
  test('shows the code, polls at the allowed interval, and signs in', async () => {
    const ran = await byCode(asi, { wait: 3 });
    expect(ran).toMatchObject({
      status: 0,
      err: expect.stringMatching(
        /^Go to http:\/\/localhost\S+\/device with any browser and enter the code [A-Z]{4}-[A-Z]{4}\n/,
      ),
    });
    // this world's waits take no time, so the second look comes too soon, and the issuer says so
    expect(world.slept).toEqual([2000, 2000, 7000]);
    expect(ran.visit).toMatchObject({ status: 200, page: expect.stringContaining('You are signed in') });
    expect((await cli(world, 'whoami')).status).toBe(0);
  });
  test('is the default without a display', async () =>
    expect((await byCode(asi, { args: ['login'] })).err).toMatch(/enter the code/));
  test('cancelled, and Ctrl-C', async () => {
    expect(await byCode({ email: '' })).toMatchObject({
      status: 3,
      err: expect.stringMatching(/The person cancelled the sign-in/),
      visit: { page: expect.stringContaining('Sign-in cancelled') },
    });
    world.onSleep = () => 'interrupt';
    expect(await cli(world, 'login', '--device')).toMatchObject({ status: 130 });
  });
  test('an unknown code', async () => {
    const page = await fetch(`${issuer()}/device?user_code=BCDF-GHJK`);
    expect([page.status, await page.text()]).toEqual([
      404,
      expect.stringContaining('This code is unknown, used or expired'),
    ]);
  });
  test('an issuer without device codes is reported', async () => {
    const plain = createServer((_, response) =>
      response.end(
        JSON.stringify({ issuer: address, token_endpoint: `${address}/t`, authorization_endpoint: `${address}/a` }),
      ),
    );
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
    try {
      await cli(world, 'setup', server.url, '--issuer', address);
      expect(await cli(world, 'login', '--device')).toMatchObject({
        status: 2,
        err: expect.stringMatching(/does not support sign-in with a code/),
      });
    } finally {
      plain.close();
    }
  });
});

describe('an unusual issuer', () => {
  const device = {
    device_code: 'd',
    user_code: 'U',
    verification_uri: 'https://a.example',
    expires_in: 60,
    interval: 1,
  };
  const tokens = { access_token: 'a', token_type: 'Bearer', expires_in: 60 };

  test.each(['invalid_scope', 'not_allowed'])(
    'that lists offline_access and answers %s is asked without',
    async (error) => {
      const scopes: Array<string | null> = [];
      const answers: Answers = {
        '/device': (form) => {
          scopes.push(form.get('scope'));
          return scopes.length === 1 && error === 'invalid_scope' ? [400, { error }] : [200, device];
        },
        '/token': () => (scopes.length === 1 ? [400, { error }] : [200, tokens]),
      };
      await issuing(answers, async () => {
        expect(await cli(world, 'login', '--device')).toMatchObject({
          status: 0,
          out: expect.stringMatching(/expires in/),
        });
      });
      expect(scopes).toEqual(['latchkey offline_access', 'latchkey']);
    },
  );

  test('gets no request for offline_access if the setting is off', async () => {
    const scopes: Array<string | null> = [];
    const answers: Answers = {
      '/device': (form) => [200, scopes.push(form.get('scope')) && device],
      '/token': () => [200, tokens],
    };
    writeFileSync(
      configFile(),
      JSON.stringify({ ...JSON.parse(readFileSync(configFile(), 'utf8')), offlineAccess: 'off' }),
    );
    await issuing(answers, async () => expect(await cli(world, 'login', '--device')).toMatchObject({ status: 0 }));
    expect(scopes).toEqual(['latchkey']);
  });

  test('gets the parameters of the deployment and those of a stronger or fresh sign-in, which never replace our own', async () => {
    const sent: URLSearchParams[] = [];
    const answers: Answers = {
      '/device': (form) => [200, sent.push(form) && device],
      '/token': () => [200, tokens],
    };
    const kept = JSON.parse(readFileSync(configFile(), 'utf8'));
    const signInParameters = { resource: 'https://latchkey.example.com', scope: 'all', code_challenge: 'known' };
    const stepUp = { acr_values: 'gold' };
    writeFileSync(configFile(), JSON.stringify({ ...kept, offlineAccess: 'off', signInParameters, stepUp }));
    await issuing(answers, async () => {
      await cli(world, 'login', '--device');
      await cli(world, 'login', '--device', '--mfa', '--fresh');
      const visit = (address: string) => {
        const back = new URL(new URL(address).searchParams.get('redirect_uri')!);
        sent.push(new URL(address).searchParams);
        back.search = `?state=${new URL(address).searchParams.get('state')}&code=x`;
        return fetch(back);
      };
      expect(await byBrowser(visit, '--mfa')).toMatchObject({ status: 0 });
    });
    expect(sent.map((form) => [form.get('resource'), form.get('acr_values'), form.get('prompt')])).toEqual([
      ['https://latchkey.example.com', null, null],
      ['https://latchkey.example.com', 'gold', 'login'],
      ['https://latchkey.example.com', 'gold', null],
    ]);
    for (const form of sent) {
      expect(form.getAll('scope')).toEqual(['latchkey']);
      expect(form.getAll('code_challenge')).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
    }
  });

  test('without a way to request a second factor is reported', async () => {
    const { stepUp: _, ...kept } = JSON.parse(readFileSync(configFile(), 'utf8'));
    writeFileSync(configFile(), JSON.stringify(kept));
    expect(await cli(world, 'login', '--mfa')).toMatchObject({
      status: 2,
      err: expect.stringContaining('does not define how to request a second factor'),
    });
  });

  test.each([
    ['client_secret_basic', undefined],
    ['client_secret_post', 's3cret'],
  ])('that insists on a secret has it by %s', async (method, inForm) => {
    world.env = { ...world.env, LATCHKEY_CLIENT_SECRET: 's3cret' };
    const seen: unknown[] = [];
    const answers: Answers = {
      '/device': () => [200, device],
      '/token': (form, authorization) => {
        seen.push(form.get('client_secret') ?? undefined, authorization);
        return [200, tokens];
      },
    };
    const more = { token_endpoint_auth_methods_supported: [method] };
    await issuing(
      answers,
      async () => {
        const ran = await cli(world, 'login', '--device', '--debug');
        expect(ran.status).toBe(0);
        expect(ran.out + ran.err + readFileSync(tokensFile(), 'utf8')).not.toContain('s3cret');
      },
      more,
    );
    const [form, authorization] = seen as [string | undefined, string];
    expect(form).toBe(inForm);
    // RFC 6749 section 2.3.1 has both halves percent-encoded
    const header = decodeURIComponent(Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString());
    expect(header).toBe(inForm === undefined ? 'latchkey-cli:s3cret' : '');
  });

  test('with an http endpoint is refused', async () => {
    const more = { token_endpoint: 'http://issuer.example/token' };
    await issuing(
      { '/device': () => [200, device] },
      async () => {
        expect(await cli(world, 'login', '--device')).toMatchObject({
          status: 3,
          err: expect.stringMatching(/not https/),
        });
      },
      more,
    );
  });
});

describe('tokens', () => {
  const later = () =>
    testWorld({
      ...world,
      now: () => Date.now() + 2 * HOUR,
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });

  test('are renewed when they have expired, once, and the new refresh token is kept', async () => {
    await byCode(asi);
    const first = keptTokens().refreshToken;
    // the issuer takes a refresh token once: had both asked with it, one would have been refused
    const ran = await Promise.all([cli(later(), 'whoami'), cli(later(), 'whoami')]);
    expect(ran.map(({ status }) => status)).toEqual([0, 0]);
    expect(keptTokens().refreshToken).not.toBe(first);
  });

  test('that cannot be renewed require a new login', async () => {
    await byCode(asi);
    const form = { client_id: 'latchkey-cli', grant_type: 'refresh_token', refresh_token: keptTokens().refreshToken! };
    expect((await fetch(`${issuer()}/token`, { method: 'POST', body: new URLSearchParams(form) })).status).toBe(200);
    expect(await cli(later(), 'whoami')).toMatchObject({
      status: 3,
      err: expect.stringMatching(/Your sign-in has expired\.\n {2}Sign in again: latchkey login/),
    });
    expect(await cli(world, 'whoami', '--auth', 'login')).toMatchObject({
      status: 3,
      err: expect.stringMatching(/You are not signed in/),
    });
  });

  test('that another process has renewed are not removed', async () => {
    await byCode(asi);
    const token = () => {
      const [[url, kept]] = Object.entries(JSON.parse(readFileSync(tokensFile(), 'utf8'))) as [[string, object]];
      writeFileSync(tokensFile(), JSON.stringify({ [url]: { ...kept, expiresAt: Date.now() + 4 * HOUR } }));
      return [400, { error: 'invalid_grant' }] as const;
    };
    await issuing({ '/token': token }, async () => {
      expect(await cli(later(), 'whoami')).toMatchObject({ status: 0, out: expect.stringMatching(/^Amira Diaz/) });
    });
  });

  test.each([
    ['busy', 503, {}, 11, /cannot sign you in at the moment \(status 503\)/],
    [
      'wrongly set up',
      401,
      { error: 'invalid_client', error_description: 'No such client' },
      3,
      /refused the sign-in: No such client/,
    ],
    ['no issuer at all', 200, 'hello', 3, /The answer of \S+ is not valid: /],
  ])('stay where the issuer is %s', async (_, status, body, exit, err) => {
    await byCode(asi);
    const before = keptTokens();
    await issuing({ '/token': () => [status, body] as const }, async (address) => {
      expect(await cli(later(), 'whoami')).toMatchObject({ status: exit, err: expect.stringMatching(err) });
      expect(keptTokens()).toEqual({ ...before, issuer: address });
    });
  });

  test('are revoked at the issuer by logout, and removed even if that fails', async () => {
    await byCode(asi);
    const form = { client_id: 'latchkey-cli', grant_type: 'refresh_token', refresh_token: keptTokens().refreshToken! };
    expect(await cli(world, 'logout')).toMatchObject({ status: 0, err: '' });
    const renewed = await fetch(`${issuer()}/token`, { method: 'POST', body: new URLSearchParams(form) });
    expect(await renewed.json()).toMatchObject({ error: 'invalid_grant' });

    await byCode(asi);
    await issuing({ '/revoke': () => [503, {}] as const }, async (address) => {
      const ran = await cli(world, 'logout');
      expect(ran).toMatchObject({ status: 0, out: expect.stringMatching(/^You are signed out of /) });
      expect(ran.err).toContain(
        `The refresh token could not be revoked at the issuer: ${address} cannot sign you in at the moment`,
      );
    });
    expect((await cli(world, 'whoami')).status).toBe(3);
  });

  test('are removed by logout', async () => {
    await byCode(asi);
    expect((await cli(world, 'logout')).out).toMatch(/^You are signed out of /);
    expect((await cli(world, 'logout')).out).toMatch(/^You were not signed in /);
    expect((await cli(world, 'whoami')).status).toBe(3);
  });

  test('are used only without LATCHKEY_TOKEN, which login and logout report', async () => {
    world.env = { ...world.env, LATCHKEY_TOKEN: 'x.y.z' };
    expect((await byCode(asi)).err).toMatch(/^LATCHKEY_TOKEN is set and takes precedence over this sign-in/m);
    expect((await cli(world, 'whoami', '--auth', 'login')).status).toBe(0);
    expect((await cli(world, 'logout')).err).toMatch(/^LATCHKEY_TOKEN is still set/);
  });

  test('that are damaged are ignored with a warning', async () => {
    await byCode(asi);
    writeFileSync(tokensFile(), '{"x":1}');
    expect(await cli(world, 'whoami')).toMatchObject({
      status: 3,
      err: expect.stringMatching(/is damaged and is ignored/),
    });
  });
});

describe('an invalid issuer', () => {
  test.each([
    ['http://localhost:9', 11, /does not answer/],
    ['http://issuer.example', 2, /must be an https URL/],
  ])('%s', async (address, status, err) => {
    writeFileSync(configFile(), JSON.stringify({ url: server.url, issuer: address, clientId: 'cli' }));
    expect(await cli(world, 'login')).toMatchObject({ status, err: expect.stringMatching(err) });
  });
  test('with another name than configured', async () => {
    await cli(world, 'setup', server.url, '--issuer', issuer().replace('localhost', '127.0.0.1'));
    expect(await cli(world, 'login')).toMatchObject({
      status: 3,
      err: expect.stringMatching(/has no OIDC discovery document/),
    });
  });
  test('that does not exist', async () => {
    writeFileSync(configFile(), JSON.stringify({ url: server.url }));
    expect(await cli(world, 'login')).toMatchObject({
      status: 2,
      err: expect.stringMatching(/issuer and clientId are missing/),
    });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
