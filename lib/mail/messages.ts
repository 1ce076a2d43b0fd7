// Decides who is notified of what after a change of a request. news-text.ts writes the messages.
import * as v from 'valibot';
import { digestOf } from '../common/digest.ts';
import type { HistoryEvent, RequestRecord, Stage } from '../model/schema.ts';
import { openStage, wasShortLived } from '../model/status.ts';
import { Email } from '../model/text.ts';
import type { Purpose } from './links.ts';
import type { Named } from './wording.ts';

/**
 * `decide` asks an approver, `reminder` asks again; `filed` tells a person what a bot did in their name; `unreached` says that
 * somebody could not be told; the others are how it went.
 */
export type NewsKind =
  | 'decide'
  | 'reminder'
  | 'filed'
  | 'approved'
  | 'denied'
  | 'withdrawn'
  | 'revoked'
  | 'lapsed'
  | 'ended'
  | 'no-approver'
  | 'unreached'
  | ReviewNews;
/** About break-glass: that it was used, that it is over and to be reviewed, that nobody did so in time, that somebody did. */
type ReviewNews = 'break-glass' | 'review' | 'review-overdue' | 'reviewed';

/** News of how it went; the others ask. */
export type Report = Exclude<NewsKind, 'decide' | 'reminder'>;

/** One message to one person, by whatever channels reach them. */
export type News = {
  /** derived from kind, cause and recipient: 22 characters of base64url */
  id: string;
  requestId: string;
  kind: NewsKind;
  to: Recipient;
  /** what its link is for, if it has one; the link is the recipient's alone */
  link?: Purpose;
  /** of `unreached`: who could not be told */
  about?: Named;
};

/** Somebody to be told. `email`: the verified address, if there is one. */
export type Recipient = Named & { email: string | null };

/**
 * The messages that a change causes: at most one per person, and none to the person who made it.
 * @param before the record before the change; undefined when it was filed
 */
export function messagesFor(before: RequestRecord | undefined, after: RequestRecord): News[] {
  const isGrant = before?.grant === undefined && after.grant !== undefined;
  const events = after.history.filter(({ seq }) => seq > (before?.version ?? 0));
  const all = [
    ...newlyOpened(before, after).flatMap((index) => asks(after, index)),
    ...events.flatMap((event) => [...askedAgain(after, event), ...newsOf(after, event, isGrant)]),
  ];
  // an auto-approved request is filed and approved in one change; the later message says both
  return [...new Map(all.map((news) => [news.to.key, news])).values()];
}

/** The messages that ask for a decision now, with the ids they had when the stage opened. Who has decided already is left out. */
export function askedOf(request: RequestRecord): News[] {
  const open = openStage(request);
  return open ? asks(request, open.index) : [];
}

/**
 * What others should know when a message was permanently rejected: the requester and the other approvers if it asked for a decision, all others
 * who look after a grant by break-glass if it was about that. Nobody is told twice about the same person.
 */
export function unreachedNews(request: RequestRecord, { kind, to }: News): News[] {
  const people = othersConcerned(request, kind);
  const others = [...new Map(people.map((person) => [person.key, person])).values()];
  return others
    .filter(({ key }) => key !== to.key)
    .map((person) => ({ ...newsTo(request, 'unreached', `person ${to.key}`, person), about: to }));
}

// --- internal ---

function othersConcerned(request: RequestRecord, kind: NewsKind): Named[] {
  const { review } = request;
  if (kind === 'decide' || kind === 'reminder')
    return [requesterOf(request), ...(openStage(request)?.stage.people ?? [])];
  if (kind === 'break-glass' || kind === 'review' || kind === 'review-overdue')
    return review ? [...review.admins, ...review.people] : [];
  return [];
}

/** Indexes of the stages whose turn it became by a change, and whose people are to be asked at once. */
const newlyOpened = (before: RequestRecord | undefined, { stages }: RequestRecord): number[] =>
  stages.flatMap(({ openedAt, askAt }, index) =>
    openedAt !== undefined && askAt === undefined && before?.stages[index]?.openedAt === undefined ? [index] : [],
  );

/** Whom an event makes us ask once more. A mail check, an escalation and a change of approvers name everybody whose turn it is: what has gone out is not sent again. */
function askedAgain(request: RequestRecord, { seq, type }: HistoryEvent): News[] {
  if (type === 'mail-checked' || type === 'escalated' || type === 'approvers-changed') return askedOf(request);
  const stage = openStage(request)?.stage;
  return type === 'reminded' && stage ? askAll(request, stage, 'reminder', seq) : [];
}

/** Those who were asked at first and those to whom it was escalated have messages of one kind and cause, so the mail check covers both. */
function asks(request: RequestRecord, index: number): News[] {
  const stage = request.stages[index];
  return stage ? askAll(request, stage, 'decide', `stage ${index}`) : [];
}

