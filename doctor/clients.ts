// The SDK clients of the doctor, towards AWS or an emulator, and the one look at AWS's clock.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SESClient } from '@aws-sdk/client-ses';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
/** Left out, the SDK finds each in the environment or its files. */
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
  // a function may take its whole minute
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

/** Who calls, and by how many milliseconds this machine's clock is ahead of AWS's. @throws what the SDK throws */
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
      // the header has whole seconds; in the middle of them and of the call
      if (!Number.isNaN(date)) aheadMs = Math.round((asked + clock()) / 2 - date - 500);
      return result;
    },
    { step: 'deserialize', name: 'latchkeyDate', override: true },
  );
  const { Account: account = '', Arn: arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
  return { account, arn, aheadMs };
}
