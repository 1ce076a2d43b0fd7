// One contract for every store: the fake and DynamoDB on each emulator. What only DynamoDB can do wrong is tested below it.
import {
  type DynamoDBClient,
  GetItemCommand,
  InternalServerError,
  ProvisionedThroughputExceededException,
  ThrottlingException,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ListIndex, Position, Store } from '../../lib/app.ts';
import { imageOf, recordFromImage } from '../../lib/aws/dynamodb/request-image.ts';
import { dynamoStore } from '../../lib/aws/store.ts';
import { projectionOf, tableDefinition } from '../../lib/aws/table.ts';
import { bounds } from '../../lib/catalogue/bounds.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../lib/common/time.ts';
import { Problem } from '../../lib/model/problem.ts';
import type { Block, RequestRecord } from '../../lib/model/schema.ts';
import { dueAt } from '../../lib/model/status.ts';
import type { Ledger } from '../../lib/policy/ledger.ts';
import {
  availableEmulators,
  dynalite,
  dynamoDbLocal,
  dynoxide,
  type Emulator,
  type EmulatorKind,
  whereWanted,
} from '../support/emulators.ts';
import { fakeStore } from '../support/fake-store.ts';
import { meter } from '../support/meter.ts';
import { approved, finished, message, next, record, requestId, start, vended } from '../support/records.ts';

const emulators = availableEmulators([dynalite, whereWanted(dynoxide), dynamoDbLocal], "the store's contract");

/** Where a store lives for a block of tests; every table is a fresh one. */
function tablesOf(kind: EmulatorKind) {
  let running: Emulator | undefined;
  let made = 0;
  beforeAll(async () => {
    running = await kind.start();
  }, 60_000);
  afterAll(() => running?.stop());
  return async (config: Parameters<Emulator['client']>[0] = {}) => {
    const table = `latchkey-${++made}`;
    await running!.createTable(table);
    const client = running!.client(config);
    return { client, table, store: dynamoStore(client, table) };
  };
}

const homes: Array<{ name: string; open(): () => Promise<Store> }> = [
  { name: 'the fake', open: () => async () => fakeStore() },
  ...emulators.map((kind) => ({
    name: kind.name,
    open: () => {
      const fresh = tablesOf(kind);
      return async () => (await fresh()).store;
    },
  })),
];

