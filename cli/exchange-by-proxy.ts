// One call by way of the proxy of HTTPS_PROXY, with NO_PROXY as Node 24.5 and later reads them; earlier ones know no proxy.
import type { IncomingMessage, RequestOptions } from 'node:http';
import type { Environment } from '../lib/config.ts';
import { mostBytes, NoAnswer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import type { HttpAnswer } from './http.ts';

/** @throws NoAnswer, also what `signal` is aborted with */
export async function exchangeByProxy(
  { method, url, headers, body }: Exchange,
  env: Environment,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { request, Agent } = await import('node:https');
  const options: RequestOptions = { method, headers, agent: new Agent({ proxyEnv: env } as object) };
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) =>
      reject(error instanceof NoAnswer ? error : new NoAnswer(error.code ?? error.name));
    const sent = request(url, options, (answer: IncomingMessage) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > mostBytes) sent.destroy(new NoAnswer('too-long'));
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers as HttpAnswer['headers'], body: text }),
      );
      answer.on('error', fail);
    });
    signal.addEventListener('abort', () => sent.destroy(signal.reason));
    sent.on('error', fail);
    sent.end(body);
  });
}
