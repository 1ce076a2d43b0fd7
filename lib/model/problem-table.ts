// The closed table of problem codes, with HTTP status and title.

/** Code -> HTTP status and title. The code is the contract; titles are for people. */
export const problemTable = {
  'invalid-request': { status: 400, title: 'The request is malformed' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  'own-request': { status: 403, title: 'You cannot decide your own request' },
  'not-an-approver': { status: 403, title: 'You are not an approver of this request' },
  'not-the-requester': { status: 403, title: 'This grant belongs to somebody else' },
  'needs-mfa': { status: 403, title: 'This role needs a sign-in with MFA' },
  'needs-sign-in': { status: 403, title: 'This role needs a fresh sign-in' },
  'identity-changed': { status: 403, title: 'This account is bound to another person' },
  blocked: { status: 403, title: 'Blocked by an admin' },
  'not-allowed': { status: 403, title: 'This caller is not allowed to do this' },
  'role-not-found': { status: 404, title: 'Role not found' },
  'request-not-found': { status: 404, title: 'Request not found' },
  'link-not-found': { status: 404, title: 'This link is not valid' },
  'not-found': { status: 404, title: 'Route not found' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'already-decided': { status: 409, title: 'Already decided' },
  'not-active': { status: 409, title: 'The grant is not active' },
  'no-grant': { status: 409, title: 'You have no grant for this role' },
  overlap: { status: 409, title: 'There is already an open request for this role' },
  'no-approver': { status: 409, title: 'No eligible approver' },
  'link-spent': { status: 410, title: 'This link has already been used' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'Unsupported media type' },
  'refused-by-policy': { status: 422, title: 'The catalogue does not allow this' },
  'idempotency-mismatch': { status: 422, title: 'This Idempotency-Key was used for another body' },
  'too-many-open': { status: 429, title: 'Too many open requests' },
  internal: { status: 500, title: 'Internal error' },
  'aws-refused': { status: 502, title: 'AWS refused' },
  'try-again': { status: 503, title: 'Try again in a moment' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problemTable;
