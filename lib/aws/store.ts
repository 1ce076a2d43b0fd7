// All of DynamoDB: one table, its items, indexes and conditions. A request is one item, so one conditional write is a whole transaction.
import { setTimeout } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type TransactWriteItem,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import type { ListIndex, Look, Position, Settlement, Store } from '../app.ts';
import { bounds } from '../catalogue/bounds.ts';
import { entryOf } from '../catalogue/role-template.ts';
import { DAY, SECOND } from '../common/time.ts';
import { MessageRecord, RequestRecord } from '../model/schema.ts';
import { dueAt, isPending, overAt } from '../model/status.ts';
import type { OpenRequest } from '../policy/filing-context.ts';
import { blockItems, blocksUnchanged } from './block-items.ts';
import { conditionally } from './dynamo-conditions.ts';
import { passable, tryAgain } from './dynamo-errors.ts';
import { transact } from './dynamo-transaction.ts';
import { identityItems } from './identity-items.ts';
import { ledgerFrom, ledgerKey, ledgerWrite } from './ledger-items.ts';
import { upgraded } from './older-document.ts';
import { revocationItems } from './revocation-items.ts';
import { type IndexName, indexes, keyOf, partOf } from './table.ts';

type Item = Record<string, AttributeValue>;
type Client = Pick<DynamoDBClient, 'send'>;

const listedMonths = 13;
/** The one partition of byDue. */
const dueQueue = 'due';

/** Milliseconds for which a request can be open, counted from its filing: as long as it may wait, for a decision or its start, plus as long as it may last. */
const openFor = (Math.max(bounds.decideWithinMax, bounds.aheadMax) + bounds.durationMax) * SECOND;

// -- items -----------------------------------------------------------------------------------------------------------

const text = (value: string): AttributeValue => ({ S: value });
const number = (value: number): AttributeValue => ({ N: String(value) });
/** Milliseconds always have three digits, so that text sorts as time does. */
const iso = (ms: number) => new Date(ms).toISOString();
const requestKey = (id: string): Item => ({ pk: text(keyOf('request', id)) });
const messageKey = (requestId: string, id: string): Item => ({ pk: text(keyOf('message', requestId, id)) });

const idOf = (item: Item): string => partOf('request', item.pk?.S)!;

/** What the sweep remembers between its runs. */
const lookKey: Item = { pk: text(keyOf('sweep', 'look')) };
const lookFromItem = ({ digest, at, after }: Item): Look => ({
  digest: digest?.S ?? '',
  at: Number(at?.N),
  ...(after?.S !== undefined && { after: after.S }),
});

/** Sorts by time, then by id: requests of the same millisecond have a place of their own to resume from. */
const createdKey = ({ createdAt, id }: Position) => `${iso(createdAt)}#${id}`;

const positionOf = (item: Item): Position => ({
  id: idOf(item),
  createdAt: Date.parse(item.created!.S!.split('#')[0]!),
});

const timeOf = (value: AttributeValue | undefined): number | undefined =>
  value?.S === undefined ? undefined : Date.parse(value.S);

function slotOf(item: Item): OpenRequest {
  const { id, createdAt } = positionOf(item);
  const reviewDue = timeOf(item.review);
  return {
    id,
    role: item.role!.S!,
    createdAt,
    until: timeOf(item.until) ?? 0,
    ...(reviewDue !== undefined && { reviewDue }),
  };
}

/** A request as the low-level attributes of its item. Index attributes follow from the record alone, so one put keeps all indexes right. */
export function imageOf(record: RequestRecord): Item {
  const due = dueAt(record);
  const created = createdKey(record);
  return {
    ...requestKey(record.id),
    doc: text(JSON.stringify(record)),
    version: number(record.version),
    requester: text(record.requester.person),
    role: text(record.role.id),
    until: text(iso(overAt(record))),
    ...(record.review && !record.review.signed && { review: text(iso(record.review.due)) }),
    month: text(created.slice(0, 7)),
    created: text(created),
    ...(isPending(record) && { pending: text(entryOf(record.role.id)) }),
    ...(due !== undefined && { queue: text(dueQueue), due: text(iso(due)) }),
    ...(record.filedBy && { filer: text(record.filedBy.principal) }),
    // what the stream's filter for revoke-sessions goes by
    ...(record.revocation?.state === 'pending' && { revocation: text('pending') }),
  };
}

