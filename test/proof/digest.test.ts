// Figure 10: bursts of requests beyond the hour's limit of mails, and the process that mails or sweeps dead at every I/O of one. Every
// approver is told of every request that waits for them, once, singly or in a digest.
import { describe, expect, test } from '@jest/globals';
import { decideRequest, endRequest, fileRequest } from '../../lib/access.ts';
import { sendDigest } from '../../lib/digest-mail.ts';
import { digestDue, mayWait, stillAsked } from '../../lib/mail-digest.ts';
import { messagesFor, type News } from '../../lib/messages.ts';
import { tell } from '../../lib/news.ts';
import type { RequestRecord } from '../../lib/schema.ts';
import { sweep } from '../../lib/sweep.ts';
import { HOUR, MINUTE } from '../../lib/time.ts';
import { type FakeApp, fakeApp, type Step } from '../support/fake-app.ts';
import type { Change } from '../support/fake-store.ts';
import { Crash, crashAt, interleaved } from '../support/gates.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';
import { outcomeOf, signedIn, tokensIn } from './cast.ts';
import { must, oneOf, prove, size } from './size.ts';

const leads = ['lead@example.com', 'second-lead@example.com'];
const dev = (n: number): string => `dev-${n}@example.com`;
const { read } = smallCatalogueFile.roles;
const role = (approval: object = {}) => ({
  ...read,
  requesters: ['everyone'],
  approval: { stages: [{ approvers: leads }], ...approval },
});
const catalogueWith = (mailsPerHour: number) =>
  catalogueOf({
    ...smallCatalogueFile,
    bots: {},
    limits: { mailsPerHour },
    roles: {
      calm: role(),
      hasty: role({ decideWithin: '70m' }),
      loud: role({ remind: { after: '40m', every: '30m', most: 3 } }),
      steep: role({ escalate: { after: '90m', to: ['security@example.com'] } }),
      long: role({ stages: [{ approvers: leads }, { approvers: [leads[0]] }] }),
    },
  });

/** A mail as it went out, with the messages whose links it carries. */
type Sent = { at: number; to: string; isDigest: boolean; messages: string[] };
/** Something that was to be said, when it first was. */
type Due = { news: News; at: number; request: RequestRecord };

/** An App with a stream that brings everything again until it is taken, and a memory of what was to be said and what was. */
function worldOf(mailsPerHour: number) {
  const app = fakeApp({ catalogue: catalogueWith(mailsPerHour), now: start });
  const sent: Sent[] = [];
  const due = new Map<string, Due>();
  const queue: Array<{ change: Change } | { closed: string }> = [];
  const read: Array<{ record: RequestRecord; at: number }> = [];
  const getMany = app.store.getMany;
  // only a digest reads many at once
  app.store.getMany = async (ids) => {
    const records = await getMany(ids);
    read.push(...records.map((record) => ({ record, at: app.now })));
    return records;
  };
  const send = app.mail.send;
  app.mail.send = async (mail) => {
    const before = app.mail.outbox.length;
    try {
      await send(mail);
    } finally {
      // it may have gone out although nobody lived to learn so
      const messages = tokensIn(mail.text).map((token) => `${token.slice(0, 26)} ${token.slice(26, 48)}`);
      if (app.mail.outbox.slice(before).some(({ text }) => text === mail.text))
        sent.push({ at: app.now, to: mail.to, isDigest: /^Please decide: \d+ request/.test(mail.subject), messages });
    }
  };
  function collect(): void {
    for (const change of app.store.changes.splice(0)) {
      queue.push({ change });
      for (const news of messagesFor(change.before, change.after)) {
        const key = `${news.requestId} ${news.id}`;
        if (news.approver && !due.has(key)) due.set(key, { news, at: app.now, request: change.after });
      }
    }
    queue.push(...app.store.closings.splice(0).map((closed) => ({ closed })));
  }
  const take = (one: (typeof queue)[number]) =>
    'change' in one ? tell(app, one.change.before, one.change.after) : sendDigest(app, one.closed);
  return { app, sent, due, queue, read, collect, take };
}
type World = ReturnType<typeof worldOf>;

/** What becomes of a process: taken, to be brought again, or dead, and then another one lives. */
async function ranWell(app: FakeApp, run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    const causes: unknown[] = error instanceof AggregateError ? error.errors : [error];
    const isCrash = causes.some((cause) => cause instanceof Crash);
    if (!isCrash && (error as Error).name !== 'NewsPending' && (error as Error).message !== 'no connection')
      throw error;
    if (isCrash) app.gate = () => {};
    return false;
  }
}

