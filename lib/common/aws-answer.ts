// What an AWS SDK error says, reduced to what may leave the edge: the service's code, the HTTP status and the error's name.

/** A service's no: `code` is its own, without the suffix `Exception` that only some of them carry; `status` is HTTP's. */
export type AwsAnswer = { code: string; status: number };

/**
 * The service's answer behind an SDK error, or undefined where no service answered: timeouts, broken connections, missing
 * credentials, an answer that could not be read. AWS's message is left behind on purpose: it may quote what was sent.
 */
export function awsAnswer(error: unknown): AwsAnswer | undefined {
  // duck-typed, because `instanceof` fails across two copies of the SDK's core; shape: smithy ServiceException
  if (!(error instanceof Error) || !('$fault' in error) || !('$metadata' in error)) return undefined;
  const { httpStatusCode } = error.$metadata as { httpStatusCode?: unknown };
  if (typeof httpStatusCode !== 'number') return undefined;
  const code = error.name.replace(/Exception$/, '');
  return { code: isName.test(code) ? code : 'Unknown', status: httpStatusCode };
}

/** `error`: the error's name, or Node's code of a network error; `aws`: the error code of the AWS service, if one answered. */
export type ErrorNames = { error: string; aws?: string };

export function namesOf(error: unknown): ErrorNames {
  if (!(error instanceof Error)) return { error: typeof error };
  const aws = awsAnswer(error)?.code;
  const code = 'code' in error && /^E[A-Z0-9_]{2,50}$/.test(String(error.code)) ? String(error.code) : undefined;
  return { error: code ?? (isName.test(error.name) ? error.name : 'Error'), ...(aws !== undefined && { aws }) };
}

const isName = /^[A-Za-z][\w.]{0,63}$/;

/** Whether the answer is about this call as it was made, so that repeating it unchanged cannot help. */
export const isRefusal = ({ code, status }: AwsAnswer): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 429 && !passing.has(code);

/** Codes of 4xx answers that say "later", not "no": throttling (smithy's list) and the hub's own credentials or clock, which the runtime renews. */
const passing = new Set([
  'BandwidthLimitExceeded',
  'EC2Throttled',
  'LimitExceeded',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'RequestThrottled',
  'SlowDown',
  'Throttled',
  'Throttling',
  'TooManyRequests',
  'RequestTimeout',
  'IDPCommunicationError',
  'ExpiredToken',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignature',
  'MissingAuthenticationToken',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'UnrecognizedClient',
]);
