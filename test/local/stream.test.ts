// The stream path as on AWS: a real table and its real stream, the event source's filter, and the function that sends emails.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DynamoDBRecord } from 'aws-lambda';
import { recordFromImage } from '../../lib/aws/dynamodb/request-image.ts';
import { dynamoStore } from '../../lib/aws/store.ts';
import { MINUTE } from '../../lib/common/time.ts';
import { filters } from '../../scripts/table-resource.ts';
import { approvedBy, call, filed, linkTo, notify } from '../support/calls.ts';
import { availableEmulators, dynamoDbLocal, dynoxide, type Emulator } from '../support/emulators.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { titleOf } from '../support/outbox.ts';
import { eventSourceFilter, followStream, type TableStream } from '../support/table-stream.ts';

const wakes = eventSourceFilter(filters.changedRequests);
const kinds = availableEmulators([dynoxide, dynamoDbLocal], "the table's stream");

/** The version in an image of a request. */
const versionIn = ({ dynamodb }: DynamoDBRecord): number | undefined =>
  recordFromImage(dynamodb?.NewImage as never)?.version;
const isVersion = (version: number) => (record: DynamoDBRecord) => versionIn(record) === version;
const haveVersion = (version: number) => (records: readonly DynamoDBRecord[]) => records.some(isVersion(version));
const keyOf = ({ dynamodb }: DynamoDBRecord): string => dynamodb?.Keys?.pk?.S ?? '';
const isMessage = (record: DynamoDBRecord): boolean => keyOf(record).startsWith('message#');
const itemsIn = (records: readonly DynamoDBRecord[]): number => new Set(records.map(keyOf)).size;

/**
 * Delivers records like Lambda's poller in the worst case: each twice in its batch, the batch to two pollers at once, and failed
 * records again until none fails.
 */
async function deliver(app: FakeApp, records: DynamoDBRecord[]): Promise<void> {
  let left = records.filter(wakes).flatMap((record) => [record, record]);
  for (let attempt = 1; left.length > 0; attempt++) {
    if (attempt > 20) throw new Error(`${left.length} records were never taken`);
    const answers = await Promise.all([notify(app, ...left), notify(app, ...left)]);
    const failed = new Set(
      answers.flatMap(({ batchItemFailures }) => batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)),
    );
    left = left.filter(({ dynamodb }) => failed.has(dynamodb?.SequenceNumber ?? ''));
  }
}

const sentTo = (app: FakeApp) => app.mail.outbox.map(({ to, subject }) => `${to}: ${titleOf(subject)}`).sort();

test('the filter of the event source matches only requests', () => {
  const written = (pk: string, eventName: 'INSERT' | 'REMOVE'): DynamoDBRecord => ({
    eventName,
    dynamodb: { Keys: { pk: { S: pk } } },
  });
  expect(
    [written('request#1', 'INSERT'), written('message#1#2', 'INSERT'), written('request#1', 'REMOVE')].map(wakes),
  ).toEqual([true, false, false]);
});

for (const kind of kinds) {
  describe(`the stream of ${kind.name}`, () => {
    let running: Emulator;
    let client: DynamoDBClient;
    let made = 0;
    beforeAll(async () => {
      running = await kind.start();
      client = running.client();
    }, 60_000);
    afterAll(() => running?.stop());

    async function fresh(
      overrides: Parameters<typeof fakeApp>[0] = {},
    ): Promise<{ app: FakeApp; stream: TableStream }> {
      const table = `latchkey-stream-${++made}`;
      await running.createTable(table);
      const app = fakeApp({ ...overrides, store: dynamoStore(client, table) });
      return { app, stream: await followStream(running.endpoint, client, table) };
    }

    test('file, email with a working link, decide, outcome: each email is sent once, although each record arrives four times', async () => {
      const { app, stream } = await fresh();
      const { id } = await filed(app);
      const filing = await stream.readUntil(haveVersion(1));
      expect(filing.filter(wakes).map(({ eventName, dynamodb }) => [eventName, dynamodb?.StreamViewType])).toEqual([
        ['INSERT', 'NEW_AND_OLD_IMAGES'],
      ]);
      await deliver(app, filing);
      expect(sentTo(app)).toEqual(['lead@example.com: Decision needed', 'second-lead@example.com: Decision needed']);

      const link = linkTo(app, 'lead@example.com');
      expect((await call(app, 'showDecision', { id: link })).status).toBe(200);
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      const pressed = await call(app, 'decideByLink', {
        id: link,
        headers: form,
        body: Buffer.from('decision=approve&comment=fine'),
      });
      expect(pressed.status).toBe(200);

      app.mail.outbox.length = 0;
      const deciding = await stream.readUntil(haveVersion(2));
      const [before, after] = ['OldImage', 'NewImage'].map((image) =>
        recordFromImage(deciding.find(isVersion(2))?.dynamodb?.[image as 'OldImage' | 'NewImage'] as never),
      );
      expect([before?.version, after]).toEqual([1, await app.store.get(id)]);
      await deliver(app, deciding);
      expect(sentTo(app)).toEqual(
        ['dev@example.com', 'lead@example.com', 'second-lead@example.com'].map((to) => `${to}: Approved`),
      );
    });

    test('claims and marks of messages are in the stream and never trigger their own sender', async () => {
      const { app, stream } = await fresh();
      await filed(app);
      await deliver(app, await stream.readUntil(haveVersion(1)));
      const written = await stream.readUntil(
        (records) => itemsIn(records.filter(({ dynamodb }) => dynamodb?.NewImage?.sent)) === 2,
      );
      expect(written.filter(isMessage).length).toBeGreaterThanOrEqual(4);
      expect(written.filter(wakes)).toEqual([]);

      await approvedBy(app, (await app.store.list({ by: 'time', now: app.now }, 1))[0]!.id, 'lead@example.com');
      const mixed = [...written, ...(await stream.readUntil(haveVersion(2)))];
      expect(mixed.filter(wakes).map(versionIn)).toEqual([2]);
    });

    test('a record whose email cannot be sent now is retried individually, and sent emails are not sent again', async () => {
      const { app, stream } = await fresh();
      const [first, second] = [await filed(app), await filed(app, {}, { as: 'lead@example.com' })];
      const records = await stream.readUntil((all) => itemsIn(all.filter(wakes)) === 2);
      const send = app.mail.send;
      app.mail.send = async (mail) => {
        if (mail.text.includes(second.id) && app.now < Date.parse(second.createdAt) + MINUTE)
          throw new Error('the mail service is away');
        await send(mail);
      };
      const failing = records.find((record) => keyOf(record) === `request#${second.id}`)!;
      expect(await notify(app, ...records.filter(wakes))).toEqual({
        batchItemFailures: [{ itemIdentifier: failing.dynamodb!.SequenceNumber }],
      });
      expect(app.mail.outbox.map(({ text }) => text.includes(first.id))).toEqual([true, true]);

      app.now += MINUTE;
      await deliver(app, [failing]);
      expect(sentTo(app)).toEqual([
        'lead@example.com: Decision needed',
        'second-lead@example.com: Decision needed',
        'second-lead@example.com: Decision needed',
      ]);
    });
  });
}
