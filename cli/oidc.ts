// What login needs of an OIDC issuer: its metadata, and its token endpoint (OpenID Connect Discovery 1.0, RFC 6749).

import { Failure } from './exit.ts';
import { type HttpAnswer, sendHttp } from './http.ts';
import { jsonObject } from './json-text.ts';
import { NoAnswer, noAnswer } from './no-answer.ts';
import { checkedUrl, type Settings } from './settings.ts';
import { expiryOf, type Tokens } from './tokens.ts';
import type { World } from './world.ts';

export type Issuer = {
  issuer: string;
  token_endpoint: string;
  authorization_endpoint?: string;
  device_authorization_endpoint?: string;
  scopes_supported?: readonly string[];
};
/** How the command line is known at the issuer. */
export type Client = { issuer: Issuer; clientId: string; scope: string; audience: string | undefined };

/** @throws Failure `usage` if the settings do not say where to sign in */
export async function findClient(
  world: World,
  { issuer, clientId, scope = '', audience, url }: Settings,
): Promise<Client> {
  const missing = [...(issuer === undefined ? ['issuer'] : []), ...(clientId === undefined ? ['clientId'] : [])];
  if (issuer === undefined || clientId === undefined) {
    throw new Failure(
      'usage',
      `It is not known how to sign in at ${url}: ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing in the configuration.`,
      [
        `Let Latchkey say it: latchkey setup ${url}`,
        `or say it yourself: latchkey setup ${url} --issuer https://login.example.com --client-id ID`,
      ],
    );
  }
  const found = await discover(world, issuer);
  const lasting = found.scopes_supported?.includes('offline_access') ? ['offline_access'] : [];
  return {
    issuer: found,
    clientId,
    scope: [...new Set([...scope.split(' ').filter(Boolean), ...lasting])].join(' '),
    audience,
  };
}

/** @throws Failure if the issuer does not describe itself, or as another one */
export async function discover(world: World, issuer: string): Promise<Issuer> {
  checkedUrl(issuer);
  const answer = await asking(issuer, () =>
    sendHttp({ method: 'GET', url: `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`, env: world.env }),
  );
  const found = jsonObject(answer.body);
  if (answer.status !== 200 || found.issuer !== issuer || typeof found.token_endpoint !== 'string') {
    throw new Failure('sign-in', `${issuer} does not describe itself as the OIDC issuer of that name.`, [
      'Check the issuer: latchkey setup URL --issuer ...',
    ]);
  }
  for (const name of ['token_endpoint', 'authorization_endpoint', 'device_authorization_endpoint']) {
    if (found[name] !== undefined) safe(String(found[name]));
  }
  return found as unknown as Issuer;
}

/** The error of a token endpoint (RFC 6749 section 5.2, RFC 8628 section 3.5). */
export class TokenRefused extends Error {
  readonly code: string;
  readonly description: string;
  constructor(code: string, description: string) {
    super(code);
    this.name = 'TokenRefused';
    this.code = code;
    this.description = description;
  }
}

/** @throws TokenRefused; Failure where the issuer does not answer */
export async function fetchTokens(
  world: World,
  { issuer, clientId, scope }: Pick<Client, 'clientId' | 'scope'> & { issuer: Issuer },
  form: Record<string, string>,
): Promise<Tokens> {
  const found = await postForm(world, issuer.token_endpoint, { client_id: clientId, ...form });
  const { access_token: accessToken, token_type: type, refresh_token: refreshToken, expires_in: expiresIn } = found;
  if (typeof accessToken !== 'string' || String(type).toLowerCase() !== 'bearer')
    throw new TokenRefused('invalid_response', 'The issuer gave no bearer token.');
  return {
    accessToken,
    // an issuer that does not rotate refresh tokens leaves them out
    ...(typeof refreshToken === 'string'
      ? { refreshToken }
      : form.refresh_token !== undefined && { refreshToken: form.refresh_token }),
    expiresAt: expiryOf(expiresIn, world.now()),
    issuer: issuer.issuer,
    clientId,
    scope,
  };
}

/** @throws TokenRefused; Failure where the issuer does not answer */
export async function postForm(
  world: World,
  endpoint: string,
  form: Record<string, string>,
): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const answer = await asking(endpoint, () =>
    sendHttp({ method: 'POST', url: endpoint, headers, body: String(new URLSearchParams(form)), env: world.env }),
  );
  const found = jsonObject(answer.body);
  if (answer.status >= 200 && answer.status < 300) return found;
  if (typeof found.error === 'string')
    throw new TokenRefused(found.error, typeof found.error_description === 'string' ? found.error_description : '');
  throw new Failure('try-again', `${new URL(endpoint).origin} cannot sign you in now (status ${answer.status}).`, [
    'Try again in a moment.',
  ]);
}

/** A refusal of the issuer in words. Its description is for people, and is shown without control characters. */
export function signInRefused({ code, description }: TokenRefused): Failure {
  const words = description.replace(/[\p{Cc}\p{Cf}]/gu, '').slice(0, 300);
  return new Failure('sign-in', `The issuer refused the sign-in: ${words || code}.`, ['Try again: latchkey login']);
}

// -- internal --------------------------------------------------------------------------------------------------------

function safe(url: string): void {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  const isSafe =
    protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname));
  if (!isSafe) throw new Failure('sign-in', 'The issuer names an endpoint that is not https.');
}

async function asking(where: string, ask: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof NoAnswer ? noAnswer(new URL(where).origin, error) : error;
  }
}
