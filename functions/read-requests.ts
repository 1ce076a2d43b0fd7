// GET /requests and /requests/{id}: the three lists and one request.
import { readRequest } from '../lib/access.ts';
import { catalogue, identity, lambda, store } from '../lib/app.ts';
import { endpoint, reply } from '../lib/http.ts';
import { listRequests } from '../lib/lists.ts';
import { requestView } from '../lib/view.ts';

export const handler = lambda({ store, catalogue, identity }, (app) =>
  endpoint(app, {
    listRequests: async ({ caller, query }) => {
      const { items, nextCursor } = await listRequests(app, caller, query);
      const views = items.map((request) => requestView(app.catalogue, request, app.clock()));
      return reply(200, { items: views, ...(nextCursor !== undefined && { nextCursor }) });
    },
    readRequest: async ({ caller, param }) =>
      reply(200, requestView(app.catalogue, await readRequest(app, caller, param), app.clock())),
  }),
);
