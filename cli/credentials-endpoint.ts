// The container-credentials endpoint of `exec`: on the loopback interface, for whoever has its token, as long as the child runs.
import type { AddressInfo } from 'node:net';
import type { CredentialsView } from '../lib/schema.ts';
import { MINUTE } from '../lib/time.ts';
import { Failure } from './exit.ts';
import { isLastSession } from './last-session.ts';

export type CredentialsEndpoint = { url: string; token: string; close(): void };

/** How long before its expiry a session is replaced. The SDKs ask again about 5 to 15 minutes before. */
const margin = 16 * MINUTE;

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
  let current = Promise.resolve(first);

  const session = async (): Promise<CredentialsView> => {
    const held = await current;
    const isEnough = Date.parse(held.Expiration) - now() > margin || isLastSession(held);
    if (isEnough) return held;
    // those who ask at the same time wait for the same answer; a refusal is not kept
    const next = vendAgain();
    current = next.catch(() => held);
    return next;
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
        answer(error instanceof Failure && error.exit === 'try-again' ? 503 : 403, {
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
