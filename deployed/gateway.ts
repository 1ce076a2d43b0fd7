// The deployed API under an address of this machine: what comes in goes to the emulation with the host name that says which API is meant.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Gateway = { url: string; leadTo(apiId: string): void; close(): Promise<void> };

/** Its address stands in the links of the deployment, so it is there before the API is. */
export async function startGateway(endpoint: string): Promise<Gateway> {
  let host: string | undefined;
  const server = createServer((asked, answer) => {
    if (!host) return void answer.writeHead(503).end();
    const headers = { ...asked.headers, host };
    const onward = request(`${endpoint}${asked.url}`, { method: asked.method!, headers }, (response) => {
      answer.writeHead(response.statusCode!, response.rawHeaders);
      response.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo(apiId) {
      host = hostOf(apiId);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const hostOf = (apiId: string): string => `${apiId}.execute-api.localhost`;
