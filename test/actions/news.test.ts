// From the table's stream to mail: who is told once, what a busy claim, a refusal and a crash do, and which records come again.
import { describe, expect, test } from '@jest/globals';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { handler as notifyFunction } from '../../functions/notify.ts';
import { handler as sweep } from '../../functions/sweep.ts';
import { mailChannel } from '../../lib/actions/mail-channel.ts';
import { tell } from '../../lib/actions/news.ts';
import { HOUR, MINUTE, SECOND } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import type { Channel } from '../../lib/mail/channel.ts';
import {
  approvedBy,
  call,
  eventFile,
  filed,
  granted,
  linkTo,
  notify,
  playStream,
  streamRecord,
} from '../support/calls.ts';
import { type FakeApp, fakeApp, type Gate } from '../support/fake-app.ts';
import { crashAt } from '../support/gates.ts';
import { titleOf } from '../support/outbox.ts';
import { start } from '../support/records.ts';

const dev = 'dev@example.com';
const lead = 'lead@example.com';
const second = 'second-lead@example.com';
const security = 'security@example.com';
const forWrite = { role: 'write', reason: 'Long enough reason', ticket: 'OPS-1' };

const told = (app: FakeApp) => app.mail.outbox.map(({ to, subject }) => `${titleOf(subject)} ${to}`);
const codes = (app: FakeApp) =>
  app.lines.map(({ code }) => code).filter((code) => code !== 'call-answered' && code !== 'security-event');
const failsFor =
  (to: string, error = new Error('connection reset')): Gate =>
  (step, when) => {
    if (step.name === 'mail.send' && when === 'before') throw Object.assign(error, { to });
  };
/** Mail to some addresses fails; all other works. */
function deafTo(app: FakeApp, ...addresses: string[]): void {
  const send = app.mail.send;
  app.mail.send = (mail) => (addresses.includes(mail.to) ? Promise.reject(new Error('connection reset')) : send(mail));
}

describe('the events as AWS sends them', () => {
  test('INSERT asks the approvers, MODIFY tells of the grant', async () => {
    const app = fakeApp();
    expect(await notifyFunction.with(app)(eventFile<DynamoDBStreamEvent>('notify.insert'), {} as never)).toEqual({
      batchItemFailures: [],
    });
    expect(told(app)).toEqual([`Decision needed ${lead}`, `Decision needed ${second}`]);
    expect(await notifyFunction.with(app)(eventFile<DynamoDBStreamEvent>('notify.modify'), {} as never)).toEqual({
      batchItemFailures: [],
    });
    expect(told(app).slice(2)).toEqual([`Approved ${dev}`, `Approved ${lead}`, `Approved ${second}`]);
  });

  test('messages, removals and unknown items are nobody’s news', async () => {
    const app = fakeApp();
    await filed(app);
    const record = streamRecord(app.store.changes[0]!);
    const others = [
      { ...record, dynamodb: { ...record.dynamodb, Keys: { pk: { S: 'message#x#y' } } } },
      {
        ...record,
        eventName: 'REMOVE' as const,
        dynamodb: { Keys: record.dynamodb!.Keys!, OldImage: record.dynamodb!.NewImage! },
      },
      { ...record, dynamodb: { Keys: {} } },
    ];
    expect(await notify(app, ...others)).toEqual({ batchItemFailures: [] });
    expect(app.mail.outbox).toEqual([]);
  });
});

