// Emulates an HTTP API of API Gateway: finds the route, verifies the token or signature, and calls the function with the event that AWS would send.
import { isUtf8 } from 'node:buffer';
import type { Context } from 'aws-lambda';
import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import type { App } from '../../lib/app.ts';
import { SECOND } from '../../lib/common/time.ts';
import { type HttpEvent, type HttpResult, problemResult } from '../../lib/http/http.ts';
import {
  type HttpFunctionName,
  mounts,
  type RouteName,
  routeKeysOf,
  routes,
  unknownServedBy,
} from '../../lib/http/routes.ts';
import { Problem } from '../../lib/model/problem.ts';
import { type SigV4Error, verifySigV4 } from '../aws/sigv4.ts';
import type { TestKey } from '../oidc/identities.ts';
import type { Issuer } from '../oidc/issuer.ts';
import { splitTarget, type WireCall } from '../wire-call.ts';

export type HttpFunction = (event: HttpEvent, context: Context) => Promise<HttpResult>;
export type Functions = { [Name in HttpFunctionName]: HttpFunction };

type Options = {
  app: Pick<App, 'catalogue' | 'clock' | 'identity'>;
  functions: Functions;
  issuer: Pick<Issuer, 'jwks'>;
  /** by access key ID */
  keys: ReadonlyMap<string, TestKey>;
  /** wall clock, by which clients make tokens and signatures; Latchkey's own clock can be moved */
  wallClock?: () => number;
};

/** @returns a function that answers one call, and never rejects for anything that a caller can send */
export function createGateway({
  app,
  functions,
  issuer,
  keys,
  wallClock = Date.now,
}: Options): (call: WireCall) => Promise<HttpResult> {
  const jwks = createLocalJWKSet(issuer.jwks);

  const jwtAuthorizer = async ({ headers }: WireCall) => {
    const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) throw new Problem('unauthenticated', 'Send a bearer token in the Authorization header.');
    try {
      const { issuer, audience } = app.identity;
      const { payload } = await jwtVerify(token, jwks, {
        issuer,
        algorithms: ['RS256'],
        currentDate: new Date(wallClock()),
      });
      // without aud, client_id is used (apigw-dg, http-api-jwt-authorizer), as in access tokens of Cognito
      const meant = [payload.aud ?? payload.client_id].flat();
      if (!meant.some((one) => typeof one === 'string' && audience.includes(one)))
        throw new Problem('unauthenticated', 'The token is meant for another audience.');
      return { jwt: { claims: flattened(payload) } };
    } catch (error) {
      if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf')
        throw new Problem('unauthenticated', 'The token is not valid yet. Check the clock of its issuer.');
      if (error instanceof errors.JOSEError)
        throw new Problem('unauthenticated', tokenErrors[error.code] ?? 'The token could not be verified.');
      throw error;
    }
  };

  const iamAuthorizer = async (call: WireCall) => {
    const verdict = await verifySigV4(call, (id) => keys.get(id), 'execute-api', wallClock());
    if (!verdict.ok) throw new Problem('unauthenticated', signatureErrors[verdict.error]);
    const { accessKeyId, userArn, callerId, accountId } = verdict.key;
    return {
      iam: {
        accessKey: accessKeyId,
        accountId,
        callerId,
        cognitoIdentity: null,
        principalOrgId: null,
        userArn,
        userId: callerId,
      },
    };
  };

  const authorizers = { jwt: jwtAuthorizer, iam: iamAuthorizer };

  return async (call) => {
    const path = splitTarget(call.target)[0];
    const plain = plainEventOf(call, wallClock());
    try {
      if (call.body.length > mostBytes)
        throw new Problem('too-large', 'The gateway accepts bodies of at most 10 MB, and Latchkey of at most 16 KiB.');
      const match = matchRoute(call.method, path);
      if (!match) return await functions[unknownServedBy](plain, contextOf(call.id));
      const authorizer = match.authorizer && (await authorizers[match.authorizer](call));
      return await functions[routes[match.name].servedBy](
        eventOf(call, match.key, match.params, authorizer, wallClock()),
        contextOf(call.id),
      );
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return problemResult(error, plain, app);
    }
  };
}

// -- routes ----------------------------------------------------------------------------------------------------------

type Authorizer = (typeof mounts)[number]['authorizer'];
type Mounted = { name: RouteName; key: string; method: string; segments: string[]; authorizer: Authorizer | undefined };

const mounted: Mounted[] = (Object.keys(routes) as RouteName[]).flatMap((name) =>
  routeKeysOf(routes[name]).map((key) => {
    const [method, path] = key.split(' ') as [string, string];
    const mount =
      routes[name].access === 'public' ? undefined : mounts.find(({ prefix }) => path.startsWith(`${prefix}/`));
    return { name, key, method, segments: path.split('/'), authorizer: mount?.authorizer };
  }),
);

const isParameter = (segment: string): boolean => segment.startsWith('{');

