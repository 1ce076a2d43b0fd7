// Whom to tell what after a change of a request, and what the mail says. How it is set as text and HTML is letter.ts's.
import * as v from 'valibot';
import { digestOf } from './digest.ts';
import { type Letter, letterHtml, letterText, plain } from './letter.ts';
import { oneLine } from './people-text.ts';
import { nextForApprover, nextForRequester, story } from './reports.ts';
import { Email, type HistoryEvent, type RequestRecord, type Stage } from './schema.ts';
import { openStage } from './status.ts';
import { instantText } from './time.ts';
import {
  decisionsOf,
  factsOf,
  ifApproved,
  ifDenied,
  ifNobodyDecides,
  type Named,
  type Phrase,
  requesterOf,
  say,
} from './wording.ts';

/** `decide` asks an approver, `reminder` asks again; `filed` tells a person what a bot did in their name; the others are how it went. */
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
  | ReviewNews;
/** About break-glass: that it was used, that it is over and to be reviewed, that nobody did so in time, that somebody did. */
type ReviewNews = 'break-glass' | 'review' | 'review-overdue' | 'reviewed';

/** News of how it went; the others ask. */
export type Report = Exclude<NewsKind, 'decide' | 'reminder'>;

/** One message to one person. */
export type News = {
  /** the same for the same kind, cause and recipient, whoever works it out: 22 characters of base64url */
  id: string;
  requestId: string;
  kind: NewsKind;
  to: Named & { email: string };
  /** who may decide by the link in this message; `decide` and `reminder` only */
  approver?: Named;
  /** who may withdraw by the link in this message: the person in whose name a bot filed */
  withdrawer?: Named;
  /** who may sign the review by the link in this message; `review` and `review-overdue` only */
  reviewer?: Named;
};

/**
 * What a change gives people to know: at most one message each, none to whoever did it, none to people without a mail address.
 * @param before the record before the change; undefined when it was filed
 */
export function messagesFor(before: RequestRecord | undefined, after: RequestRecord): News[] {
  const isGrant = before?.grant === undefined && after.grant !== undefined;
  const events = after.history.filter(({ seq }) => seq > (before?.version ?? 0));
  const all = [
    ...newlyOpened(before, after).flatMap((index) => asks(after, index)),
    ...events.flatMap((event) => [...askedAgain(after, event), ...newsOf(after, event, isGrant)]),
  ];
  // a role that approves by itself is filed and approved in one change: the later news says it all
  return [...new Map(all.map((news) => [news.to.key, news])).values()];
}

/** The messages that ask for a decision now, with the ids they had when the stage opened. Who has decided already is left out. */
export function askedOf(request: RequestRecord): News[] {
  const open = openStage(request);
  return open ? asks(request, open.index) : [];
}

/**
 * @param decide the link that decides; @param withdraw the link that takes back; @param review the link that signs a review
 * @param home where Latchkey answers, without a trailing slash
 */
export type Links = { decide?: string; withdraw?: string; review?: string; home: string };
export type RenderedMail = { subject: string; text: string; html: string };

/**
 * The mail of a message. The subject is one line of at most 200 characters and holds nobody's free text but the requester's name.
 * @param request the record that the message speaks of, as it was after the change
 * @throws TypeError when a `decide` message comes without its link
 */
export function renderMail(news: News, request: RequestRecord, links: Links): RenderedMail {
  const letter =
    news.kind === 'decide' || news.kind === 'reminder'
      ? ask(news, request, links)
      : report(news.kind, news.to.key === request.requester.person, request, links);
  return { subject: subjectOf(news, request), text: letterText(letter), html: letterHtml(letter) };
}

// -- what the mail says ----------------------------------------------------------------------------------------------

const titles: Record<NewsKind, string> = {
  decide: 'Please decide',
  reminder: 'Still waiting for you',
  filed: 'Filed in your name',
  approved: 'Approved',
  denied: 'Denied',
  withdrawn: 'Withdrawn',
  revoked: 'Revoked',
  lapsed: 'Lapsed',
  ended: 'Handed back',
  'break-glass': 'Break-glass used',
  review: 'Please review',
  'review-overdue': 'Review overdue',
  reviewed: 'Reviewed',
};

