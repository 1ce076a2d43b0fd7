// Denies the sessions of revoked grants, from changes in the table's stream. The only function that may assume the revokers. Failed records are retried.
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { probeRevoker, withDoctor } from '../lib/actions/diagnose.ts';
import { pruneRevocations, revokeSessions } from '../lib/actions/revoke.ts';
import type { App } from '../lib/app.ts';
import { recordFromImage } from '../lib/aws/dynamodb/request-image.ts';
import { partOf } from '../lib/aws/table.ts';
import { withToldStore } from '../lib/http/told-store.ts';
import { catalogue, iam, lambda, store } from '../lib/lambda.ts';
import { loggedError } from '../lib/model/logged-error.ts';
import type { RequestRecord } from '../lib/model/schema.ts';

const idOf = ({ dynamodb }: DynamoDBRecord) => partOf('request', dynamodb?.Keys?.pk?.S);
const listOf = ({ dynamodb }: DynamoDBRecord) => partOf('revocations', dynamodb?.Keys?.pk?.S);

export const handler = lambda({ store, iam, catalogue }, (app) => {
  const revoke = async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const changed = Records.filter((record) => idOf(record) !== undefined);
    const images = changed.map((record) => imageIn(app, record));
    const later = new Set(
      await revokeSessions(withToldStore(app), images.filter((image) => typeof image === 'object').filter(isPending)),
    );
    // DynamoDB deletes the list of a role when no session on it can be active; its policy is then removed too
    const collected = Records.flatMap((record) => (record.eventName === 'REMOVE' ? (listOf(record) ?? []) : []));
    for (const roleArn of collected) await pruneRevocations(app, roleArn);
    const failed = changed.filter((record, i) => images[i] === 'unreadable' || later.has(idOf(record) ?? ''));
    return { batchItemFailures: failed.map(({ dynamodb }) => ({ itemIdentifier: dynamodb?.SequenceNumber ?? '' })) };
  };
  return withDoctor((account) => probeRevoker(app, account), revoke);
});

const isPending = ({ revocation }: RequestRecord): boolean => revocation?.state === 'pending';

/** An unreadable record is reported individually, so that it does not hold up other revocations. */
function imageIn({ log }: Pick<App, 'log'>, { dynamodb }: DynamoDBRecord): RequestRecord | undefined | 'unreadable' {
  try {
    return recordFromImage(dynamodb?.NewImage as Parameters<typeof recordFromImage>[0]);
  } catch (error) {
    log('record-failed', {
      sequence: dynamodb?.SequenceNumber,
      ...loggedError(error),
    });
    return 'unreadable';
  }
}
