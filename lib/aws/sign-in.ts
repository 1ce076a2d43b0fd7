// Exchanges credentials for a console sign-in token, at the federation endpoint of a partition.
import type { SessionCredentials, SignIn } from '../app.ts';
import { SECOND } from '../common/time.ts';
import { Problem } from '../model/problem.ts';
import { federationEndpoint } from '../session/console-url.ts';

/** The part of `fetch` that is needed. TLS is verified by the platform's default. */
export type FetchLike = (
  url: string,
  init: { method: 'GET'; redirect: 'manual'; signal: AbortSignal },
) => Promise<{ readonly status: number; text(): Promise<string> }>;

/**
 * The call is a GET with the credentials in its query, which is the documented form (iam-ug,
 * id_roles_providers_enable-console-custom-url). Public code POSTs the same fields, which AWS does not document and may stop accepting.
 * Over verified TLS the query is as secret as a body. So the URL is never logged, never part of an error, and never redirected.
 *
 * `SessionDuration` is never sent: with it AWS refuses credentials from role chaining, which Latchkey's are. Without it the
 * console session lasts as long as the credentials, as a grant requires.
 *
 * @param fetch the platform's
 * @param endpointOverride federation endpoint of a local emulator; must be a loopback address, because credentials are sent to it
 * @param timeout milliseconds for the whole call, including reading the answer
 * @returns SignIn whose `token` throws Problem `aws-refused` or `try-again`
 */
export function federation(fetch: FetchLike, endpointOverride?: string, timeout = 5 * SECOND): SignIn {
  if (endpointOverride !== undefined && !isLoopback(endpointOverride))
    throw new Error('a federation endpoint other than AWS must be on a loopback address');
  return {
    async token(partition, credentials) {
      const endpoint = endpointOverride ?? federationEndpoint(partition);
      const answer = await ask(fetch, `${endpoint}?${tokenQuery(credentials)}`, timeout);
      if (answer.status === 408 || answer.status === 429 || answer.status >= 500)
        throw unanswered(`answered ${answer.status}`);
      const token = answer.status === 200 ? tokenIn(answer.body) : undefined;
      if (token === undefined) throw refused(partition, answer.status);
      return token;
    },
  };
}

const tokenQuery = ({ accessKeyId, secretAccessKey, sessionToken }: SessionCredentials) =>
  new URLSearchParams({
    Action: 'getSigninToken',
    Session: JSON.stringify({ sessionId: accessKeyId, sessionKey: secretAccessKey, sessionToken }),
  });

async function ask(fetch: FetchLike, url: string, timeout: number): Promise<{ status: number; body: string }> {
  try {
    const response = await fetch(url, { method: 'GET', redirect: 'manual', signal: AbortSignal.timeout(timeout) });
    return { status: response.status, body: await response.text() };
  } catch {
    // the error may quote the URL, which carries the credentials, so nothing of it is passed on
    throw unanswered('did not answer in time');
  }
}

function tokenIn(body: string): string | undefined {
  const parsed = parse(body);
  const token =
    typeof parsed === 'object' && parsed !== null && 'SigninToken' in parsed ? parsed.SigninToken : undefined;
  return typeof token === 'string' && token !== '' ? token : undefined;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // not JSON, so no token; the parser's error would quote the text
  }
}

const unanswered = (what: string) =>
  new Problem('try-again', `The AWS sign-in service ${what}. Try again in a moment.`, { retryAfterSeconds: 2 });
const refused = (partition: string, status: number) =>
  new Problem(
    'aws-refused',
    `The AWS sign-in service returned no sign-in token (status ${status}, partition ${partition}). Common causes: the session has just ended, or the account is in a different partition than the catalogue says. Request keys instead, and tell your Latchkey administrator.`,
  );

function isLoopback(endpoint: string): boolean {
  const { hostname } = new URL(endpoint);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
