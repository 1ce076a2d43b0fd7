// The protocol of a sign-in at an OIDC issuer: discovery, codes, devices, renewal and revocation, with oauth4webapi over our own HTTP calls.
import type * as OAuth from 'oauth4webapi';
import { MINUTE, SECOND } from '../../lib/common/time.ts';
import { sendHttp } from '../http/http.ts';
import { NoAnswer, noAnswer } from '../http/no-answer.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { checkedUrl, type Settings } from '../options/settings.ts';
import { expiryOf, type Tokens } from './tokens.ts';

export type Issuer = OAuth.AuthorizationServer;
/** The command line as a client of the issuer. */
export type Client = {
  issuer: Issuer;
  clientId: string;
  /** only for the few issuers that require one even for native apps */
  clientSecret: string | undefined;
  scope: string;
  /** additional parameters of the requests that start a sign-in */
  parameters: Readonly<Record<string, string>>;
};

/** An error response of the issuer (RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628 section 3.5). */
export class Refused extends Error {
  readonly code: string;
  readonly description: string;
  constructor(code: string, description: string) {
    super(code);
    this.name = 'Refused';
    this.code = code;
    this.description = description;
  }
}

/** Describes an error response of the issuer. Its description is shown without control characters. */
export function signInRefused({ code, description }: Refused): Failure {
  const words = description.replace(/[\p{Cc}\p{Cf}]/gu, '').slice(0, 300);
  return new Failure('sign-in', `The issuer refused the sign-in: ${words || code}.`, ['Try again: latchkey login']);
}

/** @throws Failure `usage` if the settings lack the issuer or the client ID */
export async function findClient(world: World, settings: Settings): Promise<Client> {
  const { issuer, clientId, clientSecret, scope = '', audience, signInParameters, offlineAccess } = settings;
  if (issuer === undefined || clientId === undefined) throw unknownIssuer(settings);
  const found = await discover(world, issuer);
  const isOffered = offlineAccess !== 'off' && found.scopes_supported?.includes(offline) === true;
  const lasting = isOffered ? [offline] : [];
  const scopes = new Set([...scope.split(' ').filter(Boolean), ...lasting]);
  const parameters = { ...(audience !== undefined && { audience }), ...signInParameters };
  return { issuer: found, clientId, clientSecret, scope: [...scopes].join(' '), parameters };
}

const offline = 'offline_access';
/** Some issuers list offline_access but refuse it to some clients or people; the sign-in is then repeated without it. */
export async function withoutOfflineAccess<T>(client: Client, signIn: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await signIn(client);
  } catch (error) {
    const scope = client.scope
      .split(' ')
      .filter((one) => one !== offline)
      .join(' ');
    const isAboutScope = error instanceof Refused && ['invalid_scope', 'not_allowed'].includes(error.code);
    if (isAboutScope && scope !== client.scope) return await signIn({ ...client, scope });
    throw error;
  }
}

/** @throws Failure if there is no discovery document, or it names another issuer */
export async function discover(world: World, issuer: string): Promise<Issuer> {
  checkedUrl(issuer);
  const address = new URL(issuer);
  const oauth = await import('./oauth.ts');
  const answer = await worded(oauth, issuer, () => oauth.discoveryRequest(address, callsOf(world, oauth)));
  try {
    return await oauth.processDiscoveryResponse(address, answer);
  } catch (error) {
    if (!(error instanceof oauth.OperationProcessingError)) throw error;
    throw new Failure('sign-in', `${issuer} has no OIDC discovery document with that issuer name.`, [
      'Check the issuer: latchkey setup URL --issuer ...',
    ]);
  }
}

/** Exchanges the code for tokens. @param answer query of the redirect @throws Refused, Failure */
export async function tokensByCode(
  world: World,
  client: Client,
  answer: URLSearchParams,
  { state, verifier, redirectUri }: { state: string; verifier: string; redirectUri: string },
): Promise<Tokens> {
  return tokensBy(world, client, async ({ oauth, parts: [issuer, known, secret], calls }) => {
    const code = oauth.validateAuthResponse(issuer, known, answer, state);
    const response = await oauth.authorizationCodeGrantRequest(
      issuer,
      known,
      secret,
      code,
      redirectUri,
      verifier,
      calls,
    );
    return oauth.processAuthorizationCodeResponse(issuer, known, response);
  });
}

/** Exchanges the refresh token for new tokens. @throws Refused, Failure */
export function tokensByRefresh(world: World, client: Client, refreshToken: string): Promise<Tokens> {
  return tokensBy(world, client, async ({ oauth, parts: [issuer, known, secret], calls }) => {
    const response = await oauth.refreshTokenGrantRequest(issuer, known, secret, refreshToken, calls);
    // an issuer that does not rotate refresh tokens returns none
    return { refresh_token: refreshToken, ...(await oauth.processRefreshTokenResponse(issuer, known, response)) };
  });
}

/** Requests a code to enter on another machine (RFC 8628). @param more parameters in addition to those of the client @throws Refused, Failure */
export async function askForDevice(
  world: World,
  client: Client,
  more: Record<string, string>,
): Promise<OAuth.DeviceAuthorizationResponse> {
  const { oauth, parts, calls } = await knownTo(world, client);
  const parameters = {
    ...client.parameters,
    scope: client.scope,
    ...more,
  };
  return worded(oauth, client.issuer.issuer, async () =>
    oauth.processDeviceAuthorizationResponse(
      parts[0],
      parts[1],
      await oauth.deviceAuthorizationRequest(...parts, parameters, calls),
    ),
  );
}

