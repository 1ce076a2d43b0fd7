// Tickets that a validator of the company checks before anything is filed.
import { describe, expect, test } from '@jest/globals';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { ExplanationView, RequestView } from '../../lib/http/answers.ts';
import { approvedBy, call, filed, known, linkTo, playStream, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { noAnswer } from '../support/fake-tickets.ts';
import { passUntil, sweepOnce } from '../support/passing-time.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/i-0';
const { roles, bots } = smallCatalogueFile;
const ticket = { pattern: '^OPS-[0-9]+$', required: true, validator: 'jira' };
const breakGlass = { requesters: ['group:developers'], maxDuration: '30m', reviewers: ['security@example.com'] };
const catalogue = catalogueOf({
  ...smallCatalogueFile,
  ticketValidators: { jira: { url: 'https://tickets.example.com/check' } },
  bots: { chatops: { ...bots.chatops, roles: ['read', 'strict'] } },
  roles: {
    ...roles,
    strict: { ...roles.read, ticket, breakGlass },
    lax: { ...roles.read, ticket: { ...ticket, ifUnreachable: 'allow' } },
    'strict-play': { ...roles.play, ticket },
    'lax-play': { ...roles.play, ticket: { ...ticket, ifUnreachable: 'allow' } },
    welcome: { ...roles.read, ticket: { ...ticket, required: false } },
  },
});
const world = () => fakeApp({ catalogue });
const wish = (role: string, more: Record<string, unknown> = {}): Wish => ({
  as: dev,
  headers: { 'idempotency-key': undefined },
  body: { role, reason: 'Look at the failing nightly export', ticket: 'OPS-1', ...more },
});
const ask = (app: FakeApp, role: string, more: Record<string, unknown> = {}) =>
  call<RequestView & { code: string; detail: string }>(app, 'createRequest', wish(role, more));
const filedFor = (app: FakeApp, role: string, more: Record<string, unknown> = {}) =>
  filed(app, { role, ticket: 'OPS-1', ...more });
const read = async (app: FakeApp, id: string) =>
  (await call<RequestView>(app, 'readRequest', { as: 'admin@example.com', id })).body;
const typesOf = ({ history }: RequestView) => history.map(({ type }) => type);
const invalid = { outcome: 'invalid', detail: 'OPS-1 was closed in May' } as const;

describe('a role that waits for its validator', () => {
  test('is filed with a yes, which is on record', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', { outcome: 'valid', detail: 'Rotate the keys' });
    const { status, body } = await ask(app, 'strict', { duration: '2h' });
    expect([status, body.status, body.version]).toEqual([201, 'pending', 2]);
    expect(body.ticketCheck).toEqual({ validator: 'jira', state: 'valid', at: body.createdAt });
    expect(body.history[1]).toMatchObject({
      seq: 2,
      type: 'ticket-checked',
      actor: 'latchkey',
      via: 'ticket-validator',
      note: 'jira: valid: Rotate the keys',
    });
    expect(app.tickets.asked).toEqual([
      {
        validator: 'jira',
        ticket: 'OPS-1',
        role: 'strict',
        account: '111111111111',
        requester: dev,
        reason: 'Look at the failing nightly export',
        durationSeconds: 7200,
      },
    ]);
    await playStream(app);
    expect(app.mail.outbox.map(({ to }) => to).sort()).toEqual(['lead@example.com', 'second-lead@example.com']);
    expect(app.mail.outbox[0]!.text).toContain('jira: valid: Rotate the keys');
    expect((await approvedBy(app, body.id, 'lead@example.com')).status).toBe('active');
  });

  test('is refused with a no, by policy and in the words of the validator; nothing is filed', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', invalid);
    const { status, body, text } = await ask(app, 'strict');
    expect([status, body.code]).toEqual([422, 'refused-by-policy']);
    expect(JSON.parse(text).errors).toEqual([
      { pointer: '/ticket', detail: 'jira does not accept the ticket: OPS-1 was closed in May' },
    ]);
    expect(app.store.requests.size).toBe(0);
  });

  test('is not filed without an answer, and says when to come again', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', noAnswer);
    const { status, body, headers } = await ask(app, 'strict');
    expect([status, body.code, headers['retry-after']]).toEqual([503, 'try-again', '5']);
    expect(body.detail).toContain('jira');
    expect(app.store.requests.size).toBe(0);
    expect(app.lines).toContainEqual({
      code: 'ticket-unanswered',
      fields: expect.objectContaining({ validator: 'jira', cause: 'no answer in time' }),
    });
  });

  test('that is auto-approved is granted only with a yes', async () => {
    const app = world();
    const { body } = await ask(app, 'strict-play');
    expect([body.status, typesOf(body)]).toEqual(['active', ['filed', 'ticket-checked', 'approved']]);
    for (const answer of [invalid, noAnswer]) {
      const other = world();
      other.tickets.answers.set('OPS-1', answer);
      await ask(other, 'strict-play');
      expect(other.store.requests.size).toBe(0);
    }
  });

  test.each([
    ['the wrong form', { ticket: 'ABC' }, 422],
    ['too short a reason or too long a time', { duration: '9h' }, 422],
    ['no ticket', { ticket: undefined }, 422],
  ])('asks nobody about a filing with %s', async (_, more, status) => {
    const app = world();
    expect((await ask(app, 'strict', more)).status).toBe(status);
    expect(app.tickets.asked).toEqual([]);
  });

  test('asks nobody for a stranger, and tells them nothing', async () => {
    const app = world();
    const answer = await call<{ code: string }>(app, 'createRequest', {
      ...wish('strict'),
      as: 'stranger@example.com',
    });
    expect([answer.status, answer.body.code, app.tickets.asked]).toEqual([404, 'role-not-found', []]);
  });

  test('asks nobody where a ticket is welcome and none is given', async () => {
    const app = world();
    const { status, body } = await ask(app, 'welcome', { ticket: undefined });
    expect([status, body.ticketCheck, app.tickets.asked]).toEqual([201, undefined, []]);
    app.now += MINUTE;
    expect(await sweepOnce(app)).toEqual({ due: 0, settled: 0 });
  });

  test('an overlap and a no are told as what is wrong with the filing itself', async () => {
    const app = world();
    await ask(app, 'strict');
    expect((await ask(app, 'strict')).body.code).toBe('overlap');
    app.tickets.answers.set('OPS-1', noAnswer);
    expect((await ask(app, 'strict')).body.code).toBe('overlap');
    app.tickets.answers.set('OPS-1', invalid);
    expect((await ask(app, 'strict')).body.code).toBe('refused-by-policy');
  });

  test('is asked for the person in whose name a bot files', async () => {
    const app = world();
    const answer = await call(app, 'createRequest', { ...wish('strict', { onBehalfOf: dev }), as: bot });
    expect(answer.status).toBe(201);
    expect(app.tickets.asked).toMatchObject([{ requester: dev }]);
  });

  test('files in two round trips, the question beside the reads', async () => {
    const app = world();
    await known(app, 'dev@example.com');
    app.forget();
    await ask(app, 'strict');
    // the person has two identities
    expect(app.steps.map(({ name, hop }) => `${hop} ${name}`)).toEqual([
      '1 tickets.check',
      '1 store.ledgers',
      '1 store.recentBlocks',
      '1 store.requestsOf',
      '1 store.requestsOf',
      '1 store.getIdentity',
      '2 store.create',
    ]);
  });

  test('an error while asking files nothing', async () => {
    const app = world();
    app.gate = ({ name }) => {
      if (name === 'tickets.check') throw new Error('no credentials');
    };
    expect((await ask(app, 'strict')).status).toBe(500);
    expect(app.store.requests.size).toBe(0);
  });

  test('a rule that lets the filing in while the question is out does not let it in unasked', async () => {
    const hours = { timeZone: 'UTC', from: '10:00', to: '18:00' };
    const app = fakeApp({
      catalogue: catalogueOf({
        ...smallCatalogueFile,
        ticketValidators: { jira: { url: 'https://t.example.com' } },
        roles: { ...roles, strict: { ...roles.read, ticket, hours } },
      }),
    });
    app.now = start - 1;
    app.gate = (_, when) => {
      if (when === 'after') app.now = start;
    };
    const { status, body } = await ask(app, 'strict');
    expect([status, body.code, app.store.requests.size]).toEqual([503, 'try-again', 0]);
  });
});

