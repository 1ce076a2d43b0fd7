// One HTTP call: straight over a socket, or by way of the proxy that the environment names.
import type { Environment } from '../lib/config.ts';
import { SECOND } from '../lib/time.ts';
import { NoAnswer } from './answer.ts';
import { exchange } from './exchange.ts';

export type HttpCall = {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: string;
  timeoutMs?: number;
  env?: Environment;
};
/** `headers` by their names in lower case. */
export type HttpAnswer = { status: number; headers: Readonly<Record<string, string | undefined>>; body: string };

/** API Gateway gives up after 30 s. */
const patience = 31 * SECOND;

/** Follows no redirect. @throws NoAnswer */
export async function sendHttp({
  method,
  url,
  headers = {},
  body = '',
  timeoutMs = patience,
  env = {},
}: HttpCall): Promise<HttpAnswer> {
  const given = {
    method,
    url: new URL(url),
    headers: { ...headers, ...(body !== '' && { 'content-length': String(Buffer.byteLength(body)) }) },
    body,
  };
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new NoAnswer('timeout')), timeoutMs);
  try {
    if (given.url.protocol === 'https:' && (env.HTTPS_PROXY || env.https_proxy)) {
      const { exchangeByProxy } = await import('./exchange-by-proxy.ts');
      return await exchangeByProxy(given, env, controller.signal);
    }
    return await exchange(given, controller.signal);
  } finally {
    clearTimeout(timer);
  }
}