describe.each(homes)('the store on $name', ({ open }) => {
  const fresh = open();

  test('returns stored requests, and undefined for an unknown id', async () => {
    const store = await fresh();
    const filed = record({
      filedBy: { principal: 'arn:aws:iam::999999999999:role/bot' },
      fingerprint: 'f',
      reason: 'Zeile 1\nЖ 🙂 "quoted"',
    });
    expect(await store.create(filed, [])).toBe('created');
    expect(await store.get(filed.id)).toEqual(filed);
    expect(await store.get(requestId(2))).toBeUndefined();
  });

  test('creates an id once, also when two writers race, and returns the stored request', async () => {
    const store = await fresh();
    const [first, second] = [record({ reason: 'first' }), record({ reason: 'second' })];
    const answers = await Promise.all([store.create(first, []), store.create(second, [])]);
    const stored = await store.get(first.id);
    expect(answers.filter((answer) => answer === 'created')).toHaveLength(1);
    expect([[stored], ['lost']]).toContainEqual(answers.filter((answer) => answer !== 'created'));
    expect(await store.create(record({ reason: 'third' }), [])).toEqual(stored);
    expect(await store.get(first.id)).toEqual(stored);
  });

  test('creating the same request again returns the stored one', async () => {
    const store = await fresh();
    await store.create(record(), []);
    expect(await store.create(record(), [])).toEqual(record());
  });

  test('replaces only the version that was read', async () => {
    const store = await fresh();
    const filed = record();
    await store.create(filed, []);
    const second = approved(filed, start + MINUTE);
    expect(await store.replace(second, 1)).toBe(true);
    expect(await store.replace(finished(filed, 'denied', start + MINUTE), 1)).toBe(false);
    expect(await store.replace(second, 1)).toBe(false);
    expect(await store.get(filed.id)).toEqual(second);
  });

  test('yielding writes do not replace a request that is being ended, until the mark expires or the request is replaced', async () => {
    const store = await fresh();
    const filed = record();
    await store.create(filed, []);
    await store.markEnding(filed.id, start + MINUTE);
    const second = next(filed, 'vended', start);
    expect(await store.replace(second, 1, start)).toBe(false);
    expect(await store.get(filed.id)).toEqual(filed);
    expect(await store.replace(second, 1, start + MINUTE)).toBe(true);
    await store.markEnding(filed.id, start + HOUR);
    const third = next(second, 'vended', start);
    expect(await store.replace(third, 2, start)).toBe(false);
    expect(await store.replace(third, 2)).toBe(true);
    expect(await store.replace(next(third, 'vended', start), 3, start)).toBe(true);
  });

  test('does not replace a request that does not exist', async () => {
    const store = await fresh();
    expect(await store.replace(approved(record(), start), 1)).toBe(false);
    expect(await store.get(requestId(1))).toBeUndefined();
  });

  test('of many writers of one version exactly one wins, and its record is stored', async () => {
    const store = await fresh();
    await store.create(record(), []);
    const wanted = Array.from({ length: 8 }, (_, i) =>
      next(record(), 'approved', start + i, { reason: `writer ${i}` }),
    );
    const won = await Promise.all(wanted.map((one) => store.replace(one, 1)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await store.get(requestId(1))).toEqual(wanted[won.indexOf(true)]);
  });

  describe('the person of a subject', () => {
    const subject = 'https://issuer.example.com#00u1#with a sign';
    const binding = { id: 'A'.repeat(43), subject, person: 'dev@example.com', boundAt: start };

    test('is bound once, also when two calls race', async () => {
      const store = await fresh();
      expect(await store.getIdentity(binding.id)).toBeUndefined();
      const other = { ...binding, person: 'other@example.com', boundAt: start + 1 };
      const answers = await Promise.all([store.bindIdentity(binding), store.bindIdentity(other)]);
      const bound = await store.getIdentity(binding.id);
      expect(answers).toEqual([bound, bound]);
      expect(await store.bindIdentity({ ...binding, person: 'third@example.com' })).toEqual(bound);
    });

    test('is listed by person, oldest first, separately from requests', async () => {
      const store = await fresh();
      const second = { ...binding, id: 'B'.repeat(43), subject: `${subject}2`, boundAt: start + MINUTE };
      await store.create(record({ requester: { ...record().requester, person: binding.person } }), []);
      for (const one of [second, binding]) await store.bindIdentity(one);
      await store.bindIdentity({ ...binding, id: 'C'.repeat(43), person: 'other@example.com' });
      expect(await store.identitiesOf(binding.person)).toEqual([binding, second]);
      expect(await store.identitiesOf('nobody@example.com')).toEqual([]);
      expect(await store.list({ by: 'requester', person: binding.person }, 10)).toHaveLength(1);
      expect(await store.requestsOf(binding.person, start)).toHaveLength(1);
    });

    test('is forgotten when it is released, and can be bound again', async () => {
      const store = await fresh();
      expect(await store.releaseIdentity(binding.id, 'admin', start)).toBe(false);
      await store.bindIdentity(binding);
      expect(await store.releaseIdentity(binding.id, 'admin', start + MINUTE)).toBe(true);
      expect(await store.getIdentity(binding.id)).toBeUndefined();
      expect(await store.identitiesOf(binding.person)).toEqual([]);
      const rebound = { ...binding, person: 'other@example.com', boundAt: start + HOUR };
      expect(await store.bindIdentity(rebound)).toEqual(rebound);
      expect(await store.getIdentity(binding.id)).toEqual(rebound);
    });
  });

  describe('revocations of a role', () => {
    const role = 'arn:aws:iam::111111111111:role/latchkey/read';
    const grants = (...ids: number[]) => new Map(ids.map((n) => [requestId(n), start + HOUR]));

    test('are listed for the holder of the lease only, until it ends', async () => {
      const store = await fresh();
      await store.addRevocations(role, grants(1, 2), start);
      const list = await store.leaseRevocations(role, 'a', start, start + MINUTE);
      expect(list).toEqual({ grants: grants(1, 2), version: expect.any(Number), applied: -1 });
      expect(await store.leaseRevocations(role, 'b', start + SECOND, start + MINUTE)).toBeUndefined();
      expect(await store.leaseRevocations(role, 'a', start + SECOND, start + MINUTE)).toEqual(list);
      expect(await store.leaseRevocations(role, 'b', start + MINUTE, start + 2 * MINUTE)).toEqual(list);
      expect(await store.releaseRevocations(role, 'a', undefined)).toBe(false);
      expect(await store.releaseRevocations(role, 'b', undefined)).toBe(true);
      expect(await store.leaseRevocations(role, 'c', start, start + MINUTE)).toEqual(list);
    });

    test('are marked as written only if nothing was added concurrently', async () => {
      const store = await fresh();
      await store.addRevocations(role, grants(1), start);
      const first = (await store.leaseRevocations(role, 'a', start, start + MINUTE))!;
      await store.addRevocations(role, grants(2), start);
      expect(
        await store.releaseRevocations(role, 'a', { version: first.version, before: undefined, dropped: [] }),
      ).toBe(false);
      const second = (await store.leaseRevocations(role, 'a', start, start + MINUTE))!;
      expect(second.grants).toEqual(grants(1, 2));
      expect(
        await store.releaseRevocations(role, 'a', { version: second.version, before: start, dropped: [requestId(1)] }),
      ).toBe(true);
      const third = (await store.leaseRevocations(role, 'b', start, start + MINUTE))!;
      expect(third).toEqual({ grants: grants(2), before: start, version: second.version, applied: second.version });
      expect(
        await store.releaseRevocations(role, 'b', { version: third.version, before: undefined, dropped: [] }),
      ).toBe(true);
      expect((await store.leaseRevocations(role, 'b', start, start + MINUTE))?.before).toBeUndefined();
    });

    test('of a role without any can be leased too', async () => {
      const store = await fresh();
      expect(await store.leaseRevocations(role, 'a', start, start + MINUTE)).toEqual({
        grants: new Map(),
        version: 0,
        applied: -1,
      });
      expect(await store.releaseRevocations(role, 'a', { version: 0, before: undefined, dropped: [] })).toBe(true);
    });

    test('can be added concurrently and in any number', async () => {
      const store = await fresh();
      const hundred = Array.from({ length: 100 }, (_, n) => n);
      await Promise.all([
        store.addRevocations(role, grants(...hundred), start),
        ...hundred.slice(0, 5).map((n) => store.addRevocations(role, grants(200 + n), start)),
      ]);
      const list = (await store.leaseRevocations(role, 'a', start, start + MINUTE))!;
      expect(list.grants.size).toBe(105);
      expect(
        await store.releaseRevocations(role, 'a', {
          version: list.version,
          before: start,
          dropped: [...list.grants.keys()],
        }),
      ).toBe(true);
      expect((await store.leaseRevocations(role, 'a', start, start + MINUTE))?.grants.size).toBe(0);
    });
  });

  test('gets many in the requested order, without missing ones', async () => {
    const store = await fresh();
    for (const n of [1, 2, 3]) await store.create(record({ id: requestId(n) }), []);
    const found = await store.getMany([requestId(3), requestId(9), requestId(1)]);
    expect(found.map(({ id }) => id)).toEqual([requestId(3), requestId(1)]);
    expect(await store.getMany([])).toEqual([]);
    await expect(store.getMany(Array.from({ length: 101 }, (_, n) => requestId(n)))).rejects.toThrow(RangeError);
  });

  test('gets a full page of the longest requests', async () => {
    const store = await fresh();
    await file(store, 100);
    const ids = Array.from({ length: 100 }, (_, n) => requestId(100 - n));
    expect((await store.getMany(ids)).map(({ id }) => id)).toEqual(ids);
  });

  test("lists a person's requests as they change", async () => {
    const store = await fresh();
    const filed = record();
    const mine = { id: filed.id, role: filed.role.id, createdAt: start };
    const requests = () => store.requestsOf('asi-dev@example.com', start + 2 * MINUTE);
    await store.create(filed, []);
    const other = { ...filed.requester, person: 'other@example.com' };
    await store.create(record({ id: requestId(2), requester: other }), []);
    expect(await requests()).toEqual([{ ...mine, until: filed.decideBy }]);
    const granted = approved(filed, start + MINUTE);
    await store.replace(granted, 1);
    expect(await requests()).toEqual([{ ...mine, until: granted.grant!.endsAt }]);
    await store.replace(finished(granted, 'revoked', start + 2 * MINUTE), 2);
    expect(await requests()).toEqual([{ ...mine, until: start + 2 * MINUTE }]);
  });

  test.each([
    ['lapsed', (filed: RequestRecord) => finished(filed, 'lapsed', filed.decideBy), 1, record().decideBy],
    ['ended', (filed: RequestRecord) => finished(approved(filed, start), 'ended', start + HOUR), 2, start + HOUR],
  ])('the index holds the natural end of a request that %s', async (_, end, version, until) => {
    const store = await fresh();
    const filed = record({ version });
    await store.create(filed, []);
    await store.replace(end({ ...filed, version: 1 }), version);
    expect(await store.requestsOf(filed.requester.person, start)).toMatchObject([{ until }]);
  });

  test('lists unsigned reviews, however old if requested', async () => {
    const store = await fresh();
    const reviewDue = start + 3 * DAY;
    const review = { reviewers: ['group:leads'], people: [], admins: [], due: reviewDue };
    const granted = { ...approved(record(), start), review };
    const person = granted.requester.person;
    await store.create(granted, []);
    const over = finished(granted, 'ended', granted.grant!.endsAt);
    await store.replace(over, granted.version);
    const later = start + 300 * DAY;
    expect(await store.requestsOf(person, start + 10 * DAY)).toMatchObject([{ id: granted.id, reviewDue }]);
    expect(await store.requestsOf(person, later)).toEqual([]);
    expect(await store.requestsOf(person, later, 0)).toMatchObject([{ id: granted.id, reviewDue }]);
    const signed = {
      person: 'lead@example.com',
      principal: 'lead@example.com',
      name: 'Lead',
      comment: 'Looked',
      via: 'oidc' as const,
      at: later,
    };
    await store.replace({ ...over, version: over.version + 1, review: { ...review, signed } }, over.version);
    expect((await store.requestsOf(person, later, 0))[0]).not.toHaveProperty('reviewDue');
  });

  test('looks back for open requests as far as a request can be open, and lists them oldest first', async () => {
    const store = await fresh();
    const longest = (bounds.aheadMax + bounds.durationMax) * SECOND;
    for (const [n, createdAt] of [start - longest - 1, start - longest, start].entries())
      await store.create(record({ id: requestId(n + 1), createdAt, decideBy: start + DAY }), []);
    expect((await store.requestsOf('asi-dev@example.com', start)).map(({ id }) => id)).toEqual([
      requestId(2),
      requestId(3),
    ]);
  });

  describe('ledgers', () => {
    const mine = { of: 'person', id: 'asi-dev@example.com' } as const;
    const roles = { of: 'role', id: 'read' } as const;
    const entry = { id: requestId(1), role: 'read', createdAt: start, decideBy: start + HOUR, until: start + 2 * HOUR };
    const withOne = (ledger: Ledger, id = requestId(1)): Ledger => ({
      ...ledger,
      version: ledger.version + 1,
      open: [...ledger.open, { ...entry, id }],
      filed: [...ledger.filed, start],
    });

    test('are empty until a request is filed, and then count it', async () => {
      const store = await fresh();
      const [person, role] = await store.ledgers([mine, roles]);
      expect([person, role]).toEqual([
        { ...mine, version: 0, open: [], filed: [] },
        { ...roles, version: 0, open: [], filed: [] },
      ]);
      expect(await store.create(record(), [withOne(person!), withOne(role!)])).toBe('created');
      expect(await store.ledgers([roles, mine])).toEqual([withOne(role!), withOne(person!)]);
    });

    test('that changed since they were read prevent the write of request and ledgers', async () => {
      const store = await fresh();
      const [person, role] = await store.ledgers([mine, roles]);
      await store.create(record(), [withOne(person!)]);
      const second = record({ id: requestId(2) });
      expect(await store.create(second, [withOne(person!, second.id), withOne(role!, second.id)])).toBe('lost');
      expect(await store.get(second.id)).toBeUndefined();
      expect(await store.ledgers([mine, roles])).toEqual([withOne(person!), role]);
      const [now] = await store.ledgers([mine]);
      expect(await store.create(second, [withOne(now!, second.id), withOne(role!, second.id)])).toBe('created');
    });

    test('of one version are written by exactly one of many filings', async () => {
      const store = await fresh();
      const [person] = await store.ledgers([mine]);
      const ids = Array.from({ length: 20 }, (_, n) => requestId(n + 1));
      const answers = await Promise.all(ids.map((id) => store.create(record({ id }), [withOne(person!, id)])));
      expect(answers.filter((answer) => answer === 'created')).toHaveLength(1);
      expect(answers.filter((answer) => answer === 'lost')).toHaveLength(19);
      const stored = await store.getMany(ids);
      expect((await store.ledgers([mine]))[0]!.open.map(({ id }) => id)).toEqual(stored.map(({ id }) => id));
      expect(stored).toHaveLength(1);
    });

    test('do not count a request whose id is taken', async () => {
      const store = await fresh();
      const [person] = await store.ledgers([mine]);
      await store.create(record(), []);
      expect(await store.create(record({ reason: 'again' }), [withOne(person!)])).toEqual(record());
      expect(await store.ledgers([mine])).toEqual([person]);
    });
  });

  describe('blocks', () => {
    const block = (n: number): Block => ({
      id: requestId(n),
      person: `p${n}@example.com`,
      comment: 'Ж "quoted"',
      by: { key: 'admin@example.com', name: 'Admin' },
      at: start,
      until: start + HOUR,
    });

    test('are empty until the first block, and then return the last write', async () => {
      const store = await fresh();
      expect(await store.blocks()).toEqual({ version: 0, blocks: [] });
      const first = { version: 1, blocks: [block(1)] };
      expect(await store.replaceBlocks(first)).toBe(true);
      expect([await store.blocks(), await store.recentBlocks()]).toEqual([first, first]);
      expect(await store.replaceBlocks({ version: 2, blocks: [] })).toBe(true);
      expect(await store.blocks()).toEqual({ version: 2, blocks: [] });
    });

    test('of one version are written by exactly one of many', async () => {
      const store = await fresh();
      for (const version of [1, 2]) {
        const tries = Array.from({ length: 20 }, (_, n) => ({ version, blocks: [block(n)] }));
        const answers = await Promise.all(tries.map((next) => store.replaceBlocks(next)));
        expect(answers.filter(Boolean)).toHaveLength(1);
        expect(await store.blocks()).toEqual(tries[answers.indexOf(true)]);
      }
    });

    test('that changed since a request was judged prevent the write of request and ledgers', async () => {
      const store = await fresh();
      const [ledger] = await store.ledgers([{ of: 'person', id: 'asi-dev@example.com' }]);
      const counted = { ...ledger!, version: 1, filed: [start] };
      const judge = (blocks: number) => store.create(record(), [counted], blocks);
      await store.replaceBlocks({ version: 1, blocks: [block(1)] });
      expect([await judge(0), await judge(2)]).toEqual(['lost', 'lost']);
      expect(await store.get(requestId(1))).toBeUndefined();
      expect(await store.ledgers([ledger!])).toEqual([ledger]);
      expect(await judge(1)).toBe('created');
      await store.replaceBlocks({ version: 2, blocks: [] });
      expect(await judge(2)).toEqual(record());
    });

    test('and concurrent filings: every stored request was judged by the blocks in force', async () => {
      const store = await fresh();
      const filings = Array.from({ length: 10 }, (_, n) => store.create(record({ id: requestId(n + 1) }), [], 0));
      const [isBlocked, ...answers] = await Promise.all([
        untilWritten(() => store.replaceBlocks({ version: 1, blocks: [block(1)] })),
        ...filings,
      ]);
      expect(isBlocked).toBe(true);
      expect(answers.every((answer) => answer === 'created' || answer === 'lost')).toBe(true);
      expect(await store.create(record({ id: requestId(11) }), [], 0)).toBe('lost');
      expect(await store.create(record({ id: requestId(11) }), [], 1)).toBe('created');
    });
  });

  test('lists more than a hundred requests page by page, each exactly once, though many share a millisecond', async () => {
    const store = await fresh();
    const bot = 'arn:aws:iam::999999999999:role/bot';
    const filed = await file(store, 130, (n) => ({
      createdAt: start + Math.floor(n / 40),
      filedBy: { principal: bot },
    }));
    const newestFirst = filed
      .map(({ id, createdAt }) => ({ id, createdAt }))
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
    const indexes: ListIndex[] = [
      { by: 'requester', person: 'asi-dev@example.com' },
      { by: 'filer', principal: bot },
      { by: 'pending', role: 'production-bucket-read' },
      { by: 'time', now: start },
    ];
    for (const index of indexes) expect(await pages(store, index, 17)).toEqual(newestFirst);
  });

  test('a position need not exist, and stays valid when its request leaves the list', async () => {
    const store = await fresh();
    const filed = await file(store, 5, () => ({ createdAt: start }));
    const index: ListIndex = { by: 'pending', role: 'production-bucket-read' };
    await store.replace(finished(filed[2]!, 'denied', start), 1);
    expect((await store.list(index, 10, { id: requestId(3), createdAt: start })).map(({ id }) => id)).toEqual([
      requestId(2),
      requestId(1),
    ]);
    expect(await store.list(index, 10, { id: requestId(9), createdAt: start - 1 })).toEqual([]);
    expect(await store.list(index, 10, { id: requestId(0), createdAt: start + 1 })).toHaveLength(4);
  });

  test('lists every request of this month and the twelve months before, and no older one', async () => {
    const store = await fresh();
    const times = [
      Date.UTC(2026, 10, 30, 23, 59, 59, 999),
      Date.UTC(2026, 10, 1),
      Date.UTC(2026, 9, 31),
      Date.UTC(2026, 0, 1),
      Date.UTC(2025, 10, 1),
    ];
    for (const [n, createdAt] of [...times, Date.UTC(2025, 10, 1) - 1].entries())
      await store.create(record({ id: requestId(n), createdAt }), []);
    const index: ListIndex = { by: 'time', now: start };
    expect((await store.list(index, 100)).map(({ createdAt }) => createdAt)).toEqual(times);
    expect(
      (await store.list(index, 2, { id: requestId(1), createdAt: times[1]! })).map(({ createdAt }) => createdAt),
    ).toEqual(times.slice(2, 4));
  });

  test('lists belong to one person, one bot, one role', async () => {
    const store = await fresh();
    await file(store, 2);
    expect(await store.list({ by: 'requester', person: 'other@example.com' }, 10)).toEqual([]);
    expect(await store.list({ by: 'filer', principal: 'arn:aws:iam::999999999999:role/bot' }, 10)).toEqual([]);
    expect(await store.list({ by: 'pending', role: 'another-role' }, 10)).toEqual([]);
  });

  test.each([
    ['approved', (filed: RequestRecord) => approved(filed, start)],
    ['denied', (filed: RequestRecord) => finished(filed, 'denied', start)],
    ['lapsed', (filed: RequestRecord) => finished(filed, 'lapsed', filed.decideBy)],
  ])('a request that was %s leaves the pending list and stays in the others', async (_, decide) => {
    const store = await fresh();
    const filed = record();
    await store.create(filed, []);
    expect(await store.list({ by: 'pending', role: filed.role.id }, 10)).toHaveLength(1);
    await store.replace(decide(filed), 1);
    expect(await store.list({ by: 'pending', role: filed.role.id }, 10)).toEqual([]);
    expect(await store.list({ by: 'requester', person: filed.requester.person }, 10)).toHaveLength(1);
    expect(await store.list({ by: 'time', now: start }, 10)).toHaveLength(1);
  });

  test('lists due requests from their due time on, while something is left to do', async () => {
    const store = await fresh();
    const filed = record();
    await store.create(filed, []);
    const first = dueAt(filed)!;
    expect(await store.due(first - 1, 10)).toEqual([]);
    expect(await store.due(first, 10)).toEqual([filed.id]);
    const granted = approved(filed, start + MINUTE);
    await store.replace(granted, 1);
    expect(await store.due(granted.grant!.endsAt - 1, 10)).toEqual([]);
    expect(await store.due(granted.grant!.endsAt, 10)).toEqual([filed.id]);
    await store.replace(finished(granted, 'ended', granted.grant!.endsAt), 2);
    expect(await store.due(granted.grant!.endsAt + DAY, 10)).toEqual([]);
  });

  test('lists the oldest due requests first, up to the limit', async () => {
    const store = await fresh();
    await file(store, 40, (n) => ({ createdAt: start + n }));
    expect(await store.due(start + DAY, 25)).toEqual(Array.from({ length: 25 }, (_, n) => requestId(n + 1)));
    expect(await store.due(start + DAY, 1000)).toHaveLength(40);
  });

  test('a message is claimed once at a time and stores what its link needs', async () => {
    const store = await fresh();
    const claim = message();
    expect(await store.getMessage(claim.requestId, claim.id)).toBeUndefined();
    const answers = await Promise.all([
      store.claimMessage(claim, start - MINUTE),
      store.claimMessage({ ...claim, linkHashes: ['other'] }, start - MINUTE),
    ]);
    expect(answers.toSorted()).toEqual(['busy', 'claimed']);
    expect(await store.getMessage(claim.requestId, claim.id)).toEqual(
      answers[0] === 'claimed' ? claim : { ...claim, linkHashes: ['other'] },
    );
    expect(await store.claimMessage({ ...claim, id: 'm2' }, start - MINUTE)).toBe('claimed');
  });

  test('a stale claim is taken over, and links emailed under it stay valid', async () => {
    const store = await fresh();
    await store.claimMessage(message({ linkHashes: ['a'] }), 0);
    expect(await store.claimMessage(message({ linkHashes: ['b'], claimedAt: start + MINUTE }), start - 1)).toBe('busy');
    expect(await store.claimMessage(message({ linkHashes: ['b'], claimedAt: start + MINUTE }), start)).toBe('claimed');
    expect(await store.getMessage(requestId(1), 'm1')).toEqual(
      message({ linkHashes: ['a', 'b'], claimedAt: start + MINUTE }),
    );
  });

  test('a released message can be claimed immediately', async () => {
    const store = await fresh();
    await store.claimMessage(message({ linkHashes: ['a'] }), 0);
    await store.settleMessage(requestId(1), 'm1', { releaseOf: start });
    expect(await store.claimMessage(message({ linkHashes: ['b'] }), start - MINUTE)).toBe('claimed');
    expect((await store.getMessage(requestId(1), 'm1'))?.linkHashes).toEqual(['a', 'b']);
  });

  test('a claim that was taken over is not released by its first holder', async () => {
    const store = await fresh();
    await store.claimMessage(message(), 0);
    await store.claimMessage(message({ claimedAt: start + MINUTE }), start);
    await store.settleMessage(requestId(1), 'm1', { releaseOf: start });
    expect((await store.getMessage(requestId(1), 'm1'))?.claimedAt).toBe(start + MINUTE);
  });

  test.each([[{ sentAt: start + 5 }], [{ failure: 'MessageRejected' }]])(
    'a message settled as %j is never claimed again, and the first settlement stands',
    async (result) => {
      const store = await fresh();
      await store.claimMessage(message(), 0);
      await store.settleMessage(requestId(1), 'm1', result);
      await store.settleMessage(requestId(1), 'm1', { releaseOf: start });
      await store.settleMessage(requestId(1), 'm1', { failure: 'later' });
      await store.settleMessage(requestId(1), 'm1', { sentAt: start + DAY });
      expect(await store.claimMessage(message({ claimedAt: start + DAY }), start + DAY)).toBe('settled');
      expect(await store.getMessage(requestId(1), 'm1')).toEqual({ ...message(), ...result });
    },
  );

  test('a report has no link and no holder', async () => {
    const store = await fresh();
    const { holder: _, ...news } = message({ kind: 'approved', linkHashes: [] });
    await store.claimMessage(news, 0);
    expect(await store.getMessage(requestId(1), 'm1')).toEqual(news);
  });

  test('an unclaimed message cannot be settled', async () => {
    const store = await fresh();
    await expect(store.settleMessage(requestId(1), 'm1', { sentAt: start })).rejects.toThrow('claimed before');
    expect(await store.getMessage(requestId(1), 'm1')).toBeUndefined();
  });
});

describe.each(emulators)('DynamoDB on $name', (kind) => {
  const fresh = tablesOf(kind);

  test('a write whose answer was lost is recognised when the SDK repeats it', async () => {
    const { client, store } = await fresh();
    const answers = losing(client);
    const filed = record();
    answers.lose(1);
    expect(await store.create(filed, [])).toBe('created');
    const granted = approved(filed, start);
    answers.lose(1);
    expect(await store.replace(granted, 1)).toBe(true);
    expect(await store.get(filed.id)).toEqual(granted);
    answers.lose(1);
    expect(await store.claimMessage(message(), start - MINUTE)).toBe('claimed');
    expect((await store.getMessage(requestId(1), 'm1'))?.linkHashes).toEqual(message().linkHashes);
    answers.lose(1);
    await store.settleMessage(requestId(1), 'm1', { sentAt: start });
    expect((await store.getMessage(requestId(1), 'm1'))?.sentAt).toBe(start);
    answers.lose(1);
    expect(await store.replaceBlocks({ version: 1, blocks: [] })).toBe(true);
    expect(answers.lost()).toBe(5);
  });

  test("a retried write does not mistake another caller's write for its own", async () => {
    const { client, store } = await fresh();
    const answers = losing(client);
    await store.create(record(), []);
    await store.replace(next(record(), 'approved', start, { reason: 'somebody else' }), 1);
    await store.claimMessage(message({ linkHashes: ['somebody else'] }), 0);
    answers.lose(1, 'before');
    expect(await store.create(record({ reason: 'mine' }), [])).toMatchObject({ reason: 'somebody else' });
    answers.lose(1, 'before');
    expect(await store.replace(next(record(), 'approved', start, { reason: 'mine' }), 1)).toBe(false);
    answers.lose(1, 'before');
    expect(await store.claimMessage(message({ linkHashes: ['mine'] }), start - MINUTE)).toBe('busy');
  });

  test('keys that a batch leaves unprocessed are read again', async () => {
    const { client, store } = await fresh();
    await file(store, 20);
    const ids = Array.from({ length: 20 }, (_, n) => requestId(n + 1));
    const calls = leavingOut(client, 2);
    expect((await store.getMany(ids)).map(({ id }) => id)).toEqual(ids);
    expect(calls()).toBe(3);
    leavingOut(client, 100);
    await expect(store.getMany(ids)).rejects.toMatchObject({ code: 'try-again' });
  });

  test('sends no Scan, and a list queries all its partitions at once', async () => {
    const { client, store } = await fresh();
    const sent = watching(client);
    await wholeLife(store);
    await store.list({ by: 'time', now: start }, 10);
    await store.list({ by: 'pending', role: 'r' }, 10);
    await store.getMany([requestId(1)]);
    expect(new Set(sent.map(({ command }) => command))).toEqual(
      new Set([
        'PutItemCommand',
        'GetItemCommand',
        'BatchGetItemCommand',
        'UpdateItemCommand',
        'QueryCommand',
        'TransactWriteItemsCommand',
      ]),
    );
    sent.length = 0;
    await store.list({ by: 'time', now: start }, 10);
    expect(sent).toHaveLength(13);
    expect(Math.max(...sent.map(({ begun }) => begun))).toBeLessThan(Math.min(...sent.map(({ ended }) => ended)));
  });

  test('reads that decide something go to the table, strongly consistent', async () => {
    const { client, table, store } = await fresh();
    const sent = watching(client);
    await store.get(requestId(1));
    await store.getMany([requestId(1)]);
    await store.getMessage(requestId(1), 'm1');
    await store.blocks();
    expect(sent.map(({ input }) => input)).toEqual([
      expect.objectContaining({ ConsistentRead: true }),
      { RequestItems: { [table]: expect.objectContaining({ ConsistentRead: true }) } },
      expect.objectContaining({ ConsistentRead: true }),
      expect.objectContaining({ ConsistentRead: true }),
    ]);
  });

  test('a message that version 0.1 stored is read, so that its link still works', async () => {
    const { client, table, store } = await fresh();
    await store.claimMessage(message(), 0);
    const Key = { pk: { S: `message#${requestId(1)}#m1` } };
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key,
        UpdateExpression: 'SET #old = #new REMOVE #new, #channel',
        ExpressionAttributeNames: { '#old': 'approver', '#new': 'holder', '#channel': 'channel' },
      }),
    );
    expect(await store.getMessage(requestId(1), 'm1')).toEqual(message());
  });

  test('the time to live of messages is in seconds', async () => {
    const { client, table, store } = await fresh();
    await store.claimMessage(message({ expiresAt: start + 1 }), 0);
    const { Item } = await client.send(
      new GetItemCommand({ TableName: table, Key: { pk: { S: `message#${requestId(1)}#m1` } } }),
    );
    expect(Item?.ttl).toEqual({ N: String(start / 1000 + 1 + 30 * 86_400) });
  });

  if (kind.reportsIndexCapacity) {
    test('a full request life costs at most 30 write and 12 read units, including indexes', async () => {
      const { client, store } = await fresh();
      const units = meter(client);
      await wholeLife(store);
      expect(units.indexes()).toEqual(new Set(['byRequester', 'byMonth', 'pendingByRole', 'byDue']));
      expect(units.write()).toBeLessThanOrEqual(30);
      expect(units.read()).toBeLessThanOrEqual(12);
    });
  }
});

