// Revoking many and blocking through the handlers: what is ended, what is refused meanwhile, by whom it is lifted.
import { describe, expect, test } from '@jest/globals';
import { handler as sweepFunction } from '../../functions/sweep.ts';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { BlockListView, RequestView, RevocationView } from '../../lib/http/answers.ts';
import {
  type Answer,
  approvedBy,
  call,
  eventFile,
  filed,
  granted,
  linkTo,
  playStream,
  type Wish,
} from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { requestId } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const lead = 'lead@example.com';
const second = 'second-lead@example.com';
const admin = 'admin@example.com';
const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops';
const iamDev = 'arn:aws:iam::222222222222:user/dev';

const sweep = (app: FakeApp) => sweepFunction.with(app)(eventFile('sweep.schedule'), {} as never);

type Refusal = { code?: string; detail?: string; errors?: Array<{ pointer: string; detail: string }> };
const revoke = (app: FakeApp, body: object, as = admin): Promise<Answer<RevocationView & Refusal>> =>
  call(app, 'revokeMany', { as, body: { comment: 'The laptop was stolen', ...body } });
const blocks = async (app: FakeApp, as = admin) =>
  (await call<BlockListView & Refusal>(app, 'listBlocks', { as })).body;
/** The id of the one block that stands. */
const standing = async (app: FakeApp): Promise<string> => (await blocks(app)).items[0]!.id;
const lift = (app: FakeApp, id: string, as = admin): Promise<Answer<{ lifted: boolean } & Refusal>> =>
  call(app, 'liftBlock', { as, id });
const file = (app: FakeApp, wish: Wish = {}): Promise<Answer<RequestView & Refusal>> =>
  call(app, 'createRequest', {
    as: dev,
    headers: { 'idempotency-key': undefined },
    body: { role: 'read', reason: 'Look at the failing nightly export' },
    ...wish,
  });
const statusOf = (app: FakeApp, id: string) => app.store.requests.get(id)?.outcome?.status ?? 'open';
const play = { role: 'play', reason: 'Look around' };
const blocked = (until = '2026-11-22T12:00:00Z') => ({
  status: 403,
  body: { code: 'blocked', detail: expect.stringContaining(`until ${until}`) },
});

describe('what a revocation of many ends', () => {
  test.each<[string, object, string[]]>([
    ['a person, by address', { person: dev }, ['pending', 'active', 'scheduled']],
    ['a person, in any case', { person: 'Dev@Example.com' }, ['pending', 'active', 'scheduled']],
    ['a person, by a principal of the catalogue', { person: iamDev }, ['pending', 'active', 'scheduled']],
    ['a role', { role: 'read' }, ['active', 'of another']],
    ['an account, by name', { account: 'sandbox' }, ['scheduled']],
    ['an account, by its digits', { account: '111111111111' }, ['pending', 'active', 'of another']],
    ['all that is given has to fit', { person: dev, account: 'production', role: 'read' }, ['active']],
    ['nothing that fits', { person: 'stranger@example.com' }, []],
  ])('%s', async (_name, selector, ended) => {
    const app = fakeApp();
    const { id: active } = await granted(app);
    const { id: pending } = await filed(app, { role: 'write', ticket: 'OPS-1' });
    const startsAt = new Date(app.now + HOUR).toISOString();
    const { id: scheduled } = await filed(app, { ...play, startsAt });
    const { id: other } = await filed(app, {}, { as: lead });
    const ids: Record<string, string> = { active, pending, scheduled, 'of another': other };
    const answer = await revoke(app, selector);
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    expect(answer.body).not.toHaveProperty('remaining');
    expect(answer.body).not.toHaveProperty('blockedUntil');
    expect([...answer.body.ended].sort()).toEqual(ended.map((name) => ids[name]).sort());
    const open = Object.keys(ids).filter((name) => statusOf(app, ids[name]!) === 'open');
    expect(open.sort()).toEqual(
      Object.keys(ids)
        .filter((name) => !ended.includes(name))
        .sort(),
    );
  });

  test('an extension as well, and what an admin has asked for themselves', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    const extension = await call<RequestView>(app, 'extendRequest', {
      as: dev,
      id,
      body: { duration: '1h', reason: 'More' },
      headers: { 'idempotency-key': undefined },
    });
    const own = await filed(app, play, { as: admin });
    expect((await revoke(app, { person: dev })).body.ended.sort()).toEqual([id, extension.body.id].sort());
    expect((await revoke(app, { account: 'sandbox' })).body.ended).toEqual([own.id]);
    for (const one of [id, extension.body.id, own.id]) expect(statusOf(app, one)).toBe('revoked');
  });

  test('a role of a template, by the template or by the one account', async () => {
    const { account: _, ...template } = smallCatalogueFile.roles.play;
    const file = {
      ...smallCatalogueFile,
      roles: { play: { ...template, accounts: ['sandbox', 'production'] } },
      bots: {},
    };
    const app = fakeApp({ catalogue: catalogueOf(file) });
    const one = await filed(app, { ...play, role: 'play@sandbox' });
    const other = await filed(app, { ...play, role: 'play@production' });
    expect((await revoke(app, { role: 'play@sandbox' })).body.ended).toEqual([one.id]);
    expect((await revoke(app, { role: 'play' })).body.ended).toEqual([other.id]);
  });

  test('says from when on nothing works, and revokes the sessions that are out', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    await call(app, 'issueCredentials', { as: dev, id, body: {} });
    const { body } = await revoke(app, { person: dev });
    expect(body.effectiveBy).toBe('2026-11-22T11:00:00Z');
    expect(app.store.requests.get(id)?.revocation).toMatchObject({ at: app.now });
    expect((await revoke(app, { person: dev })).body).toEqual({ ended: [], effectiveBy: '2026-11-22T10:00:00Z' });
  });

  test('tells the requester, with the comment, as a single revoke does', async () => {
    const app = fakeApp();
    await granted(app);
    await playStream(app);
    app.mail.outbox.length = 0;
    await revoke(app, { person: dev });
    await playStream(app);
    expect(app.mail.outbox.find(({ to }) => to === dev)).toMatchObject({
      subject: expect.stringContaining('Revoked'),
      text: expect.stringContaining('The laptop was stolen'),
    });
  });
});

