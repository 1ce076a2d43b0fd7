// The items behind mail digests: how many mails an approver had in an hour, and what was held back from them then.
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Store } from './app.ts';
import { sha256 } from './digest.ts';
import { conditionally } from './dynamo-conditions.ts';
import { passable } from './dynamo-faults.ts';
import type { HeldMail, MailDigest } from './mail-digest.ts';
import { DAY, SECOND } from './time.ts';

type Item = Record<string, AttributeValue>;
type Part = Pick<Store, 'countMail' | 'holdMail' | 'dueDigests' | 'closeDigest' | 'claimDigest' | 'settleDigest'>;

/** Digests are few and have a partition of the sweep's index to themselves, so that no look for requests meets one. */
const digestShard = 'digests';
/** `closed` is what the stream's filter for notify goes by; notify's own writes leave other states, so that it never wakes itself. */
type State = 'closed' | 'claimed' | 'released' | 'done';

/** When DynamoDB collects an item: long after its hour, and long after whatever a digest asks could still be decided. */
const keptFor = { mailbox: 2 * DAY, digest: 30 * DAY };

const text = (value: string): AttributeValue => ({ S: value });
const number = (value: number): AttributeValue => ({ N: String(value) });
const ttl = (kind: keyof typeof keptFor, from: number): AttributeValue =>
  number(Math.ceil((from + keptFor[kind]) / SECOND));
const iso = (ms: number) => new Date(ms).toISOString();
const digestKey = (id: string): Item => ({ pk: text(`digest#${id}`) });

/** What a closing looks like in the table's stream, as far as anybody goes by it; for the local server, whose emulator has no stream. */
export const closedImage = (id: string): Item => ({ ...digestKey(id), state: state('closed') });

/** The id of the digest whose closing a stream image shows; undefined for anything else. */
export function closedDigestIn(image: Record<string, { S?: string | undefined }> | undefined): string | undefined {
  const key = image?.pk?.S;
  return key?.startsWith('digest#') && image?.state?.S === ('closed' satisfies State)
    ? key.slice('digest#'.length)
    : undefined;
}

