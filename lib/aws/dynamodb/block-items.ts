// The item that holds every block. It is one, so that a single condition on its version says of all of them that none has come since.
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import type { Store } from '../../app.ts';
import { Block, type Blocks } from '../../model/schema.ts';
import { keyOf } from '../table.ts';
import { conditionally } from './conditions.ts';
import { passable } from './errors.ts';

type Item = Record<string, AttributeValue>;
type Part = Pick<Store, 'blocks' | 'recentBlocks' | 'replaceBlocks'>;

const itemKey: Item = { pk: { S: keyOf('blocks', 'all') } };

export function blockItems(client: Pick<DynamoDBClient, 'send'>, table: string): Part {
  const read = async (isStrong: boolean) =>
    (await passable(client.send(new GetItemCommand({ TableName: table, Key: itemKey, ConsistentRead: isStrong }))))
      .Item;

  return {
    async blocks() {
      return blocksIn(await read(true));
    },

    async recentBlocks() {
      return blocksIn(await read(false));
    },

    async replaceBlocks(next) {
      const item: Item = {
        ...itemKey,
        version: { N: String(next.version) },
        doc: { S: JSON.stringify(next.blocks) },
      };
      const command = new PutItemCommand({
        TableName: table,
        Item: item,
        ...isAt(next.version - 1),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      const refusal = await conditionally(client, command, () => read(true));
      return !refusal || refusal.isOwnWrite(item);
    },
  };
}

/** Lets a transaction through only while nobody has blocked or lifted anything since the blocks were read. */
export const blocksUnchanged = (table: string, version: number): TransactWriteItem => ({
  ConditionCheck: { TableName: table, Key: itemKey, ...isAt(version) },
});

// --- internal ---

const blocksIn = (item: Item | undefined): Blocks => ({
  version: Number(item?.version?.N ?? 0),
  blocks: v.parse(v.array(Block), JSON.parse(item?.doc?.S ?? '[]')),
});

/** Version 0 has never been written. */
const isAt = (version: number) =>
  version === 0
    ? { ConditionExpression: 'attribute_not_exists(#pk)', ExpressionAttributeNames: { '#pk': 'pk' } }
    : {
        ConditionExpression: '#version = :version',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':version': { N: String(version) } },
      };
