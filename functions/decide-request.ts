// POST /requests/{id}/decision: approve or deny, signed in.
import { decideRequest } from '../lib/access.ts';
import { catalogue, identity, lambda, store } from '../lib/app.ts';
import { endpoint, reply } from '../lib/http.ts';
import { requestView } from '../lib/view.ts';

export const handler = lambda({ store, catalogue, identity }, (app) =>
  endpoint(app, {
    decideRequest: async ({ caller, param, body }) => reply(200, requestView(app.catalogue, await decideRequest(app, caller, param, body), app.clock())),
  }),
);
