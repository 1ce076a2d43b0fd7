// Checks any answer: it has the shape that its route promises, or is a refusal from the closed table, or a page without injected markup.
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import * as views from '../../lib/http/answers.ts';
import type { HttpEvent } from '../../lib/http/http.ts';
import { type Route, routes } from '../../lib/http/routes.ts';
import { type ProblemCode, problemTable } from '../../lib/model/problem-table.ts';
import type { Answer, CallName } from '../support/calls.ts';
import { type Node, outline, parsed } from '../support/markup.ts';
import { must } from './size.ts';

/** Refusals that every route with a caller or a body may also give, as in lib/http/openapi.ts. */
const always: readonly ProblemCode[] = ['unauthenticated', 'invalid-request', 'too-large', 'unsupported-media-type'];
/** By the names that routes.ts knows them by. */
const byName: Readonly<Record<keyof typeof views, v.GenericSchema>> = views;
const bare = { problems: ['not-found', 'method-not-allowed'], answers: {} } as const;
const routeOf = (name: CallName): Pick<Route, 'answers' | 'problems'> => {
  if (name === 'unknown') return bare;
  return routes[name === 'dryRun' ? 'createRequest' : name === 'probeDecision' ? 'showDecision' : name];
};

/** Throws unless this is an answer that the contract has. @returns the code of a refusal, `ok`, or `page` */
export function judged(
  name: CallName,
  { status, headers, text, body }: Answer,
  shapes: Shapes,
): ProblemCode | 'ok' | 'page' {
  must(status >= 200 && status < 500, () => `${name} answers ${status} ${text.slice(0, 300)}`);
  must(
    headers['cache-control'] === 'no-store' && (headers['x-request-id'] ?? '') !== '',
    'an answer lacks its headers',
  );
  if (headers['content-type'] === 'text/html; charset=utf-8') return judgedPage(name, status, text, shapes);
  const { answers, problems } = routeOf(name);
  if (status < 300) {
    const shape = answers[status];
    must(
      shape !== undefined && headers['content-type'] === 'application/json',
      () => `${name} never answers ${status} ${headers['content-type']}`,
    );
    if (shape === 'openapi' || shape === 'html') return 'ok';
    const view = headers['idempotent-replayed'] === 'true' ? routes.createRequest.answers[201] : shape;
    const schema = byName[view];
    must(
      isDeepStrictEqual(v.parse(schema, body), body),
      () => `${name} answers more than its shape: ${text.slice(0, 300)}`,
    );
    return 'ok';
  }
  must(headers['content-type'] === 'application/problem+json', () => `${name} refuses as ${headers['content-type']}`);
  const problem = v.parse(views.ProblemView, body);
  must(isDeepStrictEqual(problem, body), () => `a refusal has more than its shape: ${text.slice(0, 300)}`);
  const { code } = problem;
  must(problemTable[code].status === status && problem.status === status, () => `${status} goes with no ${code}`);
  must([...problems, ...always].includes(code), () => `${name} is not said to refuse with ${code}`);
  must((headers['www-authenticate'] !== undefined) === (status === 401), 'WWW-Authenticate goes with 401');
  must((headers['retry-after'] !== undefined) === (status === 429), 'Retry-After goes with 429');
  must((headers.allow !== undefined) === (status === 405), 'Allow goes with 405');
  must(
    (problem.request !== undefined) === (code === 'already-decided' || code === 'not-active'),
    () => `${code} and the request as it is`,
  );
  return code;
}

function judgedPage(name: CallName, status: number, text: string, shapes: Shapes): ProblemCode | 'page' {
  must(
    name === 'showDecision' || name === 'probeDecision' || name === 'decisionOptions' || name === 'decideByLink',
    () => `${name} answers a page`,
  );
  if (name === 'probeDecision' || name === 'decisionOptions') {
    must(text === '', 'HEAD and OPTIONS have no body');
    return 'page';
  }
  const tree = parsed(text);
  shapes.check(tree);
  const code = /<p>Code <code>([a-z-]+)<\/code><\/p>/.exec(text)?.[1] as ProblemCode | undefined;
  must(
    code === undefined ? status === 200 || status === 410 : problemTable[code]?.status === status,
    () => `the page of ${status} says ${code}`,
  );
  must(
    code === undefined || ([...routeOf(name).problems, ...always] as string[]).includes(code),
    () => `${name} is not said to refuse with ${code}`,
  );
  return code ?? 'page';
}

/** Whether anybody may come in with this, whoever it is: what a token must say as plain words, and what kinds of ARN there are. */
export function mayEnter({ requestContext: { authorizer }, headers }: HttpEvent, now: number): boolean {
  if (authorizer?.iam) {
    const [, user, role] =
      /^arn:aws[a-z-]*:(?:iam::(\d{12}):user\/.|sts::(\d{12}):assumed-role\/.)/.exec(String(authorizer.iam.userArn)) ??
      [];
    return (user ?? role) !== undefined && [undefined, user ?? role].includes(authorizer.iam.accountId);
  }
  const payload = JSON.parse(
    Buffer.from(headers.authorization?.split('.')[1] ?? '', 'base64url').toString() || 'null',
  ) as Record<string, unknown> | null;
  const all = (claim: unknown) => [claim].flat().flatMap((one) => (typeof one === 'string' ? one.split(' ') : []));
  return (
    authorizer?.jwt !== undefined &&
    payload?.iss === 'https://issuer.example.com' &&
    typeof payload.sub === 'string' &&
    typeof payload.exp === 'number' &&
    payload.exp * 1000 > now &&
    [payload.aud, payload.client_id].flatMap(all).includes('latchkey') &&
    [payload.scope, payload.scp].flatMap(all).includes('latchkey') &&
    ['iss', 'sub', 'exp'].every((name) => String(authorizer.jwt?.claims[name]) === String(payload[name]))
  );
}

/** The places of elements in documents: which stands in which, with which attributes. What is written by people adds none. */
export type Shapes = { learn(html: string): void; check(tree: Node): void; size(): number };

export function shapesOfPages(): Shapes {
  const known = new Set<string>();
  const placesIn = (tree: Node): string[] => {
    const places: string[] = [];
    const visit = (node: unknown, parent: string): void => {
      if (!Array.isArray(node)) return;
      const [tag, attributes, children] = node as [string, Array<[string, string]>, unknown[]];
      places.push(
        `${parent} > ${tag}${attributes.map(([name, value]) => ` ${name}=${changing.has(name) ? steady(value) : value}`).join('')}`,
      );
      for (const child of children) visit(child, tag);
    };
    visit(outline(tree), '');
    return places;
  };
  return {
    learn: (html) => {
      for (const place of placesIn(parsed(html))) known.add(place);
    },
    check: (tree) => {
      for (const place of placesIn(tree)) must(known.has(place), () => `injected markup: ${place.slice(0, 300)}`);
    },
    size: () => known.size,
  };
}

/** Attributes whose value differs from page to page: a nonce, the link of an email, and the possible durations of a grant. */
const changing = new Set(['nonce', 'href', 'value']);
const steady = (value: string): string =>
  value
    .replace(/^\d+s$/, 'SECONDS')
    .replace(/^[\w-]{22}$/, 'NONCE')
    .replace(/^(https:\/\/latchkey\.example\.com\/decide\/)[\w-]{91}$/, '$1TOKEN');
