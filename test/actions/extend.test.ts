// A grant that is continued, and one that starts later: same rule, own approval, own clock.
import { describe, expect, test } from '@jest/globals';
import { HOUR, MINUTE, toInstant } from '../../lib/common/time.ts';
import type { CredentialsView, ExplanationView, RequestView } from '../../lib/http/answers.ts';
import { statusAt } from '../../lib/model/status.ts';
import { approvedBy, call, filed, granted, linkTo, playStream, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { interleaved } from '../support/gates.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

type ProblemBody = { code: string; detail: string };
const dev = 'dev@example.com';
const body = { duration: '1h', reason: 'The export is not through yet' };
const extend = (app: FakeApp, id: string, wish: Wish = {}) =>
  call<RequestView>(app, 'extendRequest', { as: dev, id, body, headers: { 'idempotency-key': undefined }, ...wish });
const end = (app: FakeApp, id: string, as: string) => call<RequestView>(app, 'endRequest', { as, id, body: {} });
const vend = (app: FakeApp, id: string) => call<CredentialsView>(app, 'issueCredentials', { as: dev, id, body: {} });
const read = async (app: FakeApp, id: string) => (await call<RequestView>(app, 'readRequest', { as: dev, id })).body;

describe('an extension', () => {
  test('is a linked request for the same role that starts when the grant ends, once it is approved', async () => {
    const app = fakeApp();
    const old = await granted(app, { ticket: undefined });
    const { status, headers, body: extension } = await extend(app, old.id);
    expect([status, headers.location]).toEqual([201, `/v1/requests/${extension.id}`]);
    expect(extension).toMatchObject({
      status: 'pending',
      extends: old.id,
      role: old.role,
      reason: body.reason,
      durationSeconds: 3600,
      startsAt: old.endsAt,
    });
    const approved = await approvedBy(app, extension.id, 'lead@example.com');
    expect(approved).toMatchObject({ status: 'scheduled', startsAt: old.endsAt, endsAt: toInstant(start + 2 * HOUR) });
    expect(await read(app, old.id)).toEqual(old);
  });

  test('is not vended from before it starts, and is from then on', async () => {
    const app = fakeApp();
    const old = await granted(app);
    const { body: extension } = await extend(app, old.id);
    await approvedBy(app, extension.id, 'lead@example.com');
    const early = await vend(app, extension.id);
    expect([early.status, early.body]).toEqual([
      409,
      expect.objectContaining({ code: 'not-active', detail: expect.stringContaining(`starts at ${old.endsAt}`) }),
    ]);
    app.now = start + HOUR;
    expect((await vend(app, old.id)).status).toBe(409);
    expect((await vend(app, extension.id)).body.GrantEndsAt).toBe(toInstant(start + 2 * HOUR));
  });

  test('that is approved after the grant has ended starts at once', async () => {
    const app = fakeApp();
    const old = await granted(app);
    const { body: extension } = await extend(app, old.id);
    app.now = start + HOUR + MINUTE;
    expect(await approvedBy(app, extension.id, 'lead@example.com')).toMatchObject({
      status: 'active',
      startsAt: toInstant(app.now),
    });
  });

  test.each(['the API', 'the link'])(
    'that is approved by %s after the grant was handed back starts at once',
    async (way) => {
      const app = fakeApp();
      const old = await granted(app);
      const { body: extension } = await extend(app, old.id);
      await playStream(app);
      await end(app, old.id, dev);
      app.now += MINUTE;
      if (way === 'the API') await approvedBy(app, extension.id, 'lead@example.com');
      else
        await call(app, 'decideByLink', { id: linkTo(app, 'lead@example.com'), body: Buffer.from('decision=approve') });
      expect(await read(app, extension.id)).toMatchObject({ status: 'active', startsAt: toInstant(app.now) });
    },
  );

  test('and a grant that is handed back end independently', async () => {
    const app = fakeApp();
    const old = await granted(app);
    await vend(app, old.id);
    const { body: extension } = await extend(app, old.id);
    await approvedBy(app, extension.id, 'lead@example.com');
    expect((await end(app, old.id, dev)).body.status).toBe('ended');
    expect((await read(app, extension.id)).status).toBe('scheduled');
    expect((await end(app, extension.id, dev)).body).toMatchObject({ status: 'withdrawn' });
    expect(await read(app, extension.id)).not.toHaveProperty('revocation');
  });

  test('that is filed in the moment of the revoke, which misses it, gets no credentials', async () => {
    const app = fakeApp();
    const old = await granted(app);
    const { body: extension } = await extend(app, old.id);
    await approvedBy(app, extension.id, 'lead@example.com');
    const { ledgers } = app.store;
    app.store.ledgers = async (keys) => keys.map((key) => ({ ...key, version: 0, open: [], filed: [] }));
    await end(app, old.id, 'lead@example.com');
    app.store.ledgers = ledgers;
    expect([await read(app, old.id), await read(app, extension.id)]).toMatchObject([
      { status: 'revoked' },
      { status: 'scheduled' },
    ]);
    app.now = start + HOUR;
    const { status, body } = (await vend(app, extension.id)) as unknown as { status: number; body: ProblemBody };
    expect([status, body.code]).toEqual([422, 'refused-by-policy']);
    expect((await read(app, extension.id)).sessions).toEqual([]);
  });

  describe('there is one at a time, and the refusal says what can be done', () => {
    const anew = (app: FakeApp) =>
      call<ProblemBody>(app, 'createRequest', {
        as: dev,
        body: { role: 'read', reason: 'again, please' },
        headers: { 'idempotency-key': 'anew' },
      });
    const detailOf = ({ status, body: { code, detail } }: { status: number; body: ProblemBody }): string => {
      expect([status, code]).toEqual([409, 'overlap']);
      return detail;
    };
    const more = async (app: FakeApp, id: string) =>
      detailOf((await extend(app, id)) as unknown as { status: number; body: ProblemBody });

    test('a filing beside a pending request: that one can be extended once it is granted', async () => {
      const app = fakeApp();
      const { id } = await filed(app);
      expect(detailOf(await anew(app))).toBe(
        `Request ${id} for this role is still open. If it is granted, use it or extend it. To file another, end it first.`,
      );
      await approvedBy(app, id, 'lead@example.com');
      expect((await extend(app, id)).status).toBe(201);
    });

    test('a filing beside a grant and its extension: both must end', async () => {
      const app = fakeApp();
      const old = await granted(app);
      const { body: extension } = await extend(app, old.id);
      expect(detailOf(await anew(app))).toMatch(
        /^Request (\w+) for this role is still open, and so is (\w+)\. Use them, or end both to file another\.$/,
      );
      await end(app, extension.id, dev);
      await end(app, old.id, dev);
      expect((await anew(app)).status).toBe(201);
    });

    test.each(['pending', 'scheduled'])(
      'to whoever extends a grant again: the one that is %s must end',
      async (state) => {
        const app = fakeApp();
        const old = await granted(app);
        const { body: extension } = await extend(app, old.id);
        if (state === 'scheduled') await approvedBy(app, extension.id, 'lead@example.com');
        expect(await more(app, old.id)).toBe(
          `Request ${extension.id} already extends this grant. Use it when this one ends, or end it to file another extension.`,
        );
        await end(app, extension.id, dev);
        expect((await extend(app, old.id)).status).toBe(201);
      },
    );

    test('an extension of the extension: only once the first grant has ended', async () => {
      const app = fakeApp();
      const old = await granted(app);
      const { body: extension } = await extend(app, old.id);
      await approvedBy(app, extension.id, 'lead@example.com');
      expect(await more(app, extension.id)).toBe(
        `This request continues ${old.id}, which is open until ${old.endsAt}. Extend it after that, or end ${old.id} first.`,
      );
      app.now = start + HOUR;
      expect((await extend(app, extension.id)).status).toBe(201);
    });
  });

  test('a key and body that come again get the same request', async () => {
    const app = fakeApp();
    const old = await granted(app);
    const headers = { 'idempotency-key': 'k' };
    const first = await extend(app, old.id, { headers });
    app.now = start + 2 * HOUR;
    const again = await extend(app, old.id, { headers });
    expect([first.status, again.status, again.headers['idempotent-replayed']]).toEqual([201, 200, 'true']);
    expect(again.body.id).toBe(first.body.id);
    expect((await extend(app, old.id, { headers, body: { ...body, reason: 'other' } })).body).toMatchObject({
      code: 'idempotency-mismatch',
    });
  });

  test('in whatever order the reads and writes of two such calls come, one is the replay of the other', async () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const app = fakeApp();
      const old = await granted(app);
      app.gate = interleaved(seed);
      const answers = await Promise.all([1, 2].map(() => extend(app, old.id, { headers: { 'idempotency-key': 'k' } })));
      expect([seed, answers.map(({ status }) => status).sort()]).toEqual([seed, [200, 201]]);
    }
  });

  test.each<[string, Wish, number, string]>([
    ['a stranger', { as: 'stranger@example.com' }, 404, 'request-not-found'],
    ['an approver', { as: 'lead@example.com' }, 403, 'not-the-requester'],
    ['an admin', { as: 'admin@example.com' }, 403, 'not-the-requester'],
    ['more than the role allows', { body: { ...body, duration: '9h' } }, 422, 'refused-by-policy'],
    ['no reason', { body: { duration: '1h' } }, 400, 'invalid-request'],
    ['another role', { body: { ...body, role: 'write' } }, 400, 'invalid-request'],
  ])('not: %s', async (_, wish, status, code) => {
    const app = fakeApp();
    const old = await granted(app);
    const answer = await extend(app, old.id, wish);
    expect([answer.status, answer.body]).toEqual([status, expect.objectContaining({ code })]);
  });

  test('not of what is pending or has ended', async () => {
    const app = fakeApp();
    const old = await filed(app);
    expect((await extend(app, old.id)).body).toMatchObject({ code: 'not-active' });
    await approvedBy(app, old.id, 'lead@example.com');
    app.now = start + HOUR;
    expect((await extend(app, old.id)).body).toMatchObject({ code: 'not-active', request: { status: 'ended' } });
  });

  test('is not approved by the catalogue for a time at which it would not approve', async () => {
    const { read: role } = smallCatalogueFile.roles;
    const hours = { timeZone: 'UTC', from: '08:00', to: '10:30' };
    const lazy = { ...role, approval: { ...role.approval, automatic: { when: { hours } } } };
    const app = fakeApp({
      catalogue: catalogueOf({ ...smallCatalogueFile, roles: { ...smallCatalogueFile.roles, read: lazy } }),
    });
    const old = await filed(app);
    expect(old).toMatchObject({ status: 'active', approval: { automatic: true } });
    expect((await extend(app, old.id)).body).toMatchObject({ status: 'pending', approval: { automatic: false } });
  });

  test('costs two round trips to file, and three to decide', async () => {
    const app = fakeApp();
    const old = await granted(app);
    app.forget();
    const { body: extension } = await extend(app, old.id);
    expect(app.hops()).toBe(2);
    app.forget();
    await approvedBy(app, extension.id, 'lead@example.com');
    expect(app.hops()).toBe(3);
  });

  test('tells the approver what it continues and when it would start', async () => {
    const app = fakeApp();
    const old = await granted(app);
    app.store.changes.splice(0);
    await extend(app, old.id);
    await playStream(app);
    const { text } = app.mail.outbox.at(-1)!;
    expect(text.replace(/\s+/g, ' ')).toContain(`Continues: request ${old.id}, after its grant has ended`);
    expect(text.replace(/\s+/g, ' ')).toContain(
      'How long: 1 h, starting on 22 Nov 2026, 11:00 UTC, or at the approval if that is later',
    );
  });
});

