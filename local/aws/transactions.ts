// TransactWriteItems for an emulator with only single writes (botocore dynamodb): makes the writes in turn, and undoes them if a condition fails.
// No other call runs at the same time, so the undone writes are never visible.
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

type Item = Record<string, Record<string, unknown>>;
type Write = { TableName: string; ReturnValuesOnConditionCheckFailure?: string } & Record<string, unknown>;
type Action = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';
type Answer = { status: number; body: Record<string, unknown> };
type Reason = { Code: string; Message?: string; Item?: Item };
/** The result of a write, and how to undo it. */
type Step = { reason: Reason; undo?: () => Promise<void> };

/** How long DynamoDB remembers a ClientRequestToken. */
const TOKEN_LASTS = 10 * 60 * 1000;
const MOST_ITEMS = 100;

/** @param endpoint of the emulator @returns a handler of TransactWriteItems; one call at a time */
export function transactions(endpoint: string) {
  const done = new Map<string, { digest: string; at: number }>();

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await textOf(request);
    const emulator = callsTo(endpoint, request.headers);
    const answer = await answerTo(emulator, JSON.parse(text) as Transaction, digestOf(text), done);
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() };
    response.writeHead(answer.status, headers).end(JSON.stringify(answer.body));
  };
}

// --- internal ---

type Transaction = { TransactItems?: Array<Partial<Record<Action, Write>>>; ClientRequestToken?: string };
type Emulator = (action: string, input: Record<string, unknown>) => Promise<Answer>;

async function answerTo(
  emulator: Emulator,
  { TransactItems = [], ClientRequestToken: token }: Transaction,
  digest: string,
  done: Map<string, { digest: string; at: number }>,
): Promise<Answer> {
  const known = token === undefined ? undefined : done.get(token);
  if (known && known.at > Date.now() - TOKEN_LASTS)
    return known.digest === digest ? { status: 200, body: {} } : refusal('IdempotentParameterMismatchException', '');
  const writes = TransactItems.flatMap((item) => Object.entries(item) as Array<[Action, Write]>);
  if (writes.length < 1 || writes.length > MOST_ITEMS)
    return refusal('ValidationException', `Member must have length between 1 and ${MOST_ITEMS}`);
  const keys = await Promise.all(writes.map(([, write]) => keyOf(emulator, write)));
  if (new Set(keys.map((key) => JSON.stringify(key))).size < keys.length)
    return refusal('ValidationException', 'Transaction request cannot include multiple operations on one item');
  const answer = await allOrNothing(
    emulator,
    writes.map(([action, write], i) => ({ action, write, key: keys[i]! })),
  );
  if (token !== undefined && answer.status === 200) done.set(token, { digest, at: Date.now() });
  return answer;
}

async function allOrNothing(
  emulator: Emulator,
  writes: Array<{ action: Action; write: Write; key: Item }>,
): Promise<Answer> {
  const steps: Step[] = [];
  let wrong: Answer | undefined;
  for (const { action, write, key } of writes) {
    const step = await take(emulator, action, write, key);
    if ('status' in step) {
      wrong = step;
      break;
    }
    steps.push(step);
  }
  if (!wrong && steps.every(({ reason }) => reason.Code === 'None')) return { status: 200, body: {} };
  for (const { undo } of steps.reverse()) await undo?.();
  const reasons = steps.reverse().map(({ reason }) => reason);
  const codes = reasons.map(({ Code }) => Code).join(', ');
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  return wrong ?? refusal('TransactionCanceledException', message, { CancellationReasons: reasons });
}

/** Makes one write with its condition. An Answer means that the whole call is invalid. */
async function take(emulator: Emulator, action: Action, write: Write, key: Item): Promise<Step | Answer> {
  const { ReturnValuesOnConditionCheckFailure: returns, ...input } = write;
  const { TableName } = write;
  const before = (await emulator('GetItem', { TableName, Key: key, ConsistentRead: true })).body.Item as
    | Item
    | undefined;
  const [name, made] = singleOf(action, input, key, before);
  const { status, body } = await emulator(name, made);
  if (status === 200)
    return {
      reason: { Code: 'None' },
      undo: async () => {
        await (before
          ? emulator('PutItem', { TableName, Item: before })
          : emulator('DeleteItem', { TableName, Key: key }));
      },
    };
  if (!String(body.__type).endsWith('#ConditionalCheckFailedException')) return { status, body };
  const Message = 'The conditional request failed';
  return {
    reason: { Code: 'ConditionalCheckFailed', Message, ...(returns === 'ALL_OLD' && before && { Item: before }) },
  };
}

/** The equivalent single write. A ConditionCheck rewrites the existing item, or deletes a missing one. */
function singleOf(
  action: Action,
  input: Record<string, unknown>,
  key: Item,
  before: Item | undefined,
): [string, Record<string, unknown>] {
  if (action !== 'ConditionCheck') return [`${action}Item`, input];
  const { Key: _, ...check } = input;
  return before ? ['PutItem', { ...check, Item: before }] : ['DeleteItem', { ...check, Key: key }];
}

async function keyOf(emulator: Emulator, { TableName, Item, Key }: Write): Promise<Item> {
  if (Key) return Key as Item;
  const { Table } = (await emulator('DescribeTable', { TableName })).body as {
    Table?: { KeySchema: Array<{ AttributeName: string }> };
  };
  const names = Table?.KeySchema.map(({ AttributeName }) => AttributeName) ?? [];
  return Object.fromEntries(Object.entries(Item as Item).filter(([name]) => names.includes(name)));
}

const callsTo =
  (endpoint: string, { authorization = '', 'x-amz-date': date = '' }: IncomingMessage['headers']): Emulator =>
  async (action, input) => {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization,
        'x-amz-date': String(date),
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${action}`,
      },
      body: JSON.stringify(input),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

const refusal = (code: string, message: string, more: Record<string, unknown> = {}): Answer => ({
  status: 400,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${code}`, message, Message: message, ...more },
});
