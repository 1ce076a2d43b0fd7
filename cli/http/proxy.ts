// Sends https calls through HTTPS_PROXY, except to hosts in NO_PROXY. Node supports proxies itself from 24.5, but the command line also runs on 20.
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { isIPv6, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect } from 'node:tls';
import type { Environment } from '../../lib/config.ts';
import { Failure } from '../machine/exit.ts';
import { NoAnswer } from './no-answer.ts';

type Connected = (error: Error | null, stream: Duplex) => void;

/** Opens a tunnel for each connection. TLS ends at the server behind the proxy, and its certificate is verified as usual. */
export class ProxyAgent extends Agent {
  readonly #proxy: URL;
  readonly #exceptions: readonly string[];

  /** @throws Failure `usage` for an invalid proxy URL */
  constructor(env: Environment) {
    super();
    this.#proxy = proxyAt(env.https_proxy || env.HTTPS_PROXY || '');
    this.#exceptions = (env.no_proxy || env.NO_PROXY || '')
      .toLowerCase()
      .split(/[\s,]+/)
      .filter(Boolean);
  }

  override createConnection(options: RequestOptions, done?: Connected): undefined {
    this.#connect(options).then(
      (socket) => done?.(null, socket),
      (error: Error) => done?.(error, new Socket()),
    );
  }

  async #connect(options: RequestOptions): Promise<Socket> {
    const { host, port } = { host: String(options.host), port: Number(options.port) };
    const isDirect = this.#exceptions.some((exception) => isFor(exception, host, port));
    return connect({
      ...(options as ConnectionOptions),
      ...(!isDirect && { socket: await tunnel(this.#proxy, host, port) }),
    });
  }
}

/** Whether an entry of NO_PROXY covers a host: `*`, `example.com` with its subdomains, `.example.com` or `*.example.com`, each with an optional `:port`. */
export function isFor(exception: string, host: string, port: number): boolean {
  const [, name = '', only] = /^(?:\*(?=\.))?\.?(.*?)(?::(\d+))?$/.exec(exception) ?? [];
  if (only !== undefined && Number(only) !== port) return false;
  return name === '*' || host === name || host.endsWith(`.${name}`);
}

// -- internal --------------------------------------------------------------------------------------------------------

function proxyAt(text: string): URL {
  const address = /^\w+:\/\//.test(text) ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  // leave out the value, because it may contain a password
  throw new Failure('usage', 'HTTPS_PROXY is not a valid HTTP proxy URL, such as http://proxy.example.com:8080.');
}

/** The CONNECT method (RFC 9110 section 9.3.6). @throws NoAnswer `proxy` */
function tunnel(proxy: URL, host: string, port: number): Promise<Socket> {
  const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const name = [proxy.username, proxy.password].map(decodeURIComponent).join(':');
  const headers = {
    host: target,
    ...(name !== ':' && { 'proxy-authorization': `Basic ${Buffer.from(name).toString('base64')}` }),
  };
  const request = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
  const { hostname, port: proxyPort } = proxy;
  return new Promise((resolve, reject) => {
    const asked = request({
      method: 'CONNECT',
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: proxyPort || (proxy.protocol === 'https:' ? 443 : 80),
      path: target,
      headers,
      agent: false,
    });
    asked.on('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) return resolve(socket as Socket);
      socket.destroy();
      reject(new NoAnswer('proxy', `the proxy ${hostname} refused the connection (status ${statusCode})`));
    });
    asked.on('error', ({ code = '' }: NodeJS.ErrnoException) =>
      reject(new NoAnswer('proxy', `the proxy ${hostname} did not answer (${code})`)),
    );
    asked.end();
  });
}
