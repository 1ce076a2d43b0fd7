// The edge of every HTTP function: parses caller and input, and is the only place that turns errors into answers.
import { isUtf8 } from 'node:buffer';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as v from 'valibot';
import type { App, LogCode, LogFields } from '../app.ts';
import { repeatedMembers } from '../common/json-text.ts';
import { noObject, unknownField } from '../common/strict-object.ts';
import { loggedError } from '../model/logged-error.ts';
import { type FieldError, Problem } from '../model/problem.ts';
import { RequestId, RoleId } from '../model/text.ts';
import { type Caller, callerFromIam, callerFromToken, claimsOf, type IamContext } from '../policy/principal.ts';
import { notFound } from '../request/life.ts';
import type { RequestView } from './answers.ts';
import { problemDocument } from './problem-document.ts';
import { BlockId, IdempotencyKey, IdentityId } from './queries.ts';
import {
  type HttpFunctionName,
  methodsOf,
  mounts,
  type Route,
  type RouteName,
  type Routes,
  routeKeysOf,
  routes,
  routesServedBy,
  type ServedBy,
} from './routes.ts';
import { type About, withToldStore } from './told-store.ts';
import { requestView } from './view.ts';

/** The event of API Gateway's HTTP API (payload 2.0). The local server sends the same. */
export type HttpEvent = Omit<APIGatewayProxyEventV2, 'requestContext'> & {
  requestContext: APIGatewayProxyEventV2['requestContext'] & {
    authorizer?: { jwt?: { claims: Record<string, unknown> }; iam?: IamContext };
  };
};
export type HttpResult = APIGatewayProxyStructuredResultV2;

type Output<S> = S extends v.GenericSchema ? v.InferOutput<S> : undefined;
type Field<R, K extends string> = R extends { [key in K]: infer S } ? Output<S> : undefined;

/** One parsed call. */
export type Call<N extends RouteName> = {
  caller: Routes[N]['access'] extends 'caller' ? Caller : undefined;
  /** the one path parameter of the route, or '' */
  param: string;
  query: Field<Routes[N], 'query'>;
  body: Field<Routes[N], 'body'>;
  idempotencyKey: string | undefined;
  /** `/v1` or `/iam/v1`; '' for public routes */
  mount: string;
};
/** Header names are in lower case. A string body is sent unchanged, anything else as JSON. */
export type Reply = { status: number; headers?: Record<string, string>; body: unknown };
export const reply = (status: number, body: unknown, headers: Record<string, string> = {}): Reply => ({
  status,
  body,
  headers,
});

/** A filed request with its location. A header marks a replay. */
export function filingReply(is: 'filed' | 'replayed', request: RequestView, mount: string): Reply {
  const location = `${mount}/requests/${request.id}`;
  return is === 'filed'
    ? reply(201, request, { location })
    : reply(200, request, { location, 'idempotent-replayed': 'true' });
}

/** The App of one call: its log lines carry the call, and its store logs changes of requests. */
export type CallApp<Part> = Part & { about: About };
type Handlers<N extends RouteName> = { [K in N]: (call: Call<K>) => Promise<Reply> | Reply };
type Needs = Pick<App, 'clock' | 'catalogue' | 'identity' | 'log' | 'store'>;
type Options = { showProblem?: (problem: Problem, event: HttpEvent) => Reply | Promise<Reply> };

const MOST_BYTES = 16 * 1024;

/**
 * The Lambda handler of a function, for exactly the routes that it serves, by route key.
 * @param handlersOf the App of one call -> what each route does
 * @param showProblem shows a refusal on routes for people (default: problem+json)
 */
