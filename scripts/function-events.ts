// Which routes each function answers, as osls events: every mount of lib/routes.ts with its authorizer, for serverless.yml.
import { mounts, type Route, type RouteName, routes } from '../lib/routes.ts';

export const routesOfFunction = {
  describe: ['health', 'openapi', 'discovery', 'me', 'listRoles'],
  'create-request': ['createRequest', 'extendRequest'],
  'read-requests': ['listRequests', 'readRequest'],
  'decide-request': ['decideRequest', 'reviewRequest'],
  'end-request': ['endRequest'],
  'issue-session': ['issueCredentials', 'issueConsole'],
  'decision-page': ['showDecision', 'probeDecision', 'decisionOptions', 'decideByLink'],
} as const satisfies Record<string, readonly RouteName[]>;

/** The gateway takes ID tokens for access tokens unless a scope is asked for (apigw-dg http-api-jwt-authorizer), so every JWT route asks for one. */
const authorizers = {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: osls resolves it
  jwt: { name: 'jwt', scopes: ['${self:custom.settings.scope}'] },
  iam: { type: 'aws_iam' },
} as const;
type HttpEvent = {
  httpApi: { method: string; path: string; authorizer?: (typeof authorizers)[keyof typeof authorizers] };
};

function eventsOf(route: Route): HttpEvent[] {
  const { method, path } = route;
  if (route.access === 'public') return [{ httpApi: { method, path } }];
  return mounts.map(({ prefix, authorizer }) => ({
    httpApi: { method, path: `${prefix}${path}`, authorizer: authorizers[authorizer] },
  }));
}

/** What no route knows is answered by `describe`, as 404 or 405. */
const unknownRoutes = { httpApi: '*' };

/** osls reads this for `\${file(scripts/deployment.cjs):events.NAME}`. */
export const events = Object.fromEntries(
  Object.entries(routesOfFunction).map(([name, names]) => [
    name,
    [...names.flatMap((route) => eventsOf(routes[route])), ...(name === 'describe' ? [unknownRoutes] : [])],
  ]),
);
