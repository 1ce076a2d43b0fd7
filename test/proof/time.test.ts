// Figure 8: clocks that jump, go back, change the year or leap. No session outlives its grant, and no grant ends early.
import { describe, expect, test } from '@jest/globals';
import { decideRequest } from '../../lib/actions/access.ts';
import { decideByLink } from '../../lib/actions/decide-by-link.ts';
import { fileRequest } from '../../lib/actions/file-request.ts';
import { tell } from '../../lib/actions/news.ts';
import { sweep } from '../../lib/actions/sweep.ts';
import { issueConsole, issueCredentials } from '../../lib/actions/vend.ts';
import { HOUR, MINUTE, SECOND } from '../../lib/common/time.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { fakeSts } from '../support/fake-aws.ts';
import { catalogueOf } from '../support/small-catalogue.ts';
import { codeOf, linkTo, outcomeOf, signedIn } from './cast.ts';
import { must, oneOf, prove, size } from './size.ts';

const catalogue = catalogueOf();
const dev = signedIn(fakeApp({ catalogue }), 'dev@example.com');
const lead = signedIn(fakeApp({ catalogue }), 'lead@example.com');

/** Moments at which clocks and calendars are known to fail, epoch milliseconds. */
const moments = [
  Date.UTC(2026, 2, 29, 1), // summer time begins in Europe
  Date.UTC(2026, 9, 25, 1), // and ends
  Date.UTC(2026, 2, 8, 7), // summer time begins in New York
  Date.UTC(2026, 11, 31, 23, 59, 59), // a year ends
  Date.UTC(2028, 1, 28, 23, 59, 59), // a leap day follows
  Date.UTC(2028, 1, 29, 23, 59, 59),
  Date.UTC(2016, 11, 31, 23, 59, 59, 999), // the second 23:59:60 came after this
  Date.UTC(2038, 0, 19, 3, 14, 7), // 2^31 - 1 seconds
  Date.UTC(2026, 10, 22, 10, 0, 0, 1),
];
const durations = ['1m', '15m', '16m', '1h', '2h', '8h'];

/** The clock during a call. */
type Span = { least: number; most: number };

describe('no session outlives its grant', () => {
  test('over random schedules of calls and clock jumps', async () => {
    const measured = { 'sessions given': 0, 'sessions refused after the end': 0, 'sessions refused before it': 0 };
    await prove(
      8,
      'schedules of clock jumps around a grant',
      size(500, 100_000),
      (_, random) => schedule(random, measured),
      measured,
    );
    if (process.env.LATCHKEY_SEED === undefined) expect(measured['sessions refused after the end']).toBeGreaterThan(0);
    expect(measured['sessions refused before it']).toBe(0);
  }, 3_600_000);

  test('a grant gives sessions until its last millisecond, and not after', async () => {
    const app = fakeApp({ catalogue });
    const { id, endsAt } = await grant(app, '1h');
    for (const before of [1, 999, SECOND]) {
      app.now = endsAt - before;
      const { Expiration, LimitedBy } = await issueCredentials(app, dev, { request: id });
      expect([Date.parse(Expiration), LimitedBy]).toEqual([endsAt, 'grant-end']);
    }
    app.now = endsAt;
    await expect(issueCredentials(app, dev, { request: id })).rejects.toMatchObject({ code: 'not-active' });
  });
});

