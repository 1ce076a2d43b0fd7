// Exit statuses, the table that maps API codes to them, and the error that carries one.
import type { RequestView } from '../../lib/http/answers.ts';
import type { ProblemCode } from '../../lib/model/problem-table.ts';

/** Exit statuses by name: a contract for scripts. `document.ts` explains them. `exec` exits with the status of its command. */
export const exits = {
  ok: { status: 0 },
  fault: { status: 1 },
  usage: { status: 2 },
  'sign-in': { status: 3 },
  'not-found': { status: 4 },
  'not-allowed': { status: 5 },
  refused: { status: 6 },
  conflict: { status: 7 },
  'no-grant': { status: 8 },
  'not-granted': { status: 9 },
  aws: { status: 10 },
  'try-again': { status: 11 },
  'command-not-executable': { status: 126 },
  'command-not-found': { status: 127 },
  interrupted: { status: 130 },
} as const;
export type ExitName = keyof typeof exits;

/** The exit status for each code of the API. */
export const exitOf = {
  'invalid-request': 'usage',
  unauthenticated: 'sign-in',
  'own-request': 'not-allowed',
  'not-an-approver': 'not-allowed',
  'not-the-requester': 'not-allowed',
  'needs-mfa': 'sign-in',
  'needs-sign-in': 'sign-in',
  'identity-changed': 'not-allowed',
  blocked: 'not-allowed',
  'not-allowed': 'not-allowed',
  'role-not-found': 'not-found',
  'request-not-found': 'not-found',
  'link-not-found': 'not-found',
  'not-found': 'not-found',
  'method-not-allowed': 'usage',
  'already-decided': 'conflict',
  'not-active': 'conflict',
  'no-grant': 'no-grant',
  overlap: 'conflict',
  'no-approver': 'refused',
  'link-spent': 'conflict',
  'too-large': 'usage',
  'unsupported-media-type': 'usage',
  'refused-by-policy': 'refused',
  'idempotency-mismatch': 'conflict',
  'too-many-open': 'refused',
  internal: 'try-again',
  'aws-refused': 'aws',
  'try-again': 'try-again',
} as const satisfies Record<ProblemCode, ExitName>;

/** The fields of an API error that the command line reads. */
export type ProblemDocument = {
  code: string;
  title: string;
  detail: string;
  status: number;
  instance?: string;
  errors?: Array<{ pointer: string; detail: string }>;
  request?: RequestView;
};

/** A command cannot continue, for an expected reason. Any other error is reported as an internal error. */
export class Failure extends Error {
  readonly exit: ExitName;
  /** what to do next, one entry per line */
  readonly next: readonly string[];
  /** the API's error, for --json */
  readonly problem?: ProblemDocument;
  /** Retry-After of the answer */
  retryAfterSeconds?: number | undefined;

  /** @param message what happened, for a person; never a secret */
  constructor(exit: ExitName, message: string, next: readonly string[] = [], problem?: ProblemDocument) {
    super(message);
    this.name = 'Failure';
    this.exit = exit;
    this.next = next;
    if (problem) this.problem = problem;
  }
}