function askAll(request: RequestRecord, stage: Stage, kind: 'decide' | 'reminder', cause: Cause): News[] {
  const decided = new Set(request.stages.flatMap(({ decisions }) => decisions.map(({ person }) => person)));
  return stage.people
    .filter(({ key }) => key !== request.requester.person && !decided.has(key))
    .map((person) => newsTo(request, kind, cause, person, 'decide'));
}

/** What an event says to those who take part in the request. An approval that is not the last is no news: the next approvers are asked. */
function newsOf(request: RequestRecord, event: HistoryEvent, isGrant: boolean): News[] {
  const { review } = request;
  switch (event.type) {
    case 'filed':
      if (review) return toldOfGlass(request, review);
      return request.filedBy ? report(request, event, [requesterOf(request)], 'filed', 'withdraw') : [];
    case 'approved':
      return isGrant ? grantNews(request, event) : [];
    case 'withdrawn':
      // approvers who open the email that asked see it on the page
      if (wasShortLived(request.createdAt, event.at)) return reviewDue(request, event);
      return [...report(request, event, askedSoFar(request)), ...reviewDue(request, event)];
    case 'denied':
    case 'revoked':
    case 'lapsed':
      return [...report(request, event, [requesterOf(request), ...askedSoFar(request)]), ...reviewDue(request, event)];
    case 'ended':
      // nobody is told of the natural end
      return [
        ...(event.via === 'sweep' ? [] : report(request, event, whoApproved(request))),
        ...reviewDue(request, event),
      ];
    case 'approvers-missing':
      return report(request, event, [requesterOf(request), ...(request.stuck?.admins ?? [])], 'no-approver');
    case 'mail-checked':
      return review ? toldOfGlass(request, review) : [];
    case 'review-overdue':
      return review
        ? [...review.admins, ...review.people].map((one) => newsTo(request, 'review-overdue', event.seq, one, 'review'))
        : [];
    case 'reviewed':
      return report(request, event, [requesterOf(request)]);
    default:
      return [];
  }
}

/** Everybody who may act on a grant by break-glass. The same messages at the filing, which is event 1, and at a check of the mail. */
const toldOfGlass = (request: RequestRecord, review: NonNullable<RequestRecord['review']>): News[] =>
  [...review.admins, ...review.people, ...request.stages.flatMap(({ people }) => people)]
    .filter(({ key }) => key !== request.requester.person)
    .map((person) => newsTo(request, 'break-glass', 1, person, 'revoke'));

function grantNews(request: RequestRecord, event: HistoryEvent): News[] {
  const isByBotAlone = request.filedBy !== undefined && request.automatic;
  if (isByBotAlone) return report(request, event, [requesterOf(request)], 'approved', 'withdraw');
  // the last approver gets one as well: it carries the link that revokes
  const approvers = askedSoFar(request).map((person) => newsTo(request, 'approved', event.seq, person, 'revoke'));
  return [...report(request, event, [requesterOf(request)]), ...approvers];
}

/** However a grant by break-glass came to its end, it is time for the review, also by the reviewer who ended it. */
const reviewDue = (request: RequestRecord, { seq }: HistoryEvent): News[] =>
  request.review && !request.review.signed
    ? request.review.people.map((person) => newsTo(request, 'review', seq, person, 'review'))
    : [];

/** What happened, for all of these people except the one who did it. */
const report = (
  request: RequestRecord,
  { type, seq, actor }: HistoryEvent,
  people: readonly Named[],
  kind = type as Report,
  link?: Purpose,
): News[] => people.filter(({ key }) => key !== actor).map((person) => newsTo(request, kind, seq, person, link));

const requesterOf = ({ requester }: RequestRecord): Named => ({ key: requester.person, name: requester.name });

const askedSoFar = ({ stages, requester }: RequestRecord): Named[] =>
  stages.flatMap(({ openedAt, people }) =>
    openedAt === undefined ? [] : people.filter(({ key }) => key !== requester.person),
  );

const whoApproved = ({ stages }: RequestRecord): Named[] =>
  stages.flatMap(({ decisions }) =>
    decisions.filter(({ decision }) => decision === 'approve').map(({ person, name }) => ({ key: person, name })),
  );

/** What a message is named by beside its kind and its reader: the seq of an event, the stage whose turn it is, or the person who was not told. */
type Cause = number | `stage ${number}` | `person ${string}`;

function newsTo(
  { id: requestId, requester }: RequestRecord,
  kind: NewsKind,
  cause: Cause,
  { key, name }: Named,
  link?: Purpose,
): News {
  const address = key === requester.person ? requester.email : key;
  const email = v.is(Email, address) ? address : null;
  const id = digestOf([kind, cause, key]).slice(0, 22);
  return { id, requestId, kind, to: { key, name, email }, ...(link && { link }) };
}
