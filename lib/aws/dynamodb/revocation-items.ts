// The items that say which sessions the policy of a target role must deny: one per role. Any process adds to it; the holder of its lease writes it to IAM.
import { ConditionalCheckFailedException, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Store, WrittenRevocations } from '../../app.ts';
import { DAY, SECOND } from '../../common/time.ts';
import type { RevocationList } from '../../session/revocation-plan.ts';
import { keyOf } from '../table.ts';
import { passable } from './errors.ts';
import { type Item, named, number, type TableCalls, text } from './item.ts';

type Part = Pick<Store, 'addRevocations' | 'leaseRevocations' | 'releaseRevocations'>;

/** Each grant is an attribute of its own, so that adding one needs no read and conflicts with no other write. */
const prefix = 'grant-';
/** DynamoDB takes expressions of 4 KB (ddb-dg, ServiceQuotas). */
const addedAtOnce = 25;
/** As many attributes as an expression of 4 KB can remove, which is more than a policy holds. The rest is removed the next time. */
const removedAtOnce = 450;
/** Longer than any session that can be denied. When DynamoDB deletes the item, the stream reports it and the policy of the role is removed too. */
const keptFor = DAY;

export const revocationItems = (calls: TableCalls): Part => ({
  async addRevocations(role, grants, now) {
    const all = [...grants];
    for (let i = 0; i < all.length; i += addedAtOnce)
      await update(calls, role, addition(all.slice(i, i + addedAtOnce), now));
  },
  async leaseRevocations(role, holder, now, until) {
    const item = await update(calls, role, lease(holder, now, until));
    return item && listIn(item);
  },
  async releaseRevocations(role, holder, written) {
    const change = written ? releaseAfterWrite(holder, written) : release(holder);
    return (await update(calls, role, change)) !== undefined;
  },
});

// --- internal ---

type Change = Omit<ConstructorParameters<typeof UpdateItemCommand>[0], 'TableName' | 'Key'>;

/** The item after the change; undefined where the condition did not hold. */
async function update({ client, table }: TableCalls, role: string, change: Change): Promise<Item | undefined> {
  const command = new UpdateItemCommand({
    TableName: table,
    Key: { pk: text(keyOf('revocations', role)) },
    ReturnValues: 'ALL_NEW',
    ...change,
  });
  try {
    return (await passable(client.send(command))).Attributes;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined;
    throw error;
  }
}

const addition = (grants: ReadonlyArray<[id: string, until: number]>, now: number): Change => ({
  UpdateExpression: `ADD #version :one SET #ttl = :ttl, ${grants.map((_, n) => `#g${n} = :g${n}`).join(', ')}`,
  ExpressionAttributeNames: {
    ...named('version', 'ttl'),
    ...Object.fromEntries(grants.map(([id], n) => [`#g${n}`, `${prefix}${id}`])),
  },
  ExpressionAttributeValues: {
    ':one': number(1),
    ':ttl': number(Math.ceil((now + keptFor) / SECOND)),
    ...Object.fromEntries(grants.map(([, until], n) => [`:g${n}`, number(until)])),
  },
  ReturnValues: 'NONE',
});

const lease = (holder: string, now: number, until: number): Change => ({
  ConditionExpression: 'attribute_not_exists(#holder) OR #holder = :holder OR #leased <= :now',
  UpdateExpression: 'SET #holder = :holder, #leased = :until',
  ExpressionAttributeNames: named('holder', 'leased'),
  ExpressionAttributeValues: { ':holder': text(holder), ':now': number(now), ':until': number(until) },
});

/** Nothing was written to IAM. */
const release = (holder: string): Change => ({
  ConditionExpression: '#holder = :holder',
  UpdateExpression: 'REMOVE #holder, #leased',
  ExpressionAttributeNames: named('holder', 'leased'),
  ExpressionAttributeValues: { ':holder': text(holder) },
});

/** IAM has this version of the list. */
function releaseAfterWrite(holder: string, { version, before, dropped }: WrittenRevocations): Change {
  const outdated = before === undefined ? ['before'] : [];
  const removed = ['holder', 'leased', ...outdated, ...dropped.map((id) => `${prefix}${id}`)].slice(0, removedAtOnce);
  const sets = ['#applied = :version', ...(before === undefined ? [] : ['#before = :before'])];
  return {
    ConditionExpression:
      '#holder = :holder AND (#version = :version OR (attribute_not_exists(#version) AND :version = :none))',
    UpdateExpression: `SET ${sets.join(', ')} REMOVE ${removed.map((_, n) => `#r${n}`).join(', ')}`,
    ExpressionAttributeNames: {
      ...named('holder', 'version', 'applied', ...(before === undefined ? [] : ['before'])),
      ...Object.fromEntries(removed.map((name, n) => [`#r${n}`, name])),
    },
    ExpressionAttributeValues: {
      ':holder': text(holder),
      ':version': number(version),
      ':none': number(0),
      ...(before !== undefined && { ':before': number(before) }),
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
