// An example ticket validator, like one behind API Gateway with IAM authorization. docs/tickets.md describes its tickets.
import * as v from 'valibot';
import { parse, parseJson, type Reply, reply } from '../../lib/http/http.ts';
import { Problem } from '../../lib/model/problem.ts';
import { verifySigV4 } from '../aws/sigv4.ts';
import type { WireCall } from '../wire-call.ts';

/** The credentials with which the local server's functions call validators. They are valid only for this example. */
export const ticketKeys = {
  accessKeyId: 'ASIALATCHKEYLOCALTKT',
  secretAccessKey: 'latchkey-local-tkt-secret-opens-nothing0',
  sessionToken: 'latchkey-local-tkt-token-opens-nothing',
} as const;

const Question = v.object({
  ticket: v.string(),
  role: v.string(),
  account: v.string(),
  requester: v.string(),
  reason: v.string(),
  durationSeconds: v.number(),
});

/**
 * Tickets that end in an even digit exist. Tickets that end in an odd digit do not, and for those that end in 9 the example fails.
 * @throws Problem `unauthenticated` for other callers than Latchkey, `invalid-request`
 */
export async function answerTicket(call: WireCall, wallClock = Date.now): Promise<Reply> {
  // API Gateway does this for a deployed validator
  const verdict = await verifySigV4(
    call,
    (id) => (id === ticketKeys.accessKeyId ? ticketKeys : undefined),
    'execute-api',
    wallClock(),
  );
  if (!verdict.ok) throw new Problem('unauthenticated', verdict.message);
  const { ticket } = parse(Question, parseJson(call.body.toString('utf8')), (path) => `/${path}`) as v.InferOutput<
    typeof Question
  >;
  const last = Number(/(\d)\D*$/.exec(ticket)?.[1]);
  if (last === 9)
    throw new Problem('try-again', 'The example always fails for tickets that end in 9.', { retryAfterSeconds: 1 });
  return reply(
    200,
    last % 2 === 0
      ? { valid: true, detail: 'open, in the example' }
      : { valid: false, detail: 'no such ticket in the example' },
  );
}