/** The stream once, one record after the other; what is not taken stays. */
async function hear({ app, queue, collect, take }: World): Promise<void> {
  collect();
  for (const one of queue.splice(0)) if (!(await ranWell(app, () => take(one)))) queue.push(one);
}

/** The same with all records at once, some of them twice. */
async function hearAtOnce({ app, queue, collect, take }: World, random: () => number): Promise<void> {
  collect();
  const batch = queue.splice(0).flatMap((one) => (random() < 0.3 ? [one, one] : [one]));
  const left = await Promise.all(batch.map(async (one) => ((await ranWell(app, () => take(one))) ? [] : [one])));
  queue.push(...new Set(left.flat()));
}

/** How often each message was mailed. */
function countOf(sent: readonly Sent[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { messages } of sent) for (const message of messages) counts.set(message, (counts.get(message) ?? 0) + 1);
  return counts;
}

describe('an hour with more requests than mails', () => {
  test('nobody is told twice, nobody is left out, and no more single mails go out than the limit lets', async () => {
    const measured = {
      requests: 0,
      'single mails': 0,
      digests: 0,
      'requests in digests': 0,
      'over the limit because urgent': 0,
      'over before the digest': 0,
    };
    await prove(
      10,
      'bursts of requests to two approvers',
      size(60, 5_000),
      async (seed, random) => {
        const most = 1 + Math.floor(random() * 4);
        const world = worldOf(most);
        await live(world, seed, random);
        check(world, most, measured);
        return undefined;
      },
      measured,
    );
    for (const count of Object.values(measured)) expect(count).toBeGreaterThan(0);
  }, 3_600_000);
});

/** Four hours in which people ask in bursts, decide, withdraw; mail fails now and then; then everything is given time to settle. */
async function live(world: World, seed: number, random: () => number): Promise<void> {
  const { app } = world;
  const people = leads.map((email) => signedIn(app, email));
  let filed = 0;
  let isDeaf = false;
  const send = app.mail.send;
  app.mail.send = (mail) => (isDeaf && random() < 0.5 ? Promise.reject(new Error('no connection')) : send(mail));
  while (app.now < start + 9 * HOUR) {
    const isBusy = app.now < start + 3 * HOUR;
    app.now += Math.ceil(random() * (isBusy ? 12 : 20)) * MINUTE + Math.floor(random() * MINUTE);
    isDeaf = isBusy && random() < 0.2;
    const ids = [...app.store.requests.keys()];
    if (isBusy && random() < 0.5) {
      const count = Math.ceil(random() * 5);
      for (let i = 0; i < count; i += 1) {
        filed += 1;
        await fileRequest(app, signedIn(app, dev(filed)), {
          role: oneOf(random, ['calm', 'calm', 'hasty', 'loud', 'steep', 'long']),
          reason: 'Because',
        });
      }
    }
    if (ids.length > 0 && random() < 0.4) {
      const id = oneOf(random, ids);
      const { person } = app.store.requests.get(id)!.requester;
      await outcomeOf(
        random() < 0.7
          ? decideRequest(app, oneOf(random, people), id, { decision: 'approve' })
          : endRequest(app, signedIn(app, person), id),
      );
    }
    if (random() < 0.9) await ranWell(app, () => sweep(app));
    app.gate = random() < 0.5 ? interleaved(seed) : () => {};
    await (random() < 0.5 ? hear(world) : hearAtOnce(world, random));
    app.gate = () => {};
  }
  // what was asked last is told by the end of its hour, and claims that were lost become free
  for (let round = 0; round < 6; round += 1) {
    app.now += 15 * MINUTE;
    await sweep(app);
    await hear(world);
  }
}

function check(world: World, most: number, measured: Record<string, number>): void {
  const { app, sent, due, queue } = world;
  must(queue.length === 0, `${queue.length} records were never taken`);
  must(
    [...app.store.digests.values()].every(({ state }) => state === 'done'),
    'a digest was never sent',
  );
  const counts = countOf(sent);
  for (const [message, count] of counts) must(count === 1, `${message} was mailed ${count} times`);
  for (const [message, one] of due)
    if (!counts.has(message)) measured['over before the digest']! += isExcused(world, message, one);
  const singles = sent.filter(({ isDigest, messages }) => !isDigest && messages.length > 0);
  const perHour = Map.groupBy(singles, ({ at, to }) => `${to} ${digestDue(at)}`);
  for (const [hour, mails] of perHour) {
    const urgent = mails.filter(({ at, messages }) => {
      const { news, request } = due.get(messages[0]!)!;
      return !mayWait(request, news.kind, digestDue(at));
    });
    measured['over the limit because urgent']! += Math.max(0, mails.length - most);
    must(
      mails.length - urgent.length <= most,
      () => `${mails.length - urgent.length} single mails within ${hour}, at most ${most}`,
    );
  }
  measured.requests! += app.store.requests.size;
  measured['single mails']! += singles.length;
  measured.digests! += sent.filter(({ isDigest }) => isDigest).length;
  measured['requests in digests']! += sent.flatMap(({ isDigest, messages }) => (isDigest ? messages : [])).length;
}

