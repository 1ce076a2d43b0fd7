// Who a caller is, what they may request, and what the API says of itself; the refusals that every route has in common.
import { describe, expect, test } from '@jest/globals';
import { SECOND } from '../../lib/common/time.ts';
import type { MeView, RoleView } from '../../lib/http/answers.ts';
import type { HttpEvent } from '../../lib/http/http.ts';
import { problemTable } from '../../lib/model/problem-table.ts';
import { type CallName, call, claimsFor, filed, flattened, tokenOf, type Wish } from '../support/calls.ts';
import { fakeApp } from '../support/fake-app.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const me = (wish: Wish, app = fakeApp()) => call<MeView & { code: string; detail: string }>(app, 'me', wish);

describe('public routes', () => {
  test('healthz', async () => {
    const answer = await call(fakeApp(), 'health');
    expect(answer).toMatchObject({ status: 200, body: { status: 'ok', version: '0.0.0-test' } });
    expect(answer.headers).toEqual({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'strict-transport-security': 'max-age=63072000',
      'x-request-id': 'U4fxRgABDoEE001=',
    });
  });

  test('openapi.json', async () => {
    const { status, headers, body } = await call<{ openapi: string; paths: object }>(fakeApp(), 'openapi');
    expect([status, headers['content-type'], body.openapi]).toEqual([200, 'application/json', '3.1.0']);
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        '/healthz',
        '/v1/requests/{id}/decision',
        '/iam/v1/requests/{id}/credentials',
        '/decide/{token}',
      ]),
    );
  });
});

test.each([
  'health',
  'openapi',
  'discovery',
  'me',
  'listRoles',
  'listRequests',
  'readRequest',
  'showDecision',
] as const)('HEAD answers as GET does, without the body: %s', async (name) => {
  const app = fakeApp();
  const id = name === 'readRequest' ? (await filed(app)).id : undefined;
  const wish: Wish = id === undefined ? {} : { id };
  const { status, headers } = await call(app, name, wish);
  const asHead = (event: HttpEvent): void => {
    event.requestContext.http.method = 'HEAD';
    event.routeKey = event.routeKey.replace('GET', 'HEAD');
    event.requestContext.routeKey = event.routeKey;
  };
  const withoutNonce = (all: Record<string, string>) => JSON.stringify(all).replaceAll(/nonce-[\w-]+/g, '');
  const answer = await call(app, name, { ...wish, event: asHead });
  expect([answer.status, answer.text]).toEqual([status, '']);
  expect(withoutNonce(answer.headers)).toBe(withoutNonce(headers));
});

test('the document has what a client relies on: lengths, the closed list of codes, and what a replay answers', async () => {
  type Document = {
    paths: Record<string, { post: { responses: object } }>;
    components: { schemas: Record<string, { properties: Record<string, object> }> };
  };
  const { paths, components } = (await call<Document>(fakeApp(), 'openapi')).body;
  const { NewRequest, Decision, Problem } = components.schemas;
  expect(NewRequest).toMatchObject({
    properties: { reason: { maxLength: 1000 }, ticket: { maxLength: 200 }, scope: { type: 'object' } },
    additionalProperties: false,
  });
  expect(Decision?.properties.comment).toEqual({ type: 'string', maxLength: 1000, pattern: expect.any(String) });
  // what schema-valid calls must not be refused for
  const { pattern = '' } = Decision!.properties.comment as { pattern?: string };
  const texts = ['', 'a\r\nb\tc', '\u{1f511}', 'a\rb', 'a\u200bb', '\u202e', '\0'];
  expect(texts.map((text) => new RegExp(pattern, 'u').test(text))).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  const { duration, startsAt } = NewRequest!.properties as Record<string, { pattern?: string; format?: string }>;
  const durations = ['45m', 'PT1H30M', '1h0m', '', '0m', 'PT0S', 'P', '1h 5m'];
  expect(durations.map((text) => new RegExp(duration!.pattern!, 'u').test(text))).toEqual(
    durations.map((_, i) => i < 3),
  );
  expect(startsAt!.format).toBe('date-time');
  expect(Problem?.properties.code).toEqual({ type: 'string', enum: Object.keys(problemTable) });
  for (const path of ['/v1/requests', '/iam/v1/requests/{id}/extension'])
    expect(paths[path]?.post.responses).toMatchObject({
      200: { headers: { 'Idempotent-Replayed': {} } },
      201: { headers: { Location: {} } },
    });
});

