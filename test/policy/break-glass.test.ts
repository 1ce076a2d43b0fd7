// Break-glass through the functions: at once, short, loud, on record, and owed a review that somebody else signs.
import { describe, expect, test } from '@jest/globals';
import { DAY, HOUR, MINUTE, toInstant } from '../../lib/common/time.ts';
import type { CredentialsView, RequestView, RoleView } from '../../lib/http/answers.ts';
import { type Answer, call, known, playStream } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { titleOf } from '../support/outbox.ts';
import { passUntil } from '../support/passing-time.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const admin = 'admin@example.com';
const reviewer = 'security@example.com';
const onCall = 'on-call@example.com';
const rule = {
  requesters: [dev, onCall],
  maxDuration: '30m',
  reason: { minLength: 20 },
  reviewers: [reviewer, dev],
  reviewWithin: '1d',
};
const fileOf = (breakGlass: object | undefined, change: object = {}) => ({
  ...smallCatalogueFile,
  roles: {
    ...smallCatalogueFile.roles,
    write: { ...smallCatalogueFile.roles.write, ...(breakGlass && { breakGlass }), ...change },
  },
});
const appWith = (change: object = {}, role: object = {}): FakeApp =>
  fakeApp({ catalogue: catalogueOf(fileOf({ ...rule, ...change }, role)) });
const wish = { role: 'write', breakGlass: true, reason: 'The shop is down, INC-4711' };
type Refusal = Answer<{ code: string; detail: string; errors?: Array<{ pointer: string }> }>;
const file = (app: FakeApp, body: object = {}, as = dev) =>
  call<RequestView>(app, 'createRequest', {
    as,
    headers: { 'idempotency-key': undefined },
    body: { ...wish, ...body },
  });
const refused = async (app: FakeApp, body: object = {}, as = dev) => (await file(app, body, as)) as unknown as Refusal;
const review = (app: FakeApp, id: string, as: string, comment = 'Only the shop was restarted') =>
  call(app, 'reviewRequest', { as, id, body: { comment } }) as Promise<Answer<RequestView> & Refusal>;
const mailsOf = (app: FakeApp, word: string) =>
  app.mail.outbox.flatMap(({ subject, to }) => (titleOf(subject) === word ? [to] : [])).sort();

