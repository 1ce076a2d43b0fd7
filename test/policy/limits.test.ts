// How much one person and one bot may file in an hour, and how much of one role may be open, from keys that are read at once.
import { describe, expect, test } from '@jest/globals';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { RoleView } from '../../lib/http/answers.ts';
import { type Answer, approvedBy, call, filed, playStream } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { titleOf } from '../support/outbox.ts';
import { passUntil } from '../support/passing-time.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops';
const { bots } = smallCatalogueFile;
const withLimits = (limits: object, requestsPerHour?: number): FakeApp =>
  fakeApp({
    catalogue: catalogueOf({
      ...smallCatalogueFile,
      limits,
      bots: { chatops: { ...bots.chatops, ...(requestsPerHour && { requestsPerHour }) } },
    }),
  });
type Problem = Answer<{ code: string; detail: string; id: string }>;
const file = (app: FakeApp, body: object = {}, as = dev): Promise<Problem> =>
  call(app, 'createRequest', {
    as,
    headers: { 'idempotency-key': undefined },
    body: { role: 'read', reason: 'Look at the export', ...body },
  });
/** Files and takes it back at once, so that only the hour counts. */
async function fileAndWithdraw(app: FakeApp, as = dev): Promise<number> {
  const { status, body } = await file(app, {}, as);
  if (status === 201) await call(app, 'endRequest', { as, id: body.id, body: {} });
  return status;
}

describe('requests of one person in an hour', () => {
  test('are at most 20 by default', async () => {
    const app = withLimits({});
    for (let i = 0; i < 20; i += 1) expect(await fileAndWithdraw(app)).toBe(201);
    expect(await fileAndWithdraw(app)).toBe(429);
  });

  test('the next one is refused with the time to wait, whatever became of the others', async () => {
    const app = withLimits({ requestsPerHour: 3 });
    for (let i = 0; i < 3; i += 1) {
      expect(await fileAndWithdraw(app)).toBe(201);
      app.now += 10 * MINUTE;
    }
    const refused = await file(app);
    expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([429, 'too-many-open', '1800']);
    expect(refused.body.detail).toContain('at most 3 requests in an hour');
    expect(await fileAndWithdraw(app, 'lead@example.com')).toBe(201);
    app.now = start + HOUR - 1;
    expect(await fileAndWithdraw(app)).toBe(429);
    app.now = start + HOUR;
    expect(await fileAndWithdraw(app)).toBe(201);
    expect(await fileAndWithdraw(app)).toBe(429);
  });

  test('a replay is none, and a dry run says what filing would', async () => {
    const app = withLimits({ requestsPerHour: 1 });
    const keyed = {
      as: dev,
      headers: { 'idempotency-key': 'k1' },
      body: { role: 'read', reason: 'Look at the export' },
    };
    expect((await call(app, 'createRequest', keyed)).status).toBe(201);
    expect((await call(app, 'createRequest', keyed)).status).toBe(200);
    const { body } = await call<{ outcome: string; checks: Array<{ check: string; passed: boolean }> }>(app, 'dryRun', {
      as: dev,
      body: { role: 'play', reason: 'x' },
    });
    expect(body.outcome).toBe('refused');
    expect(body.checks.filter(({ passed }) => !passed).map(({ check }) => check)).toEqual(['requests-per-hour']);
  });

  test('costs no further round trip', async () => {
    const app = withLimits({ requestsPerHour: 3 });
    await fileAndWithdraw(app);
    app.forget();
    await file(app);
    expect(app.hops()).toBe(2);
  });
});

