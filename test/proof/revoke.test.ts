// Figure 13: a vend races a revocation, two revokers race each other, IAM fails, its role is gone or full. Nothing is vended after, nothing is lost.
import { describe, test } from '@jest/globals';
import { fileRequest } from '../../lib/actions/file-request.ts';
import { revokeSessions } from '../../lib/actions/revoke.ts';
import { issueCredentials } from '../../lib/actions/vend.ts';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { inlineLimit, revocationPolicy } from '../../lib/session/iam.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { interleaved } from '../support/gates.ts';
import { endedBy, outcomeOf, signedIn } from './cast.ts';
import { must, prove, size } from './size.ts';

const role = 'arn:aws:iam::333333333333:role/latchkey/play';

describe('revocations', () => {
  test('no session is issued after a revoke', async () => {
    const measured = {
      'sessions issued before the revoke': 0,
      'sessions refused by it': 0,
      'sessions discarded in between': 0,
    };
    await prove(
      12,
      'issuing against revoke',
      size(200, 100_000),
      (seed, random) => vendOrRevoke(seed, random, measured),
      measured,
    );
  }, 600_000);

  test('two revokers of one role, with an IAM that fails, lose nothing', async () => {
    const measured = { 'IAM calls that failed': 0, 'attempts that were retried': 0 };
    await prove(
      12,
      'two revokers of one role',
      size(40, 20_000),
      (seed, random) => revokers(seed, random, measured),
      measured,
    );
  }, 600_000);

  test('a policy that IAM refuses is retried for ten minutes and then reported as failed', async () => {
    const measured = { 'IAM calls that failed': 0, 'revocations done': 0, 'revocations reported as failed': 0 };
    await prove(12, 'revocation while IAM fails', size(40, 10_000), (_, random) => outage(random, measured), measured);
  }, 600_000);

  test('a role that is deleted during a revocation admits nobody, and its revocations are done', async () => {
    const measured = { 'found gone': 0 };
    await prove(
      12,
      'revocations on a role that is deleted',
      size(40, 10_000),
      (seed, random) => deleted(seed, random, measured),
      measured,
    );
  }, 600_000);

  test('a role without room has all its older sessions denied, or is reported as failed', async () => {
    const measured = { 'grant by grant': 0, 'all older sessions at once': 0, 'reported as failed': 0 };
    await prove(
      12,
      'revocations on a role with little room',
      size(40, 10_000),
      (seed, random) => full(seed, random, measured),
      measured,
    );
  }, 600_000);

  test('two revokers handle 400 revocations of one role within an hour', async () => {
    const measured = {
      'hours with sessions denied by their age': 0,
      'IAM calls that failed': 0,
      'characters of the longest policy': 0,
    };
    await prove(
      12,
      'revocations, 400 of one role in an hour',
      size(1, 25),
      (seed, random) => busyHour(seed, random, measured),
      measured,
    );
  }, 600_000);
});

async function grant(app: FakeApp, i: number): Promise<RequestRecord> {
  return (await fileRequest(app, signedIn(app, `dev-${i}@example.com`), { role: 'play', reason: 'A race' })).request;
}

async function vendOrRevoke(seed: number, random: () => number, measured: Record<string, number>): Promise<undefined> {
  const app = fakeApp();
  const { id } = await grant(app, 0);
  const vend = () => outcomeOf(issueCredentials(app, signedIn(app, 'dev-0@example.com'), { request: id }));
  if (random() < 0.5) await vend();
  const before = app.sts.issued.length;
  app.gate = interleaved(seed);
  const ender = signedIn(app, random() < 0.7 ? 'admin@example.com' : 'dev-0@example.com');
  const [ended, ...vends] = await Promise.all([outcomeOf(endedBy(app, ender, id)), vend(), vend()]);
  app.gate = () => {};

  must(ended.answer !== undefined || ended.problem.code === 'try-again', 'the revocation was refused');
  if (!ended.answer) await endedBy(app, ender, id);
  const request = app.store.requests.get(id)!;
  const end = request.history.find(({ type }) => type === 'revoked' || type === 'ended' || type === 'withdrawn')!;
  must(
    request.history.every(({ type, seq }) => type !== 'vended' || seq < end.seq),
    'a session was recorded after the end',
  );
  const accepted = vends.flatMap(({ answer }) => (answer ? [answer.AccessKeyId] : []));
  must(
    accepted.every((key) => request.sessions.some(({ accessKeyId }) => accessKeyId === key)),
    'credentials were returned that the request has no record of',
  );
  must((request.revocation?.state === 'pending') === request.sessions.length > 0, 'sessions exist and are not revoked');
  measured['sessions issued before the revoke']! += accepted.length;
  measured['sessions refused by it']! += vends.length - accepted.length;
  measured['sessions discarded in between']! += app.sts.issued.length - before - accepted.length;

  app.now += MINUTE;
  must((await revokeSessions(app, [request])).length === 0, 'the revocation had to come again');
  must(
    request.sessions.length === 0 || (app.iam.policies.get(role) ?? '').includes(id),
    'the policy does not deny the grant',
  );
  must((await vend()).problem?.code === 'not-active', 'something was vended after the end');
  return undefined;
}