describe('who is told what', () => {
  test.each<[string, (app: FakeApp) => Promise<unknown>, string[]]>([
    ['filed', (app) => filed(app), [`Decision needed ${lead}`, `Decision needed ${second}`]],
    [
      'an approver files: the other one alone is asked',
      (app) => filed(app, {}, { as: lead }),
      [`Decision needed ${second}`],
    ],
    ['automatic: the requester alone', (app) => filed(app, { role: 'play' }), [`Approved ${dev}`]],
    [
      'a bot files: the person is told',
      (app) =>
        filed(
          app,
          {},
          {
            as: 'arn:aws:sts::999999999999:assumed-role/chatops-bot/c',
            body: { role: 'read', reason: 'Look', onBehalfOf: dev },
          },
        ),
      [`Decision needed ${lead}`, `Decision needed ${second}`, `Filed in your name ${dev}`],
    ],
    [
      'the second stage is asked when the first is through',
      async (app) => approvedBy(app, (await filed(app, forWrite)).id, lead, second),
      [`Decision needed ${lead}`, `Decision needed ${second}`, `Decision needed ${security}`],
    ],
    [
      'denied',
      async (app) => call(app, 'decideRequest', { as: lead, id: (await filed(app)).id, body: { decision: 'deny' } }),
      [`Decision needed ${lead}`, `Decision needed ${second}`, `Denied ${dev}`, `Denied ${second}`],
    ],
    [
      'withdrawn',
      async (app) => {
        const { id } = await filed(app);
        app.now += MINUTE;
        await call(app, 'endRequest', { as: dev, id });
      },
      [`Decision needed ${lead}`, `Decision needed ${second}`, `Withdrawn ${lead}`, `Withdrawn ${second}`],
    ],
    [
      'withdrawn within a minute',
      async (app) => call(app, 'endRequest', { as: dev, id: (await filed(app)).id }),
      [`Decision needed ${lead}`, `Decision needed ${second}`],
    ],
    [
      'revoked by an admin',
      async (app) => call(app, 'endRequest', { as: 'admin@example.com', id: (await granted(app)).id }),
      [
        `Approved ${dev}`,
        `Approved ${lead}`,
        `Approved ${second}`,
        `Decision needed ${lead}`,
        `Decision needed ${second}`,
        `Revoked ${dev}`,
        `Revoked ${lead}`,
        `Revoked ${second}`,
      ],
    ],
  ])('%s', async (_name, happen, expected) => {
    const app = fakeApp();
    await happen(app);
    expect(await playStream(app)).toEqual({ batchItemFailures: [] });
    expect(told(app).sort()).toEqual(expected);
  });

  test('issuing a session or reaching the end of a grant sends no email', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    await playStream(app);
    const before = told(app);
    await call(app, 'issueCredentials', { as: dev, id });
    app.now += HOUR;
    await sweep.with(app)({}, {} as never);
    expect(app.store.changes).toHaveLength(2);
    await playStream(app);
    expect(told(app)).toEqual(before);
  });

  test('each approver has a link of their own, of which only the digest is kept', async () => {
    const app = fakeApp();
    await filed(app);
    await playStream(app);
    expect(linkTo(app, lead)).not.toBe(linkTo(app, second));
    const stored = JSON.stringify([[...app.store.messages.values()], [...app.store.requests.values()], app.lines]);
    for (const token of [linkTo(app, lead), linkTo(app, second)]) expect(stored).not.toContain(token.slice(48));
    expect([...app.store.messages.values()]).toMatchObject([
      {
        kind: 'decide',
        channel: 'mail',
        holder: { key: lead, name: 'Lead' },
        sentAt: start,
        expiresAt: start + 8 * HOUR,
        linkHashes: { length: 1 },
      },
      { kind: 'decide', holder: { key: second } },
    ]);
    expect(app.lines).toContainEqual({
      code: 'message-sent',
      fields: { request: expect.any(String), message: expect.any(String), kind: 'decide', channel: 'mail', seconds: 0 },
    });
  });
});