describe('taking a role by break-glass', () => {
  test('it is active at once, as short as the rule says, and recorded as what it is', async () => {
    const app = appWith();
    const { status, body } = await file(app);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: 'active',
      durationSeconds: 1800,
      breakGlass: true,
      review: { state: 'open', due: toInstant(start + 30 * MINUTE + DAY), reviewers: ['Security', 'Dev'] },
      approval: { automatic: false, stages: [{ decisions: [] }, { decisions: [] }] },
      history: [
        { type: 'filed' },
        { type: 'approved', actor: 'latchkey', via: 'break-glass', note: expect.stringContaining('nobody approved') },
      ],
    });
    expect((await call(app, 'issueCredentials', { as: dev, id: body.id, body: {} })).status).toBe(200);
  });

  test('every approver, every reviewer and every admin is told, once, and the requester gets the calls', async () => {
    const app = appWith();
    const { body } = await file(app);
    await playStream(app);
    expect(mailsOf(app, 'Break-glass used')).toEqual([admin, 'lead@example.com', 'second-lead@example.com', reviewer]);
    expect(mailsOf(app, 'Approved')).toEqual([dev]);
    expect(app.mail.outbox).toHaveLength(5);
    const mail = app.mail.outbox.find(({ to }) => to === admin)!.text.replace(/\s+/g, ' ');
    expect(mail).toContain(
      'Dev (dev@example.com) has used break-glass and can use write in Production (111111111111) now. Nobody approved it.',
    );
    expect(mail).toContain('> The shop is down, INC-4711');
    expect(mail).toMatch(/Revoke: https:\/\/latchkey\.example\.com\/decide\/[\w-]+ /);
    expect(mail).toContain(`latchkey revoke ${body.id} --comment`);
    expect(app.mail.outbox.find(({ to }) => to === dev)!.text).toContain(
      '\n  latchkey exec write -- aws sts get-caller-identity\n',
    );
    expect(app.mail.outbox.find(({ to }) => to === dev)!.text).not.toContain('/decide/');
  });

  test('emails that the stream lost are found by the sweep, and none is sent twice', async () => {
    const app = appWith();
    await file(app);
    app.store.changes.splice(0);
    await passUntil(app, start + 29 * MINUTE);
    const told = [admin, 'lead@example.com', 'second-lead@example.com', reviewer];
    expect(mailsOf(app, 'Break-glass used')).toEqual(told);
    await passUntil(app, start + 2 * DAY, HOUR);
    expect(mailsOf(app, 'Break-glass used')).toEqual(told);
  });

  test.each(['lead@example.com', reviewer, admin])('%s can revoke it', async (as) => {
    const app = appWith();
    const { body } = await file(app);
    expect((await call<RequestView>(app, 'endRequest', { as, id: body.id, body: {} })).body.status).toBe('revoked');
    expect((await call(app, 'issueCredentials', { as: dev, id: body.id, body: {} })).status).toBe(409);
  });

  test.each([
    ['longer than the rule allows', { duration: '31m' }, 422, 'refused-by-policy', '/duration'],
    ['a reason too short for an emergency', { reason: 'It is down' }, 422, 'refused-by-policy', '/reason'],
    ['a ticket of another form', { ticket: 'nonsense' }, 422, 'refused-by-policy', '/ticket'],
  ])('%s is refused', async (_name, body, status, code, pointer) => {
    const answer = await refused(appWith(), body);
    expect([answer.status, answer.body.code, answer.body.errors?.[0]?.pointer]).toEqual([status, code, pointer]);
  });

  test('without break-glass in the role, or for a person it does not name, it is refused', async () => {
    expect(await refused(fakeApp(), { ticket: 'OPS-1' })).toMatchObject({
      status: 422,
      body: { code: 'refused-by-policy', errors: [{ pointer: '/breakGlass' }] },
    });
    expect(await refused(appWith(), {}, 'lead@example.com')).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/breakGlass' }] },
    });
    expect(await refused(appWith(), {}, 'stranger@example.com')).toMatchObject({
      status: 404,
      body: { code: 'role-not-found' },
    });
  });

  test('a person who may have the role by break-glass only sees it, and is told so when they ask without', async () => {
    const app = appWith();
    const roles = await call<{ items: RoleView[] }>(app, 'listRoles', { as: onCall });
    expect(roles.body.items.find(({ id }) => id === 'write')?.breakGlass).toEqual({
      maxSeconds: 1800,
      reason: { minLength: 20 },
      reviewWithinSeconds: 86400,
      reviewers: ['Security', 'Dev'],
    });
    expect(await refused(app, { breakGlass: false, ticket: 'OPS-1' }, onCall)).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/breakGlass' }] },
    });
    expect((await file(app, {}, onCall)).status).toBe(201);
  });

  test('deny beats break-glass', async () => {
    expect((await refused(appWith({}, { deny: [onCall] }), {}, onCall)).status).toBe(404);
  });

  test('a bot cannot do it for anybody', async () => {
    const roles = { ...fileOf(rule).roles };
    const bots = { chatops: { ...smallCatalogueFile.bots.chatops, roles: ['write'] } };
    const app = fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, bots, roles }) });
    const answer = await refused(app, { onBehalfOf: dev }, 'arn:aws:sts::999999999999:assumed-role/chatops-bot/x');
    expect([answer.status, answer.body.code]).toEqual([403, 'not-allowed']);
  });

  test.each([
    [
      'escalate',
      {
        approval: {
          ...smallCatalogueFile.roles.write.approval,
          escalate: { after: '10m', to: [smallCatalogueFile.bots.chatops.principal] },
        },
      },
    ],
    ['breakGlass.requesters', { breakGlass: { ...rule, requesters: [smallCatalogueFile.bots.chatops.principal] } }],
    ['breakGlass.reviewers', { breakGlass: { ...rule, reviewers: [smallCatalogueFile.bots.chatops.principal] } }],
  ])('a catalogue that names a bot in %s is refused', (_where, change) => {
    expect(() => catalogueOf(fileOf(undefined, change))).toThrow('a bot must not be a person');
  });

  test('it is a break-glass grant also where the catalogue would auto-approve, and the stages stay on record', async () => {
    const { approval } = smallCatalogueFile.roles.write;
    const app = appWith({}, { approval: { ...approval, automatic: { when: { maxDuration: '2h' } } } });
    const { body } = await file(app);
    expect(body).toMatchObject({
      status: 'active',
      breakGlass: true,
      review: { state: 'open' },
      approval: { automatic: false },
    });
    expect(body.approval.stages).toHaveLength(2);
  });

  test('what the role asks of a call holds under break-glass too', async () => {
    const answer = await refused(appWith({}, { networks: ['192.0.2.0/32'] }));
    expect(answer).toMatchObject({ status: 422, body: { code: 'refused-by-policy' } });
  });

  test('nobody but the requester to review it: refused', async () => {
    expect(await refused(appWith({ reviewers: [dev] }))).toMatchObject({ status: 409, body: { code: 'no-approver' } });
  });

  test('a dry run explains each rule and stores nothing', async () => {
    const app = appWith();
    const { body } = await call<{ outcome: string; checks: Array<{ check: string; passed: boolean }> }>(app, 'dryRun', {
      as: dev,
      body: wish,
    });
    expect(body.outcome).toBe('automatic');
    expect(body.checks.filter(({ passed }) => passed).map(({ check }) => check)).toEqual(
      expect.arrayContaining(['break-glass', 'review', 'reviewers']),
    );
    expect(app.store.requests.size).toBe(0);
  });

  test('a rule that the catalogue has taken since stops the next session', async () => {
    const app = appWith();
    const { body } = await file(app, {}, onCall);
    const stricter = { ...app, catalogue: catalogueOf() };
    expect(await call(stricter, 'issueCredentials', { as: onCall, id: body.id, body: {} })).toMatchObject({
      status: 422,
    });
  });

  test('and one that it has made shorter ends the grant sooner', async () => {
    const app = appWith();
    const { body } = await file(app);
    app.catalogue = catalogueOf(fileOf({ ...rule, maxDuration: '10m' }));
    const vend = () => call<CredentialsView>(app, 'issueCredentials', { as: dev, id: body.id, body: {} });
    expect((await vend()).body.GrantEndsAt).toBe(toInstant(start + 10 * MINUTE));
    app.now = start + 10 * MINUTE;
    expect((await vend()).status).toBe(409);
  });
});

