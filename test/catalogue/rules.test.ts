// The rules of the catalogue through the functions: conditions at filing and at vending, templates, owners, fallbacks, permission sets, automatic approval.
import { describe, expect, test } from '@jest/globals';
import { MINUTE, SECOND } from '../../lib/common/time.ts';
import type { CredentialsView, RequestView, RoleView } from '../../lib/http/answers.ts';
import { type Answer, approvedBy, call, filed, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const lead = 'lead@example.com';
type Problem = Answer<{ code: string; detail: string; errors?: Array<{ pointer: string; detail: string }> }>;

const { read } = smallCatalogueFile.roles;
const fileOf = (roles: Record<string, object>, more: object = {}) => ({
  ...smallCatalogueFile,
  roles: { ...smallCatalogueFile.roles, ...roles },
  ...more,
});
const appWith = (role: object, more: object = {}): FakeApp =>
  fakeApp({ catalogue: catalogueOf(fileOf({ read: { ...read, ...role } }, more)) });
const from = (sourceIp: string): Wish => ({ event: (event) => Object.assign(event.requestContext.http, { sourceIp }) });
const signedIn = (at: number): Wish => ({ claims: { auth_time: Math.floor(at / SECOND) } });
const vend = (app: FakeApp, id: string, wish: Wish = {}, as = dev): Promise<Problem> =>
  call(app, 'issueCredentials', { as, id, ...wish });
const file = (app: FakeApp, wish: Wish = {}, body: object = {}): Promise<Problem> =>
  call(app, 'createRequest', {
    as: dev,
    body: { role: 'read', reason: 'Look at the failing nightly export', ...body },
    ...wish,
    headers: { 'idempotency-key': undefined },
  });

test('a session ends when the hours of its role do, as well as with the grant', async () => {
  // it is 10:00 UTC; the window closes at 10:40
  const hours = { timeZone: 'UTC', from: '08:00', to: '10:40' };
  const app = appWith({ hours });
  const { id } = await filed(app, { duration: '2h' });
  await approvedBy(app, id, lead);
  const { body } = await call<CredentialsView>(app, 'issueCredentials', { as: dev, id, body: {} });
  expect(body).toMatchObject({
    Expiration: '2026-11-22T10:40:00Z',
    GrantEndsAt: '2026-11-22T12:00:00Z',
    LimitedBy: 'catalogue',
  });
  expect(app.sts.assumed[0]).toMatchObject({ DurationSeconds: 2400 });
  expect(app.sts.assumed[0]!.Policy).toContain('"aws:CurrentTime":"2026-11-22T10:40:00Z"');
  app.now = start + 39 * MINUTE + 50 * SECOND;
  const last = await call<CredentialsView>(app, 'issueCredentials', { as: dev, id, body: {} });
  expect(last.body).toMatchObject({ Expiration: '2026-11-22T10:40:00Z' });
  app.now = start + 40 * MINUTE;
  expect(await call(app, 'issueCredentials', { as: dev, id, body: {} })).toMatchObject({ status: 422 });
});

test('hours that go on over midnight cut nothing', async () => {
  const app = appWith({ hours: { timeZone: 'UTC', from: '00:00', to: '24:00' } });
  const { id } = await filed(app, { duration: '2h' });
  await approvedBy(app, id, lead);
  const { body } = await call<CredentialsView>(app, 'issueCredentials', { as: dev, id, body: {} });
  expect(body).toMatchObject({ Expiration: '2026-11-22T11:00:00Z', LimitedBy: 'catalogue' });
});

describe('age of the sign-in', () => {
  const role = { signIn: { within: '30m' } };

  test('is judged at filing and again whenever credentials are issued', async () => {
    const app = appWith(role);
    expect(await file(app, signedIn(start - 31 * MINUTE))).toMatchObject({
      status: 403,
      body: { code: 'needs-sign-in' },
    });
    const { id } = await filed(app, {}, { as: dev, ...signedIn(start - 30 * MINUTE) });
    await approvedBy(app, id, lead);
    expect(await vend(app, id, signedIn(start - 30 * MINUTE))).toMatchObject({ status: 200 });
    app.now += MINUTE;
    expect(await vend(app, id, signedIn(start - 30 * MINUTE))).toMatchObject({
      status: 403,
      body: { code: 'needs-sign-in' },
    });
    expect(await vend(app, id, signedIn(app.now))).toMatchObject({ status: 200 });
    expect(app.sts.assumed).toHaveLength(2);
  });

  test('cannot be proved by a signature, by a claim that is no time or by one of the future', async () => {
    const app = appWith(role);
    expect(await file(app, { as: 'arn:aws:iam::222222222222:user/dev' })).toMatchObject({
      body: { code: 'needs-sign-in' },
    });
    expect(await file(app, { claims: { auth_time: `${start / SECOND}x` } })).toMatchObject({
      body: { code: 'needs-sign-in' },
    });
    expect(await file(app, signedIn(start + 2 * MINUTE))).toMatchObject({ body: { code: 'needs-sign-in' } });
    expect(await file(app, signedIn(start + MINUTE))).toMatchObject({ status: 201 });
  });

  test('may be proved by a claim that is the number as text', async () => {
    expect(await file(appWith(role), { claims: { auth_time: String(start / SECOND) } })).toMatchObject({ status: 201 });
  });

  test('stays asked for when the catalogue no longer does, and is asked for when it begins to', async () => {
    const app = appWith(role);
    const { id } = await filed(app, {}, { as: dev, ...signedIn(start) });
    await approvedBy(app, id, lead);
    app.catalogue = catalogueOf();
    expect(await vend(app, id)).toMatchObject({ body: { code: 'needs-sign-in' } });

    const other = fakeApp();
    const plain = await approvedBy(other, (await filed(other)).id, lead);
    other.catalogue = catalogueOf(fileOf({ read: { ...read, ...role } }));
    expect(await vend(other, plain.id)).toMatchObject({ body: { code: 'needs-sign-in' } });
  });
});

describe('hours and networks', () => {
  // the tests begin on a Sunday at 10:00 UTC, 11:00 in Berlin
  const role = {
    hours: { timeZone: 'Europe/Berlin', days: ['sun'], from: '11:00', to: '11:30' },
    networks: ['10.0.0.0/8'],
  };

  test('are judged at filing and when credentials are issued, with every error at once', async () => {
    const app = appWith(role);
    const { id } = await filed(app, {}, { as: dev, ...from('10.1.1.1') });
    await approvedBy(app, id, lead);
    expect(await vend(app, id, from('10.1.1.1'))).toMatchObject({ status: 200 });
    expect(await vend(app, id, from('11.1.1.1'))).toMatchObject({
      status: 422,
      body: { code: 'refused-by-policy', errors: [{ detail: expect.stringContaining('11.1.1.1') }] },
    });
    app.now += 30 * MINUTE;
    const late = await vend(app, id, from('11.1.1.1'));
    expect(late.body.errors?.map(({ detail }) => detail)).toEqual([
      'This role can only be used sun 11:00-11:30 Europe/Berlin. Try again then.',
      'This role can only be used from 10.0.0.0/8. This call comes from 11.1.1.1.',
    ]);
    expect(app.sts.assumed).toHaveLength(1);
    expect((await file(app, from('11.1.1.1'))).body.errors).toHaveLength(2);
  });

  test('what a caller puts into headers is no source address', async () => {
    const app = appWith(role);
    const wish: Wish = { as: dev, ...from('203.0.113.1') };
    const body = { role: 'read', reason: 'Look at the failing nightly export' };
    const forged = await call(app, 'createRequest', {
      ...wish,
      body,
      headers: { 'x-forwarded-for': '10.0.0.1', 'idempotency-key': undefined },
    });
    expect(forged).toMatchObject({ status: 422 });
  });

  test('approvers decide from anywhere, and an end needs no condition', async () => {
    const app = appWith(role);
    const { id } = await filed(app, {}, { as: dev, ...from('10.1.1.1') });
    app.now += 60 * MINUTE;
    await approvedBy(app, id, lead);
    expect(await call(app, 'endRequest', { as: dev, id, body: {} })).toMatchObject({ status: 200 });
  });

  test('GET /roles tells them', async () => {
    const { body } = await call<{ items: RoleView[] }>(appWith({ ...role, signIn: { within: '1h' } }), 'listRoles', {
      as: dev,
    });
    expect(body.items.find(({ id }) => id === 'read')?.conditions).toEqual([
      'Signed in at most 1 h ago.',
      'Only sun 11:00-11:30 Europe/Berlin.',
      'Only from 10.0.0.0/8.',
    ]);
  });
});

describe('templates', () => {
  const more = {
    accounts: {
      ...smallCatalogueFile.accounts,
      production: { ...smallCatalogueFile.accounts.production, owner: [lead] },
      sandbox: { ...smallCatalogueFile.accounts.sandbox, owner: ['second-lead@example.com'] },
    },
  };
  const admin = { ...read, account: undefined, accounts: ['*'], approval: { stages: [{ approvers: ['owner'] }] } };
  const { account: _, ...template } = admin;
  const app = () => fakeApp({ catalogue: catalogueOf(fileOf({ admin: template }, more)) });

  test('are listed, filed, decided by the owner of the account and vended as roles of that account', async () => {
    const latchkey = app();
    const { body: roles } = await call<{ items: RoleView[] }>(latchkey, 'listRoles', { as: dev });
    expect(roles.items.map(({ id }) => id)).toEqual(['read', 'write', 'play', 'admin@production', 'admin@sandbox']);
    const request = await filed(latchkey, { role: 'admin@sandbox' });
    expect(request.role).toMatchObject({ id: 'admin@sandbox', arn: 'arn:aws:iam::333333333333:role/latchkey/read' });
    expect(
      await call(latchkey, 'decideRequest', { as: lead, id: request.id, body: { decision: 'approve' } }),
    ).toMatchObject({ status: 404 });
    await approvedBy(latchkey, request.id, 'second-lead@example.com');
    expect(await vend(latchkey, request.id)).toMatchObject({ status: 200 });
    expect(latchkey.sts.assumed[0]).toMatchObject({
      RoleArn: 'arn:aws:iam::333333333333:role/latchkey/read',
      ExternalId: 'lk-1b2c3d4e5f60718293a4',
    });
  });

  test('have one inbox, which shows each approver what is theirs', async () => {
    const latchkey = app();
    const one = await filed(latchkey, { role: 'admin@sandbox' });
    const other = await filed(latchkey, { role: 'admin@production' });
    const inbox = async (as: string) => {
      latchkey.forget();
      const { body } = await call<{ items: RequestView[] }>(latchkey, 'listRequests', {
        as,
        query: { view: 'to-decide' },
      });
      return {
        ids: body.items.map(({ id }) => id),
        lists: latchkey.steps.filter(({ name }) => name === 'store.list').length,
      };
    };
    expect((await inbox('second-lead@example.com')).ids).toEqual([one.id]);
    expect((await inbox(lead)).ids).toEqual([other.id]);
    // read, write and admin: one list each, however many accounts
    expect((await inbox(lead)).lists).toBe(3);
  });

  test('a template that no longer selects the account takes the grant away', async () => {
    const latchkey = app();
    const { id } = await approvedBy(
      latchkey,
      (await filed(latchkey, { role: 'admin@sandbox' })).id,
      'second-lead@example.com',
    );
    latchkey.catalogue = catalogueOf(fileOf({ admin: { ...template, accounts: ['production'] } }, more));
    expect(await vend(latchkey, id)).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('no longer in the catalogue') },
    });
  });
});