describe('while a block stands', () => {
  test.each<[string, Wish]>([
    ['with a token', { as: dev }],
    ['with AWS keys', { as: iamDev }],
    ['by a bot on behalf', { as: bot, body: { role: 'read', reason: 'Look at the export', onBehalfOf: dev } }],
    ['of an automatic role', { as: dev, body: play }],
    ['in a dry run', { as: dev, query: { dryRun: 'true' } }],
  ])('nothing is filed %s', async (_name, wish) => {
    const app = fakeApp();
    expect((await revoke(app, { person: dev, block: '2h' })).body.blockedUntil).toBe('2026-11-22T12:00:00Z');
    const answer = await file(app, wish);
    if (wish.query)
      expect(answer.body).toMatchObject({
        outcome: 'refused',
        checks: expect.arrayContaining([expect.objectContaining({ check: 'block', passed: false })]),
      });
    else expect(answer).toMatchObject(blocked());
    expect(app.store.requests.size).toBe(0);
    app.now += 2 * HOUR;
    if (!wish.query) expect(await file(app, wish)).toMatchObject({ status: 201 });
  });

  test('whose role it is not learns nothing', async () => {
    const app = fakeApp();
    await revoke(app, { role: 'read', block: '2h' });
    expect(await file(app, { as: 'stranger@example.com' })).toMatchObject({ body: { code: 'role-not-found' } });
  });

  test('nothing is approved, by the API or by a link, and denying goes on', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    const other = await filed(app, {}, { as: lead });
    await playStream(app);
    const token = linkTo(app, lead);
    blockBehind(app, { role: 'read' });
    for (const as of [lead, second])
      expect(await call(app, 'decideRequest', { as, id, body: { decision: 'approve' } })).toMatchObject(blocked());
    const page = await call(app, 'showDecision', { id: token });
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('until 22 Nov 2026, 12:00 UTC') });
    expect(page.text).not.toContain('value="approve"');
    expect(page.text).toContain('value="deny"');
    const form = (decision: string) => ({ id: token, body: Buffer.from(`decision=${decision}`) });
    expect(await call(app, 'decideByLink', form('approve'))).toMatchObject({
      status: 403,
      text: expect.stringContaining('<code>blocked</code>'),
    });
    expect(statusOf(app, id)).toBe('open');
    expect(await call(app, 'decideByLink', form('deny'))).toMatchObject({ status: 200 });
    expect(await call(app, 'decideRequest', { as: second, id: other.id, body: { decision: 'deny' } })).toMatchObject({
      status: 200,
    });
  });

  test('a blocked person cannot approve for others either', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    await playStream(app);
    const token = linkTo(app, lead);
    await revoke(app, { person: lead, block: '2h' });
    for (const as of [lead, 'arn:aws:iam::222222222222:user/lead'])
      expect(await call(app, 'decideRequest', { as, id, body: { decision: 'approve' } })).toMatchObject(blocked());
    expect((await call(app, 'showDecision', { id: token })).text).not.toContain('value="approve"');
    expect(await approvedBy(app, id, second)).toMatchObject({ status: 'active' });
  });

  test.each(['issueCredentials', 'issueConsole', 'issueRoleCredentials', 'issueRoleConsole'] as const)(
    'nothing is issued: %s',
    async (name) => {
      const app = fakeApp();
      const { id } = await granted(app);
      const wanted = name.startsWith('issueRole') ? 'read' : id;
      blockBehind(app, { account: '111111111111' });
      expect(await call(app, name, { as: dev, id: wanted, body: {} })).toMatchObject(blocked());
      expect(app.sts.assumed).toEqual([]);
      // once the request is over, too: asking anew would be refused
      await revoke(app, { person: dev, block: '2h' });
      expect(await call(app, name, { as: dev, id: wanted, body: {} })).toMatchObject(blocked());
    },
  );

  test('nothing is extended', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    blockBehind(app, { person: dev, role: 'read' });
    const body = { duration: '1h', reason: 'More' };
    expect(await call(app, 'extendRequest', { as: dev, id, body })).toMatchObject(blocked());
  });

  test('what it does not name goes on', async () => {
    const app = fakeApp();
    await revoke(app, { person: dev, role: 'read', block: '2h' });
    expect(await file(app, { body: play })).toMatchObject({ status: 201 });
    expect(await file(app, { as: lead })).toMatchObject({ status: 201 });
    expect(await file(app)).toMatchObject(blocked());
  });

  test('handing back and reading go on', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    blockBehind(app, { person: dev });
    expect(await call(app, 'readRequest', { as: dev, id })).toMatchObject({ status: 200 });
    expect(await call(app, 'endRequest', { as: dev, id, body: {} })).toMatchObject({ status: 200 });
  });
});

