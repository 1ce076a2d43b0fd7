// The items that say which sessions a target role's policy must deny: one per role, added to by anybody, written to IAM by whoever holds its lease.
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Store } from '../app.ts';
import { DAY, SECOND } from '../common/time.ts';
import type { RevocationList } from '../session/revocation-plan.ts';
import { passable } from './dynamo-errors.ts';
import { keyOf } from './table.ts';

type Item = Record<string, AttributeValue>;
type Part = Pick<Store, 'addRevocations' | 'leaseRevocations' | 'releaseRevocations'>;

/** Each grant is an attribute of its own, so that adding one needs no read and collides with nobody. */
const prefix = 'grant-';
/** DynamoDB takes expressions of 4 KB (ddb-dg, ServiceQuotas). */
const addedAtOnce = 25;
/** Longer than any session that can be denied; when DynamoDB collects the item, the stream says so and the role's policy goes too. */
const keptFor = DAY;

const number = (value: number): AttributeValue => ({ N: String(value) });

export function revocationItems(client: Pick<DynamoDBClient, 'send'>, table: string): Part {
  /** The item after the change; undefined where the condition did not hold. */
  const update = async (
    role: string,
    change: Omit<ConstructorParameters<typeof UpdateItemCommand>[0], 'TableName' | 'Key'>,
  ): Promise<Item | undefined> => {
    const command = new UpdateItemCommand({
      TableName: table,
      Key: { pk: { S: keyOf('revocations', role) } },
      ReturnValues: 'ALL_NEW',
      ...change,
    });
    try {
      return (await passable(client.send(command))).Attributes;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  };

  return {
    async addRevocations(role, grants, now) {
      const all = [...grants];
      for (let i = 0; i < all.length; i += addedAtOnce) {
        const some = all.slice(i, i + addedAtOnce);
        await update(role, {
          UpdateExpression: `ADD #version :one SET #ttl = :ttl, ${some.map((_, n) => `#g${n} = :g${n}`).join(', ')}`,
          ExpressionAttributeNames: {
            '#version': 'version',
            '#ttl': 'ttl',
            ...Object.fromEntries(some.map(([id], n) => [`#g${n}`, `${prefix}${id}`])),
          },
          ExpressionAttributeValues: {
            ':one': number(1),
            ':ttl': number(Math.ceil((now + keptFor) / SECOND)),
            ...Object.fromEntries(some.map(([, until], n) => [`:g${n}`, number(until)])),
          },
          ReturnValues: 'NONE',
        });
      }
    },

    async leaseRevocations(role, holder, now, until) {
      const item = await update(role, {
        ConditionExpression: 'attribute_not_exists(#holder) OR #holder = :holder OR #leased <= :now',
        UpdateExpression: 'SET #holder = :holder, #leased = :until',
        ExpressionAttributeNames: { '#holder': 'holder', '#leased': 'leased' },
        ExpressionAttributeValues: { ':holder': { S: holder }, ':now': number(now), ':until': number(until) },
      });
      return item && listIn(item);
    },

    async releaseRevocations(role, holder, written) {
      if (!written) {
        const own = {
          ExpressionAttributeNames: { '#holder': 'holder', '#leased': 'leased' },
          ExpressionAttributeValues: { ':holder': { S: holder } },
        };
        return (
          (await update(role, {
            ConditionExpression: '#holder = :holder',
            UpdateExpression: 'REMOVE #holder, #leased',
            ...own,
          })) !== undefined
        );
      }
      const { version, before, dropped } = written;
      const removed = [
        'holder',
        'leased',
        ...(before === undefined ? ['before'] : []),
        ...dropped.map((id) => `${prefix}${id}`),
      ];
      // as many as an expression of 4 KB holds, which is more than a policy does; the rest is dropped the next time
      const fitting = removed.slice(0, 450);
      const item = await update(role, {
        ConditionExpression:
          '#holder = :holder AND (#version = :version OR (attribute_not_exists(#version) AND :version = :none))',
        UpdateExpression: `SET #applied = :version${before === undefined ? '' : ', #before = :before'} REMOVE ${fitting.map((_, n) => `#r${n}`).join(', ')}`,
        ExpressionAttributeNames: {
          '#holder': 'holder',
          '#version': 'version',
          '#applied': 'applied',
          ...(before !== undefined && { '#before': 'before' }),
          ...Object.fromEntries(fitting.map((name, n) => [`#r${n}`, name])),
        },
        ExpressionAttributeValues: {
          ':holder': { S: holder },
          ':version': number(version),
          ':none': number(0),
          ...(before !== undefined && { ':before': number(before) }),
        },
      });
      return item !== undefined;
    },
  };
}

function listIn(item: Item): RevocationList {
  const grants = Object.entries(item).flatMap(
    ([name, value]): Array<[string, number]> =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), Number(value.N)]] : [],
  );
  return {
    grants: new Map(grants),
    ...(item.before && { before: Number(item.before.N) }),
    version: Number(item.version?.N ?? 0),
    applied: Number(item.applied?.N ?? -1),
  };
}
