// Vending through the handler: to whom, how long, by which catalogue; session and credentials appear together or not at all.
import { describe, expect, test } from '@jest/globals';
import type { SessionCredentials } from '../../lib/app.ts';
import { HOUR, MINUTE, SECOND, toInstant } from '../../lib/common/time.ts';
import type { ConsoleView, CredentialsView, RequestView } from '../../lib/http/answers.ts';
import { Problem } from '../../lib/model/problem.ts';
import { type Answer, approvedBy, call, filed, granted, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp, type Gate } from '../support/fake-app.ts';
import { requestId, start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const lead = 'lead@example.com';
const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops';
const { roles } = smallCatalogueFile;

type Refusal = { code: string; detail: string; request?: RequestView };
const keys = (
  app: FakeApp,
  id: string,
  body: object = {},
  wish: Wish = {},
): Promise<Answer<CredentialsView & Refusal>> => call(app, 'issueCredentials', { as: dev, id, body, ...wish });
const openConsole = (
  app: FakeApp,
  id: string,
  body: object = {},
  wish: Wish = {},
): Promise<Answer<ConsoleView & Refusal>> => call(app, 'issueConsole', { as: dev, id, body, ...wish });

/** The small catalogue with the rule of the role `read` changed, and with changed accounts. */
const readWith = (change: object, account: Record<string, unknown> = {}) =>
  catalogueOf({
    ...smallCatalogueFile,
    accounts: {
      production: { ...smallCatalogueFile.accounts.production, ...account },
      // a catalogue has accounts of one partition
      sandbox: { ...smallCatalogueFile.accounts.sandbox, partition: account.partition },
    },
    roles: { ...roles, read: { ...roles.read, ...change } },
  });

/** Nothing was handed out: no session is on record, and no secret is anywhere in the answer or the log. */
function expectNothing(app: FakeApp, id: string, answer: Answer): void {
  expect(app.store.requests.get(id)).toMatchObject({ sessions: [], vended: 0 });
  expect(answer.text + JSON.stringify(answer.headers) + JSON.stringify(app.lines)).not.toMatch(/canary|ASIA/);
}

describe('credentials', () => {
  test('are the credential_process document, on record, and nowhere else', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    const answer = await keys(app, id, undefined, { body: null, headers: { 'content-type': undefined } });
    const [issued] = app.sts.issued;
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store', 'content-type': 'application/json' },
    });
    expect(answer.body).toEqual({
      Version: 1,
      AccessKeyId: issued!.accessKeyId,
      SecretAccessKey: issued!.secretAccessKey,
      SessionToken: issued!.sessionToken,
      Expiration: '2026-11-22T11:00:00Z',
      AccountId: '111111111111',
      RequestId: id,
      GrantEndsAt: '2026-11-22T11:00:00Z',
      LimitedBy: 'grant-end',
    });
    const stored = app.store.requests.get(id)!;
    expect(stored.sessions).toEqual([
      {
        kind: 'keys',
        accessKeyId: issued!.accessKeyId,
        sessionName: app.sts.assumed[0]!.RoleSessionName,
        issuedAt: start,
        expiresAt: start + HOUR,
      },
    ]);
    expect(stored.history.at(-1)).toMatchObject({ seq: 3, type: 'vended', actor: dev });
    expect(
      JSON.stringify([[...app.store.requests.values()], [...app.store.messages.values()], app.lines]),
    ).not.toContain('canary');
  });

  test('are asked of STS for this person, this grant and no longer', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    await keys(app, id);
    const [input] = app.sts.assumed;
    expect(input).toEqual({
      RoleArn: 'arn:aws:iam::111111111111:role/latchkey/read',
      RoleSessionName: expect.stringMatching(/^lk-[\w-]{22}-dev@example\.com$/),
      DurationSeconds: 3600,
      ExternalId: 'lk-9f2c6c1e4b7a4d5f8a3e',
      SourceIdentity: dev,
      Policy: expect.any(String),
      Tags: [
        { Key: 'latchkey-request', Value: id },
        { Key: 'latchkey-requester', Value: dev },
      ],
    });
    expect(JSON.parse(input!.Policy)).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        {
          Sid: 'EndsWithTheGrant',
          Effect: 'Deny',
          Action: '*',
          Resource: '*',
          Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': '2026-11-22T11:00:00Z' } },
        },
      ],
    });
  });

  test('come again and again, each with a name of its own', async () => {
    const app = fakeApp();
    const { id } = await granted(app, { duration: '8h' });
    for (let i = 0; i < 14; i += 1) {
      expect(await keys(app, id)).toMatchObject({ status: 200 });
      app.now += 10 * MINUTE;
    }
    expect(new Set(app.sts.assumed.map(({ RoleSessionName }) => RoleSessionName)).size).toBe(14);
    expect(app.store.requests.get(id)).toMatchObject({ vended: 14, sessions: { length: 12 }, version: 16 });
  });

  test('a person who does not fit STS’s characters keeps a readable part and a digest', async () => {
    const app = fakeApp({ catalogue: readWith({ requesters: ['everyone'] }) });
    const as = 'arn:aws:sts::222222222222:assumed-role/asi-dev-server/i-0123456789abcdef0';
    const { id } = await filed(app, {}, { as });
    await approvedBy(app, id, lead);
    expect(await keys(app, id, {}, { as })).toMatchObject({ status: 200 });
    expect(app.sts.assumed[0]).toMatchObject({ SourceIdentity: expect.stringMatching(/^asi-dev-server-[\w-]{22}$/) });
    expect(app.sts.assumed[0]!.Tags[1]).toEqual({
      Key: 'latchkey-requester',
      Value: 'arn:aws:iam::222222222222:role/asi-dev-server',
    });
  });
});

