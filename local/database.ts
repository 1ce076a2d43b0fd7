// The table of the local server: an emulator in this process, or wherever the SDK's own variables point.
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ResourceNotFoundException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { Store } from '../lib/app.ts';
import { dynamoStore, tableDefinition } from '../lib/store.ts';
import { clientSettings } from './aws-clients.ts';
import type { AwsSettings } from './settings.ts';
import type { DescribeTable } from './table-description.ts';

export const table = 'latchkey';
export type Database = {
  store: Store;
  /** how a table is set up, by DescribeTable's own member names; undefined where there is none of that name */
  describe: DescribeTable;
  close(): Promise<void>;
};

/**
 * Opens the table and makes it if it is missing.
 * @param dataDir where the embedded emulator keeps it; in memory without one
 */
export async function openDatabase(aws: AwsSettings, dataDir?: string): Promise<Database> {
  const emulator = aws.elsewhere.dynamodb ? undefined : await startDynalite(dataDir);
  const client = new DynamoDBClient({ ...clientSettings(aws, 'dynamodb', emulator?.endpoint), maxAttempts: 3 });
  const close = async () => {
    client.destroy();
    await emulator?.stop();
  };
  try {
    const found = await describeTable(client, table);
    if (!found) await createTable(client);
    else checkIndexes(found.GlobalSecondaryIndexes);
  } catch (error) {
    await close();
    throw error;
  }
  return { store: dynamoStore(client, table), describe: (name) => describeTable(client, name), close };
}

// -- internal --------------------------------------------------------------------------------------------------------

async function describeTable(client: DynamoDBClient, name: string): ReturnType<DescribeTable> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    return Table && { ...Table };
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** A table that an older Latchkey made may lack an index, and every list that stands on it would fail. */
function checkIndexes(found: unknown): void {
  const names = new Set((found as Array<{ IndexName?: string }> | undefined)?.map(({ IndexName }) => IndexName));
  const missing = (tableDefinition(table).GlobalSecondaryIndexes ?? []).flatMap(({ IndexName = '' }) =>
    names.has(IndexName) ? [] : [IndexName],
  );
  if (missing.length > 0)
    throw new Error(
      `the table there was made by an older Latchkey and has no index ${missing.join(', ')}. Choose another directory for --data, or another table.`,
    );
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(new CreateTableCommand(tableDefinition(table)));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: table });
}

/** dynalite comes as CommonJS without types. `path` is a LevelDB directory, which one process at a time may open. */
type Dynalite = (options: {
  createTableMs: number;
  updateTableMs: number;
  deleteTableMs: number;
  path?: string;
}) => Server;

async function startDynalite(dataDir: string | undefined): Promise<{ endpoint: string; stop(): Promise<void> }> {
  const dynalite: Dynalite = createRequire(import.meta.url)('dynalite');
  const server = dynalite({
    createTableMs: 0,
    updateTableMs: 0,
    deleteTableMs: 0,
    ...(dataDir !== undefined && { path: join(dataDir, 'table') }),
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}
