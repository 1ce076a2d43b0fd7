// Figures 11 and 12: the table throttles, conflicts and loses answers; STS and sign-in refuse, throttle or hang. Every answer stays
// true and in the contract, no grant is damaged, and retries succeed.
import type { STSClient } from '@aws-sdk/client-sts';
import { describe, expect, test } from '@jest/globals';
import type { App, Store } from '../../lib/app.ts';
import { dynamoAttempts } from '../../lib/aws/dynamodb/errors.ts';
import { stsSessions } from '../../lib/aws/sts.ts';
import { HOUR, MINUTE, SECOND } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { Problem } from '../../lib/model/problem.ts';
import { isHistoryIntact } from '../../lib/request/history.ts';
import { type Answer, approvedBy, call, filed, granted, notify, streamRecord } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { fakeSts } from '../support/fake-aws.ts';
import { type FakeStore, fakeStore } from '../support/fake-store.ts';
import { titleOf } from '../support/outbox.ts';
import { catalogueOf } from '../support/small-catalogue.ts';
import { must, oneOf, prove, size } from './size.ts';

const catalogue = catalogueOf();

// -- the table -------------------------------------------------------------------------------------------------------

/**
 * A store behind a bad network, as the real one shows it: of the attempts at a call 30 % are throttled and 5 % are done but
 * lose their answer, which the next attempt finds out; 10 % of the writes conflict. A call that is not through
 * after the last attempt is `try-again`, done or not.
 */
function faulty(store: FakeStore, random: () => number): Store {
  const passed = async <Answer>(call: () => Promise<Answer>): Promise<Answer> => {
    let done: { answer: Answer } | undefined;
    for (let attempt = 0; attempt < dynamoAttempts; attempt += 1) {
      const luck = random();
      if (luck < 0.3) continue;
      done ??= { answer: await call() };
      if (luck >= 0.35) return done.answer;
    }
    throw new Problem('try-again', 'The table is busy.', { retryAfterSeconds: 1 });
  };
  const calls = Object.entries(store).flatMap(([name, call]) =>
    typeof call === 'function'
      ? [[name, (...args: unknown[]) => passed(() => (call as (...args: unknown[]) => Promise<unknown>)(...args))]]
      : [],
  );
  const through = Object.fromEntries(calls) as unknown as Store;
  return { ...through, replace: async (...args) => (random() < 0.1 ? false : through.replace(...args)) };
}

describe('a table that throttles, conflicts and loses answers', () => {
  test('every answer is true and every record complete', async () => {
    const measured = {
      'calls through in three tries': 0,
      'calls not through in three tries': 0,
      'answers 503': 0,
      'answers 500': 0,
    };
    await prove(
      10,
      'lives of a request over a failing table',
      size(150, 20_000),
      (_, random) => life(random, measured),
      measured,
    );
    if (process.env.LATCHKEY_SEED !== undefined) return;
    expect(measured['answers 500']).toBe(0);
    expect(measured['answers 503']).toBeGreaterThan(0);
    const failed = measured['calls not through in three tries'];
    const all = measured['calls through in three tries'] + failed;
    // a quick run makes about 900 calls, of which two may fail by chance
    expect(failed).toBeLessThanOrEqual(Math.max(2, all / 1000));
  }, 3_600_000);
});

