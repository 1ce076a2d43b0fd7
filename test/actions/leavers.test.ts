// Leavers and drift: after the catalogue has changed, the next sweep ends what it no longer allows, and tells.
import { describe, expect, test } from '@jest/globals';
import type { Catalogue } from '../../lib/catalogue/catalogue.ts';
import { DAY, HOUR, MINUTE } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { driftDigest } from '../../lib/request/drift.ts';
import { approvedBy, call, filed, granted, playStream } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { titleOf } from '../support/outbox.ts';
import { sweepOnce } from '../support/passing-time.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const { groups, roles } = smallCatalogueFile;
const { read: _, ...rolesWithoutRead } = roles;
const withoutRead = { bots: {}, roles: rolesWithoutRead };
const withoutDev = { groups: { ...groups, developers: ['lead@example.com'] } };
const changed = (change: object): Catalogue => catalogueOf({ ...smallCatalogueFile, ...change });
const statusOf = async (app: FakeApp, id: string) =>
  (await call<RequestView>(app, 'readRequest', { as: 'admin@example.com', id })).body.status;
/** The catalogue of a new deployment, a minute later. */
async function deploy(app: FakeApp, catalogue: Catalogue): Promise<void> {
  app.catalogue = catalogue;
  app.now += MINUTE;
  await sweepOnce(app);
  await playStream(app);
}

const withSso = { ssoAccounts: ['111111111111'] };
test.each([
  [
    'the owner of an account',
    {},
    {
      accounts: {
        ...smallCatalogueFile.accounts,
        production: { ...smallCatalogueFile.accounts.production, owner: [dev] },
      },
    },
  ],
  ['the accounts of permission sets', {}, withSso],
  [
    'a permission set in a group',
    withSso,
    {
      ...withSso,
      groups: { ...groups, developers: [...groups.developers, 'arn:aws:iam::111111111111:role/AWSReservedSSO_Dev_*'] },
    },
  ],
])('%s is part of what is compared', (_name, before, after) => {
  expect(driftDigest(changed(after))).not.toBe(driftDigest(changed(before)));
});

describe('at the next sweep', () => {
  test.each([
    ['a role that is gone', withoutRead, 'The role is no longer in the catalogue.'],
    ['a person who left the group', withoutDev, 'The catalogue no longer allows this role to the requester.'],
    [
      'a person who is denied',
      { roles: { ...roles, read: { ...roles.read, deny: [dev] } } },
      'The catalogue no longer allows this role to the requester.',
    ],
    [
      'an id that means another role',
      { roles: { ...roles, read: { ...roles.read, roleName: 'latchkey/other' } } },
      'In the catalogue, this name now stands for another role',
    ],
  ])('%s: what waits and what is active is ended, with the reason', async (_name, change, note) => {
    for (const prepare of [filed, granted]) {
      const app = fakeApp();
      const { id } = await prepare(app);
      await sweepOnce(app);
      await playStream(app);
      const before = app.mail.outbox.length;
      await deploy(app, changed(change));
      expect(await statusOf(app, id)).toBe('revoked');
      const event = app.store.requests.get(id)!.history.at(-1)!;
      expect(event).toMatchObject({
        type: 'revoked',
        actor: 'latchkey',
        via: 'catalogue',
        note: expect.stringContaining(note),
      });
      const mails = app.mail.outbox.slice(before);
      expect(mails.map(({ to, subject }) => `${titleOf(subject)} ${to}`).sort()).toEqual([
        `Revoked ${dev}`,
        'Revoked lead@example.com',
        'Revoked second-lead@example.com',
      ]);
      expect(mails.find(({ to }) => to === dev)!.text.replace(/\s+/g, ' ')).toContain(
        'talk to the owner of the catalogue',
      );
    }
  });

  test('no session is given from that write on, nor before it', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    app.catalogue = changed(withoutRead);
    expect((await call(app, 'issueCredentials', { as: dev, id, body: {} })).status).toBe(422);
    await sweepOnce(app);
    expect((await call(app, 'issueCredentials', { as: dev, id, body: {} })).status).toBe(409);
  });

  test('what is over stays what it was, and others are left alone', async () => {
    const app = fakeApp();
    const { id: denied } = await filed(app);
    await call(app, 'decideRequest', { as: 'lead@example.com', id: denied, body: { decision: 'deny' } });
    const { id: other } = await filed(app, {}, { as: 'lead@example.com' });
    const { id: play } = await filed(app, { role: 'play' });
    await deploy(app, changed(withoutDev));
    expect([await statusOf(app, denied), await statusOf(app, other), await statusOf(app, play)]).toEqual([
      'denied',
      'pending',
      'active',
    ]);
  });

  test('a person who was eligible by a token group alone is not judged without the token', async () => {
    const tokenGroups = { 'from-the-token': ['idp-group'] };
    const byToken = { ...roles.read, requesters: ['group:from-the-token'] };
    const app = fakeApp({ catalogue: changed({ tokenGroups, roles: { ...roles, read: byToken } }) });
    const { id } = await filed(app, {}, { as: 'guest@example.com', claims: { groups: ['idp-group'] } });
    await deploy(app, changed({ tokenGroups, roles: { ...roles, read: { ...byToken, description: 'Another text' } } }));
    expect(await statusOf(app, id)).toBe('pending');
    await deploy(app, changed(withoutRead));
    expect(await statusOf(app, id)).toBe('revoked');
  });

  test('a laxer catalogue and an equal one end nothing', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    await deploy(app, changed({ groups: { ...groups, developers: [...groups.developers, 'more@example.com'] } }));
    await deploy(app, changed({}));
    expect(await statusOf(app, id)).toBe('active');
  });

  test('leavers: keep ends nothing, though no session is given', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    await deploy(app, changed({ ...withoutDev, leavers: 'keep' }));
    expect(await statusOf(app, id)).toBe('active');
    expect((await call(app, 'issueCredentials', { as: dev, id, body: {} })).status).toBe(422);
  });

  test('a shorter maximum holds for what is already granted', async () => {
    const app = fakeApp();
    const { id } = await filed(app, { duration: '8h' });
    await approvedBy(app, id, 'lead@example.com');
    await deploy(
      app,
      changed({ roles: { ...roles, read: { ...roles.read, duration: { default: '30m', max: '30m' } } } }),
    );
    const answer = await call<{ GrantEndsAt: string }>(app, 'issueCredentials', { as: dev, id, body: {} });
    expect(Date.parse(answer.body.GrantEndsAt)).toBe(start + 30 * MINUTE);
    app.now = start + 31 * MINUTE;
    expect((await call(app, 'issueCredentials', { as: dev, id, body: {} })).status).toBe(409);
  });
});

