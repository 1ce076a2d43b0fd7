// An identity provider that is not Latchkey's: oidc-provider, certified by the OpenID Foundation, signs the tokens and publishes its keys.
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export type Issuer = { url: string; close(): Promise<void> };
/** Whom a token is for. */
export type Holder = { email: string; mfa?: boolean; groups?: string[] };

/** The part of oidc-provider that is used. https://github.com/panva/node-oidc-provider/tree/main/docs */
type Provider = {
  callback(): RequestListener;
  on(event: 'server_error', listener: (context: unknown, error: Error) => void): void;
  Client: { find(id: string): Promise<object | undefined> };
  AccessToken: new (of: object) => { resourceServer: object; extra: object; save(): Promise<string> };
  ResourceServer: new (id: string, of: object) => object;
};
type Library = { default: new (url: string, configuration: object) => Provider };

const client = 'latchkey-cli';
const server = {
  scope: 'latchkey/use',
  audience: 'latchkey',
  accessTokenFormat: 'jwt',
  accessTokenTTL: 3600,
  jwt: { sign: { alg: 'RS256' } },
};

/** @param packages the folder that its packages are installed in */
export async function startIssuer(packages: string): Promise<Issuer> {
  const library = join(packages, 'node_modules/oidc-provider/lib/index.js');
  const { default: Library } = (await import(pathToFileURL(library).href)) as Library;
  let answer: RequestListener = (_, response) => void response.writeHead(503).end();
  const http = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const provider = new Library(url, configuration);
  provider.on('server_error', (_, error) => console.error(error));
  const standard = provider.callback();
  answer = (request, response) => {
    if (request.url !== tokenPath) return standard(request, response);
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', async () => response.end(await tokenFor(provider, JSON.parse(body) as Holder)));
  };
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

/** Beside the provider's own paths, for tests that want somebody's token without a browser. */
const tokenPath = '/token-of-a-test';

/** @returns an access token that the issuer has signed as it does after a sign-in */
export async function tokenOf(issuer: string, holder: Holder): Promise<string> {
  const answer = await fetch(`${issuer}${tokenPath}`, { method: 'POST', body: JSON.stringify(holder) });
  return answer.text();
}

const configuration = {
  clients: [
    {
      client_id: client,
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://127.0.0.1/callback'],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
  ],
  scopes: ['openid', 'offline_access', server.scope],
  ttl: { AccessToken: server.accessTokenTTL },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: { enabled: true, getResourceServerInfo: () => server },
  },
  extraTokenClaims: (_: unknown, token: { extra: object }) => token.extra,
};

async function tokenFor(provider: Provider, { email, mfa = false, groups }: Holder): Promise<string> {
  const token = new provider.AccessToken({
    accountId: email,
    client: await provider.Client.find(client),
    scope: server.scope,
    gty: 'authorization_code',
    extra: { email, email_verified: true, amr: mfa ? ['pwd', 'mfa'] : ['pwd'], ...(groups && { groups }) },
  });
  token.resourceServer = new provider.ResourceServer(server.audience, server);
  return token.save();
}