export function digestItems(client: Pick<DynamoDBClient, 'send'>, table: string): Part {
  const update = (key: Item, change: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>) =>
    new UpdateItemCommand({ TableName: table, Key: key, ReturnValuesOnConditionCheckFailure: 'ALL_OLD', ...change });
  const readItem = async (key: Item) =>
    (await passable(client.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true })))).Item;
  const write = (key: Item, change: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>) =>
    conditionally(client, update(key, change), () => readItem(key));

  return {
    async countMail(mailbox, { requestId, messageId }, most, now) {
      const key: Item = { pk: text(`mailbox#${mailbox}`) };
      // eight characters, so that the item of an hour of thirty mails is below a kilobyte; two mails that share them would count as one
      const mail = sha256(`${requestId}#${messageId}`).slice(0, 8);
      const beyond = await write(key, {
        ConditionExpression: 'attribute_not_exists(#told) OR contains(#told, :mail) OR size(#told) < :most',
        UpdateExpression: 'ADD #told :mails SET #ttl = :ttl',
        ExpressionAttributeNames: { '#told': 'told', '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':mail': text(mail),
          ':mails': { SS: [mail] },
          ':most': number(most),
          ':ttl': ttl('mailbox', now),
        },
      });
      if (!beyond) return undefined;
      const place = update(key, {
        UpdateExpression: 'ADD #beyond :one',
        ExpressionAttributeNames: { '#beyond': 'beyond' },
        ExpressionAttributeValues: { ':one': number(1) },
        ReturnValues: 'UPDATED_NEW',
      });
      return Number((await passable(client.send(place))).Attributes?.beyond?.N) - 1;
    },

    async holdMail({ id, approver }, mail, due) {
      const closed = await write(digestKey(id), {
        ConditionExpression: 'attribute_not_exists(#state)',
        UpdateExpression: 'ADD #held :mail SET #approver = :approver, #shard = :shard, #due = :due, #ttl = :ttl',
        ExpressionAttributeNames: {
          '#state': 'state',
          '#held': 'held',
          '#approver': 'approver',
          '#shard': 'shard',
          '#due': 'due',
          '#ttl': 'ttl',
        },
        ExpressionAttributeValues: {
          ':mail': { SS: [heldText(mail)] },
          ':approver': { M: { key: text(approver.key), name: text(approver.name) } },
          ':shard': text(digestShard),
          ':due': text(iso(due)),
          ':ttl': ttl('digest', due),
        },
      });
      return closed === undefined;
    },

    async dueDigests(now, limit) {
      const query = new QueryCommand({
        TableName: table,
        IndexName: 'byDue',
        KeyConditionExpression: '#shard = :shard AND #due <= :now',
        ExpressionAttributeNames: { '#shard': 'shard', '#due': 'due' },
        ExpressionAttributeValues: { ':shard': text(digestShard), ':now': text(iso(now)) },
        Limit: limit,
      });
      const { Items = [] } = await passable(client.send(query));
      return Items.map(({ pk }) => pk!.S!.slice('digest#'.length));
    },

    async closeDigest(id, again, staleBefore) {
      await write(digestKey(id), {
        ConditionExpression: 'attribute_exists(#shard) AND (#state <> :claimed OR #since <= :stale)',
        UpdateExpression: 'SET #state = :closed, #due = :again, #ttl = :ttl',
        ExpressionAttributeNames: {
          '#shard': 'shard',
          '#state': 'state',
          '#since': 'claimed',
          '#due': 'due',
          '#ttl': 'ttl',
        },
        ExpressionAttributeValues: {
          ':claimed': state('claimed'),
          ':closed': state('closed'),
          ':again': text(iso(again)),
          ':ttl': ttl('digest', again),
          ':stale': number(staleBefore),
        },
      });
    },

    async claimDigest(id, now, staleBefore) {
      const refusal = await write(digestKey(id), {
        ConditionExpression:
          'attribute_exists(#shard) AND attribute_exists(#state) AND (#state <> :claimed OR #since <= :stale)',
        UpdateExpression: 'SET #state = :claimed, #since = :now',
        ExpressionAttributeNames: { '#shard': 'shard', '#state': 'state', '#since': 'claimed' },
        ExpressionAttributeValues: { ':claimed': state('claimed'), ':now': number(now), ':stale': number(staleBefore) },
      });
      const item = refusal ? await refusal.item() : await readItem(digestKey(id));
      if (!item?.shard) return 'settled';
      const isOwnClaim = refusal?.isRetried && item.state?.S === 'claimed' && Number(item.claimed?.N) === now;
      return refusal && !isOwnClaim ? 'busy' : digestIn(id, item);
    },

    async settleDigest(id, result) {
      const isDone = 'doneAt' in result;
      await write(digestKey(id), {
        ConditionExpression: isDone
          ? 'attribute_exists(#shard)'
          : 'attribute_exists(#shard) AND #state = :claimed AND #since = :own',
        UpdateExpression: isDone ? 'SET #state = :state, #done = :at REMOVE #shard, #due' : 'SET #state = :state',
        ExpressionAttributeNames: {
          '#shard': 'shard',
          '#state': 'state',
          ...(isDone ? { '#done': 'done', '#due': 'due' } : { '#since': 'claimed' }),
        },
        ExpressionAttributeValues: isDone
          ? { ':state': state('done'), ':at': number(result.doneAt) }
          : { ':state': state('released'), ':claimed': state('claimed'), ':own': number(result.releaseOf) },
      });
    },
  };
}

// --- internal ---

const state = (value: State): AttributeValue => text(value);

const heldText = ({ requestId, messageId, kind }: HeldMail): string => `${requestId}#${messageId}#${kind}`;

function heldIn(words: string): HeldMail {
  const [requestId = '', messageId = '', kind] = words.split('#');
  return { requestId, messageId, kind: kind === 'reminder' ? 'reminder' : 'decide' };
}

const digestIn = (id: string, { approver, held }: Item): MailDigest => ({
  id,
  approver: { key: approver?.M?.key?.S ?? '', name: approver?.M?.name?.S ?? '' },
  held: (held?.SS ?? []).map(heldIn),
});
