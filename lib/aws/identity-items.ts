// The items that say whose a token's subject is: one per subject, bound by the first call that changes anything, released by an admin.
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Store } from '../app.ts';
import type { Binding } from '../model/schema.ts';
import { conditionally } from './dynamo-conditions.ts';
import { passable } from './dynamo-errors.ts';
import { keyOf, partOf } from './table.ts';

type Item = Record<string, AttributeValue>;
type Part = Pick<Store, 'getIdentity' | 'bindIdentity' | 'identitiesOf' | 'releaseIdentity'>;

const itemKey = (id: string): Item => ({ pk: { S: keyOf('identity', id) } });
/** A person's identities stand beside their requests in one index, in a partition that no person is called by. */
const partitionOf = (person: string): string => keyOf('identity', person);
/** At most so many are listed; a person has a handful. */
const listedMost = 100;

export function identityItems(client: Pick<DynamoDBClient, 'send'>, table: string): Part {
  const read = async (id: string, isStrong: boolean) =>
    (await passable(client.send(new GetItemCommand({ TableName: table, Key: itemKey(id), ConsistentRead: isStrong }))))
      .Item;

  return {
    async getIdentity(id) {
      return bindingIn(await read(id, false));
    },

    async bindIdentity(binding) {
      const { id, subject, person, boundAt } = binding;
      const command = new UpdateItemCommand({
        TableName: table,
        Key: itemKey(id),
        ConditionExpression: 'attribute_not_exists(#person)',
        UpdateExpression:
          'SET #subject = :subject, #person = :person, #bound = :bound, #partition = :partition, #sort = :sort',
        ExpressionAttributeNames: {
          '#subject': 'subject',
          '#person': 'person',
          '#bound': 'bound',
          '#partition': 'requester',
          '#sort': 'created',
        },
        ExpressionAttributeValues: {
          ':subject': { S: subject },
          ':person': { S: person },
          ':bound': { N: String(boundAt) },
          ':partition': { S: partitionOf(person) },
          ':sort': { S: `${new Date(boundAt).toISOString()}#${subject}` },
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      const refusal = await conditionally(client, command, () => read(id, true));
      // a write that met itself finds what it wrote
      return refusal ? (bindingIn(await refusal.item()) ?? binding) : binding;
    },

    async identitiesOf(person) {
      const command = new QueryCommand({
        TableName: table,
        IndexName: 'byRequester',
        KeyConditionExpression: '#partition = :partition',
        ExpressionAttributeNames: { '#partition': 'requester' },
        ExpressionAttributeValues: { ':partition': { S: partitionOf(person) } },
        Limit: listedMost,
      });
      const { Items = [] } = await passable(client.send(command));
      return Items.map((item) => listedIn(item, person));
    },

    async releaseIdentity(id, by, at) {
      const command = new UpdateItemCommand({
        TableName: table,
        Key: itemKey(id),
        ConditionExpression: 'attribute_exists(#person)',
        UpdateExpression: 'SET #by = :by, #released = :at REMOVE #person, #bound, #partition, #sort',
        ExpressionAttributeNames: {
          '#by': 'releasedBy',
          '#released': 'released',
          '#person': 'person',
          '#bound': 'bound',
          '#partition': 'requester',
          '#sort': 'created',
        },
        ExpressionAttributeValues: { ':by': { S: by }, ':at': { N: String(at) } },
      });
      const refusal = await conditionally(client, command, () => read(id, true));
      const isOwn = async () => refusal?.isRetried && Number((await refusal.item())?.released?.N) === at;
      return !refusal || (await isOwn()) === true;
    },
  };
}

function bindingIn(item: Item | undefined): Binding | undefined {
  const { pk, subject, person, bound } = item ?? {};
  if (!pk?.S || !subject?.S || !person?.S) return undefined;
  return { id: partOf('identity', pk.S)!, subject: subject.S, person: person.S, boundAt: Number(bound?.N) };
}

/** From the keys alone. */
function listedIn({ pk, created }: Item, person: string): Binding {
  const [at = '', ...subject] = created!.S!.split('#');
  return { id: partOf('identity', pk?.S)!, subject: subject.join('#'), person, boundAt: Date.parse(at) };
}
