// AWS as the operator of an account sees it: the SDK's clients, pointed at the emulation.
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { SESClient } from '@aws-sdk/client-ses';
import { STSClient } from '@aws-sdk/client-sts';
import { hub } from './emulation.ts';

/** @param account 12 digits; the emulation takes the access key ID for it, and gives its holder all rights there */
export function operator(endpoint: string, account: string = hub.account) {
  return clients(endpoint, { accessKeyId: account, secretAccessKey: 'test' });
}

/** Clients that call with these keys. */
export function clients(endpoint: string, credentials: Keys) {
  // a connection that is kept would keep the process of the tests alive
  const requestHandler = { httpAgent: { keepAlive: false } };
  const settings = { endpoint, region: hub.region, credentials, maxAttempts: 1, requestHandler };
  return {
    cloudFormation: new CloudFormationClient(settings),
    dynamo: new DynamoDBClient(settings),
    iam: new IAMClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    ses: new SESClient(settings),
    sts: new STSClient(settings),
  };
}
type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
