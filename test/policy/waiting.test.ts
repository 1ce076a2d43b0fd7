// Reminders, quiet hours and escalation, through the functions: sweep writes, stream carries, notify mails.
import { describe, expect, test } from '@jest/globals';
import { afterQuiet } from '../../lib/common/quiet.ts';
import { HOUR, MINUTE, toInstant } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { dueAt } from '../../lib/model/status.ts';
import { call, filed, linkTo, notify, playStream, streamRecord } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { titleOf } from '../support/outbox.ts';
import { passUntil, sweepOnce } from '../support/passing-time.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const leads = ['lead@example.com', 'second-lead@example.com'];
const { read, write } = smallCatalogueFile.roles;
const appWith = (waiting: object, role: 'read' | 'write' = 'read'): FakeApp => {
  const rule = role === 'read' ? read : write;
  return fakeApp({
    catalogue: catalogueOf({
      ...smallCatalogueFile,
      roles: { ...smallCatalogueFile.roles, [role]: { ...rule, approval: { ...rule.approval, ...waiting } } },
    }),
  });
};
/** Who got a mail whose subject begins so. */
const mailsOf = (app: FakeApp, word: string) =>
  app.mail.outbox.filter(({ subject }) => titleOf(subject) === word).map(({ to }) => to);
const eventsOf = (app: FakeApp, id: string) =>
  app.store.requests
    .get(id)!
    .history.filter(({ type }) => type === 'reminded' || type === 'escalated')
    .map(({ type, at }) => `${type} ${(at - start) / MINUTE}`);

describe('reminders', () => {
  test('come after `after`, then with back-off, `most` times, to everybody who has not decided', async () => {
    const app = appWith({ remind: { after: '30m', every: '1h', backOff: 2, most: 3 } });
    const { id } = await filed(app);
    await playStream(app);
    await passUntil(app, start + 7 * HOUR);
    expect(eventsOf(app, id)).toEqual(['reminded 30', 'reminded 90', 'reminded 210']);
    expect(mailsOf(app, 'Reminder')).toEqual([...leads, ...leads, ...leads]);
    expect(mailsOf(app, 'Decision needed')).toEqual(leads);
  });

  test('are not sent to approvers who have decided', async () => {
    const app = appWith({ remind: { after: '30m', most: 1 } }, 'write');
    const { id } = await filed(app, { role: 'write', ticket: 'OPS-1' });
    await call(app, 'decideRequest', { as: 'lead@example.com', id, body: { decision: 'approve' } });
    await playStream(app);
    await passUntil(app, start + 40 * MINUTE);
    expect(mailsOf(app, 'Reminder')).toEqual(['second-lead@example.com']);
  });

  test('none where the catalogue says nothing', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    await passUntil(app, start + 8 * HOUR + MINUTE, 5 * MINUTE);
    expect(eventsOf(app, id)).toEqual([]);
    expect(mailsOf(app, 'Reminder')).toEqual([]);
  });

  test('carry a link of their own that decides', async () => {
    const app = appWith({ remind: { after: '30m' } });
    const { id } = await filed(app);
    await playStream(app);
    const first = linkTo(app, 'second-lead@example.com');
    await passUntil(app, start + 31 * MINUTE);
    const reminder = app.mail.outbox.at(-1)!;
    expect(reminder.text.replace(/\s+/g, ' ')).toContain('has waited for your decision since 22 Nov 2026, 10:00 UTC');
    const token = linkTo(app, 'second-lead@example.com');
    expect(token).not.toBe(first);
    const form = Buffer.from('decision=approve');
    const answer = await call(app, 'decideByLink', {
      id: token,
      body: form,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.status).toBe(200);
    expect((await call(app, 'showDecision', { id: first })).status).toBe(410);
    expect((await call<RequestView>(app, 'readRequest', { as: 'dev@example.com', id })).body.status).toBe('active');
  });

  test('go out once, however often the stream hands the record over and wherever a try broke off', async () => {
    const app = appWith({ remind: { after: '30m', most: 1 } });
    await filed(app);
    await playStream(app);
    app.now = start + 30 * MINUTE;
    // the mail check of five minutes and that of thirty are one event; the reminder is another
    await sweepOnce(app);
    await sweepOnce(app);
    const records = app.store.changes.splice(0).map(streamRecord);
    app.gate = ({ name }, when) => {
      if (name === 'mail.send' && when === 'before') throw new Error('the service is down');
    };
    expect((await notify(app, ...records)).batchItemFailures).not.toEqual([]);
    app.gate = () => {};
    for (let i = 0; i < 3; i += 1) expect((await notify(app, ...records)).batchItemFailures).toEqual([]);
    expect(mailsOf(app, 'Reminder').sort()).toEqual(leads);
  });

  test('do not come in a hurry after a sweep that was held up', async () => {
    const app = appWith({ remind: { after: '30m', every: '30m', most: 5 } });
    const { id } = await filed(app);
    app.now = start + 4 * HOUR;
    for (let i = 0; i < 10; i += 1) await sweepOnce(app);
    expect(eventsOf(app, id)).toEqual(['reminded 240']);
    await passUntil(app, start + 4 * HOUR + 31 * MINUTE);
    expect(eventsOf(app, id)).toEqual(['reminded 240', 'reminded 270']);
  });

  test('start again with each stage', async () => {
    const app = appWith({ remind: { after: '10m', most: 1 } }, 'write');
    const { id } = await filed(app, { role: 'write', ticket: 'OPS-1' }, { as: 'dev@example.com' });
    await passUntil(app, start + 12 * MINUTE);
    for (const as of ['lead@example.com', 'second-lead@example.com'])
      await call(app, 'decideRequest', { as, id, body: { decision: 'approve' } });
    await playStream(app);
    await passUntil(app, start + 30 * MINUTE);
    expect(eventsOf(app, id)).toEqual(['reminded 10', 'reminded 22']);
    expect(mailsOf(app, 'Reminder').at(-1)).toBe('security@example.com');
  });

  test('wait for the end of the quiet hours, over midnight and in the zone of the approvers', async () => {
    // 10:00 UTC is 19:00 in Tokyo; half an hour later it is quiet until 23:00 UTC
    const app = appWith({
      remind: { after: '30m', most: 1, quiet: { timeZone: 'Asia/Tokyo', from: '19:00', to: '08:00' } },
      decideWithin: '1d',
    });
    const { id } = await filed(app);
    await passUntil(app, start + 20 * HOUR, 10 * MINUTE);
    expect(eventsOf(app, id)).toEqual([`reminded ${13 * 60}`]);
  });

  test('that would come after the deadline do not come', async () => {
    const app = appWith({ remind: { after: '7h', quiet: { timeZone: 'UTC', from: '16:00', to: '20:00' } } });
    const { id } = await filed(app);
    await passUntil(app, start + 9 * HOUR, 10 * MINUTE);
    expect(eventsOf(app, id)).toEqual([]);
    expect(app.store.requests.get(id)!.outcome?.status).toBe('lapsed');
  });
});