/**
 * The request in a table item or a stream image (low-level attributes, as in a DynamoDBStreamEvent); undefined for no image or another kind of item.
 * @throws Error when the item is a request's and its document cannot be read
 */
export function recordFromImage(
  image: Record<string, { S?: string | undefined }> | undefined,
): RequestRecord | undefined {
  const key = image?.pk?.S;
  const id = partOf('request', key);
  if (image === undefined || id === undefined) return undefined;
  try {
    const record = v.parse(RequestRecord, upgraded(JSON.parse(image.doc?.S ?? '')));
    if (record.id === id) return record;
    throw new SyntaxError('the document belongs to another key');
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof v.ValiError)
      throw new Error(`the document of ${key} cannot be read`);
    throw cause;
  }
}

function messageFromItem(requestId: string, id: string, item: Item): MessageRecord {
  // version 0.1 had one channel, and called the holder of a link its approver
  const person = (item.holder ?? item.approver)?.M;
  return v.parse(MessageRecord, {
    requestId,
    id,
    channel: item.channel?.S ?? 'mail',
    kind: item.kind?.S,
    ...(person && { holder: { key: person.key?.S, name: person.name?.S } }),
    linkHashes: item.links?.L?.map((hash) => hash.S),
    claimedAt: Number(item.claimed?.N),
    ...(item.sent && { sentAt: Number(item.sent.N) }),
    ...(item.failure && { failure: item.failure.S }),
    expiresAt: Number(item.expires?.N),
  });
}

// -- calls -----------------------------------------------------------------------------------------------------------

