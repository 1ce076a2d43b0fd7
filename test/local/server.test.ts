import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CreateTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import type { Store } from '../../lib/app.ts';
import { tableDefinition } from '../../lib/aws/table.ts';
import { openCatalogue } from '../../lib/catalogue/catalogue.ts';
import { readCatalogue } from '../../lib/catalogue/file.ts';
import { eventTypes, statuses } from '../../lib/model/schema.ts';
import { createStream } from '../../local/aws/stream.ts';
import { createGateway, type Functions } from '../../local/gateway/gateway.ts';
import { actorsOf, identitiesOf, testKeyOf } from '../../local/oidc/identities.ts';
import { createIssuer, identityOf } from '../../local/oidc/issuer.ts';
import { type LocalServer, startLocalServer } from '../../local/server.ts';
import { readAwsSettings, readSettings } from '../../local/settings.ts';
import { signedFetch } from '../../local/signed-fetch.ts';
import type { WireCall } from '../../local/wire-call.ts';
import { dynalite } from '../support/emulators.ts';
import { fakeStore } from '../support/fake-store.ts';
import { next, record } from '../support/records.ts';
import { catalogueOf } from '../support/small-catalogue.ts';

type Json = Record<string, unknown>;
type Mail = { id: string; to: string; subject: string; text: string; html: string; at: string };

/** A process takes a second to start, and longer on a busy machine. */
jest.setTimeout(60_000);

let server: LocalServer;
let url: string;
beforeAll(async () => {
  server = await startLocalServer();
  url = server.url;
});
afterAll(() => server.close());

const post = (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  fetch(`${url}${path}`, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });
const json = async (response: Response | Promise<Response>) => (await (await response).json()) as Json;
const problem = async (response: Response | Promise<Response>) => {
  const { status, headers } = await response;
  const { code, detail } = await json(response);
  return { status, code, detail, type: headers.get('content-type') };
};
const refused = (status: number, code: string) =>
  expect.objectContaining({ status, code, type: 'application/problem+json' });
const tokenOf = async (subject: Json) => String((await json(post('/local/token', subject))).token);
const bearer = async (subject: Json) => ({
  authorization: `Bearer ${await tokenOf(subject)}`,
  'content-type': 'application/json',
});
const asi = { email: 'asi-dev@example.com' };
const stranger = { email: 'stranger@example.org' };
const keyOf = (ending: string) => server.keys.find(({ arn }) => arn.endsWith(ending))!;
/** Sends what fetch would not: another Host, an Origin, a path as it is. */
const raw = (
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
) =>
  new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const { port } = new URL(url);
    const outgoing = httpRequest({ host: '127.0.0.1', port, path, method, headers }, async (response) =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }),
    );
    outgoing.on('error', reject).end(body);
  });
const file = async (role: string, subject: Json = asi) =>
  json(post('/v1/requests', { role, reason: 'needed for the test' }, await bearer(subject)));

