// A revocation from the call that ends the grant to the policy on the role: taken, refused, too long, at the same time as others, and over.
import { describe, expect, test } from '@jest/globals';
import { handler } from '../../functions/revoke-sessions.ts';
import { fileRequest } from '../../lib/actions/file-request.ts';
import { pruneRevocations, revokeSessions } from '../../lib/actions/revoke.ts';
import { sweep } from '../../lib/actions/sweep.ts';
import { issueCredentials } from '../../lib/actions/vend.ts';
import { imageOf } from '../../lib/aws/dynamodb/request-image.ts';
import { HOUR, MINUTE, SECOND, toInstant } from '../../lib/common/time.ts';
import { requestView } from '../../lib/http/view.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { inlineLimit } from '../../lib/session/iam.ts';
import { RevocationRefused } from '../../lib/session/revocation-refused.ts';
import { endedBy, signedIn } from '../proof/cast.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { crashAt } from '../support/gates.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const role = 'arn:aws:iam::333333333333:role/latchkey/play';
const dev = (i = 0) => `dev-${i}@example.com`;
const statements = (app: FakeApp) =>
  JSON.parse(app.iam.policies.get(role) ?? '{"Statement":[]}').Statement as Array<{
    Condition: Record<string, Record<string, unknown>>;
  }>;
const denied = (app: FakeApp) =>
  statements(app).flatMap(({ Condition }) => Condition.StringEquals?.['aws:PrincipalTag/latchkey-request'] ?? []);
const stored = (app: FakeApp, { id }: { id: string }) => app.store.requests.get(id)!;
const revocationOf = (app: FakeApp, request: { id: string }) => stored(app, request).revocation;

/** A grant with a session out. */
async function active(app: FakeApp, i = 0): Promise<RequestRecord> {
  const { request } = await fileRequest(app, signedIn(app, dev(i)), { role: 'play', reason: 'Look around' });
  await issueCredentials(app, signedIn(app, dev(i)), { request: request.id });
  return stored(app, request);
}
async function revoked(app: FakeApp, i = 0): Promise<RequestRecord> {
  const { id } = await active(app, i);
  app.now += MINUTE;
  return endedBy(app, signedIn(app, 'admin@example.com'), id);
}

describe('what a role reaches beyond its session', () => {
  const reaching = (...reaches: string[]) => {
    const { play } = smallCatalogueFile.roles;
    const roles = { ...smallCatalogueFile.roles, play: { ...play, session: { max: '30m' }, reaches } };
    return fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, roles }) });
  };
  /** When everything is over for certain: as the grant is revoked, and once IAM denies its sessions. */
  const overAfter = async (app: FakeApp) => {
    const request = await revoked(app);
    const before = request.revocation?.effectiveBy;
    await revokeSessions(app, [request]);
    return [before, revocationOf(app, request)?.effectiveBy].map((at) => (at ?? 0) - start);
  };

  test.each([
    ['nothing', [], 30 * MINUTE, 6 * MINUTE],
    ['other identities alone', ['lambda'], 30 * MINUTE, 6 * MINUTE],
    ['EKS, until the last session ends', ['eks'], 30 * MINUTE, 30 * MINUTE],
    ['Redshift, for an hour after the last call', ['redshift'], 90 * MINUTE, 66 * MINUTE],
    ['ECR, for twelve hours after the last call', ['ecr', 'eks'], 12.5 * HOUR, 12 * HOUR + 6 * MINUTE],
  ])('%s', async (_, reaches, before, after) => expect(await overAfter(reaching(...reaches))).toEqual([before, after]));

  test('also when its sessions were over before the revoke', async () => {
    const app = reaching('redshift');
    const { id } = await active(app);
    app.now = start + 45 * MINUTE;
    const { revocation } = await endedBy(app, signedIn(app, 'admin@example.com'), id);
    expect(revocation).toMatchObject({ effectiveBy: start + 90 * MINUTE });
  });
});