async function life(random: () => number, measured: Record<string, number>): Promise<undefined> {
  const store = fakeStore();
  const app = fakeApp({ catalogue, store: faulty(store, random) });

  /** Up to three times, as a client would; answers the last, or undefined if none got through. */
  const tried = async <Body>(
    name: Parameters<typeof call>[1],
    wish: Parameters<typeof call>[2],
    good: number[],
  ): Promise<Answer<Body> | undefined> => {
    for (let n = 0; n < 3; n += 1) {
      const answer = await call<Body>(app, name, wish);
      if (answer.status === 500) measured['answers 500']! += 1;
      if (answer.status !== 503) {
        must(good.includes(answer.status), `${name} answered ${answer.status}: ${answer.text}`);
        measured['calls through in three tries']! += 1;
        return answer;
      }
      must(answer.headers['retry-after'] !== undefined, '503 without Retry-After');
      measured['answers 503']! += 1;
      app.now += SECOND;
    }
    measured['calls not through in three tries']! += 1;
    return undefined;
  };

  const body = { role: 'read', reason: 'A bad day for the table' };
  const filing = await tried<RequestView>(
    'createRequest',
    { as: 'dev@example.com', body, headers: { 'idempotency-key': 'bad day' } },
    [200, 201],
  );
  must(store.requests.size === 1 || filing === undefined, `${store.requests.size} requests of one filing`);
  if (!filing) return;
  const { id } = filing.body;
  const record = () => store.requests.get(id)!;

  // a caller whose answer was lost learns that the decision was recorded
  const decision = await tried(
    'decideRequest',
    { as: 'lead@example.com', id, body: { decision: 'approve' } },
    [200, 409],
  );
  const decisions = record().stages[0]!.decisions.length;
  must(decision ? decisions === 1 : decisions <= 1, `${decisions} decisions`);
  const { endsAt } = record().grant ?? {};
  if (endsAt === undefined) return;

  for (const name of ['issueCredentials', 'issueConsole', 'issueCredentials'] as const) {
    const answer = await tried<{ AccessKeyId?: string }>(name, { as: 'dev@example.com', id, body: {} }, [200]);
    const key = answer?.body.AccessKeyId;
    must(
      key === undefined || record().sessions.some(({ accessKeyId }) => accessKeyId === key),
      'credentials left without a record',
    );
    must(record().grant?.endsAt === endsAt && record().outcome === undefined, 'the grant was damaged');
  }
  const end = await tried(
    'endRequest',
    { as: oneOf(random, ['dev@example.com', 'admin@example.com']), id, body: {} },
    [200, 409],
  );
  must(end === undefined || record().outcome !== undefined, 'the end was confirmed but is not on record');
  must(isHistoryIntact(record()) && record().version === store.changes.length, 'the history is not intact');
  must(
    new Set(record().history.map(({ type }) => type)).size >= 3 &&
      record().history.filter(({ type }) => type === 'approved').length === 1,
    'approved twice',
  );
  await hearAll(app, store);
  return undefined;
}

/** The stream is delivered again until every email is out. Each goes out once, because no sender crashes. */
async function hearAll(app: FakeApp, store: FakeStore): Promise<void> {
  let records = store.changes.map(streamRecord);
  for (let round = 0; records.length > 0; round += 1) {
    must(round < 40, 'emails do not get out');
    const { batchItemFailures } = await notify(app, ...records);
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    records = records.filter((record) => failed.has(record.dynamodb!.SequenceNumber!));
    app.now += 3 * MINUTE;
  }
  const sent = app.mail.outbox.map(({ to, subject }) => `${to} ${titleOf(subject)}`);
  const wanted = [
    'lead@example.com Decision needed',
    'second-lead@example.com Decision needed',
    'dev@example.com Approved',
    'second-lead@example.com Approved',
  ];
  for (const mail of wanted) must(sent.includes(mail), `the email "${mail}" was lost`);
}

// -- STS and sign-in -------------------------------------------------------------------------------------------------

const awsError = (name: string, httpStatusCode: number) =>
  Object.assign(new Error('User: arn:aws:sts::999999999999:assumed-role/hub is not authorized'), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode },
  });
const timeout = Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });

const faults: Array<[string, Error, number, string]> = [
  ['AccessDenied', awsError('AccessDenied', 403), 502, 'aws-refused'],
  ['PackedPolicyTooLarge', awsError('PackedPolicyTooLargeException', 400), 502, 'aws-refused'],
  ['RegionDisabled', awsError('RegionDisabledException', 403), 502, 'aws-refused'],
  ['ValidationError', awsError('ValidationError', 400), 502, 'aws-refused'],
  ['Throttling', awsError('Throttling', 400), 503, 'try-again'],
  ['ServiceUnavailable', awsError('ServiceUnavailable', 503), 503, 'try-again'],
  ['a timeout', timeout, 503, 'try-again'],
];

