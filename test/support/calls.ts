// Calls the functions as AWS does: an event from events/, with caller, path, body, query and headers as a test wants them.
import { readFileSync } from 'node:fs';
import type { Context, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { handler as apiFunction } from '../../functions/api.ts';
import { handler as decisionPage } from '../../functions/decision-page.ts';
import { handler as issueSession } from '../../functions/issue-session.ts';
import { handler as notifyFunction } from '../../functions/notify.ts';
import { identityId } from '../../lib/actions/identity.ts';
import { imageOf } from '../../lib/aws/dynamodb/request-image.ts';
import { HOUR, SECOND } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import type { HttpEvent, HttpResult } from '../../lib/http/http.ts';
import type { FakeApp } from './fake-app.ts';
import type { Change } from './fake-store.ts';

/** Route -> its function and the event it is called with; `*` stands for the mount. */
const routes = {
  health: [apiFunction, 'api.healthz'],
  openapi: [apiFunction, 'api.openapi'],
  discovery: [apiFunction, 'api.discovery'],
  unknown: [apiFunction, 'api.unknown'],
  me: [apiFunction, 'api.me.*'],
  listRoles: [apiFunction, 'api.list-roles.*'],
  createRequest: [apiFunction, 'api.create-request.*'],
  dryRun: [apiFunction, 'api.dry-run.*'],
  extendRequest: [apiFunction, 'api.extend-request.*'],
  listRequests: [apiFunction, 'api.list-requests.*'],
  readRequest: [apiFunction, 'api.read-request.*'],
  decideRequest: [apiFunction, 'api.decide-request.*'],
  reviewRequest: [apiFunction, 'api.review-request.*'],
  endRequest: [apiFunction, 'api.end-request.*'],
  listIdentities: [apiFunction, 'api.list-identities.*'],
  releaseIdentity: [apiFunction, 'api.release-identity.*'],
  revokeMany: [apiFunction, 'api.revoke-many.*'],
  listBlocks: [apiFunction, 'api.list-blocks.*'],
  liftBlock: [apiFunction, 'api.lift-block.*'],
  issueCredentials: [issueSession, 'issue-session.credentials.*'],
  issueConsole: [issueSession, 'issue-session.console.*'],
  issueRoleCredentials: [issueSession, 'issue-session.role-credentials.*'],
  issueRoleConsole: [issueSession, 'issue-session.role-console.*'],
  showDecision: [decisionPage, 'decision-page.get'],
  probeDecision: [decisionPage, 'decision-page.head'],
  decisionOptions: [decisionPage, 'decision-page.options'],
  decideByLink: [decisionPage, 'decision-page.post'],
} as const;
export type CallName = keyof typeof routes;

export type Wish = {
  /** an email address calls with a token, an ARN of an IAM user or an assumed role with SigV4, `nobody` with neither; the event's own caller unless given */
  as?: string;
  /** further claims of the token; undefined takes one away */
  claims?: Record<string, unknown>;
  /** the one path parameter */
  id?: string;
  /** sent as JSON, a Buffer as it is; undefined leaves the event's, null sends none */
  body?: unknown;
  /** in place of the event's */
  query?: Record<string, string>;
  /** on top of the event's; undefined takes one away */
  headers?: Record<string, string | undefined>;
  /** changes whatever is left */
  event?: (event: HttpEvent) => void;
};
export type Answer<Body = unknown> = { status: number; headers: Record<string, string>; text: string; body: Body };

/** Calls a route through its function's handler. `body` is the parsed answer where that is JSON. */
export async function call<Body = unknown>(app: FakeApp, name: CallName, wish: Wish = {}): Promise<Answer<Body>> {
  const [handler] = routes[name];
  const result: HttpResult = await handler.with(app)(eventFor(name, wish), {} as Context);
  const { statusCode = 0, headers = {}, body: text = '' } = result;
  const isJson = text !== '' && /^application\/(problem\+)?json$/.test(String(headers['content-type']));
  return {
    status: statusCode,
    headers: headers as Record<string, string>,
    text,
    body: (isJson ? JSON.parse(text) : undefined) as Body,
  };
}

/** The arguments that the function of a route is called with. */
export function eventFor(name: CallName, wish: Wish = {}): HttpEvent {
  const [, file] = routes[name];
  const mount = wish.as?.startsWith('arn:') ? 'iam' : 'jwt';
  const event = eventFile<HttpEvent>(file.replace('*', mount));
  if (wish.as !== undefined || wish.claims) identify(event, wish.as ?? 'dev@example.com', wish.claims);
  vary(event, wish);
  return event;
}

/** The text of a file in events/, parsed; a new value each time. */
export const eventFile = <Event>(name: string): Event =>
  JSON.parse(readFileSync(new URL(`../../events/${name}.json`, import.meta.url), 'utf8')) as Event;

/** The claims of an access token from the issuer of the tests. */
export function claimsFor(email: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Date.UTC(2026, 10, 22, 10);
  const own = {
    iss: 'https://issuer.example.com',
    sub: `sub-${email}`,
    aud: 'latchkey',
    scope: 'openid latchkey',
    iat: now / SECOND,
    exp: (now + 720 * HOUR) / SECOND,
  };
  return Object.fromEntries(
    Object.entries({ ...own, email, email_verified: true, ...more }).filter(([, value]) => value !== undefined),
  );
}

/** How API Gateway hands claims on: everything as text, a list as `[a b]`. */
export const flattened = (claims: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [
      name,
      Array.isArray(value) ? `[${value.join(' ')}]` : String(value),
    ]),
  );

