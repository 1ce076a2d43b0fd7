// One request and the three lists through the handler: who sees what, in which order, page by page.
import { describe, expect, test } from '@jest/globals';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { approvedBy, call, filed, granted } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { approved, record, requestId, start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops';

type Page = { items: RequestView[]; nextCursor?: string; code?: string; errors?: Array<{ pointer: string }> };
const list = (app: FakeApp, as: string, query: Record<string, string> = {}, claims?: Record<string, unknown>) =>
  call<Page>(app, 'listRequests', { as, query, ...(claims && { claims }) });
const idsOf = ({ body }: { body: Page }) => body.items.map(({ id }) => id);

/** Requests 1 to n of dev for the role `read`, a minute apart, so that the highest is the newest. */
async function manyRequests(app: FakeApp, n: number, change: (i: number) => object = () => ({})): Promise<void> {
  const requester = { person: dev, principal: dev, email: dev, name: 'Dev' };
  const role = { ...record().role, id: 'read' };
  for (let i = 1; i <= n; i += 1)
    await app.store.create(
      record({ id: requestId(i), createdAt: start + i * MINUTE, requester, role, ...change(i) }),
      [],
    );
  app.now = start + n * MINUTE;
}

describe('one request', () => {
  test.each([
    'lead@example.com',
    'second-lead@example.com',
    'admin@example.com',
    'auditor@example.com',
    'arn:aws:iam::222222222222:user/dev',
  ])('%s may read it', async (as) => {
    const app = fakeApp();
    const { id } = await filed(app);
    expect(await call(app, 'readRequest', { as, id })).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: { id, status: 'pending' },
    });
  });

  test('says what the role can do beyond its session, where it can', async () => {
    const { read, write } = smallCatalogueFile.roles;
    const reaching = { ...read, reaches: ['eks', 'lambda'], passRole: ['arn:aws:iam::*:role/app/*'] };
    const app = fakeApp({
      catalogue: catalogueOf({ ...smallCatalogueFile, roles: { ...smallCatalogueFile.roles, read: reaching, write } }),
    });
    const shown = async (body?: Record<string, unknown>) => {
      const { id } = await filed(app, body);
      return (await call<RequestView>(app, 'readRequest', { as: 'lead@example.com', id })).body.role.beyondSession;
    };
    expect(await shown()).toEqual([
      expect.stringMatching(/^use Kubernetes .* \(eks\)$/),
      expect.stringMatching(/^change the code of Lambda functions.* \(lambda\)$/),
      'give services these roles to act by: arn:aws:iam::*:role/app/*',
    ]);
    expect(await shown({ role: 'write', reason: 'Long enough reason', ticket: 'OPS-1' })).toBeUndefined();
  });

  test('an approver of a later stage may read it', async () => {
    const app = fakeApp();
    const { id } = await filed(app, { role: 'write', reason: 'Long enough reason', ticket: 'OPS-1' });
    expect(await call(app, 'readRequest', { as: 'security@example.com', id })).toMatchObject({ status: 200 });
  });

  test('the bot that filed it may, and so may the person', async () => {
    const app = fakeApp();
    const { id } = await filed(
      app,
      { onBehalfOf: dev },
      { as: bot, body: { role: 'read', reason: 'Look', onBehalfOf: dev } },
    );
    expect(await call(app, 'readRequest', { as: bot, id })).toMatchObject({ status: 200 });
    expect(await call(app, 'readRequest', { as: dev, id })).toMatchObject({ status: 200 });
  });

  test('a stranger, an unknown id and an invalid id get the same answer', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    const answers = await Promise.all([
      call<Page>(app, 'readRequest', { as: 'stranger@example.com', id }),
      call<Page>(app, 'readRequest', { as: bot, id }),
      call<Page>(app, 'readRequest', { as: dev, id: requestId(9) }),
      call<Page>(app, 'readRequest', { as: dev, id: 'x'.repeat(3000) }),
      call<Page>(app, 'readRequest', { as: dev, id: `${id}#` }),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'request-not-found' } });
      expect({ ...answer.body, instance: '' }).toEqual({ ...answers[0]!.body, instance: '' });
    }
  });

  test('an invalid id never becomes a key of the store', async () => {
    const app = fakeApp();
    await call(app, 'readRequest', { as: dev, id: '../message' });
    expect(app.steps).toEqual([]);
  });

  test('status is computed at every read', async () => {
    const app = fakeApp();
    const status = async (id: string) => (await call<RequestView>(app, 'readRequest', { as: dev, id })).body.status;
    const waiting = await filed(app);
    app.now = start + 8 * HOUR - 1;
    expect(await status(waiting.id)).toBe('pending');
    app.now = start + 8 * HOUR;
    expect(await status(waiting.id)).toBe('lapsed');
    const grant = await granted(app);
    app.now += HOUR - 1;
    expect(await status(grant.id)).toBe('active');
    app.now += 1;
    expect(await status(grant.id)).toBe('ended');
    expect(app.store.requests.get(grant.id)).not.toHaveProperty('outcome');
  });

  test('shows sessions and decisions, and nothing that is only stored', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    await call(app, 'issueCredentials', { as: dev, id });
    const { body, text } = await call<RequestView>(app, 'readRequest', { as: dev, id });
    expect(body.approval.stages[0]?.decisions).toEqual([
      { approver: 'Lead', person: 'lead@example.com', decision: 'approve', via: 'oidc', at: '2026-11-22T10:00:00Z' },
    ]);
    expect(body.sessions).toEqual([
      {
        kind: 'keys',
        accessKeyId: expect.stringMatching(/^ASIA/),
        sessionName: expect.stringMatching(/^lk-[\w-]{22}-dev@example.com$/),
        issuedAt: '2026-11-22T10:00:00Z',
        expiresAt: '2026-11-22T11:00:00Z',
      },
    ]);
    for (const inner of [
      'head',
      'digest',
      'fingerprint',
      'people',
      'mailChecks',
      'openedAt',
      'canary',
      'externalId',
      'lk-9f2c6c1e4b7a4d5f8a3e',
    ]) {
      expect(text).not.toContain(inner);
    }
  });
});

