// The App of the local server: real SDK clients against embedded emulators, a clock that can be moved, and the functions over all that.
import { randomBytes } from 'node:crypto';
import { IAMClient } from '@aws-sdk/client-iam';
import { SESClient } from '@aws-sdk/client-ses';
import { STSClient } from '@aws-sdk/client-sts';
import type { Context } from 'aws-lambda';
import { handler as api } from '../functions/api.ts';
import { handler as decisionPage } from '../functions/decision-page.ts';
import { handler as issueSession } from '../functions/issue-session.ts';
import { handler as notify } from '../functions/notify.ts';
import { handler as revokeSessions } from '../functions/revoke-sessions.ts';
import { handler as sweep } from '../functions/sweep.ts';
import type { App, Log } from '../lib/app.ts';
import { revoker } from '../lib/aws/revoker.ts';
import { sesMail } from '../lib/aws/ses.ts';
import { federation } from '../lib/aws/sign-in.ts';
import { stsSessions } from '../lib/aws/sts.ts';
import { ticketValidators } from '../lib/aws/ticket-validator.ts';
import type { Catalogue } from '../lib/catalogue/catalogue.ts';
import { version } from '../lib/common/version.ts';
import { jsonLog } from '../lib/log.ts';
import { doctorAlias } from '../lib/target/probe.ts';
import { clientSettings } from './aws/aws-clients.ts';
import { type AwsEmulator, createAwsEmulator } from './aws/aws-emulator.ts';
import { openDatabase, table } from './aws/database.ts';
import { localStage } from './aws/operator.ts';
import { createStream, type LocalStream } from './aws/stream.ts';
import { revokeKeys } from './aws/sts.ts';
import { createClock, type MovableClock } from './clock.ts';
import { contextOf, type Functions } from './gateway/gateway.ts';
import { ticketKeys } from './gateway/ticket-validator.ts';
import { identityOf } from './oidc/issuer.ts';
import type { LocalSettings } from './settings.ts';

export type Composition = {
  app: App;
  clock: MovableClock;
  /** the embedded STS, SES, IAM and sign-in; unused if they are replaced by other emulators */
  aws: AwsEmulator;
  functions: Functions;
  stream: LocalStream;
  /** runs the sweeper once, like the schedule */
  sweep(): Promise<{ due: number; settled: number }>;
  close(): Promise<void>;
};

/**
 * @param baseUrl of this server, which serves the emulators below /local/aws
 * @param loopback the same with a numeric address, for calls within the process
 */
export async function compose(
  settings: LocalSettings,
  catalogue: Catalogue,
  baseUrl: string,
  loopback: string,
): Promise<Composition> {
  const clock = createClock();
  const log = logTo(settings.log, clock);
  const database = await openDatabase(settings.aws, settings.dataDir);
  const aws = createAwsEmulator({ catalogue, clock: clock.now, table: database });
  const emulator = `${loopback}/local/aws`;
  const stsClient = new STSClient({ ...clientSettings(settings.aws, 'sts', emulator), maxAttempts: 3 });
  const sesClient = new SESClient({ ...clientSettings(settings.aws, 'ses', emulator), maxAttempts: 1 });

  // IAM accepts the sessions of the STS in use, so either both are embedded or neither is
  const iamSettings = clientSettings(settings.aws, 'sts', emulator);
  const revokeClient = new STSClient({
    ...iamSettings,
    ...(settings.aws.elsewhere.sts ? {} : { credentials: revokeKeys }),
    maxAttempts: 3,
  });

  const parts: App = {
    clock: clock.now,
    random: (bytes) => randomBytes(bytes),
    // time is set manually here
    pause: async () => {},
    log,
    catalogue,
    identity: identityOf(`${baseUrl}/local/oidc`, settings.idp),
    baseUrl,
    version,
    store: database.store,
    mail: sesMail(sesClient, sender),
    sts: stsSessions(stsClient),
    iam: revoker(revokeClient, (credentials) => new IAMClient({ ...iamSettings, credentials, maxAttempts: 3 })),
    // sign-in accepts the sessions of the STS in use, so either both are embedded or neither is
    tickets: ticketValidators({
      region: settings.aws.region,
      credentials: async () => ticketKeys,
      hosts: settings.ticketHosts,
      fetch,
    }),
    signIn: settings.aws.elsewhere.sts ? federation(fetch) : federation(fetch, `${emulator}/federation`),
  };
  const notifyAll = notify.with(parts);
  const news = createStream((event) => notifyAll(event, contextOf('stream')), log);
  const revocations = createStream((event) => revokeAll(event, contextOf('stream')), log);
  const stream: LocalStream = {
    observe: (store) => revocations.observe(news.observe(store)),
    settled: (run) => news.settled(() => revocations.settled(run)),
  };
  const app: App = { ...parts, store: stream.observe(database.store) };
  const revokeAll = revokeSessions.with(app);
  const sweepOnce = sweep.with(app);
  const functions: Functions = {
    api: api.with(app),
    'issue-session': issueSession.with(app),
    'decision-page': decisionPage.with(app),
  };
  for (const [name, run] of Object.entries({
    notify: notifyAll,
    'issue-session': functions['issue-session'],
    'revoke-sessions': revokeAll,
  })) {
    const full = `latchkey-${localStage}-${name}`;
    const environment =
      name === 'notify' ? { LATCHKEY_TABLE: table, LATCHKEY_SENDER: sender } : { LATCHKEY_TABLE: table };
    const aliases = name === 'notify' ? [] : [doctorAlias];
    aws.lambda.functions.set(full, {
      role: full,
      environment,
      aliases,
      invoke: (event, arn) => (run as Invocable)(event, contextOf('invoke', arn)),
    });
  }

  return {
    app,
    clock,
    aws,
    functions,
    stream,
    sweep: () => stream.settled(() => sweepOnce({}, contextOf('schedule'))),
    async close() {
      stsClient.destroy();
      sesClient.destroy();
      revokeClient.destroy();
      await database.close();
    },
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

const sender = 'Latchkey <latchkey@example.com>';
type Invocable = (event: unknown, context: Context) => Promise<unknown>;

/** Errors always go to standard error; everything else only to a log that was asked for. */
function logTo(write: ((line: string) => void) | undefined, clock: MovableClock): Log {
  const all = write && jsonLog(write, clock.now);
  const errors = jsonLog((line) => process.stderr.write(`${line}\n`), clock.now);
  const isError = new Set([
    'call-failed',
    'record-failed',
    'sweep-item-failed',
    'sweep-task-failed',
    'leaver-not-judged',
    'ticket-unanswered',
  ]);
  return (code, fields) => (all ?? (isError.has(code) ? errors : undefined))?.(code, fields);
}
