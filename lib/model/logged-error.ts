// What is logged about an error: its name and frames, which `npm run trace` maps to source lines. Never its message, which may contain secrets.
import { namesOf } from '../common/aws-answer.ts';
import { Problem } from './problem.ts';

/**
 * `frames`: up to five positions such as `api.js:1:2345`, innermost first, separated by spaces; frames of Node itself are left out.
 * `aws`: the error code of the AWS service. `cause`: the name of the original error, where a Problem replaced it.
 */
export type LoggedError = { error: string; problem?: string; cause?: string; aws?: string; frames: string };

const MOST_FRAMES = 5;

export function loggedError(error: unknown): LoggedError {
  const { error: cause, ...beyond } = (error instanceof Problem && error.extras.cause) || {};
  return {
    ...namesOf(error),
    ...(error instanceof Problem && { problem: error.code }),
    ...(cause !== undefined && { cause }),
    ...beyond,
    frames: framesOf(error),
  };
}

/** The stack begins with the message. A line of a message may look like a frame, so the message is removed first. */
function framesOf(error: unknown): string {
  const { stack = '', message } = error instanceof Error ? error : { message: '' };
  const lines = stack.replace(message, '').matchAll(/^ {4}at (?:.* \()?(?!node:)(?:\S*\/)?([\w.-]+:\d+:\d+)\)?$/gm);
  return Array.from(lines, ([, place]) => place)
    .slice(0, MOST_FRAMES)
    .join(' ');
}
