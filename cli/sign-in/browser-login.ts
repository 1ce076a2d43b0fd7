// Signs in with a browser: authorization code with PKCE and a loopback redirect (RFC 7636, RFC 8252 section 7.3, RFC 9207).
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MINUTE } from '../../lib/common/time.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { openBrowser } from './browser.ts';
import { type Client, checkEndpoint, newProof, tokensByCode } from './oidc.ts';
import type { Tokens } from './tokens.ts';

/** How long a sign-in may take. */
const patience = 5 * MINUTE;

/**
 * @param ports to listen on: the first free one is used; any free port if empty
 * @throws Refused, Failure `sign-in`, `try-again`, `interrupted`
 */
export async function loginByBrowser(world: World, client: Client, ports: readonly number[]): Promise<Tokens> {
  const { verifier, challenge, state } = await newProof();
  const visit = await awaitVisit(state, ports);
  const { signal, release } = world.interrupt();
  try {
    const { redirectUri } = visit;
    const address = addressOf(client, { state, redirect_uri: redirectUri, code_challenge: challenge });
    world.err(`Sign in with the browser. If it does not open automatically, go to:\n  ${address}\n`);
    void openBrowser(world, address);
    const answer = await Promise.race([visit.answer, world.sleep(patience, signal)]);
    if (signal.aborted) throw new Failure('interrupted', 'Sign-in cancelled.');
    if (!answer)
      throw new Failure('try-again', 'The sign-in was not completed within five minutes.', [
        'Try again: latchkey login, or, without a browser on this machine: latchkey login --device',
        `If the browser showed an error about the redirect URI, register ${redirectUri} at the issuer, and pass its port: --port`,
      ]);
    return await tokensByCode(world, client, answer, { state, verifier, redirectUri });
  } finally {
    release();
    visit.close();
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

function addressOf({ issuer, clientId, scope, parameters: more }: Client, own: Record<string, string>): string {
  const endpoint = issuer.authorization_endpoint ?? '';
  checkEndpoint(endpoint);
  const url = new URL(endpoint);
  // a deployment cannot override the parameters that the sign-in depends on
  const parameters = {
    ...more,
    response_type: 'code',
    client_id: clientId,
    scope,
    code_challenge_method: 'S256',
    ...own,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

const here = 'http://127.0.0.1';
type Visit = { redirectUri: string; answer: Promise<URLSearchParams>; close(): void };

/** Listens for the redirect with our state; any other request gets 404 and changes nothing. */
async function awaitVisit(state: string, ports: readonly number[]): Promise<Visit> {
  const { createServer } = await import('node:http');
  const { promise: answer, resolve: answered } = withResolver<URLSearchParams>();
  const server = createServer((request, response) => {
    // any web page or local program can find the port and send an invalid URL
    const target = request.url ?? '/';
    const { pathname, searchParams } = new URL(URL.canParse(target, here) ? target : '/', here);
    const isAnswer = request.method === 'GET' && pathname === '/callback' && searchParams.get('state') === state;
    response.writeHead(isAnswer ? 200 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'",
      'referrer-policy': 'no-referrer',
      connection: 'close',
    });
    response.end(isAnswer ? page : 'Not found.', () => isAnswer && answered(searchParams));
  });
  const port = await listening(server, ports);
  return {
    // registered ports use localhost, because most issuers do not accept 127.0.0.1 (RFC 8252 section 8.3)
    redirectUri: `http://${ports.length > 0 ? 'localhost' : '127.0.0.1'}:${port}/callback`,
    answer,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** @returns the port @throws Failure `usage` if none of them is free */
async function listening(server: Server, ports: readonly number[]): Promise<number> {
  for (const port of ports.length > 0 ? ports : [0]) {
    const isFree = await new Promise<boolean>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) =>
        ['EADDRINUSE', 'EACCES'].includes(error.code ?? '') ? resolve(false) : reject(error),
      );
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isFree) return (server.address() as AddressInfo).port;
  }
  throw new Failure('usage', `No free port for the redirect: ${ports.join(', ')}.`, [
    'Stop the program that uses it, pass another registered port (--port), or sign in with a code: latchkey login --device',
  ]);
}

/** Promise.withResolvers, which Node supports from 22. */
function withResolver<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const page =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Latchkey</title><h1>Back to the terminal</h1><p>You can close this window.</p></html>';
