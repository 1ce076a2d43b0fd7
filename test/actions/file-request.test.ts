// Filing through the handler: what is stored, what is refused and with which code, replays, dry runs, bots.
import { describe, expect, test } from '@jest/globals';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { type Answer, approvedBy, call, filed, granted, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { interleaved } from '../support/gates.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops';
const read = { role: 'read', reason: 'Look at the failing nightly export' };

type Problem = Answer<{ code: string; detail: string; errors?: Array<{ pointer: string; detail: string }> }>;
const file = (app: FakeApp, body: unknown, wish: Wish = {}): Promise<Problem> =>
  call(app, 'createRequest', { as: dev, body, ...wish, headers: { 'idempotency-key': undefined, ...wish.headers } });
const explain = (app: FakeApp, body: unknown, wish: Wish = {}) =>
  call<{ outcome: string; checks: Array<{ check: string; passed: boolean }> } & Problem['body']>(app, 'dryRun', {
    as: dev,
    body,
    ...wish,
  });

/** The small catalogue with some of a role's rule changed. */
const withRole = (id: keyof typeof smallCatalogueFile.roles, change: object, more: object = {}) =>
  catalogueOf({
    ...smallCatalogueFile,
    roles: { ...smallCatalogueFile.roles, [id]: { ...smallCatalogueFile.roles[id], ...change } },
    ...more,
  });

describe('filing', () => {
  test('answers 201 with the request, where it is, and who may decide it', async () => {
    const app = fakeApp();
    const answer = await call<RequestView>(app, 'createRequest');
    expect(answer.status).toBe(201);
    expect(answer.headers).toEqual({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'strict-transport-security': 'max-age=63072000',
      'x-request-id': expect.stringMatching(/./),
      location: `/v1/requests/${answer.body.id}`,
    });
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-z]{26}$/),
      version: 1,
      status: 'pending',
      role: {
        id: 'read',
        description: 'Read one bucket',
        account: { id: '111111111111', name: 'Production', color: '#b91c1c' },
        arn: 'arn:aws:iam::111111111111:role/latchkey/read',
      },
      requester: { principal: 'https://issuer.example.com#00u1dev', email: dev, name: 'Dev' },
      reason: read.reason,
      durationSeconds: 3600,
      createdAt: '2026-11-22T10:00:00Z',
      decideBy: '2026-11-22T18:00:00Z',
      approval: { automatic: false, stages: [{ need: 1, approvers: ['Lead', 'Second Lead'], decisions: [] }] },
      sessions: [],
      history: [{ seq: 1, at: '2026-11-22T10:00:00Z', type: 'filed', actor: dev, person: dev, via: 'oidc' }],
    });
    expect([...app.store.requests.keys()]).toEqual([answer.body.id]);
    expect(app.lines.map(({ code }) => code)).toEqual(['security-event', 'call-answered']);
    expect(app.lines[1]!.fields).toMatchObject({
      route: 'POST /v1/requests',
      status: 201,
      call: answer.headers['x-request-id'],
    });
  });

  test('the same route by SigV4 is the same person by another principal, below the other mount', async () => {
    const app = fakeApp();
    const answer = await call<RequestView>(app, 'createRequest', { as: 'arn:aws:iam::222222222222:user/dev' });
    expect(answer).toMatchObject({
      status: 201,
      headers: { location: `/iam/v1/requests/${answer.body.id}` },
      body: { requester: { principal: 'arn:aws:iam::222222222222:user/dev', email: dev, name: 'Dev' } },
    });
  });

  test('an auto-approved request is active immediately', async () => {
    const app = fakeApp();
    const request = await filed(app, { role: 'play', duration: 'PT90M' });
    expect(request).toMatchObject({
      version: 2,
      status: 'active',
      startsAt: '2026-11-22T10:00:00Z',
      endsAt: '2026-11-22T11:30:00Z',
      approval: { automatic: true, stages: [] },
      history: [{ type: 'filed' }, { type: 'approved', actor: 'latchkey', via: 'catalogue' }],
    });
  });

  test.each([
    ['45m', 2700],
    ['2h', 7200],
    ['1h30m', 5400],
    ['PT1H30M', 5400],
  ])('a duration of %s', async (duration, durationSeconds) => {
    expect(await filed(fakeApp(), { duration })).toMatchObject({ durationSeconds });
  });

  test('a ticket is kept, line breaks of a form are one character, and text is in one form', async () => {
    const request = await filed(fakeApp(), { role: 'write', ticket: 'OPS-7', reason: 'first line\r\nse\u0301cond' });
    expect(request).toMatchObject({ ticket: 'OPS-7', reason: 'first line\nsécond' });
  });

  test('a character is one however many units it takes', async () => {
    expect(await filed(fakeApp(), { reason: '🔑'.repeat(1000) })).toMatchObject({ status: 'pending' });
    expect(await file(fakeApp(), { ...read, reason: '🔑'.repeat(1001) })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/reason' }] },
    });
  });

  test.each(['2026-11-22T12:00:00.123456Z', '2026-11-22t12:00:00z', '2026-11-22T13:00:00.5+01:00'])(
    'a start at %s',
    async (startsAt) => {
      expect(await filed(fakeApp(), { startsAt })).toMatchObject({ startsAt: '2026-11-22T12:00:00Z' });
    },
  );
});

