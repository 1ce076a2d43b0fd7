// The container-credentials endpoint of `exec`: on the loopback interface, for whoever has its token, as long as the child runs.
import type { AddressInfo } from 'node:net';
import { MINUTE } from '../../lib/common/time.ts';
import type { CredentialsView } from '../../lib/http/answers.ts';
import { Failure } from '../machine/exit.ts';
import { isLastSession, marginOf } from './session-end.ts';

export type CredentialsEndpoint = { url: string; token: string; close(): void };

/** How long before its expiry a session of an hour is replaced. The SDKs ask again about 5 to 15 minutes before. */
const wantedMargin = 16 * MINUTE;

/**
 * @param first is handed out until it nears its end
 * @param vendAgain asks Latchkey, which reads the grant again each time
 */
export async function serveCredentials(
  first: CredentialsView,
  vendAgain: () => Promise<CredentialsView>,
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
    const next = vendAgain();
    // those who ask at the same time wait for the same answer; a refusal is not kept
    current = next.then(
      (renewed) => held(renewed, now()),
      () => known,
    );
    return next.catch((error: unknown) => {
      // a Latchkey that is away for a while takes nothing from a session that still holds
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
      return void answer(404, { code: 'NotFound', message: 'There is nothing here.' });
    if (!timingSafeEqual(digest(request.headers.authorization ?? ''), expected))
      return void answer(403, { code: 'AccessDenied', message: 'The token is missing or wrong.' });
    session().then(
      ({ AccessKeyId, SecretAccessKey, SessionToken, Expiration, AccountId }) =>
        answer(200, { AccessKeyId, SecretAccessKey, Token: SessionToken, Expiration, AccountId }),
      (error: unknown) =>
        answer(isForNow(error) ? 503 : 403, {
          code: 'NoSession',
          message: error instanceof Failure ? error.message : 'A fault of latchkey.',
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

/** A session as it came, and until when it is handed out. */
type Held = { session: CredentialsView; until: number };

const isForNow = (error: unknown): boolean => error instanceof Failure && error.exit === 'try-again';

function held(session: CredentialsView, at: number): Held {
  const end = Date.parse(session.Expiration);
  return { session, until: end - marginOf(wantedMargin, end - at) };
}
