// Mails that ask one approver, beyond the limit of an hour: held back, and sent as one digest that is closed by the sweep and mailed by notify.
import { describe, expect, test } from '@jest/globals';
import { sweep } from '../lib/sweep.ts';
import { DAY, HOUR, MINUTE } from '../lib/time.ts';
import { approvedBy, call, closingRecord, filed, linkTo, notify, playStream, streamRecord } from './support/calls.ts';
import { type FakeApp, fakeApp } from './support/fake-app.ts';
import { passUntil, sweepOnce } from './support/passing-time.ts';
import { start } from './support/records.ts';
import { catalogueOf, smallCatalogueFile } from './support/small-catalogue.ts';

const lead = 'lead@example.com';
const dev = (n: number): string => `dev-${n}@example.com`;
const { read } = smallCatalogueFile.roles;
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** One approver, anybody may ask. `more` goes into the role `read`. */
const appWith = (mailsPerHour: number | undefined, more: object = {}, approvers: string[] = [lead]): FakeApp =>
  fakeApp({
    catalogue: catalogueOf({
      ...smallCatalogueFile,
      ...(mailsPerHour !== undefined && { limits: { mailsPerHour } }),
      roles: {
        ...smallCatalogueFile.roles,
        read: { ...read, requesters: ['everyone'], approval: { stages: [{ approvers }], ...more } },
      },
    }),
  });
/** Requests 1 to `count`, one after the other, each told at once. */
async function burst(app: FakeApp, count: number, from = 1): Promise<string[]> {
  const ids: string[] = [];
  for (let n = from; n < from + count; n += 1) {
    ids.push((await filed(app, { reason: `Reason number ${n}` }, { as: dev(n) })).id);
    expect(await playStream(app)).toEqual({ batchItemFailures: [] });
  }
  return ids;
}
const sentTo = (app: FakeApp, to: string) => app.mail.outbox.filter((mail) => mail.to === to);
const subjects = (app: FakeApp, to = lead) =>
  sentTo(app, to).map(({ subject }) => subject.replace(/ in Production.*/, ''));
const digestsOf = (app: FakeApp, to = lead) =>
  sentTo(app, to).filter(({ subject }) => /^Please decide: \d+ requests?$/.test(subject));
const linksIn = (text: string) => [...text.matchAll(/\/decide\/([\w-]+)/g)].map(([, token]) => token!);
const atTheHour = (app: FakeApp) => passUntil(app, start + HOUR, HOUR);
const codes = (app: FakeApp) => app.lines.map(({ code }) => code);

