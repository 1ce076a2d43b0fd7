// Refusals as application/problem+json (RFC 9457).
import type { Problem } from '../model/problem.ts';
import { problemTable } from '../model/problem-table.ts';
import type { RequestView } from './answers.ts';

/**
 * The body of `application/problem+json`.
 * @param callId the X-Request-Id of the answer. The path is left out, because the path of a link is secret
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