/** The name comes last, so that writing from right to left in it cannot rearrange the rest. */
function subjectOf({ kind, to }: News, request: RequestRecord): string {
  const { id, account } = request.role;
  const about = `${titles[kind]}: ${oneLine(id, 60)} in ${oneLine(account.name, 40)} (${account.id})`;
  return to.key === request.requester.person ? about : `${about} for ${oneLine(plain([requesterOf(request)]), 60)}`;
}

function ask({ kind, to }: News, request: RequestRecord, { decide, home }: Links): Letter {
  if (decide === undefined) throw new TypeError('a mail that asks for a decision needs its link');
  return {
    title: titles[kind],
    lead: whyAsked(kind, to, request),
    account: request.role.account,
    facts: [...factsOf(request), ...decisionsOf(request)],
    paragraphs: [
      { label: 'If you approve', text: ifApproved(request) },
      { label: 'If you deny', text: ifDenied(request) },
    ],
    action: {
      label: 'Approve or deny',
      url: decide,
      note: say`The page shows all of this again and has a button for each; opening it decides nothing. ${ifNobodyDecides(request)} The link is meant for you alone: do not forward it.`,
    },
    reference: request.id,
    home,
  };
}

/** Why this mail comes to this person now. */
function whyAsked(kind: NewsKind, to: Named, request: RequestRecord): Phrase {
  const stage = openStage(request)?.stage;
  const openedAt = stage?.openedAt ?? request.createdAt;
  const asked = say`You are asked to approve or deny access for ${requesterOf(request)}`;
  if (kind === 'reminder')
    return say`${asked}. The request has waited since ${instantText(openedAt)}, and your answer counts.`;
  const isEscalated = stage?.escalated && stage.people.slice(stage.escalated.from).some(({ key }) => key === to.key);
  return isEscalated
    ? say`${asked}, because those who were asked first on ${instantText(openedAt)} have not decided.`
    : say`${asked}.`;
}

function report(kind: Report, isRequester: boolean, request: RequestRecord, links: Links): Letter {
  const { home } = links;
  const call = (path: string) => `POST ${home}/v1/requests/${request.id}/${path}`;
  const { lead, facts } = story(kind, request);
  const { role, reason } = request;
  return {
    title: titles[kind],
    lead,
    account: role.account,
    facts: [
      ...facts,
      ...(isRequester ? [] : [{ label: 'Asked by', value: [requesterOf(request)] }]),
      { label: 'Role', value: [role.id], note: [role.description] },
      { label: 'Reason', quote: reason },
    ],
    paragraphs: isRequester ? nextForRequester(kind, request, call) : nextForApprover(kind, request, call),
    ...actionOf(links),
    reference: request.id,
    home,
  };
}

/** The button of a report, where its reader can do something by a link. */
function actionOf({ withdraw, review }: Links): Pick<Letter, 'action'> {
  if (withdraw !== undefined) {
    const note = say`The page shows the request and has a button that ends it; opening it changes nothing. The link is meant for you alone: do not forward it.`;
    return { action: { label: 'I did not ask for this', url: withdraw, note } };
  }
  if (review === undefined) return {};
  const note = say`The page shows all of this with the sessions and the history, and has a button that signs the review off; opening it changes nothing. The link is meant for you alone: do not forward it.`;
  return { action: { label: 'Review and sign off', url: review, note } };
}

// --- internal ---

/** Indexes of the stages whose turn it became by a change. */
const newlyOpened = (before: RequestRecord | undefined, { stages }: RequestRecord): number[] =>
  stages.flatMap(({ openedAt }, index) =>
    openedAt !== undefined && before?.stages[index]?.openedAt === undefined ? [index] : [],
  );

