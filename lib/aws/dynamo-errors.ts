// DynamoDB's errors, sorted: what passes by itself becomes a Problem that says so, everything else stays what it was.
import { awsAnswer, isRefusal, namesOf } from '../common/aws-answer.ts';
import { Problem } from '../model/problem.ts';

/** Faults of the network by Node's codes, and two answers of DynamoDB (botocore) that say "again" as a 4xx. The SDK has tried again before they come here. */
const passingErrors = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
const passingAnswers = new Set(['TransactionConflict', 'ReplicatedWriteConflict']);

/** The answer of a call. @throws Problem `try-again` when DynamoDB stays busy or out of reach */
export async function passable<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (isPassing(error)) throw tryAgain(error);
    throw error;
  }
}

function isPassing(error: unknown): boolean {
  const answer = awsAnswer(error);
  if (answer) return !isRefusal(answer) || passingAnswers.has(answer.code);
  return (
    error instanceof Error &&
    (error.name === 'TimeoutError' || ('code' in error && passingErrors.has(String(error.code))))
  );
}

/** @param cause the original error */
export const tryAgain = (cause?: unknown) =>
  new Problem('try-again', 'The database is busy or out of reach. Try again in a moment.', {
    retryAfterSeconds: 2,
    ...(cause !== undefined && { cause: namesOf(cause) }),
  });
