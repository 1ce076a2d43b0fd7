// POST /requests and /requests/{id}/extension: file a request, explain it with dryRun=true, or continue a grant.
import { explainFiling, type Filing, fileRequest } from '../lib/access.ts';
import { catalogueWithTickets as catalogue, identity, lambda, store, tickets } from '../lib/app.ts';
import { extendRequest } from '../lib/extend.ts';
import { endpoint, reply } from '../lib/http.ts';
import { explanationView, requestView } from '../lib/view.ts';

export const handler = lambda({ store, catalogue, identity, tickets }, (app) => {
  const answer = ({ is, request }: Filing, mount: string) => {
    const view = requestView(app.catalogue, request, app.clock());
    const location = `${mount}/requests/${request.id}`;
    return is === 'filed'
      ? reply(201, view, { location })
      : reply(200, view, { location, 'idempotent-replayed': 'true' });
  };
  return endpoint(app, {
    createRequest: async ({ caller, body, query, idempotencyKey, mount }) =>
      query.dryRun
        ? reply(200, explanationView(app.catalogue, await explainFiling(app, caller, body)))
        : answer(await fileRequest(app, caller, body, idempotencyKey), mount),
    extendRequest: async ({ caller, param, body, idempotencyKey, mount }) =>
      answer(await extendRequest(app, caller, param, body, idempotencyKey), mount),
  });
});
