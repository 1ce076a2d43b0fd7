// Table stream -> email. The only function that may send email. Failed records are retried individually.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { tell } from '../lib/actions/news.ts';
import { recordFromImage } from '../lib/aws/dynamodb/request-image.ts';
import { partOf } from '../lib/aws/table.ts';
import { baseUrl, catalogue, lambda, mail, store } from '../lib/lambda.ts';
import { loggedError } from '../lib/model/logged-error.ts';

type Image = Record<string, AttributeValue> | undefined;
type App = Parameters<typeof tell>[0];
const isRequest = ({ dynamodb }: DynamoDBRecord): boolean => partOf('request', dynamodb?.Keys?.pk?.S) !== undefined;

export const handler = lambda(
  { store, mail, baseUrl, catalogue },
  (app) =>
    async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
      const failed: string[] = [];
      for (const record of Records)
        if (!(await isTold(app, record))) failed.push(record.dynamodb?.SequenceNumber ?? '');
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    },
);

/** Only requests cause emails, among the items of the table. */
async function isTold(app: App, record: DynamoDBRecord): Promise<boolean> {
  const [before, after] = [record.dynamodb?.OldImage as Image, record.dynamodb?.NewImage as Image];
  try {
    const request = isRequest(record) && recordFromImage(after);
    if (request) await tell(app, recordFromImage(before), request);
    return true;
  } catch (error) {
    app.log('record-failed', {
      sequence: record.dynamodb?.SequenceNumber,
      ...loggedError(error),
    });
    return false;
  }
}
