// Sequential round trips to AWS, counted: what waits for what is what a caller waits for.
import { describe, expect, test } from '@jest/globals';
import { type CallName, call, filed, granted, known, linkTo, playStream, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { record, requestId, start } from '../support/records.ts';

const dev = 'dev@example.com';
const lead = 'lead@example.com';

/** What has to be there, the call, and how many round trips it makes one after the other. */
const table: Array<[string, number, CallName, (app: FakeApp) => Promise<Wish> | Wish]> = [
  ['file', 2, 'createRequest', () => ({ as: dev })],
  ['file without a key', 2, 'createRequest', () => ({ as: dev, headers: { 'idempotency-key': undefined } })],
  ['file an automatic role', 2, 'createRequest', () => ({ as: dev, body: { role: 'play', reason: 'x' } })],
  [
    'replay',
    1,
    'createRequest',
    async (app) => {
      await call(app, 'createRequest', { as: dev });
      return { as: dev };
    },
  ],
  ['explain', 1, 'dryRun', () => ({ as: dev })],
  ['read', 1, 'readRequest', async (app) => ({ as: dev, id: (await filed(app)).id })],
  ['decide', 2, 'decideRequest', async (app) => ({ as: lead, id: (await filed(app)).id })],
  ['end', 2, 'endRequest', async (app) => ({ as: dev, id: (await filed(app)).id })],
  // read, AssumeRole, write: the record carries the access key id, which STS makes, and nothing leaves before it is written
  ['credentials', 3, 'issueCredentials', async (app) => ({ as: dev, id: (await granted(app)).id })],
  // read, AssumeRole, then write and sign-in side by side
  ['console', 3, 'issueConsole', async (app) => ({ as: dev, id: (await granted(app)).id })],
  // first the index, which says which of the caller's requests is meant
  ['credentials by role', 4, 'issueRoleCredentials', async (app) => ({ as: dev, id: (await granted(app)).role.id })],
  ['console by role', 4, 'issueRoleConsole', async (app) => ({ as: dev, id: (await granted(app)).role.id })],
  ['list mine', 2, 'listRequests', (app) => many(app, { as: dev, query: { limit: '100' } })],
  [
    'list mine, filtered',
    2,
    'listRequests',
    (app) => many(app, { as: dev, query: { status: 'pending', limit: '20' } }),
  ],
  ['list to decide', 2, 'listRequests', (app) => many(app, { as: lead, query: { view: 'to-decide' } })],
  [
    'list all',
    2,
    'listRequests',
    (app) => many(app, { as: 'auditor@example.com', query: { view: 'all', limit: '5' } }),
  ],
  ['open a link', 1, 'showDecision', link],
  ['probe a link', 1, 'probeDecision', link],
  [
    'decide by link',
    2,
    'decideByLink',
    async (app) => ({ ...(await link(app)), body: Buffer.from('decision=approve') }),
  ],
  ['me', 0, 'me', () => ({ as: dev })],
  ['roles', 0, 'listRoles', () => ({ as: dev })],
  ['health', 0, 'health', () => ({})],
];

test.each(table)('%s: %i', async (_name, hops, name, prepare) => {
  const app = fakeApp();
  await known(app, dev, lead);
  const wish = await prepare(app);
  app.forget();
  const { status } = await call(app, name, wish);
  expect([status < 300, app.hops()]).toEqual([true, hops]);
});

test('the very first call of an account that changes anything: one more, which says whose the account is', async () => {
  const app = fakeApp();
  await call(app, 'createRequest', { as: dev });
  expect(app.hops()).toBe(3);
  app.forget();
  await call(app, 'createRequest', {
    as: dev,
    headers: { 'idempotency-key': 'another' },
    body: { role: 'play', reason: 'x' },
  });
  expect(app.hops()).toBe(2);
});

describe('refusals come as early as they can', () => {
  test.each<[string, number, CallName, Wish]>([
    ['without a caller', 0, 'createRequest', { as: 'nobody' }],
    ['a malformed body', 0, 'createRequest', { as: dev, body: {} }],
    ['a role that is not there', 1, 'createRequest', { as: dev, body: { role: 'none', reason: 'x' } }],
    ['what is no id', 0, 'readRequest', { as: dev, id: 'x' }],
    ['a link that cannot be one', 0, 'showDecision', { id: 'x' }],
    ['a role of which the caller has no grant', 1, 'issueRoleCredentials', { as: dev, id: 'read' }],
    ['what is no role', 0, 'issueRoleCredentials', { as: dev, id: '~' }],
    ['an unknown id', 1, 'issueCredentials', { as: dev, id: requestId(1) }],
  ])('%s: %i', async (_name, hops, name, wish) => {
    const app = fakeApp();
    await known(app, dev);
    await call(app, name, wish);
    expect(app.hops()).toBe(hops);
  });
});

async function link(app: FakeApp): Promise<Wish> {
  await filed(app);
  await playStream(app);
  return { id: linkTo(app, lead) };
}

async function many(app: FakeApp, wish: Wish): Promise<Wish> {
  const requester = { person: dev, principal: dev, email: dev, name: 'Dev' };
  for (let i = 1; i <= 60; i += 1)
    await app.store.create(
      record({ id: requestId(i), createdAt: start - i, requester, role: { ...record().role, id: 'read' } }),
      [],
    );
  return wish;
}
