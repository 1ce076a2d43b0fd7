// AWS as the operator of an account sees it: the SDK's clients, pointed at the emulation.
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { hub } from './emulation.ts';

/** @param account 12 digits; the emulation takes the access key ID for it, and gives its holder all rights there */
export function operator(endpoint: string, account: string = hub.account) {
  const credentials = { accessKeyId: account, secretAccessKey: 'test' };
  const settings = { endpoint, region: hub.region, credentials, maxAttempts: 1 };
  return {
    cloudFormation: new CloudFormationClient(settings),
    dynamo: new DynamoDBClient(settings),
    iam: new IAMClient(settings),
    sts: new STSClient(settings),
  };
}
