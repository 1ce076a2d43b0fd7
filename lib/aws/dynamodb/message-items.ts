// The items of messages: each is claimed before it is sent and settled afterwards, so that it is sent once.
import { type AttributeValue, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import type { Settlement, Store } from '../../app.ts';
import { DAY, SECOND } from '../../common/time.ts';
import { MessageRecord } from '../../model/schema.ts';
import { keyOf } from '../table.ts';
import { conditionally } from './conditions.ts';
import { type Item, named, number, type TableCalls, text } from './item.ts';
import { readItem } from './reads.ts';

type Part = Pick<Store, 'getMessage' | 'claimMessage' | 'settleMessage'>;

export const messageItems = (calls: TableCalls): Part => ({
  async getMessage(requestId, id) {
    const item = await readItem(calls, messageKey(requestId, id));
    return item && messageFromItem(requestId, id, item);
  },
  claimMessage: (message, staleBefore) => claimMessage(calls, message, staleBefore),
  settleMessage: (requestId, id, result) => settleMessage(calls, requestId, id, result),
});

// --- internal ---

const messageKey = (requestId: string, id: string): Item => ({ pk: text(keyOf('message', requestId, id)) });

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

async function claimMessage(
  calls: TableCalls,
  message: MessageRecord,
  staleBefore: number,
): Promise<'claimed' | 'settled' | 'busy'> {
  const key = messageKey(message.requestId, message.id);
  const command = new UpdateItemCommand({ TableName: calls.table, Key: key, ...claim(message, staleBefore) });
  const refusal = await conditionally(calls.client, command, () => readItem(calls, key));
  if (!refusal) return 'claimed';
  const item = await refusal.item();
  if (item?.sent || item?.failure) return 'settled';
  return refusal.isRetried && isSameClaim(item, message) ? 'claimed' : 'busy';
}

const isSameClaim = (item: Item | undefined, { claimedAt, linkHashes }: MessageRecord): boolean =>
  Number(item?.claimed?.N) === claimedAt && item?.links?.L?.at(-1)?.S === linkHashes.at(-1);

async function settleMessage(calls: TableCalls, requestId: string, id: string, result: Settlement): Promise<void> {
  const key = messageKey(requestId, id);
  const command = new UpdateItemCommand({ TableName: calls.table, Key: key, ...settlement(result) });
  const refusal = await conditionally(calls.client, command, () => readItem(calls, key));
  if (refusal && !(await refusal.item())) throw new Error('a message must be claimed before it is settled');
}

/** A spent link still shows what became of the request, until DynamoDB deletes its message. */
const keptFor = 30 * DAY;

/** A message can be claimed if it does not exist, was released (claimed at 0), or has a stale claim and is not settled. */
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

/** The first settlement is final: a sender whose claim was taken over cannot undo the work of the new one. */
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
