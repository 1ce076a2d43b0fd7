// That nobody answered, and why, as far as that can be told.
import { Failure } from '../machine/exit.ts';

/** Nobody answered, or not in HTTP; `code` is Node's, `timeout`, `too-long`, `not-http` or `proxy`. */
export class NoAnswer extends Error {
  readonly code: string;
  /** @param why in words, where the code has none of its own */
  constructor(code: string, why = reasons[code] ?? code) {
    super(why);
    this.name = 'NoAnswer';
    this.code = code;
  }
}

/** @param url that was asked */
export function noAnswer(url: string, { code, message }: NoAnswer): Failure {
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code))
    return new Failure('try-again', `${url} does not answer: its certificate is not trusted (${code}).`, [
      'If your company has certificates of its own, set NODE_EXTRA_CA_CERTS to their file.',
    ]);
  return new Failure('try-again', `${url} does not answer: ${message}.`, [
    code === 'proxy'
      ? 'Check HTTPS_PROXY and NO_PROXY.'
      : 'Try again in a moment. If it stays, check the address (latchkey setup URL) and the network.',
  ]);
}

// -- internal --------------------------------------------------------------------------------------------------------

const reasons: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name cannot be looked up now',
  ECONNRESET: 'the connection broke',
  timeout: 'no answer in time',
  ETIMEDOUT: 'no answer in time',
  ENETUNREACH: 'there is no way to it from here',
  EHOSTUNREACH: 'there is no way to it from here',
  EPROTO: 'it does not speak TLS, perhaps it is http',
  'not-http': 'it does not speak HTTP',
  'too-long': 'its answer is too long',
};