describe('how long', () => {
  test.each<[string, { grant: string; asked?: string; rule?: object; later?: number }, number, string]>([
    ['what was asked', { grant: '2h', asked: '20m' }, 1200, 'requested'],
    ['what is left of the grant', { grant: '2h', asked: '55m', later: 90 * MINUTE }, 1800, 'grant-end'],
    ['the catalogue’s hour where it says nothing', { grant: '2h' }, 3600, 'catalogue'],
    ['the catalogue’s session.max', { grant: '2h', rule: { session: { max: '30m' } } }, 1800, 'catalogue'],
    ['IAM’s maximum for the role', { grant: '4h', rule: { session: { max: '2h' } } }, 3600, 'role-maximum'],
    [
      'role chaining',
      { grant: '4h', rule: { session: { max: '2h' }, maxSessionDuration: '2h' } },
      3600,
      'role-chaining',
    ],
    ['a tie of asked and grant: asked', { grant: '30m', asked: '30m' }, 1800, 'requested'],
    ['a tie of grant and catalogue: grant', { grant: '1h' }, 3600, 'grant-end'],
    ['a tie of catalogue and asked: asked', { grant: '2h', asked: '1h' }, 3600, 'requested'],
    ['a tie of all: asked', { grant: '1h', asked: '1h' }, 3600, 'requested'],
    ['less than STS gives: STS’s least', { grant: '2h', asked: '1m' }, 900, 'requested'],
    ['less than STS gives, with less than that left', { grant: '10m', asked: '1m' }, 600, 'grant-end'],
    ['more than there is', { grant: '30m', asked: '12h' }, 1800, 'grant-end'],
  ])('%s', async (_name, { grant, asked, rule = {}, later = 0 }, seconds, limitedBy) => {
    const app = fakeApp({ catalogue: readWith(rule) });
    const { id, endsAt } = await granted(app, { duration: grant });
    app.now += later;
    const { body } = await keys(app, id, asked === undefined ? {} : { duration: asked });
    expect(body).toMatchObject({
      Expiration: toInstant(app.now + seconds * SECOND),
      LimitedBy: limitedBy,
      GrantEndsAt: endsAt,
    });
    expect(app.sts.assumed[0]!.DurationSeconds).toBe(Math.max(900, seconds));
  });

  test('under 900 s left: STS says later, the answer and the session policy do not', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    app.now = start + HOUR - 5 * SECOND;
    const last = await keys(app, id);
    expect(last.body).toMatchObject({
      Expiration: '2026-11-22T11:00:00Z',
      GrantEndsAt: '2026-11-22T11:00:00Z',
      LimitedBy: 'grant-end',
    });
    expect(app.sts.issued[0]!.expiresAt).toBeGreaterThan(start + HOUR);
    expect(app.store.requests.get(id)?.sessions[0]?.expiresAt).toBe(start + HOUR);
    expect(app.sts.assumed[0]!.Policy).toContain('"aws:CurrentTime":"2026-11-22T11:00:00Z"');
  });
});

