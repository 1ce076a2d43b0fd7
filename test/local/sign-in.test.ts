// The local issuer refuses everything that the RFCs require an issuer to refuse.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LocalServer, startLocalServer } from '../../local/server.ts';
import { signInAt } from '../support/browser-visit.ts';

let server: LocalServer;
beforeAll(async () => {
  server = await startLocalServer();
});
afterAll(() => server.close());

const asi = { email: 'asi-dev@example.com' };
const verifier = 'a'.repeat(43);
const base = {
  response_type: 'code',
  client_id: 'latchkey-cli',
  // no server listens there; the answer is read from the redirect
  redirect_uri: 'http://127.0.0.1:9/callback',
  scope: 'latchkey offline_access',
  state: 'st&te',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
};
const address = (over: Record<string, string> = {}) =>
  `${server.url}/local/oidc/authorize?${new URLSearchParams({ ...base, ...over })}`;
const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/local/oidc/${path}`, {
    method: 'POST',
    body: new URLSearchParams(form),
    redirect: 'manual',
    headers,
  });
const sentBack = ({ status, headers }: Response) => ({
  status,
  ...Object.fromEntries(new URL(headers.get('location')!).searchParams),
});
const json = async (answer: Response) => ({ status: answer.status, ...((await answer.json()) as object) });
const codeFor = async (form: Record<string, string> = {}) =>
  (sentBack(await post('authorize', { ...base, ...asi, ...form })) as { code?: string }).code!;
const redeem = (code: string, over: Record<string, string> = {}) =>
  post('token', {
    grant_type: 'authorization_code',
    client_id: 'latchkey-cli',
    code,
    redirect_uri: base.redirect_uri,
    code_verifier: verifier,
    ...over,
  });

describe('the request for a code', () => {
  test('is answered with state and issuer, only after the person chooses', async () => {
    expect((await fetch(address())).status).toBe(200);
    expect(sentBack(await post('authorize', { ...base, ...asi }))).toEqual({
      status: 303,
      code: expect.any(String),
      state: 'st&te',
      iss: `${server.url}/local/oidc`,
    });
    expect(sentBack(await post('authorize', { ...base, email: 'nobody@example.com' }))).toMatchObject({
      error: 'access_denied',
    });
  });
  test.each([
    [{ client_id: 'other' }, /Only the client latchkey-cli/],
    [{ redirect_uri: 'https://evil.example/' }, /must be a port of this machine/],
    [{ redirect_uri: 'http://127.0.0.1.evil.example/' }, /must be a port of this machine/],
    [{ redirect_uri: 'http://x@127.0.0.1:9/' }, /must be a port of this machine/],
    [{ redirect_uri: 'nonsense' }, /must be a port of this machine/],
  ])('%j is shown to the person, never sent to that redirect URI', async (over, says) => {
    const shown = await fetch(address(over), { redirect: 'manual' });
    expect([shown.status, await shown.text()]).toEqual([400, expect.stringMatching(says)]);
    expect((await post('authorize', { ...base, ...over, ...asi })).status).toBe(400);
  });
  test.each([
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ scope: 'openid' }, 'invalid_scope'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ code_challenge: '' }, 'invalid_request'],
  ])('%j is sent back', async (over, error) =>
    expect(sentBack(await fetch(address(over), { redirect: 'manual' }))).toMatchObject({
      status: 303,
      error,
      state: 'st&te',
    }),
  );
  test('parameters are escaped in the page', async () => {
    const page = await (await fetch(address({ state: '"><script>alert(1)</script>' }))).text();
    expect(page).not.toContain('<script>');
    expect((await fetch(address())).headers.get('content-security-policy')).toContain(
      "form-action 'self' http://127.0.0.1:9;",
    );
  });
  test('a page of another site cannot choose', async () =>
    expect((await post('authorize', { ...base, ...asi }, { origin: 'https://evil.example' })).status).toBe(403));
});

describe('a code', () => {
  test('gives a token of its person, which Latchkey accepts', async () => {
    const tokens = (await json(await redeem(await codeFor()))) as unknown as { access_token: string };
    expect(tokens).toMatchObject({
      status: 200,
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.any(String),
    });
    const me = await fetch(`${server.url}/v1/me`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    expect(await me.json()).toMatchObject({ email: 'asi-dev@example.com', via: 'oidc' });
  });
  test('can be used once', async () => {
    const code = await codeFor();
    await redeem(code);
    expect(await json(await redeem(code))).toMatchObject({ status: 400, error: 'invalid_grant' });
  });
  test.each([
    [{ code_verifier: 'b'.repeat(43) }, 400, 'invalid_grant'],
    [{ redirect_uri: 'http://127.0.0.1:10/callback' }, 400, 'invalid_grant'],
    [{ client_id: 'other' }, 401, 'invalid_client'],
    [{ grant_type: 'password' }, 400, 'unsupported_grant_type'],
  ])('is refused with %j', async (over, status, error) =>
    expect(await json(await redeem(await codeFor(), over as Record<string, string>))).toMatchObject({ status, error }),
  );
  test('without offline_access there is no refresh token', async () =>
    expect(await json(await redeem(await codeFor({ scope: 'latchkey' })))).not.toHaveProperty('refresh_token'));
});

test('a revoked refresh token renews nothing, and revoking an unknown one succeeds', async () => {
  const { refresh_token: refreshToken } = (await (await redeem(await codeFor())).json()) as { refresh_token: string };
  const revoke = (form: Record<string, string>) => post('revoke', { client_id: 'latchkey-cli', ...form });
  expect((await revoke({ token: refreshToken, client_id: 'other' })).status).toBe(401);
  for (const token of [refreshToken, refreshToken]) expect((await revoke({ token })).status).toBe(200);
  const renewed = { grant_type: 'refresh_token', client_id: 'latchkey-cli', refresh_token: refreshToken };
  expect(await json(await post('token', renewed))).toMatchObject({ status: 400, error: 'invalid_grant' });
});

describe('a device', () => {
  const ask = (over: Record<string, string> = {}) =>
    post('device_authorization', {
      client_id: 'latchkey-cli',
      scope: 'latchkey',
      code_challenge: base.code_challenge,
      code_challenge_method: 'S256',
      ...over,
    });
  const poll = (code: string, proof = verifier) =>
    post('token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: 'latchkey-cli',
      device_code: code,
      code_verifier: proof,
    });

  test('waits, is told to slow down, and gets its token once', async () => {
    const {
      device_code: code,
      user_code: userCode,
      verification_uri: uri,
    } = (await (await ask()).json()) as Record<string, string>;
    expect(await json(await poll(code!))).toMatchObject({ error: 'authorization_pending' });
    expect(await json(await poll(code!))).toMatchObject({ error: 'slow_down' });
    expect(await json(await poll(code!, 'b'.repeat(43)))).toMatchObject({ status: 400, error: 'invalid_grant' });
    // as typed by a person
    expect((await signInAt(`${uri}?user_code=${userCode!.toLowerCase().replace('-', ' ')}`, asi)).status).toBe(200);
    expect(await json(await poll(code!))).toMatchObject({ status: 200, access_token: expect.any(String) });
    expect(await json(await poll(code!))).toMatchObject({ error: 'invalid_grant' });
    expect((await fetch(`${uri}?user_code=${userCode}`)).status).toBe(404);
  });
  test.each([
    [{ client_id: 'other' }, 401, 'invalid_client'],
    [{ scope: 'openid' }, 400, 'invalid_scope'],
    [{ code_challenge: '' }, 400, 'invalid_request'],
    [{ code_challenge_method: 'plain' }, 400, 'invalid_request'],
  ])('%j gets no code', async (over, status, error) =>
    expect(await json(await ask(over as Record<string, string>))).toMatchObject({ status, error }),
  );
});

test('a refresh token can be used once, and returns the next one', async () => {
  const renew = async (token: string) =>
    json(await post('token', { grant_type: 'refresh_token', client_id: 'latchkey-cli', refresh_token: token }));
  const first = (await json(await redeem(await codeFor()))) as unknown as { refresh_token: string };
  const second = (await renew(first.refresh_token)) as unknown as { refresh_token: string };
  expect(second).toMatchObject({ status: 200, access_token: expect.any(String) });
  expect(await renew(first.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' });
  expect(await renew(second.refresh_token)).toMatchObject({ status: 200 });
});
