// Protects /local/ from web pages: only calls to this machine's own address, and none from other sites.
import { Problem } from '../../lib/model/problem.ts';
import type { WireCall } from '../wire-call.ts';

const hosts = new Set(['localhost', '127.0.0.1', '[::1]']);

export const isOwnHost = (authority = ''): boolean => hosts.has(authority.replace(/:\d+$/, '').toLowerCase());

/**
 * /local/ issues tokens to anyone, so a web page must not reach it. DNS rebinding to the loopback address
 * is detected by the Host header, and cross-site posts by Origin. No answer allows another origin to read it.
 * @throws Problem `not-allowed`
 */
export function checkVisitor({ method, headers }: Pick<WireCall, 'method' | 'headers'>): void {
  const { host = '', origin } = headers;
  if (!isOwnHost(host)) {
    throw new Problem(
      'not-allowed',
      'This part of the local server accepts only calls to localhost, 127.0.0.1 and [::1], so that no web page can reach it.',
    );
  }
  const isReading = method === 'GET' || method === 'HEAD';
  if (!isReading && origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    throw new Problem(
      'not-allowed',
      'Pages of other sites may not use this part of the local server, because it issues tokens.',
    );
  }
}