describe('a revoke of the grant', () => {
  const lead = 'lead@example.com';
  type Ended = RequestView & { alsoEnded?: string[]; code?: string };
  const endBy = (app: FakeApp, id: string, as: string) => call<Ended>(app, 'endRequest', { as, id, body: {} });
  async function extended(isApproved: boolean) {
    const app = fakeApp();
    const old = await granted(app);
    const { body: extension } = await extend(app, old.id);
    if (isApproved) await approvedBy(app, extension.id, lead);
    return { app, old, extension };
  }
  const statusOf = (app: FakeApp, id: string) => statusAt(app.store.requests.get(id)!, app.now);

  test.each([
    ['pending', false, lead],
    ['scheduled', true, 'admin@example.com'],
  ])('ends its %s extension too, says so, and tells the requester of both', async (_, isApproved, as) => {
    const { app, old, extension } = await extended(isApproved);
    app.store.changes.length = 0;
    const { status, body } = await endBy(app, old.id, as);
    expect([status, body.status, body.alsoEnded]).toEqual([200, 'revoked', [extension.id]]);
    expect(statusOf(app, extension.id)).toBe('revoked');
    await playStream(app);
    expect(app.mail.outbox.filter(({ to, subject }) => to === dev && subject.startsWith('Revoked'))).toHaveLength(2);
    app.now = start + HOUR;
    expect((await vend(app, extension.id)).status).toBe(409);
  });

  test('that comes again ends an extension that the first one could not', async () => {
    const { app, old, extension } = await extended(true);
    let isBroken = true;
    app.gate = ({ name }, when) => {
      if (isBroken && name === 'store.getMany' && when === 'before') throw new Error('the table is away');
    };
    expect((await endBy(app, old.id, lead)).status).toBe(500);
    expect([statusOf(app, old.id), statusOf(app, extension.id)]).toEqual(['revoked', 'scheduled']);
    isBroken = false;
    const { status, body } = await endBy(app, old.id, lead);
    expect([status, body.alsoEnded, statusOf(app, extension.id)]).toEqual([200, [extension.id], 'revoked']);
    expect((await endBy(app, old.id, lead)).body.code).toBe('not-active');
  });

  test('leaves other requests alone, and a hand-back ends nothing else', async () => {
    const { app, old, extension } = await extended(true);
    const other = await filed(app, { role: 'play' });
    const handedBack = await endBy(app, old.id, dev);
    expect([handedBack.body.alsoEnded, statusOf(app, extension.id)]).toEqual([undefined, 'scheduled']);
    expect((await endBy(app, extension.id, lead)).body.alsoEnded).toBeUndefined();
    expect(statusOf(app, other.id)).toBe('active');
  });

  test('lets nobody approve an extension that was filed in the same moment', async () => {
    const { app, old, extension } = await extended(false);
    const ledgers = app.store.ledgers;
    app.store.ledgers = async (keys) => (await ledgers(keys)).map((ledger) => ({ ...ledger, open: [] }));
    await endBy(app, old.id, lead);
    app.store.ledgers = ledgers;
    const answer = await call<Ended>(app, 'decideRequest', {
      as: lead,
      id: extension.id,
      body: { decision: 'approve' },
    });
    expect([answer.status, answer.body.code]).toEqual([422, 'refused-by-policy']);
  });
});