test('to the last millisecond, and not one later', async () => {
  const app = fakeApp();
  const { id } = await granted(app);
  app.now = start + HOUR - 1;
  expect(await keys(app, id)).toMatchObject({
    status: 200,
    body: { Expiration: '2026-11-22T11:00:00Z', LimitedBy: 'grant-end' },
  });
  app.now = start + HOUR;
  expect(await keys(app, id)).toMatchObject({ status: 409, body: { code: 'not-active' } });
});

describe('when not', () => {
  test.each<[string, (app: FakeApp) => Promise<string>, string]>([
    ['pending', async (app) => (await filed(app)).id, 'The request is pending'],
    [
      'denied',
      async (app) => {
        const { id } = await filed(app);
        await call(app, 'decideRequest', { as: lead, id, body: { decision: 'deny' } });
        return id;
      },
      'was denied at 2026-11-22T10:00:00Z',
    ],
    [
      'ended',
      async (app) => {
        const { id } = await granted(app);
        app.now += HOUR;
        return id;
      },
      'ended at 2026-11-22T11:00:00Z',
    ],
    [
      'revoked',
      async (app) => {
        const { id } = await granted(app);
        await call(app, 'endRequest', { as: lead, id });
        return id;
      },
      'was revoked at 2026-11-22T10:00:00Z',
    ],
    [
      'lapsed',
      async (app) => {
        const { id } = await filed(app);
        app.now += 8 * HOUR;
        return id;
      },
      'lapsed at 2026-11-22T18:00:00Z',
    ],
  ])('%s', async (state, reach, said) => {
    const app = fakeApp();
    const id = await reach(app);
    for (const answer of [await keys(app, id), await openConsole(app, id)]) {
      expect(answer).toMatchObject({
        status: 409,
        body: { code: 'not-active', detail: expect.stringContaining(said), request: { id, status: state } },
      });
      expectNothing(app, id, answer);
    }
    expect(app.sts.assumed).toEqual([]);
  });

  test.each([
    ['an approver', lead, 403, 'not-the-requester'],
    ['an admin', 'admin@example.com', 403, 'not-the-requester'],
    ['an auditor', 'auditor@example.com', 403, 'not-the-requester'],
    ['a stranger', 'stranger@example.com', 404, 'request-not-found'],
    ['nobody', 'nobody', 401, 'unauthenticated'],
  ])('%s, in whatever state it is', async (_name, as, status, code) => {
    const app = fakeApp();
    const { id } = await granted(app);
    for (let i = 0; i < 2; i += 1) {
      for (const answer of [await keys(app, id, {}, { as }), await openConsole(app, id, {}, { as })]) {
        expect(answer).toMatchObject({ status, body: { code } });
        expectNothing(app, id, answer);
      }
      app.now += HOUR;
    }
  });

  test('the bot that filed it; the person does', async () => {
    const app = fakeApp();
    const { id } = await filed(app, {}, { as: bot, body: { role: 'read', reason: 'Look', onBehalfOf: dev } });
    await approvedBy(app, id, lead);
    expect(await keys(app, id, {}, { as: bot })).toMatchObject({ status: 403, body: { code: 'not-the-requester' } });
    expect(await keys(app, id)).toMatchObject({ status: 200 });
  });

  test('another id', async () => {
    expect(await keys(fakeApp(), requestId(5))).toMatchObject({ status: 404, body: { code: 'request-not-found' } });
  });
});