/** The store over one table. Every method is one sequential round trip. @throws Problem `try-again` when DynamoDB stays busy or out of reach */
export function dynamoStore(client: Client, table: string): Store {
  const readItem = async (key: Item) =>
    (await passable(client.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true })))).Item;
  const write = (command: PutItemCommand | UpdateItemCommand, key: Item) =>
    conditionally(client, command, () => readItem(key));
  const put = (item: Item, condition: string, names: Record<string, string>, values?: Item) =>
    write(
      new PutItemCommand({
        TableName: table,
        Item: item,
        ConditionExpression: condition,
        ExpressionAttributeNames: names,
        ...(values && { ExpressionAttributeValues: values }),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
      { pk: item.pk! },
    );

  return {
    ...revocationItems(client, table),
    ...identityItems(client, table),
    ...blockItems(client, table),

    async get(id) {
      return recordFromImage(await readItem(requestKey(id)));
    },

    getMany: (ids) => getMany(client, table, ids),

    async create(record, ledgers, blocks) {
      const item = imageOf(record);
      const put: TransactWriteItem = {
        Put: {
          TableName: table,
          Item: item,
          ConditionExpression: 'attribute_not_exists(#pk)',
          ExpressionAttributeNames: { '#pk': 'pk' },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      };
      const judgedBy = blocks === undefined ? [] : [blocksUnchanged(table, blocks)];
      const counted = ledgers.map((ledger) => ledgerWrite(table, ledger));
      const obstacles = await transact(client, [put, ...counted, ...judgedBy]);
      if (!obstacles) return 'created';
      const [own] = obstacles;
      if (own?.is !== 'condition') return 'lost';
      const stored = recordFromImage(own.item ?? (await readItem(requestKey(record.id))));
      if (!stored) throw new Error('a request that stood in the way of a new one is gone');
      return stored;
    },

    async ledgers(keys) {
      const items = await batchGet(client, table, keys.map(ledgerKey));
      return keys.map((key) => ledgerFrom(key, items.get(ledgerKey(key).pk!.S!)));
    },

    async replace(next, version, yieldsAt) {
      const item = imageOf(next);
      const refusal = await put(
        item,
        yieldsAt === undefined
          ? '#version = :version'
          : '#version = :version AND (attribute_not_exists(#ending) OR #ending <= :now)',
        { '#version': 'version', ...(yieldsAt !== undefined && { '#ending': 'ending' }) },
        { ':version': number(version), ...(yieldsAt !== undefined && { ':now': number(yieldsAt) }) },
      );
      return !refusal || refusal.isOwnWrite(item);
    },

    async markEnding(id, until) {
      const key = requestKey(id);
      const mark = new UpdateItemCommand({
        TableName: table,
        Key: key,
        ConditionExpression: 'attribute_exists(#pk)',
        UpdateExpression: 'SET #ending = :until',
        ExpressionAttributeNames: { '#pk': 'pk', '#ending': 'ending' },
        ExpressionAttributeValues: { ':until': number(until) },
      });
      const refusal = await write(mark, key);
      if (refusal) throw new Error('a request that is being ended is gone');
    },

    async requestsOf(person, now, since = now - openFor) {
      return (await query(client, table, 'byRequester', person, { comparison: '>=', bound: iso(since) })).map(slotOf);
    },

    async list(index, limit, after) {
      const { name, partitions } = partitionsOf(index, after);
      const before = after && { comparison: '<' as const, bound: createdKey(after) };
      const pages = await Promise.all(
        partitions.map((partition) => query(client, table, name, partition, { ...before, limit, newestFirst: true })),
      );
      return pages.flat().sort(newestFirst).slice(0, limit).map(positionOf);
    },

    async due(now, limit) {
      const range = { comparison: '<=' as const, bound: iso(now), limit };
      return (await query(client, table, 'byDue', dueQueue, range)).map(idOf);
    },

    async openIds() {
      return (await query(client, table, 'byDue', dueQueue, {})).map(idOf);
    },

    async lastLook() {
      const item = await readItem(lookKey);
      return item && lookFromItem(item);
    },

    async saveLook({ digest, at, after }) {
      const item: Item = {
        ...lookKey,
        digest: text(digest),
        at: number(at),
        ...(after !== undefined && { after: text(after) }),
      };
      await passable(client.send(new PutItemCommand({ TableName: table, Item: item })));
    },

    async getMessage(requestId, id) {
      const item = await readItem(messageKey(requestId, id));
      return item && messageFromItem(requestId, id, item);
    },

    async claimMessage(message, staleBefore) {
      const key = messageKey(message.requestId, message.id);
      const refusal = await write(
        new UpdateItemCommand({ TableName: table, Key: key, ...claim(message, staleBefore) }),
        key,
      );
      if (!refusal) return 'claimed';
      const item = await refusal.item();
      if (item?.sent || item?.failure) return 'settled';
      const isOwnClaim =
        refusal.isRetried &&
        Number(item?.claimed?.N) === message.claimedAt &&
        item?.links?.L?.at(-1)?.S === message.linkHashes.at(-1);
      return isOwnClaim ? 'claimed' : 'busy';
    },

    async settleMessage(requestId, id, result) {
      const key = messageKey(requestId, id);
      const refusal = await write(new UpdateItemCommand({ TableName: table, Key: key, ...settlement(result) }), key);
      if (refusal && !(await refusal.item())) throw new Error('a message must be claimed before it is settled');
    },
  };
}

type Range = { comparison?: '<' | '<=' | '>='; bound?: string; limit?: number; newestFirst?: boolean };

/** Items of one partition of an index, as the index holds them, up to the limit; more than one round trip only beyond a megabyte. */
async function query(
  client: Client,
  table: string,
  index: IndexName,
  partition: string,
  range: Range,
): Promise<Item[]> {
  const { comparison, bound, limit = Number.POSITIVE_INFINITY, newestFirst = false } = range;
  const [partitionKey, sortKey] = indexes[index].keys;
  const found: Item[] = [];
  let from: Item | undefined;
  do {
    const page = await passable(
      client.send(
        new QueryCommand({
          TableName: table,
          IndexName: index,
          KeyConditionExpression: comparison
            ? `#partition = :partition AND #sort ${comparison} :bound`
            : '#partition = :partition',
          ExpressionAttributeNames: { '#partition': partitionKey, ...(comparison && { '#sort': sortKey }) },
          ExpressionAttributeValues: {
            ':partition': text(partition),
            ...(bound !== undefined && { ':bound': text(bound) }),
          },
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

/** Where a list is found. A list by time has one partition a month, all asked at once; those after the position hold nothing of the page. */
function partitionsOf(index: ListIndex, after: Position | undefined): { name: IndexName; partitions: string[] } {
  switch (index.by) {
    case 'requester':
      return { name: 'byRequester', partitions: [index.person] };
    case 'filer':
      return { name: 'byFiler', partitions: [index.principal] };
    case 'pending':
      return { name: 'pendingByRole', partitions: [index.role] };
    case 'time': {
      const newest = new Date(index.now);
      const months = Array.from({ length: listedMonths }, (_, ago) =>
        iso(Date.UTC(newest.getUTCFullYear(), newest.getUTCMonth() - ago)).slice(0, 7),
      );
      return {
        name: 'byMonth',
        partitions: after ? months.filter((month) => month <= iso(after.createdAt).slice(0, 7)) : months,
      };
    }
  }
}

const newestFirst = (a: Item, b: Item) => (a.created!.S! < b.created!.S! ? 1 : -1);

const batchSize = 100;
const batchAttempts = 5;

async function getMany(client: Client, table: string, ids: readonly string[]): Promise<RequestRecord[]> {
  if (ids.length > batchSize) throw new RangeError(`at most ${batchSize} requests at once`);
  const items = await batchGet(client, table, [...new Set(ids)].map(requestKey));
  return ids.flatMap((id) => recordFromImage(items.get(keyOf('request', id))) ?? []);
}

/** Items by their keys, strongly consistent. BatchGetItem may leave keys unprocessed under load (botocore dynamodb); they are asked for again, later each time. */
async function batchGet(client: Client, table: string, all: Item[]): Promise<Map<string, Item>> {
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

/** A link that is over still says what became of the request, until DynamoDB collects its message. */
const keptFor = 30 * DAY;

/** Free are a message that is not there, one that was released (claimed at 0) and one whose claim is stale, unless it is settled. */
function claim({ holder, ...message }: MessageRecord, staleBefore: number) {
  return {
    ConditionExpression:
      'attribute_not_exists(#pk) OR (attribute_not_exists(#sent) AND attribute_not_exists(#failure) AND #claimed <= :stale)',
    UpdateExpression: `SET #channel = :channel, #kind = :kind, #links = list_append(if_not_exists(#links, :none), :links), #claimed = :claimed, #expires = :expires, #ttl = :ttl${
      holder ? ', #holder = :holder' : ''
    }`,
    ExpressionAttributeNames: named(
      'pk',
      'sent',
      'failure',
      'claimed',
      'channel',
      'kind',
      'links',
      'expires',
      'ttl',
      ...(holder ? ['holder'] : []),
    ),
    ExpressionAttributeValues: {
      ':stale': number(staleBefore),
      ':channel': text(message.channel),
      ':kind': text(message.kind),
      ':none': { L: [] },
      ':links': { L: message.linkHashes.map(text) },
      ':claimed': number(message.claimedAt),
      ':expires': number(message.expiresAt),
      ':ttl': number(Math.ceil((message.expiresAt + keptFor) / SECOND)),
      ...(holder && { ':holder': { M: { key: text(holder.key), name: text(holder.name) } } }),
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}

/** The first settlement stands: a sender whose claim was taken over cannot undo what the other one did. */
function settlement(result: Settlement) {
  const own = 'releaseOf' in result ? number(result.releaseOf) : undefined;
  const [attribute, value] = outcomeOf(result);
  return {
    ConditionExpression: `attribute_exists(#pk) AND attribute_not_exists(#sent) AND attribute_not_exists(#failure)${own ? ' AND #claimed = :own' : ''}`,
    UpdateExpression: `SET #${attribute} = :value`,
    ExpressionAttributeNames: named('pk', 'sent', 'failure', attribute, ...(own ? ['claimed'] : [])),
    ExpressionAttributeValues: { ':value': value, ...(own && { ':own': own }) },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}

function outcomeOf(result: Settlement): [attribute: string, value: AttributeValue] {
  if ('sentAt' in result) return ['sent', number(result.sentAt)];
  return 'failure' in result ? ['failure', text(result.failure)] : ['claimed', number(0)];
}

const named = (...attributes: string[]) =>
  Object.fromEntries(attributes.map((attribute) => [`#${attribute}`, attribute]));