describe('the list of blocks', () => {
  test('names what is blocked, by whom, why and until when, the newest first', async () => {
    const app = fakeApp();
    await revoke(app, { account: 'sandbox', block: '1h' });
    app.now += MINUTE;
    await revoke(app, { person: dev, role: 'read', block: '2h' });
    const common = { comment: 'The laptop was stolen', by: { person: admin, name: admin }, id: expect.any(String) };
    const items = [
      { ...common, person: dev, role: 'read', createdAt: '2026-11-22T10:01:00Z', until: '2026-11-22T12:01:00Z' },
      { ...common, account: '333333333333', createdAt: '2026-11-22T10:00:00Z', until: '2026-11-22T11:00:00Z' },
    ];
    for (const as of [admin, 'auditor@example.com']) expect(await blocks(app, as)).toEqual({ items });
    app.now += HOUR;
    expect((await blocks(app)).items).toHaveLength(1);
  });

  test('has one for each thing that is named: repeating makes it longer, never shorter', async () => {
    const app = fakeApp();
    await revoke(app, { person: dev, block: '2h' });
    const [first] = (await blocks(app)).items;
    expect((await revoke(app, { person: iamDev, block: '1h' })).body.blockedUntil).toBe('2026-11-22T12:00:00Z');
    expect((await revoke(app, { person: dev, block: '3h' })).body.blockedUntil).toBe('2026-11-22T13:00:00Z');
    expect((await blocks(app)).items).toMatchObject([{ id: first!.id, until: '2026-11-22T13:00:00Z' }]);
  });

  test('is lifted by an admin, once', async () => {
    const app = fakeApp();
    await revoke(app, { person: dev, block: '2h' });
    const id = await standing(app);
    expect(await lift(app, id)).toMatchObject({ status: 200, body: { lifted: true } });
    expect(await lift(app, id)).toMatchObject({ status: 200, body: { lifted: false } });
    expect(await file(app)).toMatchObject({ status: 201 });
  });

  test('an admin does not lift a block of their own', async () => {
    const app = fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, admins: [admin, lead] }) });
    await revoke(app, { person: lead, block: '2h' });
    const id = await standing(app);
    for (const as of [lead, 'arn:aws:iam::222222222222:user/lead'])
      expect(await lift(app, id, as)).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
    expect(await lift(app, id)).toMatchObject({ body: { lifted: true } });
  });

  test('holds 200, and says so before anything is ended', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    blockBehind(app, ...Array.from({ length: 200 }, (_, i) => ({ person: `p${i}@example.com` })));
    expect(await revoke(app, { person: dev, block: '2h' })).toMatchObject({
      status: 422,
      body: { code: 'refused-by-policy', errors: [{ pointer: '/block' }] },
    });
    expect(statusOf(app, id)).toBe('open');
    expect((await revoke(app, { person: dev })).body.ended).toEqual([id]);
    app.now += 2 * HOUR;
    expect(await revoke(app, { person: dev, block: '2h' })).toMatchObject({ status: 200 });
    expect((await blocks(app)).items).toHaveLength(1);
  });
});

