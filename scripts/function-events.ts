// Which routes each function answers, as osls events: every mount of lib/http/routes.ts with its authorizer, for serverless.yml.
import {
  httpFunctions,
  mounts,
  type Route,
  routeKeysOf,
  routes,
  routesServedBy,
  unknownServedBy,
} from '../lib/http/routes.ts';

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
  return routeKeysOf(route).map((key) => {
    const [method = '', path = ''] = key.split(' ');
    const mount = route.access === 'public' ? undefined : mounts.find(({ prefix }) => path.startsWith(`${prefix}/`));
    return { httpApi: { method, path, ...(mount && { authorizer: authorizers[mount.authorizer] }) } };
  });
}

const unknownRoutes = { httpApi: '*' };

/** osls reads this for `\${file(scripts/deployment.cjs):events.NAME}`. */
export const events = Object.fromEntries(
  httpFunctions.map((name) => [
    name,
    [
      ...routesServedBy(name).flatMap((route) => eventsOf(routes[route])),
      ...(name === unknownServedBy ? [unknownRoutes] : []),
    ],
  ]),
);
