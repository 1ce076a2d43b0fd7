// The options of `request` and `explain` that become fields of the request's body.
import { toInstant } from '../../lib/common/time.ts';
import type { World } from '../machine/world.ts';
import type { Options, Values } from '../options/command.ts';
import { namedValues } from '../options/named-values.ts';

import { startForms, startTimeOf, startTimeText } from './start-time.ts';

/** A filing with every field of the API. */
export type RequestFields = Filing & {
  startsAt?: string | undefined;
  breakGlass?: true | undefined;
  onBehalfOf?: string | undefined;
};

export const requestFieldOptions = {
  for: {
    type: 'text',
    placeholder: '2h',
    summary: "how long: 45m, 2h, 1h30m or PT1H30M (default: the role's default)",
  },
  ticket: { type: 'text', placeholder: 'TICKET', summary: 'ticket that this is about' },
  at: {
    type: 'text',
    placeholder: 'TIME',
    summary: `when to start: ${startForms} (default: when it is approved)`,
  },
  scope: {
    type: 'list',
    placeholder: 'NAME=VALUE',
    summary: 'limit the session to a part of the role, where the role has a scope; see `latchkey roles ROLE`',
  },
  'break-glass': {
    type: 'flag',
    summary:
      'take the role at once, without approval, where the catalogue allows it; approvers, reviewers and admins are told, and it is reviewed',
  },
  'on-behalf-of': { type: 'text', placeholder: 'WHOM', summary: 'for bots: the email address or chat user who asked' },
} as const satisfies Options;

/**
 * The fields in the API's form. Prints the parsed --at on stderr, because a local time depends on the time zone.
 * @throws Failure `usage` for an invalid time or scope
 */
export function requestFieldsOf(
  world: World,
  reason: string,
  options: Values<typeof requestFieldOptions>,
): RequestFields {
  const { for: duration, ticket, at, scope, 'break-glass': breakGlass, 'on-behalf-of': onBehalfOf } = options;
  return {
    reason,
    duration,
    ticket,
    startsAt: at === undefined ? undefined : startOf(world, at),
    scope: namedValues('scope', scope),
    breakGlass: breakGlass || undefined,
    onBehalfOf,
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

function startOf(world: World, text: string): string {
  const at = startTimeOf(text, world.now());
  world.err(`Requested start: ${startTimeText(at, world.now())}.\n`);
  return toInstant(at);
}

export type Filing = {
  reason: string;
  duration: string | undefined;
  ticket: string | undefined;
  scope?: Record<string, string> | undefined;
};