describe('a malformed call', () => {
  test.each<[string, unknown, string[]]>([
    ['nothing that is needed', {}, ['/role', '/reason']],
    [
      'every fault is named',
      { role: 5, reason: null, duration: 'soon', ticket: [], onBehalfOf: 'x' },
      ['/role', '/reason', '/duration', '/ticket', '/onBehalfOf'],
    ],
    [
      'unknown fields, all of them',
      { ...read, arn: 'x', 'a/b~c': 1, constructor: 1 },
      ['/arn', '/a~1b~0c', '/constructor'],
    ],
    ['a start and a scope that are none', { ...read, startsAt: 'x', scope: { a: 1 } }, ['/startsAt', '/scope/a']],
    ['a duration of nothing', { ...read, duration: '0m' }, ['/duration']],
    ['a number for a duration', { ...read, duration: 3600 }, ['/duration']],
    ['an ARN for a role', { ...read, role: 'arn:aws:iam::111111111111:role/Admin' }, ['/role']],
    ['a reason of 1,001 characters', { ...read, reason: 'x'.repeat(1001) }, ['/reason']],
    ['writing from right to left in a reason', { ...read, reason: 'for \u202Egnp.exe' }, ['/reason']],
    ['an escape sequence in a reason', { ...read, reason: 'red \u001b[31m' }, ['/reason']],
    ['a line break in a ticket', { ...read, ticket: 'OPS-1\nBcc: x' }, ['/ticket']],
    ['onBehalfOf from a human', { ...read, onBehalfOf: dev }, ['/onBehalfOf']],
    ['a list', [], ['']],
    ['a list for a scope', { ...read, scope: ['asi-production-bucket'] }, ['/scope']],
    [
      'a name in a scope that objects have anyway',
      JSON.parse('{"role":"read","reason":"Look at it","scope":{"__proto__":"x"}}'),
      ['/scope/__proto__'],
    ],
    ['a day that no month has', { ...read, startsAt: '2026-11-31T10:00:00Z' }, ['/startsAt']],
    ['an hour that no day has', { ...read, startsAt: '2026-11-23T24:00:00Z' }, ['/startsAt']],
    ['a text', 'read', ['']],
    ['null', JSON.parse('null'), ['']],
    ['a member that is there twice', Buffer.from('{"role":"read","reason":"Look at it","role":"read"}'), ['/role']],
    [
      'members that are there twice once their escapes are read, wherever they are',
      Buffer.from(
        '{"role":"read","reason":"\\"{,","scope":{"a/b":"x","a\\u002fb":"y"},"rol\\u0065":["",{},{"c":1,"c":{}}]}',
      ),
      ['/role', '/role/2/c', '/scope/a~1b'],
    ],
  ])('%s', async (_name, body, pointers) => {
    const app = fakeApp();
    const answer = await file(app, body === null ? Buffer.from('null') : body);
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body.code).toBe('invalid-request');
    expect(answer.body.errors?.map(({ pointer }) => pointer).sort()).toEqual(pointers.sort());
    expect(app.store.requests.size).toBe(0);
  });

  test.each<[string, Wish, number, string]>([
    ['malformed JSON', { body: Buffer.from('{"role":') }, 400, 'invalid-request'],
    ['no body', { body: null }, 400, 'invalid-request'],
    ['bytes that are no UTF-8', { body: Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d]) }, 400, 'invalid-request'],
    ['a body over 16 KiB', { body: { ...read, reason: 'x'.repeat(16 * 1024) } }, 413, 'too-large'],
    ['a base64 body over 16 KiB', { body: Buffer.alloc(16 * 1024 + 1, ' ') }, 413, 'too-large'],
    ['a compressed body', { headers: { 'content-encoding': 'gzip' } }, 415, 'unsupported-media-type'],
    ['another content type', { headers: { 'content-type': 'text/plain' } }, 415, 'unsupported-media-type'],
    ['no content type', { headers: { 'content-type': undefined } }, 415, 'unsupported-media-type'],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'unsupported-media-type'],
    ['dryRun neither true nor false', { query: { dryRun: 'yes' } }, 400, 'invalid-request'],
    ['an unknown query parameter', { query: { dry_run: 'true' } }, 400, 'invalid-request'],
    ['an empty Idempotency-Key', { headers: { 'idempotency-key': '' } }, 400, 'invalid-request'],
    [
      'an Idempotency-Key of 256 characters',
      { headers: { 'idempotency-key': 'k'.repeat(256) } },
      400,
      'invalid-request',
    ],
    ['an Idempotency-Key that is not ASCII', { headers: { 'idempotency-key': 'schlüssel' } }, 400, 'invalid-request'],
  ])('%s', async (_name, wish, status, code) => {
    const app = fakeApp();
    expect(await call(app, 'createRequest', wish)).toMatchObject({ status, body: { code, status } });
    expect(app.store.requests.size).toBe(0);
  });

  test('a character that nobody can see is named', async () => {
    const answer = await file(fakeApp(), { ...read, reason: 'pasted\u200b text' });
    expect(answer.body.errors).toEqual([
      { pointer: '/reason', detail: 'must not contain control or formatting characters such as U+200B' },
    ]);
  });

  test('a body of exactly 16 KiB and a content type with a character set are fine', async () => {
    const json = JSON.stringify(read);
    const body = Buffer.from(json.padEnd(16 * 1024));
    expect(
      await file(fakeApp(), body, { headers: { 'content-type': 'Application/JSON; charset=utf-8' } }),
    ).toMatchObject({ status: 201 });
  });

  test('who calls is judged before what they sent', async () => {
    expect(await file(fakeApp(), '{', { as: 'nobody' })).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    });
  });
});

