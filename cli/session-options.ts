// The options of every command that gets a session: credentials, env, exec.
import type { Options, Values } from './command.ts';
import { Failure } from './exit.ts';
import type { Filing } from './issue-session.ts';
import { namedValues } from './named-values.ts';

export const sessionOptions = {
  duration: { type: 'text', placeholder: '15m', summary: 'a shorter session than the role allows (15m at least)' },
  cache: {
    type: 'flag',
    summary: 'keeps the session in a file that only you can read, until shortly before it expires',
  },
} as const satisfies Options;

export const filingOptions = {
  request: { type: 'flag', summary: 'without a grant, files a request and waits for it; needs --reason' },
  reason: { type: 'text', placeholder: 'TEXT', summary: 'why, for --request' },
  for: { type: 'text', placeholder: '2h', summary: 'how long, for --request' },
  ticket: { type: 'text', placeholder: 'TICKET', summary: 'the ticket, for --request' },
  scope: { type: 'list', placeholder: 'NAME=VALUE', summary: 'the part of the role that is needed, for --request' },
} as const satisfies Options;

/** @throws Failure `usage` when there is something to file without a reason */
export function filingOf(options: Values<typeof filingOptions>): Filing | undefined {
  const { request, reason, for: duration, ticket, scope } = options;
  if (!request) return undefined;
  if (reason === undefined) throw new Failure('usage', '--request needs --reason: the approvers read it.');
  return { reason, duration, ticket, scope: namedValues('scope', scope) };
}
