// Sign-in at the local issuer: authorization code with PKCE, device codes, single-use refresh tokens. As strict as the RFCs.
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { MINUTE, SECOND } from '../../lib/common/time.ts';
import { type Reply, reply } from '../../lib/http/http.ts';
import { splitTarget, type WireCall } from '../wire-call.ts';
import type { Actor } from './identities.ts';
import type { Issuer, Subject } from './issuer.ts';
import { codePage, endPage, errorPage, personPage } from './sign-in-pages.ts';

type Answer = (call: WireCall) => Promise<Reply> | Reply;
/** Method -> answer, by path. */
export type AuthorizationRoutes = Record<string, Record<string, Answer>>;
type Options = {
  issuer: Issuer /** everybody to sign in as */;
  actors: readonly Actor[] /** epoch milliseconds, as everywhere in sign-in the real ones */;
  now?: () => number;
};

/** The state of a sign-in. */
type Grant = { subject: Subject; scope: string };
type Code = Grant & { redirectUri: string; challenge: string; until: number };
type Device = {
  userCode: string;
  scope: string;
  challenge: string;
  until: number;
  asked?: number;
  answer?: Subject | 'denied';
};

const lifetime = { code: 1 * MINUTE, device: 10 * MINUTE };
/** Between two polls of a device (RFC 8628 section 3.5). */
const interval = 2 * SECOND;
/** Clients renew after an hour, as with other issuers. The tokens themselves last longer, see issuer.ts. */
const expiresIn = 3600;
const grantTypes = {
  code: 'authorization_code',
  device: 'urn:ietf:params:oauth:grant-type:device_code',
  refresh: 'refresh_token',
} as const;

/** The sign-in fields of the discovery document. */
export const authorizationMetadata = ({ url, identity }: Issuer): Record<string, unknown> => ({
  authorization_endpoint: `${url}/authorize`,
  device_authorization_endpoint: `${url}/device_authorization`,
  token_endpoint: `${url}/token`,
  revocation_endpoint: `${url}/revoke`,
  response_types_supported: ['code'],
  grant_types_supported: Object.values(grantTypes),
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none'],
  authorization_response_iss_parameter_supported: true,
  scopes_supported: [...identity.signIn.scope.split(' '), 'offline_access'],
});

