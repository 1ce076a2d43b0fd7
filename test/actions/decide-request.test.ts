// Deciding through the handler: who may, in which order of stages, for how long, and what becomes of the second one who tries.
import { describe, expect, test } from '@jest/globals';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { type Answer, approvedBy, call, filed, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { requestId, start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const lead = 'lead@example.com';
const second = 'second-lead@example.com';
const security = 'security@example.com';
const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops';
const forWrite = { role: 'write', reason: 'Long enough reason', ticket: 'OPS-1' };

type Refusal = {
  code: string;
  detail: string;
  request?: RequestView;
  errors?: Array<{ pointer: string; detail: string }>;
};
const decide = (
  app: FakeApp,
  id: string,
  as: string,
  body: object = { decision: 'approve' },
  wish: Wish = {},
): Promise<Answer<RequestView & Refusal>> => call(app, 'decideRequest', { as, id, body, ...wish });
const late = (app: FakeApp) => {
  app.now = start + 8 * HOUR;
};
const roleWith = (id: 'read' | 'write', change: object) =>
  catalogueOf({
    ...smallCatalogueFile,
    roles: { ...smallCatalogueFile.roles, [id]: { ...smallCatalogueFile.roles[id], ...change } },
  });

describe('approving', () => {
  test('starts the grant’s clock and keeps who decided', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    app.now = start + HOUR + 999;
    const answer = await decide(app, id, lead, { decision: 'approve', comment: 'go ahead' });
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: {
        id,
        version: 2,
        status: 'active',
        startsAt: '2026-11-22T11:00:00Z',
        endsAt: '2026-11-22T12:00:00Z',
        approval: {
          stages: [
            {
              decisions: [
                { approver: 'Lead', decision: 'approve', comment: 'go ahead', via: 'oidc', at: '2026-11-22T11:00:00Z' },
              ],
            },
          ],
        },
        history: [{ type: 'filed' }, { seq: 2, type: 'approved', actor: lead, via: 'oidc', note: 'go ahead' }],
      },
    });
    expect(app.store.requests.get(id)).toMatchObject({ version: 2, grant: { endsAt: start + 2 * HOUR } });
  });

  test('by SigV4 says so', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    const { body } = await decide(app, id, 'arn:aws:iam::222222222222:user/lead');
    expect(body.approval.stages[0]?.decisions).toMatchObject([{ approver: 'Lead', via: 'iam' }]);
  });

  test('an approver may shorten', async () => {
    const app = fakeApp();
    const { id } = await filed(app, { duration: '2h' });
    expect(await decide(app, id, lead, { decision: 'approve', duration: '30m' })).toMatchObject({
      status: 200,
      body: { durationSeconds: 1800, endsAt: '2026-11-22T10:30:00Z' },
    });
  });

  test.each([
    ['lengthen', '2h1m'],
    ['leave nothing', '59s'],
  ])('but not %s', async (_name, duration) => {
    const app = fakeApp();
    const { id } = await filed(app, { duration: '2h' });
    expect(await decide(app, id, lead, { decision: 'approve', duration })).toMatchObject({
      status: 422,
      body: { code: 'refused-by-policy', errors: [{ pointer: '/duration' }] },
    });
    expect(app.store.requests.get(id)?.version).toBe(1);
  });

  test('nor may a later approver lengthen what an earlier one shortened', async () => {
    const app = fakeApp();
    const { id } = await filed(app, { ...forWrite, duration: '2h' });
    await decide(app, id, lead, { decision: 'approve', duration: '1h' });
    expect(await decide(app, id, second, { decision: 'approve', duration: '90m' })).toMatchObject({
      status: 422,
      body: { code: 'refused-by-policy' },
    });
    await approvedBy(app, id, second);
    expect(await decide(app, id, security)).toMatchObject({ body: { durationSeconds: 3600, status: 'active' } });
  });

  test('a maximum that became lower applies', async () => {
    const app = fakeApp();
    const { id } = await filed(app, { duration: '8h' });
    app.catalogue = roleWith('read', { duration: { default: '1h', max: '2h' } });
    expect(await decide(app, id, lead)).toMatchObject({ status: 200, body: { durationSeconds: 7200 } });
  });

  test('an approver by a group of the token', async () => {
    const app = fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, tokenGroups: { leads: ['idp-leads'] } }) });
    const { id } = await filed(app);
    expect(await decide(app, id, 'other@example.com', undefined, { claims: { groups: ['leads'] } })).toMatchObject({
      status: 404,
    });
    expect(
      await decide(app, id, 'new-lead@example.com', undefined, {
        claims: { groups: ['idp-leads'], name: 'New \u202ELead' },
      }),
    ).toMatchObject({
      status: 200,
      body: { approval: { stages: [{ decisions: [{ approver: '"New Lead"', person: 'new-lead@example.com' }] }] } },
    });
  });
});

