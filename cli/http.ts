// One HTTP call. node:http rather than fetch, which would cost more than Node's own start.
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import type { Environment } from '../lib/config.ts';
import { SECOND } from '../lib/time.ts';

export type HttpCall = { method: string; url: string; headers?: Record<string, string>; body?: string; timeoutMs?: number; env?: Environment };
export type HttpAnswer = { status: number; headers: IncomingHttpHeaders; body: string };

/** Nobody answered; `code` is Node's, or `timeout`. */
export class NoAnswer extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`no answer (${code})`);
    this.name = 'NoAnswer';
    this.code = code;
  }
}

/** API Gateway gives up after 30 s. */
const patience = 31 * SECOND;
/** More than any answer of Latchkey or an issuer has. */
const mostBytes = 8 * 1024 * 1024;

/** Follows no redirect. @throws NoAnswer */
export async function sendHttp({ method, url, headers = {}, body, timeoutMs = patience, env = {} }: HttpCall): Promise<HttpAnswer> {
  const isPlain = url.startsWith('http:');
  const { request, Agent } = isPlain ? await import('node:http') : await import('node:https');
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  // a proxy is taken from the environment by Node 24.5 and later; earlier ones do not know the option
  const agent = !isPlain && (env.HTTPS_PROXY || env.https_proxy) ? new Agent({ proxyEnv: env } as object) : false;
  const options: RequestOptions = { method, headers: { ...headers, ...length }, agent };
  return new Promise((resolve, reject) => {
    const sent = (request as (url: string, options: RequestOptions, answer: (message: IncomingMessage) => void) => ClientRequest)(url, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > mostBytes) sent.destroy(new NoAnswer('too-long'));
      });
      answer.on('end', () => {
        clearTimeout(timer);
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
      });
      answer.on('error', fail);
    });
    const fail = (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(error instanceof NoAnswer ? error : new NoAnswer(error.code ?? error.name));
    };
    const timer = setTimeout(() => sent.destroy(new NoAnswer('timeout')), timeoutMs);
    sent.on('error', fail);
    sent.end(body);
  });
}