describe('a dry run', () => {
  const lineOf = async (app: FakeApp, role: string, more: Record<string, unknown> = {}) => {
    const { body } = await call<ExplanationView>(app, 'dryRun', wish(role, more));
    return [body.outcome, body.checks.find(({ check }) => check === 'ticket-validator')];
  };
  test.each([
    [
      'strict',
      {},
      'needs-approval',
      /^jira checks the ticket .* If it does not answer within 3 s, nothing is filed\. A dry run does not ask it\.$/,
    ],
    [
      'lax',
      {},
      'needs-approval',
      /^jira checks the ticket .* If it does not answer within 3 s, the request is filed and shows its ticket as unchecked\. A dry run does not ask it\.$/,
    ],
    [
      'strict',
      { breakGlass: true, duration: '30m' },
      'automatic',
      /^Break-glass does not wait for jira\. The request shows its ticket as unchecked\.$/,
    ],
  ])('of %s %j says who will be asked when, and asks nobody', async (role, more, outcome, detail) => {
    const app = world();
    expect(await lineOf(app, role, more)).toEqual([
      outcome,
      { check: 'ticket-validator', passed: true, detail: expect.stringMatching(detail) },
    ]);
    expect(app.tickets.asked).toEqual([]);
  });

  test('says nothing of it where nobody would be asked', async () => {
    expect((await lineOf(world(), 'welcome', { ticket: undefined }))[1]).toBeUndefined();
    expect((await lineOf(world(), 'write'))[1]).toBeUndefined();
  });
});