describe('denying', () => {
  test('ends it, with the comment for all to see', async () => {
    const app = fakeApp();
    const { id } = await filed(app, forWrite);
    expect(await decide(app, id, second, { decision: 'deny', comment: 'not today' })).toMatchObject({
      status: 200,
      body: { status: 'denied', history: [{}, { type: 'denied', actor: second, note: 'not today' }] },
    });
    expect(app.store.requests.get(id)?.outcome).toEqual({
      status: 'denied',
      at: start,
      by: { kind: 'person', key: 'second-lead@example.com', name: 'Second Lead' },
      why: 'not today',
    });
  });

  test('takes no duration', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    expect(await decide(app, id, lead, { decision: 'deny', duration: '30m' })).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ pointer: '/duration' }] },
    });
  });
});

describe('stages', () => {
  test('need distinct persons, in order', async () => {
    const app = fakeApp();
    const { id } = await filed(app, forWrite);

    const early = await decide(app, id, security);
    expect(early).toMatchObject({
      status: 403,
      body: { code: 'not-an-approver', detail: expect.stringContaining('Lead, Second Lead') },
    });

    expect(await decide(app, id, lead)).toMatchObject({ status: 200, body: { status: 'pending' } });
    expect(await decide(app, id, lead)).toMatchObject({
      status: 409,
      body: { code: 'already-decided', request: { id, status: 'pending' } },
    });
    expect(await decide(app, id, 'arn:aws:iam::222222222222:user/lead', { decision: 'deny' })).toMatchObject({
      status: 409,
      body: { code: 'already-decided' },
    });

    app.now += MINUTE;
    expect(await decide(app, id, second)).toMatchObject({ status: 200, body: { status: 'pending' } });
    expect(app.store.requests.get(id)?.stages.map(({ openedAt }) => openedAt)).toEqual([start, start + MINUTE]);
    expect(await decide(app, id, security)).toMatchObject({ status: 200, body: { status: 'active', version: 4 } });
  });

  test('an approver who is needed later is kept for later', async () => {
    const stages = [{ approvers: [lead, second] }, { approvers: [lead] }];
    const app = fakeApp({ catalogue: roleWith('read', { approval: { stages } }) });
    const { id } = await filed(app);
    expect(await decide(app, id, lead)).toMatchObject({
      status: 403,
      body: { code: 'not-an-approver', detail: expect.stringContaining('later stage') },
    });
    expect(await approvedBy(app, id, second, lead)).toMatchObject({ status: 'active' });
  });

  test('a stage that has had its turn is over for its other approvers', async () => {
    const stages = [{ approvers: [lead, second] }, { approvers: [security] }];
    const app = fakeApp({ catalogue: roleWith('read', { approval: { stages } }) });
    const { id } = await filed(app);
    await approvedBy(app, id, lead);
    expect(await decide(app, id, second)).toMatchObject({
      status: 403,
      body: { code: 'not-an-approver', detail: expect.stringContaining('Security') },
    });
  });
});

describe('who may not', () => {
  test.each([
    ['the requester', dev],
    ['the requester by another principal', 'arn:aws:iam::222222222222:user/dev'],
  ])('%s: it is their own', async (_name, as) => {
    const app = fakeApp();
    const { id } = await filed(app);
    expect(await decide(app, id, as)).toMatchObject({ status: 403, body: { code: 'own-request' } });
  });

  test('a requester who is an approver, a person for whom a bot filed, and one whose second identity the catalogue learns of later', async () => {
    const app = fakeApp();
    const own = await filed(app, {}, { as: lead });
    expect(await decide(app, own.id, 'arn:aws:iam::222222222222:user/lead')).toMatchObject({
      status: 403,
      body: { code: 'own-request' },
    });
    const byBot = await filed(app, {}, { as: bot, body: { role: 'read', reason: 'Look', onBehalfOf: dev } });
    expect(await decide(app, byBot.id, dev)).toMatchObject({ status: 403, body: { code: 'own-request' } });

    const people = [
      ...smallCatalogueFile.people.slice(1),
      { email: second, name: 'Second Lead', principals: [dev] },
    ].filter(({ name }, i) => name !== 'Second Lead' || i === 3);
    app.catalogue = catalogueOf({ ...smallCatalogueFile, people });
    expect(await decide(app, byBot.id, second)).toMatchObject({ status: 403, body: { code: 'own-request' } });
  });

  test.each([['auditor@example.com'], ['admin@example.com']])('%s sees it and may not decide it', async (as) => {
    const app = fakeApp();
    const { id } = await filed(app);
    expect(await decide(app, id, as)).toMatchObject({ status: 403, body: { code: 'not-an-approver' } });
  });

  test('the bot that filed it', async () => {
    const app = fakeApp();
    const { id } = await filed(app, {}, { as: bot, body: { role: 'read', reason: 'Look', onBehalfOf: dev } });
    expect(await decide(app, id, bot)).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
  });

  test('a former approver can still see the request', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    app.catalogue = catalogueOf({ ...smallCatalogueFile, groups: { ...smallCatalogueFile.groups, leads: [second] } });
    expect(await decide(app, id, lead)).toMatchObject({ status: 403, body: { code: 'not-an-approver' } });
    expect(await decide(app, id, second)).toMatchObject({ status: 200 });
  });

  test('an approver whom the catalogue names only since may', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    app.catalogue = roleWith('read', { approval: { stages: [{ approvers: ['group:leads', security] }] } });
    expect(await decide(app, id, security)).toMatchObject({ status: 200, body: { status: 'active' } });
  });

  test.each([
    ['pending', () => {}],
    ['lapsed', late],
  ])('a stranger gets 404 for a %s one, as for an unknown id', async (_name, change) => {
    const app = fakeApp();
    const { id } = await filed(app);
    change(app);
    expect(await decide(app, id, 'stranger@example.com')).toMatchObject({
      status: 404,
      body: { code: 'request-not-found' },
    });
    expect(await decide(app, id, bot)).toMatchObject({ status: 404, body: { code: 'request-not-found' } });
    expect(await decide(app, requestId(3), lead)).toMatchObject({ status: 404, body: { code: 'request-not-found' } });
  });
});

