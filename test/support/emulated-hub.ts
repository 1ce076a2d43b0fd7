// A hub and its target accounts over the AWS emulators alone: the real functions, the real SDK, and set-ups that a test may break.
import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import type { Context } from 'aws-lambda';
import { handler as issueSession } from '../../functions/issue-session.ts';
import { handler as revokeSessions } from '../../functions/revoke-sessions.ts';
import { revoker } from '../../lib/aws/revoker.ts';
import { stsSessions } from '../../lib/aws/sts.ts';
import { tableDefinition } from '../../lib/aws/table.ts';
import type { Catalogue } from '../../lib/catalogue/catalogue.ts';
import { doctorAlias } from '../../lib/target/probe.ts';
import { startAwsEmulator } from '../../local/aws/aws-emulator.ts';
import { localStage } from '../../local/aws/operator.ts';
import { hubKeys, revokeKeys } from '../../local/aws/sts.ts';
import { fakeApp } from './fake-app.ts';

type Invocable = (event: unknown, context: Context) => Promise<unknown>;

/** @param catalogue what is installed in the accounts, and what the functions decide by unless told otherwise */
export async function startEmulatedHub(catalogue: Catalogue) {
  const table = { ...tableDefinition('latchkey'), TableStatus: 'ACTIVE' };
  const aws = await startAwsEmulator({
    catalogue,
    clock: Date.now,
    table: { describe: async (name) => (name === 'latchkey' ? table : undefined), scan: async () => undefined },
  });
  const settings = { region: 'us-east-1', endpoint: aws.endpoint, maxAttempts: 1 };
  const [sts, enterer] = [
    new STSClient({ ...settings, credentials: hubKeys }),
    new STSClient({ ...settings, credentials: revokeKeys }),
  ];
  const app = fakeApp({
    catalogue,
    sts: stsSessions(sts),
    iam: revoker(enterer, (credentials) => new IAMClient({ ...settings, credentials })),
    clock: Date.now,
  });
  app.version = '0.1.0';
  const handlers = { 'issue-session': issueSession, 'revoke-sessions': revokeSessions, notify: undefined };
  for (const [name, handler] of Object.entries(handlers)) {
    const full = `latchkey-${localStage}-${name}`;
    aws.lambda.functions.set(full, {
      role: full,
      aliases: name === 'notify' ? [] : [doctorAlias],
      environment: {
        LATCHKEY_TABLE: 'latchkey',
        ...(name === 'notify' && { LATCHKEY_SENDER: 'Latchkey <latchkey@example.com>' }),
      },
      invoke: async (event, invokedFunctionArn) =>
        (handler?.with(app) as Invocable | undefined)?.(event, { invokedFunctionArn } as Context),
    });
  }
  const close = async () => {
    for (const client of [sts, enterer]) client.destroy();
    await aws.close();
  };
  return { aws, app, close };
}
