// How much one person and one bot may file in an hour, from the keys that filing reads anyway.
import { describe, expect, test } from '@jest/globals';
import { HOUR, MINUTE } from '../lib/time.ts';
import { type Answer, call } from './support/calls.ts';
import { type FakeApp, fakeApp } from './support/fake-app.ts';
import { start } from './support/records.ts';
import { catalogueOf, smallCatalogueFile } from './support/small-catalogue.ts';

const dev = 'dev@example.com';
const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops';
const { bots } = smallCatalogueFile;
const withLimits = (limits: object, requestsPerHour?: number): FakeApp =>
  fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, limits, bots: { chatops: { ...bots.chatops, ...(requestsPerHour && { requestsPerHour }) } } }) });
type Problem = Answer<{ code: string; detail: string; id: string }>;
const file = (app: FakeApp, body: object = {}, as = dev): Promise<Problem> =>
  call(app, 'createRequest', { as, headers: { 'idempotency-key': undefined }, body: { role: 'read', reason: 'Look at the export', ...body } });
/** Files and takes it back at once, so that only the hour counts. */
async function fileAndWithdraw(app: FakeApp, as = dev): Promise<number> {
  const { status, body } = await file(app, {}, as);
  if (status === 201) await call(app, 'endRequest', { as, id: body.id, body: {} });
  return status;
}

describe('requests of one person in an hour', () => {
  test('none are counted unless the catalogue says so', async () => {
    const app = withLimits({});
    for (let i = 0; i < 30; i += 1) expect(await fileAndWithdraw(app)).toBe(201);
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
    const keyed = { as: dev, headers: { 'idempotency-key': 'k1' }, body: { role: 'read', reason: 'Look at the export' } };
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
    await file(app);
    expect(app.hops()).toBe(2);
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
      await Promise.all([...app.store.requests.keys()].map((id) => call(app, 'endRequest', { as: 'admin@example.com', id, body: {} })));
      const refused = await file(app, { onBehalfOf }, bot);
      expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([429, 'too-many-open', `${58 * 60}`]);
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
