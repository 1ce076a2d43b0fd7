// Conditional writes: made, or refused with the conflicting item. A retried write that already succeeded is recognised.
import { ConditionalCheckFailedException, PutItemCommand, type UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { passable } from './errors.ts';
import type { Client, Item } from './item.ts';

/** The answer of DynamoDB when a condition did not hold. */
export type Refusal = {
  /** the conflicting item */
  item(): Promise<Item | undefined>;
  isRetried: boolean;
  /**
   * True when the conflicting item is this very write: the SDK repeats a call whose answer was lost,
   * and the repetition finds what the first attempt wrote.
   */
  isOwnWrite(written: Item): Promise<boolean>;
};

/**
 * Makes a conditional write; undefined when it was made.
 * @param read reads the item if the answer of DynamoDB does not carry it
 */
export async function conditionally(
  client: Client,
  command: PutItemCommand | UpdateItemCommand,
  read: () => Promise<Item | undefined>,
): Promise<Refusal | undefined> {
  try {
    await passable(command instanceof PutItemCommand ? client.send(command) : client.send(command));
    return undefined;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const isRetried = (error.$metadata.attempts ?? 1) > 1;
    const item = async () => error.Item ?? read();
    return { item, isRetried, isOwnWrite: async (written) => isRetried && (await item())?.doc?.S === written.doc?.S };
  }
}
