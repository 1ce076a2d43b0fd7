// The stage of the HTTP API for serverless.yml: one throttle per route, so that calls of one route cannot exhaust another.
import { type Route, routeKeysOf, routes } from '../lib/http/routes.ts';

/** Calls a second, and how many at once. Signed-in people and programs share a route's throttle, and so does everybody without a sign-in. */
const throttles = {
  caller: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 },
  public: { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40 },
} as const;

/** A route's own settings replace all of the defaults (apigw-dg, http-api-throttling), so each says whether there are metrics. */
const settingsFor = (access: Route['access']) => ({ DetailedMetricsEnabled: true, ...throttles[access] });
const unknownRoutes = '$default';

const settingsOf = (route: Route) => routeKeysOf(route).map((key) => [key, settingsFor(route.access)] as const);

/** The name that osls gives the route in the template: `GET /v1/roles/{id}` -> `HttpApiRouteGetV1RolesIdVar`. */
const logicalIdOf = (key: string): string =>
  key === unknownRoutes ? 'HttpApiRouteDefault' : `HttpApiRoute${key.split('/').map(idPartOf).join('')}`;

function idPartOf(part: string): string {
  const name = part
    .toLowerCase()
    .replace(/-/g, 'Dash')
    .replace(/\{(.*)\}/g, '$1Var')
    .replace(/[^0-9A-Za-z]/g, '');
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

const RouteSettings = Object.fromEntries([
  ...(Object.values(routes) as Route[]).flatMap(settingsOf),
  [unknownRoutes, settingsFor('public')] as const,
]);

/** osls reads this for `\${file(scripts/deployment.cjs):httpStage}`. A stage cannot have settings of a route that does not exist yet. */
export const httpStage = {
  DependsOn: Object.keys(RouteSettings).map(logicalIdOf),
  Properties: { DefaultRouteSettings: settingsFor('public'), RouteSettings },
};