describe('a start that was asked for', () => {
  const later = toInstant(start + 3 * HOUR);

  test('is when the grant starts; until then it is scheduled, vends nothing, and can be withdrawn', async () => {
    const app = fakeApp();
    const request = await granted(app, { startsAt: later });
    expect(request).toMatchObject({ status: 'scheduled', startsAt: later, endsAt: toInstant(start + 4 * HOUR) });
    expect((await vend(app, request.id)).body).toMatchObject({ code: 'not-active' });
    app.now = start + 3 * HOUR;
    expect((await vend(app, request.id)).status).toBe(200);
    const other = fakeApp();
    const scheduled = await granted(other, { startsAt: later });
    expect((await end(other, scheduled.id, dev)).body.status).toBe('withdrawn');
    expect((await vend(other, scheduled.id)).status).toBe(409);
  });

  test('that has passed at approval is ignored', async () => {
    const app = fakeApp();
    const request = await filed(app, { startsAt: toInstant(start + MINUTE) });
    expect(request).toMatchObject({ status: 'pending', startsAt: toInstant(start + MINUTE) });
    app.now = start + HOUR;
    expect(await approvedBy(app, request.id, 'lead@example.com')).toMatchObject({
      status: 'active',
      startsAt: toInstant(start + HOUR),
    });
  });

  test('applies to an auto-approved role', async () => {
    const app = fakeApp();
    expect(await filed(app, { role: 'play', startsAt: later })).toMatchObject({ status: 'scheduled', startsAt: later });
  });

  test('takes any offset, to the second', async () => {
    const app = fakeApp();
    expect(await filed(app, { startsAt: '2026-11-22T15:00:00.999+02:00' })).toMatchObject({
      startsAt: '2026-11-22T13:00:00Z',
    });
  });

  test.each([
    ['in the past', toInstant(start - 1000), 422, 'refused-by-policy'],
    ['more than a week ahead', toInstant(start + 8 * 24 * HOUR), 422, 'refused-by-policy'],
    ['not an instant', 'tomorrow', 400, 'invalid-request'],
    ['without an offset', '2026-11-22T13:00:00', 400, 'invalid-request'],
    ['on no day', '2026-13-40T13:00:00Z', 400, 'invalid-request'],
  ])('not: %s', async (_, startsAt, status, code) => {
    const answer = await call(fakeApp(), 'createRequest', {
      as: dev,
      body: { role: 'read', reason: 'Look', startsAt },
      headers: { 'idempotency-key': undefined },
    });
    expect([answer.status, answer.body]).toEqual([
      status,
      expect.objectContaining({ code, errors: [expect.objectContaining({ pointer: '/startsAt' })] }),
    ]);
  });

  test('may be as far ahead as the role says', async () => {
    const read = { ...smallCatalogueFile.roles.read, schedule: { within: '2h' } };
    const app = fakeApp({
      catalogue: catalogueOf({ ...smallCatalogueFile, roles: { ...smallCatalogueFile.roles, read } }),
    });
    const explained = await call<ExplanationView>(app, 'dryRun', {
      as: dev,
      body: { role: 'read', reason: 'Look', startsAt: later },
    });
    expect(explained.body).toMatchObject({
      outcome: 'refused',
      checks: expect.arrayContaining([{ check: 'start', passed: false, detail: 'A start may be at most 2 h ahead.' }]),
    });
  });
});