/** What was never mailed was over when its digest went out, or its request stood in it by another message, or time was up before mail came through. */
function isExcused({ app, sent, read }: World, message: string, { news, at }: Due): number {
  const held = app.store.messages.get(message.replace(' ', '#'))?.heldIn;
  const { decideBy } = app.store.requests.get(news.requestId)!;
  if (held === undefined) {
    must(decideBy - at < 45 * MINUTE, `${news.kind} of ${message} was lost`);
    return 0;
  }
  const digest = {
    id: held,
    approver: news.approver!,
    held: [{ requestId: news.requestId, messageId: news.id, kind: news.kind as 'decide' | 'reminder' }],
  };
  const wasOver = read.some(
    (one) => one.record.id === news.requestId && stillAsked(digest, [one.record], one.at).length === 0,
  );
  const isMerged = sent.some(
    ({ isDigest, to, messages }) =>
      isDigest && to === news.to.email && messages.some((one) => one.startsWith(news.requestId)),
  );
  must(wasOver || isMerged, `${news.kind} of ${message} is in no digest`);
  return 1;
}

describe('a process that dies on the way of a digest, at any I/O', () => {
  test('loses no request, and tells nobody twice but where nobody can know whether the mail went out', async () => {
    const measured = { 'places to die': 0, 'mails sent twice': 0 };
    const isTwice = new Set<string>();
    const names = new Set<string>();
    await prove(
      10,
      'crash on the way of a digest',
      minutes.length,
      async (seed) => {
        const from = minutes[seed - 1]!;
        const whole = await burst(from);
        for (const step of whole.app.steps) {
          names.add(step.name);
          for (const when of ['before', 'after'] as const) {
            const twice = compare(whole, await burst(from, step, when), `dead ${when} ${step.name} (I/O ${step.n})`);
            if (twice > 0) isTwice.add(`${when} ${step.name}`);
            measured['mails sent twice'] += twice;
            measured['places to die'] += 1;
          }
        }
        return 2 * whole.app.steps.length;
      },
      measured,
    );
    for (const method of [
      'claimMessage',
      'countMail',
      'holdMail',
      'settleMessage',
      'dueDigests',
      'closeDigest',
      'claimDigest',
      'getMany',
      'settleDigest',
    ])
      expect(names).toContain(`store.${method}`);
    expect([...isTwice].sort()).toEqual(['after mail.send', 'before store.settleDigest', 'before store.settleMessage']);
  }, 600_000);
});

/** From which minute of the hour on: so that whoever comes again does so in the same hour, or in the next. */
const minutes = [55, 59];

/** Fails unless what was told is what is told when nobody dies; answers how often something was told more than once. */
function compare(whole: World, { app, sent }: World, which: string): number {
  const counts = countOf(sent);
  for (const message of countOf(whole.sent).keys()) must(counts.has(message), `${which}: ${message} was lost`);
  must(
    [...app.store.digests.values()].every(({ state }) => state === 'done'),
    `${which}: a digest was never sent`,
  );
  return sent.flatMap(({ messages }) => messages).length - counts.size;
}

/** Five requests just before the hour ends, of which two are mailed singly; the sweep and the stream go on until all is said. Some process dies once. */
async function burst(from: number, step?: Step, when: 'before' | 'after' = 'before'): Promise<World> {
  const world = worldOf(2);
  const { app } = world;
  app.now = start + from * MINUTE;
  for (let n = 1; n <= 5; n += 1) await fileRequest(app, signedIn(app, dev(n)), { role: 'calm', reason: 'Because' });
  app.forget();
  if (step) app.gate = crashAt(step.n, when);
  for (const minute of [0, 1, 3, 4, 5, 6, 8, 10, 20, 25, 40, 55, 70]) {
    app.now = start + (from + minute) * MINUTE;
    await ranWell(app, () => sweep(app));
    await hear(world);
  }
  return world;
}