describe('view=mine', () => {
  test('is what one requested, newest first, by every principal', async () => {
    const app = fakeApp();
    await manyRequests(app, 3);
    await app.store.create(record({ id: requestId(4) }), []);
    const expected = [3, 2, 1].map(requestId);
    expect(idsOf(await list(app, dev))).toEqual(expected);
    expect(idsOf(await list(app, 'arn:aws:iam::222222222222:user/dev', { view: 'mine' }))).toEqual(expected);
    expect(idsOf(await list(app, 'stranger@example.com'))).toEqual([]);
  });

  test('of a bot is what it filed', async () => {
    const app = fakeApp();
    await filed(app, { role: 'play' });
    const { id } = await filed(app, {}, { as: bot, body: { role: 'read', reason: 'Look', onBehalfOf: dev } });
    expect(idsOf(await list(app, bot))).toEqual([id]);
  });
});

describe('view=to-decide', () => {
  const toDecide = async (app: FakeApp, as: string) => idsOf(await list(app, as, { view: 'to-decide' }));

  test('is what waits for this caller and for nobody before them', async () => {
    const app = fakeApp();
    const plain = await filed(app);
    app.now += MINUTE;
    const staged = await filed(app, { role: 'write', reason: 'Long enough reason', ticket: 'OPS-1' });
    expect(await toDecide(app, 'lead@example.com')).toEqual([staged.id, plain.id]);
    expect(await toDecide(app, 'security@example.com')).toEqual([]);
    expect(await toDecide(app, dev)).toEqual([]);

    await approvedBy(app, staged.id, 'lead@example.com');
    expect(await toDecide(app, 'lead@example.com')).toEqual([plain.id]);
    expect(await toDecide(app, 'second-lead@example.com')).toEqual([staged.id, plain.id]);
    await approvedBy(app, staged.id, 'second-lead@example.com');
    expect(await toDecide(app, 'security@example.com')).toEqual([staged.id]);

    await approvedBy(app, plain.id, 'second-lead@example.com');
    expect(await toDecide(app, 'lead@example.com')).toEqual([]);
    app.now = start + 8 * HOUR;
    expect(await toDecide(app, 'security@example.com')).toEqual([]);
  });

  test('is never one’s own request', async () => {
    const app = fakeApp();
    await filed(app, {}, { as: 'lead@example.com' });
    expect(await toDecide(app, 'lead@example.com')).toEqual([]);
    expect(await toDecide(app, 'arn:aws:iam::222222222222:user/lead')).toEqual([]);
  });
});