describe('quiet hours', () => {
  test.each([
    ['before them', '2026-11-22T18:59:59Z', 'UTC', '19:00', '08:00', '2026-11-22T18:59:59Z'],
    ['at their beginning', '2026-11-22T19:00:00Z', 'UTC', '19:00', '08:00', '2026-11-23T08:00:00Z'],
    ['within, with seconds', '2026-11-22T23:12:34Z', 'UTC', '19:00', '08:00', '2026-11-23T08:00:00Z'],
    ['at their end', '2026-11-22T08:00:00Z', 'UTC', '19:00', '08:00', '2026-11-22T08:00:00Z'],
    ['within one day', '2026-11-22T12:30:00Z', 'UTC', '12:00', '13:00', '2026-11-22T13:00:00Z'],
    ['another zone', '2026-11-22T18:30:00Z', 'Europe/Berlin', '19:00', '08:00', '2026-11-23T07:00:00Z'],
    ['half an hour off', '2026-11-22T14:00:00Z', 'Asia/Kolkata', '19:00', '08:00', '2026-11-23T02:30:00Z'],
    [
      'the night when clocks go forward',
      '2026-03-28T22:00:00Z',
      'Europe/Berlin',
      '19:00',
      '08:00',
      '2026-03-29T06:00:00Z',
    ],
    [
      'the night when clocks go back',
      '2026-10-24T22:00:00Z',
      'Europe/Berlin',
      '19:00',
      '08:00',
      '2026-10-25T07:00:00Z',
    ],
    [
      'an end that the clocks leave out',
      '2026-03-29T00:30:00Z',
      'Europe/Berlin',
      '19:00',
      '02:30',
      '2026-03-29T01:00:00Z',
    ],
    ['an end that comes twice', '2026-10-25T00:00:00Z', 'Europe/Berlin', '19:00', '02:30', '2026-10-25T00:30:00Z'],
  ])('%s', (_name, at, timeZone, from, to, expected) => {
    expect(toInstant(afterQuiet(Date.parse(at), { timeZone, from, to }))).toBe(expected);
  });
});