async function revokers(seed: number, random: () => number, measured: Record<string, number>): Promise<undefined> {
  const app = fakeApp();
  const requests: RequestRecord[] = [];
  for (let i = 0; i < 2 + Math.floor(random() * 3); i += 1) {
    const { id } = await grant(app, i);
    await issueCredentials(app, signedIn(app, `dev-${i}@example.com`), { request: id });
    requests.push(await endedBy(app, signedIn(app, 'admin@example.com'), id));
  }
  if (random() < 0.2) app.iam.room.set(role, 250);
  const order = interleaved(seed);
  app.gate = async (step, when) => {
    await order(step, when);
    if (step.name === 'iam.setRevocations' && random() < 0.2) {
      measured['IAM calls that failed']! += 1;
      throw new Error('IAM is away');
    }
  };
  let left = requests;
  for (let round = 0; left.length > 0; round += 1) {
    must(round < 50, 'the revocations never came to an end');
    const halves = [left.filter((_, i) => i % 2 === 0), left.filter((_, i) => i % 2 === 1), left];
    const later = new Set((await Promise.all(halves.map((half) => revokeSessions(app, half)))).flat());
    measured['attempts that were retried']! += later.size;
    left = requests.filter(({ id }) => later.has(id));
  }
  app.gate = () => {};
  const policy = app.iam.policies.get(role) ?? '';
  const folded = Date.parse(/"aws:TokenIssueTime":"([^"]+)"/.exec(policy)?.[1] ?? '1970-01-01T00:00:00Z');
  for (const { id, sessions } of requests) {
    must(app.store.requests.get(id)?.revocation?.state === 'done', 'a revocation is not done');
    must(policy.includes(id) || sessions.every(({ issuedAt }) => issuedAt < folded), 'a revocation was lost');
  }
  must(
    Math.max(...app.iam.lengths.filter((length) => length <= (app.iam.room.get(role) ?? inlineLimit))) <= inlineLimit,
    'a policy was too long',
  );
  must(app.store.revocations.get(role)?.holder === undefined, 'a lease was left behind');
  return undefined;
}

/** Grants with a session out, ended by an admin. */
async function revoked(app: FakeApp, count: number): Promise<RequestRecord[]> {
  const requests: RequestRecord[] = [];
  for (let i = 0; i < count; i += 1) {
    const { id } = await grant(app, i);
    await issueCredentials(app, signedIn(app, `dev-${i}@example.com`), { request: id });
    requests.push(await endedBy(app, signedIn(app, 'admin@example.com'), id));
  }
  return requests;
}
const stateOf = (app: FakeApp, { id }: { id: string }) => app.store.requests.get(id)?.revocation?.state;
/** Whether the role's policy denies every session of the request that may still be out. */
function isDenied(app: FakeApp, { id }: { id: string }): boolean {
  const policy = app.iam.policies.get(role) ?? '';
  const folded = Date.parse(/"aws:TokenIssueTime":"([^"]+)"/.exec(policy)?.[1] ?? '1970-01-01T00:00:00Z');
  return (
    policy.includes(id) ||
    app.store.requests.get(id)!.sessions.every(({ issuedAt, expiresAt }) => issuedAt < folded || expiresAt <= app.now)
  );
}

async function outage(random: () => number, measured: Record<string, number>): Promise<undefined> {
  const app = fakeApp();
  const [request] = (await revoked(app, 1)) as [RequestRecord];
  const failing = Math.floor(random() * 15);
  let failed = 0;
  app.gate = ({ name }, when) => {
    if (name !== 'iam.setRevocations' || when !== 'before' || failed >= failing) return;
    failed += 1;
    throw new Error('IAM is away');
  };
  for (let minute = 0; stateOf(app, request) === 'pending'; minute += 1) {
    must(minute < 20, 'the revocation never came to an end');
    await revokeSessions(app, [request]);
    app.now += MINUTE;
  }
  // asked at once and then every minute for ten: eleven times
  must(
    (stateOf(app, request) === 'done') === failing <= 10,
    `after ${failing} failures it is ${stateOf(app, request)}`,
  );
  const code = stateOf(app, request) === 'done' ? 'sessions-revoked' : 'revocation-failed';
  must(
    app.lines.some((line) => line.code === code) && app.store.requests.get(request.id)!.history.at(-1)!.type === code,
    'no email is sent',
  );
  must(code === 'revocation-failed' || isDenied(app, request), 'a revocation was lost');
  measured['IAM calls that failed']! += failed;
  measured[code === 'revocation-failed' ? 'revocations reported as failed' : 'revocations done']! += 1;
  return undefined;
}

