// Options shared by the commands that get a session: credentials, env, exec.
import { Failure } from '../machine/exit.ts';
import type { Options, Values } from '../options/command.ts';
import { namedValues } from '../options/named-values.ts';
import type { Filing } from './request-fields.ts';

export const sessionOptions = {
  duration: {
    type: 'text',
    placeholder: '15m',
    summary: 'length of the session, 15m or more (default: the longest that the role allows)',
  },
  cache: {
    type: 'flag',
    summary: 'keep the session in a file that only you can read, until shortly before it expires',
  },
} as const satisfies Options;

export const filingOptions = {
  request: { type: 'flag', summary: 'without a grant, file a request and wait for it; requires --reason' },
  reason: { type: 'text', placeholder: 'TEXT', summary: 'with --request: why' },
  for: { type: 'text', placeholder: '2h', summary: "with --request: how long (default: the role's default)" },
  ticket: { type: 'text', placeholder: 'TICKET', summary: 'with --request: the ticket' },
  scope: {
    type: 'list',
    placeholder: 'NAME=VALUE',
    summary: 'with --request: limits the session to a part of the role',
  },
} as const satisfies Options;

/** @throws Failure `usage` for --request without --reason */
export function filingOf(options: Values<typeof filingOptions>): Filing | undefined {
  const { request, reason, for: duration, ticket, scope } = options;
  if (!request) return undefined;
  if (reason === undefined) throw new Failure('usage', '--request requires --reason: the approvers read it.');
  return { reason, duration, ticket, scope: namedValues('scope', scope) };
}