describe('escalation', () => {
  test("to the owner of the account reaches the owner of this role's account", async () => {
    const { sandbox, production } = smallCatalogueFile.accounts;
    const accounts = {
      production: { ...production, owner: ['security@example.com'] },
      sandbox: { ...sandbox, owner: ['second-lead@example.com'] },
    };
    const approval = { stages: [{ approvers: ['lead@example.com'] }], escalate: { after: '1h', to: ['owner'] } };
    const { account: _, ...template } = read;
    const roles = { ...smallCatalogueFile.roles, read: { ...template, accounts: ['*'], approval } };
    const bots = {};
    const app = fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, accounts, roles, bots }) });
    const { id } = await filed(app, { role: 'read@production' });
    await playStream(app);
    await passUntil(app, start + 2 * HOUR);
    expect(mailsOf(app, 'Decision needed')).toEqual(['lead@example.com', 'security@example.com']);
    expect(
      (await call(app, 'decideRequest', { as: 'second-lead@example.com', id, body: { decision: 'approve' } })).status,
    ).toBe(404);
    expect(
      (await call<RequestView>(app, 'decideRequest', { as: 'security@example.com', id, body: { decision: 'approve' } }))
        .body.status,
    ).toBe('active');
  });

  const escalate = { after: '1h', to: ['security@example.com', 'dev@example.com'] };

  test('lets further people decide and emails them, once, and says why', async () => {
    const app = appWith({ escalate });
    const { id } = await filed(app);
    await playStream(app);
    const stranger = await call(app, 'decideRequest', {
      as: 'security@example.com',
      id,
      body: { decision: 'approve' },
    });
    expect(stranger.status).toBe(404);
    await passUntil(app, start + 3 * HOUR);
    expect(eventsOf(app, id)).toEqual(['escalated 60']);
    expect(mailsOf(app, 'Decision needed')).toEqual([...leads, 'security@example.com']);
    expect(app.mail.outbox.at(-1)!.text.replace(/\s+/g, ' ')).toContain(
      'the people who were asked first, on 22 Nov 2026, 10:00 UTC, have not decided',
    );
    const inbox = await call<{ items: RequestView[] }>(app, 'listRequests', {
      as: 'security@example.com',
      query: { view: 'to-decide' },
    });
    expect(inbox.body.items.map((request) => request.id)).toEqual([id]);
    const answer = await call<RequestView>(app, 'decideRequest', {
      as: 'security@example.com',
      id,
      body: { decision: 'approve' },
    });
    expect([answer.status, answer.body.status]).toEqual([200, 'active']);
  });

  test('leaves those who were asked first their right, and never gives one to the requester', async () => {
    const app = appWith({ escalate });
    const { id } = await filed(app);
    await passUntil(app, start + 2 * HOUR, 10 * MINUTE);
    expect(
      (await call(app, 'decideRequest', { as: 'dev@example.com', id, body: { decision: 'approve' } })).status,
    ).toBe(403);
    expect(
      (await call(app, 'decideRequest', { as: 'lead@example.com', id, body: { decision: 'approve' } })).status,
    ).toBe(200);
  });

  test('does not bring a right back that the catalogue has taken since', async () => {
    const app = appWith({ escalate });
    const { id } = await filed(app);
    await passUntil(app, start + 2 * HOUR, 10 * MINUTE);
    const stricter = { ...app, catalogue: catalogueOf() };
    expect(
      (await call(stricter, 'decideRequest', { as: 'security@example.com', id, body: { decision: 'approve' } })).status,
    ).toBe(403);
  });

  test('comes before a reminder that is due at the same time, and who has joined is reminded too', async () => {
    const app = appWith({
      escalate: { after: '30m', to: ['security@example.com'] },
      remind: { after: '30m', most: 1 },
    });
    const { id } = await filed(app);
    await passUntil(app, start + HOUR);
    expect(eventsOf(app, id)).toEqual(['escalated 30', 'reminded 31']);
    expect(mailsOf(app, 'Reminder')).toEqual([...leads, 'security@example.com']);
  });

  test('is shown with the role', async () => {
    const roles = await call<{ items: Array<{ id: string; approval: unknown }> }>(appWith({ escalate }), 'listRoles', {
      as: 'dev@example.com',
    });
    expect(roles.body.items.find(({ id }) => id === 'read')!.approval).toMatchObject({
      escalate: { afterSeconds: 3600, to: ['Security', 'Dev'] },
    });
  });
});

test('a request is due when the earliest of its steps is, and at its deadline at the latest', async () => {
  const app = appWith({ remind: { after: '7m' }, escalate: { after: '6m', to: ['security@example.com'] } });
  const { id } = await filed(app);
  expect(dueAt(app.store.requests.get(id)!)).toBe(start + 5 * MINUTE);
  await passUntil(app, start + 5 * MINUTE);
  expect(dueAt(app.store.requests.get(id)!)).toBe(start + 6 * MINUTE);
});

test.each([
  [
    'an unknown time zone',
    { remind: { after: '1h', quiet: { timeZone: 'Europe/Atlantis', from: '20:00', to: '07:00' } } },
    /time zone such as/,
  ],
  [
    'a time that is none',
    { remind: { after: '1h', quiet: { timeZone: 'UTC', from: '24:00', to: '07:00' } } },
    /a time such as/,
  ],
  ['a quiet day', { remind: { after: '1h', quiet: { timeZone: 'UTC', from: '07:00', to: '07:00' } } }, /whole day/],
  ['a reminder after the deadline', { remind: { after: '8h' } }, /only after decideWithin/],
  [
    'an escalation after the deadline',
    { escalate: { after: '9h', to: ['security@example.com'] } },
    /only after decideWithin/,
  ],
  ['an escalation to nobody', { escalate: { after: '1h', to: [] } }, /must have at least one entry/],
  [
    'an escalation to a bot',
    { escalate: { after: '1h', to: ['arn:aws:iam::999999999999:role/chatops-bot'] } },
    /a bot must not be/,
  ],
  [
    'a reminder for a role that approves by itself',
    { automatic: true, stages: [], remind: { after: '1h' } },
    /waits for nobody/,
  ],
])('the catalogue refuses %s', (_name, waiting, message) => {
  expect(() => appWith(waiting)).toThrow(message);
});