export function endpoint<F extends HttpFunctionName, Part extends Needs>(
  functionName: F,
  app: Part,
  handlersOf: (app: CallApp<Part>) => Handlers<ServedBy<F>>,
  { showProblem }: Options = {},
) {
  const byKey = new Map(
    (routesServedBy(functionName) as ServedBy<F>[]).flatMap((name) =>
      routeKeysOf(routes[name]).map((key) => [key, name] as const),
    ),
  );
  const calls = new WeakMap<HttpEvent, About>();
  const answer = async (event: HttpEvent): Promise<HttpResult> => {
    const name = byKey.get(event.requestContext.routeKey);
    if (name === undefined) throw noRoute(event);
    const about = aboutOf(event);
    calls.set(event, about);
    const call = callOf(app, routes[name], event, about);
    const handle = handlersOf(appOfCall(app, about))[name] as (call: Call<RouteName>) => Promise<Reply> | Reply;
    return toResult(await handle(call), event);
  };
  const answered = (event: HttpEvent, code: LogCode, fields: LogFields) =>
    app.log(code, { route: event.requestContext.routeKey, ...(calls.get(event) ?? aboutOf(event)), ...fields });
  const refused = async (event: HttpEvent, error: unknown): Promise<HttpResult> => {
    const problem = problemOf(error, event);
    const shown = showProblem
      ? shownResult(await showProblem(problem, event), problem, event)
      : problemResult(problem, event, app);
    const { code, status } = problem;
    answered(event, code === 'internal' ? 'call-failed' : 'call-answered', {
      status,
      problem: code,
      ...(status >= 500 && loggedError(error)),
    });
    return shown;
  };
  return middy(answer).use({
    after: ({ event, response }) => answered(event, 'call-answered', { status: response?.statusCode }),
    onError: async (request) => {
      const { event, error } = request;
      try {
        request.response = await refused(event, error);
      } catch (refusal) {
        // the refusal itself cannot be shown, for example because the stored request is damaged
        request.response = await refused(event, refusal);
      }
    },
  });
}

/** The fields of a refused form, to show them again; undefined for anything that is not a form. */
export function typedIn(event: HttpEvent): Record<string, string> | undefined {
  const bytes = bytesOf(event);
  const isForm =
    event.requestContext.http.method === 'POST' && mediaTypeOf(event) === FORM && bytes.length <= MOST_BYTES;
  return isForm && isUtf8(bytes) ? Object.fromEntries(new URLSearchParams(bytes.toString('utf8'))) : undefined;
}

/** A refusal as problem+json with its headers. The local gateway uses it too, where the gateway of AWS has its own texts. */
export function problemResult(
  problem: Problem,
  event: Pick<HttpEvent, 'requestContext' | 'rawPath'>,
  app?: Pick<App, 'catalogue' | 'clock'>,
): HttpResult {
  const { request } = problem.extras;
  const document = problemDocument(
    problem,
    event.requestContext.requestId,
    request && app && requestView(app.catalogue, request, app.clock()),
  );
  return shownResult(reply(problem.status, document, { 'content-type': 'application/problem+json' }), problem, event);
}

// --- internal ---

/** Adds the headers of a refusal, whatever its form. */
function shownResult(shown: Reply, problem: Problem, event: Pick<HttpEvent, 'requestContext' | 'rawPath'>): HttpResult {
  const { retryAfterSeconds, allow } = problem.extras;
  const scheme = event.rawPath.startsWith('/iam/')
    ? 'AWS4-HMAC-SHA256'
    : 'Bearer realm="latchkey", error="invalid_token"';
  const headers = {
    ...(problem.code === 'unauthenticated' && { 'www-authenticate': scheme }),
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    ...(allow && { allow: allow.join(', ') }),
  };
  return toResult({ ...shown, headers: { ...shown.headers, ...headers } }, event);
}

function toResult({ status, headers, body }: Reply, event: Pick<HttpEvent, 'requestContext'>): HttpResult {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    statusCode: status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // emailed links carry tokens: after one visit a browser never requests them without TLS (RFC 6797; ignored over http)
      'strict-transport-security': 'max-age=63072000',
      'x-request-id': event.requestContext.requestId,
      ...headers,
    },
    body: event.requestContext.http.method === 'HEAD' ? '' : text,
  };
}

