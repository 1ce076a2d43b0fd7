// Turns temporary errors of DynamoDB into a Problem that asks for a retry. All other errors stay as they are.
import { awsAnswer, isRefusal, namesOf } from '../../common/aws-answer.ts';
import { Problem } from '../../model/problem.ts';

/** How often the SDK tries one call: its own default for DynamoDB, which a general `maxAttempts` would lower. */
export const dynamoAttempts = 4;

/** Network errors by Node's codes, and two 4xx answers of DynamoDB (botocore) that ask for a retry. The SDK has already retried them. */
const networkErrors = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
const temporaryAnswers = new Set(['TransactionConflict', 'ReplicatedWriteConflict']);

/** The answer of a call. @throws Problem `try-again` when DynamoDB stays busy or unreachable */
export async function passable<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    if (isTemporary(error)) throw tryAgain(error);
    throw error;
  }
}

function isTemporary(error: unknown): boolean {
  const answer = awsAnswer(error);
  if (answer) return !isRefusal(answer) || temporaryAnswers.has(answer.code);
  return (
    error instanceof Error &&
    (error.name === 'TimeoutError' || ('code' in error && networkErrors.has(String(error.code))))
  );
}

/** @param cause the original error */
export const tryAgain = (cause?: unknown) =>
  new Problem('try-again', 'The database is busy or cannot be reached. Try again in a moment.', {
    retryAfterSeconds: 2,
    ...(cause !== undefined && { cause: namesOf(cause) }),
  });