describe('the look through what is open', () => {
  const looks = (app: FakeApp) => app.lines.filter(({ code }) => code === 'catalogue-swept').length;

  test('happens once for a catalogue, and again after a day', async () => {
    const app = fakeApp();
    for (let i = 0; i < 5; i += 1) await sweepOnce(app);
    expect(looks(app)).toBe(1);
    await deploy(app, changed(withoutDev));
    await sweepOnce(app);
    expect(looks(app)).toBe(2);
    app.now += DAY;
    await sweepOnce(app);
    expect(looks(app)).toBe(3);
  });

  test('is done over when one request could not be judged, and the others are ended at once', async () => {
    const app = fakeApp();
    const { id: first } = await filed(app);
    await sweepOnce(app);
    app.catalogue = changed(withoutRead);
    const { id: second } = await filed(fakeAppOver(app), {}, { as: 'lead@example.com' });
    app.gate = ({ name }, when) => {
      if (name === 'store.replace' && when === 'before') throw new Error('out of reach');
    };
    await expect(sweepOnce(app)).rejects.toThrow(AggregateError);
    app.gate = () => {};
    await sweepOnce(app);
    expect([await statusOf(app, first), await statusOf(app, second)]).toEqual(['revoked', 'revoked']);
  });

  test('finds what a function with the older catalogue granted meanwhile', async () => {
    const app = fakeApp();
    await sweepOnce(app);
    await deploy(app, changed(withoutRead));
    const { id } = await filed(fakeAppOver(app), { duration: '8h' });
    await call(fakeAppOver(app), 'decideRequest', {
      as: 'lead@example.com',
      id,
      body: { decision: 'approve', duration: '8h' },
    });
    await sweepOnce(app);
    expect(await statusOf(app, id)).toBe('active');
    expect((await call(app, 'issueCredentials', { as: dev, id, body: {} })).status).toBe(422);
    const request = app.store.requests.get(id)!;
    app.store.requests.set(id, { ...request, grant: { ...request.grant!, endsAt: app.now + 2 * DAY } });
    app.now += DAY;
    await sweepOnce(app);
    expect(await statusOf(app, id)).toBe('revoked');
  });

  test('the digest is that of the whole catalogue, not of the order of its fields', () => {
    const turned = Object.fromEntries(Object.entries(roles.read).reverse());
    const people = smallCatalogueFile.people.map((person) => ({ ...person, name: `${person.name} the second` }));
    expect(driftDigest(changed({ roles: { ...roles, read: turned } }))).toBe(driftDigest(catalogueOf()));
    for (const change of [withoutRead, withoutDev, { leavers: 'keep' }, { admins: [] }, { people }])
      expect(driftDigest(changed(change))).not.toBe(driftDigest(catalogueOf()));
  });

  /** Another function over the same table that still has the older catalogue. */
  function fakeAppOver(app: FakeApp): FakeApp {
    const older = fakeApp({ store: app.store, now: app.now });
    return Object.assign(older, { random: () => Buffer.alloc(16, 7) });
  }
});

test('a sweep that cannot read its memory logs where, and fails', async () => {
  const app = fakeApp();
  app.store.lastLook = () => Promise.reject(new TypeError('canary'));
  await expect(sweepOnce(app)).rejects.toThrow('0 of 0 due requests and 1 checks');
  expect(app.lines.find(({ code }) => code === 'sweep-task-failed')?.fields).toEqual({
    error: 'TypeError',
    frames: expect.stringContaining('leavers.ts:'),
  });
});

test('an hour of sweeps over an unchanged catalogue reads its memory and nothing else', async () => {
  const app = fakeApp();
  await sweepOnce(app);
  app.forget();
  app.now += HOUR;
  await sweepOnce(app);
  expect(app.steps.map(({ name }) => name)).toEqual(['store.recentBlocks', 'store.lastLook', 'store.due']);
});
