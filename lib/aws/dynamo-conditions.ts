// A write under a condition: made, or refused with the item that stood in the way; a write that met itself is told apart.
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  type UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { passable } from './dynamo-errors.ts';

type Item = Record<string, AttributeValue>;

/** What DynamoDB says where a condition did not hold. */
export type Refusal = {
  /** the item that stood in the way */
  item(): Promise<Item | undefined>;
  isRetried: boolean;
  /**
   * True when what stands in the way is this very write: the SDK repeats a call whose answer was lost,
   * and the repetition meets what the first try had written.
   */
  isOwnWrite(written: Item): Promise<boolean>;
};

/** Makes a conditional write; undefined when it was made. The item comes with DynamoDB's answer; where it does not, it is read. */
export async function conditionally(
  client: Pick<DynamoDBClient, 'send'>,
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
