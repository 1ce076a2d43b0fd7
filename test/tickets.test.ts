// Tickets that a validator of the company checks: before anything is filed, or afterwards by the sweep.
import { describe, expect, test } from '@jest/globals';
import type { ExplanationView, RequestView } from '../lib/schema.ts';
import { HOUR, MINUTE } from '../lib/time.ts';
import { approvedBy, call, filed, linkTo, playStream, type Wish } from './support/calls.ts';
import { type FakeApp, fakeApp } from './support/fake-app.ts';
import { noAnswer } from './support/fake-tickets.ts';
import { passUntil, sweepOnce } from './support/passing-time.ts';
import { start } from './support/records.ts';
import { catalogueOf, smallCatalogueFile } from './support/small-catalogue.ts';

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
      fields: { validator: 'jira', cause: 'no answer in time' },
    });
  });

  test('that approves by itself is granted with a yes alone', async () => {
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
    await ask(app, 'strict');
    expect(app.steps.map(({ name, hop }) => `${hop} ${name}`)).toEqual([
      '1 store.openOf',
      '1 tickets.check',
      '2 store.create',
    ]);
  });

  test('a fault of the asking itself files nothing', async () => {
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
      /^jira is asked .* if it says no, or does not answer within 3 s, nothing is filed\. A dry run does not ask\.$/,
    ],
    [
      'lax',
      {},
      'needs-approval',
      /^This is filed without waiting\. jira is asked .* a no denies or revokes the request; .* the request stands\. A dry run does not ask\.$/,
    ],
    [
      'strict',
      { breakGlass: true, duration: '30m' },
      'automatic',
      /without waiting.* a no is put on record for the reviewer/,
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

describe('a role that does not wait', () => {
  test('is filed at once, unasked, and asked about within a minute', async () => {
    const app = world();
    const { id, ticketCheck, history } = await filedFor(app, 'lax');
    expect([ticketCheck?.state, history.length, app.tickets.asked]).toEqual(['due', 1, []]);
    await playStream(app);
    expect(app.mail.outbox[0]!.text).toContain('jira has not been asked yet');
    app.now += MINUTE;
    expect(await sweepOnce(app)).toEqual({ due: 1, settled: 1 });
    expect(app.tickets.asked).toMatchObject([
      {
        validator: 'jira',
        ticket: 'OPS-1',
        role: 'lax',
        account: '111111111111',
        requester: dev,
        durationSeconds: 3600,
      },
    ]);
    const request = await read(app, id);
    expect([request.status, request.ticketCheck?.state]).toEqual(['pending', 'valid']);
    expect(request.history[1]).toMatchObject({ type: 'ticket-checked', via: 'ticket-validator', note: 'jira: valid' });
    await passUntil(app, start + 3 * MINUTE);
    expect(app.tickets.asked).toHaveLength(1);
  });

  test('a no denies what waits, and all concerned are told why', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', invalid);
    const { id } = await filedFor(app, 'lax');
    await playStream(app);
    const link = linkTo(app, 'lead@example.com');
    await passUntil(app, start + MINUTE);
    const request = await read(app, id);
    expect([request.status, typesOf(request), request.version]).toEqual([
      'denied',
      ['filed', 'ticket-checked', 'denied'],
      3,
    ]);
    expect(request.history[2]).toMatchObject({
      actor: 'latchkey',
      via: 'ticket-validator',
      note: 'jira does not accept the ticket: OPS-1 was closed in May',
    });
    const news = app.mail.outbox.slice(2);
    expect(news.map(({ to, subject }) => `${subject.split(':')[0]} ${to}`).sort()).toEqual([
      `Denied ${dev}`,
      'Denied lead@example.com',
      'Denied second-lead@example.com',
    ]);
    for (const { text } of news) expect(text).toContain('OPS-1 was closed in May');
    expect(
      (
        await call<{ code: string }>(app, 'decideRequest', {
          as: 'lead@example.com',
          id,
          body: { decision: 'approve' },
        })
      ).body.code,
    ).toBe('already-decided');
    const page = await call(app, 'showDecision', { id: link });
    expect([page.status, page.text.includes('was denied by'), page.text.includes('OPS-1 was closed in May')]).toEqual([
      410,
      true,
      true,
    ]);
  });

  test('a no revokes what is granted, sessions included', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', invalid);
    const { id } = await filedFor(app, 'lax-play');
    expect((await call(app, 'issueCredentials', { as: dev, id, body: {} })).status).toBe(200);
    await passUntil(app, start + MINUTE);
    const request = await read(app, id);
    expect([request.status, request.revocation?.state]).toEqual(['revoked', 'pending']);
    expect(typesOf(request)).toEqual(['filed', 'approved', 'vended', 'ticket-checked', 'revoked']);
    expect(app.mail.outbox.at(-1)).toMatchObject({ to: dev, subject: expect.stringContaining('Revoked') });
    expect((await call(app, 'issueCredentials', { as: dev, id, body: {} })).status).toBe(409);
  });

  test('silence is asked again with pauses, three times in all, and then the request stands', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', noAnswer);
    const { id } = await filedFor(app, 'lax');
    const at: number[] = [];
    app.gate = ({ name }, when) => {
      if (name === 'tickets.check' && when === 'before') at.push((app.now - start) / MINUTE);
    };
    await passUntil(app, start + HOUR);
    expect(at).toEqual([1, 6, 36]);
    const request = await read(app, id);
    expect([request.status, request.ticketCheck?.state]).toEqual(['pending', 'unreachable']);
    expect(request.history.filter(({ type }) => type === 'ticket-checked').map(({ note }) => note)).toEqual([
      'jira: no answer, asked again later',
      'jira: no answer, asked again later',
      'jira: no answer, 3 times; the request stands',
    ]);
  });

  test('an answer after silence counts', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', noAnswer);
    const { id } = await filedFor(app, 'lax-play');
    await passUntil(app, start + MINUTE);
    app.tickets.answers.set('OPS-1', invalid);
    await passUntil(app, start + 10 * MINUTE);
    expect((await read(app, id)).status).toBe('revoked');
  });

  test('who has handed back before the sweep came is asked about all the same, and nothing is ended twice', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', invalid);
    const { id } = await filedFor(app, 'lax-play');
    await call(app, 'issueCredentials', { as: dev, id, body: {} });
    await call(app, 'endRequest', { as: dev, id, body: {} });
    await passUntil(app, start + MINUTE);
    const request = await read(app, id);
    expect([request.status, request.ticketCheck?.state, typesOf(request).at(-1)]).toEqual([
      'ended',
      'invalid',
      'ticket-checked',
    ]);
  });

  test('what came to nothing is asked about by nobody', async () => {
    const app = world();
    const { id } = await filedFor(app, 'lax');
    await call(app, 'endRequest', { as: dev, id, body: {} });
    await passUntil(app, start + 2 * MINUTE);
    expect(app.tickets.asked).toEqual([]);
  });

  test('a validator that has left the catalogue does not answer', async () => {
    const app = world();
    const { id } = await filedFor(app, 'lax');
    app.catalogue = catalogueOf({ ...smallCatalogueFile, roles: { ...roles, lax: roles.read } });
    await passUntil(app, start + HOUR);
    expect([app.tickets.asked, (await read(app, id)).ticketCheck?.state]).toEqual([[], 'unreachable']);
    expect(app.lines).toContainEqual({
      code: 'ticket-unanswered',
      fields: { validator: 'jira', cause: 'no longer in the catalogue', request: id },
    });
  });

  test('two sweeps at once write one answer down', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', invalid);
    const { id } = await filedFor(app, 'lax');
    app.now += MINUTE;
    await Promise.all([sweepOnce(app), sweepOnce(app)]);
    expect(typesOf(await read(app, id))).toEqual(['filed', 'ticket-checked', 'denied']);
  });

  test('one fault of the asking holds up nobody else, and the next sweep asks again', async () => {
    const app = world();
    const { id } = await filedFor(app, 'lax');
    const other = await filedFor(app, 'lax-play', { ticket: 'OPS-2' });
    let broken = true;
    app.gate = ({ name }) => {
      if (name !== 'tickets.check' || !broken) return;
      broken = false;
      throw new Error('no credentials');
    };
    app.now += MINUTE;
    await expect(sweepOnce(app)).rejects.toThrow('1 of 2 requests could not be settled');
    app.now += MINUTE;
    await sweepOnce(app);
    for (const one of [id, other.id]) expect((await read(app, one)).ticketCheck?.state).toBe('valid');
  });

  test('many are asked about side by side, and a run is bounded', async () => {
    const app = world();
    const one = app.store.requests;
    await filedFor(app, 'lax');
    const [first] = [...one.values()];
    for (let n = 0; n < 260; n += 1) await app.store.create({ ...first!, id: `r${String(n).padStart(25, '0')}` });
    app.now += MINUTE;
    await sweepOnce(app);
    expect(app.tickets.asked).toHaveLength(200);
    await sweepOnce(app);
    expect(app.tickets.asked).toHaveLength(261);
  });
});

