// How a decision is made signed in, in words.
import type { RequestRecord } from './schema.ts';

/** What answers a request on the command line, signed in. */
export const commandsToDecide = ({ id, review }: Pick<RequestRecord, 'id' | 'review'>): string[] =>
  review ? [`latchkey review ${id} --comment "..."`] : [`latchkey approve ${id}`, `latchkey deny ${id}`];

/** For a caller who came by a link where a sign-in is needed. */
export const howToDecide = (request: Pick<RequestRecord, 'id' | 'review'>): string =>
  `An emailed link is not enough here: sign in to answer. Run ${commandsToDecide(request).join(' or ')}, or call POST /v1/requests/${request.id}/${request.review ? 'review' : 'decision'}.`;
