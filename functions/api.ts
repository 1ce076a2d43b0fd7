// All routes of the API except sessions: roles, requests, decisions, reviews, identities, revocations and blocks. Also answers unknown routes.
import { decideRequest, endRequest, readRequest, reviewRequest } from '../lib/actions/access.ts';
import { liftBlock, listBlocks } from '../lib/actions/blocks.ts';
import { extendRequest } from '../lib/actions/extend.ts';
import { explainFiling, type Filing, fileRequest } from '../lib/actions/file-request.ts';
import { listIdentities, releaseIdentity } from '../lib/actions/identity.ts';
import { listRequests } from '../lib/actions/lists.ts';
import { revokeMany } from '../lib/actions/revocations.ts';
import { endpoint, filingReply, reply } from '../lib/http/http.ts';
import { openApiDocument } from '../lib/http/openapi.ts';
import * as views from '../lib/http/view.ts';
import { catalogueWithTickets as catalogue, identity, lambda, store, tickets } from '../lib/lambda.ts';
import type { RequestRecord } from '../lib/model/schema.ts';
import { rolesFor } from '../lib/policy/judge.ts';

export const handler = lambda({ store, catalogue, identity, tickets }, (app) => {
  const view = (request: RequestRecord) => views.requestView(app.catalogue, request, app.clock());
  const filed = ({ is, request }: Filing, mount: string) => filingReply(is, view(request), mount);
  return endpoint('api', app, (app) => ({
    health: () => reply(200, { status: 'ok', version: app.version }),
    openapi: () => reply(200, openApiDocument(app.version)),
    discovery: () => reply(200, views.discoveryView(app.identity, app.version)),
    me: ({ caller }) => reply(200, views.meView(caller)),
    listRoles: ({ caller }) =>
      reply(200, { items: rolesFor(app.catalogue, caller).map((role) => views.roleView(app.catalogue, role)) }),
    createRequest: async ({ caller, body, query, idempotencyKey, mount }) =>
      query.dryRun
        ? reply(200, views.explanationView(app.catalogue, await explainFiling(app, caller, body)))
        : filed(await fileRequest(app, caller, body, idempotencyKey), mount),
    extendRequest: async ({ caller, param, body, idempotencyKey, mount }) =>
      filed(await extendRequest(app, caller, param, body, idempotencyKey), mount),
    listRequests: async ({ caller, query }) => reply(200, views.listView(await listRequests(app, caller, query), view)),
    readRequest: async ({ caller, param }) => reply(200, view(await readRequest(app, caller, param))),
    decideRequest: async ({ caller, param, body }) => reply(200, view(await decideRequest(app, caller, param, body))),
    reviewRequest: async ({ caller, param, body }) => reply(200, view(await reviewRequest(app, caller, param, body))),
    listIdentities: async ({ caller, query }) =>
      reply(200, views.identityListView(await listIdentities(app, caller, query.person))),
    releaseIdentity: async ({ caller, param }) => reply(200, { released: await releaseIdentity(app, caller, param) }),
    endRequest: async ({ caller, param, body }) =>
      reply(200, views.endingView(await endRequest(app, caller, param, body.comment), view)),
    revokeMany: async ({ caller, body }) => reply(200, views.revocationView(await revokeMany(app, caller, body))),
    listBlocks: async ({ caller }) => reply(200, views.blockListView(await listBlocks(app, caller))),
    liftBlock: async ({ caller, param }) => reply(200, { lifted: await liftBlock(app, caller, param) }),
  }));
});
