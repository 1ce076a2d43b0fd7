// One HTTP call with node:http(s): follows no redirects, and limits the size and time of the answer.
import type { IncomingMessage } from 'node:http';
import type { Agent } from 'node:https';
import { SECOND } from '../../lib/common/time.ts';
import type { Environment } from '../../lib/config.ts';
import { NoAnswer } from './no-answer.ts';

export type HttpCall = {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: string;
  timeoutMs?: number;
  env?: Environment;
};
/** Names in `headers` are lower case. */
export type HttpAnswer = { status: number; headers: Readonly<Record<string, string | undefined>>; body: string };

/** Larger than any valid answer of Latchkey or an issuer. */
export const mostBytes = 8 * 1024 * 1024;
/** API Gateway gives up after 30 s. */
const patience = 31 * SECOND;

/** @throws NoAnswer */
export async function sendHttp(call: HttpCall): Promise<HttpAnswer> {
  const { method, url, headers = {}, body = '', timeoutMs = patience, env = {} } = call;
  const isSecure = url.startsWith('https:');
  const { request } = await (isSecure ? import('node:https') : import('node:http'));
  const agent = isSecure ? await proxyAgent(env) : undefined;
  const length: Record<string, string> = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    // its own agent, because each connection serves one call
    const sent = request(url, { method, headers: { ...headers, ...length }, agent: agent ?? false });
    const timer = setTimeout(() => sent.destroy(new NoAnswer('timeout')), timeoutMs);
    sent.on('error', (error) => reject(noAnswerOf(error)));
    sent.on('close', () => clearTimeout(timer));
    sent.on('response', (answer) =>
      bodyOf(answer).then(
        (text) =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers as HttpAnswer['headers'], body: text }),
        (error: Error) => reject(noAnswerOf(error)),
      ),
    );
    sent.end(body);
  });
}

/** The agent for https calls through a proxy, loaded only if one is set. @throws Failure `usage` for an invalid proxy URL */
export async function proxyAgent(env: Environment): Promise<Agent | undefined> {
  if (!env.HTTPS_PROXY && !env.https_proxy) return undefined;
  const { ProxyAgent } = await import('./proxy.ts');
  return new ProxyAgent(env);
}

// -- internal --------------------------------------------------------------------------------------------------------

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // leaving the loop closes the connection
    if (bytes > mostBytes) throw new NoAnswer('too-long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @throws the error itself if it is not a network error, because then it is a bug of the caller */
function noAnswerOf(error: NodeJS.ErrnoException): Error {
  if (error instanceof NoAnswer) return error;
  // codes of Node's HTTP parser
  if (error.code?.startsWith('HPE_')) return new NoAnswer('not-http');
  return new NoAnswer(error.code ?? error.name);
}
