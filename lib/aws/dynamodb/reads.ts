// Reads of the table: one item, many items by their keys, and a range of an index.
import { setTimeout } from 'node:timers/promises';
import { BatchGetItemCommand, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { type IndexName, indexes } from '../table.ts';
import { passable, tryAgain } from './errors.ts';
import { type Item, type TableCalls, text } from './item.ts';

/** One item, strongly consistent by default. */
export const readItem = async ({ client, table }: TableCalls, key: Item, isStrong = true): Promise<Item | undefined> =>
  (await passable(client.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: isStrong })))).Item;

const batchAttempts = 5;

/** Items by their keys, strongly consistent. BatchGetItem may leave keys unprocessed under load (botocore dynamodb). They are read again, later each time. */
export async function batchGet({ client, table }: TableCalls, all: Item[]): Promise<Map<string, Item>> {
  const found = new Map<string, Item>();
  let keys = all;
  for (let attempt = 1; keys.length > 0; attempt++) {
    if (attempt > batchAttempts) throw tryAgain();
    if (attempt > 1) await setTimeout(25 * 2 ** attempt);
    const answer = await passable(
      client.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } })),
    );
    for (const item of answer.Responses?.[table] ?? []) found.set(item.pk!.S!, item);
    keys = answer.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return found;
}

type Range = { comparison?: '<' | '<=' | '>='; bound?: string; limit?: number; newestFirst?: boolean };

/** Items of one partition of an index, as the index holds them, up to the limit. It takes more than one round trip only beyond a megabyte. */
export async function query(
  { client, table }: TableCalls,
  index: IndexName,
  partition: string,
  range: Range,
): Promise<Item[]> {
  const { limit = Number.POSITIVE_INFINITY, newestFirst = false } = range;
  const found: Item[] = [];
  let from: Item | undefined;
  do {
    const page = await passable(
      client.send(
        new QueryCommand({
          TableName: table,
          IndexName: index,
          ...conditionOf(index, partition, range),
          ScanIndexForward: !newestFirst,
          ...(Number.isFinite(limit) && { Limit: limit - found.length }),
          ...(from && { ExclusiveStartKey: from }),
        }),
      ),
    );
    found.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from && found.length < limit);
  return found;
}

function conditionOf(index: IndexName, partition: string, { comparison, bound }: Range) {
  const [partitionKey, sortKey] = indexes[index].keys;
  return {
    KeyConditionExpression: comparison
      ? `#partition = :partition AND #sort ${comparison} :bound`
      : '#partition = :partition',
    ExpressionAttributeNames: { '#partition': partitionKey, ...(comparison && { '#sort': sortKey }) },
    ExpressionAttributeValues: { ':partition': text(partition), ...(bound !== undefined && { ':bound': text(bound) }) },
  };
}
