// The local server: one listener on the loopback interface for the API, the guided page, and everything below /local/.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { type CatalogueData, openCatalogue } from '../lib/catalogue/catalogue.ts';
import { type FileFinding, readCatalogue } from '../lib/catalogue/file.ts';
import { unlistedHosts } from '../lib/catalogue/tickets.ts';
import { SECOND } from '../lib/common/time.ts';
import { type HttpResult, problemResult, type Reply } from '../lib/http/http.ts';
import { Problem } from '../lib/model/problem.ts';
import { compose } from './composition.ts';
import { takeDataDir } from './data-dir.ts';
import { createGateway, mostBytes, plainEventOf } from './gateway/gateway.ts';
import { checkVisitor, isOwnHost } from './gateway/visitors.ts';
import { createLocalRoutes } from './local-routes.ts';
import { identitiesOf, type TestKey, testKeyOf } from './oidc/identities.ts';
import { createIssuer } from './oidc/issuer.ts';
import { type LocalSettings, readAwsSettings } from './settings.ts';
import { splitTarget, type WireCall } from './wire-call.ts';

export type LocalServer = {
  /** `http://localhost:PORT` */
  url: string;
  /** test keys of every IAM principal in the catalogue */
  keys: readonly TestKey[];
  /** lint warnings of the catalogue */
  warnings: readonly FileFinding[];
  close(): Promise<void>;
};

/** All errors of a catalogue file, with their lines. */
export class InvalidCatalogue extends Error {
  readonly file: string;
  readonly errors: readonly FileFinding[];
  constructor(file: string, errors: readonly FileFinding[]) {
    super(`${file} has ${errors.length} errors`);
    this.name = 'InvalidCatalogue';
    this.file = file;
    this.errors = errors;
  }
}

/**
 * Starts a server and waits until it accepts calls.
 * @throws InvalidCatalogue; Error with code EADDRINUSE if the port is in use; Error if a ticket validator is on a host that is not allowed
 */
