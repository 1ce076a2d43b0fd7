// Whose an account at the issuer is: said by its first call that changes anything, held to, listed and released by admins.
import { describe, expect, test } from '@jest/globals';
import { identityId } from '../../lib/actions/identity.ts';
import { MINUTE } from '../../lib/common/time.ts';
import type { IdentityListView } from '../../lib/http/answers.ts';
import { type Answer, call, filed, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const admin = 'admin@example.com';
const subject = `https://issuer.example.com#sub-${dev}`;
const id = identityId(subject);
const moved = { email: 'dev.new@example.com' };

type Refusal = { code: string; detail: string };
const list = (app: FakeApp, as: string, person: string): Promise<Answer<IdentityListView & Refusal>> =>
  call(app, 'listIdentities', { as, query: { person } });
const release = (app: FakeApp, as: string, one = id): Promise<Answer<{ released: boolean } & Refusal>> =>
  call(app, 'releaseIdentity', { as, id: one });
const file = (app: FakeApp, wish: Wish): Promise<Answer<Refusal>> =>
  call(app, 'createRequest', {
    body: { role: 'play', reason: 'x' },
    headers: { 'idempotency-key': undefined },
    ...wish,
  });

describe('an account is bound', () => {
  test('by its first call that changes anything, and by no call that reads or explains', async () => {
    const app = fakeApp();
    for (const name of ['me', 'listRoles', 'listRequests', 'dryRun'] as const) await call(app, name, { as: dev });
    expect(app.store.identities.size).toBe(0);
    await file(app, { as: dev });
    expect([...app.store.identities.values()]).toEqual([{ id, subject, person: dev, boundAt: app.now }]);
  });

  test('a signature and a link have no account', async () => {
    const app = fakeApp();
    await file(app, { as: 'arn:aws:iam::222222222222:user/dev' });
    expect(app.store.identities.size).toBe(0);
  });

  test('another address is told what to do, and the refusal is logged without a name', async () => {
    const app = fakeApp();
    await file(app, { as: dev });
    const answer = await file(app, { as: dev, claims: moved });
    expect(answer).toMatchObject({
      status: 403,
      body: { code: 'identity-changed', detail: expect.stringMatching(/Ask an admin: .*people.* released/) },
    });
    const refusals = app.lines.filter(({ code }) => code === 'identity-changed');
    expect(refusals).toMatchObject([{ fields: { identity: id } }]);
    // whose the subject was known as is not told; who calls is in the call's own line
    expect(JSON.stringify(refusals)).not.toContain('example.com');
  });

  test('two first calls at once with two addresses: one of them holds', async () => {
    const app = fakeApp();
    const answers = await Promise.all([file(app, { as: dev }), file(app, { as: dev, claims: moved })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403]);
    expect(app.store.requests.size).toBe(1);
  });

  test('an address that the catalogue joins with the old one is the same person', async () => {
    const app = fakeApp();
    await file(app, { as: dev });
    const [first, ...others] = smallCatalogueFile.people;
    const joined = { email: moved.email, name: 'Dev', principals: [dev, ...first!.principals!] };
    app.catalogue = catalogueOf({ ...smallCatalogueFile, people: [joined, ...others] });
    expect(await file(app, { as: dev, claims: moved })).toMatchObject({ status: 409, body: { code: 'overlap' } });
  });
});

describe('an admin', () => {
  test('lists the accounts of a person, by any of its identities and in any case', async () => {
    const app = fakeApp();
    await filed(app);
    const items = [{ id, principal: subject, person: dev, boundAt: '2026-11-22T10:00:00Z' }];
    for (const person of [dev, 'DEV@example.com', 'arn:aws:iam::222222222222:user/dev'])
      expect(await list(app, admin, person)).toMatchObject({ status: 200, body: { items } });
    expect((await list(app, admin, 'lead@example.com')).body.items).toEqual([]);
  });

  test('releases one, and its next call binds it again', async () => {
    const app = fakeApp();
    await file(app, { as: dev });
    expect(await release(app, admin)).toMatchObject({ status: 200, body: { released: true } });
    expect(await release(app, admin)).toMatchObject({ status: 200, body: { released: false } });
    expect((await list(app, admin, dev)).body.items).toEqual([]);
    app.now += MINUTE;
    expect(await file(app, { as: dev, claims: moved })).toMatchObject({ status: 201 });
    expect(await file(app, { as: dev })).toMatchObject({ body: { code: 'identity-changed' } });
    expect(app.lines.find(({ code }) => code === 'identity-released')?.fields).toMatchObject({ identity: id });
  });

  test.each([dev, 'lead@example.com', 'auditor@example.com', 'arn:aws:sts::999999999999:assumed-role/chatops-bot/x'])(
    'alone may do either: %s may not',
    async (as) => {
      const app = fakeApp();
      await file(app, { as: dev });
      for (const answer of [await list(app, as, dev), await release(app, as)])
        expect(answer).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
      expect(app.store.identities.get(id)).toMatchObject({ person: dev });
    },
  );

  test('is told what is malformed', async () => {
    expect(await release(fakeApp(), admin, 'x')).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
    expect(await call(fakeApp(), 'listIdentities', { as: admin, query: {} })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '?person' }] },
    });
  });
});