describe('by role', () => {
  const roleKeys = (app: FakeApp, role: string, wish: Wish = {}): Promise<Answer<CredentialsView & Refusal>> =>
    call(app, 'issueRoleCredentials', { as: dev, id: role, body: {}, ...wish });
  const roleConsole = (app: FakeApp, role: string, wish: Wish = {}): Promise<Answer<ConsoleView & Refusal>> =>
    call(app, 'issueRoleConsole', { as: dev, id: role, body: {}, ...wish });

  test('credentials and a console URL come from the active grant', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    await filed(app, { role: 'play', reason: 'x' });
    const issued = await roleKeys(app, 'read', { body: { duration: '20m' } });
    expect(issued).toMatchObject({ status: 200, body: { Version: 1, RequestId: id, LimitedBy: 'requested' } });
    const opened = await roleConsole(app, 'read', { body: { destination: '/s3/home' } });
    expect(opened).toMatchObject({ status: 200, body: { url: expect.stringContaining('s3%2Fhome') } });
    expect(app.store.requests.get(id)).toMatchObject({ vended: 2, sessions: [{ kind: 'keys' }, { kind: 'console' }] });
  });

  test('the same on both mounts, for one person with two identities', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    const signed = await roleKeys(app, 'read', { as: 'arn:aws:iam::222222222222:user/dev' });
    expect(signed).toMatchObject({ status: 200, body: { RequestId: id } });
  });

  test('with an extension waiting: from the grant that runs, then from the extension', async () => {
    const app = fakeApp();
    const first = await granted(app);
    const more = await call<RequestView>(app, 'extendRequest', {
      as: dev,
      id: first.id,
      body: { duration: '1h', reason: 'Still looking at it' },
      headers: { 'idempotency-key': undefined },
    });
    await approvedBy(app, more.body.id, lead);
    expect((await roleKeys(app, 'read')).body.RequestId).toBe(first.id);
    app.now += HOUR;
    expect((await roleKeys(app, 'read')).body.RequestId).toBe(more.body.id);
  });

  test('a pending or scheduled request is shown in the refusal', async () => {
    const app = fakeApp();
    const { id } = await filed(app, { startsAt: '2026-11-22T12:00:00Z' });
    for (const status of ['pending', 'scheduled']) {
      for (const answer of [await roleKeys(app, 'read'), await roleConsole(app, 'read')]) {
        expect(answer).toMatchObject({ status: 409, body: { code: 'not-active', request: { id, status } } });
        expectNothing(app, id, answer);
      }
      if (status === 'pending') await approvedBy(app, id, lead);
    }
  });

  test.each<[string, (app: FakeApp) => Promise<unknown>]>([
    ['nothing was ever asked', async () => {}],
    [
      'the grant is over',
      async (app) => {
        await granted(app);
        app.now += HOUR;
      },
    ],
    [
      'the grant was handed back',
      async (app) => call(app, 'endRequest', { as: dev, id: (await granted(app)).id, body: {} }),
    ],
    ['the request was denied', denied],
    ['there is one of another role only', async (app) => filed(app, { role: 'play', reason: 'x' })],
    ['there is one of somebody else only', async (app) => filed(app, {}, { as: lead })],
  ])('no grant where %s; the refusal says how to ask', async (_name, prepare) => {
    const app = fakeApp();
    await prepare(app);
    for (const answer of [await roleKeys(app, 'read'), await roleConsole(app, 'read')]) {
      expect(answer).toMatchObject({
        status: 409,
        body: { code: 'no-grant', detail: expect.stringMatching(/File one/) },
      });
      expect(answer.body).not.toHaveProperty('request');
    }
    expect(app.sts.assumed).toEqual([]);
  });

  test.each([
    ['a role that is nobody’s', dev, 'none', 404, 'role-not-found'],
    ['a role of others', 'stranger@example.com', 'read', 404, 'role-not-found'],
    ['no id of a role', dev, '-', 404, 'role-not-found'],
    ['a bot for its role', bot, 'read', 403, 'not-the-requester'],
    ['a bot for another role', bot, 'play', 404, 'role-not-found'],
    ['nobody', 'nobody', 'read', 401, 'unauthenticated'],
  ])('%s', async (_name, as, role, status, code) => {
    const app = fakeApp();
    await granted(app);
    expect(await roleKeys(app, role, { as })).toMatchObject({ status, body: { code } });
    expect(app.sts.assumed).toEqual([]);
  });

  test('a role that left the catalogue: with a grant the refusal says so, without one the role is not found', async () => {
    const app = fakeApp();
    await granted(app);
    app.catalogue = catalogueOf({ ...smallCatalogueFile, bots: {}, roles: { play: roles.play } });
    expect(await roleKeys(app, 'read')).toMatchObject({ status: 422, body: { code: 'refused-by-policy' } });
    expect(await roleKeys(app, 'read', { as: lead })).toMatchObject({ status: 404, body: { code: 'role-not-found' } });
  });

  test('a revoke between the two reads wins over the index', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    app.gate = async ({ name }, when) => {
      if (name !== 'store.requestsOf' || when !== 'after') return;
      app.gate = () => {};
      await call(app, 'endRequest', { as: lead, id, body: {} });
    };
    expect(await roleKeys(app, 'read')).toMatchObject({ status: 409, body: { code: 'no-grant' } });
    expect(app.sts.assumed).toEqual([]);
  });

  async function denied(app: FakeApp): Promise<void> {
    const { id } = await filed(app);
    await call(app, 'decideRequest', { as: lead, id, body: { decision: 'deny' } });
  }
});

