// The table of the local server: in an emulator in this process, or at the endpoint in the SDK's own variables.
import { join } from 'node:path';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type GlobalSecondaryIndexDescription,
  ResourceNotFoundException,
  ScanCommand,
  type ScanCommandInput,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { Store } from '../../lib/app.ts';
import { dynamoAttempts } from '../../lib/aws/dynamodb/errors.ts';
import { dynamoStore } from '../../lib/aws/store.ts';
import { projectionOf, tableDefinition } from '../../lib/aws/table.ts';
import type { AwsSettings } from '../settings.ts';
import { clientSettings } from './aws-clients.ts';
import { startDynalite } from './dynalite.ts';
import type { DescribeTable, ScanTable } from './table-description.ts';

export const table = 'latchkey';
export type Database = {
  store: Store;
  /** DescribeTable; undefined if the table does not exist */
  describe: DescribeTable;
  scan: ScanTable;
  close(): Promise<void>;
};

/**
 * Opens the table, and creates it if it is missing.
 * @param dataDir directory of the embedded emulator (default: in memory)
 */
export async function openDatabase(aws: AwsSettings, dataDir?: string): Promise<Database> {
  const emulator = aws.elsewhere.dynamodb
    ? undefined
    : await startDynalite(dataDir === undefined ? undefined : join(dataDir, 'table'));
  const client = new DynamoDBClient({
    ...clientSettings(aws, 'dynamodb', emulator?.endpoint),
    maxAttempts: dynamoAttempts,
  });
  const close = async () => {
    client.destroy();
    await emulator?.stop();
  };
  try {
    const found = await describeTable(client, table);
    if (!found) await createTable(client);
    else checkIndexes(found.GlobalSecondaryIndexes as GlobalSecondaryIndexDescription[]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    store: dynamoStore(client, table),
    describe: (name) => describeTable(client, name),
    scan: scanOf(client),
    close,
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

const scanOf =
  (client: DynamoDBClient): ScanTable =>
  async (name, after) => {
    const from = after === undefined ? {} : { ExclusiveStartKey: after as ScanCommandInput['ExclusiveStartKey'] };
    try {
      const { Items, LastEvaluatedKey } = await client.send(
        new ScanCommand({ TableName: name, ConsistentRead: true, ...from }),
      );
      return { Items, ...(LastEvaluatedKey && { LastEvaluatedKey }) };
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  };

async function describeTable(client: DynamoDBClient, name: string): ReturnType<DescribeTable> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    return Table && { ...Table };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** A table that another version of Latchkey created may have other indexes, and lists that read them would fail or come back empty. */
function checkIndexes(found: GlobalSecondaryIndexDescription[] = []): void {
  const formOf = ({ IndexName, KeySchema, Projection }: GlobalSecondaryIndexDescription) =>
    JSON.stringify([IndexName, KeySchema, projectionOf(Projection)]);
  const forms = new Set(found.map(formOf));
  const missing = tableDefinition(table).GlobalSecondaryIndexes.filter((index) => !forms.has(formOf(index)));
  if (missing.length > 0)
    throw new Error(
      `the table was created by another version of Latchkey and lacks the required index ${missing.map(({ IndexName }) => IndexName).join(', ')}. Choose another directory for --data, or another table.`,
    );
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(new CreateTableCommand(tableDefinition(table)));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: table });
}