const aboutOf = ({ requestContext: { requestId, http } }: HttpEvent): About => ({ call: requestId, ip: http.sourceIp });

function appOfCall<Part extends Needs>(app: Part, about: About): CallApp<Part> {
  const { call, ip } = about;
  const log: App['log'] = (code, fields) => app.log(code, { ...fields, call, ip });
  return { ...withToldStore({ ...app, log }, about), about };
}

/** @param about receives the caller, even if the call is refused afterwards */
function callOf(app: Needs, route: Route, event: HttpEvent, about: About): Call<RouteName> {
  const caller = route.access === 'caller' ? callerOf(app, event) : undefined;
  if (caller) Object.assign(about, { person: caller.person.key, via: caller.via });
  const call = {
    caller: caller && { ...caller, sourceIp: event.requestContext.http.sourceIp },
    param: paramOf(route, event),
    query: route.query && parse(route.query, event.queryStringParameters ?? {}, (key) => `?${key}`),
    body: route.body && parse(route.body, bodyOf(route, event), (key) => `/${key}`),
    idempotencyKey: route.idempotent ? idempotencyKeyOf(event) : undefined,
    mount: mountOf(event),
  };
  return call as Call<RouteName>;
}

/** An invalid id never reaches the store. @throws Problem as for an unknown id */
function paramOf(route: Route, event: HttpEvent): string {
  const param = Object.values(event.pathParameters ?? {})[0] ?? '';
  if (route.path.startsWith('/requests/{id}') && !v.is(RequestId, param)) throw notFound();
  if (route.path.startsWith('/roles/{id}') && !v.is(RoleId, param)) throw noRole();
  if (route.path.startsWith('/identities/{id}') && !v.is(IdentityId, param)) throw noIdentity();
  if (route.path.startsWith('/blocks/{id}') && !v.is(BlockId, param)) throw noBlock();
  return param;
}

const noIdentity = () =>
  new Problem('invalid-request', 'This is not a valid id of an identity. GET /v1/identities?person=... lists them.');
const noBlock = () => new Problem('invalid-request', 'This is not a valid id of a block. GET /v1/blocks lists them.');
const noRole = () => new Problem('role-not-found', 'This is not a valid id of a role. GET /v1/roles lists yours.');

const mountOf = (event: HttpEvent): string =>
  mounts.find(({ prefix }) => event.rawPath.startsWith(`${prefix}/`))?.prefix ?? '';

function callerOf(app: Needs, event: HttpEvent): Caller {
  const { jwt, iam } = event.requestContext.authorizer ?? {};
  const isIamMount = mountOf(event) === '/iam/v1';
  if (iam && isIamMount) return callerFromIam(app.catalogue, iam);
  if (jwt && !isIamMount)
    return callerFromToken(app.catalogue, app.identity, claimsOf(jwt.claims, event.headers.authorization), app.clock());
  throw new Problem(
    'unauthenticated',
    isIamMount
      ? 'Sign the request with AWS Signature Version 4, service execute-api.'
      : 'Send a bearer token in the Authorization header.',
  );
}

function idempotencyKeyOf(event: HttpEvent): string | undefined {
  const given = event.headers['idempotency-key'];
  const parsed = v.safeParse(v.optional(IdempotencyKey), given);
  if (parsed.success) return parsed.output;
  throw new Problem('invalid-request', 'The Idempotency-Key must be 1 to 255 printable characters.', {
    errors: [{ pointer: 'Idempotency-Key', detail: 'must be 1 to 255 printable ASCII characters' }],
  });
}