describe('too late', () => {
  test.each<[string, (app: FakeApp, id: string) => Promise<unknown> | unknown, string]>([
    ['approved', (app, id) => decide(app, id, second), 'active'],
    ['denied', (app, id) => decide(app, id, second, { decision: 'deny' }), 'denied'],
    ['withdrawn', (app, id) => call(app, 'endRequest', { as: dev, id }), 'withdrawn'],
    ['lapsed', late, 'lapsed'],
  ])('it was %s', async (_name, happen, status) => {
    const app = fakeApp();
    const { id } = await filed(app);
    await happen(app, id);
    const answer = await decide(app, id, lead);
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'already-decided', detail: expect.stringContaining(status), request: { id, status } },
    });
  });

  test('two at once: one decides, the other is told', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    const answers = await Promise.all([decide(app, id, lead), decide(app, id, second, { decision: 'deny' })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(app.store.requests.get(id)?.version).toBe(2);
  });

  test('three lost races are a 503, and nothing was decided', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    app.store.replace = async () => false;
    expect(await decide(app, id, lead)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { code: 'try-again' },
    });
    expect(app.steps.filter(({ name }) => name === 'store.get')).toHaveLength(3);
  });

  test('each attempt reads the clock again', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    app.store.replace = async () => {
      app.now = start + 8 * HOUR;
      return false;
    };
    expect(await decide(app, id, lead)).toMatchObject({
      status: 409,
      body: { code: 'already-decided', request: { status: 'lapsed' } },
    });
  });
});

describe('a catalogue that became stricter', () => {
  const roles = smallCatalogueFile.roles;
  test.each<[string, object]>([
    ['the role is gone', { roles: { play: roles.play } }],
    ['the role means another ARN', { roles: { ...roles, read: { ...roles.read, roleName: 'latchkey/admin' } } }],
    ['the requester is denied', { roles: { ...roles, read: { ...roles.read, deny: [dev] } } }],
  ])('%s: denied it can be, approved it cannot', async (_name, change) => {
    const app = fakeApp();
    const { id } = await filed(app);
    app.catalogue = catalogueOf({ ...smallCatalogueFile, bots: {}, ...change });
    expect(await decide(app, id, lead)).toMatchObject({
      status: 422,
      body: { code: 'refused-by-policy', errors: [{ pointer: '/decision' }] },
    });
    expect(await decide(app, id, lead, { decision: 'deny' })).toMatchObject({
      status: 200,
      body: { status: 'denied' },
    });
  });
});

test.each<[string, unknown, string[]]>([
  ['nothing', {}, ['/decision']],
  ['another word', { decision: 'maybe' }, ['/decision']],
  ['unknown fields', { decision: 'approve', approvers: [dev], status: 'active' }, ['/approvers', '/status']],
  ['a comment of 1,001 characters', { decision: 'deny', comment: 'x'.repeat(1001) }, ['/comment']],
  ['a zero-width space in a comment', { decision: 'deny', comment: 'a\u200bb' }, ['/comment']],
  ['a bad duration', { decision: 'approve', duration: '-1h' }, ['/duration']],
])('%s in the body is malformed', async (_name, body, pointers) => {
  const app = fakeApp();
  const { id } = await filed(app);
  const answer = await decide(app, id, lead, body as object);
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  expect(answer.body.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
});
