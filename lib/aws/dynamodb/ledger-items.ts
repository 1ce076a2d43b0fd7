// The items of ledgers, which count the open requests of a person, a role or a bot (see ledger.ts).
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import type { Ledger, LedgerKey } from '../../policy/ledger.ts';
import { keyOf } from '../table.ts';
import type { Item } from './item.ts';

const Open = v.array(
  v.object({
    id: v.string(),
    role: v.string(),
    createdAt: v.number(),
    decideBy: v.number(),
    until: v.number(),
    extends: v.optional(v.string()),
    reviewDue: v.optional(v.number()),
  }),
);
const Filed = v.array(v.number());

export const ledgerKey = ({ of, id }: LedgerKey): Item => ({ pk: { S: keyOf('ledger', of, id) } });

/** @param item undefined where there is none yet */
export function ledgerFrom(key: LedgerKey, item: Item | undefined): Ledger {
  return {
    ...key,
    version: Number(item?.version?.N ?? 0),
    open: v.parse(Open, JSON.parse(item?.open?.S ?? '[]')),
    filed: v.parse(Filed, JSON.parse(item?.filed?.S ?? '[]')),
  };
}

/** Writes a ledger only while the stored version is the one that was read. */
export function ledgerWrite(table: string, ledger: Ledger): TransactWriteItem {
  const before = ledger.version - 1;
  return {
    Put: {
      TableName: table,
      Item: {
        ...ledgerKey(ledger),
        version: { N: String(ledger.version) },
        open: { S: JSON.stringify(ledger.open) },
        filed: { S: JSON.stringify(ledger.filed) },
      },
      ...(before === 0
        ? { ConditionExpression: 'attribute_not_exists(#pk)', ExpressionAttributeNames: { '#pk': 'pk' } }
        : {
            ConditionExpression: '#version = :before',
            ExpressionAttributeNames: { '#version': 'version' },
            ExpressionAttributeValues: { ':before': { N: String(before) } },
          }),
    },
  };
}
