// How a decision is made signed in, in words.
import type { RequestRecord } from './schema.ts';

/** For whoever came by a link where a sign-in is needed. */
export function howToDecide({ id, review }: Pick<RequestRecord, 'id' | 'review'>): string {
  const [words, path] = review
    ? [`latchkey review ${id} --comment "..."`, 'review']
    : [`latchkey approve ${id} (or latchkey deny ${id})`, 'decision'];
  return `A mailed link is not enough here: sign in to answer. Run ${words}, or call POST /v1/requests/${id}/${path}.`;
}