export async function startLocalServer({
  port = 0,
  catalogueFile = 'access.yml',
  aws = readAwsSettings({}),
  ticketHosts = [],
  ...rest
}: Partial<LocalSettings> = {}): Promise<LocalServer> {
  const { data, warnings } = loadCatalogue(catalogueFile);
  const listening = await listen(port);
  let giveBack: (() => Promise<void>) | undefined;
  try {
    giveBack = rest.dataDir === undefined ? undefined : await takeDataDir(rest.dataDir);
    const own = ['localhost', '127.0.0.1', '[::1]'].map((host) => `${host}:${listening.port}`);
    const settings = { port, catalogueFile, aws, ...rest, ticketHosts: [...own, ...ticketHosts] };
    const unlisted = unlistedHosts(data.ticketValidators, settings.ticketHosts, 'LATCHKEY_TICKET_HOSTS');
    if (unlisted.length > 0) throw new Error(unlisted.join('\n'));
    const serving = await serve(settings, data, listening.port);
    listening.begin(serving.answer);
    return {
      url: serving.url,
      keys: serving.keys,
      warnings,
      async close() {
        await listening.close();
        await serving.close();
        await giveBack?.();
      },
    };
  } catch (error) {
    await listening.close();
    await giveBack?.();
    throw error;
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function loadCatalogue(file: string): { data: CatalogueData; warnings: FileFinding[] } {
  const read = readCatalogue(readFileSync(file));
  if (read.data) return read;
  throw new InvalidCatalogue(file, read.errors);
}

async function serve(settings: LocalSettings, data: CatalogueData, port: number) {
  const { dataDir } = settings;
  const url = `http://localhost:${port}`;
  const catalogue = openCatalogue(data);
  const identities = identitiesOf(data);
  const keys = identities.principals.map(testKeyOf);
  const composition = await compose(settings, catalogue, url, `http://127.0.0.1:${port}`);
  const { app, clock, aws, functions, stream } = composition;
  const issuer = await createIssuer({
    identity: app.identity,
    catalogue,
    clock: clock.now,
    ...(dataDir !== undefined && { dataDir }),
  });
  const gateway = createGateway({ app, functions, issuer, keys: new Map(keys.map((key) => [key.accessKeyId, key])) });
  const local = createLocalRoutes({ ...composition, identities, issuer });

  const resultOf = async (call: WireCall): Promise<HttpResult> => {
    if (!isLocalPath(splitTarget(call.target)[0])) return stream.settled(() => gateway(call));
    try {
      checkVisitor(call);
      return resultOfReply(await local(call), call.id);
    } catch (error) {
      if (error instanceof Problem) return problemOf(error, call);
      throw error;
    }
  };
  const answer: Answer = async (request, response) => {
    const path = splitTarget(request.url ?? '/')[0];
    if (path.startsWith('/local/aws/') && isOwnHost(request.headers.host)) return aws.handle(request, response);
    const call = await callOf(request);
    const result = await resultOf(call).catch((error: unknown) => {
      console.error('the local server failed:', error);
      return problemOf(
        new Problem('internal', `Internal error. If the problem persists, report call ${call.id}.`),
        call,
      );
    });
    send(response, result);
  };
  return { url, keys, answer, close: composition.close };
}

const isLocalPath = (path: string): boolean => path === '/' || path === '/local' || path.startsWith('/local/');

const problemOf = (problem: Problem, call: WireCall): HttpResult =>
  problemResult(problem, plainEventOf(call, Date.now()));

const resultOfReply = ({ status, headers, body }: Reply, id: string): HttpResult => ({
  statusCode: status,
  headers: {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': id,
    ...headers,
  },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

// -- the wire --------------------------------------------------------------------------------------------------------

async function callOf(request: IncomingMessage): Promise<WireCall> {
  const headers = Object.entries(request.headersDistinct).map(([name, values]) => [name, (values ?? []).join(',')]);
  return {
    id: randomUUID(),
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: Object.fromEntries(headers),
    body: await bodyOf(request),
    sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
  };
}

/** Keeps just enough of an oversized body to detect it; the rest is read and dropped, so that the sender gets the answer. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (size <= mostBytes) chunks.push(chunk);
    size += chunk.length;
  }
  return Buffer.concat(chunks);
}

function send(
  response: ServerResponse,
  { statusCode = 200, headers = {}, body = '', isBase64Encoded }: HttpResult,
): void {
  response.statusCode = statusCode;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  response.end(isBase64Encoded ? Buffer.from(body, 'base64') : body);
}

type Listening = { port: number; begin(answer: Answer): void; close(): Promise<void> };

/**
 * Listens on both loopback addresses, because `localhost` may mean either; only on IPv4 if the machine has no IPv6.
 * Calls that arrive before `begin` wait for it.
 */
async function listen(port: number, tries = 5): Promise<Listening> {
  const { promise: begun, resolve: begin } = Promise.withResolvers<Answer>();
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    begun
      .then((answer) => answer(request, response))
      // only the connection itself can still fail: the client disconnected
      .catch(() => response.destroy());
  };
  const first = await bind(handle, port, '127.0.0.1');
  const actual = (first.address() as AddressInfo).port;
  try {
    const second = await bind(handle, actual, '::1').catch(orNothing);
    return {
      port: actual,
      begin,
      close: async () => void (await Promise.all([first, second].map((server) => server && stop(server)))),
    };
  } catch (error) {
    await stop(first);
    if (port === 0 && tries > 1) return listen(port, tries - 1);
    throw error;
  }
}

/** Longer than clients pool a connection, as in API Gateway; with Node's five seconds, some calls were cut off. */
const keepAliveTimeout = 65 * SECOND;

function bind(handle: RequestListener, port: number, host: string): Promise<Server> {
  const server = createServer({ keepAliveTimeout }, handle);
  return new Promise((resolve, reject) =>
    server.once('error', reject).listen({ port, host, ipv6Only: host === '::1' }, () => resolve(server)),
  );
}

function orNothing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') return undefined;
  throw error;
}

/** Lets running calls finish, then closes every connection. */
async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const inTime = new AbortController();
  await Promise.race([
    closed,
    setTimeout(2 * SECOND, undefined, { ref: false, signal: inTime.signal }).catch(() => undefined),
  ]);
  inTime.abort();
  server.closeAllConnections();
  await closed;
}
