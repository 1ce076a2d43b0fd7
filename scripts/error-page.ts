// The page docs/errors.md: each code of a refusal with its cause and fix. A code without words here is a type error.
import { type ProblemCode, problemTable } from '../lib/model/problem-table.ts';
import { markdownTable } from './markdown-table.ts';

type Words = { cause: string; fix: string };

const words: Readonly<Record<ProblemCode, Words>> = {
  'invalid-request': {
    cause:
      'The body or the query is not valid: malformed JSON, an unknown field, a wrong type, or a value out of range.',
    fix: 'Correct every field that `errors` lists. `pointer` names the field in the body, or `?name` for a query parameter.',
  },
  unauthenticated: {
    cause:
      'The token or signature is missing, expired or for another audience, or the token has no verified email address.',
    fix: 'Sign in again (`latchkey login`). If `detail` names a claim, have your identity provider send it ([deploy.md](deploy.md#the-identity-provider)).',
  },
  'own-request': { cause: 'You filed this request, or it was filed for you.', fix: 'Ask another approver to decide.' },
  'not-an-approver': {
    cause: 'You may see the request, but you may not decide or end it, or it is not the turn of your stage.',
    fix: '`approval.stages` of the request names who may decide. Ask one of them.',
  },
  'not-the-requester': {
    cause: 'You may see the request, but credentials are issued to its requester only.',
    fix: 'File your own request.',
  },
  'needs-mfa': {
    cause: 'The role requires MFA for this call, and the call does not prove it.',
    fix: 'Sign in again with MFA. A signature with AWS keys and an emailed link never prove it.',
  },
  'needs-sign-in': {
    cause:
      'The role requires a recent sign-in, or approvers of this role must sign in instead of using the emailed link.',
    fix: 'Sign in again (`latchkey login`), then repeat the call or decide with `latchkey approve`.',
  },
  'identity-changed': {
    cause:
      'The account at the identity provider was first used by another person, for example before its email address changed.',
    fix: 'Ask an admin to join both addresses under `people`, or to run `latchkey identity release`.',
  },
  blocked: {
    cause: 'An admin has blocked access of this person, to this role or in this account, until the time in `detail`.',
    fix: 'Wait, or ask an admin: `GET /v1/blocks` lists what is blocked and why, `DELETE /v1/blocks/{id}` lifts a block.',
  },
  'not-allowed': {
    cause:
      'This kind of caller may not do this: a bot that decides, or somebody other than an admin or auditor who lists all requests.',
    fix: 'Use an identity that has the right, or ask for it to be added to the catalogue.',
  },
  'role-not-found': {
    cause: 'The role does not exist, or you may not request it. Both answer the same, so that roles cannot be probed.',
    fix: 'Check the spelling against `latchkey roles`. If it is missing there, ask for access to it in the catalogue.',
  },
  'request-not-found': {
    cause: 'The request does not exist, or you may not see it. Both answer the same.',
    fix: 'Check the ID against `latchkey requests`.',
  },
  'link-not-found': {
    cause: 'The link is incomplete, altered or expired.',
    fix: 'Open the link in the newest email about this request, or decide with `latchkey approve` or `latchkey deny`.',
  },
  'not-found': {
    cause: 'No route has this path.',
    fix: 'Check the path against [api.md](api.md), including `/v1` or `/iam/v1`.',
  },
  'method-not-allowed': {
    cause: 'The path exists, but not with this method.',
    fix: 'Use a method that the `Allow` header lists.',
  },
  'already-decided': {
    cause: 'The request is no longer pending, or you have decided already.',
    fix: '`request` in the answer shows the current state. Nothing more is needed.',
  },
  'not-active': {
    cause: 'The grant has not started, is over, or was ended.',
    fix: '`detail` says which. Wait for the start, or file a new request.',
  },
  'no-grant': {
    cause: 'You have no open request for this role.',
    fix: 'File one: `latchkey request ROLE --reason "..."`. A request that was filed a second ago may take a moment to be found.',
  },
  overlap: {
    cause: 'You already have a pending, scheduled or active request for this role.',
    fix: 'Use that request, extend it (`latchkey extend`), or end it first.',
  },
  'no-approver': {
    cause: 'Too few people other than you can approve (or review) this request.',
    fix: 'Ask for more `approvers`, or a `fallback`, in the catalogue.',
  },
  'link-spent': {
    cause: 'The link was already used, or its request is no longer pending.',
    fix: 'The page shows the outcome. Nothing more is needed.',
  },
  'too-large': { cause: 'The body is larger than 16 KiB.', fix: 'Shorten it.' },
  'unsupported-media-type': {
    cause: 'The body is not JSON, or for a link not a form.',
    fix: 'Send `Content-Type: application/json`.',
  },
  'refused-by-policy': {
    cause:
      "The request breaks one or more of the role's rules, such as the maximum duration, hours, networks, ticket or scope.",
    fix: '`errors` lists every rule that failed, not just the first. A dry run (`--dry-run`) shows all checks.',
  },
  'idempotency-mismatch': {
    cause: 'This `Idempotency-Key` was used before with another body.',
    fix: 'Use a new key for a new request.',
  },
  'too-many-open': {
    cause: 'A limit on open requests or on requests in an hour is reached.',
    fix: 'End requests that you do not need, or wait as long as `Retry-After` says. See [limits.md](limits.md).',
  },
  internal: {
    cause: 'An internal error.',
    fix: 'Give the ID in `X-Request-Id` to an operator, who finds the error by it ([operations.md](operations.md#find-the-cause-of-an-error)).',
  },
  'aws-refused': {
    cause: 'STS or the AWS sign-in refused: mostly the trust policy or external ID in the target account.',
    fix: 'Ask an operator to run the doctor for the account ([doctor.md](doctor.md)). The grant is not affected.',
  },
  'try-again': {
    cause: 'AWS throttled or did not answer, or too many changes came at once. Nothing was changed.',
    fix: 'Repeat the call after `Retry-After` seconds, with the same `Idempotency-Key`.',
  },
};