describe('an Idempotency-Key', () => {
  const keyed = (app: FakeApp, more: Record<string, unknown> = {}) =>
    call<RequestView & { code: string }>(app, 'createRequest', {
      ...wish('strict', more),
      headers: { 'idempotency-key': 'one' },
    });

  test.each([
    ['no', invalid],
    ['silence', noAnswer],
  ])('answers the stored request whatever the validator says by now: %s', async (_, answer) => {
    const app = world();
    const first = await keyed(app);
    app.tickets.answers.set('OPS-1', answer);
    const again = await keyed(app);
    expect([again.status, again.headers['idempotent-replayed'], again.body]).toEqual([200, 'true', first.body]);
    expect((await keyed(app, { reason: 'another' })).body.code).toBe('idempotency-mismatch');
  });

  test('of a refused filing stays free', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', noAnswer);
    expect((await keyed(app)).status).toBe(503);
    app.tickets.answers.set('OPS-1', invalid);
    expect((await keyed(app)).status).toBe(422);
    app.tickets.answers.clear();
    expect((await keyed(app)).status).toBe(201);
  });
});

describe('a role that allows an unreachable validator', () => {
  test('is filed at once as unchecked when the validator gives no answer, and approvers and the history say so', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', noAnswer);
    const { id, ticketCheck, history } = await filedFor(app, 'lax');
    expect(ticketCheck).toEqual({ validator: 'jira', state: 'unchecked', at: '2026-11-22T10:00:00Z' });
    expect(history[1]).toMatchObject({ type: 'ticket-unchecked', via: 'ticket-validator', note: 'jira: no answer' });
    expect(app.lines).toContainEqual({
      code: 'ticket-unanswered',
      fields: expect.objectContaining({ validator: 'jira', cause: 'no answer in time' }),
    });
    await playStream(app);
    const unchecked = 'Unchecked: jira, which checks the tickets of this role, gave no answer.';
    expect(app.mail.outbox[0]!.text.replace(/\s+/g, ' ')).toContain(unchecked);
    const page = await call(app, 'showDecision', { id: linkTo(app, 'lead@example.com') });
    expect(page.text).toContain(unchecked);
    expect((await approvedBy(app, id, 'lead@example.com')).status).toBe('active');
  });

  test('is never asked about again', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', noAnswer);
    const { id } = await filedFor(app, 'lax');
    app.tickets.answers.set('OPS-1', invalid);
    await passUntil(app, start + HOUR);
    const request = await read(app, id);
    expect([app.tickets.asked.length, request.status, request.ticketCheck?.state]).toEqual([1, 'pending', 'unchecked']);
  });

  test.each([
    ['a yes files it', undefined, 201, 'valid'],
    ['a no does not', invalid, 422, undefined],
  ])('an answer counts as for any role: %s', async (_, answer, status, state) => {
    const app = world();
    if (answer) app.tickets.answers.set('OPS-1', answer);
    const { body, ...response } = await ask(app, 'lax-play');
    expect([response.status, body.ticketCheck?.state]).toEqual([status, state]);
  });
});