function bodyOf(route: Route, event: HttpEvent): unknown {
  const bytes = bytesOf(event);
  if (bytes.length > MOST_BYTES) throw new Problem('too-large', 'The body is too large. The limit is 16 KiB.');
  if (bytes.length === 0 && route.bodyOptional) return {};
  const coding = (event.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (coding !== 'identity') throw new Problem('unsupported-media-type', 'Send the body without a Content-Encoding.');
  const expected = route.access === 'caller' ? 'application/json' : FORM;
  if (mediaTypeOf(event) !== expected) throw new Problem('unsupported-media-type', `Send the body as ${expected}.`);
  return expected === 'application/json' ? parseJson(decodeUtf8(bytes)) : parseForm(decodeUtf8(bytes));
}

const FORM = 'application/x-www-form-urlencoded';
const bytesOf = ({ body = '', isBase64Encoded }: HttpEvent): Buffer =>
  Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
const mediaTypeOf = ({ headers }: HttpEvent): string =>
  (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();

const malformed = (detail: string) =>
  new Problem('invalid-request', `The body ${detail}.`, { errors: [{ pointer: '', detail }] });

function decodeUtf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw malformed('is not UTF-8');
  return bytes.toString('utf8');
}

export function parseJson(text: string): unknown {
  const value = jsonIn(text);
  refuseRepeated(repeatedMembers(text), 'body');
  return value;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed('is not JSON');
    throw error;
  }
}

function parseForm(text: string): Record<string, string> {
  const fields = [...new URLSearchParams(text)];
  const twice = fields.map(([name]) => name).filter((name, i, names) => names.indexOf(name) < i);
  refuseRepeated(
    twice.map((name) => [name]),
    'form',
  );
  return Object.fromEntries(fields);
}

/** A repeated field is ambiguous, and one of its values may approve. */
function refuseRepeated(paths: ReadonlyArray<ReadonlyArray<string | number>>, what: string): void {
  if (paths.length === 0) return;
  const pointers = [...new Set(paths.map((path) => `/${pointerTo(path)}`))];
  const errors = pointers.map((pointer) => ({ pointer, detail: 'is repeated' }));
  throw new Problem(
    'invalid-request',
    `The ${what} is malformed: ${errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ')}.`,
    { errors },
  );
}

/** A JSON Pointer without its first slash (RFC 6901). */
const pointerTo = (keys: readonly unknown[]): string =>
  keys.map((key) => String(key).replaceAll('~', '~0').replaceAll('/', '~1')).join('/');

/** @throws Problem `invalid-request` that names every error */
export function parse(schema: v.GenericSchema, input: unknown, pointerOf: (path: string) => string): unknown {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return parsed.output;
  const errors = parsed.issues.map((issue): FieldError => {
    const path = pointerTo((issue.path ?? []).map(({ key }) => key));
    return { pointer: issue.path ? pointerOf(path) : '', detail: detailOf(issue) };
  });
  throw new Problem(
    'invalid-request',
    `The request is malformed: ${errors.map(({ pointer, detail }) => `${pointer || 'the body'} ${detail}`).join('; ')}.`,
    {
      errors,
    },
  );
}

function detailOf(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === 'Object') return noObject;
  if (issue.type === 'strict_object') return issue.expected === 'never' ? unknownField : 'is required';
  // a default message of valibot, not one of our shapes
  if (issue.kind === 'schema' && issue.message.startsWith('Invalid')) return `must be a ${issue.expected}`;
  return issue.message;
}

function noRoute(event: HttpEvent): Problem {
  const allow = methodsOf(event.rawPath);
  if (allow.length === 0) return new Problem('not-found', 'Unknown route. GET /openapi.json lists all routes.');
  return new Problem('method-not-allowed', `Method not allowed. This route accepts ${allow.join(', ')}.`, { allow });
}

function problemOf(error: unknown, event: HttpEvent): Problem {
  return error instanceof Problem
    ? error
    : new Problem(
        'internal',
        `Internal error. If the problem persists, report call ${event.requestContext.requestId}.`,
      );
}
