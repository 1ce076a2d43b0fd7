// Tells people how to decide signed in.
import type { RequestRecord } from './schema.ts';

/** The commands that decide or review a request, signed in. */
export const commandsToDecide = ({ id, review }: Pick<RequestRecord, 'id' | 'review'>): string[] =>
  review ? [`latchkey review ${id} --comment "..."`] : [`latchkey approve ${id}`, `latchkey deny ${id}`];

/** For a caller with a link where a sign-in is required. */
export const howToDecide = (request: Pick<RequestRecord, 'id' | 'review'>): string =>
  `An emailed link is not enough here. Sign in: run ${commandsToDecide(request).join(' or ')}, or call POST /v1/requests/${request.id}/${request.review ? 'review' : 'decision'}.`;