describe('who may', () => {
  test.each([dev, lead, 'auditor@example.com', bot])('%s may not', async (as) => {
    const app = fakeApp();
    await revoke(app, { person: dev, block: '2h' });
    const id = await standing(app);
    const answers = [await revoke(app, { person: dev }, as), await lift(app, id, as)];
    for (const answer of answers) expect(answer).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
    if (as !== 'auditor@example.com') expect(await blocks(app, as)).toMatchObject({ code: 'not-allowed' });
    expect((await blocks(app)).items).toHaveLength(1);
  });

  test('an admin at the IAM mount may', async () => {
    const signing = 'arn:aws:iam::222222222222:user/admin';
    const app = fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, admins: [signing] }) });
    expect(await revoke(app, { person: dev, block: '2h' }, signing)).toMatchObject({ status: 200 });
    const { body } = await call<BlockListView>(app, 'listBlocks', { as: signing });
    expect(await lift(app, body.items[0]!.id, signing)).toMatchObject({ body: { lifted: true } });
  });
});

test.each<[string, object, string]>([
  ['nothing is named', {}, ''],
  ['an unknown field', { person: dev, reason: 'x' }, '/reason'],
  ['no comment', { person: dev, comment: undefined }, '/comment'],
  ['an empty comment', { person: dev, comment: ' ' }, '/comment'],
  ['a block that is no duration', { person: dev, block: 'long' }, '/block'],
  ['a block that is too long', { person: dev, block: '31d' }, '/block'],
  ['a block that is too short', { person: dev, block: '59s' }, '/block'],
  ['what is no role', { role: '~' }, '/role'],
  ['a role that nobody knows', { role: 'raed', block: '2h' }, '/role'],
  ['an account that nobody knows', { account: 'producton', block: '2h' }, '/account'],
])('%s is refused and blocks nothing', async (_name, body, pointer) => {
  const app = fakeApp();
  const { id } = await granted(app);
  expect(await revoke(app, body)).toMatchObject({
    status: 400,
    body: { code: 'invalid-request', errors: [{ pointer }] },
  });
  expect(statusOf(app, id)).toBe('open');
  expect((await blocks(app)).items).toEqual([]);
});

test('the id of a block has a form', async () => {
  expect(await lift(fakeApp(), 'x')).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  expect(await lift(fakeApp(), requestId(1))).toMatchObject({ body: { lifted: false } });
});

test('the log tells who blocked and lifted what, without the comment', async () => {
  const app = fakeApp();
  const { id } = await granted(app);
  app.lines.length = 0;
  await revoke(app, { person: dev, account: 'production', block: '2h' });
  const block = await standing(app);
  await lift(app, block);
  const told = app.lines.filter(({ code }) => code === 'security-event').map(({ fields }) => fields);
  const about = { block, requester: dev, account: '111111111111', until: '2026-11-22T12:00:00Z' };
  expect(told).toMatchObject([
    { event: 'blocked', ...about, actor: admin, via: 'oidc', call: expect.any(String) },
    { event: 'revoked', request: id, actor: admin },
    { event: 'unblocked', ...about, actor: admin, via: 'oidc' },
  ]);
  expect(JSON.stringify(app.lines)).not.toContain('laptop');
});

