// Security events, as flat log lines: who did what to which request, without any text that a person typed.
import * as v from 'valibot';
import { toInstant } from '../common/time.ts';
import { type Block, type EventType, eventTypes, type HistoryEvent, type RequestRecord } from '../model/schema.ts';
import type { By } from './history.ts';

/** History events that are not logged: automatic steps of emails and tickets. */
const untold = ['mail-checked', 'reminded', 'ticket-checked', 'ticket-unchecked'] as const;
type Told = Exclude<EventType, (typeof untold)[number]>;

/** `break-glass` replaces `filed` for a request that used it. */
export const securityEventNames = [
  ...eventTypes.filter((type): type is Told => !untold.some((other) => other === type)),
  'break-glass' as const,
  'catalogue-changed' as const,
  'blocked' as const,
  'unblocked' as const,
];

const text = (description: string) => v.pipe(v.string(), v.description(description));
const instant = (description: string) => v.pipe(v.string(), v.isoTimestamp(), v.description(description));

/** One log line with code `security-event`. Fields may be added, never changed. */
export const SecurityEvent = v.object({
  time: instant('When the line was written.'),
  code: v.literal('security-event'),
  event: v.pipe(v.picklist(securityEventNames), v.description('What happened.')),
  request: v.optional(text('ID of the request.')),
  seq: v.optional(v.pipe(v.number(), v.description("The event's number in the history of the request, from 1."))),
  role: v.optional(text('ID of the role in the catalogue.')),
  account: v.optional(text('The 12 digits of the target account.')),
  requester: v.optional(text('Whose access it is: an email address, or a principal.')),
  actor: v.optional(text('Who did it: a person, a bot by its principal, or latchkey.')),
  via: v.optional(text('How: oidc, iam, link, or the part of Latchkey that did it.')),
  endsAt: v.optional(instant('End of the grant, once there is one.')),
  sessionName: v.optional(text('Name of an issued session in CloudTrail.')),
  block: v.optional(
    text('ID of a block. In the same line, requester, role and account are those that the block names.'),
  ),
  until: v.optional(instant('Until when a block lasts, or would have lasted.')),
  digest: v.optional(text('Digest of the catalogue, after it has changed.')),
  call: v.optional(text('ID of the HTTP call, as in the line call-answered and in the access log.')),
  ip: v.optional(text('Source address of the HTTP call.')),
});
export type SecurityEvent = v.InferOutput<typeof SecurityEvent>;

/** The events of one write of a request. @param since its previous version; 0 for a new request */
export const securityEventsOf = (request: RequestRecord, since: number): Array<Omit<SecurityEvent, 'time' | 'code'>> =>
  request.history
    .filter(({ seq, type }) => seq > since && isTold(type))
    .map((event) => ({
      event: event.type === 'filed' && request.review ? 'break-glass' : (event.type as Told),
      request: request.id,
      seq: event.seq,
      role: request.role.id,
      account: request.role.account.id,
      requester: request.requester.person,
      actor: event.actor,
      via: event.via,
      ...(request.grant && { endsAt: toInstant(request.grant.endsAt) }),
      ...sessionOf(request, event),
    }));

/** The event of a block. */
export const blockEventOf = (
  event: 'blocked' | 'unblocked',
  { id, person, role, account, until }: Block,
  by: By,
): Omit<SecurityEvent, 'time' | 'code'> => ({
  event,
  block: id,
  ...(role !== undefined && { role }),
  ...(account !== undefined && { account }),
  ...(person !== undefined && { requester: person }),
  ...by,
  until: toInstant(until),
});

// --- internal ---

const isTold = (type: EventType): boolean => !untold.some((other) => other === type);

const sessionOf = ({ sessions }: RequestRecord, { type }: HistoryEvent) => {
  const session = type === 'vended' ? sessions.at(-1) : undefined;
  return session ? { sessionName: session.sessionName } : {};
};