describe('fallback', () => {
  const role = {
    requesters: ['group:leads'],
    approval: { stages: [{ approvers: [lead], fallback: ['security@example.com'] }] },
  };

  test('decides where the only approver asks, and not where it does not need to', async () => {
    const app = appWith(role);
    const own = await filed(app, {}, { as: lead });
    expect(own.approval.stages[0]?.approvers).toEqual(['Lead', 'Security']);
    expect(await approvedBy(app, own.id, 'security@example.com')).toMatchObject({ status: 'active' });
    const other = await filed(app, {}, { as: 'second-lead@example.com' });
    expect(
      await call(app, 'decideRequest', { as: 'security@example.com', id: other.id, body: { decision: 'approve' } }),
    ).toMatchObject({ status: 404 });
  });

  test('loses the right with the catalogue', async () => {
    const app = appWith(role);
    const { id } = await filed(app, {}, { as: lead });
    app.catalogue = catalogueOf(fileOf({ read: { ...read, ...role, approval: { stages: [{ approvers: [lead] }] } } }));
    expect(
      await call(app, 'decideRequest', { as: 'security@example.com', id, body: { decision: 'approve' } }),
    ).toMatchObject({
      status: 403,
      body: { code: 'not-an-approver' },
    });
  });
});

describe('permission sets of IAM Identity Center', () => {
  const sso = { ssoAccounts: ['999999999999'] };
  const set = 'arn:aws:iam::999999999999:role/AWSReservedSSO_Developers_*';
  const session = (name: string, role = 'AWSReservedSSO_Developers_0123456789abcdef', account = '999999999999') =>
    `arn:aws:sts::${account}:assumed-role/${role}/${name}`;
  const me = async (app: FakeApp, as: string) =>
    (await call<{ principal: string; email: string | null; groups: string[] }>(app, 'me', { as })).body;

  test('in a listed account the session name is the person', async () => {
    const app = appWith({ requesters: [set] }, sso);
    expect(await me(app, session('Dev@Example.com'))).toMatchObject({
      principal: session('Dev@Example.com'),
      email: dev,
      groups: ['developers'],
    });
    const { id } = await filed(app, {}, { as: session(dev) });
    expect(await call(app, 'decideRequest', { as: session(lead), id, body: { decision: 'approve' } })).toMatchObject({
      status: 200,
    });
    expect(await vend(app, id, {}, session(dev))).toMatchObject({ status: 200 });
    // the same person with a token may see and end it; the right to use it came with the permission set
    expect(await call(app, 'readRequest', { as: dev, id })).toMatchObject({ status: 200 });
    expect(await vend(app, id)).toMatchObject({ status: 422 });
  });

  test('two people behind one role are two people', async () => {
    const app = appWith({ requesters: [set] }, sso);
    const { id } = await filed(app, {}, { as: session('one@example.com') });
    expect(await call(app, 'readRequest', { as: session('two@example.com'), id })).toMatchObject({ status: 404 });
    expect(await vend(app, id, {}, session('two@example.com'))).toMatchObject({ status: 404 });
  });

  test('a requester who approves by another way in is still the requester', async () => {
    const app = appWith({ requesters: [set] }, sso);
    const { id } = await filed(app, {}, { as: session(lead) });
    expect(await call(app, 'decideRequest', { as: lead, id, body: { decision: 'approve' } })).toMatchObject({
      status: 403,
      body: { code: 'own-request' },
    });
  });

  test.each([
    ['another account', session(lead, undefined, '888888888888')],
    ['a role that only looks like one', session(lead, 'AWSReservedSSO_Developers')],
    ['an ordinary role', session(lead, 'developers')],
  ])('elsewhere the session name is nobody: %s', async (_, as) => {
    const app = appWith({ requesters: [set] }, sso);
    expect(await me(app, as)).toMatchObject({ email: null, groups: [] });
    expect(await file(app, { as })).toMatchObject({ status: 404, body: { code: 'role-not-found' } });
  });

  test('a session name that is no mail address is a person without one', async () => {
    const app = appWith({ requesters: [set] }, sso);
    expect(await me(app, session('jdoe'))).toMatchObject({ principal: session('jdoe'), email: null });
    expect(await file(app, { as: session('jdoe') })).toMatchObject({ status: 201 });
  });

  describe('a user whose name is no mail address', () => {
    const leads = 'AWSReservedSSO_Leads_0123456789abcdef';
    const approval = { stages: [{ approvers: [lead, 'arn:aws:iam::999999999999:role/AWSReservedSSO_Leads_*'] }] };
    const user = (name: string, account = '999999999999') =>
      `arn:aws:sts::${account}:assumed-role/AWSReservedSSO_*/${name}`;

    test('stays the same person when the permission set is provisioned anew', async () => {
      const app = appWith({ requesters: [set] }, sso);
      const { id } = await filed(app, {}, { as: session('jdoe') });
      await approvedBy(app, id, lead);
      const anew = session('jdoe', 'AWSReservedSSO_Developers_fedcba9876543210');
      expect(await vend(app, id, {}, anew)).toMatchObject({ status: 200 });
      expect(await file(app, { as: anew })).toMatchObject({ status: 409, body: { code: 'overlap' } });
      expect(await vend(app, id, {}, session('asmith'))).toMatchObject({ status: 404 });
    });

    test('does not approve under another permission set what they asked for under the first', async () => {
      const app = appWith({ requesters: [set], approval }, sso);
      const { id } = await filed(app, {}, { as: session('jdoe') });
      const decide = (as: string) => call(app, 'decideRequest', { as, id, body: { decision: 'approve' } });
      expect(await decide(session('jdoe', leads))).toMatchObject({ status: 403, body: { code: 'own-request' } });
      expect(await decide(session('asmith', leads))).toMatchObject({ status: 200 });
    });

    test('may be named, and joined with a mail address and with the same user of another account', async () => {
      const both = { ssoAccounts: ['999999999999', '888888888888'] };
      const joined = [
        { email: 'jdoe@example.com', name: 'Jane Doe', principals: [user('jdoe'), user('jdoe', '888888888888')] },
      ];
      const app = appWith(
        { requesters: [user('jdoe')] },
        { ...both, people: [...smallCatalogueFile.people, ...joined] },
      );
      expect(await me(app, session('jdoe'))).toMatchObject({ principal: session('jdoe'), email: 'jdoe@example.com' });
      const { id } = await filed(app, {}, { as: session('jdoe') });
      const elsewhere = session('jdoe', undefined, '888888888888');
      expect(await call(app, 'readRequest', { as: elsewhere, id })).toMatchObject({ status: 200 });
      expect(await file(app, { as: session('asmith') })).toMatchObject({ status: 404 });
      const apart = appWith({ requesters: [user('jdoe')] }, both);
      const own = await filed(apart, {}, { as: session('jdoe') });
      expect(await call(apart, 'readRequest', { as: elsewhere, id: own.id })).toMatchObject({ status: 404 });
    });

    test('signs a review as the permission set that the catalogue names', async () => {
      const breakGlass = {
        requesters: [dev],
        maxDuration: '30m',
        reason: { minLength: 5 },
        reviewers: ['arn:aws:iam::999999999999:role/AWSReservedSSO_Leads_*', lead],
      };
      const app = appWith({ breakGlass }, sso);
      const { id } = await filed(app, { breakGlass: true });
      await call(app, 'endRequest', { as: dev, id, body: {} });
      const sign = (as: string) => call(app, 'reviewRequest', { as, id, body: { comment: 'Looked at the trail' } });
      expect(await sign(session('jdoe'))).toMatchObject({ status: 404 });
      expect(await sign(session('jdoe', leads))).toMatchObject({ status: 200 });
    });
  });

  test('a permission set in a group gives the group', async () => {
    const app = appWith(
      { requesters: ['group:cloud'] },
      { ...sso, groups: { ...smallCatalogueFile.groups, cloud: [set] } },
    );
    expect((await me(app, session('one@example.com'))).groups).toEqual(['cloud']);
    expect(await file(app, { as: session('one@example.com', 'AWSReservedSSO_Other_0123456789abcdef') })).toMatchObject({
      status: 404,
    });
  });
});