describe('two channels', () => {
  /** Another channel, which reaches one person by a number. */
  const pager = () => {
    const sent: string[] = [];
    const channel: Channel<string> = {
      name: 'pager',
      addressOf: ({ key }) => (key === lead ? '4711' : undefined),
      render: ({ kind }, { id }, { link }) => `${kind} ${id} ${link}`,
      send: async (number, text) => void sent.push(`${number}: ${text}`),
    };
    return { channel, sent };
  };
  const change = async (app: FakeApp) => {
    await filed(app);
    return app.store.changes[0]!.after;
  };

  test('each have a claim and a link of their own', async () => {
    const app = fakeApp();
    const request = await change(app);
    const { channel, sent } = pager();
    const both = [mailChannel(app.mail), channel];
    for (let again = 0; again < 2; again += 1) await tell(app, undefined, request, both);
    expect(told(app)).toEqual([`Decision needed ${lead}`, `Decision needed ${second}`]);
    expect(sent).toEqual([expect.stringMatching(/^4711: decide /)]);
    const link = sent[0]!.split('/decide/')[1]!;
    expect(link).not.toBe(linkTo(app, lead));
    expect((await call(app, 'showDecision', { id: link })).status).toBe(200);
    expect([...app.store.messages.values()].map((one) => `${one.channel} ${one.holder?.key}`)).toEqual([
      `mail ${lead}`,
      `pager ${lead}`,
      `mail ${second}`,
    ]);
  });

  test('one that is down holds up no other, and is tried again alone', async () => {
    const app = fakeApp();
    const request = await change(app);
    const { channel, sent } = pager();
    const down = { ...channel, send: () => Promise.reject(new Error('no line')) };
    await expect(tell(app, undefined, request, [down, mailChannel(app.mail)])).rejects.toThrow('1 messages');
    expect(told(app)).toEqual([`Decision needed ${lead}`, `Decision needed ${second}`]);
    await tell(app, undefined, request, [channel, mailChannel(app.mail)]);
    expect([told(app).length, sent.length]).toEqual([2, 1]);
  });
});

describe('once', () => {
  test('the same record again sends nothing', async () => {
    const app = fakeApp();
    await filed(app);
    const record = streamRecord(app.store.changes[0]!);
    await notify(app, record, record);
    expect(await notify(app, record)).toEqual({ batchItemFailures: [] });
    expect(told(app)).toHaveLength(2);
  });

  test('two senders at the same time: each email is sent once, and the sender that lost the claim tries again', async () => {
    const app = fakeApp();
    await filed(app);
    const record = streamRecord(app.store.changes[0]!);
    const answers = await Promise.all([notify(app, record), notify(app, record)]);
    expect(told(app)).toHaveLength(2);
    expect(answers.flatMap(({ batchItemFailures }) => batchItemFailures)).toContainEqual({ itemIdentifier: '1000' });
    expect(codes(app)).toContain('message-busy');
    expect(await notify(app, record)).toEqual({ batchItemFailures: [] });
    expect(told(app)).toHaveLength(2);
  });

  test('a claim that a crash left is taken over after two minutes, and both links work', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    const record = streamRecord(app.store.changes.splice(0)[0]!);
    const steps = app.steps.length;
    // a mail takes three: claimed, sent, and marked, which it does not live to do
    app.gate = crashAt(steps + 3, 'before');
    await notify(app, record);
    expect(app.mail.outbox.map(({ to }) => to)).toEqual([lead]);

    app.gate = () => {};
    app.now += MINUTE;
    expect(await notify(app, record)).toEqual({ batchItemFailures: [{ itemIdentifier: '1000' }] });
    expect(told(app)).toEqual([`Decision needed ${lead}`, `Decision needed ${second}`]);
    const first = linkTo(app, lead);

    app.now += 2 * MINUTE;
    expect(await notify(app, record)).toEqual({ batchItemFailures: [] });
    expect(told(app).slice(2)).toEqual([`Decision needed ${lead}`]);
    expect(linkTo(app, lead)).not.toBe(first);
    for (const token of [first, linkTo(app, lead)])
      expect(await call(app, 'showDecision', { id: token })).toMatchObject({ status: 200 });
    expect(app.store.requests.get(id)?.version).toBe(1);
  });

  test('after the deadline nobody is asked any more', async () => {
    const app = fakeApp();
    await filed(app);
    app.now += 8 * HOUR;
    expect(await playStream(app)).toEqual({ batchItemFailures: [] });
    expect(app.mail.outbox).toEqual([]);
  });
});

