// Signs in with the browser: authorization code with PKCE, back to a port of this machine (RFC 7636, RFC 8252 section 7.3, RFC 9207).
import type { AddressInfo } from 'node:net';
import { MINUTE } from '../lib/time.ts';
import { openBrowser } from './browser.ts';
import { Failure } from './exit.ts';
import { type Client, fetchTokens, signInRefused, TokenRefused } from './oidc.ts';
import type { Tokens } from './tokens.ts';
import type { World } from './world.ts';

/** How long somebody may take to sign in. */
const patience = 5 * MINUTE;

/** @throws Failure `sign-in`, `try-again`, `interrupted` */
export async function loginByBrowser(world: World, client: Client, authorizationEndpoint: string): Promise<Tokens> {
  const { createHash, randomBytes } = await import('node:crypto');
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const visit = await awaitVisit(state);
  const { signal, release } = world.interrupt();
  try {
    const url = new URL(authorizationEndpoint);
    const parameters = {
      response_type: 'code',
      client_id: client.clientId,
      redirect_uri: visit.redirectUri,
      scope: client.scope,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...(client.audience !== undefined && { audience: client.audience }),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    world.err(`Sign in with the browser. If it does not open by itself, go to:\n  ${url.href}\n`);
    void openBrowser(world, url.href);
    const answer = await Promise.race([visit.answer, world.sleep(patience, signal)]);
    if (signal.aborted) throw new Failure('interrupted', 'Stopped signing in.');
    if (!answer)
      throw new Failure('try-again', 'Nobody signed in within five minutes.', [
        'Try again: latchkey login, or without a browser here: latchkey login --device',
      ]);
    const code = codeOf(answer, client);
    return await fetchTokens(world, client, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: visit.redirectUri,
      code_verifier: verifier,
    });
  } catch (error) {
    throw error instanceof TokenRefused ? signInRefused(error) : error;
  } finally {
    release();
    visit.close();
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

function codeOf(answer: URLSearchParams, { issuer }: Client): string {
  const error = answer.get('error');
  if (error !== null) throw new TokenRefused(error, answer.get('error_description') ?? '');
  // an answer that another issuer was led to give (RFC 9207)
  if (answer.has('iss') && answer.get('iss') !== issuer.issuer)
    throw new TokenRefused('wrong_issuer', 'The answer comes from another issuer');
  const code = answer.get('code');
  if (code === null) throw new TokenRefused('no_code', '');
  return code;
}

const here = 'http://127.0.0.1';
type Visit = { redirectUri: string; answer: Promise<URLSearchParams>; close(): void };

/** Listens for the browser to come back with our state; any other visit is turned away and changes nothing. */
async function awaitVisit(state: string): Promise<Visit> {
  const { createServer } = await import('node:http');
  let answered: (answer: URLSearchParams) => void = () => {};
  const answer = new Promise<URLSearchParams>((resolve) => {
    answered = resolve;
  });
  const server = createServer((request, response) => {
    // any page and any program of this machine can find the port, and send what is no address
    const target = request.url ?? '/';
    const { pathname, searchParams } = new URL(URL.canParse(target, here) ? target : '/', here);
    const isAnswer = request.method === 'GET' && pathname === '/callback' && searchParams.get('state') === state;
    response.writeHead(isAnswer ? 200 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'",
      'referrer-policy': 'no-referrer',
      connection: 'close',
    });
    response.end(isAnswer ? page : 'There is nothing here.', () => isAnswer && answered(searchParams));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    answer,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const page =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Latchkey</title><h1>Back to the terminal</h1><p>You can close this window.</p></html>';