test('the owner of the account may break the glass where the rule says owner, and reviews what others did', async () => {
  const accounts = {
    ...smallCatalogueFile.accounts,
    production: { ...smallCatalogueFile.accounts.production, owner: [onCall, reviewer] },
  };
  const file = { ...fileOf({ ...rule, requesters: ['owner'], reviewers: ['owner'] }), accounts };
  const app = fakeApp({ catalogue: catalogueOf(file) });
  expect((await refused(app)).status).toBe(422);
  const { id } = (
    await call<RequestView>(app, 'createRequest', { as: onCall, headers: { 'idempotency-key': undefined }, body: wish })
  ).body;
  await passUntil(app, start + 31 * MINUTE);
  expect(mailsOf(app, 'Please review')).toEqual([reviewer]);
  expect(await review(app, id, onCall)).toMatchObject({ status: 403, body: { code: 'own-request' } });
  expect((await review(app, id, reviewer)).status).toBe(200);
});

describe('the review', () => {
  test('is asked for when the grant is over, and signed by somebody else with a comment', async () => {
    const app = appWith();
    const { id } = (await file(app)).body;
    await playStream(app);
    expect(await review(app, id, reviewer)).toMatchObject({ status: 422, body: { code: 'refused-by-policy' } });
    await passUntil(app, start + 31 * MINUTE);
    expect(mailsOf(app, 'Please review')).toEqual([reviewer]);
    expect(await review(app, id, dev)).toMatchObject({ status: 403, body: { code: 'own-request' } });
    expect(await review(app, id, 'lead@example.com')).toMatchObject({ status: 403, body: { code: 'not-an-approver' } });
    expect(await review(app, id, 'stranger@example.com')).toMatchObject({
      status: 404,
      body: { code: 'request-not-found' },
    });
    expect(await review(app, id, reviewer, ' ')).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
    const signed = await review(app, id, reviewer);
    expect(signed.status).toBe(200);
    expect(signed.body.review).toMatchObject({
      state: 'signed',
      by: 'Security',
      at: toInstant(app.now),
      comment: 'Only the shop was restarted',
    });
    expect(signed.body.history.at(-1)).toMatchObject({ type: 'reviewed', actor: reviewer });
    expect(await review(app, id, admin)).toMatchObject({ status: 409, body: { code: 'already-decided' } });
    await playStream(app);
    expect(mailsOf(app, 'Reviewed')).toEqual([dev]);
    await passUntil(app, start + 10 * DAY, HOUR);
    expect(mailsOf(app, 'Review overdue')).toEqual([]);
  });

  test('an admin may sign, an ordinary request has none', async () => {
    const app = appWith();
    const { id } = (await file(app)).body;
    await call(app, 'endRequest', { as: dev, id, body: {} });
    expect((await review(app, id, admin)).status).toBe(200);
    const other = await file(app, { role: 'read', breakGlass: false });
    expect(await review(app, other.body.id, admin)).toMatchObject({ status: 409, body: { code: 'not-active' } });
  });

  test('that is overdue is brought to admins and reviewers, three times, and once each', async () => {
    const app = appWith();
    const { id } = (await file(app)).body;
    await playStream(app);
    const due = start + 30 * MINUTE + DAY;
    await passUntil(app, due - MINUTE, HOUR);
    expect(mailsOf(app, 'Review overdue')).toEqual([]);
    await passUntil(app, due + 20 * DAY, HOUR);
    expect(mailsOf(app, 'Review overdue')).toEqual([admin, admin, admin, reviewer, reviewer, reviewer]);
    expect((await call<RequestView>(app, 'readRequest', { as: admin, id })).body).toMatchObject({
      status: 'ended',
      review: { state: 'overdue' },
    });
  });

  test('that nobody has signed keeps its person, and nobody else, from the next break-glass of any role, and the answer names it', async () => {
    const app = appWith();
    const { id } = (await file(app)).body;
    await passUntil(app, start + 31 * MINUTE);
    const next = await refused(app);
    expect([next.status, next.body.code, next.body.errors?.[0]?.pointer]).toEqual([
      422,
      'refused-by-policy',
      '/breakGlass',
    ]);
    expect(next.body.detail).toContain(`The review of your break-glass request ${id} is not signed yet.`);
    expect((await file(app, { role: 'read', breakGlass: false })).status).toBe(201);
    expect((await file(app, {}, onCall)).status).toBe(201);
    expect((await review(app, id, reviewer)).status).toBe(200);
    expect((await file(app)).status).toBe(201);
  });

  test('where the role lets two wait, the third is refused and both are named', async () => {
    const app = appWith({ unsigned: 2 });
    const ids: string[] = [];
    for (const n of [1, 2]) {
      ids.push((await file(app)).body.id);
      await passUntil(app, start + n * 31 * MINUTE);
    }
    expect((await refused(app)).body.detail).toContain(
      `The reviews of your break-glass requests ${ids.sort().join(', ')} are not signed yet. Have 1 of them signed first.`,
    );
  });

  test('that is overdue keeps its person, and nobody else, from the next break-glass, however long ago it was', async () => {
    const app = appWith({ unsigned: 3 });
    const { id } = (await file(app)).body;
    await passUntil(app, start + 31 * MINUTE);
    const again = (await file(app)).body;
    expect(again.status).toBe('active');
    await passUntil(app, start + 200 * DAY, DAY);
    // a token of the tests holds for thirty days
    const exp = app.now / 1000 + 3600;
    const later = (as: string, body: object = {}) =>
      call<Refusal['body']>(app, 'createRequest', {
        as,
        claims: { exp },
        headers: { 'idempotency-key': undefined },
        body: { ...wish, ...body },
      });
    expect(await later(dev)).toMatchObject({
      status: 422,
      body: { code: 'refused-by-policy', detail: expect.stringContaining('Have it signed first') },
    });
    expect((await later(dev, { role: 'read', breakGlass: false })).status).toBe(201);
    expect((await later(onCall)).status).toBe(201);
    for (const one of [id, again.id])
      expect(
        (
          await call(app, 'reviewRequest', {
            as: reviewer,
            claims: { exp },
            id: one,
            body: { comment: 'Looked at the trail' },
          })
        ).status,
      ).toBe(200);
    expect((await later(dev)).status).toBe(201);
  });

  test('costs no further round trip, at filing or later', async () => {
    const app = appWith();
    await known(app, 'dev@example.com');
    app.forget();
    await file(app);
    expect(app.hops()).toBe(2);
  });
});

test.each([
  ['longer than the role itself', { maxDuration: '3h' }, {}, /longer than the role's own maximum/],
  ['without reviewers', { reviewers: [] }, {}, /must have at least one entry/],
  ['that lets no review wait', { unsigned: 0 }, {}, /must be at least 1/],
  ['a bot to review', { reviewers: [smallCatalogueFile.bots.chatops.principal] }, {}, /a bot must not be/],
  ['for a role that approves by itself', {}, { approval: { automatic: true } }, /needs no break-glass/],
])('the catalogue refuses break-glass %s', (_name, change, role, message) => {
  expect(() => appWith(change, role)).toThrow(message);
});