describe('a catalogue that became stricter', () => {
  test.each<[string, () => ReturnType<typeof catalogueOf>, number, string]>([
    [
      'the role is gone',
      () => catalogueOf({ ...smallCatalogueFile, bots: {}, roles: { play: roles.play } }),
      422,
      'refused-by-policy',
    ],
    ['the role has another ARN', () => readWith({ roleName: 'latchkey/admin' }), 422, 'refused-by-policy'],
    ['the account is another', () => readWith({}, { id: '444444444444' }), 422, 'refused-by-policy'],
    ['a deny was added', () => readWith({ deny: [dev] }), 422, 'refused-by-policy'],
    [
      'a deny of another identity was added',
      () => readWith({ deny: ['arn:aws:iam::222222222222:user/dev'] }),
      422,
      'refused-by-policy',
    ],
    ['the requester is none any more', () => readWith({ requesters: ['group:leads'] }), 422, 'refused-by-policy'],
    ['MFA was added', () => readWith({ mfa: true }), 403, 'needs-mfa'],
    [
      'the maximum is shorter than what has passed',
      () => readWith({ duration: { default: '10m', max: '10m' } }),
      409,
      'not-active',
    ],
  ])('%s', async (_name, catalogue, status, code) => {
    const app = fakeApp();
    const { id } = await granted(app, { duration: '2h' });
    app.now += 15 * MINUTE;
    app.catalogue = catalogue();
    for (const answer of [await keys(app, id), await openConsole(app, id)]) {
      expect(answer).toMatchObject({ status, body: { code } });
      expectNothing(app, id, answer);
    }
  });

  test('a maximum that was cut ends the grant sooner, for the session policy as well', async () => {
    const app = fakeApp();
    const { id } = await granted(app, { duration: '8h' });
    app.catalogue = readWith({ duration: { default: '30m', max: '30m' } });
    expect((await keys(app, id)).body).toMatchObject({
      Expiration: '2026-11-22T10:30:00Z',
      GrantEndsAt: '2026-11-22T10:30:00Z',
      LimitedBy: 'grant-end',
    });
    expect(app.sts.assumed[0]!.Policy).toContain('"aws:CurrentTime":"2026-11-22T10:30:00Z"');
  });

  test('a session.max that was cut applies, one that was raised does not', async () => {
    const app = fakeApp({ catalogue: readWith({ session: { max: '30m' } }) });
    const { id } = await granted(app, { duration: '8h' });
    app.catalogue = readWith({ session: { max: '15m' } });
    expect((await keys(app, id)).body).toMatchObject({ Expiration: '2026-11-22T10:15:00Z', LimitedBy: 'catalogue' });
    app.catalogue = readWith({ session: { max: '1h' } });
    expect((await keys(app, id)).body).toMatchObject({ Expiration: '2026-11-22T10:30:00Z', LimitedBy: 'catalogue' });
  });

  test('a laxer one lengthens nothing', async () => {
    const app = fakeApp();
    const { id } = await granted(app, { duration: '30m' });
    app.catalogue = readWith({ duration: { default: '12h', max: '12h' } });
    expect((await keys(app, id)).body).toMatchObject({ GrantEndsAt: '2026-11-22T10:30:00Z' });
  });

  test('an external id that was changed is the one that STS gets', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    app.catalogue = readWith({}, { externalId: 'lk-renewed' });
    await keys(app, id);
    expect(app.sts.assumed[0]).toMatchObject({ ExternalId: 'lk-renewed' });
  });

  test('MFA that the request was filed under stays needed', async () => {
    const app = fakeApp({ catalogue: readWith({ mfa: true }) });
    const claims = { amr: ['pwd', 'mfa'] };
    const { id } = await filed(app, {}, { as: dev, claims });
    await approvedBy(app, id, lead);
    app.catalogue = catalogueOf();
    expect(await keys(app, id)).toMatchObject({ status: 403, body: { code: 'needs-mfa' } });
    expect(await keys(app, id, {}, { as: 'arn:aws:iam::222222222222:user/dev' })).toMatchObject({
      status: 403,
      body: { code: 'needs-mfa' },
    });
    expect(await keys(app, id, {}, { claims })).toMatchObject({ status: 200 });
  });
});

