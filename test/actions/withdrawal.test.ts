// What a bot files in somebody's name: whom it may name and how, the mail that the person gets, and the link by which they take it back.
import { describe, expect, test } from '@jest/globals';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { type Answer, approvedBy, call, linkTo, playStream } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { titleOf } from '../support/outbox.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops';
const { people, bots } = smallCatalogueFile;
const file = {
  ...smallCatalogueFile,
  people: people.map((person) =>
    person.email === dev ? { ...person, chat: { slack: 'U024BE7LH', teams: '29:1abc@thread' } } : person,
  ),
  bots: { chatops: { ...bots.chatops, roles: ['read', 'play'] } },
};
const app = (): FakeApp => fakeApp({ catalogue: catalogueOf(file) });
const filedBy = (
  over: FakeApp,
  body: object = {},
): Promise<Answer<RequestView & { code: string; errors?: Array<{ pointer: string }> }>> =>
  call(over, 'createRequest', {
    as: bot,
    headers: { 'idempotency-key': undefined },
    body: { role: 'read', reason: 'Asked in #ops', onBehalfOf: 'slack:U024BE7LH', ...body },
  });
const form = (text: string) => ({
  body: Buffer.from(text),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
});
const press = (over: FakeApp, id: string, text = 'decision=withdraw') =>
  call(over, 'decideByLink', { id, ...form(text) });
const statusOf = async (over: FakeApp, id: string) =>
  (await call<RequestView>(over, 'readRequest', { as: dev, id })).body.status;

describe('on behalf of', () => {
  test.each(['slack:U024BE7LH', 'teams:29:1abc@thread', 'dev@example.com', 'Dev@Example.com'])(
    '%s',
    async (onBehalfOf) => {
      const { status, body } = await filedBy(app(), { onBehalfOf });
      expect(status).toBe(201);
      expect(body).toMatchObject({
        requester: { email: dev, name: 'Dev' },
        filedBy: { principal: 'arn:aws:iam::999999999999:role/chatops-bot' },
      });
    },
  );

  test.each([
    ['a chat user whom the catalogue does not know', 'slack:U0000000', 403, 'not-allowed'],
    ['a user of another chat by the same id', 'irc:U024BE7LH', 403, 'not-allowed'],
    ['a person outside the bot\'s "for"', 'security@example.com', 403, 'not-allowed'],
    ['something else', 'U024BE7LH', 400, 'invalid-request'],
    ['a chat user with a space', 'slack:U0 1', 400, 'invalid-request'],
  ])('%s is refused', async (_name, onBehalfOf, status, code) => {
    const answer = await filedBy(app(), { onBehalfOf });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test('a chat user cannot sign in, and a person cannot file for somebody else', async () => {
    const over = app();
    const answer = await call<{ code: string }>(over, 'createRequest', {
      as: dev,
      body: { role: 'read', reason: 'Asked in #ops', onBehalfOf: 'slack:U024BE7LH' },
    });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    expect(over.catalogue.people.has('slack:U024BE7LH')).toBe(false);
  });

  test('two persons cannot share a chat user', () => {
    const both = file.people.map((person) => ({ ...person, chat: { slack: 'U024BE7LH' } }));
    expect(() => catalogueOf({ ...file, people: both })).toThrow(/slack:U024BE7LH already belongs to/);
  });
});

describe('the link in the email to the person', () => {
  async function mailed(over = app(), body: object = {}) {
    const { id } = (await filedBy(over, body)).body;
    await playStream(over);
    return { over, id, token: linkTo(over, dev) };
  }

  test('shows a page that changes nothing, and one press withdraws', async () => {
    const { over, id, token } = await mailed();
    const mail = over.mail.outbox.find(({ to }) => to === dev)!;
    expect(mail.subject).toMatch(/^Filed in your name: read \(Production\)/);
    expect(mail.text).toContain('I did not ask for this');
    for (const name of ['showDecision', 'probeDecision', 'decisionOptions'] as const)
      expect((await call(over, name, { id: token })).status).toBe(200);
    const page = (await call(over, 'showDecision', { id: token })).text;
    expect(page).toContain('value="withdraw"');
    expect(page).not.toContain('value="approve"');
    expect(page).toContain('Asked in #ops');
    expect(await statusOf(over, id)).toBe('pending');
    const answer = await press(over, token);
    expect(answer.text).toContain('You withdrew this request for read');
    expect([
      answer.status,
      answer.text.includes('<h1><span class="mark over" aria-hidden="true">✕</span> Withdrawn</h1>'),
    ]).toEqual([200, true]);
    expect(over.store.requests.get(id)).toMatchObject({
      outcome: { status: 'withdrawn', by: { kind: 'person', name: 'Dev' } },
      history: [{}, { type: 'withdrawn', actor: dev, via: 'link' }],
    });
  });

  test('works once; those who were asked are told and their links are spent', async () => {
    const { over, token } = await mailed();
    const decision = linkTo(over, 'second-lead@example.com');
    over.now += MINUTE;
    await press(over, token);
    expect((await press(over, token)).status).toBe(410);
    expect((await call(over, 'showDecision', { id: token })).status).toBe(410);
    expect((await press(over, decision, 'decision=approve')).status).toBe(410);
    await playStream(over);
    const told = over.mail.outbox.filter(({ subject }) => subject.startsWith('Withdrawn')).map(({ to }) => to);
    expect(told.sort()).toEqual(['lead@example.com', 'second-lead@example.com']);
  });

  test('decides nothing, and a link that decides withdraws nothing', async () => {
    const { over, id, token } = await mailed();
    for (const decision of ['approve', 'deny'])
      expect((await press(over, token, `decision=${decision}`)).status).toBe(400);
    expect((await press(over, linkTo(over, 'lead@example.com'), 'decision=withdraw')).status).toBe(400);
    expect(await statusOf(over, id)).toBe('pending');
  });

  test('ends a grant that was approved in the meantime, and an auto-approved grant', async () => {
    const first = await mailed();
    await approvedBy(first.over, first.id, 'lead@example.com');
    expect((await call(first.over, 'showDecision', { id: first.token })).text).toContain('The grant ends at once');
    expect((await press(first.over, first.token)).status).toBe(200);
    expect(await statusOf(first.over, first.id)).toBe('withdrawn');

    const second = await mailed(app(), { role: 'play' });
    expect(second.over.mail.outbox.map(({ subject }) => titleOf(subject))).toEqual(['Approved']);
    expect((await press(second.over, second.token)).status).toBe(200);
    expect(await statusOf(second.over, second.id)).toBe('withdrawn');
  });

  test('is spent when the request has ended, and cannot be guessed or altered', async () => {
    const { over, token } = await mailed();
    const last = token.at(-1) === 'A' ? 'B' : 'A';
    expect((await call(over, 'showDecision', { id: token.slice(0, -1) + last })).status).toBe(404);
    over.now = start + 9 * HOUR;
    expect((await press(over, token)).status).toBe(410);
  });

  test('of a request that the person filed there is none', async () => {
    const over = app();
    await call(over, 'createRequest', { as: dev, body: { role: 'play', reason: 'x' } });
    await playStream(over);
    expect(() => linkTo(over, dev)).toThrow('no link');
  });
});