describe('a person who files and withdraws again and again', () => {
  const subjects = (app: FakeApp) => app.mail.outbox.splice(0).map(({ to, subject }) => `${titleOf(subject)} ${to}`);
  const [lead, second] = ['lead@example.com', 'second-lead@example.com'];
  async function flood(app: FakeApp, times: number): Promise<void> {
    for (let i = 0; i < times; i += 1) {
      await fileAndWithdraw(app);
      app.now += 150;
      await playStream(app);
    }
  }

  test('sixty times within nine seconds sends four emails', async () => {
    const app = withLimits({});
    await flood(app, 60);
    await passUntil(app, app.now + 10 * MINUTE);
    expect(subjects(app)).toEqual([0, 1].flatMap(() => [`Decision needed ${lead}`, `Decision needed ${second}`]));
  });

  test('has approvers asked a minute later from then on, and a dry run says so', async () => {
    const app = withLimits({});
    await flood(app, 2);
    subjects(app);
    const { body } = await call<{ checks: Array<{ check: string; passed: boolean; detail: string }> }>(app, 'dryRun', {
      as: dev,
      body: { role: 'read', reason: 'Look at the export' },
    });
    expect(body.checks.find(({ check }) => check === 'asked-later')).toEqual({
      check: 'asked-later',
      passed: true,
      detail:
        'Approvers are asked a minute after filing, because 2 of your requests of the last hour were over within a minute.',
    });
    const filedAt = app.now;
    await filed(app);
    await playStream(app);
    await passUntil(app, filedAt + 59_000);
    expect(subjects(app)).toEqual([]);
    await passUntil(app, filedAt + MINUTE);
    expect(subjects(app)).toEqual([`Decision needed ${lead}`, `Decision needed ${second}`]);
    await passUntil(app, filedAt + 30 * MINUTE);
    expect(subjects(app)).toEqual([]);
  });

  test('is not somebody whose requests were granted and used, or taken back after a while', async () => {
    const app = withLimits({});
    for (let i = 0; i < 3; i += 1) {
      const { id } = await filed(app);
      app.now += MINUTE;
      await call(app, 'endRequest', { as: dev, id, body: {} });
    }
    app.store.changes.length = 0;
    await filed(app);
    await playStream(app);
    expect(subjects(app)).toEqual([`Decision needed ${lead}`, `Decision needed ${second}`]);
  });

  test('may be asked for at once again an hour later', async () => {
    const app = withLimits({});
    await flood(app, 3);
    subjects(app);
    app.now += HOUR;
    await filed(app);
    await playStream(app);
    expect(subjects(app)).toEqual([`Decision needed ${lead}`, `Decision needed ${second}`]);
  });
});

describe('requests of one bot in an hour', () => {
  test('are limited over all the people it files for', async () => {
    const app = withLimits({}, 2);
    expect((await file(app, { onBehalfOf: dev }, bot)).status).toBe(201);
    app.now += MINUTE;
    expect((await file(app, { onBehalfOf: 'lead@example.com' }, bot)).status).toBe(201);
    app.now += MINUTE;
    for (const onBehalfOf of [dev, 'lead@example.com']) {
      await Promise.all(
        [...app.store.requests.keys()].map((id) => call(app, 'endRequest', { as: 'admin@example.com', id, body: {} })),
      );
      const refused = await file(app, { onBehalfOf }, bot);
      expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([
        429,
        'too-many-open',
        `${58 * 60}`,
      ]);
    }
    expect((await file(app)).status).toBe(201);
    app.now = start + HOUR;
    expect((await file(app, { onBehalfOf: 'lead@example.com' }, bot)).status).toBe(201);
  });

  test('are sixty where the catalogue says nothing', () => {
    expect([...catalogueOf().bots.values()].map(({ requestsPerHour }) => requestsPerHour)).toEqual([60]);
  });

  test('cost no further round trip', async () => {
    const app = withLimits({}, 2);
    await file(app, { onBehalfOf: dev }, bot);
    expect(app.hops()).toBe(2);
  });
});