export function tokenOf(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', kid: 'k1', typ: 'at+jwt' })}.${part(claims)}.${Buffer.from('no signature').toString('base64url')}`;
}

/** As if the person's token had changed something before: its subject is then already stored, and costs one read. */
export async function known(app: FakeApp, ...emails: string[]): Promise<void> {
  for (const email of emails) {
    const subject = `https://issuer.example.com#sub-${email}`;
    await app.store.bindIdentity({ id: identityId(subject), subject, person: email, boundAt: 0 });
  }
  app.forget();
}

// -- the life of a request, call by call -----------------------------------------------------------------------------

/** Files for the role `read` unless told otherwise; fails unless it is filed. */
export async function filed(
  app: FakeApp,
  body: Record<string, unknown> = {},
  wish: Wish = { as: 'dev@example.com' },
): Promise<RequestView> {
  const answer = await call<RequestView>(app, 'createRequest', {
    headers: { 'idempotency-key': undefined },
    body: { role: 'read', reason: 'Look at the failing nightly export', ...body },
    ...wish,
  });
  if (answer.status !== 201) throw new Error(`not filed: ${answer.status} ${answer.text}`);
  return answer.body;
}

export async function approvedBy(app: FakeApp, id: string, ...approvers: string[]): Promise<RequestView> {
  let request: RequestView | undefined;
  for (const as of approvers) {
    const answer = await call<RequestView>(app, 'decideRequest', { as, id, body: { decision: 'approve' } });
    if (answer.status !== 200) throw new Error(`not approved: ${answer.status} ${answer.text}`);
    request = answer.body;
  }
  return request!;
}

/** An active grant of the role `read` for dev@example.com. */
export async function granted(app: FakeApp, body: Record<string, unknown> = {}): Promise<RequestView> {
  return approvedBy(app, (await filed(app, body)).id, 'lead@example.com');
}

// -- the stream ------------------------------------------------------------------------------------------------------

/** Hands all unprocessed changes to `notify`, as one batch of the table's stream. */
export function playStream(app: FakeApp): Promise<DynamoDBBatchResponse> {
  return notify(app, ...app.store.changes.splice(0).map(streamRecord));
}

export const notify = (app: FakeApp, ...Records: DynamoDBRecord[]): Promise<DynamoDBBatchResponse> =>
  notifyFunction.with(app)({ Records } satisfies DynamoDBStreamEvent, {} as Context);

export function streamRecord({ before, after }: Change, index = 0): DynamoDBRecord {
  const [model] = eventFile<DynamoDBStreamEvent>(before ? 'notify.modify' : 'notify.insert').Records;
  return {
    ...model,
    dynamodb: {
      ...model!.dynamodb,
      Keys: { pk: { S: `request#${after.id}` } },
      ...(before && { OldImage: imageOf(before) as Record<string, never> }),
      NewImage: imageOf(after) as Record<string, never>,
      SequenceNumber: `${1000 + index}`,
    },
  };
}

/** The token of the newest link in an email to this person. */
export function linkTo(app: FakeApp, email: string): string {
  const mail = app.mail.outbox.findLast(({ to, text }) => to === email && text.includes('/decide/'));
  const token = mail && /\/decide\/([\w-]+)/.exec(mail.text)?.[1];
  if (token === undefined) throw new Error(`no link was mailed to ${email}`);
  return token;
}

// --- internal ---

function identify(event: HttpEvent, as: string, claims: Record<string, unknown> | undefined): void {
  const { requestContext } = event;
  if (as === 'nobody') {
    delete requestContext.authorizer;
    delete event.headers.authorization;
  } else if (as.startsWith('arn:')) {
    const [, , , , accountId = '', resource = ''] = as.split(':');
    const session = resource.startsWith('assumed-role/') ? resource.split('/').at(-1) : undefined;
    const callerId = session === undefined ? 'AIDAEXAMPLE000000000' : `AROAEXAMPLE000000000:${session}`;
    requestContext.authorizer = { iam: { ...requestContext.authorizer?.iam, accountId, callerId, userArn: as } };
  } else {
    const all = claimsFor(as, claims);
    requestContext.authorizer = { jwt: { ...requestContext.authorizer?.jwt, claims: flattened(all) } };
    event.headers.authorization = `Bearer ${tokenOf(all)}`;
  }
}

function vary(event: HttpEvent, { id, body, query, headers, event: change }: Wish): void {
  const parameter = Object.keys(event.pathParameters ?? {})[0];
  if (id !== undefined && parameter !== undefined) {
    event.rawPath = event.rawPath.replace(event.pathParameters![parameter]!, id);
    event.pathParameters = { [parameter]: id };
  }
  if (query) {
    event.queryStringParameters = query;
    event.rawQueryString = new URLSearchParams(query).toString();
  }
  if (body === null) delete event.body;
  else if (body !== undefined) {
    event.isBase64Encoded = Buffer.isBuffer(body);
    event.body = Buffer.isBuffer(body) ? body.toString('base64') : JSON.stringify(body);
    event.headers['content-type'] ??= 'application/json';
  }
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value === undefined) delete event.headers[name];
    else event.headers[name] = value;
  }
  change?.(event);
}
