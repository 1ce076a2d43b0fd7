// Reduces AWS SDK errors to the service's code, the HTTP status and the error's name, the only details that callers and logs may see.

/** An error response of a service. `code`: its error code, without the suffix `Exception` that only some codes have. `status`: of HTTP. */
export type AwsAnswer = { code: string; status: number };

/**
 * The service's answer behind an SDK error, or undefined where no service answered: timeouts, broken connections, missing
 * credentials, an unreadable answer. AWS's message is dropped on purpose, because it may quote what was sent.
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

/** Whether the service rejects the call itself, so that retrying it unchanged cannot help. */
export const isRefusal = ({ code, status }: AwsAnswer): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 429 && !passing.has(code);

/** Codes of 4xx answers that may pass on a retry: throttling (smithy's list), and problems with the hub's credentials or clock, which the runtime renews. */
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