describe('ending a grant', () => {
  test('with a session out begins a revocation, and says from when on nothing works for certain', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    expect(request).toMatchObject({
      outcome: { status: 'revoked' },
      revocation: { state: 'pending', at: start + MINUTE, effectiveBy: start + HOUR },
    });
    expect(requestView(app.catalogue, request, app.now).revocation).toEqual({
      state: 'pending',
      at: toInstant(start + MINUTE),
      effectiveBy: toInstant(start + HOUR),
    });
    expect(imageOf(request).revocation).toEqual({ S: 'pending' });
  });

  test('by handing it back does the same', async () => {
    const app = fakeApp();
    const { id } = await active(app);
    expect(await endedBy(app, signedIn(app, dev()), id)).toMatchObject({
      outcome: { status: 'ended' },
      revocation: { state: 'pending' },
    });
  });

  test('without a session out has nothing to revoke', async () => {
    const app = fakeApp();
    const { request } = await fileRequest(app, signedIn(app, dev()), { role: 'play', reason: 'Look around' });
    const ended = await endedBy(app, signedIn(app, dev()), request.id);
    expect([ended.outcome?.status, ended.revocation]).toEqual(['withdrawn', undefined]);
    const over = await active(app, 1);
    app.now = start + 50 * MINUTE;
    const live = await fakeLater(app, over);
    expect(live.revocation).toBeUndefined();
  });

  test('reaches its sessions also when the catalogue calls the account otherwise by now', async () => {
    const app = fakeApp();
    const { id } = await active(app);
    const { sandbox, ...accounts } = smallCatalogueFile.accounts;
    const { play, ...roles } = smallCatalogueFile.roles;
    app.catalogue = catalogueOf({
      ...smallCatalogueFile,
      accounts: { ...accounts, playground: sandbox },
      roles: { ...roles, play: { ...play, account: 'playground' } },
    });
    const request = await endedBy(app, signedIn(app, 'admin@example.com'), id);
    expect(request).toMatchObject({ revocation: { state: 'pending' } });
    await revokeSessions(app, [request]);
    expect([denied(app), revocationOf(app, { id })?.state]).toEqual([[id], 'done']);
  });

  /** Ends a longer grant after its only session has ended. */
  async function fakeLater(app: FakeApp, request: RequestRecord): Promise<RequestRecord> {
    app.store.requests.set(request.id, { ...request, grant: { ...request.grant!, endsAt: start + 8 * HOUR } });
    app.now = start + HOUR + SECOND;
    return endedBy(app, signedIn(app, 'admin@example.com'), request.id);
  }

  test('counts sessions that are no longer listed', async () => {
    const app = fakeApp();
    const request = await active(app);
    const short = { ...request.sessions[0]!, expiresAt: start + MINUTE };
    app.store.requests.set(request.id, { ...request, sessions: [short], vended: 14 });
    app.now += 2 * MINUTE;
    expect((await endedBy(app, signedIn(app, 'admin@example.com'), request.id)).revocation?.effectiveBy).toBe(
      start + HOUR,
    );
  });

  test('says so where the account has no revoker', async () => {
    const { sandbox } = smallCatalogueFile.accounts;
    const app = fakeApp({
      catalogue: catalogueOf({
        ...smallCatalogueFile,
        accounts: { ...smallCatalogueFile.accounts, sandbox: { ...sandbox, revoker: false } },
      }),
    });
    expect((await revoked(app)).revocation).toEqual({
      state: 'unavailable',
      at: start + MINUTE,
      effectiveBy: start + HOUR,
    });
  });
});

