// The item in which the sweep remembers how far its last look for leavers got.
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Look, Store } from '../../app.ts';
import { keyOf } from '../table.ts';
import { passable } from './errors.ts';
import { type Item, number, type TableCalls, text } from './item.ts';
import { readItem } from './reads.ts';

type Part = Pick<Store, 'lastLook' | 'saveLook'>;

const lookKey: Item = { pk: text(keyOf('sweep', 'look')) };

export const sweepItems = (calls: TableCalls): Part => ({
  async lastLook() {
    const item = await readItem(calls, lookKey);
    return item && lookFromItem(item);
  },
  async saveLook({ digest, at, after }) {
    const item: Item = {
      ...lookKey,
      digest: text(digest),
      at: number(at),
      ...(after !== undefined && { after: text(after) }),
    };
    await passable(calls.client.send(new PutItemCommand({ TableName: calls.table, Item: item })));
  },
});

const lookFromItem = ({ digest, at, after }: Item): Look => ({
  digest: digest?.S ?? '',
  at: Number(at?.N),
  ...(after?.S !== undefined && { after: after.S }),
});
