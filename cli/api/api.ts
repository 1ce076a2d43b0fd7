// One call to Latchkey: signed, retried where that is safe, and refused in words that say what to do next.
import type { InferOutput } from 'valibot';
import { durationText, MINUTE, SECOND } from '../../lib/common/time.ts';
import type { RequestListView, RoleListView } from '../../lib/http/answers.ts';
import type { problemTable } from '../../lib/model/problem-table.ts';
import { type HttpAnswer, sendHttp } from '../http/http.ts';
import { NoAnswer, noAnswer } from '../http/no-answer.ts';
import { exitOf, Failure, type ProblemDocument } from '../machine/exit.ts';
import { inertJson } from '../machine/json-text.ts';
import type { World } from '../machine/world.ts';
import { inFlags } from '../options/flags.ts';
import type { Settings } from '../options/settings.ts';
import { plain } from '../text/terminal-text.ts';
import type { Signer } from './signed-call.ts';
import { findSigner } from './signer.ts';

export type RoleList = InferOutput<typeof RoleListView>;
export type RequestList = InferOutput<typeof RequestListView>;

export type ApiCall = {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  query?: Record<string, string | undefined>;
  body?: object;
  headers?: Record<string, string>;
};
export type Api = {
  signer: Signer;
  settings: Settings;
  /** @returns the body @throws Failure */
  call<Body>(call: ApiCall): Promise<Body>;
  /** the same, with the seconds that the answer asked to wait */
  callFully<Body>(call: ApiCall): Promise<{ body: Body; retryAfterSeconds: number | undefined }>;
};

const tries = 3;
/** The longest Retry-After that is waited for; a longer one is reported to the user. */
const longestWait = 10;

/** The API, called as the signer that `findSigner` returned. */
export function openApi(world: World, settings: Settings, signer: Signer): Api {
  const callFully = async <Body>(call: ApiCall): Promise<{ body: Body; retryAfterSeconds: number | undefined }> => {
    const answer = await send(world, settings, signer, call);
    const body = inertJson(answer.body);
    if (answer.status >= 200 && answer.status < 300 && body !== undefined)
      return { body: body as Body, retryAfterSeconds: retryAfter(answer) };
    throw Object.assign(failureOf(answer, body, settings, signer, call), { retryAfterSeconds: retryAfter(answer) });
  };
  return { signer, settings, callFully, call: async <Body>(call: ApiCall) => (await callFully<Body>(call)).body };
}

/** The API with the signer of these settings and this machine. @throws Failure `sign-in` */
export const connect = async (world: World, settings: Settings): Promise<Api> =>
  openApi(world, settings, await findSigner(world, settings));

// -- internal --------------------------------------------------------------------------------------------------------

/**
 * Sends a call up to three times. Status 503 means that nothing was done, so any call is retried. After a broken connection the call may have
 * succeeded, so only reads and filings with an Idempotency-Key are retried.
 */
async function send(world: World, settings: Settings, signer: Signer, call: ApiCall): Promise<HttpAnswer> {
  const { method, path, query = {}, body, headers = {} } = call;
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
  const url = `${settings.url}${signer.mount}${path}${search}`;
  const text = body === undefined ? {} : { body: JSON.stringify(body) };
  for (let attempt = 1; ; attempt += 1) {
    const began = world.now();
    const signed = await signer.headersFor({ method, url, ...text });
    const sent = {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      accept: 'application/json',
      ...headers,
      ...signed,
    };
    const answer = await sendHttp({ method, url, headers: sent, ...text, env: world.env }).catch((error: unknown) => {
      if (error instanceof NoAnswer) return error;
      throw error;
    });
    const outcome =
      answer instanceof NoAnswer
        ? answer.code
        : `${answer.status}, call ${plain(answer.headers['x-request-id'] ?? answer.headers['apigw-requestid'] ?? 'unknown')}`;
    if (settings.debug) world.err(`debug: ${method} ${url} as ${signer.who}: ${outcome}, ${world.now() - began} ms\n`);
    if (!(answer instanceof NoAnswer)) warnOfClock(world, answer);
    const wait = secondsToWait(answer, call, attempt);
    if (wait === undefined) {
      if (answer instanceof NoAnswer) throw noAnswer(settings.url, answer);
      return answer;
    }
    await world.sleep(wait * SECOND);
  }
}

const warned = new WeakSet<World>();

/** Warns once per command: with a wrong clock, tokens and signatures fail and relative times are off. */
function warnOfClock(world: World, { headers }: HttpAnswer): void {
  const ahead = world.now() - Date.parse(headers.date ?? '');
  if (!(Math.abs(ahead) > 2 * MINUTE) || warned.has(world)) return;
  warned.add(world);
  const by = durationText(Math.round(Math.abs(ahead) / MINUTE) * 60);
  world.err(
    `latchkey: the clock of this machine is ${by} ${ahead > 0 ? 'ahead' : 'behind'}; times shown are off by as much.\n`,
  );
}