describe('an STS that refuses', () => {
  test.each(faults)(
    '%s: a clear refusal, the grant unharmed, and it works once STS does',
    async (_, fault, status, code) => {
      let isBroken = true;
      const inner = fakeSts(() => app.now);
      const app: FakeApp = fakeApp({
        catalogue,
        sts: stsOver(inner, () => (isBroken ? fault : undefined)),
        signIn: { token: async () => 'token' },
      });
      const { id } = await granted(app);
      const before = app.store.requests.get(id);
      for (const name of ['issueCredentials', 'issueConsole'] as const) {
        const answer = await call<{ code: string }>(app, name, { as: 'dev@example.com', id, body: {} });
        expect([answer.status, answer.body.code]).toEqual([status, code]);
        expect(answer.text).not.toContain('not authorized');
        expect(app.store.requests.get(id)).toBe(before);
      }
      isBroken = false;
      for (const name of ['issueCredentials', 'issueConsole'] as const) {
        expect((await call(app, name, { as: 'dev@example.com', id, body: {} })).status).toBe(200);
      }
    },
  );

  test('an STS call that returns after the end of the grant gives no credentials and leaves no session on record', async () => {
    const app = fakeApp({ catalogue });
    const { id } = await granted(app, { duration: '1m' });
    const { endsAt } = app.store.requests.get(id)!.grant!;
    app.now = endsAt - 5 * SECOND;
    app.gate = ({ name }, when) => {
      if (name === 'sts.assumeRole' && when === 'before') app.now += 10 * SECOND;
    };
    const answer = await call<{ code: string; request: RequestView }>(app, 'issueCredentials', {
      as: 'dev@example.com',
      id,
      body: {},
    });
    expect([answer.status, answer.body.code, answer.body.request.status]).toEqual([409, 'not-active', 'ended']);
    expect(answer.text).not.toContain('canary');
    expect(app.store.requests.get(id)).toMatchObject({ vended: 0, sessions: [] });
  });

  test('a grant that is revoked during the STS call gives no credentials', async () => {
    const app = fakeApp({ catalogue });
    const { id } = await granted(app);
    app.gate = async ({ name }, when) => {
      if (name !== 'sts.assumeRole' || when !== 'after') return;
      app.gate = () => {};
      expect((await call(app, 'endRequest', { as: 'admin@example.com', id, body: {} })).status).toBe(200);
    };
    const answer = await call<{ code: string; request: RequestView }>(app, 'issueCredentials', {
      as: 'dev@example.com',
      id,
      body: {},
    });
    expect([answer.status, answer.body.code, answer.body.request.status]).toEqual([409, 'not-active', 'revoked']);
    expect(answer.text).not.toContain('canary');
    expect(app.store.requests.get(id)).toMatchObject({ vended: 0, sessions: [] });
  });

  test.each([
    ['refuses', new Problem('aws-refused', 'no'), 502],
    ['is away', new Problem('try-again', 'later', { retryAfterSeconds: 1 }), 503],
  ])('a sign-in endpoint that %s leaves no record of a session', async (_, fault, status) => {
    const app = fakeApp({ catalogue, signIn: { token: () => Promise.reject(fault) } });
    const { id } = await granted(app);
    expect((await call(app, 'issueConsole', { as: 'dev@example.com', id, body: {} })).status).toBe(status);
    expect(app.store.requests.get(id)).toMatchObject({ vended: 0, sessions: [] });
    expect(isHistoryIntact(app.store.requests.get(id)!)).toBe(true);
  });

  test('random errors of STS over many grants', async () => {
    const measured = { 'sessions given': 0, 'answers in the contract': 0, 'answers 500': 0 };
    await prove(
      11,
      'sessions requested from a failing STS',
      size(40, 20_000),
      (_, random) => badDay(random, measured),
      measured,
    );
    expect(measured['answers 500']).toBe(0);
  }, 3_600_000);
});

async function badDay(random: () => number, measured: Record<string, number>): Promise<undefined> {
  const inner = fakeSts(() => app.now);
  const app: FakeApp = fakeApp({
    catalogue,
    sts: stsOver(inner, () => (random() < 0.5 ? oneOf(random, faults)[1] : undefined)),
  });
  const { id } = await approvedBy(app, (await filed(app)).id, 'lead@example.com');
  const { endsAt } = app.store.requests.get(id)!.grant!;
  app.now += Math.floor(random() * HOUR);
  app.gate = ({ name }, when) => {
    if (name === 'sts.assumeRole' && when === 'before' && random() < 0.1) app.now += 10 * SECOND;
  };
  for (let n = 0; n < 6; n += 1) {
    const { vended } = app.store.requests.get(id)!;
    const answer = await call<{ code?: string }>(app, 'issueCredentials', { as: 'dev@example.com', id, body: {} });
    const given = answer.status === 200;
    if (answer.status === 500) measured['answers 500']! += 1;
    must(
      given || ['aws-refused', 'try-again', 'not-active'].includes(answer.body.code ?? ''),
      `answered ${answer.status}: ${answer.text}`,
    );
    measured[given ? 'sessions given' : 'answers in the contract']! += 1;
    const after = app.store.requests.get(id)!;
    must(
      after.vended === vended + (given ? 1 : 0) && after.sessions.length === after.vended,
      'a session without a record, or a record without a session',
    );
    must(after.grant?.endsAt === endsAt && after.outcome === undefined, 'the grant was damaged');
  }
  return undefined;
}

/** The real edge to STS, over a fake one that fails when told. */
function stsOver(inner: App['sts'], faultNow: () => Error | undefined): App['sts'] {
  const send = async ({ input }: { input: Parameters<App['sts']['assumeRole']>[0] }) => {
    const fault = faultNow();
    if (fault) throw fault;
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = await inner.assumeRole(input);
    return {
      Credentials: {
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        SessionToken: sessionToken,
        Expiration: new Date(expiresAt),
      },
    };
  };
  return stsSessions({ send } as unknown as STSClient);
}
