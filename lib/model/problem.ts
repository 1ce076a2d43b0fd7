// Problem: an expected refusal with a code of the closed table (RFC 9457).
import type { ErrorNames } from '../common/aws-answer.ts';
import { type ProblemCode, problemTable } from './problem-table.ts';
import type { RequestRecord } from './schema.ts';

/** One error in the caller's input; `pointer` is a JSON Pointer into the body, or `?name` for a query parameter. */
export type FieldError = { pointer: string; detail: string };

export type ProblemExtras = {
  /** every error that was found, not just the first */
  errors?: FieldError[];
  /** the request as it is now, for 409 answers; the edge shows it in the API's shape */
  request?: RequestRecord;
  /** seconds, for Retry-After */
  retryAfterSeconds?: number;
  /** methods, for Allow */
  allow?: string[];
  /** names of the original error; only logged, never sent */
  cause?: ErrorNames;
};

/** An expected refusal. Anything else that is thrown is an internal error and becomes `internal`. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly extras: ProblemExtras;

  /**
   * @param code one of the closed table
   * @param detail for people: what happened and what to do next\. Never a secret, never an AWS message verbatim
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
