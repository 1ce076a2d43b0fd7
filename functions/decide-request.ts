// POST /requests/{id}/decision and /review: approve or deny, and sign what was done by break-glass.
import { decideRequest, reviewRequest } from '../lib/access.ts';
import { catalogue, identity, lambda, store } from '../lib/app.ts';
import { endpoint, reply } from '../lib/http.ts';
import { requestView } from '../lib/view.ts';

export const handler = lambda({ store, catalogue, identity }, (app) =>
  endpoint(app, {
    reviewRequest: async ({ caller, param, body }) =>
      reply(200, requestView(app.catalogue, await reviewRequest(app, caller, param, body), app.clock())),
    decideRequest: async ({ caller, param, body }) =>
      reply(200, requestView(app.catalogue, await decideRequest(app, caller, param, body), app.clock())),
  }),
);
