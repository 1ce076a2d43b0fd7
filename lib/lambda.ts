// Builds the real App from the environment, and Lambda handlers from the parts that a function names.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { SESClient } from '@aws-sdk/client-ses';
import { STSClient } from '@aws-sdk/client-sts';
import { fromEnv } from '@aws-sdk/credential-provider-env';
import type { Context } from 'aws-lambda';
import type { App, Iam, Log, Mail, SignIn, Store, Sts, Tickets } from './app.ts';
import { dynamoAttempts } from './aws/dynamodb/errors.ts';
import { revoker } from './aws/revoker.ts';
import { sesMail } from './aws/ses.ts';
import { federation } from './aws/sign-in.ts';
import { dynamoStore } from './aws/store.ts';
import { stsSessions } from './aws/sts.ts';
import { ticketValidators } from './aws/ticket-validator.ts';
import { type Catalogue, openCatalogue } from './catalogue/catalogue.ts';
import type { CatalogueData } from './catalogue/shape.ts';
import { undeployable, unlistedHosts } from './catalogue/tickets.ts';
import { version } from './common/version.ts';
import { type Config, type ConfigPart, configFor, inLambda } from './config.ts';
import { jsonLog } from './log.ts';
import { loggedError } from './model/logged-error.ts';
import type { Identity } from './policy/principal.ts';

/** One part of the real App: its configuration and how it is built. A function names its parts, and its bundle contains no others. */
type Source<T> = { parts: readonly ConfigPart[]; build(config: Config): T };

/** Fails fast, so that the caller has time to retry: API Gateway gives up after 30 s. Milliseconds. */
const requestHandler = { connectionTimeout: 1000, requestTimeout: 4000, throwOnRequestTimeout: true };

/** One attempt more than at other services, in the same 12 s. */
const dynamoSettings = {
  requestHandler: { ...requestHandler, requestTimeout: 3000 },
  maxAttempts: dynamoAttempts,
};

export const store: Source<Store> = {
  parts: ['region', 'table'],
  build: ({ region, table }) => dynamoStore(new DynamoDBClient({ region, ...dynamoSettings }), table),
};

export const mail: Source<Mail> = {
  parts: ['region', 'sender'],
  // SES has no idempotency token, and a retry in the SDK could send twice, so only the claim retries
  build: ({ region, sender }) => sesMail(new SESClient({ region, requestHandler, maxAttempts: 1 }), sender),
};

export const sts: Source<Sts> = {
  parts: ['region'],
  build: ({ region }) => stsSessions(new STSClient({ region, requestHandler, maxAttempts: 3 })),
};

export const signIn: Source<SignIn> = { parts: [], build: () => federation(fetch) };

export const iam: Source<Iam> = {
  parts: ['region'],
  build: ({ region }) =>
    revoker(
      new STSClient({ region, requestHandler, maxAttempts: 3 }),
      (credentials) => new IAMClient({ region, credentials, requestHandler, maxAttempts: 3 }),
    ),
};

export const catalogue: Source<Catalogue> = {
  parts: ['cataloguePath'],
  build: ({ cataloguePath }) => openCatalogue(JSON.parse(readFileSync(cataloguePath, 'utf8')) as CatalogueData),
};

/** For functions that call validators. They do not start with a validator that the configuration does not list. */
export const catalogueWithTickets: Source<Catalogue> = {
  parts: ['cataloguePath', 'ticketHosts'],
  build(config) {
    const built = catalogue.build(config);
    const validators = Object.fromEntries(built.ticketValidators);
    const errors = [
      ...undeployable(validators),
      ...unlistedHosts(validators, config.ticketHosts, 'LATCHKEY_TICKET_HOSTS'),
    ];
    if (errors.length > 0) throw new Error(errors.join('\n'));
    return built;
  },
};

export const tickets: Source<Tickets> = {
  parts: ['region', 'ticketHosts'],
  build: ({ region, ticketHosts }) => ticketValidators({ region, hosts: ticketHosts, credentials: fromEnv(), fetch }),
};

export const identity: Source<Identity> = { parts: ['identity'], build: (config) => config.identity };

export const baseUrl: Source<string> = { parts: ['baseUrl'], build: (config) => config.baseUrl };

type Clockwork = Pick<App, 'clock' | 'random' | 'pause' | 'log' | 'version'>;

type Sources = { [Part in Exclude<keyof App, keyof Clockwork>]: Source<App[Part]> };

/** Lambda logs a thrown error with its message, which may contain anything. So the error is logged here without it, and a different error is thrown. */
function logged<Event, Result>(log: Log, handle: (event: Event, context: Context) => Promise<Result>): typeof handle {
  return async (event, context) => {
    try {
      return await handle(event, context);
    } catch (error) {
      log('function-failed', loggedError(error));
      throw new Error('The function failed. See the log line with code function-failed.');
    }
  };
}

/**
 * A Lambda handler with the parts of the App that it names. In Lambda the parts are built at start-up.
 * `with` makes the same handler with another App, for tests and the local server.
 */
export function lambda<Part extends keyof Sources, Event, Result>(
  sources: Pick<Sources, Part>,
  make: (app: Clockwork & Pick<App, Part>) => (event: Event, context: Context) => Promise<Result>,
) {
  const real = () => {
    const named = Object.entries(sources) as Array<[Part, Source<unknown>]>;
    const config = configFor([...new Set(named.flatMap(([, { parts }]) => parts))]) as Config;
    const built = Object.fromEntries(named.map(([part, { build }]) => [part, build(config)]));
    const clock = Date.now;
    const clockwork: Clockwork = {
      clock,
      random: (bytes) => randomBytes(bytes),
      pause: (milliseconds) => setTimeout(milliseconds),
      log: jsonLog((line) => process.stdout.write(`${line}\n`), clock),
      version,
    };
    return logged(clockwork.log, make({ ...clockwork, ...(built as Pick<App, Part>) }));
  };
  let live = inLambda ? real() : undefined;
  const handler = (event: Event, context: Context): Promise<Result> => {
    live ??= real();
    return live(event, context);
  };
  return Object.assign(handler, { with: make });
}