/** Everything is in memory: a restart requires a new sign-in. */
export function createAuthorization({ issuer, actors, now = Date.now }: Options): AuthorizationRoutes {
  const { signIn: asked, clientId } = issuer.identity;
  const needed = asked.scope;
  const people = actors.flatMap(({ email, name, groups }) => (email === undefined ? [] : [{ email, name, groups }]));
  const codes = new Map<string, Code>();
  const devices = new Map<string, Device>();
  const refreshes = new Map<string, Grant>();

  const subjectIn = (form: URLSearchParams): Subject | undefined => {
    const email = people.find((person) => person.email === form.get('email'))?.email;
    return email === undefined ? undefined : { email, mfa: form.get('mfa') === 'on' };
  };

  // -- with the browser: RFC 6749 section 4.1, RFC 7636, RFC 8252, RFC 9207 --------------------------------------------

  const back = (asked: AuthorizationRequest, more: Record<string, string>): Reply => {
    const url = new URL(asked.redirectUri);
    for (const [name, value] of Object.entries({
      ...more,
      ...(asked.state !== undefined && { state: asked.state }),
      iss: issuer.url,
    }))
      url.searchParams.set(name, value);
    return reply(303, '', { location: url.href, 'content-type': 'text/plain' });
  };
  const authorize = (parameters: URLSearchParams, decide: (asked: AuthorizationRequest) => Reply): Reply => {
    const asked = readAuthorization(parameters, clientId ?? '', needed);
    if (typeof asked === 'string') return errorPage(asked);
    return asked.error === undefined ? decide(asked) : back(asked, { error: asked.error });
  };
  const showPeople: Answer = (call) =>
    authorize(queryOf(call), ({ redirectUri }) =>
      personPage({
        people,
        action: 'authorize',
        fields: [...queryOf(call)],
        leadsTo: new URL(redirectUri).origin,
        says: 'The command line on this machine wants to sign in.',
      }),
    );
  const signIn: Answer = (call) => {
    const form = formOf(call);
    return authorize(form, (asked) => {
      const subject = subjectIn(form);
      if (!subject) return back(asked, { error: 'access_denied', error_description: 'No person was chosen' });
      const code = randomBytes(32).toString('base64url');
      codes.set(code, { subject, ...asked, until: now() + lifetime.code });
      return back(asked, { code });
    });
  };

  // -- with a code: RFC 8628 -------------------------------------------------------------------------------------------

  const askForDevice: Answer = (call) => {
    const form = formOf(call);
    const scope = form.get('scope') ?? '';
    if (form.get('client_id') !== clientId) return refused('invalid_client');
    if (!hasScope(scope, needed)) return refused('invalid_scope');
    // like issuers that require PKCE of every client
    const challenge = challengeOf(form);
    if (challenge === undefined)
      return refused('invalid_request', 'code_challenge and code_challenge_method=S256 are required');
    for (const [code, { until }] of devices) if (until <= now()) devices.delete(code);
    const deviceCode = randomBytes(32).toString('base64url');
    const userCode = newUserCode();
    devices.set(deviceCode, { userCode, scope, challenge, until: now() + lifetime.device });
    return reply(200, {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: `${issuer.url}/device`,
      verification_uri_complete: `${issuer.url}/device?user_code=${userCode}`,
      expires_in: lifetime.device / SECOND,
      interval: interval / SECOND,
    });
  };
  const deviceOf = (parameters: URLSearchParams): Device | undefined => {
    const given = (parameters.get('user_code') ?? '').toUpperCase().replace(/[^A-Z]/g, '');
    return [...devices.values()].find(
      ({ userCode, until, answer }) => userCode.replace('-', '') === given && until > now() && answer === undefined,
    );
  };
  const showDevice: Answer = (call) => {
    const device = deviceOf(queryOf(call));
    if (!device) return codePage(queryOf(call).has('user_code'));
    const { userCode } = device;
    return personPage({
      people,
      action: 'device',
      fields: [['user_code', userCode]],
      says: `Continue only if your terminal shows the code ${userCode}.`,
    });
  };
  const signInDevice: Answer = (call) => {
    const form = formOf(call);
    const device = deviceOf(form);
    if (!device) return codePage(true);
    device.answer = subjectIn(form) ?? 'denied';
    return endPage(device.answer !== 'denied');
  };

  // -- tokens: RFC 6749 sections 5 and 6 -------------------------------------------------------------------------------

  const granted = async ({ subject, scope }: Grant): Promise<Reply> => {
    const refresh = scope.split(' ').includes('offline_access') ? randomBytes(32).toString('base64url') : undefined;
    if (refresh !== undefined) refreshes.set(refresh, { subject, scope });
    const token = await issuer.token(subject);
    return reply(200, {
      access_token: token,
      token_type: 'Bearer',
      expires_in: expiresIn,
      scope,
      ...(refresh !== undefined && { refresh_token: refresh }),
    });
  };
  const byCode = (form: URLSearchParams): Promise<Reply> | Reply => {
    const given = form.get('code') ?? '';
    const code = codes.get(given);
    codes.delete(given);
    const holds =
      code && code.until > now() && code.redirectUri === form.get('redirect_uri') && code.challenge === provenBy(form);
    return holds
      ? granted(code)
      : refused('invalid_grant', 'The code is unknown, used or expired, or was issued to another client');
  };
  const byDevice = (form: URLSearchParams): Promise<Reply> | Reply => {
    const given = form.get('device_code') ?? '';
    const device = devices.get(given);
    if (!device) return refused('invalid_grant', 'The code is unknown or used');
    if (device.challenge !== provenBy(form)) return refused('invalid_grant', 'The code was issued to another client');
    const { answer, asked = Number.NEGATIVE_INFINITY, scope, until } = device;
    device.asked = now();
    if (answer === undefined && until > now())
      return refused(now() - asked < interval ? 'slow_down' : 'authorization_pending');
    devices.delete(given);
    if (answer === undefined) return refused('expired_token', 'The code was not entered in time');
    return answer === 'denied'
      ? refused('access_denied', 'The person cancelled the sign-in')
      : granted({ subject: answer, scope });
  };
  const byRefresh = (form: URLSearchParams): Promise<Reply> | Reply => {
    const given = form.get('refresh_token') ?? '';
    const grant = refreshes.get(given);
    refreshes.delete(given);
    return grant ? granted(grant) : refused('invalid_grant', 'The refresh token is unknown or used');
  };
  /** An unknown token counts as revoked (RFC 7009). */
  const revoke: Answer = (call) => {
    const form = formOf(call);
    if (form.get('client_id') !== clientId) return refused('invalid_client');
    refreshes.delete(form.get('token') ?? '');
    return reply(200, '');
  };
  const token: Answer = (call) => {
    const form = formOf(call);
    if (form.get('client_id') !== clientId) return refused('invalid_client');
    const by = { [grantTypes.code]: byCode, [grantTypes.device]: byDevice, [grantTypes.refresh]: byRefresh }[
      form.get('grant_type') ?? ''
    ];
    return by ? by(form) : refused('unsupported_grant_type');
  };

  const { pathname } = new URL(issuer.url);
  return {
    [`${pathname}/authorize`]: { GET: showPeople, POST: signIn },
    [`${pathname}/device_authorization`]: { POST: askForDevice },
    [`${pathname}/device`]: { GET: showDevice, POST: signInDevice },
    [`${pathname}/token`]: { POST: token },
    [`${pathname}/revoke`]: { POST: revoke },
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

type AuthorizationRequest = {
  redirectUri: string;
  scope: string;
  challenge: string;
  state: string | undefined;
  error?: string;
};

/** The authorization request, or an error text that must not be sent to its redirect URI (RFC 6749 section 4.1.2.1). */
function readAuthorization(
  parameters: URLSearchParams,
  clientId: string,
  needed: string,
): AuthorizationRequest | string {
  if (parameters.get('client_id') !== clientId)
    return `Unknown client. Only the client ${clientId} may sign people in.`;
  const redirectUri = parameters.get('redirect_uri') ?? '';
  if (!isLoopback(redirectUri)) return 'The redirect URI must be a port of this machine.';
  const [scope, challenge] = [parameters.get('scope') ?? '', parameters.get('code_challenge') ?? ''];
  const asked = { redirectUri, scope, challenge, state: parameters.get('state') ?? undefined };
  if (parameters.get('response_type') !== 'code') return { ...asked, error: 'unsupported_response_type' };
  if (!hasScope(scope, needed)) return { ...asked, error: 'invalid_scope' };
  return challengeOf(parameters) === undefined ? { ...asked, error: 'invalid_request' } : asked;
}

/** RFC 7636, only S256. */
function challengeOf(parameters: URLSearchParams): string | undefined {
  const challenge = parameters.get('code_challenge') ?? '';
  return parameters.get('code_challenge_method') === 'S256' && /^[\w-]{43}$/.test(challenge) ? challenge : undefined;
}
const provenBy = (form: URLSearchParams): string =>
  createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url');

/** Any port is allowed, because native apps use a free one (RFC 8252 section 7.3). */
function isLoopback(uri: string): boolean {
  const { protocol, hostname, hash, username } = URL.canParse(uri) ? new URL(uri) : new URL('about:blank');
  return (
    protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname) && hash === '' && username === ''
  );
}

const hasScope = (scope: string, needed: string): boolean =>
  needed.split(' ').every((one) => scope.split(' ').includes(one));
const queryOf = ({ target }: WireCall): URLSearchParams => new URLSearchParams(splitTarget(target)[1]);
const formOf = ({ body }: WireCall): URLSearchParams =>
  new URLSearchParams(body.subarray(0, 16 * 1024).toString('utf8'));

/** @param code of RFC 6749 section 5.2 or RFC 8628 section 3.5 */
const refused = (code: string, description?: string): Reply =>
  reply(code === 'invalid_client' ? 401 : 400, {
    error: code,
    ...(description !== undefined && { error_description: description }),
  });

/** No vowels, so that codes spell no words, and no look-alike characters (RFC 8628 section 6.1). */
function newUserCode(): string {
  const letters = 'BCDFGHJKLMNPQRSTVWXZ';
  const four = () => Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('');
  return `${four()}-${four()}`;
}
