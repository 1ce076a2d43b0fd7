// The error for a call without an HTTP answer, and its likely cause.
import { Failure } from '../machine/exit.ts';

/** There was no answer, or it was not HTTP. `code` is Node's, or `timeout`, `too-long`, `not-http` or `proxy`. */
export class NoAnswer extends Error {
  readonly code: string;
  /** @param why the cause in words, for codes without a text below */
  constructor(code: string, why = reasons[code] ?? code) {
    super(why);
    this.name = 'NoAnswer';
    this.code = code;
  }
}

/** @param url that was called */
export function noAnswer(url: string, { code, message }: NoAnswer): Failure {
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code))
    return new Failure('try-again', `Cannot connect to ${url}: its certificate is not trusted (${code}).`, [
      'If your company uses its own certificates, set NODE_EXTRA_CA_CERTS to their file.',
    ]);
  return new Failure('try-again', `${url} does not answer: ${message}.`, [
    code === 'proxy'
      ? 'Check HTTPS_PROXY and NO_PROXY.'
      : 'Try again. If the problem persists, check the network and the URL (latchkey setup URL).',
  ]);
}

// -- internal --------------------------------------------------------------------------------------------------------

const reasons: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'the name cannot be resolved at the moment',
  ECONNRESET: 'the connection broke',
  timeout: 'no answer in time',
  ETIMEDOUT: 'no answer in time',
  ENETUNREACH: 'no route to it from this machine',
  EHOSTUNREACH: 'no route to it from this machine',
  EPROTO: 'it does not use TLS; the URL may have to start with http',
  'not-http': 'it did not answer in HTTP',
  'too-long': 'its answer is too long',
};