async function schedule(random: () => number, measured: Record<string, number>): Promise<undefined> {
  const begin = oneOf(random, moments) + Math.floor((random() - 0.5) * 4 * SECOND);
  // the clock of STS is not ours
  const skew = random() < 0.5 ? 0 : Math.floor((random() - 0.5) * 10 * MINUTE);
  const app: FakeApp = fakeApp({ catalogue, now: begin, sts: fakeSts(() => app.now + skew) });
  const { id, startsAt, endsAt } = await grant(app, oneOf(random, durations));

  let span: Span = { least: app.now, most: app.now };
  app.gate = () => {
    // time passes within a call; now and then the clock is corrected, or set to a wrong time
    const drift = random() < 0.15 ? Math.floor((random() - 0.5) * 10 * MINUTE) : Math.floor(random() * 40);
    app.now += drift;
    span = { least: Math.min(span.least, app.now), most: Math.max(span.most, app.now) };
  };
  for (let n = 0; n < 8; n += 1) {
    app.now =
      oneOf(random, [startsAt, endsAt - 20 * MINUTE, endsAt, endsAt, endsAt]) +
      oneOf(random, [-1, 0, 1, 500, -500, -5 * MINUTE, 5 * MINUTE, -20]);
    span = { least: app.now, most: app.now };
    const policies = app.sts.assumed.length;
    const outcome = await outcomeOf<{ Expiration: string } | { sessionExpiresAt: string }>(
      random() < 0.7 ? issueCredentials(app, dev, { request: id }) : issueConsole(app, dev, { request: id }),
    );
    for (const { Policy } of app.sts.assumed.slice(policies))
      must(endClauseOf(Policy) <= endsAt, 'the session policy lets a session outlive its grant');
    if (outcome.answer) {
      measured['sessions given']! += 1;
      must(span.least < endsAt, 'a session was given after the end');
      const expires = 'Expiration' in outcome.answer ? outcome.answer.Expiration : outcome.answer.sessionExpiresAt;
      must(Date.parse(expires) <= endsAt, 'a session is said to outlive its grant');
      continue;
    }
    must(['not-active', 'aws-refused'].includes(codeOf(outcome)), `refused with ${codeOf(outcome)}`);
    if (span.least >= endsAt) measured['sessions refused after the end']! += 1;
    // sign-in may find that STS's clock has run out; the grant is not to blame for that
    if (span.least >= startsAt && span.most < endsAt && codeOf(outcome) === 'not-active')
      measured['sessions refused before it']! += 1;
  }
  const record = app.store.requests.get(id)!;
  must(
    record.sessions.every(({ expiresAt }) => expiresAt <= endsAt),
    'a session on record outlives its grant',
  );
  must(
    record.history.filter(({ type }) => type === 'vended').every(({ at }) => at < endsAt),
    'a session was recorded after the end',
  );

  // the sweep may come at any time: it ends what is over and nothing else
  app.gate = () => {};
  app.now = endsAt + oneOf(random, [-1, 0, 1, HOUR]);
  await sweep(app);
  must(
    (app.store.requests.get(id)!.outcome !== undefined) === app.now >= endsAt,
    'the sweep ended a grant that was not over, or left one that was',
  );
  return undefined;
}

/** Filed and approved, by API or by link, the clock standing still. */
async function grant(app: FakeApp, duration: string): Promise<{ id: string; startsAt: number; endsAt: number }> {
  const { request } = await fileRequest(app, dev, { role: 'read', reason: 'Time', duration });
  app.now += 1500;
  if (duration === '1h') {
    await tell(app, undefined, request);
    await decideByLink(app, linkTo(app, 'lead@example.com'), { decision: 'approve' });
  } else await decideRequest(app, lead, request.id, { decision: 'approve' });
  const granted = app.store.requests.get(request.id)!.grant;
  must(granted !== undefined, 'not granted');
  return { id: request.id, ...granted };
}

/** From when on a session policy denies everything. */
function endClauseOf(policy: string): number {
  const { Statement } = JSON.parse(policy) as {
    Statement: Array<{
      Effect: string;
      Action: string;
      Condition?: { DateGreaterThanEquals?: Record<string, string> };
    }>;
  };
  const end = Statement.find(({ Effect, Action }) => Effect === 'Deny' && Action === '*')?.Condition
    ?.DateGreaterThanEquals?.['aws:CurrentTime'];
  must(end !== undefined, 'the session policy has no end');
  return Date.parse(end);
}