describe('trouble', () => {
  test('of three records the second fails: it alone comes again, and the third was sent', async () => {
    const app = fakeApp();
    await filed(app, { role: 'play' });
    await filed(app, {}, { as: lead });
    await filed(app, { role: 'play' }, { as: 'other@example.com' });
    const records = app.store.changes.splice(0).map(streamRecord);
    deafTo(app, second);
    expect(await notify(app, ...records)).toEqual({ batchItemFailures: [{ itemIdentifier: '1001' }] });
    expect(told(app)).toEqual([`Approved ${dev}`, 'Approved other@example.com']);
    expect(codes(app)).toEqual(['message-sent', 'message-deferred', 'record-failed', 'message-sent']);
    expect(app.lines.find(({ code }) => code === 'record-failed')?.fields).toEqual({
      sequence: '1001',
      error: 'NewsPending',
      frames: expect.stringContaining('news.ts:'),
    });
  });

  test('a record that cannot be read comes again and holds up no other', async () => {
    const app = fakeApp();
    await filed(app, { role: 'play' });
    await filed(app);
    const [first, ...rest] = app.store.changes.splice(0).map(streamRecord);
    const broken = {
      ...first!,
      dynamodb: { ...first!.dynamodb, NewImage: { pk: { S: 'request#x' }, doc: { S: '{"canary' } } },
    };
    expect(await notify(app, broken, ...rest)).toEqual({ batchItemFailures: [{ itemIdentifier: '1000' }] });
    expect(told(app)).toHaveLength(2);
    expect(JSON.stringify(app.lines)).not.toContain('canary');
  });

  test('one failed email delays no other, and only it is sent again', async () => {
    const app = fakeApp();
    await filed(app);
    const record = streamRecord(app.store.changes[0]!);
    const send = app.mail.send;
    deafTo(app, lead);
    expect(await notify(app, record)).toEqual({ batchItemFailures: [{ itemIdentifier: '1000' }] });
    expect(told(app)).toEqual([`Decision needed ${second}`]);
    app.mail.send = send;
    expect(await notify(app, record)).toEqual({ batchItemFailures: [] });
    expect(told(app)).toEqual([`Decision needed ${second}`, `Decision needed ${lead}`]);
  });

  describe('an approver whose email is permanently rejected', () => {
    test('is named once to the requester and the other approvers, who still get their own email', async () => {
      const app = fakeApp();
      const { id } = await filed(app);
      app.mail.refused.add(lead);
      const record = streamRecord(app.store.changes[0]!);
      expect(await notify(app, record, record)).toEqual({ batchItemFailures: [] });
      expect(told(app)).toEqual([`Not reached ${dev}`, `Not reached ${second}`, `Decision needed ${second}`]);
      for (const { text, html } of app.mail.outbox.slice(0, 2)) {
        expect(text).toContain('could not be told');
        expect(text).toContain(lead);
        expect(`${text}${html}`).not.toContain('/decide/');
      }
      app.now += 9 * HOUR;
      await sweep.with(app)({}, {} as never);
      app.mail.outbox.splice(0);
      await playStream(app);
      expect(told(app).filter((one) => one.startsWith('Not reached'))).toEqual([]);
      expect(app.store.requests.get(id)?.outcome?.status).toBe('lapsed');
    });

    test('is tried again until everybody knows', async () => {
      const app = fakeApp();
      await filed(app);
      app.mail.refused.add(lead);
      const record = streamRecord(app.store.changes[0]!);
      const send = app.mail.send;
      deafTo(app, dev);
      expect(await notify(app, record)).toEqual({ batchItemFailures: [{ itemIdentifier: '1000' }] });
      expect(told(app)).toEqual([`Not reached ${second}`, `Decision needed ${second}`]);
      app.mail.send = send;
      expect(await notify(app, record)).toEqual({ batchItemFailures: [] });
      expect(told(app).slice(2)).toEqual([`Not reached ${dev}`]);
      expect(codes(app).filter((code) => code === 'message-refused')).toHaveLength(1);
    });

    test('causes no further email when nobody can be reached', async () => {
      const app = fakeApp();
      await filed(app);
      for (const address of [dev, lead, second]) app.mail.refused.add(address);
      expect(await playStream(app)).toEqual({ batchItemFailures: [] });
      expect(told(app)).toEqual([]);
    });

    test('does not concern anybody else when it only reports how a request went', async () => {
      const app = fakeApp();
      await granted(app);
      app.store.changes.splice(0, 1);
      app.mail.refused.add(second);
      await playStream(app);
      expect(told(app)).toEqual([`Approved ${dev}`, `Approved ${lead}`]);
    });
  });

  test('a permanent rejection by SES is settled and reported', async () => {
    const app = fakeApp();
    await filed(app);
    app.mail.refused.add(lead);
    const record = streamRecord(app.store.changes[0]!);
    expect(await notify(app, record)).toEqual({ batchItemFailures: [] });
    expect(told(app)).toEqual([`Not reached ${dev}`, `Not reached ${second}`, `Decision needed ${second}`]);
    expect([...app.store.messages.values()][0]).toMatchObject({ holder: { key: lead }, failure: 'MessageRejected' });
    expect(app.lines).toContainEqual({
      code: 'message-refused',
      fields: {
        request: expect.any(String),
        message: expect.any(String),
        kind: 'decide',
        channel: 'mail',
        reason: 'MessageRejected',
      },
    });
    app.mail.refused.clear();
    await notify(app, record);
    expect(told(app)).toHaveLength(3);
  });

  test('what the service says stays out of the log', async () => {
    const app = fakeApp();
    await filed(app);
    app.lines.length = 0;
    app.gate = failsFor(lead, new Error('canary <lead@example.com> https://latchkey.example.com/decide/x'));
    await playStream(app);
    const own = app.lines.filter(({ code }) => code !== 'call-answered' && code !== 'security-event');
    expect(JSON.stringify(own)).not.toMatch(/canary|decide\/|@example/);
    expect(JSON.stringify(app.lines)).not.toMatch(/canary|decide\/x/);
  });
});