describe('beyond the limit of an hour', () => {
  test('requests wait for the end of the hour and come in one mail, each with a link that decides it', async () => {
    const app = appWith(2);
    const ids = await burst(app, 5);
    expect(subjects(app)).toEqual(['Please decide: read', 'Please decide: read']);
    app.now = start + HOUR - 1;
    await sweepOnce(app);
    expect(sentTo(app, lead)).toHaveLength(2);
    await atTheHour(app);
    expect(subjects(app).slice(2)).toEqual(['Please decide: 3 requests']);
    const links = linksIn(digestsOf(app)[0]!.text);
    expect(links.map((token) => token.slice(0, 26)).sort()).toEqual(ids.slice(2).sort());
    for (const token of links) {
      expect((await call(app, 'showDecision', { id: token })).text).toContain('Approve');
      expect(
        (await call(app, 'decideByLink', { id: token, headers: form, body: Buffer.from('decision=approve') })).status,
      ).toBe(200);
      expect(app.store.requests.get(token.slice(0, 26))).toMatchObject({
        endsAt: expect.any(Number),
        stages: [{ decisions: [{ person: lead, via: 'link' }] }],
      });
    }
    expect(codes(app).filter((code) => code.startsWith('mail-h') || code.startsWith('dig'))).toEqual([
      'mail-held',
      'mail-held',
      'mail-held',
      'digests-closed',
    ]);
    expect(app.lines).toContainEqual({
      code: 'mail-sent',
      fields: { digest: expect.any(String), kind: 'digest', requests: 3 },
    });
  });

  test('the digest goes out once, whatever comes again', async () => {
    const app = appWith(1);
    await burst(app, 3);
    const filings = [...app.store.requests.values()].map((after) => streamRecord({ after }));
    app.now = start + HOUR;
    await sweep(app);
    const closing = closingRecord(app.store.closings.splice(0)[0]!);
    const answers = await Promise.all([notify(app, closing, closing), notify(app, closing)]);
    expect(answers.flatMap(({ batchItemFailures }) => batchItemFailures).length).toBeGreaterThan(0);
    expect(await notify(app, closing, ...filings)).toEqual({ batchItemFailures: [] });
    await passUntil(app, start + 3 * HOUR, 5 * MINUTE);
    expect(sentTo(app, lead)).toHaveLength(2);
    expect(digestsOf(app)).toHaveLength(1);
  });

  test('each hour and each approver count for themselves', async () => {
    const app = appWith(1, {}, [lead, 'second-lead@example.com']);
    await burst(app, 2);
    for (const to of [lead, 'second-lead@example.com']) expect(sentTo(app, to)).toHaveLength(1);
    await atTheHour(app);
    for (const to of [lead, 'second-lead@example.com'])
      expect([sentTo(app, to), digestsOf(app, to)]).toMatchObject([{ length: 2 }, { length: 1 }]);
    expect(linksIn(digestsOf(app)[0]!.text)).not.toEqual(linksIn(digestsOf(app, 'second-lead@example.com')[0]!.text));
    await burst(app, 1, 3);
    expect(subjects(app).slice(2)).toEqual(['Please decide: read']);
  });

  test('where the catalogue says nothing, every request is mailed by itself and nothing is counted', async () => {
    const app = appWith(undefined);
    await burst(app, 40);
    expect(sentTo(app, lead)).toHaveLength(40);
    await atTheHour(app);
    expect(digestsOf(app)).toEqual([]);
    expect(app.store.mailboxes.size).toBe(0);
  });

  test.each([0, 201, 1.5, '30'])('%p is no limit', (mailsPerHour) =>
    expect(() => catalogueOf({ ...smallCatalogueFile, limits: { mailsPerHour } })).toThrow('limits.mailsPerHour'),
  );

  test('more than a mail can list come in further ones, and none is left out', async () => {
    const app = appWith(1);
    const ids = await burst(app, 61);
    await atTheHour(app);
    expect(subjects(app).slice(1)).toEqual([
      'Please decide: 25 requests',
      'Please decide: 25 requests',
      'Please decide: 10 requests',
    ]);
    expect(
      digestsOf(app)
        .flatMap(({ text }) => linksIn(text).map((token) => token.slice(0, 26)))
        .sort(),
    ).toEqual(ids.slice(1).sort());
  });
});

