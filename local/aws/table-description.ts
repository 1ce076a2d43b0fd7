// What an operator may ask of the local server's table: how it is set up, of which only what an embedded emulator keeps is answered, and what is in it.
import { AwsFault } from './query-protocol.ts';
import type { PlainAnswer } from './sign-in.ts';

/** What DescribeTable says of a table, by its own member names; undefined where there is none of that name. */
export type DescribeTable = (name: string) => Promise<Record<string, unknown> | undefined>;

/** A page of a table's items after a key, by Scan's own member names; undefined where there is none of that name. */
export type ScanTable = (name: string, after: unknown) => Promise<Record<string, unknown> | undefined>;
export type TableQuestions = { describe: DescribeTable; scan: ScanTable };

/** @throws AwsFault */
export async function answerDynamo(operation: string, body: Buffer, table: TableQuestions): Promise<PlainAnswer> {
  const { TableName = '', ExclusiveStartKey } = JSON.parse(body.toString('utf8')) as Record<string, string>;
  const missing = new AwsFault(
    'ResourceNotFoundException',
    `Requested resource not found: Table: ${TableName} not found`,
  );
  if (operation === 'DynamoDB_20120810.Scan') {
    const page = await table.scan(TableName, ExclusiveStartKey);
    if (!page) throw missing;
    return { status: 200, contentType: 'application/x-amz-json-1.0', body: JSON.stringify(page) };
  }
  if (operation !== 'DynamoDB_20120810.DescribeTable')
    throw new AwsFault('UnknownOperationException', 'This emulator does not have that operation.');
  const found = await table.describe(TableName);
  if (!found) throw missing;
  const { KeySchema, GlobalSecondaryIndexes, StreamSpecification, TableStatus } = found;
  const Table = { TableName, TableStatus, KeySchema, GlobalSecondaryIndexes, StreamSpecification };
  return { status: 200, contentType: 'application/x-amz-json-1.0', body: JSON.stringify({ Table }) };
}
