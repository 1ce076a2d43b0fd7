// POST /requests/{id}/end: withdraw, hand back or revoke.
import { endRequest } from '../lib/access.ts';
import { catalogue, identity, lambda, store } from '../lib/app.ts';
import { endpoint, reply } from '../lib/http.ts';
import { requestView } from '../lib/view.ts';

export const handler = lambda({ store, catalogue, identity }, (app) =>
  endpoint(app, {
    endRequest: async ({ caller, param, body }) =>
      reply(200, requestView(app.catalogue, await endRequest(app, caller, param, body.comment), app.clock())),
  }),
);
