// The closed table of refusals: every expected "no" is a Problem whose code is listed here (RFC 9457).
import type { ErrorNames } from '../common/aws-answer.ts';
import type { RequestRecord, RequestView } from './schema.ts';

/** Code -> HTTP status and title. The code is the contract; titles are for people. */
export const problemTable = {
  'invalid-request': { status: 400, title: 'The request is malformed' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  'own-request': { status: 403, title: 'Nobody decides their own request' },
  'not-an-approver': { status: 403, title: 'This is not yours to decide' },
  'not-the-requester': { status: 403, title: 'This grant belongs to somebody else' },
  'needs-mfa': { status: 403, title: 'This role needs a sign-in with MFA' },
  'needs-sign-in': { status: 403, title: 'This role needs a fresh sign-in' },
  'identity-changed': { status: 403, title: 'This account is known as another person' },
  blocked: { status: 403, title: 'An admin has blocked this for now' },
  'not-allowed': { status: 403, title: 'This kind of caller may not do that' },
  'role-not-found': { status: 404, title: 'No such role for you' },
  'request-not-found': { status: 404, title: 'No such request for you' },
  'link-not-found': { status: 404, title: 'This link is not valid' },
  'not-found': { status: 404, title: 'No such route' },
  'method-not-allowed': { status: 405, title: 'That method is not allowed here' },
  'already-decided': { status: 409, title: 'Already decided' },
  'not-active': { status: 409, title: 'The grant is not active' },
  'no-grant': { status: 409, title: 'You have no grant for this role' },
  overlap: { status: 409, title: 'There is already an open request for this role' },
  'no-approver': { status: 409, title: 'Nobody could approve this request' },
  'link-spent': { status: 410, title: 'This link has been used' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'That media type is not accepted' },
  'refused-by-policy': { status: 422, title: 'The catalogue does not allow this' },
  'idempotency-mismatch': { status: 422, title: 'This Idempotency-Key was used for another body' },
  'too-many-open': { status: 429, title: 'Too many open requests' },
  internal: { status: 500, title: 'A fault of ours' },
  'aws-refused': { status: 502, title: 'AWS refused' },
  'try-again': { status: 503, title: 'Try again in a moment' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemTable;

/** One fault in the caller's input; `pointer` is a JSON Pointer into the body, or `?name` for a query parameter. */
export type Fault = { pointer: string; detail: string };

export type ProblemExtras = {
  /** every fault that was found, not just the first */
  errors?: Fault[];
  /** the request as it is now, for 409 answers; the edge shows it in the API's shape */
  request?: RequestRecord;
  /** seconds, for Retry-After */
  retryAfterSeconds?: number;
  /** methods, for Allow */
  allow?: string[];
  /** names of the original error; only logged, never sent */
  cause?: ErrorNames;
};

/** An expected refusal. Anything else that is thrown is a fault of ours and becomes `internal`. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly extras: ProblemExtras;

  /**
   * @param code one of the closed table
   * @param detail for a person: what happened and what to do next; never a secret, never an AWS message verbatim
   */
  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(detail);
    this.name = 'Problem';
    this.code = code;
    this.detail = detail;
    this.extras = extras;
  }

  get status(): number {
    return problemTable[this.code].status;
  }
}

/**
 * The body of `application/problem+json`.
 * @param callId the X-Request-Id of the answer; the path is left out because a link's path is its secret
 * @param request the current request for a 409, as the API shows it
 */
export function problemDocument(problem: Problem, callId: string, request?: RequestView) {
  const { status, title } = problemTable[problem.code];
  const { errors } = problem.extras;
  return {
    type: `urn:latchkey:problem:${problem.code}`,
    title,
    status,
    detail: problem.detail,
    instance: `urn:latchkey:call:${callId}`,
    code: problem.code,
    ...(errors && { errors }),
    ...(request && { request }),
  };
}