describe('what the catalogue says', () => {
  test.each<[string, unknown]>([
    ['a role that does not exist', { ...read, role: 'nothing' }],
    ['a role of a name that objects have anyway', { ...read, role: 'constructor' }],
  ])('%s is not found', async (_name, body) => {
    expect(await file(fakeApp(), body)).toMatchObject({ status: 404, body: { code: 'role-not-found' } });
  });

  test('a forbidden role answers as one that does not exist', async () => {
    const app = fakeApp();
    const forbidden = await file(app, read, { as: 'stranger@example.com' });
    const unknown = await file(app, { ...read, role: 'none' }, { as: 'stranger@example.com' });
    expect(forbidden.status).toBe(404);
    expect(forbidden.body.detail.replace('"read"', '"none"')).toBe(unknown.body.detail);
    expect(Object.keys(forbidden.body)).toEqual(Object.keys(unknown.body));
  });

  test('a deny beats everyone', async () => {
    expect(await file(fakeApp(), { ...read, role: 'play' }, { as: 'contractor@example.com' })).toMatchObject({
      status: 404,
      body: { code: 'role-not-found' },
    });
  });

  test('every failed check of the policy comes at once', async () => {
    const app = fakeApp();
    const answer = await file(app, { role: 'write', reason: 'short', ticket: 'JIRA-1', duration: '3h' });
    expect(answer).toMatchObject({ status: 422, body: { code: 'refused-by-policy' } });
    expect(answer.body.errors?.map(({ pointer }) => pointer)).toEqual(['/duration', '/reason', '/ticket']);
    expect(app.store.requests.size).toBe(0);
  });

  test.each<[string, object, string]>([
    ['a missing ticket', { reason: 'Long enough reason' }, '/ticket'],
    ['a duration below a minute', { reason: 'Long enough reason', ticket: 'OPS-1', duration: '59s' }, '/duration'],
    ['a reason of blanks', { reason: ' '.repeat(40), ticket: 'OPS-1' }, '/reason'],
  ])('%s', async (_name, body, pointer) => {
    expect(await file(fakeApp(), { role: 'write', ...body })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer }] },
    });
  });

  test('a role with MFA: refused without, also for keys, filed with it', async () => {
    const app = fakeApp({ catalogue: withRole('read', { mfa: true }) });
    expect(await file(app, read)).toMatchObject({ status: 403, body: { code: 'needs-mfa' } });
    expect(await file(app, read, { as: 'arn:aws:iam::222222222222:user/dev' })).toMatchObject({
      status: 403,
      body: { code: 'needs-mfa' },
    });
    expect(await file(app, read, { claims: { amr: ['pwd', 'mfa'] } })).toMatchObject({ status: 201 });
  });

  test('nobody but the requester could approve', async () => {
    const app = fakeApp({ catalogue: withRole('read', { approval: { stages: [{ approvers: [dev] }] } }) });
    expect(await file(app, read)).toMatchObject({ status: 409, body: { code: 'no-approver' } });
  });

  test('a second identity of the requester does not make an approver', async () => {
    const approvers = ['arn:aws:iam::222222222222:user/dev', dev];
    const app = fakeApp({ catalogue: withRole('read', { approval: { stages: [{ approvers }] } }) });
    expect(await file(app, read)).toMatchObject({ status: 409, body: { code: 'no-approver' } });
  });

  test.each(['pending', 'active'])(
    'a second request while one is %s overlaps, whichever principal files it',
    async (state) => {
      const app = fakeApp();
      const first = state === 'pending' ? await filed(app) : await granted(app);
      const answer = await file(app, read, { as: 'arn:aws:iam::222222222222:user/dev' });
      expect(answer).toMatchObject({
        status: 409,
        body: { code: 'overlap', detail: expect.stringContaining(first.id) },
      });
      expect(await file(app, { ...read, role: 'play' })).toMatchObject({ status: 201 });
      expect(await file(app, read, { as: 'lead@example.com' })).toMatchObject({ status: 201 });
    },
  );

  test('nothing overlaps once the first has lapsed or ended, although no sweep ran', async () => {
    const app = fakeApp();
    await filed(app);
    app.now = start + 8 * HOUR;
    const second = await filed(app);
    await approvedBy(app, second.id, 'lead@example.com');
    app.now += HOUR;
    expect(await file(app, read)).toMatchObject({ status: 201 });
  });

  test('too many open requests say when to come back', async () => {
    const app = fakeApp({ catalogue: withRole('read', {}, { limits: { openRequests: 1 } }) });
    await filed(app, { role: 'play', duration: '30m' });
    app.now += 10 * MINUTE;
    const answer = await file(app, read);
    expect(answer).toMatchObject({ status: 429, headers: { 'retry-after': '1200' }, body: { code: 'too-many-open' } });
    app.now += 20 * MINUTE;
    expect(await file(app, read)).toMatchObject({ status: 201 });
  });
});