describe('the console', () => {
  test('a URL of the role’s partition, good for 15 minutes', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    const answer = await openConsole(app, id, { destination: '/s3/buckets?region=eu-west-1#objects' });
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    expect(answer.body).toMatchObject({ expiresAt: '2026-11-22T10:15:00Z', sessionExpiresAt: '2026-11-22T11:00:00Z' });
    const url = new URL(answer.body.url);
    expect(url.origin + url.pathname).toBe('https://signin.aws.amazon.com/federation');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      Action: 'login',
      Issuer: 'https://latchkey.example.com',
      Destination: 'https://console.aws.amazon.com/s3/buckets?region=eu-west-1#objects',
      SigninToken: app.signIn.tokens[0],
    });
    expect(app.store.requests.get(id)?.sessions).toMatchObject([
      { kind: 'console', accessKeyId: app.sts.issued[0]!.accessKeyId },
    ]);
    expect(JSON.stringify([[...app.store.requests.values()], app.lines])).not.toContain('canary');
  });

  test.each([
    ['aws-us-gov', 'https://signin.amazonaws-us-gov.com/federation', 'https://console.amazonaws-us-gov.com/'],
    ['aws-cn', 'https://signin.amazonaws.cn/federation', 'https://console.amazonaws.cn/'],
    ['aws-eusc', 'https://eusc-de-east-1.signin.amazonaws-eusc.eu/federation', 'https://console.amazonaws-eusc.eu/'],
  ])('in %s', async (partition, endpoint, destination) => {
    const app = fakeApp({ catalogue: readWith({}, { partition }) });
    const { id } = await granted(app);
    const url = new URL((await openConsole(app, id)).body.url);
    expect([url.origin + url.pathname, url.searchParams.get('Destination')]).toEqual([endpoint, destination]);
    expect(app.sts.assumed[0]!.RoleArn).toBe(`arn:${partition}:iam::111111111111:role/latchkey/read`);
  });

  test('the URL ends with the session where less than 15 minutes are left', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    app.now = start + 50 * MINUTE;
    expect((await openConsole(app, id)).body).toMatchObject({
      expiresAt: '2026-11-22T11:00:00Z',
      sessionExpiresAt: '2026-11-22T11:00:00Z',
    });
  });

  test.each([
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    's3/home',
    '',
    '/a b',
    '/\u0000',
    '/ü',
    `/${'x'.repeat(1000)}`,
    5,
  ])('the destination %p is none', async (destination) => {
    const app = fakeApp();
    const { id } = await granted(app);
    expect(await openConsole(app, id, { destination })).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ pointer: '/destination' }] },
    });
    expect(app.sts.assumed).toEqual([]);
  });

  test.each([
    '/..//evil.example',
    '/.//evil.example/x',
    '/@evil.example',
    '/%2f%2fevil.example',
    '/s3?next=https://evil.example',
  ])('the destination %p stays on the console', async (destination) => {
    const app = fakeApp();
    const { id } = await granted(app);
    const { status, body } = await openConsole(app, id, { destination });
    expect(status).toBe(200);
    expect(new URL(new URL(body.url).searchParams.get('Destination')!).host).toBe('console.aws.amazon.com');
  });

  test('takes no duration', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    expect(await openConsole(app, id, { duration: '1h' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/duration' }] },
    });
  });
});