test('the document says which parameters are required and what ids, chat users and comments look like', async () => {
  type Parameter = { name: string; required: boolean; schema: { pattern?: string } };
  type Shape = { properties: Record<string, { pattern: string }> };
  type Operation = {
    parameters: Parameter[];
    requestBody: { content: Record<'application/json', { schema: Shape }> };
  };
  type Document = {
    paths: Record<string, Record<'get' | 'post' | 'delete', Operation>>;
    components: { schemas: Record<string, Shape> };
  };
  const { paths, components } = (await call<Document>(fakeApp(), 'openapi')).body;
  const parameter = (path: string, method: 'get' | 'post' | 'delete', named: string) =>
    paths[path]![method].parameters.find(({ name }) => name === named)!;
  expect(parameter('/v1/identities', 'get', 'person').required).toBe(true);
  expect(parameter('/v1/requests', 'get', 'person').required).toBe(false);
  const accepted = ({ pattern }: { pattern?: string }, texts: string[]) =>
    texts.filter((text) => new RegExp(pattern!, 'u').test(text));
  const ids = ['48dx1f6p75a2ymqc90y5cebk1g', 'read', 'a'.repeat(64), ''];
  expect([
    accepted(parameter('/v1/requests/{id}', 'get', 'id').schema, ids),
    accepted(parameter('/v1/roles/{id}/console', 'post', 'id').schema, ids),
    accepted(parameter('/v1/identities/{id}', 'delete', 'id').schema, ids),
    accepted(parameter('/v1/blocks/{id}', 'delete', 'id').schema, ids),
  ]).toEqual([[ids[0]], ids.slice(0, 3), [ids[2]], [ids[0]]]);
  expect(
    accepted(components.schemas.NewRequest!.properties.onBehalfOf!, ['Dev@example.com', 'slack:U024BE7LH', 'x', 'a@']),
  ).toEqual(['Dev@example.com', 'slack:U024BE7LH']);
  const review = paths['/v1/requests/{id}/review']!.post.requestBody.content['application/json'].schema;
  expect(accepted(review.properties.comment!, ['All well', '\r\n\r\nx', '\r\n', ' ', ''])).toEqual([
    'All well',
    '\r\n\r\nx',
  ]);
});

describe('how to sign in here', () => {
  test('issuer, audience and scope, and nothing else of the configuration', async () => {
    const app = fakeApp();
    const { issuer, audience, scope } = app.identity;
    expect(await call(app, 'discovery')).toMatchObject({
      status: 200,
      body: {
        version: '0.0.0-test',
        issuer,
        audience,
        scope,
        signIn: { scope, offlineAccess: true, stepUp: { acr_values: 'mfa' } },
      },
    });
    expect(Object.keys((await call<object>(app, 'discovery')).body).sort()).toEqual([
      'audience',
      'issuer',
      'scope',
      'signIn',
      'version',
    ]);
  });

  test('the scope to ask for, where the issuer writes another one into the token', async () => {
    const app = fakeApp();
    const identity = { ...app.identity, scope: 'use', signIn: { ...app.identity.signIn, scope: 'api://latchkey/use' } };
    expect(await call({ ...app, identity }, 'discovery')).toMatchObject({
      body: { scope: 'use', signIn: { scope: 'api://latchkey/use' } },
    });
  });

  test('the client id of the command line where there is one', async () => {
    const app = fakeApp();
    const identity = { ...app.identity, clientId: 'cli-1', loginPorts: [8765] };
    expect(await call({ ...app, identity }, 'discovery')).toMatchObject({
      body: { clientId: 'cli-1', loginPorts: [8765] },
    });
  });
});

