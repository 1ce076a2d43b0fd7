// The closed table of refusals: every expected "no" has a code that is listed here.

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