describe('break-glass', () => {
  const wanted = { duration: '30m', breakGlass: true, reason: 'The shop is down and nobody else is awake' };
  test('waits for no validator, and a no is told to the reviewer and ends nothing', async () => {
    const app = world();
    app.tickets.answers.set('OPS-1', invalid);
    const { body } = await ask(app, 'strict', wanted);
    expect([body.status, body.ticketCheck?.state, app.tickets.asked]).toEqual(['active', 'due', []]);
    await passUntil(app, start + MINUTE);
    const request = await read(app, body.id);
    expect([request.status, request.ticketCheck?.state]).toEqual(['active', 'invalid']);
    await call(app, 'endRequest', { as: dev, id: body.id, body: {} });
    await playStream(app);
    const review = app.mail.outbox.findLast(
      ({ to, subject }) => to === 'security@example.com' && subject.startsWith('Please review'),
    );
    expect(review?.text).toContain('jira: invalid: OPS-1 was closed in May');
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

  test('of a role that does not wait is asked about afterwards', async () => {
    const app = world();
    const { id } = await filedFor(app, 'lax-play');
    const { body } = await extend(app, id);
    expect(body.ticketCheck?.state).toBe('due');
    await passUntil(app, start + MINUTE);
    expect((await read(app, body.id)).ticketCheck?.state).toBe('valid');
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
