// The table's stream, which the emulator lacks: delivers every committed write that is news to the consumer, in order per item, with retries.
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout } from 'node:timers/promises';
import type { AttributeValue, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import type { Log, Store } from '../../lib/app.ts';
import { imageOf } from '../../lib/aws/dynamodb/request-image.ts';
import { SECOND } from '../../lib/common/time.ts';
import { loggedError } from '../../lib/model/logged-error.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';

export type LocalStream = {
  /** the same store, which also records its writes */
  observe(store: Store): Store;
  /** Runs `work` and waits, up to a limit, until the news of its writes are delivered. */
  settled<T>(run: () => Promise<T>): Promise<T>;
};

/** Milliseconds before each retry; after that, the record is given up, as a real stream sends it to the dead-letter queue. */
const pauses = [20, 100, 300, 800];
const patience = 3 * SECOND;

/** @param consume the handler of the stream; records that it reports as failed are retried individually */
export function createStream(
  consume: (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>,
  log: Log,
): LocalStream {
  const ownDeliveries = new AsyncLocalStorage<Array<Promise<void>>>();
  const lastOf = new Map<string, Promise<void>>();
  let sequence = 0;

  const isTaken = async (record: DynamoDBRecord): Promise<boolean> => {
    try {
      return (await consume({ Records: [record] })).batchItemFailures.length === 0;
    } catch (error) {
      log('record-failed', {
        sequence: record.dynamodb?.SequenceNumber,
        ...loggedError(error),
      });
      return false;
    }
  };
  const deliver = async (record: DynamoDBRecord): Promise<void> => {
    for (const pause of [0, ...pauses]) {
      await setTimeout(pause);
      if (await isTaken(record)) return;
    }
  };
  const publish = (before: Image | undefined, after: Image): void => {
    sequence += 1;
    const key = after.pk!.S!;
    const record = recordOf(before, after, sequence);
    const delivery = (lastOf.get(key) ?? Promise.resolve()).then(() => deliver(record));
    lastOf.set(key, delivery);
    void delivery.then(() => lastOf.get(key) === delivery && lastOf.delete(key));
    ownDeliveries.getStore()?.push(delivery);
  };

  return {
    observe: (store) => ({
      ...store,
      async create(record, ledgers) {
        const stored = await store.create(record, ledgers);
        if (stored === 'created') publish(undefined, imageOfRequest(record));
        return stored;
      },
      async replace(next, version, yieldsAt) {
        const before = await store.get(next.id);
        const isReplaced = await store.replace(next, version, yieldsAt);
        if (isReplaced) publish(before && imageOfRequest(before), imageOfRequest(next));
        return isReplaced;
      },
    }),
    async settled(run) {
      const deliveries: Array<Promise<void>> = [];
      const result = await ownDeliveries.run(deliveries, run);
      if (deliveries.length > 0) {
        const inTime = new AbortController();
        await Promise.race([
          Promise.all(deliveries),
          setTimeout(patience, undefined, { signal: inTime.signal }).catch(ignoreAbort),
        ]);
        inTime.abort();
      }
      return result;
    },
  };
}

type Image = Record<string, AttributeValue>;
const imageOfRequest = (record: RequestRecord) => imageOf(record) as unknown as Image;

// -- internal --------------------------------------------------------------------------------------------------------

/** A record as DynamoDB Streams passes it to Lambda (lambda-dg with-ddb), view type NEW_AND_OLD_IMAGES. */
function recordOf(before: Image | undefined, after: Image, sequence: number): DynamoDBRecord {
  return {
    eventID: String(sequence),
    eventName: before ? 'MODIFY' : 'INSERT',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    dynamodb: {
      Keys: { pk: after.pk! },
      ...(before && { OldImage: before }),
      NewImage: after,
      SequenceNumber: String(sequence).padStart(21, '0'),
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
  };
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
