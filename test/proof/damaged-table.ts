// The table as DynamoDB's client shows it when something in it is damaged: reads answer what is there, writes are taken and forgotten.
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { imageOf } from '../../lib/aws/dynamodb/request-image.ts';
import type { MessageRecord } from '../../lib/model/schema.ts';
import type { FakeStore } from '../support/fake-store.ts';
import { damaged } from './hostile.ts';
import { oneOf } from './size.ts';

export type Item = Record<string, AttributeValue>;
type Command = {
  input: {
    Key?: Item;
    RequestItems?: Record<string, { Keys: Item[] }>;
    KeyConditionExpression?: string;
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Item;
    Item?: Item;
  };
};

/** Everything that a store in memory holds, as items. */
export function itemsOf({ requests, messages }: Pick<FakeStore, 'requests' | 'messages'>): Map<string, Item> {
  const items = [
    ...[...requests.values()].map((request) => imageOf(request) as Item),
    ...[...messages.values()].map(itemOfMessage),
  ];
  return new Map(items.map((item) => [item.pk!.S!, item]));
}

function itemOfMessage({
  requestId,
  id,
  channel,
  kind,
  holder,
  linkHashes,
  claimedAt,
  sentAt,
  expiresAt,
}: MessageRecord): Item {
  return {
    pk: { S: `message#${requestId}#${id}` },
    channel: { S: channel },
    kind: { S: kind },
    links: { L: linkHashes.map((S) => ({ S })) },
    claimed: { N: String(claimedAt) },
    expires: { N: String(expiresAt) },
    ...(holder && { holder: { M: { key: { S: holder.key }, name: { S: holder.name } } } }),
    ...(sentAt !== undefined && { sent: { N: String(sentAt) } }),
  };
}

/** @param items by key; a test changes them as it likes */
export function damagedTable(items: ReadonlyMap<string, Item>): Pick<DynamoDBClient, 'send'> {
  const send = async ({ input }: Command): Promise<object> => {
    const {
      Key,
      RequestItems,
      KeyConditionExpression,
      ExpressionAttributeNames: names = {},
      ExpressionAttributeValues: values = {},
    } = input;
    if (RequestItems) {
      const [[table, { Keys }]] = Object.entries(RequestItems) as [[string, { Keys: Item[] }]];
      return { Responses: { [table]: Keys.flatMap((key) => [items.get(key.pk!.S!) ?? []].flat()) } };
    }
    if (KeyConditionExpression) {
      const [partition = '', wanted = ''] = /^(#\w+) = (:\w+)/.exec(KeyConditionExpression)?.slice(1) ?? [];
      return { Items: [...items.values()].filter((item) => item[names[partition] ?? '']?.S === values[wanted]?.S) };
    }
    return Key && !('ConditionExpression' in input) ? { Item: items.get(Key.pk!.S!) } : {};
  };
  return { send: send as unknown as DynamoDBClient['send'] };
}

/** An item with one place changed: of its document, if it has one and the seed says so, or of its attributes. The keys by which indexes find it stay what they are. */
export function damagedItem(random: () => number, item: Item, put: () => unknown): Item {
  if (item.doc?.S === undefined || random() < 0.2) {
    const { pk, created, due, until, month, pending, requester, role, queue, ...rest } = item;
    const broken = damaged(random, rest, () =>
      oneOf(random, [
        { S: JSON.stringify(put()) },
        { N: 'x' },
        { NULL: true },
        { M: {} },
        { L: [{ N: '1' }] },
        {},
        put(),
      ]),
    );
    const keys = Object.fromEntries(
      Object.entries({ pk, created, due, until, month, pending, requester, role, queue }).filter(
        ([, value]) => value !== undefined,
      ),
    );
    return { ...broken, ...keys } as Item;
  }
  const text = item.doc.S;
  const doc =
    random() < 0.1
      ? text.slice(0, Math.floor(random() * text.length))
      : JSON.stringify(damaged(random, JSON.parse(text), put));
  return { ...item, doc: { S: doc } };
}
