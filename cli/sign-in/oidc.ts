// Signing in at an OIDC issuer: discovery, codes, devices, renewal and revocation, by oauth4webapi over our own calls.
import type * as OAuth from 'oauth4webapi';
import { MINUTE, SECOND } from '../../lib/common/time.ts';
import { sendHttp } from '../http/http.ts';
import { NoAnswer, noAnswer } from '../http/no-answer.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { checkedUrl, type Settings } from '../options/settings.ts';
import { expiryOf, type Tokens } from './tokens.ts';

export type Issuer = OAuth.AuthorizationServer;
/** How the command line is known at the issuer. */
export type Client = {
  issuer: Issuer;
  clientId: string;
  /** of the few issuers that insist on one for programs on people's machines, too */
  clientSecret: string | undefined;
  scope: string;
  /** more parameters of the requests that begin a sign-in */
  parameters: Readonly<Record<string, string>>;
};

/** The issuer said no (RFC 6749 sections 4.1.2.1 and 5.2, RFC 8628 section 3.5). */
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

/** A refusal of the issuer in words. Its description is for people, and is shown without control characters. */
export function signInRefused({ code, description }: Refused): Failure {
  const words = description.replace(/[\p{Cc}\p{Cf}]/gu, '').slice(0, 300);
  return new Failure('sign-in', `The issuer refused the sign-in: ${words || code}.`, ['Try again: latchkey login']);
}

/** @throws Failure `usage` if the settings do not say where to sign in */
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
/** Some issuers list a scope that not every client or person may have: then the sign-in lasts as long as they let it last without. */
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

/** @throws Failure if the issuer does not describe itself, or as another one */
export async function discover(world: World, issuer: string): Promise<Issuer> {
  checkedUrl(issuer);
  const address = new URL(issuer);
  const oauth = await import('./oauth.ts');
  const answer = await worded(oauth, issuer, () => oauth.discoveryRequest(address, callsOf(world, oauth)));
  try {
    return await oauth.processDiscoveryResponse(address, answer);
  } catch (error) {
    if (!(error instanceof oauth.OperationProcessingError)) throw error;
    throw new Failure('sign-in', `${issuer} does not describe itself as the OIDC issuer of that name.`, [
      'Check the issuer: latchkey setup URL --issuer ...',
    ]);
  }
}

/** A code of the browser for tokens. @param answer what the issuer sent the browser back with @throws Refused, Failure */
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

/** The refresh token for new tokens. @throws Refused, Failure */
export function tokensByRefresh(world: World, client: Client, refreshToken: string): Promise<Tokens> {
  return tokensBy(world, client, async ({ oauth, parts: [issuer, known, secret], calls }) => {
    const response = await oauth.refreshTokenGrantRequest(issuer, known, secret, refreshToken, calls);
    // an issuer that does not rotate refresh tokens leaves them out
    return { refresh_token: refreshToken, ...(await oauth.processRefreshTokenResponse(issuer, known, response)) };
  });
}

/** Asks for a code that somebody enters elsewhere (RFC 8628). @param more parameters beside those of the client @throws Refused, Failure */
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

/** @throws Refused (`authorization_pending`, `slow_down` while nobody has decided), Failure */
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

/** Tells the issuer that a token is not to be used any more (RFC 7009). @returns whether it takes that at all @throws Refused, Failure */
export async function revokeToken(world: World, client: Client, token: string): Promise<boolean> {
  if (client.issuer.revocation_endpoint === undefined) return false;
  const { oauth, parts, calls } = await knownTo(world, client);
  const additionalParameters = { token_type_hint: 'refresh_token' };
  await worded(oauth, client.issuer.issuer, async () =>
    oauth.processRevocationResponse(await oauth.revocationRequest(...parts, token, { ...calls, additionalParameters })),
  );
  return true;
}

/** A secret and its challenge for one sign-in, so that nobody else can use its code (RFC 7636). */
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
  // nothing of an ID token is used, so that a clock which is wrong does not bar the sign-in
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
  if (found.token_type !== 'bearer') throw new Refused('invalid_response', 'The issuer gave no bearer token');
  return {
    accessToken: found.access_token,
    ...(found.refresh_token !== undefined && { refreshToken: found.refresh_token }),
    expiresAt: expiryOf(found.expires_in, world.now()),
    issuer: client.issuer.issuer,
    clientId: client.clientId,
    scope: client.scope,
  };
}

/** Our own calls in the place of fetch, with their proxy and limits; http stays on this machine, whatever the issuer's document says. */
const callsOf = (world: World, oauth: Library): Calls => ({
  [oauth.allowInsecureRequests]: true,
  [oauth.customFetch]: async (
    url: string,
    { method, headers, body }: { method: string; headers: Record<string, string>; body?: URLSearchParams | undefined },
  ) => {
    checkEndpoint(url);
    const answer = await sendHttp({ method, url, headers, body: body?.toString() ?? '', env: world.env });
    // of the headers only what is read: a challenge in them would hide the error in the body
    return new Response(answer.status === 204 ? null : answer.body, {
      status: answer.status,
      headers: { 'content-type': answer.headers['content-type'] ?? '' },
    });
  },
});

/** @throws Failure `sign-in` for an address at which a token could be read on the way */
export function checkEndpoint(url: string): void {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : new URL('about:blank');
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLocal))
    throw new Failure('sign-in', 'The issuer names an endpoint that is not https.');
}

/** Runs what asks the issuer, and says in our words what goes wrong. @throws Refused, Failure */
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
    return new Failure('try-again', `${new URL(issuer).origin} cannot sign you in now (status ${cause.status}).`, [
      'Try again in a moment.',
    ]);
  return new Failure('sign-in', `The answer of ${issuer} cannot be used: ${message}.`, ['Try again: latchkey login']);
}

function unknownIssuer({ url, issuer, clientId }: Settings): Failure {
  const missing = [...(issuer === undefined ? ['issuer'] : []), ...(clientId === undefined ? ['clientId'] : [])];
  return new Failure(
    'usage',
    `It is not known how to sign in at ${url}: ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing in the configuration.`,
    [
      `Let Latchkey say it: latchkey setup ${url}`,
      `or say it yourself: latchkey setup ${url} --issuer https://login.example.com --client-id ID`,
    ],
  );
}
