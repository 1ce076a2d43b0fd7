// One rule applied to one filing or call, and its explanation.
import type { ProblemCode } from './problem-table.ts';

/** `code` is what a failure answers with. */
export type Check = {
  check: string;
  passed: boolean;
  detail: string;
  code: ProblemCode;
  /** JSON Pointer to the field of the body that failed */
  pointer?: string;
  retryAfterSeconds?: number;
};
