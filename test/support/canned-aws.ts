// A request handler for real SDK clients that answers what it is told and remembers what was asked.
type Canned = { status: number; body: string } | Error;

/** Answers the SDK's calls in turn, the last answer again and again. Fits `requestHandler` of any client. */
export function cannedAws(...answers: Canned[]) {
  const asked: URLSearchParams[] = [];
  return {
    asked,
    async handle(request: { body?: unknown }) {
      asked.push(new URLSearchParams(String(request.body)));
      const answer = answers[Math.min(asked.length, answers.length) - 1]!;
      if (answer instanceof Error) throw answer;
      return {
        response: {
          statusCode: answer.status,
          headers: { 'content-type': 'text/xml' },
          body: new TextEncoder().encode(answer.body),
        },
      };
    },
  };
}

/** A refusal in the Query protocol. */
export const refusal = (code: string, message: string, status = 400) => ({
  status,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
});

/** The settings of a client, except for its handler. One attempt, so that a test sees the first answer. */
export const cannedClient = {
  region: 'us-east-1',
  maxAttempts: 1,
  credentials: { accessKeyId: 'ASIAHUBHUBHUBHUBHUBX', secretAccessKey: 'hub-secret-canary' },
};

/** The error that a promise is rejected with. Fails the test if the promise resolves. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}
