// GET|HEAD|OPTIONS|POST /decide/{token}: GET shows, only POST decides, withdraws or signs a review.
import { catalogue, identity, lambda, store } from '../lib/app.ts';
import { decideByLink, type OpenedLink, openLink } from '../lib/decide-by-link.ts';
import { endpoint, reply } from '../lib/http.ts';
import { decisionPage, outcomePage, pageHeaders, problemPage } from '../lib/pages.ts';
import { reviewedPage, reviewPage } from '../lib/review-page.ts';
import { withdrawalPage } from '../lib/withdrawal-page.ts';

const asking = { decide: decisionPage, withdraw: withdrawalPage, review: reviewPage };
const telling = { decide: outcomePage, withdraw: outcomePage, review: reviewedPage };

export const handler = lambda({ store, catalogue, identity }, (app) => {
  const page = (status: number, draw: (nonce: string) => string, headers: Record<string, string> = {}) => {
    const nonce = Buffer.from(app.random(16)).toString('base64url');
    return reply(status, draw(nonce), { ...pageHeaders(nonce), ...headers });
  };
  const outcome = ({ request, holder, does, spent }: OpenedLink) =>
    page(spent ? 410 : 200, (nonce) => telling[does](request, holder, app.clock(), nonce, spent ? 'spent' : 'decided'));
  const shown = (link: OpenedLink) =>
    link.spent
      ? outcome(link)
      : page(200, (nonce) => asking[link.does](link.request, link.holder, app.clock(), nonce, link.needsSignIn));
  return endpoint(
    'decision-page',
    app,
    (app) => ({
      showDecision: async ({ param }) => shown(await openLink(app, param)),
      decisionOptions: () => page(200, () => '', { allow: 'GET, HEAD, OPTIONS, POST' }),
      decideByLink: async ({ param, body }) => outcome(await decideByLink(app, param, body)),
    }),
    { showProblem: (problem) => page(problem.status, (nonce) => problemPage(problem, nonce)) },
  );
});
