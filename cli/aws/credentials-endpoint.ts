// The container-credentials endpoint of `exec`: on the loopback interface, protected by a token, open while the command runs.
import type { AddressInfo } from 'node:net';
import { MINUTE } from '../../lib/common/time.ts';
import type { CredentialsView } from '../../lib/http/answers.ts';
import { Failure } from '../machine/exit.ts';
import { isLastSession, marginOf } from './session-end.ts';

export type CredentialsEndpoint = { url: string; token: string; close(): void };

/** How long before its expiry a one-hour session is replaced. The SDKs refresh about 5 to 15 minutes before expiry. */
const wantedMargin = 16 * MINUTE;

/**
 * @param first is served until it is close to its end
 * @param issueAgain gets a new session from Latchkey, which checks the grant each time
 */
export async function serveCredentials(
  first: CredentialsView,
  issueAgain: () => Promise<CredentialsView>,
  now: () => number,
): Promise<CredentialsEndpoint> {
  const { createServer } = await import('node:http');
  const { createHash, randomBytes, timingSafeEqual } = await import('node:crypto');
  const token = randomBytes(32).toString('base64url');
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(token);
  let current = Promise.resolve(held(first, now()));

  const session = async (): Promise<CredentialsView> => {
    const known = await current;
    const { session: old, until } = known;
    if (now() < until || isLastSession(old)) return old;
    const next = issueAgain();
    // concurrent callers share one answer; a refusal is not kept
    current = next.then(
      (renewed) => held(renewed, now()),
      () => known,
    );
    return next.catch((error: unknown) => {
      // during an outage of Latchkey, a session that is still valid is served
      if (isForNow(error) && now() < Date.parse(old.Expiration)) return old;
      throw error;
    });
  };

  const server = createServer((request, response) => {
    const answer = (status: number, body: object) =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
        .end(JSON.stringify(body));
    if (request.method !== 'GET' || request.url !== '/credentials')
      return void answer(404, { code: 'NotFound', message: 'Not found.' });
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected))
      return void answer(403, { code: 'AccessDenied', message: 'The token is missing or invalid.' });
    session().then(
      ({ AccessKeyId, SecretAccessKey, SessionToken, Expiration, AccountId }) =>
        answer(200, { AccessKeyId, SecretAccessKey, Token: SessionToken, Expiration, AccountId }),
      (error: unknown) =>
        answer(isForNow(error) ? 503 : 403, {
          code: 'NoSession',
          message: error instanceof Failure ? error.message : 'Internal error of latchkey.',
        }),
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/credentials`,
    token,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** A session, and until when it is served. */
type Held = { session: CredentialsView; until: number };

const isForNow = (error: unknown): boolean => error instanceof Failure && error.exit === 'try-again';

function held(session: CredentialsView, at: number): Held {
  const end = Date.parse(session.Expiration);
  return { session, until: end - marginOf(wantedMargin, end - at) };
}
