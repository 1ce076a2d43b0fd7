// The operator's read calls on the local server's table: its configuration, as far as an embedded emulator has it, and its items.
import { AwsError } from './query-protocol.ts';
import type { PlainAnswer } from './sign-in.ts';

/** DescribeTable of a table; undefined if it does not exist. */
export type DescribeTable = (name: string) => Promise<Record<string, unknown> | undefined>;

/** One page of Scan after a key; undefined if the table does not exist. */
export type ScanTable = (name: string, after: unknown) => Promise<Record<string, unknown> | undefined>;
export type TableQuestions = { describe: DescribeTable; scan: ScanTable };

/** @throws AwsError */
export async function answerDynamo(operation: string, body: Buffer, table: TableQuestions): Promise<PlainAnswer> {
  const { TableName = '', ExclusiveStartKey } = JSON.parse(body.toString('utf8')) as Record<string, string>;
  const missing = new AwsError(
    'ResourceNotFoundException',
    `Requested resource not found: Table: ${TableName} not found`,
  );
  if (operation === 'DynamoDB_20120810.Scan') {
    const page = await table.scan(TableName, ExclusiveStartKey);
    if (!page) throw missing;
    return { status: 200, contentType: 'application/x-amz-json-1.0', body: JSON.stringify(page) };
  }
  if (operation !== 'DynamoDB_20120810.DescribeTable')
    throw new AwsError('UnknownOperationException', 'This emulator does not have that operation.');
  const found = await table.describe(TableName);
  if (!found) throw missing;
  const { KeySchema, GlobalSecondaryIndexes, StreamSpecification, TableStatus } = found;
  const Table = { TableName, TableStatus, KeySchema, GlobalSecondaryIndexes, StreamSpecification };
  return { status: 200, contentType: 'application/x-amz-json-1.0', body: JSON.stringify({ Table }) };
}