describe('what a revocation could not end', () => {
  const failing = (app: FakeApp, ...ids: string[]) => {
    const replace = app.store.replace.bind(app.store);
    app.store.replace = async (next, version, yieldsAt) => {
      if (ids.includes(next.id)) throw new Error('the table is in trouble');
      return replace(next, version, yieldsAt);
    };
    return () => {
      app.store.replace = replace;
    };
  };

  test('holds up nothing else, is named, and is ended by calling again', async () => {
    const app = fakeApp();
    const { id: broken } = await granted(app);
    const { id: other } = await filed(app, play);
    const mend = failing(app, broken);
    const first = await revoke(app, { person: dev, block: '2h' });
    expect(first).toMatchObject({ status: 200, body: { ended: [other], remaining: [broken] } });
    expect(app.lines.filter(({ code }) => code === 'request-not-ended')).toHaveLength(3);
    mend();
    expect((await revoke(app, { person: dev })).body).toEqual({ ended: [broken], effectiveBy: expect.any(String) });
  });

  test('is tried again before it is named', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    const mend = failing(app, id);
    app.pause = async () => mend();
    expect((await revoke(app, { person: dev })).body).toEqual({ ended: [id], effectiveBy: expect.any(String) });
  });

  test('is what was left when time was up', async () => {
    const app = fakeApp();
    for (let i = 0; i < 40; i += 1) await filed(app, play, { as: `p${i}@example.com` });
    const replace = app.store.replace.bind(app.store);
    app.store.replace = async (...args) => {
      app.now += 1000;
      return replace(...args);
    };
    const { body } = await revoke(app, { role: 'play' });
    expect(body.ended.length).toBeGreaterThanOrEqual(14);
    expect(body.remaining!.length).toBeGreaterThan(0);
    expect(body.ended.length + body.remaining!.length).toBe(40);
  });

  test('may be a document that cannot be read: the others are ended', async () => {
    const app = fakeApp();
    const { id: broken } = await granted(app);
    const { id: other } = await filed(app, play);
    const { get } = app.store;
    app.store.getMany = async () => {
      throw new Error('a document cannot be read');
    };
    app.store.get = async (id) => {
      if (id === broken) throw new Error('a document cannot be read');
      return get(id);
    };
    expect((await revoke(app, { person: dev })).body).toMatchObject({ ended: [other], remaining: [broken] });
  });

  test('with a single revoke: an extension that fails is named, and the revoke stands', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    const wish = { as: dev, id, body: { duration: '1h', reason: 'More' } };
    const { body: extension } = await call<RequestView>(app, 'extendRequest', wish);
    const mend = failing(app, extension.id);
    const ended = { status: 200, body: { status: 'revoked', remaining: [extension.id] } };
    for (let i = 0; i < 2; i += 1)
      expect(await call(app, 'endRequest', { as: admin, id, body: {} })).toMatchObject(ended);
    mend();
    const { body } = await call<RequestView>(app, 'endRequest', { as: admin, id, body: {} });
    expect(body).toMatchObject({ status: 'revoked', alsoEnded: [extension.id] });
    expect(body).not.toHaveProperty('remaining');
  });

  test('is ended by the sweep within minutes, in the name of the admin who blocked it', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    const { id: other } = await filed(app, {}, { as: lead });
    blockBehind(app, { person: dev });
    await sweep(app);
    expect(app.store.requests.get(id)).toMatchObject({
      outcome: { status: 'revoked', by: { key: admin }, why: 'x' },
      history: expect.arrayContaining([expect.objectContaining({ type: 'revoked', actor: admin, via: 'sweep' })]),
    });
    expect(statusOf(app, other)).toBe('open');
  });

  test('fails the sweep for as long as it cannot be ended, and nothing else of it', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    const lapsed = await filed(app, {}, { as: lead });
    app.now += 9 * HOUR;
    const late = await granted(app, { duration: '8h' }).catch(() => undefined);
    expect(late).toBeDefined();
    blockBehind(app, { person: dev });
    failing(app, late!.id);
    await expect(sweep(app)).rejects.toThrow('1 checks after a block');
    expect(statusOf(app, lapsed.id)).toBe('lapsed');
    expect(statusOf(app, id)).toBe('ended');
  });
});

// --- internal ---

/** Blocks that stand for two hours although nothing was ended for them, as a request that a revocation has missed meets them. */
function blockBehind(app: FakeApp, ...selectors: Array<{ person?: string; role?: string; account?: string }>): void {
  const common = { comment: 'x', by: { key: admin, name: admin }, at: app.now, until: app.now + 2 * HOUR };
  const list = selectors.map((selector, i) => ({ ...common, ...selector, id: requestId(i) }));
  app.store.setBlocks({ version: 7, blocks: list });
}