describe('the revocation', () => {
  test("denies this grant's sessions and no other's, and promises minutes from then on", async () => {
    const app = fakeApp();
    const other = await active(app, 1);
    const request = await revoked(app);
    expect(await revokeSessions(app, [request])).toEqual([]);
    expect(denied(app)).toEqual([request.id]);
    expect(denied(app)).not.toContain(other.id);
    expect(stored(app, request)).toMatchObject({
      version: request.version + 1,
      revocation: { state: 'done', at: start + MINUTE, effectiveBy: start + 6 * MINUTE },
      history: expect.arrayContaining([expect.objectContaining({ type: 'sessions-revoked', actor: 'latchkey' })]),
    });
    expect(app.lines.map(({ code }) => code)).toContain('sessions-revoked');
  });

  test('of several grants at once is one policy', async () => {
    const app = fakeApp();
    const requests = [await revoked(app, 1), await revoked(app, 2), await revoked(app, 3)];
    app.forget();
    await revokeSessions(app, requests);
    expect(app.steps.filter(({ name }) => name === 'iam.setRevocations')).toHaveLength(1);
    expect(denied(app)).toEqual(requests.map(({ id }) => id).sort());
  });

  test('told twice is done once', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    await revokeSessions(app, [request, request]);
    const { version } = stored(app, request);
    app.forget();
    expect(await revokeSessions(app, [request])).toEqual([]);
    expect(app.steps.map(({ name }) => name)).toEqual(['store.getMany']);
    expect(stored(app, request).version).toBe(version);
  });

  test('that IAM does not take comes again, and after ten minutes is said to have failed', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    app.iam.setRevocations = () => Promise.reject(new Error('IAM is away'));
    for (let i = 0; i < 6; i += 1) expect(await revokeSessions(app, [request])).toEqual([request.id]);
    expect(revocationOf(app, request)?.state).toBe('pending');
    app.now = start + 11 * MINUTE;
    expect(await revokeSessions(app, [request])).toEqual([]);
    expect(revocationOf(app, request)).toEqual({ state: 'failed', at: app.now, effectiveBy: start + HOUR });
    expect(app.lines.at(-1)).toEqual({ code: 'revocation-failed', fields: { request: request.id } });
    expect(app.store.revocations.get(role)?.holder).toBeUndefined();
  });

  test('that has to come again waits, the longer the longer it has failed', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    const since = app.now;
    const works = app.iam.setRevocations;
    app.iam.setRevocations = () => Promise.reject(new Error('IAM is away'));
    for (const seconds of [0, 2, 8, 40, 300]) {
      app.now = since + seconds * SECOND;
      await revokeSessions(app, [request]);
    }
    expect(app.pauses).toEqual([0, 500, 2000, 10_000, 15_000]);
    app.iam.setRevocations = works;
    expect(await revokeSessions(app, [request])).toEqual([]);
    expect(app.pauses).toHaveLength(5);
  });
  test('that IAM takes at the sixth try is done', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    const works = app.iam.setRevocations;
    app.iam.setRevocations = () => Promise.reject(new Error('IAM is away'));
    for (let i = 0; i < 5; i += 1) await revokeSessions(app, [request]);
    app.iam.setRevocations = works;
    expect(await revokeSessions(app, [request])).toEqual([]);
    expect(revocationOf(app, request)?.state).toBe('done');
  });

  test('that IAM refuses for good has failed at once', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    app.iam.setRevocations = () => Promise.reject(new RevocationRefused('UnmodifiableEntity'));
    expect(await revokeSessions(app, [request])).toEqual([]);
    expect(revocationOf(app, request)?.state).toBe('failed');
  });

  test('of a role that is gone is done: its sessions can do nothing', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    app.iam.gone.add(role);
    await revokeSessions(app, [request]);
    expect(revocationOf(app, request)?.state).toBe('done');
  });

  test('where the role has no room denies every session up to now instead', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    app.iam.room.set(role, 195);
    await revokeSessions(app, [request]);
    expect(statements(app)).toEqual([
      expect.objectContaining({ Condition: { DateLessThan: { 'aws:TokenIssueTime': toInstant(app.now + SECOND) } } }),
    ]);
    expect(revocationOf(app, request)?.state).toBe('done');
    expect(app.store.revocations.get(role)).toMatchObject({ grants: new Map(), before: app.now + SECOND });
    const next = await revoked(app, 1);
    app.iam.room.delete(role);
    await revokeSessions(app, [next]);
    expect(statements(app)).toHaveLength(2);
    expect(denied(app)).toEqual([next.id]);
  });

  test('where not even that fits has failed', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    app.iam.room.set(role, 10);
    await revokeSessions(app, [request]);
    expect(revocationOf(app, request)?.state).toBe('failed');
  });

  test('waits for the holder of the lease, and takes it over when the holder is gone', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    await app.store.leaseRevocations(role, 'somebody else', app.now, app.now + 90 * SECOND);
    expect(await revokeSessions(app, [request])).toEqual([request.id]);
    app.now += 91 * SECOND;
    expect(await revokeSessions(app, [request])).toEqual([]);
    expect(denied(app)).toEqual([request.id]);
  });

  test('survives a crash at every step', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    app.forget();
    await revokeSessions(app, [request]);
    const steps = app.steps.length;
    for (let n = 1; n <= steps; n += 1)
      for (const when of ['before', 'after'] as const) {
        const crashing = fakeApp();
        const again = await revoked(crashing);
        crashing.forget();
        crashing.gate = crashAt(n, when);
        await revokeSessions(crashing, [again]).catch(() => undefined);
        crashing.gate = () => {};
        crashing.now += 2 * MINUTE;
        expect(await revokeSessions(crashing, [again])).toEqual([]);
        expect([n, when, denied(crashing), revocationOf(crashing, again)?.state]).toEqual([
          n,
          when,
          [again.id],
          'done',
        ]);
      }
  });

  test('that nobody ever took up is written down by the sweeper', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    app.now += 14 * MINUTE;
    await sweep(app);
    expect(revocationOf(app, request)?.state).toBe('pending');
    app.now += MINUTE;
    await sweep(app);
    expect(revocationOf(app, request)?.state).toBe('failed');
    expect(await app.store.due(app.now + 30 * 24 * HOUR, 10)).toEqual([]);
  });
});