describe('an unknown route', () => {
  const at = (method: string, path: string): Wish => ({
    event: (event) => {
      event.rawPath = path;
      event.requestContext.http.method = method;
    },
  });

  test.each([
    ['PUT', '/v1/requests', 'POST, GET, HEAD'],
    ['PATCH', '/v1/requests/01jd0z9x4kq7m2v8r3c5t6w1ye', 'GET, HEAD'],
    ['DELETE', '/iam/v1/requests/01jd0z9x4kq7m2v8r3c5t6w1ye/end', 'POST'],
    ['GET', '/v1/requests/01jd0z9x4kq7m2v8r3c5t6w1ye/credentials', 'POST'],
    ['PUT', '/decide/x', 'GET, HEAD, OPTIONS, POST'],
    ['POST', '/healthz', 'GET, HEAD'],
  ])('%s %s: 405 with Allow', async (method, path, allow) => {
    expect(await call(fakeApp(), 'unknown', at(method, path))).toMatchObject({
      status: 405,
      headers: {
        allow,
        'cache-control': 'no-store',
        'content-type': 'application/problem+json',
        'x-request-id': expect.any(String),
      },
      body: { code: 'method-not-allowed' },
    });
  });

  test.each([
    '/',
    '/v1',
    '/v1/',
    '/v1/nothing',
    '/v2/requests',
    '/requests',
    '/v1/requests/',
    '/v1/requests//end',
    '/v1/requests/a/b',
    '/iam/v1/decide/x',
    '/decide/',
    '/v1/healthz',
  ])('%s: 404', async (path) => {
    const answer = await call(fakeApp(), 'unknown', at('GET', path));
    expect(answer).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect(answer.headers).not.toHaveProperty('allow');
  });
});

describe('me', () => {
  test('by token', async () => {
    expect((await call(fakeApp(), 'me')).body).toEqual({
      principal: 'https://issuer.example.com#00u1dev',
      email: dev,
      name: 'Dev',
      groups: ['developers'],
      via: 'oidc',
    });
  });

  test('by keys of an IAM user whom the catalogue knows', async () => {
    expect((await call(fakeApp(), 'me', { as: 'arn:aws:iam::222222222222:user/dev' })).body).toEqual({
      principal: 'arn:aws:iam::222222222222:user/dev',
      email: dev,
      name: 'Dev',
      groups: ['developers'],
      via: 'iam',
    });
  });

  test('by an assumed role, whatever its session is called', async () => {
    const body = {
      principal: 'arn:aws:iam::222222222222:role/asi-dev-server',
      email: null,
      name: 'asi-dev-server',
      groups: [],
      via: 'iam',
    };
    for (const session of ['i-0123456789abcdef0', 'lead@example.com']) {
      expect((await me({ as: `arn:aws:sts::222222222222:assumed-role/asi-dev-server/${session}` })).body).toEqual(body);
    }
  });

  const byToken = () => {
    const tokenGroups = { leads: ['idp-leads'], security: ['security'], x: ['x security'], a: ['a'], ab: ['a b'] };
    return fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, tokenGroups }) });
  };

  test('the groups are the catalogue’s and those that the token’s are mapped to, each as it is spelt', async () => {
    const groups = ['x security', 'idp-leads', 'leads', 'developers'];
    expect((await me({ as: dev, claims: { groups } }, byToken())).body.groups).toEqual(['developers', 'leads', 'x']);
  });

  test('one group as text is one group', async () => {
    const { body } = await me({ as: dev, claims: { groups: 'a b' } }, byToken());
    expect(body.groups).toEqual(['ab', 'developers']);
  });

  test('a nonce alone makes no ID token: some issuers write it into access tokens', async () => {
    expect(await me({ as: dev, claims: { nonce: 'n-1' } })).toMatchObject({ status: 200 });
  });

  test('an email address counts only when it is verified, in any case', async () => {
    expect((await me({ as: 'Dev@Example.com' })).body.email).toBe(dev);
    for (const email_verified of [false, 'false', undefined, 1])
      expect(await me({ as: dev, claims: { email_verified } })).toMatchObject({
        status: 401,
        body: { code: 'unauthenticated', detail: expect.stringContaining('"email_verified": true') },
      });
  });

  test('an ARN in place of an email address is not an identity', async () => {
    expect(await me({ as: dev, claims: { email: 'arn:aws:iam::222222222222:user/lead' } })).toMatchObject({
      status: 401,
      body: { detail: expect.stringContaining('"email" claim is not a valid email address') },
    });
  });
});