describe('Idempotency-Key', () => {
  const keyed = (app: FakeApp, body: unknown = read, wish: Wish = {}) =>
    file(app, body, { ...wish, headers: { 'idempotency-key': 'k-1' } });

  test('the same key and body answer the request as it is now', async () => {
    const app = fakeApp();
    const first = (await keyed(app)) as unknown as Answer<RequestView>;
    await approvedBy(app, first.body.id, 'lead@example.com');
    const again = await keyed(app, { reason: read.reason, role: read.role });
    expect(again).toMatchObject({
      status: 200,
      headers: { 'idempotent-replayed': 'true', location: `/v1/requests/${first.body.id}` },
      body: { id: first.body.id, status: 'active', version: 2 },
    });
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    app.now += 2 * HOUR;
    expect(await keyed(app)).toMatchObject({ status: 200, body: { id: first.body.id, status: 'ended' } });
    expect(app.store.requests.size).toBe(1);
  });

  test('another body is a mismatch', async () => {
    const app = fakeApp();
    await keyed(app);
    expect(await keyed(app, { ...read, duration: '2h' })).toMatchObject({
      status: 422,
      body: { code: 'idempotency-mismatch' },
    });
  });

  test('a key is the caller’s own', async () => {
    const app = fakeApp();
    await keyed(app);
    expect(await keyed(app, read, { as: 'lead@example.com' })).toMatchObject({ status: 201 });
  });

  test('a refused filing and a dry run leave the key free', async () => {
    const app = fakeApp();
    expect(await keyed(app, { ...read, duration: '9h' })).toMatchObject({ status: 422 });
    expect(await explain(app, read, { headers: { 'idempotency-key': 'k-1' } })).toMatchObject({ status: 200 });
    expect(await keyed(app)).toMatchObject({ status: 201 });
  });

  test('two calls at once file one request', async () => {
    const app = fakeApp();
    const answers = await Promise.all([keyed(app), keyed(app)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 201]);
    expect(app.store.requests.size).toBe(1);
  });

  test('in whatever order the reads and writes of two calls come, one is the replay of the other', async () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const app = fakeApp({ gate: interleaved(seed) });
      const answers = await Promise.all([keyed(app), keyed(app)]);
      expect([seed, answers.map(({ status }) => status).sort()]).toEqual([seed, [200, 201]]);
    }
  });
});