describe('DynamoDB errors', () => {
  const fresh = tablesOf(dynalite);
  const everyCall: Array<[string, (store: Store) => Promise<unknown>]> = [
    ['get', (store) => store.get(requestId(1))],
    ['getMany', (store) => store.getMany([requestId(1)])],
    ['create', (store) => store.create(record(), [])],
    ['replace', (store) => store.replace(approved(record(), start), 1)],
    ['requestsOf', (store) => store.requestsOf('asi-dev@example.com', start)],
    ['ledgers', (store) => store.ledgers([{ of: 'person', id: 'asi-dev@example.com' }])],
    ['list', (store) => store.list({ by: 'time', now: start }, 10)],
    ['due', (store) => store.due(start, 10)],
    ['blocks', (store) => store.blocks()],
    ['recentBlocks', (store) => store.recentBlocks()],
    ['replaceBlocks', (store) => store.replaceBlocks({ version: 1, blocks: [] })],
    ['getMessage', (store) => store.getMessage(requestId(1), 'm1')],
    ['claimMessage', (store) => store.claimMessage(message(), 0)],
    ['settleMessage', (store) => store.settleMessage(requestId(1), 'm1', { releaseOf: start })],
  ];
  const temporary: Array<[string, Error]> = [
    ['throttling', new ThrottlingException({ message: 'Rate exceeded', $metadata: { httpStatusCode: 400 } })],
    [
      'a hot key',
      new ProvisionedThroughputExceededException({ message: 'secret detail', $metadata: { httpStatusCode: 400 } }),
    ],
    [
      'an internal error of the service',
      new InternalServerError({ message: 'oops', $metadata: { httpStatusCode: 500 } }),
    ],
    ['a timeout', Object.assign(new Error('timed out'), { name: 'TimeoutError' })],
    ['a broken connection', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
  ];

  test.each(everyCall)('%s throws try-again for temporary errors, and the error itself otherwise', async (_, call) => {
    const { client, store } = await fresh({ maxAttempts: 1 });
    const failure = failing(client);
    for (const [, error] of temporary) {
      failure.with(error);
      await expect(call(store)).rejects.toMatchObject({
        code: 'try-again',
        extras: { retryAfterSeconds: 2 },
        detail: expect.not.stringContaining(error.message),
      });
    }
    const bug = new TypeError('an internal error');
    failure.with(bug);
    await expect(call(store)).rejects.toBe(bug);
  });

  test('a missing table is not a temporary error', async () => {
    const { client } = await fresh();
    await expect(dynamoStore(client, 'no-such-table').get(requestId(1))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

describe('images', () => {
  test('hold the request and its own index attributes', () => {
    const filed = record();
    expect(recordFromImage(imageOf(filed))).toEqual(filed);
    expect(Object.keys(imageOf(filed)).toSorted()).toEqual([
      'created',
      'doc',
      'due',
      'month',
      'pending',
      'pk',
      'queue',
      'requester',
      'role',
      'until',
      'version',
    ]);
    expect(Object.keys(imageOf(finished(filed, 'denied', start))).toSorted()).toEqual([
      'created',
      'doc',
      'month',
      'pk',
      'requester',
      'role',
      'until',
      'version',
    ]);
  });

  test('the index holds the natural end of a request, or the time at which it was ended early', () => {
    const granted = approved(record(), start);
    expect(imageOf(granted).until).toEqual({ S: new Date(granted.grant!.endsAt).toISOString() });
    expect(imageOf(finished(granted, 'ended', granted.grant!.endsAt)).until).toEqual(imageOf(granted).until);
    expect(imageOf(finished(granted, 'revoked', start + HOUR / 2)).until).toEqual({
      S: new Date(start + HOUR / 2).toISOString(),
    });
  });

  test('without a request return undefined; a damaged request throws an error that quotes nothing', () => {
    expect(recordFromImage(undefined)).toBeUndefined();
    expect(recordFromImage({ pk: { S: `message#${requestId(1)}#m1` } })).toBeUndefined();
    const spoilt = [
      { ...record(), reason: undefined },
      { ...record(), createdAt: 1e300 },
      { ...record(), stages: [{ ...record().stages[0]!, need: 1e9 }] },
      // whole, but of another request
      record(),
    ];
    for (const doc of ['{"reason":"private"', '{"reason":"private"}', ...spoilt.map((one) => JSON.stringify(one))]) {
      expect(() => recordFromImage({ pk: { S: 'request#x' }, doc: { S: doc } })).toThrow(
        /^the document of request#x cannot be read$/,
      );
    }
  });

  test('the table has one key, five indexes with the fields read from them, and a stream of both images', () => {
    const { AttributeDefinitions, GlobalSecondaryIndexes, StreamSpecification, BillingMode } =
      tableDefinition('latchkey');
    expect(GlobalSecondaryIndexes.map(({ IndexName, Projection }) => [IndexName, projectionOf(Projection)])).toEqual([
      ['byRequester', 'INCLUDE review, role, until'],
      ['byMonth', 'KEYS_ONLY'],
      ['pendingByRole', 'KEYS_ONLY'],
      ['byDue', 'KEYS_ONLY'],
      ['byFiler', 'KEYS_ONLY'],
    ]);
    expect(AttributeDefinitions).toHaveLength(8);
    expect({ BillingMode, StreamSpecification }).toEqual({
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
  });
});

// --- internal ---

/** Files requests 1 to `count`; all alike but for their ids unless `changes` says otherwise. */
async function file(
  store: Store,
  count: number,
  changes: (n: number) => Partial<RequestRecord> = () => ({}),
): Promise<RequestRecord[]> {
  const filed = Array.from({ length: count }, (_, n) => record({ id: requestId(n + 1), ...changes(n) }));
  for (const one of filed) await store.create(one, []);
  return filed;
}

async function pages(store: Store, index: ListIndex, limit: number): Promise<Position[]> {
  const found: Position[] = [];
  for (;;) {
    const page = await store.list(index, limit, found.at(-1));
    found.push(...page);
    if (page.length < limit) return found;
  }
}

/** What the functions do for one request that is filed, approved by mail, used once and over: every call of the store in its order. */
async function wholeLife(store: Store): Promise<void> {
  const filed = record({ fingerprint: 'x'.repeat(43) });
  const [ledger] = await store.ledgers([{ of: 'person', id: filed.requester.person }]);
  await store.requestsOf(filed.requester.person, start);
  const { version } = await store.recentBlocks();
  const { id, decideBy } = filed;
  const entry = { id, role: filed.role.id, createdAt: start, decideBy, until: filed.decideBy + HOUR };
  await store.create(filed, [{ ...ledger!, version: 1, open: [entry], filed: [start] }], version);
  await store.claimMessage(message({ id: 'ask' }), 0);
  await store.settleMessage(filed.id, 'ask', { sentAt: start + SECOND });

  await store.getMessage(filed.id, 'ask');
  await store.get(filed.id);
  await store.recentBlocks();
  const granted = approved(filed, start + MINUTE);
  await store.replace(granted, 1);
  await store.claimMessage(message({ id: 'tell', kind: 'approved', linkHashes: [] }), 0);
  await store.settleMessage(filed.id, 'tell', { sentAt: start + MINUTE + SECOND });

  await store.get(filed.id);
  const used = vended(granted, start + 2 * MINUTE);
  await store.replace(used, 2);
  await store.recentBlocks();
  await store.blocks();

  expect(await store.due(used.grant!.endsAt, 100)).toEqual([filed.id]);
  await store.get(filed.id);
  expect(await store.replace(finished(used, 'ended', used.grant!.endsAt), 3)).toBe(true);
}

/** A write of an item that a transaction is under way with may be refused as busy. */
async function untilWritten(write: () => Promise<boolean>): Promise<boolean> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }
}

/** Loses the next answers inside the SDK's retries: after the service has done what was asked, or before it could. */
function losing(client: DynamoDBClient) {
  let left = 0;
  let moment: 'before' | 'after' = 'after';
  let lost = 0;
  const lose = () => {
    left--;
    lost++;
    throw Object.assign(new Error('the answer was lost'), { name: 'TimeoutError' });
  };
  client.middlewareStack.add(
    (forward) => async (args) => {
      if (left > 0 && moment === 'before') lose();
      const answer = await forward(args);
      if (left > 0) lose();
      return answer;
    },
    { step: 'deserialize', priority: 'high' },
  );
  return {
    lose(count: number, when: 'before' | 'after' = 'after') {
      left = count;
      moment = when;
    },
    lost: () => lost,
  };
}

/** Every attempt fails with the error that was set last. */
function failing(client: DynamoDBClient) {
  let error: Error | undefined;
  client.middlewareStack.add(
    (forward) => async (args) => {
      if (error) throw error;
      return forward(args);
    },
    { step: 'deserialize', priority: 'high' },
  );
  return {
    with(next: Error) {
      error = next;
    },
  };
}

/** The next batches leave out all keys but the first. */
function leavingOut(client: DynamoDBClient, times: number) {
  let calls = 0;
  client.middlewareStack.add(
    (forward) => async (args) => {
      const input = args.input as { RequestItems?: Record<string, { Keys: object[] }> };
      const [table, asked] = Object.entries(input.RequestItems ?? {})[0] ?? [];
      if (table === undefined || asked === undefined) return forward(args);
      calls++;
      if (calls > times) return forward(args);
      const [first, ...others] = asked.Keys;
      const answer = await forward({
        ...args,
        input: { RequestItems: { [table]: { ...asked, Keys: [first!] } } } as typeof args.input,
      });
      return { ...answer, output: { ...answer.output, UnprocessedKeys: { [table]: { ...asked, Keys: others } } } };
    },
    { step: 'initialize' },
  );
  return () => calls;
}

/** Commands as they are sent, with the order in which they begin and end. */
function watching(client: DynamoDBClient) {
  const sent: Array<{ command: string; input: object; begun: number; ended: number }> = [];
  let moment = 0;
  client.middlewareStack.add(
    (forward, context) => async (args) => {
      const call = {
        command: String(context.commandName),
        input: args.input,
        begun: ++moment,
        ended: Number.POSITIVE_INFINITY,
      };
      sent.push(call);
      const answer = await forward(args);
      call.ended = ++moment;
      return answer;
    },
    { step: 'initialize' },
  );
  return sent;
}
