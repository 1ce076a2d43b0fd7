// Who may use /local/: only whoever came to this machine's own address, and no page of another site.
import { Problem } from '../../lib/model/problem.ts';
import type { WireCall } from '../wire-call.ts';

const hosts = new Set(['localhost', '127.0.0.1', '[::1]']);

export const isOwnHost = (authority = ''): boolean => hosts.has(authority.replace(/:\d+$/, '').toLowerCase());

/**
 * /local/ mints tokens for anybody, so a web page must not reach it. A page whose name was rebound to the loopback address
 * gives itself away by the Host header; a page that posts across sites, by Origin. No answer allows another origin to read it.
 * @throws Problem `not-allowed`
 */
export function checkVisitor({ method, headers }: Pick<WireCall, 'method' | 'headers'>): void {
  const { host = '', origin } = headers;
  if (!isOwnHost(host)) {
    throw new Problem(
      'not-allowed',
      'This part of the local server answers to localhost, 127.0.0.1 and [::1] only, so that no web page can be pointed at it.',
    );
  }
  const isReading = method === 'GET' || method === 'HEAD';
  if (!isReading && origin !== undefined && origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
    throw new Problem(
      'not-allowed',
      'Pages of other sites may not use this part of the local server, because it hands out tokens.',
    );
  }
}
