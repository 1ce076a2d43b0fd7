// The doctor's SDK clients, for AWS or an emulator, and the comparison with AWS's clock.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SESClient } from '@aws-sdk/client-ses';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
/** If left out, the SDK reads them from the environment or its files. */
export type Place = { region?: string; endpoint?: string; credentials?: Credentials };
export type Clients = {
  sts: STSClient;
  iam: IAMClient;
  lambda: LambdaClient;
  dynamodb: DynamoDBClient;
  ses: SESClient;
  sesv2: SESv2Client;
};

export function clientsOf(place: Place): Clients {
  const settings = { ...place, maxAttempts: 3 };
  // a function may run for its full minute
  const patient = { connectionTimeout: 3000, requestTimeout: 70_000, throwOnRequestTimeout: true };
  const requestHandler = { ...patient, requestTimeout: 15_000 };
  return {
    sts: new STSClient({ ...settings, requestHandler }),
    iam: new IAMClient({ ...settings, requestHandler }),
    lambda: new LambdaClient({ ...settings, requestHandler: patient }),
    dynamodb: new DynamoDBClient({ ...settings, requestHandler }),
    ses: new SESClient({ ...settings, requestHandler }),
    sesv2: new SESv2Client({ ...settings, requestHandler }),
  };
}

/** The caller, and how many milliseconds this machine's clock is ahead of AWS's. @throws errors of the SDK */
export async function callerOf(
  { sts }: Pick<Clients, 'sts'>,
  clock: () => number,
): Promise<{ account: string; arn: string; aheadMs: number }> {
  let aheadMs = 0;
  sts.middlewareStack.add(
    (next) => async (args) => {
      const asked = clock();
      const result = await next(args);
      const date = Date.parse((result.response as { headers?: Record<string, string> }).headers?.date ?? '');
      // the header has whole seconds, so compare the middle of the second with the middle of the call
      if (!Number.isNaN(date)) aheadMs = Math.round((asked + clock()) / 2 - date - 500);
      return result;
    },
    { step: 'deserialize', name: 'latchkeyDate', override: true },
  );
  const { Account: account = '', Arn: arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
  return { account, arn, aheadMs };
}
