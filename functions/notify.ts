// Table stream -> mail: the only function that may send it. What fails comes again, alone.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { baseUrl, lambda, mail, store } from '../lib/app.ts';
import { tell } from '../lib/news.ts';
import { recordFromImage } from '../lib/store.ts';

type Image = Record<string, AttributeValue> | undefined;
const isRequest = ({ dynamodb }: DynamoDBRecord): boolean => dynamodb?.Keys?.pk?.S?.startsWith('request#') ?? false;

export const handler = lambda({ store, mail, baseUrl }, (app) => async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  const failed: string[] = [];
  for (const record of Records.filter(isRequest)) if (!(await isTold(app, record))) failed.push(record.dynamodb?.SequenceNumber ?? '');
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});

async function isTold(app: Parameters<typeof tell>[0], record: DynamoDBRecord): Promise<boolean> {
  try {
    const after = recordFromImage(record.dynamodb?.NewImage as Image);
    if (after) await tell(app, recordFromImage(record.dynamodb?.OldImage as Image), after);
    return true;
  } catch (error) {
    app.log('record-failed', { sequence: record.dynamodb?.SequenceNumber, error: error instanceof Error ? error.name : typeof error });
    return false;
  }
}