describe('break-glass', () => {
  const wanted = { duration: '30m', breakGlass: true, reason: 'The shop is down and nobody else is awake' };
  test('waits for no validator, and the reviewer reads that the ticket is unchecked', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', invalid);
    const { body } = await ask(app, 'strict', wanted);
    expect([body.status, body.ticketCheck?.state, app.tickets.asked]).toEqual(['active', 'unchecked', []]);
    expect(body.history[1]).toMatchObject({
      type: 'ticket-unchecked',
      note: 'jira: not asked, because of break-glass',
    });
    await call(app, 'endRequest', { as: dev, id: body.id, body: {} });
    await playStream(app);
    const review = app.mail.outbox.findLast(
      ({ to, subject }) => to === 'security@example.com' && subject.startsWith('Please review'),
    );
    expect(review?.text).toContain('Unchecked: break-glass did not wait for jira.');
  });
});

describe('an extension', () => {
  const extend = (app: FakeApp, id: string) =>
    call<RequestView & { code: string }>(app, 'extendRequest', {
      as: dev,
      id,
      body: { duration: '1h', reason: 'The export is not through yet' },
      headers: { 'idempotency-key': undefined },
    });

  test.each([
    ['a yes', undefined, 201, 'valid'],
    ['a no', invalid, 422, undefined],
    ['silence', noAnswer, 503, undefined],
  ])('is filed by the rule of the role: %s', async (_, answer, status, state) => {
    const app = world();
    const { id } = await filedFor(app, 'strict-play');
    if (answer) app.tickets.answers.set('OPS-1', answer);
    const extension = await extend(app, id);
    expect([extension.status, extension.body.ticketCheck?.state]).toEqual([status, state]);
    expect(app.tickets.asked).toMatchObject([
      { durationSeconds: 3600 },
      { durationSeconds: 3600, reason: 'The export is not through yet' },
    ]);
    expect(app.store.requests.size).toBe(status === 201 ? 2 : 1);
  });

  test('of a role that allows silence is filed as unchecked', async () => {
    const app = world();
    const { id } = await filedFor(app, 'lax-play');
    app.tickets.answers.set('OPS-1', noAnswer);
    const { body } = await extend(app, id);
    expect(body.ticketCheck?.state).toBe('unchecked');
  });
});

test('a role shows who checks its tickets', async () => {
  const { body } = await call<{ items: Array<{ id: string; ticket?: unknown }> }>(world(), 'listRoles', { as: dev });
  expect(body.items.find(({ id }) => id === 'lax')?.ticket).toEqual({ ...ticket, ifUnreachable: 'allow' });
});

test('what a validator says is text, whatever it looks like', async () => {
  const app = world();
  app.tickets.answers.set('OPS-1', { outcome: 'valid', detail: '<b>see https://evil.example/login</b>' });
  const { id } = await filedFor(app, 'strict');
  await playStream(app);
  const page = await call(app, 'showDecision', { id: linkTo(app, 'lead@example.com') });
  expect(page.text).toContain('&lt;b&gt;');
  expect(page.text).not.toContain('<b>see');
  for (const { text, html } of app.mail.outbox)
    expect([text.includes('https://evil.example'), html.includes('href="https://evil')]).toEqual([false, false]);
  expect((await read(app, id)).history[1]!.note).toBe('jira: valid: <b>see https://evil.example/login</b>');
});
