// Reads from DynamoDB's answers how many read and write units each call of a client consumed, indexes included.
import type { ConsumedCapacity, DynamoDBClient } from '@aws-sdk/client-dynamodb';

export type Meter = {
  write(): number;
  read(): number;
  calls(): number;
  /** names of the indexes that writes went to */
  indexes(): Set<string>;
  forget(): void;
};

const writes = new Set(['PutItemCommand', 'UpdateItemCommand', 'BatchWriteItemCommand', 'TransactWriteItemsCommand']);

/** Asks for the consumed capacity of every call from now on. Units of indexes come from emulators that report them. */
export function meter(client: DynamoDBClient): Meter {
  let calls = 0;
  let consumed: Array<ConsumedCapacity & { isWrite: boolean }> = [];
  client.middlewareStack.add(
    (forward, context) => async (args) => {
      const answer = await forward({
        ...args,
        input: { ...args.input, ReturnConsumedCapacity: 'INDEXES' } as typeof args.input,
      });
      const { ConsumedCapacity: found } = answer.output as { ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[] };
      const isWrite = writes.has(String(context.commandName));
      calls += 1;
      consumed.push(...[found ?? []].flat().map((one) => ({ ...one, isWrite })));
      return answer;
    },
    { step: 'initialize' },
  );
  const sum = (ofWrites: boolean) =>
    consumed
      .filter(({ isWrite }) => isWrite === ofWrites)
      .reduce((total, { CapacityUnits = 0 }) => total + CapacityUnits, 0);
  return {
    write: () => sum(true),
    read: () => sum(false),
    calls: () => calls,
    indexes: () =>
      new Set(
        consumed
          .filter(({ isWrite }) => isWrite)
          .flatMap(({ GlobalSecondaryIndexes }) => Object.keys(GlobalSecondaryIndexes ?? {})),
      ),
    forget() {
      calls = 0;
      consumed = [];
    },
  };
}
