// The API as data: method, path, access, input, output and possible refusals of each route.
import type { GenericSchema } from 'valibot';
import * as bodies from '../model/bodies.ts';
import type { ProblemCode } from '../model/problem-table.ts';
import type * as answers from './answers.ts';
import * as queries from './queries.ts';

/**
 * The functions behind the gateway, each a file in functions/. Each route names its function in `servedBy`. The deployment, the local
 * server and the functions themselves are derived from that.
 */
export const httpFunctions = ['api', 'issue-session', 'decision-page'] as const;
export type HttpFunctionName = (typeof httpFunctions)[number];
/** Answers unknown routes with 404 or 405. */
export const unknownServedBy: HttpFunctionName = 'api';

export type Method = 'GET' | 'POST' | 'DELETE' | 'HEAD' | 'OPTIONS';
export type Route = {
  method: Method;
  /** without mount; `{name}` is a path parameter */
  path: string;
  /** `caller`: mounted below every mount with an authorizer; `public`: mounted once, at the root */
  access: 'caller' | 'public';
  servedBy: HttpFunctionName;
  summary: string;
  query?: GenericSchema;
  body?: GenericSchema;
  /** an empty body means {} */
  bodyOptional?: boolean;
  idempotent?: boolean;
  /** success status -> shape by its name, so that a function that only answers does not build them all; `html` for a page */
  answers: { [status: number]: keyof typeof answers | 'html' | 'openapi' };
  problems: readonly ProblemCode[];
};

/** The two mounts of the same routes, and the authorizer of each. */
export const mounts = [
  { prefix: '/v1', authorizer: 'jwt' },
  { prefix: '/iam/v1', authorizer: 'iam' },
] as const;

/** Issuing, by the id of a request or of a role. */
const issue = { method: 'POST', access: 'caller', servedBy: 'issue-session', bodyOptional: true } as const;
const credentials = { ...issue, body: bodies.NewCredentials, answers: { 200: 'CredentialsView' } } as const;
const consoleUrl = { ...issue, body: bodies.NewConsole, answers: { 200: 'ConsoleView' } } as const;

const onRequest = ['request-not-found'] as const satisfies readonly ProblemCode[];
const issuing = [
  'not-the-requester',
  'blocked',
  'needs-mfa',
  'needs-sign-in',
  'not-active',
  'refused-by-policy',
  'aws-refused',
] as const satisfies readonly ProblemCode[];
const onRole = ['role-not-found', 'no-grant'] as const satisfies readonly ProblemCode[];
const page = {
  access: 'public',
  servedBy: 'decision-page',
  path: '/decide/{token}',
  answers: { 200: 'html' },
} as const satisfies Partial<Route>;