async function deleted(seed: number, random: () => number, measured: Record<string, number>): Promise<undefined> {
  const app = fakeApp();
  const requests = await revoked(app, 1 + Math.floor(random() * 3));
  const order = interleaved(seed);
  const last = Math.floor(random() * 25);
  let steps = 0;
  app.gate = async (step, when) => {
    await order(step, when);
    steps += 1;
    if (steps > last) app.iam.gone.add(role);
  };
  let left = requests;
  for (let round = 0; left.length > 0; round += 1) {
    must(round < 50, 'the revocations never came to an end');
    const later = new Set((await Promise.all([revokeSessions(app, left), revokeSessions(app, left.slice(1))])).flat());
    left = requests.filter(({ id }) => later.has(id));
  }
  must(
    requests.every((request) => stateOf(app, request) === 'done'),
    'a revocation is not done',
  );
  measured['found gone']! += app.iam.gone.has(role) ? 1 : 0;
  return undefined;
}

async function full(seed: number, random: () => number, measured: Record<string, number>): Promise<undefined> {
  const app = fakeApp();
  const room = Math.floor(random() * 700);
  app.iam.room.set(role, room);
  const requests = await revoked(app, 1 + Math.floor(random() * 12));
  app.gate = interleaved(seed);
  let left = requests;
  for (let round = 0; left.length > 0; round += 1) {
    must(round < 50, 'the revocations never came to an end');
    const halves = [left.filter((_, i) => i % 2 === 0), left.filter((_, i) => i % 2 === 1)];
    const later = new Set((await Promise.all(halves.map((half) => revokeSessions(app, half)))).flat());
    left = requests.filter(({ id }) => later.has(id));
  }
  app.gate = () => {};
  const policy = app.iam.policies.get(role) ?? '';
  must(policy.length <= room, 'a policy was too long');
  for (const request of requests) {
    must(stateOf(app, request) === 'done' || stateOf(app, request) === 'failed', 'a revocation has no end');
    must(stateOf(app, request) === 'failed' || isDenied(app, request), 'a revocation was lost');
  }
  const short = JSON.stringify(revocationPolicy([], app.now)).length;
  must(
    room < short || requests.every((request) => stateOf(app, request) === 'done'),
    'a revocation failed that had room',
  );
  const failed = requests.filter((request) => stateOf(app, request) === 'failed').length;
  measured['reported as failed']! += failed;
  measured[policy.includes('aws:TokenIssueTime') ? 'all older sessions at once' : 'grant by grant']! +=
    requests.length - failed;
  return undefined;
}

async function busyHour(seed: number, random: () => number, measured: Record<string, number>): Promise<number> {
  const app = fakeApp();
  const begun = app.now;
  const moments = Array.from({ length: 400 }, () => begun + Math.floor(random() * HOUR)).sort((a, b) => a - b);
  const requests: RequestRecord[] = [];
  let left: RequestRecord[] = [];
  let isFolded = false;
  let lastTried = begun;
  const order = interleaved(seed);
  const revokeAll = async () => {
    app.gate = async (step, when) => {
      await order(step, when);
      if (step.name !== 'iam.setRevocations' || when !== 'before' || random() >= 0.1) return;
      measured['IAM calls that failed']! += 1;
      throw new Error('IAM is away');
    };
    const halves = [left.filter((_, i) => i % 2 === 0), left.filter((_, i) => i % 2 === 1)];
    const later = new Set((await Promise.all(halves.map((half) => revokeSessions(app, half)))).flat());
    left = left.filter(({ id }) => later.has(id));
    app.gate = () => {};
    isFolded ||= (app.iam.policies.get(role) ?? '').includes('aws:TokenIssueTime');
    must(
      requests.every((request) => stateOf(app, request) !== 'done' || isDenied(app, request)),
      'a revocation that was done is lost again',
    );
  };
  for (const [i, at] of moments.entries()) {
    app.now = at;
    const { id } = await grant(app, i);
    await issueCredentials(app, signedIn(app, `dev-${i}@example.com`), { request: id });
    const request = await endedBy(app, signedIn(app, 'admin@example.com'), id);
    requests.push(request);
    left.push(request);
    // the stream brings what failed again after moments, and at least once in a minute, long before anybody gives up
    if (random() >= 0.15 && app.now - lastTried < MINUTE) continue;
    lastTried = app.now;
    do await revokeAll();
    while (left.length > 0 && random() < 0.8);
  }
  for (let round = 0; left.length > 0; round += 1) {
    must(round < 50, 'the revocations never came to an end');
    await revokeAll();
  }
  must(
    requests.every((request) => stateOf(app, request) === 'done'),
    'a revocation is not done',
  );
  const longest = Math.max(...app.iam.lengths);
  must(longest <= inlineLimit, 'a policy was too long');
  measured['hours with sessions denied by their age']! += isFolded ? 1 : 0;
  measured['characters of the longest policy'] = Math.max(measured['characters of the longest policy']!, longest);
  return requests.length;
}
