// The DynamoDB table, defined once: keys, indexes and settings. The template, the local server, the doctor and the tests read it here.
import type { CreateTableCommandInput, Projection } from '@aws-sdk/client-dynamodb';

/** The prefix of the table's key, by kind of item. IAM policies and stream filters tell the kinds apart by it. */
export const prefixes = {
  request: 'request#',
  message: 'message#',
  revocations: 'revocations#',
  sweep: 'sweep#',
  identity: 'identity#',
  ledger: 'ledger#',
  blocks: 'blocks#',
} as const;
export type ItemKind = keyof typeof prefixes;
/** Items that DynamoDB deletes at the time in `ttl`. All others are kept, and no function may write `ttl` into them. */
export const expiring = ['message', 'revocations'] as const satisfies readonly ItemKind[];

/** `keyOf('message', '01jd...', 'm1')` -> `message#01jd...#m1` */
export const keyOf = (kind: ItemKind, ...parts: string[]): string => `${prefixes[kind]}${parts.join('#')}`;
/** The key without the prefix of a kind; undefined for an item of another kind. */
export const partOf = (kind: ItemKind, key: string | undefined): string | undefined =>
  key?.startsWith(prefixes[kind]) ? key.slice(prefixes[kind].length) : undefined;

type IndexDefinition = {
  /** attributes of partition and sort key; an item without one of them is not in the index */
  keys: readonly [partition: string, sort: string];
  /** further attributes that the index holds, in addition to the table's key */
  holds?: readonly string[];
};
/** All key attributes are strings. Lists of requests hold keys only, because the requests themselves are read from the table. */
export const indexes = {
  /** holds the fields that the rules for new requests need, so that they need no item */
  byRequester: { keys: ['requester', 'created'], holds: ['role', 'until', 'review'] },
  byMonth: { keys: ['month', 'created'] },
  /** sparse: only pending requests */
  pendingByRole: { keys: ['pending', 'created'] },
  /** sparse: only requests that the sweeper still has to process. One partition, which takes 1,000 writes a second (ddb-dg, bp-partition-key-design) */
  byDue: { keys: ['queue', 'due'] },
  /** sparse: only requests that a bot filed */
  byFiler: { keys: ['filer', 'created'] },
} as const satisfies Record<string, IndexDefinition>;
export type IndexName = keyof typeof indexes;

/** Keys, indexes, billing and stream. The stream has old and new images; `ttl` is the time-to-live attribute. */
export function tableDefinition(name: string) {
  const attributes = new Set(['pk', ...Object.values(indexes).flatMap(({ keys }) => keys)]);
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: [...attributes].map((attribute) => ({ AttributeName: attribute, AttributeType: 'S' })),
    GlobalSecondaryIndexes: Object.entries(indexes).map(indexDefinition),
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  } satisfies CreateTableCommandInput;
}

function indexDefinition([name, { keys, holds }]: [string, IndexDefinition]) {
  const [partition, sort] = keys;
  return {
    IndexName: name,
    KeySchema: [
      { AttributeName: partition, KeyType: 'HASH' as const },
      { AttributeName: sort, KeyType: 'RANGE' as const },
    ],
    Projection: holds
      ? { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [...holds] }
      : { ProjectionType: 'KEYS_ONLY' as const },
  };
}

/** The projection of an index as text, to compare a table with its definition: `KEYS_ONLY`, `INCLUDE review, role, until`. */
export const projectionOf = ({ ProjectionType, NonKeyAttributes = [] }: Projection = {}): string =>
  [ProjectionType ?? '', [...NonKeyAttributes].sort().join(', ')].filter(Boolean).join(' ');