describe('open requests of one role', () => {
  const { roles } = smallCatalogueFile;
  const [lead, third] = ['lead@example.com', 'third@example.com'];
  const withPlaces = (open: number, more: object = {}): FakeApp =>
    fakeApp({
      catalogue: catalogueOf({
        ...smallCatalogueFile,
        groups: {
          ...smallCatalogueFile.groups,
          leads: ['lead@example.com', 'second-lead@example.com', 'security@example.com'],
        },
        roles: { ...roles, read: { ...roles.read, requesters: ['everyone'], limits: { open }, ...more } },
      }),
    });
  const code = ({ status, body }: Problem) => `${status} ${body.code ?? ''}`.trim();

  test('are limited over all people, and the answer says when the next is over as things stand', async () => {
    const app = withPlaces(2);
    expect((await file(app)).status).toBe(201);
    app.now += MINUTE;
    expect((await file(app, {}, lead)).status).toBe(201);
    const refused = await file(app, {}, third);
    expect([code(refused), refused.headers['retry-after']]).toEqual(['429 too-many-open', `${8 * 3600 - 60}`]);
    expect(refused.body.detail).toBe(
      'At most 2 requests for this role may be open at once, over all people. Currently, the next one is due to end at 2026-11-22T18:00:00Z.',
    );
    expect((await file(app, { role: 'play' }, third)).status).toBe(201);
  });

  test('count while pending, scheduled and active, by the clock although no sweep ran', async () => {
    const app = withPlaces(1);
    const startsAt = new Date(start + 2 * HOUR).toISOString();
    const { id } = await filed(app, { startsAt });
    expect(code(await file(app, {}, third))).toBe('429 too-many-open');
    await approvedBy(app, id, lead);
    app.now = start + HOUR;
    expect(code(await file(app, {}, third))).toBe('429 too-many-open');
    app.now = start + 3 * HOUR - 1;
    expect(code(await file(app, {}, third))).toBe('429 too-many-open');
    app.now = start + 3 * HOUR;
    expect((await file(app, {}, third)).status).toBe(201);
    app.now += 8 * HOUR;
    expect((await file(app, {}, 'fourth@example.com')).status).toBe(201);
  });

  test.each([
    ['withdrawn', dev],
    ['revoked', 'admin@example.com'],
  ])('are free again when one is %s', async (_, as) => {
    const app = withPlaces(1);
    const { id } = await filed(app);
    expect(code(await file(app, {}, third))).toBe('429 too-many-open');
    await call(app, 'endRequest', { as, id, body: {} });
    expect((await file(app, {}, third)).status).toBe(201);
  });

  test('an extension has the place of its grant, and then its own', async () => {
    const app = withPlaces(2);
    const { id } = await filed(app);
    await approvedBy(app, id, lead);
    await filed(app, {}, { as: third });
    const extension = await call<{ id: string }>(app, 'extendRequest', {
      as: dev,
      id,
      body: { duration: '1h', reason: 'Not through yet' },
    });
    expect(extension.status).toBe(201);
    expect(code(await file(app, {}, 'fourth@example.com'))).toBe('429 too-many-open');
    await call(app, 'endRequest', {
      as: third,
      id: [...app.store.requests.values()].find(({ requester }) => requester.person === third)!.id,
      body: {},
    });
    expect((await file(app, {}, 'fourth@example.com')).status).toBe(201);
    await call(app, 'endRequest', { as: dev, id, body: {} });
    expect(code(await file(app, {}, 'fifth@example.com'))).toBe('429 too-many-open');
    await call(app, 'endRequest', { as: dev, id: extension.body.id, body: {} });
    expect((await file(app, {}, 'fifth@example.com')).status).toBe(201);
  });

  test('break-glass takes a place and waits for none', async () => {
    const breakGlass = { requesters: [lead], maxDuration: '30m', reviewers: ['group:leads'] };
    const app = withPlaces(1, { breakGlass });
    await filed(app);
    const glass = { breakGlass: true, reason: 'The shop is down and nobody answers' };
    expect((await file(app, glass, lead)).status).toBe(201);
    await call(app, 'endRequest', { as: dev, id: [...app.store.requests.keys()][0]!, body: {} });
    expect(code(await file(app, {}, third))).toBe('429 too-many-open');
  });

  test('of a template are counted in each account', async () => {
    const { account: _, ...read } = roles.read;
    const catalogue = catalogueOf({
      ...smallCatalogueFile,
      bots: {},
      roles: { read: { ...read, accounts: ['*'], requesters: ['everyone'], limits: { open: 1 } } },
    });
    const app = fakeApp({ catalogue });
    expect((await file(app, { role: 'read@production' })).status).toBe(201);
    expect((await file(app, { role: 'read@sandbox' }, third)).status).toBe(201);
    expect(code(await file(app, { role: 'read@production' }, third))).toBe('429 too-many-open');
  });

  test('a dry run says what filing would, and names nobody', async () => {
    const app = withPlaces(1);
    const { id } = await filed(app);
    const { text, body } = await call<{ outcome: string; checks: object[] }>(app, 'dryRun', {
      as: third,
      body: { role: 'read', reason: 'x' },
    });
    expect([body.outcome, body.checks]).toEqual([
      'refused',
      expect.arrayContaining([expect.objectContaining({ check: 'open-requests-of-role', passed: false })]),
    ]);
    expect(text).not.toContain(id);
    expect(text).not.toContain(dev);
  });

  test('a replay takes no place, and the list of roles says how many there are', async () => {
    const app = withPlaces(1);
    const keyed = {
      as: dev,
      headers: { 'idempotency-key': 'k1' },
      body: { role: 'read', reason: 'Look at the export' },
    };
    expect((await call(app, 'createRequest', keyed)).status).toBe(201);
    expect((await call(app, 'createRequest', keyed)).status).toBe(200);
    const { body } = await call<{ items: RoleView[] }>(app, 'listRoles', { as: dev });
    expect(Object.fromEntries(body.items.map((role) => [role.id, role.limits]))).toEqual({
      read: { open: 1 },
      write: undefined,
      play: undefined,
    });
  });

  test('cost no further round trip, and nothing at all for a role without a limit', async () => {
    const app = withPlaces(3);
    await fileAndWithdraw(app);
    app.forget();
    await file(app);
    expect(app.hops()).toBe(2);
    app.forget();
    await file(app, { role: 'play' });
    expect(app.steps.map(({ name }) => name)).not.toContain('store.getMany');
  });
});