describe('a dry run', () => {
  test.each<[string, object, string, string[]]>([
    ['needs approval', read, 'needs-approval', []],
    ['is automatic', { ...read, role: 'play' }, 'automatic', []],
    ['is refused, and says every check', { role: 'write', reason: 'short' }, 'refused', ['reason', 'ticket']],
  ])('%s', async (_name, body, outcome, failed) => {
    const app = fakeApp();
    const answer = await explain(app, body);
    expect(answer).toMatchObject({ status: 200, body: { outcome } });
    expect(answer.body.checks.flatMap(({ check, passed }) => (passed ? [] : [check]))).toEqual(failed);
    expect(answer.headers).not.toHaveProperty('location');
    expect([app.store.requests.size, app.store.changes.length]).toEqual([0, 0]);
  });

  test('shows role, duration and stages', async () => {
    expect(
      await explain(fakeApp(), { role: 'write', reason: 'Long enough reason', ticket: 'OPS-1', duration: '90m' }),
    ).toMatchObject({
      body: {
        role: { id: 'write', account: { id: '111111111111' } },
        durationSeconds: 5400,
        stages: [
          { need: 2, approvers: ['Lead', 'Second Lead'] },
          { need: 1, approvers: ['Security'] },
        ],
      },
    });
  });

  test('sees what is open', async () => {
    const app = fakeApp();
    await filed(app);
    expect(await explain(app, read)).toMatchObject({ status: 200, body: { outcome: 'refused' } });
  });

  test('of a role that is not the caller’s is not found, like filing', async () => {
    expect(await explain(fakeApp(), read, { as: 'stranger@example.com' })).toMatchObject({
      status: 404,
      body: { code: 'role-not-found' },
    });
  });

  test('dryRun=false files', async () => {
    expect(await call(fakeApp(), 'createRequest', { query: { dryRun: 'false' } })).toMatchObject({ status: 201 });
  });
});