describe('tokens', () => {
  test('of a person verify with the published keys', async () => {
    const { issuer, jwks_uri } = await json(fetch(`${url}/local/oidc/.well-known/openid-configuration`));
    expect(issuer).toBe(`${url}/local/oidc`);
    const token = await tokenOf({ email: 'ASI-DEV@example.com', mfa: true, groups: ['ops'] });
    const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(String(jwks_uri))), {
      issuer: String(issuer),
      audience: 'latchkey',
    });
    expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    expect(payload).toMatchObject({
      scope: 'latchkey',
      email: 'asi-dev@example.com',
      email_verified: true,
      name: 'Amira Diaz',
      groups: ['ops'],
      amr: ['pwd', 'mfa'],
    });
    expect(payload).not.toHaveProperty('nbf');
    expect(await json(fetch(String(jwks_uri)))).toEqual({
      keys: [expect.not.objectContaining({ d: expect.anything() })],
    });
  });

  test('of a principal', async () => {
    const arn = 'arn:aws:iam::222222222222:role/asi-dev-server';
    expect(decodeJwt(await tokenOf({ principal: arn }))).toMatchObject({ sub: arn, principal: arn, amr: ['pwd'] });
    expect(await json(fetch(`${url}/v1/me`, { headers: await bearer({ principal: arn }) }))).toMatchObject({
      principal: arn,
      email: null,
      via: 'oidc',
      groups: ['developers'],
    });
  });

  test('of an unknown person work and see nothing', async () => {
    const headers = await bearer({ email: 'stranger@example.org' });
    expect(await json(fetch(`${url}/v1/me`, { headers }))).toMatchObject({
      email: 'stranger@example.org',
      name: 'stranger@example.org',
      groups: [],
    });
    expect(await json(fetch(`${url}/v1/roles`, { headers }))).toEqual({ items: [] });
  });

  test('have every requested claim, and lack claims set to null', async () => {
    const token = await tokenOf({
      ...asi,
      claims: { sub: '00u1', email_verified: null, scp: ['latchkey'], scope: null },
    });
    expect(decodeJwt(token)).toMatchObject({ sub: '00u1', email: asi.email, scp: ['latchkey'] });
    expect(Object.keys(decodeJwt(token))).not.toEqual(expect.arrayContaining(['email_verified']));
    expect(Object.keys(decodeJwt(token))).not.toEqual(expect.arrayContaining(['scope']));
    const me = await problem(fetch(`${url}/v1/me`, { headers: { authorization: `Bearer ${token}` } }));
    expect(me).toEqual(refused(401, 'unauthenticated'));
    expect(me.detail).toMatch(/"email" claim, but not "email_verified": true/);
  });

  test.each<[string, unknown]>([
    ['nothing', {}],
    ['both', { email: 'a@example.com', principal: 'arn:aws:iam::222222222222:user/asi-dev' }],
    ['an unknown field', { email: 'a@example.com', admin: true }],
    ['no address', { email: 'asi' }],
    ['a principal that the catalogue does not name', { principal: 'arn:aws:iam::222222222222:user/nobody' }],
    ['groups of another type', { email: 'a@example.com', groups: 'security' }],
    ['claims of another type', { email: 'a@example.com', claims: 'sub' }],
    ['mfa of another type', { email: 'a@example.com', mfa: 'yes' }],
    ['a list', []],
    ['no JSON', '{'],
  ])('refused for %s', async (_what, body) =>
    expect(await problem(post('/local/token', body))).toEqual(refused(400, 'invalid-request')),
  );

  test('a body may have any content type', async () =>
    expect((await post('/local/token', asi, { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(
      200,
    ));
  test('a body that is too long', async () =>
    expect(await problem(post('/local/token', `"${'x'.repeat(17_000)}"`))).toEqual(refused(413, 'too-large')));
});

describe('the gateway', () => {
  test.each<[string, Record<string, string>]>([
    ['no token', {}],
    ['garbage', { authorization: 'Bearer garbage' }],
    ['Basic', { authorization: 'Basic YTpi' }],
  ])('%s', async (_what, headers) => {
    const answer = await fetch(`${url}/v1/me`, { headers });
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(await problem(answer)).toEqual(refused(401, 'unauthenticated'));
  });

  test('a token signed by another issuer with the same key ID', async () => {
    const token = await tokenOf(asi);
    const { privateKey } = await crypto.subtle.generateKey(
      { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
      true,
      ['sign', 'verify'],
    );
    const { kid } = decodeProtectedHeader(token) as { kid: string };
    const forged = await new SignJWT(decodeJwt(token)).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
    expect(await problem(fetch(`${url}/v1/me`, { headers: { authorization: `Bearer ${forged}` } }))).toEqual(
      refused(401, 'unauthenticated'),
    );
  });

  test('a token without signature', async () => {
    const claims = (await tokenOf(asi)).split('.')[1];
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    expect((await fetch(`${url}/v1/me`, { headers: { authorization: `Bearer ${header}.${claims}.` } })).status).toBe(
      401,
    );
  });

  test.each<[string, object, number, RegExp]>([
    ['the client in place of an audience', { aud: null, client_id: 'latchkey' }, 200, /^$/],
    ['one of several audiences', { aud: ['other', 'latchkey'] }, 200, /^$/],
    ['another audience, whatever the client', { aud: 'other', client_id: 'latchkey' }, 401, /another audience/],
    ['neither', { aud: null }, 401, /another audience/],
    ['a start that is still to come', { nbf: Math.floor(Date.now() / 1000) + 3600 }, 401, /not valid yet/],
    ['another issuer', { iss: 'https://other.example.com' }, 401, /another issuer/],
  ])('a token for %s', async (_what, claims, status, detail) => {
    const answer = await fetch(`${url}/v1/me`, { headers: await bearer({ ...asi, claims }) });
    const { detail: said = '' } = (await answer.json()) as { detail?: string };
    expect([answer.status, said]).toEqual([status, expect.stringMatching(detail)]);
  });

  test('a group with a space stays one group, and is used only if it is mapped', async () => {
    const { groups } = await json(
      fetch(`${url}/v1/me`, { headers: await bearer({ ...stranger, groups: ['x idp-developers', 'leads'] }) }),
    );
    expect(groups).toEqual([]);
    const mapped = await json(
      fetch(`${url}/v1/me`, { headers: await bearer({ ...stranger, groups: ['idp-developers'] }) }),
    );
    expect(mapped.groups).toEqual(['developers']);
  });

  test.each([
    ['user/asi-dev', { principal: 'arn:aws:iam::222222222222:user/asi-dev', email: 'asi-dev@example.com', via: 'iam' }],
    [
      'role/asi-dev-server',
      { principal: 'arn:aws:iam::222222222222:role/asi-dev-server', email: null, groups: ['developers'] },
    ],
  ])('SigV4 of %s', async (ending, me) => {
    expect(await json(signedFetch(`${url}/iam/v1/me`, keyOf(ending)))).toMatchObject(me);
    expect((await signedFetch(`${url}/iam/v1/requests?view=mine&limit=2`, keyOf(ending))).status).toBe(200);
  });

  test('an invalid SigV4 signature', async () => {
    const key = keyOf('user/asi-dev');
    const wrong = { ...key, secretAccessKey: 'x'.repeat(40) };
    const unknown = { ...key, accessKeyId: 'AKIAAAAAAAAAAAAAAAAA' };
    const answers = [
      fetch(`${url}/iam/v1/me`),
      fetch(`${url}/iam/v1/me`, { headers: await bearer(asi) }),
      signedFetch(`${url}/iam/v1/me`, wrong),
      signedFetch(`${url}/iam/v1/me`, unknown),
      signedFetch(`${url}/iam/v1/me`, key, { service: 's3' }),
      signedFetch(`${url}/v1/me`, key),
    ];
    for (const answer of await Promise.all(answers))
      expect(await problem(answer)).toEqual(refused(401, 'unauthenticated'));
    expect((await fetch(`${url}/iam/v1/me`)).headers.get('www-authenticate')).toBe('AWS4-HMAC-SHA256');
  });

  test('a signed body arrives as it was signed', async () => {
    const call = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"role":"sandbox-read","reason":"größer"}',
    };
    const answer = await signedFetch(`${url}/iam/v1/requests?dryRun=true`, keyOf('role/asi-dev-server'), call);
    expect(await json(answer)).toMatchObject({ outcome: 'automatic' });
  });

  test.each([
    ['GET', '/nowhere', 404, undefined],
    ['GET', '/v1/me/', 404, undefined],
    ['GET', '/v1//requests', 404, undefined],
    ['GET', '*', 404, undefined],
    ['DELETE', '/v1/me', 405, 'GET, HEAD'],
    ['PUT', '/v1/requests', 405, 'POST, GET, HEAD'],
    ['POST', '/healthz', 405, 'GET, HEAD'],
    ['GET', '/v1/requests/%zz', 404, undefined],
  ])('%s %s: %d', async (method, path, status, allow) => {
    const answer = await raw(path, { method, headers: await bearer(asi) });
    expect(answer).toMatchObject({
      status,
      headers: { 'content-type': 'application/problem+json', 'x-request-id': expect.any(String) },
    });
    expect(answer.headers.allow).toBe(allow);
  });

  test('HEAD on both mounts is verified and answered as GET, without the body', async () => {
    expect(await raw('/v1/me', { method: 'HEAD', headers: {} })).toMatchObject({ status: 401 });
    const answer = await fetch(`${url}/v1/me`, { method: 'HEAD', headers: await bearer(asi) });
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'application/json',
      '',
    ]);
  });

  test('invalid percent-encoding is an invalid link', async () => {
    expect(await raw('/decide/%ff', { method: 'GET', headers: {} })).toMatchObject({
      status: 404,
      headers: { 'content-type': 'text/html; charset=utf-8' },
    });
  });

  test('a body over 10 MB is answered, not cut off', async () =>
    expect(await problem(post('/v1/requests', 'x'.repeat(11 * 1024 * 1024), await bearer(asi)))).toEqual(
      refused(413, 'too-large'),
    ));

  test('a body that is not UTF-8', async () => {
    const answer = fetch(`${url}/v1/requests`, {
      method: 'POST',
      headers: await bearer(asi),
      body: new Uint8Array([0x22, 0xff, 0x22]),
    });
    expect((await problem(answer)).detail).toMatch(/UTF-8/);
  });
});

