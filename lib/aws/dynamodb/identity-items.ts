// The items that say to whom the subject of a token belongs: one per subject, bound by the first call that changes something, released by an admin.
import { QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Store } from '../../app.ts';
import type { Binding } from '../../model/schema.ts';
import { keyOf, partOf } from '../table.ts';
import { conditionally } from './conditions.ts';
import { passable } from './errors.ts';
import { type Item, iso, number, type TableCalls, text } from './item.ts';
import { readItem } from './reads.ts';

type Part = Pick<Store, 'getIdentity' | 'bindIdentity' | 'identitiesOf' | 'releaseIdentity'>;

/** A limit of the list; a person has a handful. */
const listedMost = 100;

export const identityItems = (calls: TableCalls): Part => ({
  async getIdentity(id) {
    return bindingIn(await readItem(calls, itemKey(id), false));
  },
  bindIdentity: (binding) => bind(calls, binding),
  identitiesOf: (person) => listOf(calls, person),
  releaseIdentity: (id, by, at) => release(calls, id, by, at),
});

// --- internal ---

const itemKey = (id: string): Item => ({ pk: text(keyOf('identity', id)) });
/** A person's identities share an index with their requests, in a partition of their own. */
const partitionOf = (person: string): string => keyOf('identity', person);

/** The attributes that bind a subject, by the placeholders of the expressions. */
const bound = {
  '#person': 'person',
  '#bound': 'bound',
  '#partition': 'requester',
  '#sort': 'created',
};

async function bind(calls: TableCalls, binding: Binding): Promise<Binding> {
  const { id, subject, person, boundAt } = binding;
  const command = new UpdateItemCommand({
    TableName: calls.table,
    Key: itemKey(id),
    ConditionExpression: 'attribute_not_exists(#person)',
    UpdateExpression:
      'SET #subject = :subject, #person = :person, #bound = :bound, #partition = :partition, #sort = :sort',
    ExpressionAttributeNames: { '#subject': 'subject', ...bound },
    ExpressionAttributeValues: {
      ':subject': text(subject),
      ':person': text(person),
      ':bound': number(boundAt),
      ':partition': text(partitionOf(person)),
      ':sort': text(`${iso(boundAt)}#${subject}`),
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const refusal = await conditionally(calls.client, command, () => readItem(calls, itemKey(id)));
  // a retried write that already succeeded finds what it wrote
  return refusal ? (bindingIn(await refusal.item()) ?? binding) : binding;
}

async function listOf({ client, table }: TableCalls, person: string): Promise<Binding[]> {
  const command = new QueryCommand({
    TableName: table,
    IndexName: 'byRequester',
    KeyConditionExpression: '#partition = :partition',
    ExpressionAttributeNames: { '#partition': 'requester' },
    ExpressionAttributeValues: { ':partition': text(partitionOf(person)) },
    Limit: listedMost,
  });
  const { Items = [] } = await passable(client.send(command));
  return Items.map((item) => listedIn(item, person));
}

async function release(calls: TableCalls, id: string, by: string, at: number): Promise<boolean> {
  const command = new UpdateItemCommand({
    TableName: calls.table,
    Key: itemKey(id),
    ConditionExpression: 'attribute_exists(#person)',
    UpdateExpression: 'SET #by = :by, #released = :at REMOVE #person, #bound, #partition, #sort',
    ExpressionAttributeNames: { '#by': 'releasedBy', '#released': 'released', ...bound },
    ExpressionAttributeValues: { ':by': text(by), ':at': number(at) },
  });
  const refusal = await conditionally(calls.client, command, () => readItem(calls, itemKey(id)));
  if (!refusal) return true;
  return refusal.isRetried && Number((await refusal.item())?.released?.N) === at;
}

function bindingIn(item: Item | undefined): Binding | undefined {
  const { pk, subject, person, bound: boundAt } = item ?? {};
  if (!pk?.S || !subject?.S || !person?.S) return undefined;
  return { id: partOf('identity', pk.S)!, subject: subject.S, person: person.S, boundAt: Number(boundAt?.N) };
}

/** From the keys alone. */
function listedIn({ pk, created }: Item, person: string): Binding {
  const [at = '', ...subject] = created!.S!.split('#');
  return { id: partOf('identity', pk?.S)!, subject: subject.join('#'), person, boundAt: Date.parse(at) };
}