describe('a bot', () => {
  const forDev = { ...read, onBehalfOf: 'Dev@Example.com' };

  test('files for a person, who is the requester', async () => {
    const app = fakeApp();
    const answer = await file(app, forDev, { as: bot });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        requester: { principal: dev, email: dev, name: 'Dev' },
        filedBy: { principal: 'arn:aws:iam::999999999999:role/chatops-bot' },
        history: [{ actor: 'arn:aws:iam::999999999999:role/chatops-bot', via: 'iam' }],
      },
    });
    expect(await file(app, read)).toMatchObject({ status: 409, body: { code: 'overlap' } });
  });

  test.each<[string, object, number, string]>([
    ['must say for whom', read, 400, 'invalid-request'],
    ['not for a person outside its `for`', { ...read, onBehalfOf: 'second-lead@example.com' }, 403, 'not-allowed'],
    [
      'not for somebody whom the role denies or does not name',
      { ...read, onBehalfOf: 'stranger@example.com' },
      403,
      'not-allowed',
    ],
    ['no role outside its own', { ...forDev, role: 'play' }, 404, 'role-not-found'],
    ['no role that does not exist', { ...forDev, role: 'none' }, 404, 'role-not-found'],
  ])('%s', async (_name, body, status, code) => {
    const app = fakeApp();
    expect(await file(app, body, { as: bot })).toMatchObject({ status, body: { code } });
    expect(await explain(app, body, { as: bot })).toMatchObject({ status, body: { code } });
    expect(app.store.requests.size).toBe(0);
  });

  test('the role itself decides whether the person may have it', async () => {
    const app = fakeApp({ catalogue: withRole('read', { deny: [dev] }) });
    expect(await file(app, forDev, { as: bot })).toMatchObject({ status: 404, body: { code: 'role-not-found' } });
  });
});

describe('errors', () => {
  test('of the store are a 500 that says nothing of what is inside', async () => {
    const app = fakeApp({
      gate: (step) =>
        step.name === 'store.create'
          ? Promise.reject(new TypeError('table latchkey-prod\n    at secret (x.ts:1:1)'))
          : undefined,
    });
    const answer = await file(app, read);
    expect(answer).toMatchObject({ status: 500, headers: { 'cache-control': 'no-store' } });
    const call = answer.headers['x-request-id'];
    expect(answer.body).toEqual({
      type: 'urn:latchkey:problem:internal',
      title: 'Internal error',
      status: 500,
      detail: `Internal error. If the problem persists, report call ${call}.`,
      instance: `urn:latchkey:call:${call}`,
      code: 'internal',
    });
    expect(app.lines).toMatchObject([
      {
        code: 'call-failed',
        fields: { error: 'TypeError', frames: expect.any(String), status: 500, problem: 'internal', call },
      },
    ]);
    expect(JSON.stringify(app.lines)).not.toMatch(/latchkey-prod|secret/);
  });

  test('that pass are a 503 with Retry-After', async () => {
    const { Problem: Refusal } = await import('../../lib/model/problem.ts');
    const busy = new Refusal('try-again', 'The database is busy.', { retryAfterSeconds: 2 });
    const app = fakeApp({ gate: (step) => (step.name === 'store.requestsOf' ? Promise.reject(busy) : undefined) });
    expect(await file(app, read)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
      body: { code: 'try-again' },
    });
  });
});
