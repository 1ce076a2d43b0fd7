// An OIDC issuer for tests of login: authorization code with PKCE, device codes, refresh tokens that hold once. Strict where the RFCs are.
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type OidcStandIn = {
  issuer: string;
  /** who signs in next; nobody: the person says no */
  subject: string | undefined;
  /** answers to device polls before the yes */
  pending: string[];
  /** seconds, of the next tokens */
  expiresIn: number;
  /** every form that the token endpoint was sent */
  forms: Array<Record<string, string>>;
  close(): Promise<void>;
};

/** @param mint makes the access token for a subject */
export async function startOidc(mint: (subject: string) => Promise<string>, { device = true } = {}): Promise<OidcStandIn> {
  const codes = new Map<string, { redirect: string; challenge: string }>();
  const refreshTokens = new Map<string, string>();
  const json = (response: ServerResponse, status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

  const exchange = async (form: Record<string, string>): Promise<object> => {
    stand.forms.push(form);
    if (form.client_id !== 'cli') return { error: 'invalid_client' };
    const isProven = {
      authorization_code: () => {
        const code = codes.get(form.code ?? '');
        codes.delete(form.code ?? '');
        return (
          code?.redirect === form.redirect_uri &&
          code?.challenge ===
            createHash('sha256')
              .update(form.code_verifier ?? '')
              .digest('base64url')
        );
      },
      refresh_token: () => refreshTokens.delete(form.refresh_token ?? ''),
      'urn:ietf:params:oauth:grant-type:device_code': () => form.device_code === 'device-1',
    }[form.grant_type ?? ''];
    if (!isProven?.()) return { error: 'invalid_grant', error_description: 'No such grant' };
    const wait = form.device_code === undefined ? undefined : stand.pending.shift();
    if (wait !== undefined) return { error: wait };
    if (stand.subject === undefined) return { error: 'access_denied', error_description: 'The person said no' };
    const refresh = randomUUID();
    refreshTokens.set(refresh, stand.subject);
    return { access_token: await mint(stand.subject), token_type: 'Bearer', expires_in: stand.expiresIn, refresh_token: refresh };
  };

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    let body = '';
    for await (const chunk of request) body += chunk;
    const form = Object.fromEntries(new URLSearchParams(body));
    if (pathname === '/.well-known/openid-configuration') {
      const endpoints = { authorization_endpoint: `${stand.issuer}/authorize`, token_endpoint: `${stand.issuer}/token` };
      return json(response, 200, {
        issuer: stand.issuer,
        ...endpoints,
        ...(device && { device_authorization_endpoint: `${stand.issuer}/device` }),
        scopes_supported: ['latchkey', 'offline_access'],
      });
    }
    if (pathname === '/authorize') {
      const query = Object.fromEntries(searchParams);
      const isRight =
        query.response_type === 'code' &&
        query.client_id === 'cli' &&
        query.code_challenge_method === 'S256' &&
        /^http:\/\/127\.0\.0\.1:\d+\//.test(query.redirect_uri ?? '');
      if (!isRight || query.scope !== 'latchkey offline_access') return json(response, 400, { error: 'invalid_request' });
      const back = new URL(query.redirect_uri!);
      const code = randomUUID();
      codes.set(code, { redirect: query.redirect_uri!, challenge: query.code_challenge! });
      for (const [name, value] of Object.entries({
        state: query.state!,
        iss: stand.issuer,
        ...(stand.subject === undefined ? { error: 'access_denied' } : { code }),
      }))
        back.searchParams.set(name, value);
      return response.writeHead(302, { location: back.href }).end();
    }
    if (pathname === '/device')
      return json(response, 200, { device_code: 'device-1', user_code: 'WDJB-MJHT', verification_uri: `${stand.issuer}/go`, expires_in: 60, interval: 1 });
    if (pathname !== '/token') return json(response, 404, {});
    const answer = await exchange(form);
    return json(response, 'error' in answer ? 400 : 200, answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stand: OidcStandIn = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    subject: 'asi-dev@example.com',
    pending: [],
    expiresIn: 3600,
    forms: [],
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return stand;
}
