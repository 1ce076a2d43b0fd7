// POST /requests: file a request, or explain it with dryRun=true.
import { explainFiling, fileRequest } from '../lib/access.ts';
import { catalogue, identity, lambda, store } from '../lib/app.ts';
import { endpoint, reply } from '../lib/http.ts';
import { explanationView, requestView } from '../lib/view.ts';

export const handler = lambda({ store, catalogue, identity }, (app) =>
  endpoint(app, {
    createRequest: async ({ caller, body, query, idempotencyKey, mount }) => {
      if (query.dryRun) return reply(200, explanationView(app.catalogue, await explainFiling(app, caller, body)));
      const { is, request } = await fileRequest(app, caller, body, idempotencyKey);
      const view = requestView(app.catalogue, request, app.clock());
      const location = `${mount}/requests/${request.id}`;
      return is === 'filed' ? reply(201, view, { location }) : reply(200, view, { location, 'idempotent-replayed': 'true' });
    },
  }),
);