describe('automatic approval on conditions', () => {
  const role = {
    approval: {
      automatic: { when: { maxDuration: '30m', groups: ['developers'] } },
      stages: [{ approvers: ['group:leads'] }],
    },
  };

  test('is always recorded as such, with the condition', async () => {
    const request = await filed(appWith(role), { duration: '30m' });
    expect(request).toMatchObject({ status: 'active', approval: { automatic: true, stages: [] } });
    expect(request.history.map(({ type, actor, via, note }) => [type, actor, via, note])).toEqual([
      ['filed', dev, 'oidc', undefined],
      ['approved', 'latchkey', 'catalogue', 'Auto-approved by the catalogue: in developers, for at most 30 min'],
    ]);
  });

  test('falls back to the stages, and a dry run says why', async () => {
    const app = appWith(role);
    const { body } = await call<{ outcome: string; checks: Array<{ check: string; detail: string }> }>(app, 'dryRun', {
      as: dev,
      body: { role: 'read', reason: 'x', duration: '31m' },
    });
    expect(body.outcome).toBe('needs-approval');
    expect(body.checks.find(({ check }) => check === 'automatic')?.detail).toBe(
      'Approvers decide, because it is for longer than 30 min.',
    );
    expect(await filed(app, { duration: '31m' })).toMatchObject({
      status: 'pending',
      approval: { automatic: false, stages: [{ need: 1 }] },
    });
  });

  test('GET /roles tells when', async () => {
    const { body } = await call<{ items: RoleView[] }>(appWith(role), 'listRoles', { as: dev });
    expect(body.items[0]?.approval).toMatchObject({
      automatic: false,
      automaticWhen: 'in developers, for at most 30 min',
      stages: [{ need: 1 }],
    });
  });
});
