// What whoever decides has to prove: a mailed link, a sign-in, a second factor, a network.
import { describe, expect, test } from '@jest/globals';
import { HOUR, MINUTE, SECOND } from '../../lib/common/time.ts';
import { type Answer, call, filed, linkTo, playStream, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const lead = 'lead@example.com';
const { roles } = smallCatalogueFile;
const stage = { approvers: ['group:leads'] };
const worldWith = (role: object): FakeApp =>
  fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, roles: { ...roles, read: { ...roles.read, ...role } } }) });
type Refusal = Answer<{ code: string; detail: string }>;
const decide = (app: FakeApp, id: string, wish: Wish = {}, decision = 'approve'): Promise<Refusal> =>
  call(app, 'decideRequest', { as: lead, id, body: { decision }, ...wish });
const press = (app: FakeApp, decision = 'approve'): Promise<Answer> =>
  call(app, 'decideByLink', { id: linkTo(app, lead), body: Buffer.from(`decision=${decision}`) });
async function asked(app: FakeApp, body: Record<string, unknown> = {}): Promise<string> {
  const { id } = await filed(app, body);
  await playStream(app);
  return id;
}

describe('by', () => {
  test.each<[string, object, number]>([
    ['a role of high risk takes a sign-in', { risk: 'high' }, 403],
    [
      'a role of high risk takes the link where it says so',
      { risk: 'high', approval: { stages: [{ ...stage, by: 'link' }] } },
      200,
    ],
    ['a role of low risk takes the link', {}, 200],
    [
      'a role of low risk takes a sign-in where it says so',
      { approval: { stages: [{ ...stage, by: 'signed-in' }] } },
      403,
    ],
    ['approvers with MFA sign in', { approval: { stages: [stage], mfa: true } }, 403],
    ['approvers who signed in lately sign in', { approval: { stages: [stage], signIn: { within: '10m' } } }, 403],
    ['approvers from a network sign in', { approval: { stages: [stage], networks: ['198.51.100.0/24'] } }, 403],
  ])('%s', async (_name, role, status) => {
    for (const decision of ['approve', 'deny']) {
      const app = worldWith(role);
      const id = await asked(app);
      const answer = await press(app, decision);
      expect([answer.status, answer.text.includes('needs-sign-in')]).toEqual([status, status === 403]);
      expect(app.store.requests.get(id)!.version).toBe(status === 403 ? 1 : 2);
    }
  });

  test('the page shows everything, says how to decide signed in, and has no buttons; so does the email', async () => {
    const app = worldWith({ risk: 'high' });
    const id = await asked(app);
    const page = await call(app, 'showDecision', { id: linkTo(app, lead) });
    for (const part of [
      'Look at the failing nightly export',
      'Production',
      `latchkey approve ${id}`,
      `latchkey deny ${id}`,
    ])
      expect(page.text).toContain(part);
    expect([page.status, /<button|<form/.test(page.text)]).toEqual([200, false]);
    const mail = app.mail.outbox.find(({ to }) => to === lead)!;
    expect(mail.text).toContain(`Approve on the command line:\n  latchkey approve ${id}\n`);
    expect(mail.text).toContain(`Deny on the command line:\n  latchkey deny ${id}\n`);
    expect(mail.text).not.toContain('Approve or deny:');
  });

  test('a sign-in by token or by AWS keys decides; the request says that it takes one', async () => {
    for (const as of [lead, 'arn:aws:iam::222222222222:user/lead']) {
      const app = worldWith({ risk: 'high' });
      const id = await asked(app);
      const answer = await decide(app, id, { as });
      expect(answer).toMatchObject({
        status: 200,
        body: { status: 'active', approval: { stages: [{ by: 'signed-in' }] } },
      });
    }
  });

  test('a catalogue that has become stricter counts at once, one that has become laxer does not', async () => {
    const app = worldWith({});
    await asked(app);
    const { catalogue } = app;
    app.catalogue = worldWith({ risk: 'high' }).catalogue;
    expect((await press(app)).status).toBe(403);
    app.catalogue = catalogue;
    expect((await press(app)).status).toBe(200);
    const strict = worldWith({ risk: 'high' });
    await asked(strict);
    strict.catalogue = catalogue;
    expect((await press(strict)).status).toBe(403);
  });
});

describe('what a signed-in decision proves', () => {
  const approval = { stages: [stage] };

  test('MFA', async () => {
    const app = worldWith({ approval: { ...approval, mfa: true } });
    const id = await asked(app);
    for (const as of [lead, 'arn:aws:iam::222222222222:user/lead'])
      expect(await decide(app, id, { as })).toMatchObject({ status: 403, body: { code: 'needs-mfa' } });
    expect(await decide(app, id, { claims: { amr: ['mfa'] } })).toMatchObject({ status: 200 });
  });

  test('a fresh sign-in', async () => {
    const app = worldWith({ approval: { ...approval, signIn: { within: '10m' } } });
    const id = await asked(app);
    const at = (time: number): Wish => ({ claims: { auth_time: time / SECOND } });
    for (const wish of [{}, at(start - HOUR)])
      expect(await decide(app, id, wish)).toMatchObject({ status: 403, body: { code: 'needs-sign-in' } });
    expect(await decide(app, id, at(start - 5 * MINUTE))).toMatchObject({ status: 200 });
  });

  test('a network', async () => {
    const from = (sourceIp: string): Wish => ({
      event: ({ requestContext }) => {
        requestContext.http.sourceIp = sourceIp;
      },
    });
    const app = worldWith({ approval: { ...approval, networks: ['203.0.113.0/24'] } });
    const id = await asked(app);
    expect(await decide(app, id, from('198.51.100.7'))).toMatchObject({
      status: 422,
      body: { code: 'refused-by-policy' },
    });
    expect(await decide(app, id, from('203.0.113.9'))).toMatchObject({ status: 200 });
  });

  test('a caller who is not an approver hears that first', async () => {
    const app = worldWith({ risk: 'high', approval: { ...approval, mfa: true } });
    const id = await asked(app);
    expect(await decide(app, id, { as: 'dev@example.com' })).toMatchObject({ body: { code: 'own-request' } });
    expect(await decide(app, id, { as: 'auditor@example.com' })).toMatchObject({ body: { code: 'not-an-approver' } });
  });
});

test('a review of a high-risk role requires a sign-in, too: page and email say how, a press is refused', async () => {
  const breakGlass = {
    requesters: ['group:developers'],
    maxDuration: '30m',
    reason: { minLength: 1 },
    reviewers: ['group:leads'],
  };
  const app = worldWith({ risk: 'high', approval: { stages: [stage] }, breakGlass });
  const id = await asked(app, { breakGlass: true });
  app.now += HOUR;
  await call(app, 'endRequest', { as: 'admin@example.com', id, body: {} });
  app.mail.outbox.splice(0);
  const { handler } = await import('../../functions/sweep.ts');
  await handler.with(app)({}, {} as never);
  await playStream(app);
  const link = linkTo(app, lead);
  const page = await call(app, 'showDecision', { id: link });
  expect([page.status, page.text.includes(`latchkey review ${id}`), page.text.includes('<form')]).toEqual([
    200,
    true,
    false,
  ]);
  const pressed = await call(app, 'decideByLink', { id: link, body: Buffer.from('decision=sign&comment=Fine') });
  expect([pressed.status, pressed.text.includes('needs-sign-in')]).toEqual([403, true]);
  expect(await call(app, 'reviewRequest', { as: lead, id, body: { comment: 'Fine' } })).toMatchObject({ status: 200 });
});