describe('a check of the emails', () => {
  const check = async (app: FakeApp) => {
    await sweep.with(app)({}, {} as never);
    return playStream(app);
  };

  test('sends what has not gone out, and that alone', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    app.mail.refused.add(second);
    const lost = app.store.changes.splice(0);
    app.now += 5 * MINUTE;
    await check(app);
    expect(told(app)).toEqual([`Decision needed ${lead}`, `Not reached ${dev}`, `Not reached ${lead}`]);
    expect(await call<RequestView>(app, 'readRequest', { as: dev, id })).toMatchObject({
      body: { history: [{}, { type: 'mail-checked', actor: 'latchkey', via: 'sweep' }] },
    });
    expect(await notify(app, ...lost.map(streamRecord))).toEqual({ batchItemFailures: [] });
    expect(told(app)).toHaveLength(3);
    expect(
      await call(app, 'decideByLink', { id: linkTo(app, lead), body: Buffer.from('decision=approve') }),
    ).toMatchObject({ status: 200 });
  });

  test('all told: nothing goes out', async () => {
    const app = fakeApp();
    await filed(app);
    await playStream(app);
    for (const later of [5 * MINUTE, 25 * MINUTE, 90 * MINUTE]) {
      app.now += later;
      await check(app);
    }
    expect(told(app)).toHaveLength(2);
  });

  test('the second stage has checks of its own, for those alone who have not decided', async () => {
    const app = fakeApp();
    const { id } = await filed(app, forWrite);
    app.now += 6 * MINUTE;
    await check(app);
    await approvedBy(app, id, lead, second);
    app.store.changes.splice(0);
    app.mail.outbox.splice(0);
    app.now += 5 * MINUTE;
    await check(app);
    expect(told(app)).toEqual([`Decision needed ${security}`]);
    app.now += 10 * SECOND;
    await check(app);
    expect(told(app)).toHaveLength(1);
  });
});