export const routes = {
  health: {
    method: 'GET',
    path: '/healthz',
    access: 'public',
    servedBy: 'api',
    summary: 'Liveness and version',
    answers: { 200: 'HealthView' },
    problems: [],
  },
  openapi: {
    method: 'GET',
    path: '/openapi.json',
    access: 'public',
    servedBy: 'api',
    summary: 'The OpenAPI document',
    answers: { 200: 'openapi' },
    problems: [],
  },
  discovery: {
    method: 'GET',
    path: '/.well-known/latchkey',
    access: 'public',
    servedBy: 'api',
    summary: 'How to sign in',
    answers: { 200: 'DiscoveryView' },
    problems: [],
  },
  me: {
    method: 'GET',
    path: '/me',
    access: 'caller',
    servedBy: 'api',
    summary: 'The caller',
    answers: { 200: 'MeView' },
    problems: [],
  },
  listRoles: {
    method: 'GET',
    path: '/roles',
    access: 'caller',
    servedBy: 'api',
    summary: 'Roles that the caller may request',
    answers: { 200: 'RoleListView' },
    problems: [],
  },
  createRequest: {
    method: 'POST',
    path: '/requests',
    access: 'caller',
    servedBy: 'api',
    summary: 'File a request',
    query: queries.FileQuery,
    body: bodies.NewRequest,
    idempotent: true,
    answers: { 201: 'RequestView', 200: 'ExplanationView' },
    problems: [
      'role-not-found',
      'not-allowed',
      'blocked',
      'needs-mfa',
      'needs-sign-in',
      'refused-by-policy',
      'no-approver',
      'overlap',
      'too-many-open',
      'idempotency-mismatch',
    ],
  },
  listRequests: {
    method: 'GET',
    path: '/requests',
    access: 'caller',
    servedBy: 'api',
    summary: 'List requests',
    query: queries.ListQuery,
    answers: { 200: 'RequestListView' },
    problems: ['not-allowed'],
  },
  readRequest: {
    method: 'GET',
    path: '/requests/{id}',
    access: 'caller',
    servedBy: 'api',
    summary: 'Read a request',
    answers: { 200: 'RequestView' },
    problems: onRequest,
  },
  decideRequest: {
    method: 'POST',
    path: '/requests/{id}/decision',
    access: 'caller',
    servedBy: 'api',
    summary: 'Approve or deny',
    body: bodies.NewDecision,
    answers: { 200: 'RequestView' },
    problems: [
      ...onRequest,
      'own-request',
      'not-an-approver',
      'not-allowed',
      'blocked',
      'already-decided',
      'needs-sign-in',
      'needs-mfa',
      'refused-by-policy',
    ],
  },
  reviewRequest: {
    method: 'POST',
    path: '/requests/{id}/review',
    access: 'caller',
    servedBy: 'api',
    summary: 'Sign the review of a break-glass request',
    body: bodies.NewReview,
    answers: { 200: 'RequestView' },
    problems: [
      ...onRequest,
      'own-request',
      'not-an-approver',
      'not-allowed',
      'not-active',
      'already-decided',
      'needs-sign-in',
      'needs-mfa',
      'refused-by-policy',
    ],
  },
  endRequest: {
    method: 'POST',
    path: '/requests/{id}/end',
    access: 'caller',
    servedBy: 'api',
    summary: 'Withdraw, hand back or revoke a request',
    body: bodies.NewEnd,
    bodyOptional: true,
    answers: { 200: 'EndedView' },
    problems: [...onRequest, 'not-an-approver', 'not-allowed', 'not-active'],
  },
  extendRequest: {
    method: 'POST',
    path: '/requests/{id}/extension',
    access: 'caller',
    servedBy: 'api',
    summary: 'Extend a grant',
    body: bodies.NewExtension,
    idempotent: true,
    answers: { 201: 'RequestView', 200: 'RequestView' },
    problems: [
      ...onRequest,
      'not-allowed',
      'not-the-requester',
      'not-active',
      'blocked',
      'role-not-found',
      'needs-mfa',
      'needs-sign-in',
      'refused-by-policy',
      'no-approver',
      'overlap',
      'too-many-open',
      'idempotency-mismatch',
    ],
  },
  listIdentities: {
    method: 'GET',
    path: '/identities',
    access: 'caller',
    servedBy: 'api',
    summary: 'Accounts at the issuer that belong to a person (admins)',
    query: queries.IdentityQuery,
    answers: { 200: 'IdentityListView' },
    problems: ['not-allowed'],
  },
  releaseIdentity: {
    method: 'DELETE',
    path: '/identities/{id}',
    access: 'caller',
    servedBy: 'api',
    summary: 'Release an account at the issuer (admins)',
    answers: { 200: 'ReleasedView' },
    problems: ['not-allowed', 'invalid-request'],
  },
  revokeMany: {
    method: 'POST',
    path: '/revocations',
    access: 'caller',
    servedBy: 'api',
    summary: 'End all matching requests, and block new ones (admins)',
    body: queries.NewRevocation,
    answers: { 200: 'RevocationView' },
    problems: ['not-allowed', 'refused-by-policy'],
  },
  listBlocks: {
    method: 'GET',
    path: '/blocks',
    access: 'caller',
    servedBy: 'api',
    summary: 'List blocks (admins and auditors)',
    answers: { 200: 'BlockListView' },
    problems: ['not-allowed'],
  },
  liftBlock: {
    method: 'DELETE',
    path: '/blocks/{id}',
    access: 'caller',
    servedBy: 'api',
    summary: 'Lift a block (admins)',
    answers: { 200: 'LiftedView' },
    problems: ['not-allowed', 'invalid-request'],
  },
  issueCredentials: {
    ...credentials,
    path: '/requests/{id}/credentials',
    summary: 'Credentials for a request',
    problems: [...onRequest, ...issuing],
  },
  issueConsole: {
    ...consoleUrl,
    path: '/requests/{id}/console',
    summary: 'Console URL for a request',
    problems: [...onRequest, ...issuing],
  },
  issueRoleCredentials: {
    ...credentials,
    path: '/roles/{id}/credentials',
    summary: 'Credentials for a role',
    problems: [...onRole, ...issuing],
  },
  issueRoleConsole: {
    ...consoleUrl,
    path: '/roles/{id}/console',
    summary: 'Console URL for a role',
    problems: [...onRole, ...issuing],
  },
  showDecision: {
    ...page,
    method: 'GET',
    summary: 'The page behind an emailed link',
    problems: ['link-not-found', 'link-spent', 'not-an-approver'],
  },
  decisionOptions: { ...page, method: 'OPTIONS', summary: 'Changes nothing', problems: [] },
  decideByLink: {
    ...page,
    method: 'POST',
    summary: 'Decide, withdraw, revoke or sign a review by link',
    body: bodies.LinkForm,
    problems: [
      'link-not-found',
      'link-spent',
      'own-request',
      'not-an-approver',
      'blocked',
      'already-decided',
      'needs-sign-in',
      'needs-mfa',
      'refused-by-policy',
    ],
  },
} as const satisfies Record<string, Route>;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
/** The routes that a function serves. */
export type ServedBy<F extends HttpFunctionName> = {
  [N in RouteName]: Routes[N]['servedBy'] extends F ? N : never;
}[RouteName];
export const routesServedBy = (name: HttpFunctionName): RouteName[] =>
  (Object.keys(routes) as RouteName[]).filter((route) => routes[route].servedBy === name);

/**
 * The route keys of API Gateway for a route, one per mount: `POST /v1/requests/{id}/decision`. Every GET route also answers HEAD
 * (RFC 9110, 9.3.2).
 */
export function routeKeysOf({ method, path, access }: Route): string[] {
  const methods = method === 'GET' ? ['GET', 'HEAD'] : [method];
  const prefixes = access === 'public' ? [''] : mounts.map(({ prefix }) => prefix);
  return methods.flatMap((one) => prefixes.map((prefix) => `${one} ${prefix}${path}`));
}

/** The methods that a path answers, to choose between 404 and 405. */
export function methodsOf(path: string): Method[] {
  const isMatch = (key: string) => {
    const pattern = key.split(' ')[1]!.split('/');
    const given = path.split('/');
    return (
      pattern.length === given.length &&
      pattern.every((part, i) => (part.startsWith('{') ? given[i] !== '' : part === given[i]))
    );
  };
  const keys = Object.values(routes).flatMap((route: Route) => routeKeysOf(route).filter(isMatch));
  return [...new Set(keys.map((key) => key.split(' ')[0] as Method))];
}
