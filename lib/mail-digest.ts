// Mails that ask an approver, when they are too many for an hour: what waits for a digest, which one, and what of it is still to be said.
import { sha256 } from './digest.ts';
import { askedOf, type NewsKind } from './messages.ts';
import type { RequestRecord } from './schema.ts';
import { clockSteps } from './status.ts';
import { HOUR, MINUTE } from './time.ts';

/** A message that waits in a digest, and what it asks. */
export type HeldMail = { requestId: string; messageId: string; kind: 'decide' | 'reminder' };
/** What was held back from one approver. */
export type MailDigest = { id: string; approver: { key: string; name: string }; held: HeldMail[] };

/** As many as one mail lists; what is held beyond goes into a further one, so that neither the item nor the mail grows without bound. */
export const mostInDigest = 25;
/** What has less time than this left when its digest goes out does not wait for it. */
const SPARE = 15 * MINUTE;

/** One hour of one approver: mailboxes are counted by the hours of UTC. @param now epoch milliseconds */
export const mailboxOf = (person: string, now: number): string =>
  `${sha256(person).slice(0, 22)}#${new Date(now).toISOString().slice(0, 13)}`;

/** The digest of what is the `place`-th beyond the limit, from 0. */
export const digestIdOf = (person: string, now: number, place: number): string =>
  `${mailboxOf(person, now)}#${Math.floor(place / mostInDigest)}`;

/** When the digest of this hour goes out: at its end. */
export const digestDue = (now: number): number => (Math.floor(now / HOUR) + 1) * HOUR;

/**
 * Whether being told by the digest is early enough: the request does not lapse before somebody can act on it and, for a first asking,
 * nobody is reminded of it nor is anybody else asked before its approver has heard of it.
 * @param due when the digest goes out
 */
export function mayWait(request: RequestRecord, kind: NewsKind, due: number): boolean {
  const comesTooEarly = (does: string) =>
    does === 'lapsed' || (kind === 'decide' && (does === 'reminded' || does === 'escalated'));
  return !clockSteps(request).some(({ does, at }) => comesTooEarly(does) && at < due + SPARE);
}

/** What a digest still has to say: the requests that wait for this approver, by the very asking that was held, or to be reminded of. Soonest to lapse first. */
export function stillAsked(
  { approver, held }: MailDigest,
  requests: readonly RequestRecord[],
  now: number,
): Array<{ mail: HeldMail; request: RequestRecord }> {
  const byId = new Map(requests.map((request) => [request.id, request]));
  return held
    .flatMap((mail) => {
      const request = byId.get(mail.requestId);
      return request && isAsked(request, approver.key, mail, now) ? [{ mail, request }] : [];
    })
    .sort((a, b) => a.request.decideBy - b.request.decideBy || a.request.createdAt - b.request.createdAt);
}

function isAsked(request: RequestRecord, approver: string, { messageId, kind }: HeldMail, now: number): boolean {
  const asked = now < request.decideBy ? askedOf(request).filter(({ to }) => to.key === approver) : [];
  return kind === 'reminder' ? asked.length > 0 : asked.some(({ id }) => id === messageId);
}