describe('roles', () => {
  const rolesOf = async (wish: Wish, app = fakeApp()) =>
    (await call<{ items: RoleView[] }>(app, 'listRoles', wish)).body.items;

  test('are those of the caller, with limits and approvers', async () => {
    const items = await rolesOf({ as: dev });
    expect(items.map(({ id }) => id)).toEqual(['read', 'write', 'play']);
    expect(items[1]).toEqual({
      id: 'write',
      description: 'Change one bucket',
      account: { id: '111111111111', name: 'Production', color: '#b91c1c' },
      arn: 'arn:aws:iam::111111111111:role/latchkey/write',
      risk: 'high',
      mfa: false,
      duration: { defaultSeconds: 3600, maxSeconds: 7200 },
      session: { maxSeconds: 3600 },
      schedule: { withinSeconds: 604800 },
      reason: { minLength: 10 },
      ticket: { pattern: '^OPS-[0-9]+$', required: true },
      approval: {
        automatic: false,
        decideWithinSeconds: 3600,
        stages: [
          { need: 2, approvers: ['Lead', 'Second Lead'] },
          { need: 1, approvers: ['Security'] },
        ],
      },
    });
  });

  test.each([
    ['a stranger', 'stranger@example.com', ['play']],
    ['who is denied', 'contractor@example.com', []],
    ['a bot', 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops', ['read']],
    ['an approver who requests nothing', 'second-lead@example.com', ['play']],
  ])('%s', async (_name, as, expected) => {
    expect((await rolesOf({ as })).map(({ id }) => id)).toEqual(expected);
  });

  test('external ids are nobody’s business', async () => {
    expect((await call(fakeApp(), 'listRoles', { as: dev })).text).not.toMatch(/lk-9f2c|lk-1b2c/);
  });

  test('a group of the token opens its roles where it is mapped', async () => {
    const tokenGroups = { developers: ['idp-developers'], new: ['idp-new'] };
    const mapped = { ...smallCatalogueFile, tokenGroups };
    const of = async (groups: string[], file: unknown) =>
      (await rolesOf({ as: 'new@example.com', claims: { groups } }, fakeApp({ catalogue: catalogueOf(file) }))).map(
        ({ id }) => id,
      );
    expect(await of(['developers', 'leads'], smallCatalogueFile)).toEqual(['play']);
    expect(await of(['developers'], mapped)).toEqual(['play']);
    expect(await of(['idp-developers'], mapped)).toEqual(['read', 'write', 'play']);
    const denied = {
      ...mapped,
      roles: { ...smallCatalogueFile.roles, read: { ...smallCatalogueFile.roles.read, deny: ['group:new'] } },
    };
    expect(await of(['idp-developers', 'idp-new'], denied)).toEqual(['write', 'play']);
  });
});

describe('a token', () => {
  const now = start / SECOND;
  test.each<[string, Record<string, unknown>]>([
    ['of another issuer', { iss: 'https://issuer.example.com/' }],
    ['for another audience', { aud: 'another-api' }],
    ['for no audience', { aud: undefined }],
    ['without the scope', { scope: 'openid profile' }],
    ['with a scope that only contains the name', { scope: 'latchkey2 not-latchkey' }],
    ['without any scope', { scope: undefined }],
    ['that has expired', { exp: now }],
    ['without an end', { exp: undefined }],
    ['with an end that is text', { exp: `${now + 3600}` }],
    ['that is not valid yet', { nbf: now + 120 }],
    ['without a subject', { sub: undefined }],
    ['with an empty subject', { sub: '' }],
    ['with a subject of 256 characters', { sub: 'x'.repeat(256) }],
    ['that is an ID token, by its use', { token_use: 'id' }],
    ['that is an ID token, by its type', { typ: 'ID' }],
    ['that is an ID token, by its at_hash', { at_hash: 'x' }],
  ])('%s is refused', async (_name, claims) => {
    const answer = await me({ as: dev, claims: { nonce: 'n-1', ...claims } });
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': expect.stringMatching(/^Bearer /) },
      body: { code: 'unauthenticated' },
    });
  });

  test.each<[string, Record<string, unknown>]>([
    ['for several audiences', { aud: ['another', 'latchkey'] }],
    ['for a client', { aud: undefined, client_id: 'latchkey' }],
    ['with its scope as a list', { scope: undefined, scp: ['openid', 'latchkey'] }],
    ['of a clock a little ahead', { nbf: now + 30 }],
    ['that says it is an access token', { token_use: 'access' }],
  ])('%s is taken', async (_name, claims) => {
    expect(await me({ as: dev, claims })).toMatchObject({ status: 200 });
  });

  test.each<[string, Wish]>([
    ['nothing at all', { as: 'nobody' }],
    ['a token without what the gateway found in it', { event: (event) => void delete event.requestContext.authorizer }],
    ['a header that is no bearer token', { headers: { authorization: 'Basic eDp5' } }],
    ['no header', { headers: { authorization: undefined } }],
    ['another person’s token', { headers: { authorization: `Bearer ${tokenOf(claimsFor('lead@example.com'))}` } }],
    ['a payload that is no JSON', { headers: { authorization: 'Bearer aaaa.bbbb.cccc' } }],
    [
      'a payload that is no object',
      { headers: { authorization: `Bearer aaaa.${Buffer.from('[1]').toString('base64url')}.cccc` } },
    ],
    [
      'keys on the mount for tokens',
      {
        event: (event) =>
          Object.assign(event.requestContext, {
            authorizer: { iam: { userArn: 'arn:aws:iam::222222222222:user/dev' } },
          }),
      },
    ],
  ])('%s is refused', async (_name, wish) => {
    expect(await me(wish)).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="latchkey", error="invalid_token"' },
      body: { code: 'unauthenticated' },
    });
  });

  test.each(['iss', 'sub', 'exp'])('%s that brings a toString of its own', async (name) => {
    const claims = JSON.parse(`{"${name}":{"toString":1}}`);
    const event: Wish['event'] = ({ requestContext }) => {
      requestContext.authorizer!.jwt!.claims[name] = '{"toString":1}';
    };
    const payload = { ...claimsFor('dev@example.com'), ...claims };
    const headers = { authorization: `Bearer ${tokenOf(payload)}` };
    expect(await call(fakeApp(), 'me', { as: 'dev@example.com', headers, event })).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
  });

  test('no detail repeats the token', async () => {
    const claims = claimsFor(dev, { iss: 'https://canary.example.com' });
    const answer = await me({
      headers: { authorization: `Bearer ${tokenOf(claims)}` },
      event: (event) => Object.assign(event.requestContext, { authorizer: { jwt: { claims: flattened(claims) } } }),
    });
    expect(answer.status).toBe(401);
    expect(answer.text).not.toMatch(/canary|sub-dev/);
  });
});

