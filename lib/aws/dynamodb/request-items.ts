// The items of requests: each is one item, so one conditional write is a whole transaction.
import { PutItemCommand, type TransactWriteItem, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Store } from '../../app.ts';
import type { RequestRecord } from '../../model/schema.ts';
import type { Ledger } from '../../policy/ledger.ts';
import { keyOf } from '../table.ts';
import { blocksUnchanged } from './block-items.ts';
import { conditionally } from './conditions.ts';
import { type Item, number, type TableCalls } from './item.ts';
import { ledgerFrom, ledgerKey, ledgerWrite } from './ledger-items.ts';
import { batchGet, readItem } from './reads.ts';
import { imageOf, recordFromImage, requestKey } from './request-image.ts';
import { transact } from './transaction.ts';

type Part = Pick<Store, 'get' | 'getMany' | 'create' | 'ledgers' | 'replace' | 'markEnding'>;

export const requestItems = (calls: TableCalls): Part => ({
  get: (id) => get(calls, id),
  getMany: (ids) => getMany(calls, ids),
  create: (record, ledgers, blocks) => create(calls, record, ledgers, blocks),
  async ledgers(keys) {
    const items = await batchGet(calls, keys.map(ledgerKey));
    return keys.map((key) => ledgerFrom(key, items.get(ledgerKey(key).pk!.S!)));
  },
  replace: (next, version, yieldsAt) => replace(calls, next, version, yieldsAt),
  markEnding: (id, until) => markEnding(calls, id, until),
});

// --- internal ---

const get = async (calls: TableCalls, id: string): Promise<RequestRecord | undefined> =>
  recordFromImage(await readItem(calls, requestKey(id)));

const batchSize = 100;

async function getMany(calls: TableCalls, ids: readonly string[]): Promise<RequestRecord[]> {
  if (ids.length > batchSize) throw new RangeError(`at most ${batchSize} requests at once`);
  const items = await batchGet(calls, [...new Set(ids)].map(requestKey));
  return ids.flatMap((id) => recordFromImage(items.get(keyOf('request', id))) ?? []);
}

async function create(
  calls: TableCalls,
  record: RequestRecord,
  ledgers: readonly Ledger[],
  blocks: number | undefined,
): Promise<'created' | 'lost' | RequestRecord> {
  const { client, table } = calls;
  const judgedBy = blocks === undefined ? [] : [blocksUnchanged(table, blocks)];
  const counted = ledgers.map((ledger) => ledgerWrite(table, ledger));
  const obstacles = await transact(client, [newItem(table, imageOf(record)), ...counted, ...judgedBy]);
  if (!obstacles) return 'created';
  const [own] = obstacles;
  if (own?.is !== 'condition') return 'lost';
  const stored = own.item ? recordFromImage(own.item) : await get(calls, record.id);
  if (!stored) throw new Error('a request that conflicted with a new one is gone');
  return stored;
}

const newItem = (table: string, item: Item): TransactWriteItem => ({
  Put: {
    TableName: table,
    Item: item,
    ConditionExpression: 'attribute_not_exists(#pk)',
    ExpressionAttributeNames: { '#pk': 'pk' },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  },
});

async function replace(
  calls: TableCalls,
  next: RequestRecord,
  version: number,
  yieldsAt: number | undefined,
): Promise<boolean> {
  const item = imageOf(next);
  const command = new PutItemCommand({
    TableName: calls.table,
    Item: item,
    ...isAtVersion(version, yieldsAt),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const refusal = await conditionally(calls.client, command, () => readItem(calls, requestKey(next.id)));
  return !refusal || refusal.isOwnWrite(item);
}

const isAtVersion = (version: number, yieldsAt: number | undefined) =>
  yieldsAt === undefined
    ? {
        ConditionExpression: '#version = :version',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':version': number(version) },
      }
    : {
        ConditionExpression: '#version = :version AND (attribute_not_exists(#ending) OR #ending <= :now)',
        ExpressionAttributeNames: { '#version': 'version', '#ending': 'ending' },
        ExpressionAttributeValues: { ':version': number(version), ':now': number(yieldsAt) },
      };

async function markEnding(calls: TableCalls, id: string, until: number): Promise<void> {
  const key = requestKey(id);
  const mark = new UpdateItemCommand({
    TableName: calls.table,
    Key: key,
    ConditionExpression: 'attribute_exists(#pk)',
    UpdateExpression: 'SET #ending = :until',
    ExpressionAttributeNames: { '#pk': 'pk', '#ending': 'ending' },
    ExpressionAttributeValues: { ':until': number(until) },
  });
  const refusal = await conditionally(calls.client, mark, () => readItem(calls, key));
  if (refusal) throw new Error('a request that is being ended is gone');
}