/** @throws Refused (`authorization_pending` or `slow_down` until the user decides), Failure */
export function tokensByDevice(world: World, client: Client, deviceCode: string, verifier: string): Promise<Tokens> {
  return tokensBy(world, client, async ({ oauth, parts: [issuer, known, secret], calls }) => {
    const additionalParameters = { code_verifier: verifier };
    const response = await oauth.deviceCodeGrantRequest(issuer, known, secret, deviceCode, {
      ...calls,
      additionalParameters,
    });
    return oauth.processDeviceCodeResponse(issuer, known, response);
  });
}

/** Revokes a token at the issuer (RFC 7009). @returns whether the issuer supports it @throws Refused, Failure */
export async function revokeToken(world: World, client: Client, token: string): Promise<boolean> {
  if (client.issuer.revocation_endpoint === undefined) return false;
  const { oauth, parts, calls } = await knownTo(world, client);
  const additionalParameters = { token_type_hint: 'refresh_token' };
  await worded(oauth, client.issuer.issuer, async () =>
    oauth.processRevocationResponse(await oauth.revocationRequest(...parts, token, { ...calls, additionalParameters })),
  );
  return true;
}

/** A verifier and its challenge for one sign-in, so that nobody else can use its code (RFC 7636). */
export async function newProof(): Promise<{ verifier: string; challenge: string; state: string }> {
  const oauth = await import('./oauth.ts');
  const verifier = oauth.generateRandomCodeVerifier();
  return { verifier, challenge: await oauth.calculatePKCECodeChallenge(verifier), state: oauth.generateRandomState() };
}

// -- internal --------------------------------------------------------------------------------------------------------

type Library = typeof import('./oauth.ts');
type Calls = OAuth.TokenEndpointRequestOptions &
  OAuth.DiscoveryRequestOptions &
  OAuth.DeviceAuthorizationRequestOptions;
type Known = { oauth: Library; parts: [Issuer, OAuth.Client, OAuth.ClientAuth]; calls: Calls };

async function knownTo(world: World, { issuer, clientId, clientSecret }: Client): Promise<Known> {
  const oauth = await import('./oauth.ts');
  // no ID token is used, so a wrong clock does not prevent the sign-in
  const client = { client_id: clientId, [oauth.clockTolerance]: (30 * MINUTE) / SECOND };
  const isBasic = issuer.token_endpoint_auth_methods_supported?.includes('client_secret_post') !== true;
  const bySecret = isBasic ? oauth.ClientSecretBasic : oauth.ClientSecretPost;
  const authentication = clientSecret === undefined ? oauth.None() : bySecret(clientSecret);
  return { oauth, parts: [issuer, client, authentication], calls: callsOf(world, oauth) };
}

async function tokensBy(
  world: World,
  client: Client,
  ask: (known: Known) => Promise<OAuth.TokenEndpointResponse>,
): Promise<Tokens> {
  const known = await knownTo(world, client);
  const found = await worded(known.oauth, client.issuer.issuer, () => ask(known));
  if (found.token_type !== 'bearer') throw new Refused('invalid_response', 'The issuer did not return a bearer token');
  return {
    accessToken: found.access_token,
    ...(found.refresh_token !== undefined && { refreshToken: found.refresh_token }),
    expiresAt: expiryOf(found.expires_in, world.now()),
    issuer: client.issuer.issuer,
    clientId: client.clientId,
    scope: client.scope,
  };
}

/** Replaces fetch by our own calls, with proxy and limits. http is allowed only to this machine, whatever the discovery document says. */
const callsOf = (world: World, oauth: Library): Calls => ({
  [oauth.allowInsecureRequests]: true,
  [oauth.customFetch]: async (
    url: string,
    { method, headers, body }: { method: string; headers: Record<string, string>; body?: URLSearchParams | undefined },
  ) => {
    checkEndpoint(url);
    const answer = await sendHttp({ method, url, headers, body: body?.toString() ?? '', env: world.env });
    // pass on only the headers that are read: a WWW-Authenticate challenge would hide the error in the body
    return new Response(answer.status === 204 ? null : answer.body, {
      status: answer.status,
      headers: { 'content-type': answer.headers['content-type'] ?? '' },
    });
  },
});

/** @throws Failure `sign-in` for a URL to which a token would be sent in the clear */
export function checkEndpoint(url: string): void {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : new URL('about:blank');
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLocal))
    throw new Failure('sign-in', 'The discovery document of the issuer lists an endpoint that is not https.');
}

/** Runs a call to the issuer, and translates its errors. @throws Refused, Failure */
async function worded<T>(oauth: Library, issuer: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof NoAnswer) throw noAnswer(new URL(issuer).origin, error);
    if (error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError)
      throw new Refused(error.error, error.error_description ?? '');
    if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError)
      throw unusable(issuer, error);
    throw error;
  }
}

function unusable(issuer: string, { message, cause }: Error): Failure {
  if (cause instanceof Response && (cause.status >= 500 || cause.status === 429))
    return new Failure(
      'try-again',
      `${new URL(issuer).origin} cannot sign you in at the moment (status ${cause.status}).`,
      ['Try again in a moment.'],
    );
  return new Failure('sign-in', `The answer of ${issuer} is not valid: ${message}.`, ['Try again: latchkey login']);
}

function unknownIssuer({ url, issuer, clientId }: Settings): Failure {
  const missing = [...(issuer === undefined ? ['issuer'] : []), ...(clientId === undefined ? ['clientId'] : [])];
  return new Failure(
    'usage',
    `Sign-in at ${url} is not configured: ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing.`,
    [
      `Read them from the deployment: latchkey setup ${url}`,
      `or set them yourself: latchkey setup ${url} --issuer https://login.example.com --client-id ID`,
    ],
  );
}
