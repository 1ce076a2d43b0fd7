// The one question of DynamoDB that the emulators answer: how the table is set up. Only what an embedded emulator keeps is in the answer.
import { AwsFault } from './query-protocol.ts';
import type { PlainAnswer } from './sign-in.ts';

/** What DescribeTable says of a table, by its own member names; undefined where there is none of that name. */
export type DescribeTable = (name: string) => Promise<Record<string, unknown> | undefined>;

/** @throws AwsFault */
export async function answerDynamo(operation: string, body: Buffer, describe: DescribeTable): Promise<PlainAnswer> {
  if (operation !== 'DynamoDB_20120810.DescribeTable')
    throw new AwsFault('UnknownOperationException', 'This emulator does not have that operation.');
  const { TableName } = JSON.parse(body.toString('utf8')) as { TableName?: string };
  const found = await describe(TableName ?? '');
  if (!found)
    throw new AwsFault('ResourceNotFoundException', `Requested resource not found: Table: ${TableName} not found`);
  const { KeySchema, GlobalSecondaryIndexes, StreamSpecification, TableStatus } = found;
  const Table = { TableName, TableStatus, KeySchema, GlobalSecondaryIndexes, StreamSpecification };
  return { status: 200, contentType: 'application/x-amz-json-1.0', body: JSON.stringify({ Table }) };
}
