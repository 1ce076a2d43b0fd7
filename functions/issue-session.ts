// POST /requests/{id}/credentials and /console, and the same of /roles/{id}: the only function that may assume the catalogue's roles.
import { probeTarget, withDoctor } from '../lib/actions/diagnose.ts';
import { issueConsole, issueCredentials } from '../lib/actions/vend.ts';
import { endpoint, reply } from '../lib/http/http.ts';
import { baseUrl, catalogue, identity, lambda, signIn, store, sts } from '../lib/lambda.ts';

export const handler = lambda({ store, sts, signIn, catalogue, identity, baseUrl }, (app) =>
  withDoctor(
    (account) => probeTarget(app, account),
    endpoint('issue-session', app, (app) => ({
      issueCredentials: async ({ caller, param, body }) =>
        reply(200, await issueCredentials(app, caller, { request: param }, body.duration)),
      issueConsole: async ({ caller, param, body }) =>
        reply(200, await issueConsole(app, caller, { request: param }, body.destination)),
      issueRoleCredentials: async ({ caller, param, body }) =>
        reply(200, await issueCredentials(app, caller, { role: param }, body.duration)),
      issueRoleConsole: async ({ caller, param, body }) =>
        reply(200, await issueConsole(app, caller, { role: param }, body.destination)),
    })),
  ),
);
