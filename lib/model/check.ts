// One rule applied to one filing or call, and its explanation.
import type { ProblemCode } from './problem-table.ts';

/** `code`: of the Problem that a failed check becomes. */
export type Check = {
  check: string;
  passed: boolean;
  detail: string;
  code: ProblemCode;
  /** JSON Pointer to the field of the body that failed */
  pointer?: string;
  retryAfterSeconds?: number;
};