/** The whole page. */
export function errorPage(): string {
  const rows = Object.entries(problemTable).map(([code, { status, title }]) => {
    const { cause, fix } = words[code as ProblemCode];
    return [`\`${code}\``, String(status), title, cause, fix];
  });
  return `${introduction}\n\n${markdownTable(['code', 'status', 'title', 'cause', 'fix'], rows)}\n\n${outside}\n`;
}

// -- internal --------------------------------------------------------------------------------------------------------

const introduction = `# Error codes

<!-- Written by \`npm run docs\` from lib/model/problem.ts and scripts/error-page.ts; a test checks that it is current. -->

The API answers errors as \`application/problem+json\` (RFC 9457). \`code\` is the contract and comes from this closed list. \`title\` and \`detail\` are for people
and may change; \`detail\` says what happened and what to do next.

\`\`\`json
{
  "type": "urn:latchkey:problem:overlap",
  "title": "${problemTable.overlap.title}",
  "status": 409,
  "detail": "...",
  "instance": "urn:latchkey:call:JKJaXmPLvHcESHA=",
  "code": "overlap"
}
\`\`\``;

const outside = `## Errors that do not come from Latchkey

On AWS, API Gateway checks tokens and signatures before Latchkey sees a call. Its own answers have no \`code\`:

| answer | cause | fix |
|---|---|---|
| 401 \`{"message":"Unauthorized"}\` | The token is missing, expired, or from another issuer, audience or scope. | Sign in again. Check \`issuer\`, \`audience\` and \`scope\` ([deployment-parameters.md](deployment-parameters.md)). |
| 403 \`{"message":"Forbidden"}\` on \`/iam/v1\` | The signature is not valid, or the principal has no \`execute-api:Invoke\`. | See [deploy.md](deploy.md#callers-with-aws-credentials). |
| 429 \`{"message":"Too Many Requests"}\` | The route is throttled. | Try again later. See [operations.md](operations.md#throttling-and-concurrency). |`;
