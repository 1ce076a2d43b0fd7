// The minute's run: what the clock has decided becomes a recorded event, one request at a time, whatever happens to the others.
import { describe, expect, test } from '@jest/globals';
import { handler } from '../../functions/sweep.ts';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import { driftDigest } from '../../lib/request/drift.ts';
import { approvedBy, call, eventFile, filed, granted, playStream } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { titleOf } from '../support/outbox.ts';
import { record, requestId, start } from '../support/records.ts';

const dev = 'dev@example.com';
const sweep = (app: FakeApp) => handler.with(app)(eventFile('sweep.schedule'), {} as never);
const last = (app: FakeApp, id: string) => app.store.requests.get(id)?.history.at(-1);

test('records a lapse at its deadline, and it is news', async () => {
  const app = fakeApp();
  const { id } = await filed(app);
  await playStream(app);
  app.now = start + 8 * HOUR - 1;
  await sweep(app);
  app.now = start + 9 * HOUR;
  expect(await sweep(app)).toEqual({ due: 1, settled: 1 });
  expect(app.store.requests.get(id)?.outcome).toEqual({
    status: 'lapsed',
    at: start + 8 * HOUR,
    by: { kind: 'clock' },
  });
  expect(last(app, id)).toMatchObject({ type: 'lapsed', at: start + 9 * HOUR, actor: 'latchkey', via: 'sweep' });
  app.mail.outbox.splice(0);
  await playStream(app);
  expect(app.mail.outbox.map(({ to, subject }) => [to, titleOf(subject)])).toEqual([
    [dev, 'Lapsed'],
    ['lead@example.com', 'Lapsed'],
    ['second-lead@example.com', 'Lapsed'],
  ]);
});

test('records the natural end of a grant', async () => {
  const app = fakeApp();
  const { id } = await granted(app);
  app.now = start + HOUR - 1;
  expect(await sweep(app)).toEqual({ due: 0, settled: 0 });
  app.now = start + HOUR + 30 * MINUTE;
  expect(await sweep(app)).toEqual({ due: 1, settled: 1 });
  expect(app.store.requests.get(id)?.outcome).toEqual({
    status: 'ended',
    at: start + HOUR,
    by: { kind: 'clock' },
  });
  expect(await sweep(app)).toEqual({ due: 0, settled: 0 });
  expect(app.lines.at(-1)).toEqual({ code: 'sweep-done', fields: { due: 0, settled: 0, failed: 0 } });
});

test('a grant that somebody ended stays as they ended it', async () => {
  const app = fakeApp();
  const { id } = await granted(app);
  await call(app, 'endRequest', { as: 'lead@example.com', id });
  app.now += 2 * HOUR;
  expect(await sweep(app)).toEqual({ due: 0, settled: 0 });
  expect(app.store.requests.get(id)?.outcome?.status).toBe('revoked');
});

test('checks the emails to waiting approvers after 5 min, 30 min, 2 h, and after that no more within 8 h', async () => {
  const app = fakeApp();
  const { id } = await filed(app);
  const checkedAt: number[] = [];
  for (app.now = start; app.now < start + 8 * HOUR; app.now += MINUTE) {
    const { settled } = await sweep(app);
    if (settled > 0) checkedAt.push((app.now - start) / MINUTE);
  }
  expect(checkedAt).toEqual([5, 30, 120]);
  expect(last(app, id)).toMatchObject({ type: 'mail-checked' });
  expect(await sweep(app)).toEqual({ due: 1, settled: 1 });
  expect(last(app, id)).toMatchObject({ type: 'lapsed' });
});

test('a run that comes late makes up for all checks at once', async () => {
  const app = fakeApp();
  await filed(app);
  app.now += 3 * HOUR;
  expect(await sweep(app)).toEqual({ due: 1, settled: 1 });
  expect(await sweep(app)).toEqual({ due: 0, settled: 0 });
});

describe('one request', () => {
  test('that cannot be settled does not stop the others, and the run says that it failed', async () => {
    const app = fakeApp();
    const ids: string[] = [];
    for (const role of ['read', 'play']) ids.push((await filed(app, { role })).id);
    ids.push((await filed(app, {}, { as: 'lead@example.com' })).id);
    app.now += 9 * HOUR;
    const get = app.store.get;
    app.store.get = (id) => (id === ids[0] ? Promise.reject(new Error('canary')) : get(id));
    await expect(sweep(app)).rejects.toThrow(
      '1 of 3 due requests and 1 checks after a block or a change of the catalogue failed',
    );
    expect(ids.map((id) => app.store.requests.get(id)?.outcome?.status)).toEqual([undefined, 'ended', 'lapsed']);
    expect(app.lines.filter(({ code }) => code.startsWith('sweep'))).toEqual([
      {
        code: 'sweep-item-failed',
        fields: { request: ids[0], error: 'Error', frames: expect.stringContaining('sweep.test.ts:') },
      },
      { code: 'sweep-done', fields: { due: 3, settled: 2, failed: 1 } },
    ]);
  });

  test('that was decided at the same moment is decided', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    app.now = start + 5 * MINUTE;
    let isDecided = false;
    app.gate = async (step, when) => {
      if (isDecided || step.name !== 'store.replace' || when !== 'before') return;
      isDecided = true;
      await approvedBy(app, id, 'lead@example.com');
    };
    expect(await sweep(app)).toEqual({ due: 1, settled: 0 });
    expect(app.store.requests.get(id)).toMatchObject({ version: 2, grant: { endsAt: expect.any(Number) } });
  });

  test('whose entry in the index lags behind is left alone', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    app.store.due = async () => [id];
    expect(await sweep(app)).toEqual({ due: 1, settled: 0 });
    expect(app.store.requests.get(id)?.version).toBe(2);
  });
});

test('a thousand lapses take two runs, eight at a time', async () => {
  const app = fakeApp();
  for (let i = 1; i <= 1000; i += 1) await app.store.create(record({ id: requestId(i) }), []);
  app.now = start + 8 * HOUR;
  await app.store.saveLook({ digest: driftDigest(app.catalogue), at: app.now });
  app.forget();
  expect(await sweep(app)).toEqual({ due: 500, settled: 500 });
  // and the look at what it remembers
  expect(app.hops()).toBe(1 + 2 * Math.ceil(500 / 8) + 1);
  expect(await sweep(app)).toEqual({ due: 500, settled: 500 });
  expect(await sweep(app)).toEqual({ due: 0, settled: 0 });
});