describe('a signature', () => {
  test.each([
    ['root', 'arn:aws:iam::222222222222:root'],
    ['a federated user', 'arn:aws:sts::222222222222:federated-user/lead'],
    ['what is no ARN', 'arn:somebody'],
    ['an assumed role without a session', 'arn:aws:sts::222222222222:assumed-role/asi-dev-server'],
    ['a user of a bare name', 'arn:aws:iam::222222222222:user/'],
  ])('of %s is refused', async (_name, as) => {
    expect(await me({ as })).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'AWS4-HMAC-SHA256' },
      body: { code: 'unauthenticated' },
    });
  });

  test.each<[string, object]>([
    ['whose account is another', { accountId: '333333333333' }],
    ['of a role whose caller id is a user’s', { callerId: 'AIDAEXAMPLE000000000' }],
    ['of a role whose caller id is another session’s', { callerId: 'AROAEXAMPLE000000000:somebody' }],
    ['of a role without a caller id', { callerId: undefined }],
  ])('%s is refused', async (_name, change) => {
    const wish: Wish = {
      as: 'arn:aws:sts::222222222222:assumed-role/asi-dev-server/i-0',
      event: (event) => Object.assign(event.requestContext.authorizer!.iam!, change),
    };
    expect(await me(wish)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  });

  test('a token on the mount for signatures is refused', async () => {
    const toIam: Wish['event'] = (event) => {
      event.rawPath = '/iam/v1/me';
      event.requestContext.routeKey = 'GET /iam/v1/me';
    };
    expect(await me({ as: dev, event: toIam })).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'AWS4-HMAC-SHA256' },
    });
  });
});

test.each<CallName>([
  'me',
  'listRoles',
  'createRequest',
  'dryRun',
  'listRequests',
  'readRequest',
  'decideRequest',
  'endRequest',
  'issueCredentials',
  'issueConsole',
  'issueRoleCredentials',
  'issueRoleConsole',
])('%s needs a caller, and touches nothing without one', async (name) => {
  const app = fakeApp();
  expect(await call(app, name, { as: 'nobody' })).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  expect(app.steps).toEqual([]);
});