/** Whom an event makes us ask once more. A mail check and an escalation name everybody whose turn it is: what has gone out is not sent again. */
function askedAgain(request: RequestRecord, { seq, type }: HistoryEvent): News[] {
  if (type === 'mail-checked' || type === 'escalated') return askedOf(request);
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
    .flatMap((person) =>
      tell(request, kind, cause, person).map((news) => ({ ...news, approver: { key: person.key, name: person.name } })),
    );
}

/** What an event says to those who take part in the request. An approval that is not the last is no news: the next approvers are asked. */
function newsOf(request: RequestRecord, event: HistoryEvent, isGrant: boolean): News[] {
  const { type, seq, actor } = event;
  const tellAll = (kind: NewsKind, people: Named[]) =>
    people.filter(({ key }) => key !== actor).flatMap((person) => tell(request, kind, seq, person));
  const requester = { key: request.requester.person, name: request.requester.name };
  const { review } = request;
  // however a grant by break-glass came to its end, it is time for the review, also by the reviewer who ended it
  const toReview = review && !review.signed ? askToReview(request, 'review', seq, review.people) : [];
  switch (type) {
    case 'filed':
      if (review) return toldOfGlass(request, review);
      return request.filedBy ? tellAll('filed', [requester]).map(withWithdrawal) : [];
    case 'approved':
      if (!isGrant) return [];
      return request.filedBy && request.automatic
        ? tellAll('approved', [requester]).map(withWithdrawal)
        : tellAll('approved', [requester, ...askedSoFar(request)]);
    case 'denied':
    case 'revoked':
    case 'lapsed':
    case 'withdrawn':
      return [...tellAll(type, [requester, ...askedSoFar(request)]), ...toReview];
    case 'ended':
      return event.via === 'sweep' ? toReview : [...tellAll('ended', whoApproved(request)), ...toReview];
    case 'mail-checked':
      return review ? toldOfGlass(request, review) : [];
    case 'review-overdue':
      return review ? askToReview(request, type, seq, [...review.admins, ...review.people]) : [];
    case 'reviewed':
      return tellAll(type, [requester]);
    default:
      return [];
  }
}

/** Everybody who may act on a grant by break-glass. The same messages at the filing, which is event 1, and at a check of the mail. */
const toldOfGlass = (request: RequestRecord, review: NonNullable<RequestRecord['review']>): News[] =>
  [...review.admins, ...review.people, ...request.stages.flatMap(({ people }) => people)]
    .filter(({ key }) => key !== request.requester.person)
    .flatMap((person) => tell(request, 'break-glass', 1, person));

const askToReview = (
  request: RequestRecord,
  kind: 'review' | 'review-overdue',
  cause: number,
  people: readonly Named[],
): News[] =>
  people.flatMap((person) =>
    tell(request, kind, cause, person).map((news) => ({ ...news, reviewer: { key: person.key, name: person.name } })),
  );

const withWithdrawal = (news: News): News => ({ ...news, withdrawer: { key: news.to.key, name: news.to.name } });

const askedSoFar = ({ stages, requester }: RequestRecord): Named[] =>
  stages.flatMap(({ openedAt, people }) =>
    openedAt === undefined ? [] : people.filter(({ key }) => key !== requester.person),
  );

const whoApproved = ({ stages }: RequestRecord): Named[] =>
  stages.flatMap(({ decisions }) =>
    decisions.filter(({ decision }) => decision === 'approve').map(({ person, name }) => ({ key: person, name })),
  );

/** What a message is named by beside its kind and its reader: the seq of an event, or the stage whose turn it is. */
type Cause = number | `stage ${number}`;

/** One message, or none where the person has no mail address. */
function tell({ id: requestId, requester }: RequestRecord, kind: NewsKind, cause: Cause, { key, name }: Named): News[] {
  const email = key === requester.person ? requester.email : v.is(Email, key) ? key : null;
  if (email === null) return [];
  return [{ id: digestOf([kind, cause, key]).slice(0, 22), requestId, kind, to: { key, name, email } }];
}
