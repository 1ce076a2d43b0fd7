// GET|HEAD|OPTIONS|POST /decide/{token}: GET shows the request; only POST decides, withdraws, revokes or signs a review.
import { decideByLink, openLink } from '../lib/actions/decide-by-link.ts';
import { endpoint, type HttpEvent, reply, typedIn } from '../lib/http/http.ts';
import { catalogue, identity, lambda, store } from '../lib/lambda.ts';
import type { OpenedLink } from '../lib/mail/links.ts';
import type { Problem } from '../lib/model/problem.ts';
import { pageAfter, pageToAnswer } from '../lib/pages/link-page.ts';
import { type After, type Draft, pageHeaders, problemPage } from '../lib/pages/page.ts';

/** Refusals after which the form can be sent again, corrected or with the other answer. */
const correctable = (problem: Problem): boolean =>
  ['invalid-request', 'refused-by-policy', 'blocked'].includes(problem.code);

export const handler = lambda({ store, catalogue, identity }, (app) => {
  const page = (status: number, draw: (nonce: string) => string, headers: Record<string, string> = {}) => {
    const nonce = Buffer.from(app.random(16)).toString('base64url');
    return reply(status, draw(nonce), { ...pageHeaders(nonce), ...headers });
  };
  const ask = (link: OpenedLink, status = 200, draft?: Draft) =>
    page(status, (nonce) => pageToAnswer(link, app.catalogue, app.clock(), nonce, draft));
  const outcome = (link: OpenedLink, after: After) =>
    page(after === 'decided' ? 200 : 410, (nonce) => pageAfter(link, app.catalogue, app.clock(), nonce, after));
  const shown = (link: OpenedLink) => (link.spent ? outcome(link, 'spent') : ask(link));
  const answered = (link: OpenedLink) => outcome(link, link.spent ? 'late' : 'decided');
  const showProblem = async (problem: Problem, event: HttpEvent) => {
    const typed = correctable(problem) ? typedIn(event) : undefined;
    const link = typed && (await openLink(app, event.pathParameters?.token ?? ''));
    if (!link || link.spent || link.needsSignIn) return page(problem.status, (nonce) => problemPage(problem, nonce));
    return ask(link, problem.status, { comment: typed.comment ?? '', duration: typed.duration, problem });
  };
  return endpoint(
    'decision-page',
    app,
    (app) => ({
      showDecision: async ({ param }) => shown(await openLink(app, param)),
      decisionOptions: () => page(200, () => '', { allow: 'GET, HEAD, OPTIONS, POST' }),
      decideByLink: async ({ param, body }) => answered(await decideByLink(app, param, body)),
    }),
    { showProblem },
  );
});