function matchRoute(method: string, path: string): (Mounted & { params: Record<string, string> }) | undefined {
  const given = path.split('/');
  const isMatch = ({ method: own, segments }: Mounted) =>
    own === method &&
    segments.length === given.length &&
    segments.every((segment, i) => (isParameter(segment) ? given[i] !== '' : segment === given[i]));
  const found = mounted.find(isMatch);
  if (!found) return undefined;
  const params = found.segments.flatMap((segment, i) =>
    isParameter(segment) ? [[segment.slice(1, -1), decodeSegment(given[i]!)]] : [],
  );
  return { ...found, params: Object.fromEntries(params) };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return segment; // not a valid ID or link, which the functions report
    throw error;
  }
}

// -- events ----------------------------------------------------------------------------------------------------------

/** apigw-dg limits: 10 MB per request */
export const mostBytes = 10 * 1024 * 1024;

/** The event of a call without a route, only for its answer. */
export const plainEventOf = (call: WireCall, now: number): HttpEvent =>
  eventOf({ ...call, body: Buffer.alloc(0) }, '$default', {}, undefined, now);

/** The event of payload format 2.0 (apigw-dg http-api-develop-integrations-lambda). */
function eventOf(
  call: WireCall,
  routeKey: string,
  params: Record<string, string>,
  authorizer: object | undefined,
  now: number,
): HttpEvent {
  const [path, query] = splitTarget(call.target);
  const domainName = call.headers.host ?? 'localhost';
  const cookies = call.headers.cookie?.split('; ');
  const queryParameters = joinedQuery(query);
  const context = {
    accountId: '999999999999',
    apiId: 'local',
    ...(authorizer && { authorizer }),
    domainName,
    domainPrefix: domainName.split('.')[0]!,
    http: {
      method: call.method,
      path,
      protocol: 'HTTP/1.1',
      sourceIp: call.sourceIp,
      userAgent: call.headers['user-agent'] ?? '',
    },
    requestId: call.id,
    routeKey,
    stage: '$default',
    time: clfTime(now),
    timeEpoch: now,
  };
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: query,
    ...(cookies && { cookies }),
    headers: call.headers,
    ...(queryParameters && { queryStringParameters: queryParameters }),
    ...(Object.keys(params).length > 0 && { pathParameters: params }),
    requestContext: context as HttpEvent['requestContext'],
    ...bodyOf(call),
  };
}

/** API Gateway passes text as text, and everything else, including forms and invalid UTF-8, as base64. */
function bodyOf({ headers, body }: WireCall): Pick<HttpEvent, 'body' | 'isBase64Encoded'> {
  if (body.length === 0) return { isBase64Encoded: false };
  const isText =
    /^(?:text\/|application\/(?:[\w.+-]+\+)?(?:json|xml)|application\/javascript)/i.test(
      headers['content-type'] ?? '',
    ) && isUtf8(body);
  return isText
    ? { body: body.toString('utf8'), isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true };
}

function joinedQuery(query: string): Record<string, string> | undefined {
  const parameters = new URLSearchParams(query);
  const names = [...new Set(parameters.keys())];
  return names.length === 0
    ? undefined
    : Object.fromEntries(names.map((name) => [name, parameters.getAll(name).join(',')]));
}

/** `22/Nov/2026:10:00:00 +0000` */
function clfTime(ms: number): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(ms).toUTCString())!;
  return `${day}/${month}/${year}:${time} +0000`;
}

/** The Lambda context of a call. API Gateway gives up after 30 s. */
export function contextOf(
  awsRequestId: string,
  invokedFunctionArn = 'arn:aws:lambda:us-east-1:999999999999:function:local',
): Context {
  const deadline = Date.now() + 30 * SECOND;
  const nothing = () => {};
  return {
    awsRequestId,
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'local',
    functionVersion: '$LATEST',
    invokedFunctionArn,
    memoryLimitInMB: '256',
    logGroupName: 'local',
    logStreamName: 'local',
    getRemainingTimeInMillis: () => deadline - Date.now(),
    done: nothing,
    fail: nothing,
    succeed: nothing,
  };
}

// -- callers ---------------------------------------------------------------------------------------------------------

/** Claims as API Gateway passes them: all strings, a list as `[a b]`. */
function flattened(payload: JWTPayload): Record<string, string> {
  const asText = (value: unknown) =>
    Array.isArray(value) ? `[${value.join(' ')}]` : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, asText(value)]));
}

/** By error code of jose. */
const tokenErrors: Record<string, string> = {
  ERR_JWT_EXPIRED: 'The token has expired. Sign in again.',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'The token comes from another issuer.',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "The token's signature is not the issuer's.",
  ERR_JWKS_NO_MATCHING_KEY:
    'The token was signed with a key that the issuer does not have. After a restart of the local server, get a new one from /local/token.',
};

const signatureErrors: Record<SigV4Error, string> = {
  MissingAuthenticationToken: 'Sign the request with AWS Signature Version 4, service execute-api.',
  IncompleteSignature:
    'The Authorization header is not a valid AWS Signature Version 4, or does not sign the host, the date or an x-amz header.',
  InvalidClientTokenId: 'Unknown access key. The local server prints the valid ones: npm start -- --keys.',
  SignatureExpired: 'The signature is older than five minutes, or its date is in the future.',
  SignatureDoesNotMatch:
    'The signature does not match. Check the secret access key, and that the service is execute-api.',
};