describe('together or not at all', () => {
  const refusal = new Problem(
    'aws-refused',
    'AWS STS refused role latchkey/read in account 111111111111 (AccessDenied). Usual causes: the external id.',
  );
  const failing =
    (name: string, error: Error): Gate =>
    (step, when) => {
      if (step.name === name && when === 'before') throw error;
    };

  test.each([['credentials', keys] as const, ['console', openConsole] as const])(
    '%s: STS refuses',
    async (_name, vend) => {
      const app = fakeApp();
      const { id } = await granted(app);
      app.gate = failing('sts.assumeRole', refusal);
      const answer = await vend(app, id);
      expect(answer).toMatchObject({ status: 502, body: { code: 'aws-refused', detail: refusal.detail } });
      expectNothing(app, id, answer);
    },
  );

  test.each([['credentials', keys] as const, ['console', openConsole] as const])(
    '%s: the grant is revoked while STS answers',
    async (_name, vend) => {
      const app = fakeApp();
      const { id } = await granted(app);
      let isRevoked = false;
      app.gate = async (step, when) => {
        if (isRevoked || step.name !== 'sts.assumeRole' || when !== 'after') return;
        isRevoked = true;
        await call(app, 'endRequest', { as: lead, id });
      };
      const answer = await vend(app, id);
      expect(answer).toMatchObject({ status: 409, body: { code: 'not-active', request: { status: 'revoked' } } });
      expectNothing(app, id, answer);
      expect(app.sts.issued).toHaveLength(1);
    },
  );

  test.each([['credentials', keys] as const, ['console', openConsole] as const])(
    '%s: the grant ends while STS answers',
    async (_name, vend) => {
      const app = fakeApp();
      const { id } = await granted(app);
      app.now = start + HOUR - SECOND;
      app.gate = (step, when) => {
        if (step.name === 'sts.assumeRole' && when === 'after') app.now = start + HOUR;
      };
      const answer = await vend(app, id);
      expect(answer).toMatchObject({ status: 409, body: { code: 'not-active' } });
      expectNothing(app, id, answer);
    },
  );

  test('another session at the same moment loses neither', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    const answers = await Promise.all([keys(app, id), keys(app, id)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(
      app.store.requests
        .get(id)
        ?.sessions.map(({ accessKeyId }) => accessKeyId)
        .sort(),
    ).toEqual(answers.map(({ body }) => body.AccessKeyId).sort());
  });

  test.each([
    ['is lost', new Error('canary: connection reset'), 500, 'internal'],
    [
      'is refused for now',
      new Problem('try-again', 'The database is busy.', { retryAfterSeconds: 2 }),
      503,
      'try-again',
    ],
  ])('the write %s', async (_name, error, status, code) => {
    const app = fakeApp();
    const { id } = await granted(app);
    app.gate = failing('store.replace', error);
    for (const vend of [keys, openConsole]) {
      const answer = await vend(app, id);
      expect(answer).toMatchObject({ status, body: { code } });
      expectNothing(app, id, answer);
    }
  });

  test('sign-in refuses: the record is taken back and says so', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    app.gate = failing('sign-in.token', new Problem('aws-refused', 'The AWS sign-in service gave no sign-in token.'));
    const answer = await openConsole(app, id);
    expect(answer).toMatchObject({ status: 502, body: { code: 'aws-refused' } });
    expectNothing(app, id, answer);
    expect(app.store.requests.get(id)?.history.map(({ type }) => type)).toEqual([
      'filed',
      'approved',
      'vended',
      'undelivered',
    ]);
    expect(app.lines.find(({ code }) => code === 'console-undelivered')?.fields).toMatchObject({ request: id });
    app.gate = () => {};
    expect(await call(app, 'endRequest', { as: dev, id })).toMatchObject({ body: { status: 'withdrawn' } });
  });

  test('sign-in refuses while the grant is revoked: the record is taken back all the same', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    let isRevoked = false;
    app.gate = async (step, when) => {
      if (step.name !== 'sign-in.token' || when !== 'before') return;
      if (!isRevoked) {
        isRevoked = true;
        await new Promise(setImmediate);
        await call(app, 'endRequest', { as: lead, id });
      }
      throw new Problem('try-again', 'The AWS sign-in service did not answer in time.', { retryAfterSeconds: 2 });
    };
    const answer = await openConsole(app, id);
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
    expectNothing(app, id, answer);
    expect(app.store.requests.get(id)?.outcome?.status).toBe('revoked');
  });

  test('a session that STS cut shorter is recorded and answered as short as it is', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    const assume = app.sts.assumeRole;
    app.sts.assumeRole = async (input): Promise<SessionCredentials> => ({
      ...(await assume(input)),
      expiresAt: start + 20 * MINUTE,
    });
    expect((await keys(app, id)).body).toMatchObject({ Expiration: '2026-11-22T10:20:00Z' });
    expect(app.store.requests.get(id)?.sessions[0]?.expiresAt).toBe(start + 20 * MINUTE);
  });
});

