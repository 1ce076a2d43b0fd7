// Ending through the handler: who makes it what in which state, and who may not.
import { describe, expect, test } from '@jest/globals';
import { HOUR } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { approvedBy, call, filed, granted, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { requestId } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const lead = 'lead@example.com';
const second = 'second-lead@example.com';
const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops';

const end = (app: FakeApp, id: string, as: string, wish: Wish = {}) =>
  call<RequestView & { code?: string; detail?: string; request?: RequestView }>(app, 'endRequest', { as, id, ...wish });

/** A request of dev's in each state in which it can be ended, and in each in which it cannot. */
const reach = {
  pending: async (app: FakeApp) => (await filed(app)).id,
  granted: async (app: FakeApp) => (await granted(app)).id,
  used: async (app: FakeApp) => {
    const { id } = await granted(app);
    await call(app, 'issueCredentials', { as: dev, id });
    return id;
  },
  denied: async (app: FakeApp) => {
    const { id } = await filed(app);
    await call(app, 'decideRequest', { as: second, id, body: { decision: 'deny' } });
    return id;
  },
  withdrawn: async (app: FakeApp) => {
    const { id } = await filed(app);
    await end(app, id, dev);
    return id;
  },
  revoked: async (app: FakeApp) => {
    const { id } = await granted(app);
    await end(app, id, lead);
    return id;
  },
  lapsed: async (app: FakeApp) => {
    const { id } = await filed(app);
    app.now += 8 * HOUR;
    return id;
  },
  ended: async (app: FakeApp) => {
    const { id } = await granted(app);
    app.now += HOUR;
    return id;
  },
};
type State = keyof typeof reach;

describe('what it becomes', () => {
  const admin = 'admin@example.com';
  test.each<[State, string, string]>([
    ['pending', dev, 'withdrawn'],
    ['granted', dev, 'withdrawn'],
    ['used', dev, 'ended'],
    ['used', 'arn:aws:iam::222222222222:user/dev', 'ended'],
    ['pending', lead, 'revoked'],
    ['granted', lead, 'revoked'],
    ['used', lead, 'revoked'],
    ['used', second, 'revoked'],
    ['pending', admin, 'revoked'],
    ['granted', admin, 'revoked'],
    ['used', admin, 'revoked'],
  ])('%s, ended by %s: %s', async (state, as, status) => {
    const app = fakeApp();
    const id = await reach[state](app);
    const answer = await end(app, id, as, { body: { comment: 'enough' } });
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' }, body: { status } });
    expect(answer.body.history.at(-1)).toMatchObject({ type: status, note: 'enough' });
    expect(app.store.requests.get(id)?.outcome).toMatchObject({ status, at: app.now });
  });

  test('an approver of a later stage may revoke', async () => {
    const app = fakeApp();
    const { id } = await filed(app, { role: 'write', reason: 'Long enough reason', ticket: 'OPS-1' });
    expect(await end(app, id, 'security@example.com')).toMatchObject({ status: 200, body: { status: 'revoked' } });
  });

  test('who is requester and approver of the role ends their own', async () => {
    const app = fakeApp();
    const { id } = await filed(app, {}, { as: lead });
    expect(await end(app, id, lead)).toMatchObject({ body: { status: 'withdrawn' } });
  });

  test('it never depends on anybody still being eligible', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    const other = await filed(app, {}, { as: lead });
    await approvedBy(app, other.id, second);
    app.catalogue = catalogueOf({
      ...smallCatalogueFile,
      groups: { developers: [], leads: [] },
      bots: {},
      roles: { play: smallCatalogueFile.roles.play },
    });
    expect(await end(app, id, dev)).toMatchObject({ status: 200, body: { status: 'withdrawn' } });
    expect(await end(app, other.id, second)).toMatchObject({ status: 200, body: { status: 'revoked' } });
  });

  test.each<[string, Wish]>([
    ['no body', { body: null, headers: { 'content-type': undefined } }],
    ['an empty object', { body: {} }],
    ['an empty comment', { body: { comment: '' } }],
  ])('%s is fine', async (_name, wish) => {
    const app = fakeApp();
    const { id } = await filed(app);
    const { status, body } = await end(app, id, dev, wish);
    expect(status).toBe(200);
    expect(body.history.at(-1)).not.toHaveProperty('note');
  });
});

describe('what is finished stays as it is', () => {
  test.each<[State, string]>([
    ['denied', 'was denied at 2026-11-22T10:00:00Z'],
    ['withdrawn', 'was withdrawn at 2026-11-22T10:00:00Z'],
    ['revoked', 'was revoked at 2026-11-22T10:00:00Z'],
    ['lapsed', 'lapsed at 2026-11-22T18:00:00Z'],
    ['ended', 'ended at 2026-11-22T11:00:00Z'],
  ])('%s', async (state, said) => {
    const app = fakeApp();
    const id = await reach[state](app);
    const before = app.store.requests.get(id);
    for (const as of [dev, lead, 'admin@example.com']) {
      expect(await end(app, id, as)).toMatchObject({
        status: 409,
        body: { code: 'not-active', detail: expect.stringContaining(said), request: { id, status: state } },
      });
    }
    expect(app.store.requests.get(id)).toBe(before);
  });
});

describe('who may not', () => {
  test.each<State>(['pending', 'used', 'ended', 'denied'])(
    '%s: an auditor sees it, a stranger does not, authorisation before state',
    async (state) => {
      const app = fakeApp();
      const id = await reach[state](app);
      expect(await end(app, id, 'auditor@example.com')).toMatchObject({
        status: 403,
        body: { code: 'not-an-approver' },
      });
      expect(await end(app, id, 'stranger@example.com')).toMatchObject({
        status: 404,
        body: { code: 'request-not-found' },
      });
      expect(await end(app, requestId(7), dev)).toMatchObject({ status: 404, body: { code: 'request-not-found' } });
    },
  );

  test('a bot, not even what it filed', async () => {
    const app = fakeApp();
    const { id } = await filed(app, {}, { as: bot, body: { role: 'read', reason: 'Look', onBehalfOf: dev } });
    expect(await end(app, id, bot)).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
    expect(await end(app, id, dev)).toMatchObject({ status: 200, body: { status: 'withdrawn' } });
  });
});

test('a refusal that cannot be shown is an internal error', async () => {
  const app = fakeApp();
  const { id } = await filed(app);
  await end(app, id, dev);
  app.store.requests.set(id, { ...app.store.requests.get(id)!, createdAt: Number.NaN });
  expect(await end(app, id, dev)).toMatchObject({ status: 500, body: { code: 'internal' } });
  expect(app.lines.at(-1)).toMatchObject({ code: 'call-failed', fields: { error: 'RangeError' } });
});

test.each<[string, Wish, number, string]>([
  ['an unknown field', { body: { reason: 'x' } }, 400, 'invalid-request'],
  ['a comment that is no text', { body: { comment: 5 } }, 400, 'invalid-request'],
  ['malformed JSON', { body: Buffer.from('{') }, 400, 'invalid-request'],
  ['a list', { body: [] }, 400, 'invalid-request'],
  [
    'a form',
    { body: Buffer.from('comment=x'), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'unsupported-media-type',
  ],
])('%s is refused', async (_name, wish, status, code) => {
  const app = fakeApp();
  const { id } = await filed(app);
  expect(await end(app, id, dev, wish)).toMatchObject({ status, body: { code } });
  expect(app.store.requests.get(id)?.version).toBe(1);
});