describe('the policy of a role', () => {
  test('forgets grants whose sessions are over', async () => {
    const app = fakeApp();
    const first = await revoked(app);
    await revokeSessions(app, [first]);
    app.now += 2 * HOUR;
    const second = await revoked(app, 1);
    await revokeSessions(app, [second]);
    expect(denied(app)).toEqual([second.id]);
    expect([...app.store.revocations.get(role)!.grants.keys()]).toEqual([second.id]);
  });

  test('is taken away when DynamoDB has collected its list, through the handler', async () => {
    const app = fakeApp();
    const request = await revoked(app);
    await revokeSessions(app, [request]);
    app.now += 25 * HOUR;
    app.store.revocations.delete(role);
    const removed = {
      eventName: 'REMOVE' as const,
      dynamodb: { Keys: { pk: { S: `revocations#${role}` } }, SequenceNumber: '1' },
    };
    expect(await handler.with(app)({ Records: [removed] }, {} as never)).toEqual({ batchItemFailures: [] });
    expect(app.iam.policies.has(role)).toBe(false);
    expect(await pruneRevocations(app, 'arn:aws:iam::777777777777:role/unknown')).toBeUndefined();
  });

  test('holds 400 revocations of one hour within its limit, none lost', async () => {
    const app = fakeApp();
    const requests: RequestRecord[] = [];
    for (let i = 0; i < 400; i += 1) {
      app.now = start + i * 9 * SECOND;
      const { id } = await active(app, i);
      requests.push(await endedBy(app, signedIn(app, 'admin@example.com'), id));
      if (i % 7 === 0) expect(await revokeSessions(app, requests.slice(-7))).toEqual([]);
    }
    await revokeSessions(app, requests.slice(-7));
    expect(Math.max(...app.iam.lengths)).toBeLessThanOrEqual(inlineLimit);
    const folded = statements(app).find(({ Condition }) => Condition.DateLessThan)?.Condition.DateLessThan?.[
      'aws:TokenIssueTime'
    ] as string;
    const listed = new Set(denied(app));
    for (const request of requests) {
      expect(revocationOf(app, request)?.state).toBe('done');
      const [session] = stored(app, request).sessions;
      expect(listed.has(request.id) || session!.issuedAt < Date.parse(folded) || session!.expiresAt < app.now).toBe(
        true,
      );
    }
  });
});

test('the handler names the records that have to come again, and those alone', async () => {
  const app = fakeApp();
  const [good, bad] = [await revoked(app, 1), await revoked(app, 2)];
  const works = app.store.replace;
  app.store.replace = async (next, version) => {
    if (next.id === bad.id) throw new Error('the table is away');
    return works(next, version);
  };
  const record = (request: RequestRecord, SequenceNumber: string) => {
    const image = imageOf(request) as never;
    return {
      eventName: 'MODIFY' as const,
      dynamodb: { Keys: { pk: { S: `request#${request.id}` } }, NewImage: image, SequenceNumber },
    };
  };
  expect(await handler.with(app)({ Records: [record(good, '1'), record(bad, '2')] }, {} as never)).toEqual({
    batchItemFailures: [{ itemIdentifier: '2' }],
  });
  expect([revocationOf(app, good)?.state, revocationOf(app, bad)?.state]).toEqual(['done', 'pending']);
});

test('a record that cannot be read is named alone, and holds up no revocation of another', async () => {
  const app = fakeApp();
  const request = await revoked(app);
  const image = imageOf(request);
  const record = (NewImage: object, SequenceNumber: string) =>
    ({ eventName: 'MODIFY', dynamodb: { Keys: { pk: image.pk }, NewImage, SequenceNumber } }) as never;
  const broken = { ...image, doc: { S: '{"canary' } };
  const Records = [record(broken, '1'), record(image, '2')];
  expect(await handler.with(app)({ Records }, {} as never)).toEqual({ batchItemFailures: [{ itemIdentifier: '1' }] });
  expect(denied(app)).toEqual([request.id]);
  expect(JSON.stringify(app.lines)).not.toContain('canary');
});
