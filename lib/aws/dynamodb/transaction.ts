// Transactions: several conditional writes, all or none.
import {
  type CancellationReason,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { passable, tryAgain } from './errors.ts';
import type { Client, Item } from './item.ts';

/** Why a write of a cancelled transaction was not made: its condition, or another transaction on the same item. undefined: another write failed. */
export type Obstacle = { is: 'condition'; item?: Item | undefined } | { is: 'conflict' } | undefined;

/**
 * Makes all of the writes, or none.
 * A call that the SDK repeats because its answer was lost carries the same token, by which DynamoDB recognises it.
 * @returns undefined when they were made; otherwise the obstacle of each
 * @throws Problem `try-again` when DynamoDB stays busy or unreachable
 */
export async function transact(client: Client, writes: readonly TransactWriteItem[]): Promise<Obstacle[] | undefined> {
  try {
    await passable(client.send(new TransactWriteItemsCommand({ TransactItems: [...writes] })));
    return undefined;
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    return (error.CancellationReasons ?? []).map((reason) => obstacleIn(reason, error));
  }
}

/** Throttling is temporary. Every other code is an internal error. */
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