test('people whose addresses differ in a character that AWS does not take have different tags and source identities', async () => {
  const people = ["o'neil@example.com", 'o!neil@example.com', 'o-neil@example.com', `${'x'.repeat(60)}@example.com`];
  const named: Array<[string, string]> = [];
  for (const person of people) {
    const app = fakeApp({ catalogue: readWith({ requesters: ['everyone'] }) });
    const { id } = await filed(app, {}, { as: person });
    await approvedBy(app, id, lead);
    await keys(app, id, {}, { as: person });
    const { SourceIdentity, Tags } = app.sts.assumed[0]!;
    named.push([SourceIdentity, Tags.find(({ Key }) => Key === 'latchkey-requester')!.Value]);
  }
  for (const i of [0, 1] as const) expect(new Set(named.map((pair) => pair[i])).size).toBe(people.length);
  expect(named[2]).toEqual(['o-neil@example.com', 'o-neil@example.com']);
});

describe('a role that reaches EKS, which takes credentials until they expire', () => {
  const eks = () => fakeApp({ catalogue: readWith({ reaches: ['eks'] }) });

  test('gets sessions that end with the grant at the latest', async () => {
    const app = eks();
    const { id } = await granted(app);
    app.now = start + 45 * MINUTE;
    expect(await keys(app, id)).toMatchObject({ status: 200, body: { Expiration: '2026-11-22T11:00:00Z' } });
    expect(app.sts.assumed[0]).toMatchObject({ DurationSeconds: 900 });
  });

  test('gets none in the last quarter of an hour, since STS issues none that is shorter', async () => {
    const app = eks();
    const { id } = await granted(app);
    app.now = start + 45 * MINUTE + SECOND;
    const answer = await keys(app, id);
    expect(answer).toMatchObject({ status: 409, body: { code: 'not-active' } });
    expect(answer.body.detail).toMatch(/^Less than 15 min of the grant are left\. .*extension/);
    expectNothing(app, id, answer);
    expect(app.sts.assumed).toEqual([]);
  });

  test('also when the catalogue says so only since the request was filed', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    app.catalogue = eks().catalogue;
    app.now = start + 50 * MINUTE;
    expect(await keys(app, id)).toMatchObject({ status: 409, body: { code: 'not-active' } });
  });
});

test.each<[string, object, string]>([
  ['an ARN', { roleArn: 'arn:aws:iam::111111111111:role/Admin' }, '/roleArn'],
  ['a duration that is none', { duration: 'P1M' }, '/duration'],
])('%s in the body is malformed', async (_name, body, pointer) => {
  const app = fakeApp();
  const { id } = await granted(app);
  expect(await keys(app, id, body)).toMatchObject({
    status: 400,
    body: { code: 'invalid-request', errors: [{ pointer }] },
  });
});