describe('view=all', () => {
  test('is for admins and auditors', async () => {
    const app = fakeApp();
    await manyRequests(app, 2);
    for (const as of ['admin@example.com', 'auditor@example.com'])
      expect(idsOf(await list(app, as, { view: 'all' }))).toEqual([2, 1].map(requestId));
    for (const as of [dev, 'lead@example.com', 'stranger@example.com']) {
      expect(await list(app, as, { view: 'all' })).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
    }
  });

  test('also by a group of the token', async () => {
    const tokenGroups = { audit: ['idp-audit'] };
    const app = fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, auditors: ['group:audit'], tokenGroups }) });
    expect(await list(app, 'someone@example.com', { view: 'all' }, { groups: ['idp-audit'] })).toMatchObject({
      status: 200,
    });
    expect(await list(app, 'someone@example.com', { view: 'all' }, { groups: ['audit', 'x idp-audit'] })).toMatchObject(
      {
        status: 403,
      },
    );
  });

  test.each(['all', 'to-decide'])('%s is not for a bot', async (view) => {
    expect(await list(fakeApp(), bot, { view })).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
  });
});

describe('filters and pages', () => {
  test('by status as of now and by role', async () => {
    const app = fakeApp();
    const first = await filed(app);
    const second = await filed(app, { role: 'play', duration: '30m' });
    expect(idsOf(await list(app, dev, { status: 'active' }))).toEqual([second.id]);
    expect(idsOf(await list(app, dev, { role: 'read' }))).toEqual([first.id]);
    expect(idsOf(await list(app, dev, { role: 'read', status: 'active' }))).toEqual([]);
    app.now += 30 * MINUTE;
    expect(idsOf(await list(app, dev, { status: 'ended' }))).toEqual([second.id]);
  });

  describe('all, of one person and of one account', () => {
    const admin = 'admin@example.com';
    const arn = 'arn:aws:iam::222222222222:user/dev';
    async function world() {
      const app = fakeApp();
      const read = await filed(app);
      const play = await filed(app, { role: 'play' }, { as: arn, body: { role: 'play', reason: 'x' } });
      const other = await filed(app, {}, { as: 'lead@example.com', body: { role: 'play', reason: 'x' } });
      const found = async (query: Record<string, string>) =>
        idsOf(await list(app, admin, { view: 'all', ...query })).toSorted();
      return { app, read: read.id, play: play.id, other: other.id, found };
    }

    test('a person by any of their identities, in any case', async () => {
      const { read, play, other, found } = await world();
      for (const person of [dev, 'DEV@Example.com', arn])
        expect(await found({ person })).toEqual([read, play].toSorted());
      expect(await found({ person: 'lead@example.com' })).toEqual([other]);
      expect(await found({ person: 'nobody@example.com' })).toEqual([]);
    });

    test('an account by its id or its name, also with a person and a status', async () => {
      const { app, read, play, other, found } = await world();
      for (const account of ['333333333333', 'sandbox'])
        expect(await found({ account })).toEqual([play, other].toSorted());
      expect(await found({ account: 'production' })).toEqual([read]);
      expect(await found({ account: 'sandbox', person: dev, status: 'active' })).toEqual([play]);
      await call(app, 'endRequest', { as: admin, id: play });
      expect(await found({ account: 'sandbox', person: dev, status: 'active' })).toEqual([]);
    });

    test('is read from the index of the person', async () => {
      const { app, found } = await world();
      app.forget();
      await found({ person: dev });
      expect(app.steps.map(({ name }) => name)).not.toContain('store.get');
      expect(app.hops()).toBe(2);
    });

    test('only with view=all, and only for admins and auditors', async () => {
      const { app } = await world();
      for (const [query, pointer] of [
        [{ person: dev }, '?person'],
        [{ view: 'to-decide', account: 'sandbox' }, '?account'],
      ] as const)
        expect(await list(app, admin, query)).toMatchObject({
          status: 400,
          body: { code: 'invalid-request', errors: [{ pointer, detail: 'requires view=all' }] },
        });
      expect(await list(app, dev, { view: 'all', person: dev })).toMatchObject({ status: 403 });
    });
  });

  test.each<[string, Record<string, string>]>([
    ['mine', { view: 'mine', limit: '2' }],
    ['all, with a filter', { view: 'all', limit: '3', status: 'pending' }],
    ['to decide', { view: 'to-decide', limit: '4' }],
  ])('pages of %s put together are the list, each request once', async (_name, query) => {
    const app = fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, admins: [dev, 'lead@example.com'] }) });
    await manyRequests(app, 7);
    await app.store.replace(approved((await app.store.get(requestId(4)))!, start), 1);
    const as = query.view === 'to-decide' ? 'lead@example.com' : dev;
    const expected = idsOf(await list(app, as, { ...query, limit: '100' }));
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const answer = await list(app, as, { ...query, ...(cursor !== undefined && { cursor }) });
      pages.push(idsOf(answer));
      cursor = answer.body.nextCursor;
    } while (cursor !== undefined && pages.length < 10);
    expect(pages.flat()).toEqual(expected);
    expect(pages.slice(0, -1).every((page) => page.length === Number(query.limit))).toBe(true);
    expect(pages.at(-1)?.length).toBeGreaterThan(0);
    expect(expected).toHaveLength(query.view === 'mine' ? 7 : 6);
  });

  test('a filter that matches far down is found within one call', async () => {
    const app = fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, admins: [dev] }) });
    await manyRequests(app, 250, (i) => (i === 1 ? { role: { ...record().role, id: 'rare' } } : {}));
    expect(idsOf(await list(app, dev, { role: 'rare' }))).toEqual([requestId(1)]);
  });

  test('a page of the default size ends with a cursor only if there is more', async () => {
    const app = fakeApp();
    await manyRequests(app, 50);
    expect((await list(app, dev)).body).toMatchObject({ items: { length: 50 } });
    expect((await list(app, dev)).body).not.toHaveProperty('nextCursor');
    await app.store.create(
      record({
        id: requestId(51),
        createdAt: start,
        requester: { person: dev, principal: dev, email: dev, name: 'Dev' },
      }),
      [],
    );
    expect((await list(app, dev)).body).toHaveProperty('nextCursor');
  });

  test.each(['1', '100'])('a limit of %s is fine', async (limit) => {
    expect(await list(fakeApp(), dev, { limit })).toMatchObject({ status: 200, body: { items: [] } });
  });

  test.each<[string, Record<string, string>, string]>([
    ['limit 0', { limit: '0' }, '?limit'],
    ['limit 101', { limit: '101' }, '?limit'],
    ['limit -1', { limit: '-1' }, '?limit'],
    ['limit 1e1', { limit: '1e1' }, '?limit'],
    ['no number', { limit: 'many' }, '?limit'],
    ['an unknown status', { status: 'open' }, '?status'],
    ['an unknown view', { view: 'yours' }, '?view'],
    ['an unknown parameter', { sort: 'asc' }, '?sort'],
    ['a cursor that is none', { cursor: 'abc' }, '?cursor'],
    ['an empty cursor', { cursor: '' }, '?cursor'],
  ])('%s is malformed', async (_name, query, pointer) => {
    expect(await list(fakeApp(), dev, query)).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ pointer }] },
    });
  });

  test('a cursor names a position, not a list: a borrowed one shows nothing but what its caller may see', async () => {
    const app = fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, admins: ['admin@example.com'] }) });
    await manyRequests(app, 3);
    const { body } = await list(app, 'admin@example.com', { view: 'all', limit: '1' });
    const cursor = body.nextCursor!;
    expect(idsOf(await list(app, 'admin@example.com', { view: 'all', cursor }))).toEqual([2, 1].map(requestId));
    expect(idsOf(await list(app, dev, { view: 'mine', cursor }))).toEqual([2, 1].map(requestId));
    expect(idsOf(await list(app, 'lead@example.com', { view: 'mine', cursor }))).toEqual([]);
  });

  test('an altered cursor whose form is wrong is malformed', async () => {
    const app = fakeApp();
    await manyRequests(app, 3);
    const { body } = await list(app, dev, { limit: '1' });
    const cursor = body.nextCursor!;
    const altered = [0, 5, cursor.length - 1].map(
      (at) => cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1),
    );
    for (const one of [...altered, `${cursor}=`, `${cursor}AA`, cursor.slice(0, -4)])
      expect(await list(app, dev, { cursor: one })).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  });

  test.each<[string, number, string]>([
    ['a time that is none', Number.MAX_SAFE_INTEGER, requestId(1)],
    ['a time before all time', -Number.MAX_SAFE_INTEGER, requestId(1)],
    ['an id that is none', 0, '\u0000'],
  ])('a forged cursor of %s is malformed', async (_what, createdAt, id) => {
    const cursor = Buffer.from(JSON.stringify([createdAt, id])).toString('base64url');
    expect(await list(fakeApp(), 'admin@example.com', { view: 'all', cursor })).toMatchObject({
      status: 400,
      body: { code: 'invalid-request' },
    });
  });
});
