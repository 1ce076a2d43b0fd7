// Several writes at once, all or none, each under its condition.
import {
  type AttributeValue,
  type CancellationReason,
  type DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { passable, tryAgain } from './dynamo-errors.ts';

type Item = Record<string, AttributeValue>;

/** Why a write of a cancelled transaction was not made: its condition, or another transaction on the same item; undefined for nothing of its own. */
export type Obstacle = { is: 'condition'; item?: Item | undefined } | { is: 'conflict' } | undefined;

/**
 * Makes all of the writes; undefined when they were made, else what stood in the way of each. A call that the SDK repeats because its answer
 * was lost carries the same token, by which DynamoDB knows it again.
 * @throws Problem `try-again` when DynamoDB stays busy or out of reach
 */
export async function transact(
  client: Pick<DynamoDBClient, 'send'>,
  writes: readonly TransactWriteItem[],
): Promise<Obstacle[] | undefined> {
  try {
    await passable(client.send(new TransactWriteItemsCommand({ TransactItems: [...writes] })));
    return undefined;
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    return (error.CancellationReasons ?? []).map((reason) => obstacleIn(reason, error));
  }
}

/** Busy is what passes; everything else that DynamoDB names is an error of ours. */
function obstacleIn({ Code, Item }: CancellationReason, cause: unknown): Obstacle {
  switch (Code) {
    case undefined:
    case 'None':
      return undefined;
    case 'ConditionalCheckFailed':
      return { is: 'condition', item: Item };
    case 'TransactionConflict':
      return { is: 'conflict' };
    case 'ThrottlingError':
    case 'ProvisionedThroughputExceeded':
      throw tryAgain(cause);
    default:
      throw cause;
  }
}
