// GET /healthz, /openapi.json, /.well-known/latchkey, /me, /roles, and the answer for every route that does not exist. No AWS permission at all.
import { catalogue, identity, lambda } from '../lib/app.ts';
import { endpoint, reply } from '../lib/http.ts';
import { openApiDocument } from '../lib/openapi.ts';
import { rolesFor } from '../lib/policy.ts';
import { discoveryView, meView, roleView } from '../lib/view.ts';

export const handler = lambda({ catalogue, identity }, (app) =>
  endpoint(app, {
    health: () => reply(200, { status: 'ok', version: app.version }),
    openapi: () => reply(200, openApiDocument(app.version)),
    discovery: () => reply(200, discoveryView(app.identity, app.version)),
    me: ({ caller }) => reply(200, meView(caller)),
    listRoles: ({ caller }) =>
      reply(200, { items: rolesFor(app.catalogue, caller).map((role) => roleView(app.catalogue, role)) }),
  }),
);