describe('what API Gateway would send', () => {
  const catalogue = catalogueOf();
  const issuerUrl = 'http://localhost:1/local/oidc';
  const wireCall = (over: Partial<WireCall>): WireCall => ({
    id: 'call-1',
    method: 'GET',
    target: '/v1/me',
    headers: { host: 'localhost:1' },
    body: Buffer.alloc(0),
    sourceIp: '127.0.0.1',
    ...over,
  });
  const echoing = new Proxy(
    {},
    { get: () => async (event: unknown) => ({ statusCode: 200, body: JSON.stringify(event) }) },
  ) as Functions;
  const made = async (wallClock = Date.now) => {
    const clock = Date.now;
    const issuer = await createIssuer({ identity: identityOf(issuerUrl), catalogue, clock });
    const key = testKeyOf('arn:aws:iam::222222222222:role/ci/deployer');
    const app = { catalogue, clock, identity: identityOf(issuerUrl) };
    return {
      issuer,
      key,
      gateway: createGateway({ app, functions: echoing, issuer, keys: new Map([[key.accessKeyId, key]]), wallClock }),
    };
  };

  test('claims are text, lists flattened', async () => {
    const { issuer, gateway } = await made();
    const token = await issuer.token({ email: 'a@example.com', groups: ['a', 'b c'] });
    const headers = { host: 'localhost:1', authorization: `Bearer ${token}`, cookie: 'a=1; b=2' };
    const target = '/v1/requests/abc%20d?x=1&y=a%20b&x=2';
    const { body } = await gateway(wireCall({ target, headers }));
    expect(JSON.parse(body ?? '')).toMatchObject({
      version: '2.0',
      routeKey: 'GET /v1/requests/{id}',
      rawPath: '/v1/requests/abc%20d',
      rawQueryString: 'x=1&y=a%20b&x=2',
      queryStringParameters: { x: '1,2', y: 'a b' },
      pathParameters: { id: 'abc d' },
      cookies: ['a=1', 'b=2'],
      isBase64Encoded: false,
      requestContext: {
        routeKey: 'GET /v1/requests/{id}',
        requestId: 'call-1',
        stage: '$default',
        time: expect.stringMatching(/^\d\d\/\w{3}\/\d{4}:[\d:]{8} \+0000$/),
        http: { method: 'GET', path: '/v1/requests/abc%20d', sourceIp: '127.0.0.1' },
        authorizer: {
          jwt: {
            claims: {
              groups: '[a b c]',
              email_verified: 'true',
              iat: expect.stringMatching(/^\d+$/),
              aud: expect.any(String),
            },
          },
        },
      },
    });
  });

  test.each([
    ['application/json', '{}', false],
    ['text/plain', 'a', false],
    ['application/x-www-form-urlencoded', 'a=b', true],
    ['', 'a', true],
  ])('a body of type %j', async (type, body, isBase64Encoded) => {
    const { gateway } = await made();
    const answer = await gateway(
      wireCall({
        method: 'POST',
        target: '/decide/abc',
        headers: { host: 'localhost:1', 'content-type': type },
        body: Buffer.from(body),
      }),
    );
    expect(JSON.parse(answer.body ?? '')).toMatchObject({
      isBase64Encoded,
      body: isBase64Encoded ? Buffer.from(body).toString('base64') : body,
    });
  });

  test('tokens are checked by the wall clock', async () => {
    const { issuer, gateway } = await made(() => Date.now() + 11 * 365 * 86_400_000);
    const token = await issuer.token({ email: 'a@example.com' });
    const { statusCode, body } = await gateway(
      wireCall({ headers: { host: 'localhost:1', authorization: `Bearer ${token}` } }),
    );
    expect({ statusCode, detail: JSON.parse(body ?? '').detail }).toEqual({
      statusCode: 401,
      detail: 'The token has expired. Sign in again.',
    });
  });

  test('test keys look like AWS keys, are always the same, and name the caller as AWS does', () => {
    const role = testKeyOf('arn:aws:iam::222222222222:role/deployer');
    expect(role).toEqual(testKeyOf('arn:aws:iam::222222222222:role/deployer'));
    expect(role.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(role.secretAccessKey).toMatch(/^\w{40}$/);
    expect(role).toMatchObject({
      userArn: 'arn:aws:sts::222222222222:assumed-role/deployer/local-session',
      callerId: expect.stringMatching(/^AROA[A-Z2-7]{17}:local-session$/),
    });
    expect(testKeyOf('arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_*/jdoe')).toMatchObject({
      userArn: 'arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_Local_0123456789abcdef/jdoe',
      callerId: expect.stringMatching(/^AROA\w{17}:jdoe$/),
    });
    const user = testKeyOf('arn:aws:iam::222222222222:user/asi');
    expect(user).toMatchObject({
      userArn: 'arn:aws:iam::222222222222:user/asi',
      callerId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
      accountId: '222222222222',
    });
    expect(user.accessKeyId).not.toBe(role.accessKeyId);
  });

  test('every identity in the catalogue can be acted as', () => {
    const data = readCatalogue(readFileSync('access.yml', 'utf8')).data!;
    const { emails, principals } = identitiesOf(data);
    const actors = actorsOf(openCatalogue(data), { emails, principals });
    expect(emails.every((email) => actors.some((actor) => actor.email === email))).toBe(true);
    expect(principals).toEqual(expect.arrayContaining(Object.values(data.bots).map(({ principal }) => principal)));
    expect(actors.filter(({ kind }) => kind === 'bot')).toHaveLength(Object.keys(data.bots).length);
  });
});

describe('what exists on the local server only', () => {
  test('email is in the outbox when the call is answered, and is shown as its reader sees it', async () => {
    const { id } = await file('production-bucket-read');
    const outbox = (await (await fetch(`${url}/local/outbox`)).json()) as Mail[];
    const mails = outbox.filter((mail) => mail.text.includes(String(id)));
    expect(mails.map(({ to }) => to).sort()).toEqual(['lead@example.com', 'second-lead@example.com']);
    expect(Object.keys(mails[0]!).sort()).toEqual(['at', 'html', 'id', 'subject', 'text', 'to']);
    expect(outbox.map(({ at }) => at)).toEqual(
      outbox
        .map(({ at }) => at)
        .toSorted()
        .toReversed(),
    );

    const page = await fetch(`${url}/local/outbox/${mails[0]!.id}`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    const shown = await page.text();
    expect(shown).toContain(`To</strong> ${mails[0]!.to}`);
    expect(shown).toContain(/http\S+\/decide\/[\w-]+/.exec(mails[0]!.text)![0]);
    expect(shown).not.toContain('<base');
    expect((await raw(`/local/outbox/${mails[0]!.id}`, { headers: { 'sec-fetch-dest': 'iframe' } })).body).toContain(
      '<base target="_blank">',
    );
    expect(await problem(fetch(`${url}/local/outbox/none`))).toEqual(refused(404, 'not-found'));
  });

  test('calls of STS are listed without a secret', async () => {
    const { id } = await file('sandbox-read');
    const keys = await json(post(`/v1/requests/${id}/credentials`, {}, await bearer(asi)));
    const calls = (await (await fetch(`${url}/local/sts`)).json()) as Json[];
    expect(calls[0]).toMatchObject({
      RoleArn: 'arn:aws:iam::666666666666:role/latchkey/SandboxReadOnly',
      SourceIdentity: 'asi-dev@example.com',
      Policy: expect.any(String),
      Tags: expect.arrayContaining([{ Key: 'latchkey-request', Value: id }]),
    });
    expect(JSON.stringify(calls)).not.toContain(keys.SecretAccessKey);
    expect(JSON.stringify(calls)).not.toContain(keys.SessionToken);
  });

  test('the clock moves grants, and tokens stay valid', async () => {
    const headers = await bearer({ email: 'second-dev@example.com' });
    const { id } = await file('sandbox-read', { email: 'second-dev@example.com' });
    const set = await json(post('/local/clock', { set: '2031-12-31T23:59:00Z' }));
    expect(set).toEqual({ now: '2031-12-31T23:59:00Z' });
    expect(await json(post('/local/clock', { advance: '1h30m' }))).toEqual({
      now: expect.stringMatching(/^2032-01-01T01:29:0\dZ$/),
    });
    expect(await json(fetch(`${url}/v1/requests/${id}`, { headers }))).toMatchObject({ status: 'ended' });
    expect(await problem(post(`/v1/requests/${id}/credentials`, {}, headers))).toEqual(refused(409, 'not-active'));
    const swept = await json(post('/local/sweep'));
    expect(swept).toEqual({ due: expect.any(Number), settled: expect.any(Number) });
    expect(Number(swept.settled)).toBeGreaterThan(0);
    const { now } = await json(post('/local/clock', { reset: true }));
    expect(Math.abs(Date.parse(String(now)) - Date.now())).toBeLessThan(5000);
  });

  test.each<[string, unknown]>([
    ['nothing', {}],
    ['two', { reset: true, advance: '1h' }],
    ['no duration', { advance: 'soon' }],
    ['a date alone', { set: '2026-12-31' }],
    ['no day of the calendar', { set: '2026-13-31T00:00:00Z' }],
    ['reset: false', { reset: false }],
    ['an unknown field', { back: '1h' }],
    ['the far future', { set: '9999-01-01T00:00:00Z' }],
  ])('the clock refuses %s', async (_what, body) =>
    expect(await problem(post('/local/clock', body))).toEqual(refused(400, 'invalid-request')),
  );

  test.each([
    ['GET', '/local/token', 405, 'POST'],
    ['POST', '/local/outbox', 405, 'GET, HEAD'],
    ['POST', '/', 405, 'GET, HEAD'],
    ['GET', '/local/nothing', 404, undefined],
    ['GET', '/local/page/../../package.json', 404, undefined],
    ['GET', '/local/constructor', 404, undefined],
    ['HEAD', '/', 200, undefined],
  ])('%s %s: %d', async (method, path, status, allow) => {
    const answer = await raw(path, { method });
    expect({ status: answer.status, allow: answer.headers.allow }).toEqual({ status, allow });
  });

  test('the guided page says that it is local, lists all identities, and loads nothing from other sites', async () => {
    const page = await fetch(url);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    const html = await page.text();
    expect(html).toContain('This page exists on the local server only');
    expect(html).toContain('contractor@example.com');
    for (const [, path] of html.matchAll(/(?:src|href)="(\/local\/[^"]+)"/g))
      expect((await fetch(`${url}${path}`)).status).toBe(200);
    expect(html).not.toMatch(/(?:src|href)="https?:/);
  });

  test('pages of other sites are refused', async () => {
    const { host } = new URL(url);
    const asked = (headers: Record<string, string>, method = 'POST') =>
      raw('/local/token', { method, headers: { host, ...headers }, body: JSON.stringify(asi) });
    expect(await asked({})).toMatchObject({ status: 200 });
    expect(await asked({ origin: `http://${host}` })).toMatchObject({ status: 200 });
    expect(await asked({ origin: 'https://evil.example' })).toMatchObject({ status: 403 });
    expect(await asked({ origin: 'null' })).toMatchObject({ status: 403 });
    expect(await asked({ host: 'evil.example' })).toMatchObject({ status: 403 });
    expect(await raw('/local/outbox', { headers: { host: 'evil.example:3000' } })).toMatchObject({ status: 403 });
    expect(await raw('/local/aws/', { method: 'POST', headers: { host: 'evil.example' } })).toMatchObject({
      status: 403,
    });
    expect(await raw('/', { headers: { host: '[::1]:3000' } })).toMatchObject({ status: 200 });
  });
});

test('the guided page has a text for every status and every event', () => {
  const words = readFileSync('local/page/words.js', 'utf8');
  const keysOf = (name: string) =>
    [
      ...words
        .slice(words.indexOf(`const ${name} = {`))
        .split('\n};')[0]!
        .matchAll(/^ {2}'?([\w-]+)'?:/gm),
    ].map(([, key]) => key);
  expect(keysOf('statusWords').sort()).toEqual([...statuses].sort());
  expect(keysOf('eventWords').sort()).toEqual([...eventTypes].sort());
});

describe('the stream', () => {
  const before = record();
  const after = next(before, 'mail-checked', before.createdAt + 1000);
  const quiet = () => {};

  test('delivers both images in order, with retries', async () => {
    const seen: Array<[string | undefined, string | undefined]> = [];
    let isFirst = true;
    const consume = async ({ Records: [one] }: DynamoDBStreamEvent) => {
      seen.push([one?.dynamodb?.OldImage?.version?.N, one?.dynamodb?.NewImage?.version?.N]);
      const failed = isFirst ? [{ itemIdentifier: one?.dynamodb?.SequenceNumber ?? '' }] : [];
      isFirst = false;
      return { batchItemFailures: failed };
    };
    const stream = createStream(consume, quiet);
    const store: Store = stream.observe(fakeStore());
    const all = await stream.settled(async () => [
      await store.create(before, []),
      await store.create(before, []),
      await store.replace(after, before.version),
      await store.replace(after, 99),
    ]);
    expect(all).toEqual(['created', before, true, false]);
    const [first, second] = [String(before.version), String(after.version)];
    expect(seen).toEqual([
      [undefined, first],
      [undefined, first],
      [first, second],
    ]);
  });

  test('gives up a record that always fails, and continues', async () => {
    const lines: string[] = [];
    const stream = createStream(
      () => Promise.reject(new Error('down')),
      (code) => lines.push(code),
    );
    await stream.settled(() => stream.observe(fakeStore()).create(before, []));
    expect(new Set(lines)).toEqual(new Set(['record-failed']));
  });
});

describe('settings', () => {
  test('flags override the environment', () => {
    expect(readSettings(['--port', '3100', '--data', '/d', '--catalogue', '/c.yml'], { PORT: '1' })).toMatchObject({
      port: 3100,
      dataDir: '/d',
      catalogueFile: '/c.yml',
    });
    expect(readSettings([], { PORT: '4000' })).toMatchObject({ port: 4000 });
    expect(readSettings([], { PORT: '' })).toMatchObject({ port: 3000 });
  });
  test.each([[['--port', 'x']], [['--port', '70000']], [['--unknown']], [['stray']]])('%j is refused', (args) =>
    expect(readSettings(args, {})).toEqual({ errors: [expect.any(String)] }),
  );
  test.each([
    [[], true, false],
    [['--keys'], true, true],
    // a program that reads the output gets the keys
    [[], false, true],
  ])('%j on a terminal (%p) prints test keys: %p', (args, isTerminal, showsKeys) =>
    expect(readSettings(args, {}, isTerminal)).toMatchObject({ showsKeys }),
  );
  test.each([['--help'], ['-h']])('%s shows the help', (flag) =>
    expect(readSettings(['--port', 'x', flag], {})).toEqual({ help: expect.stringMatching(/^Usage: npm start -- /) }),
  );
  test("the SDK's own variables replace an emulator", () => {
    expect(readAwsSettings({})).toEqual({
      region: 'us-east-1',
      elsewhere: { dynamodb: false, sts: false, ses: false },
      ownCredentials: false,
    });
    expect(readAwsSettings({ AWS_ENDPOINT_URL_STS: 'http://x' }).elsewhere).toEqual({
      dynamodb: false,
      sts: true,
      ses: false,
    });
    expect(readAwsSettings({ AWS_ENDPOINT_URL: 'http://x', AWS_ACCESS_KEY_ID: 'a', AWS_REGION: 'eu-west-1' })).toEqual({
      region: 'eu-west-1',
      elsewhere: { dynamodb: true, sts: true, ses: true },
      ownCredentials: true,
    });
  });
});

describe('as a process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const start = (...args: string[]) => startWith({}, ...args);
  const startWith = (more: Record<string, string>, ...args: string[]) => {
    const { PORT: _, ...rest } = process.env;
    const env = { ...rest, ...more };
    const child = spawn(process.execPath, ['--require', './scripts/preflight.cjs', 'local/start.ts', ...args], { env });
    const ended = once(child, 'close') as Promise<[number | null]>;
    return { child, ended, errors: text(child.stderr) };
  };
  /** The output up to the ready line. */
  const ready = async (child: { stdout: Readable }): Promise<string> => {
    let printed = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      printed += chunk;
      if (/^Latchkey is ready at http:\/\/localhost:\d+$/m.test(printed)) return printed;
    }
    throw new Error(`it never was ready: ${printed}`);
  };

  test('prints test keys and the ready line, keeps requests and tokens over a restart, ends cleanly', async () => {
    const first = start('--port', '0', '--data', join(folder, 'data'));
    const printed = await ready(first.child);
    const base = /http:\/\/localhost:(\d+)/.exec(printed)![0];
    expect(printed.split('http://')).toHaveLength(2);
    expect(printed.trimEnd().split('\n').at(-1)).toBe(`Latchkey is ready at ${base}`);
    const [, accessKeyId, secretAccessKey] =
      /^arn:aws:iam::222222222222:user\/asi-dev\nAWS_ACCESS_KEY_ID=(AKIA[A-Z2-7]{16})\nAWS_SECRET_ACCESS_KEY=(\S+)$/m.exec(
        printed,
      ) as unknown as [string, string, string];
    expect(printed).toContain('arn:aws:iam::999999999999:role/chatops-bot\nAWS_ACCESS_KEY_ID=');
    const keys = { accessKeyId, secretAccessKey };
    const call = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"role":"sandbox-read","reason":"restart"}',
    };
    const { id } = await json(signedFetch(`${base}/iam/v1/requests`, keys, call));
    const { token } = await json(fetch(`${base}/local/token`, { method: 'POST', body: JSON.stringify(asi) }));

    const busy = start('--port', new URL(base).port);
    const sameData = start('--port', '0', '--data', join(folder, 'data'));
    expect([await busy.ended, await busy.errors]).toEqual([[1, null], expect.stringMatching(/^Port \d+ is in use/)]);
    expect([await sameData.ended, await sameData.errors]).toEqual([
      [1, null],
      expect.stringContaining('Another local server'),
    ]);

    first.child.kill('SIGTERM');
    expect([await first.ended, await first.errors]).toEqual([[0, null], '']);

    const second = start('--port', new URL(base).port, '--data', join(folder, 'data'));
    await ready(second.child);
    expect(
      await json(fetch(`${base}/v1/requests/${id}`, { headers: { authorization: `Bearer ${token}` } })),
    ).toMatchObject({ id, status: 'active' });
    second.child.kill('SIGINT');
    expect(await second.ended).toEqual([0, null]);
  });

  test('opens the directory of a killed server, even if it is a zombie or its process ID is in use again', async () => {
    const data = join(folder, 'killed');
    // a parent that never waits for its child keeps it as a zombie
    const script = '"$@" & echo "pid $!"; exec sleep 600';
    const command = [process.execPath, '--require', './scripts/preflight.cjs', 'local/start.ts', '--port', '0'];
    const parent = spawn('sh', ['-c', script, 'sh', ...command, '--data', data]);
    try {
      const [, pid] = /^pid (\d+)$/m.exec(await ready(parent))!;
      process.kill(Number(pid), 'SIGKILL');
      const next = start('--port', '0', '--data', data);
      await ready(next.child);
      expect(process.kill(Number(pid), 0)).toBe(true);
      next.child.kill('SIGKILL');
      await next.ended;
    } finally {
      parent.kill();
    }

    // where 0.1.0 looked for the process
    writeFileSync(join(data, 'server.pid'), String(process.pid));
    const last = start('--port', '0', '--data', data);
    await ready(last.child);
    last.child.kill('SIGTERM');
    expect(await last.ended).toEqual([0, null]);
  });

  test('reports a table that lacks an index', async () => {
    const emulator = await dynalite.start();
    const client = emulator.client();
    const { GlobalSecondaryIndexes = [], AttributeDefinitions = [], ...rest } = tableDefinition('latchkey');
    const older = {
      ...rest,
      GlobalSecondaryIndexes: GlobalSecondaryIndexes.filter(({ IndexName }) => IndexName !== 'byFiler'),
      AttributeDefinitions: AttributeDefinitions.filter(
        ({ AttributeName }) => AttributeName !== 'open' && AttributeName !== 'until',
      ),
    };
    await client.send(new CreateTableCommand(older));
    await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1 }, { TableName: 'latchkey' });
    const elsewhere = {
      AWS_ENDPOINT_URL_DYNAMODB: emulator.endpoint,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    };
    const { ended, errors } = startWith(elsewhere, '--port', '0');
    expect([await ended, await errors]).toEqual([
      [1, null],
      expect.stringContaining('created by another version of Latchkey and lacks the required index byFiler'),
    ]);
    client.destroy();
    await emulator.stop();
  });

  test('reports every error of a catalogue with its line', async () => {
    const faulty = join(folder, 'faulty.yml');
    writeFileSync(faulty, 'version: 2\naccounts: {}\nroles:\n  a:\n    account: nowhere\n');
    const { ended, errors } = start('--port', '0', '--catalogue', faulty);
    const lines = (await errors).trim().split('\n');
    expect(await ended).toEqual([1, null]);
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) expect(line).toMatch(/faulty\.yml:\d+:\d+ /);
  });

  test('shows the lint warnings of a catalogue, and starts', async () => {
    const doubtful = join(folder, 'doubtful.yml');
    writeFileSync(
      doubtful,
      readFileSync('access.yml', 'utf8').replace(
        '  developers: [idp-',
        '  platfrom: [idp-platform]\n  developers: [idp-',
      ),
    );
    const { child, ended, errors } = start('--port', '0', '--catalogue', doubtful);
    await ready(child);
    child.kill('SIGTERM');
    expect(await errors).toMatch(/^warning: \S+doubtful\.yml:\d+:\d+ .*did you mean "platform"\?/);
    expect(await ended).toEqual([0, null]);
  });

  test('--help shows the help and does not start', async () => {
    const { child, ended, errors } = start('--help');
    const [out, status] = await Promise.all([text(child.stdout), ended]);
    expect([out, await errors, status]).toEqual([
      expect.stringMatching(/^Usage: npm start[\s\S]*--port PORT/),
      '',
      [0, null],
    ]);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(84);
  });

  test.each([
    [['--port', 'x'], /port must be a number.*\nSee: npm start -- --help\n$/],
    [['--catalogue', 'docs'], /^docs is a folder/],
    [['--data', 'access.yml', '--port', '0'], /^access\.yml is a file\. --data requires a directory/],
    [['--nothing'], /--nothing/],
    [['--catalogue', 'nowhere.yml'], /File .*nowhere\.yml not found/],
  ])('%j', async (args, words) => {
    const { ended, errors } = start(...args);
    expect(await errors).toMatch(words);
    expect(await ended).toEqual([1, null]);
  });
});