describe('what the digest says', () => {
  test('each request with what an approver should know at once, the one that lapses first at the top', async () => {
    const app = appWith(1);
    await burst(app, 1);
    app.now = start + 5 * MINUTE;
    await filed(app, { reason: 'The export\nis late.', duration: '2h' }, { as: dev(2) });
    await playStream(app);
    app.now = start + 6 * MINUTE;
    await filed(
      app,
      { onBehalfOf: 'dev@example.com', reason: 'See https://evil.example <b>now</b>' },
      { as: 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops' },
    );
    await playStream(app);
    await atTheHour(app);
    const { text, html } = digestsOf(app)[0]!;
    expect(text.replace(/(?<=decide\/)[\w-]{91}/g, 'TOKEN')).toBe(`PLEASE DECIDE: 2 REQUESTS

You were asked to decide more often in an hour than Latchkey mails you
one by one. These 2 requests came on top and still wait for you. The one
that lapses first stands first.

1. read
Read one bucket
Account: Production, 111111111111
Asked by: dev-2@example.com
Reason:
> The export
> is late.
How long: 2 h, counted from the approval
Decide until: 22 Nov 2026, 18:05 UTC
Approve or deny:
https://latchkey.example.com/decide/TOKEN

2. read
Read one bucket
Account: Production, 111111111111
Asked by: Dev (dev@example.com)
Filed by: the bot arn:aws:iam::999999999999:role/chatops-bot, on behalf of Dev
Reason:
> See https[:]//evil[.]example <b>now</b>
How long: 1 h, counted from the approval
Decide until: 22 Nov 2026, 18:06 UTC
Approve or deny:
https://latchkey.example.com/decide/TOKEN

Each page shows all of its request and has a button to approve and one
to deny; opening it decides nothing. The links are meant for you alone:
do not forward this mail.

-- 
Latchkey at https://latchkey.example.com
`);
    expect(html).toContain('See https[:]//evil[.]example &lt;b&gt;now&lt;/b&gt;');
    expect([...html.matchAll(/<a href="([^"]+)"/g)].map(([, url]) => url)).toEqual(
      linksIn(text).map((token) => `https://latchkey.example.com/decide/${token}`),
    );
    expect(html.match(/background-color:#b91c1c/g)).toHaveLength(2);
  });

  test('only what still waits for its reader', async () => {
    const app = appWith(1, {}, [lead, 'second-lead@example.com']);
    const [, decided, withdrawn, waiting] = await burst(app, 4);
    await approvedBy(app, decided!, 'second-lead@example.com');
    await call(app, 'endRequest', { as: dev(3), id: withdrawn!, body: {} });
    await atTheHour(app);
    expect(linksIn(digestsOf(app)[0]!.text).map((token) => token.slice(0, 26))).toEqual([waiting]);
    expect(digestsOf(app)[0]!.subject).toBe('Please decide: 1 request');
    expect(digestsOf(app)[0]!.text).toContain('This request came on top and still waits for you.');
  });

  test('nothing left: no mail at all, and the digest is done', async () => {
    const app = appWith(1);
    const [, second] = await burst(app, 2);
    await call(app, 'endRequest', { as: dev(2), id: second!, body: {} });
    await atTheHour(app);
    expect(digestsOf(app)).toEqual([]);
    expect([...app.store.digests.values()]).toMatchObject([{ state: 'done' }]);
  });

  describe('an approver who is asked again by a later stage', () => {
    const twice = () =>
      fakeApp({
        catalogue: catalogueOf({
          ...smallCatalogueFile,
          limits: { mailsPerHour: 1 },
          roles: {
            read: {
              ...read,
              requesters: ['everyone'],
              approval: { stages: [{ approvers: [lead, 'security@example.com'] }, { approvers: [lead] }] },
            },
          },
          bots: {},
        }),
      });

    test('hears of that stage, not of the one that is over', async () => {
      const app = twice();
      const [, id] = await burst(app, 2);
      await approvedBy(app, id!, 'security@example.com');
      await playStream(app);
      await atTheHour(app);
      const links = linksIn(digestsOf(app)[0]!.text);
      expect(links.map((token) => token.slice(0, 26))).toEqual([id]);
      expect(
        (await call(app, 'decideByLink', { id: links[0]!, headers: form, body: Buffer.from('decision=approve') }))
          .status,
      ).toBe(200);
      expect(app.store.requests.get(id!)?.endsAt).toBeDefined();
    });

    test('does so once, also where that was mailed by itself before the digest went out', async () => {
      const app = twice();
      const [, id] = await burst(app, 2);
      app.now = start + HOUR;
      await approvedBy(app, id!, 'security@example.com');
      await playStream(app);
      await passUntil(app, start + 3 * HOUR, 5 * MINUTE);
      expect(subjects(app)).toEqual(['Please decide: read', 'Please decide: read']);
    });
  });
});

describe('what is never held back', () => {
  test('how it went, and the link of somebody in whose name a bot filed', async () => {
    const app = appWith(1);
    const [first] = await burst(app, 3);
    await filed(
      app,
      { onBehalfOf: 'dev@example.com' },
      { as: 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops' },
    );
    for (const n of [2, 3])
      await call(app, 'endRequest', { as: dev(n), id: [...app.store.requests.keys()][n - 1]!, body: {} });
    await approvedBy(app, first!, lead);
    await playStream(app);
    expect(subjects(app)).toEqual(['Please decide: read', 'Withdrawn: read', 'Withdrawn: read']);
    expect(subjects(app, 'dev@example.com')).toEqual(['Filed in your name: read']);
    expect(subjects(app, dev(1))).toEqual(['Approved: read']);
  });

  test('break-glass', async () => {
    const breakGlass = { requesters: ['everyone'], maxDuration: '30m', reviewers: ['security@example.com'] };
    const app = fakeApp({
      catalogue: catalogueOf({
        ...smallCatalogueFile,
        limits: { mailsPerHour: 1 },
        roles: { read: { ...read, requesters: ['everyone'], breakGlass } },
        bots: {},
      }),
    });
    for (let n = 1; n <= 3; n += 1)
      await filed(app, { breakGlass: true, reason: 'The shop is down and nobody answers' }, { as: dev(n) });
    await playStream(app);
    expect(subjects(app)).toEqual(['Break-glass used: read', 'Break-glass used: read', 'Break-glass used: read']);
  });

  test.each([
    ['lapses before it could be decided', { decideWithin: '1h' }],
    ['would be escalated first', { escalate: { after: '1h', to: ['security@example.com'] } }],
    ['would be brought up again first', { remind: { after: '65m' } }],
  ])('a request that %s', async (_, more) => {
    const app = appWith(1, more);
    app.now = start + 5 * MINUTE;
    await burst(app, 3);
    expect(sentTo(app, lead)).toHaveLength(3);
    expect(app.store.digests.size).toBe(0);
  });

  test.each([
    ['lapses', { decideWithin: '75m' }],
    ['is escalated', { escalate: { after: '75m', to: ['security@example.com'] } }],
    ['is brought up again', { remind: { after: '75m' } }],
  ])('but one that %s a quarter of an hour after the digest can wait', async (_, more) => {
    const app = appWith(1, more);
    await burst(app, 2);
    expect(sentTo(app, lead)).toHaveLength(1);
    await passUntil(app, start + HOUR + MINUTE);
    expect(digestsOf(app)).toHaveLength(1);
  });
});

describe('reminders and escalation', () => {
  test('count like the first asking, and are listed as what still waits', async () => {
    const app = appWith(2, { remind: { after: '2h', most: 1 } });
    const ids = await burst(app, 2);
    app.now = start + HOUR;
    await burst(app, 1, 3);
    await passUntil(app, start + 2 * HOUR + 30 * MINUTE);
    expect(subjects(app)).toEqual([
      'Please decide: read',
      'Please decide: read',
      'Please decide: read',
      'Still waiting for you: read',
      'Still waiting for you: read',
    ]);
    await burst(app, 1, 4);
    await passUntil(app, start + 3 * HOUR);
    expect(digestsOf(app)).toHaveLength(1);
    expect(linksIn(digestsOf(app)[0]!.text).map((token) => token.slice(0, 26))).not.toContain(ids[0]);
  });

  test('however often a request was to be brought up again meanwhile, it is one entry', async () => {
    const app = appWith(1, { remind: { after: '75m', every: '5m', most: 4 } });
    const [first] = await burst(app, 1);
    app.now = start + 75 * MINUTE;
    await sweepOnce(app);
    await passUntil(app, start + 2 * HOUR);
    expect(subjects(app)).toEqual(['Please decide: read', 'Still waiting for you: read', 'Please decide: 1 request']);
    expect(linksIn(digestsOf(app)[0]!.text).map((token) => token.slice(0, 26))).toEqual([first]);
  });

  test('those to whom it is escalated have an hour of their own', async () => {
    const app = appWith(1, { escalate: { after: '2h', to: ['security@example.com'] } });
    await burst(app, 2);
    await passUntil(app, start + 2 * HOUR + MINUTE);
    expect(sentTo(app, 'security@example.com')).toHaveLength(1);
    await passUntil(app, start + 3 * HOUR);
    expect(digestsOf(app, 'security@example.com')).toHaveLength(1);
  });
});

describe('a check of the mail', () => {
  test('sends nothing that is held', async () => {
    const app = appWith(1);
    await burst(app, 3);
    await passUntil(app, start + 59 * MINUTE);
    expect([...app.store.requests.values()].map(({ mailChecks }) => mailChecks)).toEqual([2, 2, 2]);
    expect(sentTo(app, lead)).toHaveLength(1);
    await passUntil(app, start + 4 * HOUR, 5 * MINUTE);
    expect(subjects(app)).toEqual(['Please decide: read', 'Please decide: 2 requests']);
  });
});

describe('trouble', () => {
  /** Three requests of which two wait in a digest that has just been closed. */
  async function closed(): Promise<FakeApp> {
    const app = appWith(1);
    await burst(app, 3);
    app.now = start + HOUR;
    await sweep(app);
    return app;
  }

  test('a digest that cannot be mailed comes again, with links that work', async () => {
    const app = await closed();
    const send = app.mail.send;
    app.mail.send = () => Promise.reject(new Error('canary'));
    const closing = closingRecord(app.store.closings[0]!);
    expect(await notify(app, closing)).toEqual({ batchItemFailures: [{ itemIdentifier: '5000' }] });
    expect(JSON.stringify(app.lines)).not.toContain('canary');
    app.mail.send = send;
    expect(await notify(app, closing)).toEqual({ batchItemFailures: [] });
    expect(subjects(app).slice(1)).toEqual(['Please decide: 2 requests']);
    expect(await call(app, 'showDecision', { id: linkTo(app, lead) })).toMatchObject({ status: 200 });
  });

  test('what the mail service will never take is said and left', async () => {
    const app = await closed();
    app.mail.refused.add(lead);
    expect(await playStream(app)).toEqual({ batchItemFailures: [] });
    expect(app.lines).toContainEqual({
      code: 'mail-refused',
      fields: { digest: expect.any(String), kind: 'digest', reason: 'MessageRejected' },
    });
    app.mail.refused.clear();
    await passUntil(app, start + 2 * HOUR, 5 * MINUTE);
    expect(sentTo(app, lead)).toHaveLength(1);
  });

  test('a closing that the stream has lost is found by a later sweep', async () => {
    const app = await closed();
    app.store.closings.splice(0);
    await passUntil(app, start + HOUR + 14 * MINUTE);
    expect(digestsOf(app)).toEqual([]);
    await passUntil(app, start + HOUR + 15 * MINUTE);
    expect(digestsOf(app)).toHaveLength(1);
    await passUntil(app, start + 2 * HOUR);
    expect(digestsOf(app)).toHaveLength(1);
  });

  test('a mail that finds its digest closed comes again and is counted in the new hour', async () => {
    const app = appWith(1);
    await burst(app, 2);
    app.now = start + HOUR - 1;
    await filed(app, {}, { as: dev(3) });
    app.gate = async (step, when) => {
      if (step.name !== 'store.holdMail' || when !== 'before') return;
      app.gate = () => {};
      app.now += 1;
      await sweep(app);
    };
    const filing = streamRecord(app.store.changes.splice(0)[0]!);
    expect(await notify(app, filing)).toEqual({ batchItemFailures: [{ itemIdentifier: '1000' }] });
    expect(await notify(app, filing)).toEqual({ batchItemFailures: [] });
    await playStream(app);
    expect(subjects(app).sort()).toEqual(['Please decide: 1 request', 'Please decide: read', 'Please decide: read']);
  });

  test('one digest that cannot be closed holds up neither the others nor the sweep, which says that it failed', async () => {
    const app = appWith(1, {}, [lead, 'second-lead@example.com']);
    await burst(app, 2);
    app.now = start + 9 * HOUR;
    const close = app.store.closeDigest;
    let calls = 0;
    app.store.closeDigest = (...args) => (calls++ === 0 ? Promise.reject(new Error('canary')) : close(...args));
    await expect(sweep(app)).rejects.toMatchObject({ errors: [new Error('canary')] });
    expect(app.store.closings).toHaveLength(1);
    expect([...app.store.requests.values()].map(({ outcome }) => outcome?.status)).toEqual(['lapsed', 'lapsed']);
    expect(app.lines).toContainEqual({ code: 'digests-closed', fields: { due: 2, failed: 1 } });
  });

  test('a digest whose requests have all lapsed by the time it goes out says nothing', async () => {
    const app = await closed();
    app.now = start + DAY;
    await playStream(app);
    expect(digestsOf(app)).toEqual([]);
  });
});
