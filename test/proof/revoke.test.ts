// Figure 13: a vend races a revocation, two revokers race each other, and IAM fails. Nothing is vended after, nothing is lost.
import { describe, test } from '@jest/globals';
import { endRequest, fileRequest } from '../../lib/access.ts';
import { inlineLimit } from '../../lib/iam.ts';
import { revokeSessions } from '../../lib/revoke.ts';
import type { RequestRecord } from '../../lib/schema.ts';
import { MINUTE } from '../../lib/time.ts';
import { issueCredentials } from '../../lib/vend.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { interleaved } from '../support/gates.ts';
import { outcomeOf, signedIn } from './cast.ts';
import { must, prove, size } from './size.ts';

const role = 'arn:aws:iam::333333333333:role/latchkey/play';

describe('revocations', () => {
  test('no vend is accepted after a revoke', async () => {
    const measured = { 'vends before the revoke': 0, 'vends refused by it': 0, 'sessions thrown away in the middle': 0 };
    await prove(13, 'vend against revoke', size(3_000, 100_000), (seed, random) => vendOrRevoke(seed, random, measured), measured);
  }, 600_000);

  test('two revokers of one role, with an IAM that fails, lose nothing', async () => {
    const measured = { 'IAM calls that failed': 0, 'tries that had to come again': 0 };
    await prove(13, 'two revokers of one role', size(300, 20_000), (seed, random) => revokers(seed, random, measured), measured);
  }, 600_000);
});

async function grant(app: FakeApp, i: number): Promise<RequestRecord> {
  return (await fileRequest(app, signedIn(app, `dev-${i}@example.com`), { role: 'play', reason: 'A race' })).request;
}

async function vendOrRevoke(seed: number, random: () => number, measured: Record<string, number>): Promise<undefined> {
  const app = fakeApp();
  const { id } = await grant(app, 0);
  const vend = () => outcomeOf(issueCredentials(app, signedIn(app, 'dev-0@example.com'), id));
  if (random() < 0.5) await vend();
  const before = app.sts.issued.length;
  app.gate = interleaved(seed);
  const ender = signedIn(app, random() < 0.7 ? 'admin@example.com' : 'dev-0@example.com');
  const [ended, ...vends] = await Promise.all([outcomeOf(endRequest(app, ender, id)), vend(), vend()]);
  app.gate = () => {};

  must(ended.answer !== undefined || ended.problem.code === 'try-again', 'the revocation was refused');
  if (!ended.answer) await endRequest(app, ender, id);
  const request = app.store.requests.get(id)!;
  const end = request.history.find(({ type }) => type === 'revoked' || type === 'ended' || type === 'withdrawn')!;
  must(
    request.history.every(({ type, seq }) => type !== 'vended' || seq < end.seq),
    'a session was recorded after the end',
  );
  const accepted = vends.flatMap(({ answer }) => (answer ? [answer.AccessKeyId] : []));
  must(
    accepted.every((key) => request.sessions.some(({ accessKeyId }) => accessKeyId === key)),
    'credentials left that the request does not know of',
  );
  must((request.revocation?.state === 'pending') === request.sessions.length > 0, 'sessions are out and nobody revokes them');
  measured['vends before the revoke']! += accepted.length;
  measured['vends refused by it']! += vends.length - accepted.length;
  measured['sessions thrown away in the middle']! += app.sts.issued.length - before - accepted.length;

  app.now += MINUTE;
  must((await revokeSessions(app, [request])).length === 0, 'the revocation had to come again');
  must(request.sessions.length === 0 || (app.iam.policies.get(role) ?? '').includes(id), 'the policy does not deny the grant');
  must((await vend()).problem?.code === 'not-active', 'something was vended after the end');
  return undefined;
}

async function revokers(seed: number, random: () => number, measured: Record<string, number>): Promise<undefined> {
  const app = fakeApp();
  const requests: RequestRecord[] = [];
  for (let i = 0; i < 2 + Math.floor(random() * 3); i += 1) {
    const { id } = await grant(app, i);
    await issueCredentials(app, signedIn(app, `dev-${i}@example.com`), id);
    requests.push(await endRequest(app, signedIn(app, 'admin@example.com'), id));
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
    measured['tries that had to come again']! += later.size;
    left = requests.filter(({ id }) => later.has(id));
  }
  app.gate = () => {};
  const policy = app.iam.policies.get(role) ?? '';
  const folded = Date.parse(/"aws:TokenIssueTime":"([^"]+)"/.exec(policy)?.[1] ?? '1970-01-01T00:00:00Z');
  for (const { id, sessions } of requests) {
    must(app.store.requests.get(id)?.revocation?.state === 'done', 'a revocation is not done');
    must(policy.includes(id) || sessions.every(({ issuedAt }) => issuedAt < folded), 'a revocation was lost');
  }
  must(Math.max(...app.iam.lengths.filter((length) => length <= (app.iam.room.get(role) ?? inlineLimit))) <= inlineLimit, 'a policy was too long');
  must(app.store.revocations.get(role)?.holder === undefined, 'a lease was left behind');
  return undefined;
}
