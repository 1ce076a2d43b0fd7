// The stream of an emulator's table, read over DynamoDB Streams' own protocol, and the filter that stands between it and a function.
import { setTimeout } from 'node:timers/promises';
import { Sha256 } from '@aws-crypto/sha256-js';
import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SignatureV4 } from '@smithy/signature-v4';
import type { DynamoDBRecord } from 'aws-lambda';

/** A record as it stands on the wire; Lambda hands it on unchanged. */
export type TableStream = {
  /**
   * Every record since the last call, once they are enough.
   * @throws Error when they are not within ten seconds
   */
  readUntil(areEnough: (records: readonly DynamoDBRecord[]) => boolean): Promise<DynamoDBRecord[]>;
};

/** Follows the newest stream of a table from its beginning. */
export async function followStream(endpoint: string, client: DynamoDBClient, table: string): Promise<TableStream> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  const StreamArn = Table!.LatestStreamArn!;
  const positions = new Map<string, string | undefined>();

  const readMore = async (): Promise<DynamoDBRecord[]> => {
    const { StreamDescription } = await streamsCall<{ StreamDescription: { Shards: Array<{ ShardId: string }> } }>(
      endpoint,
      'DescribeStream',
      { StreamArn },
    );
    const records: DynamoDBRecord[] = [];
    for (const { ShardId } of StreamDescription.Shards) {
      if (!positions.has(ShardId)) {
        const from = { StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
        positions.set(
          ShardId,
          (await streamsCall<{ ShardIterator: string }>(endpoint, 'GetShardIterator', from)).ShardIterator,
        );
      }
      const ShardIterator = positions.get(ShardId);
      if (ShardIterator === undefined) continue;
      const page = await streamsCall<{ Records: DynamoDBRecord[]; NextShardIterator?: string }>(
        endpoint,
        'GetRecords',
        { ShardIterator },
      );
      positions.set(ShardId, page.NextShardIterator);
      records.push(...page.Records);
    }
    return records;
  };

  return {
    async readUntil(areEnough) {
      const read: DynamoDBRecord[] = [];
      for (let attempt = 1; attempt <= 100; attempt++) {
        read.push(...(await readMore()));
        if (areEnough(read)) return read;
        await setTimeout(100);
      }
      throw new Error(`${read.length} records have come, which are not enough`);
    },
  };
}

/** Whether an event source with these filters lets a record through (lambda-dg invocation-eventfiltering: any pattern will do). */
export const eventSourceFilter =
  (patterns: readonly Pattern[]) =>
  (record: DynamoDBRecord): boolean =>
    patterns.some((pattern) => isMatch(pattern, record));

// --- internal ---

type Pattern = { [key: string]: Pattern } | Array<string | { prefix: string }>;

function isMatch(pattern: Pattern, value: unknown): boolean {
  if (!Array.isArray(pattern)) {
    return Object.entries(pattern).every(([key, inner]) =>
      isMatch(inner, (value as Record<string, unknown> | undefined)?.[key]),
    );
  }
  return pattern.some((rule) => {
    if (typeof rule === 'string') return value === rule;
    if (Object.keys(rule).join() !== 'prefix')
      throw new Error(`no reading of the filter rule ${JSON.stringify(rule)} is written yet`);
    return typeof value === 'string' && value.startsWith(rule.prefix);
  });
}

/** One call of DynamoDB Streams (botocore dynamodbstreams 2012-08-10, JSON 1.0). */
async function streamsCall<Answer>(endpoint: string, action: string, input: object): Promise<Answer> {
  const { protocol, hostname, host, port } = new URL(endpoint);
  const body = JSON.stringify(input);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const signer = new SignatureV4({ service: 'dynamodb', region: 'eu-west-1', sha256: Sha256, credentials });
  const { headers } = await signer.sign({
    method: 'POST',
    protocol,
    hostname,
    port: Number(port),
    path: '/',
    headers: {
      host,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDBStreams_20120810.${action}`,
    },
    body,
  });
  const response = await fetch(endpoint, { method: 'POST', headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${action}: ${response.status} ${text}`);
  return JSON.parse(text) as Answer;
}