/** @returns undefined if the call is not retried */
function secondsToWait(answer: HttpAnswer | NoAnswer, call: ApiCall, attempt: number): number | undefined {
  if (attempt === tries) return undefined;
  if (answer instanceof NoAnswer) return cutOff.includes(answer.code) && countsOnce(call) ? attempt : undefined;
  const wait = retryAfter(answer) ?? attempt;
  return answer.status === 503 && wait <= longestWait ? wait : undefined;
}

const cutOff: readonly string[] = ['ECONNRESET', 'EPIPE', 'ECONNABORTED'];
const countsOnce = ({ method, query, headers }: ApiCall): boolean =>
  method === 'GET' || query?.dryRun === 'true' || headers?.['idempotency-key'] !== undefined;

function retryAfter({ headers }: HttpAnswer): number | undefined {
  const value = headers['retry-after'];
  return value !== undefined && /^\d{1,5}$/.test(value) ? Number(value) : undefined;
}

/** @param body of the answer, if it was JSON */
function failureOf(answer: HttpAnswer, body: unknown, settings: Settings, signer: Signer, call: ApiCall): Failure {
  const wait = retryAfter(answer);
  const again = wait === undefined ? [] : [`Try again in ${wait} s.`];
  if (isProblem(body)) {
    const known = Object.hasOwn(exitOf, body.code) ? exitOf[body.code as keyof typeof problemTable] : 'fault';
    const details = (body.errors ?? []).map(({ detail }) => detail);
    const next = [...(hints[body.code]?.(signer, placeOf(call, body)) ?? []), ...again];
    // several errors are easier to read on separate lines
    if (details.length > 1 && body.detail === details.join(' '))
      return new Failure(known, `${body.title}:`, [...details, ...next], body);
    const said = inFlags(body, call.path);
    const errors = said.errors
      .filter(({ detail }) => !said.detail.includes(detail))
      .map(({ flag, detail }) => (flag ? `${flag}: ${detail}` : detail));
    return new Failure(known, said.detail, [...errors, ...next], body);
  }
  // API Gateway's own answers: {"message":"Unauthorized"}, {"message":"Forbidden"}
  if (answer.status === 401 || answer.status === 403)
    return new Failure('sign-in', `${settings.url} did not accept this sign-in.`, signInHints(signer));
  if (answer.status >= 500 || answer.status === 429)
    return new Failure(
      'try-again',
      `${settings.url} cannot answer now (status ${answer.status}).`,
      again.length > 0 ? again : ['Try again in a moment.'],
    );
  return notLatchkey(settings.url, answer, 'Check the address: latchkey setup URL');
}

/** @param next what to check */
export function notLatchkey(url: string, { status, headers }: HttpAnswer, next: string): Failure {
  const isPage = /^text\/html\b/i.test(headers['content-type'] ?? '');
  return new Failure('usage', `${url} did not answer like a Latchkey deployment (status ${status}).`, [
    ...(isPage ? ['The answer is a web page, perhaps from a proxy or from a sign-in page of the network.'] : []),
    next,
  ]);
}

const signInHints = ({ mount }: Signer): string[] =>
  mount === '/v1'
    ? ['Sign in again: latchkey login (or set LATCHKEY_TOKEN to a fresh access token)']
    : [
        'Check whose credentials these are: aws sts get-caller-identity',
        'They must belong to an IAM user or role that the catalogue names. Also check the clock of this machine.',
      ];

/** The request and the role that a call names, if any. */
type Place = { id: string | undefined; role: string | undefined };
function placeOf({ path, body }: ApiCall, { request }: ProblemDocument): Place {
  const id = request?.id ?? /^\/requests\/(\w{26})/.exec(path)?.[1];
  return { id, role: body && 'role' in body ? String(body.role) : undefined };
}

const seeRequest = (_: Signer, { id }: Place): string[] =>
  id === undefined ? [] : [`See the request: latchkey show ${id}`];

const hints: Record<string, (signer: Signer, place: Place) => string[]> = {
  unauthenticated: signInHints,
  'needs-mfa': () => ['Sign in with a second factor: latchkey login --mfa'],
  'needs-sign-in': () => ['Sign in again: latchkey login --fresh'],
  'role-not-found': () => ['See the roles that you may request: latchkey roles'],
  'request-not-found': () => ['See your requests: latchkey requests'],
  'own-request': seeRequest,
  'not-an-approver': seeRequest,
  'already-decided': seeRequest,
  'not-active': seeRequest,
  'refused-by-policy': (signer, place) =>
    place.role === undefined ? seeRequest(signer, place) : [`See what the role allows: latchkey roles ${place.role}`],
};

const isProblem = (body: unknown): body is ProblemDocument =>
  body !== null &&
  typeof body === 'object' &&
  'code' in body &&
  typeof body.code === 'string' &&
  'detail' in body &&
  typeof body.detail === 'string';
