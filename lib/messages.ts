// Whom to tell what after a change of a request, and what the mail says. How it is set as text and HTML is letter.ts's.
import * as v from 'valibot';
import { digestOf } from './digest.ts';
import { type Letter, letterHtml, letterText, plain } from './letter.ts';
import { oneLine } from './people-text.ts';
import { Email, type HistoryEvent, type RequestRecord, type Stage } from './schema.ts';
import { openStage } from './status.ts';
import { instantText } from './time.ts';
import {
  decisionsOf,
  type Fact,
  factsOf,
  ifApproved,
  ifDenied,
  ifNobodyDecides,
  lastSessionEnd,
  type Named,
  type Phrase,
  requesterOf,
  revocationText,
  say,
  what,
} from './wording.ts';

/** `decide` asks an approver; `filed` tells a person what a bot did in their name; the others are how it went. */
export type NewsKind = 'decide' | 'filed' | 'approved' | 'denied' | 'withdrawn' | 'revoked' | 'lapsed' | 'ended';

/** One message to one person. */
export type News = {
  /** the same for the same kind, cause and recipient, whoever works it out: 22 characters of base64url */
  id: string;
  requestId: string;
  kind: NewsKind;
  to: Named & { email: string };
  /** who may decide by the link in this message; `decide` only */
  approver?: Named;
};

/**
 * What a change gives people to know: at most one message each, none to whoever did it, none to people without a mail address.
 * @param before the record before the change; undefined when it was filed
 */
export function messagesFor(before: RequestRecord | undefined, after: RequestRecord): News[] {
  const isGrant = before?.endsAt === undefined && after.endsAt !== undefined;
  const events = after.history.filter(({ seq }) => seq > (before?.version ?? 0));
  const all = events.flatMap((event) => [...newlyAsked(after, event), ...newsOf(after, event, isGrant)]);
  // a role that approves by itself is filed and approved in one change: the later news says it all
  return [...new Map(all.map((news) => [news.to.key, news])).values()];
}

/** The messages that ask for a decision now, with the ids they had when the stage opened. Who has decided already is left out. */
export function askedOf(request: RequestRecord): News[] {
  const stage = openStage(request)?.stage;
  return stage ? asks(request, stage) : [];
}

/** @param decide the link that decides; @param home where Latchkey answers, without a trailing slash */
export type Links = { decide?: string; home: string };
export type RenderedMail = { subject: string; text: string; html: string };

/**
 * The mail of a message. The subject is one line of at most 200 characters and holds nobody's free text but the requester's name.
 * @param request the record that the message speaks of, as it was after the change
 * @throws TypeError when a `decide` message comes without its link
 */
export function renderMail(news: News, request: RequestRecord, links: Links): RenderedMail {
  const letter = news.kind === 'decide' ? ask(request, links) : report(news.kind, news.to.key === request.requester.person, request, links);
  return { subject: subjectOf(news, request), text: letterText(letter), html: letterHtml(letter) };
}

// -- what the mail says ----------------------------------------------------------------------------------------------

const titles: Record<NewsKind, string> = {
  decide: 'Please decide',
  filed: 'Filed in your name',
  approved: 'Approved',
  denied: 'Denied',
  withdrawn: 'Withdrawn',
  revoked: 'Revoked',
  lapsed: 'Lapsed',
  ended: 'Handed back',
};

/** The name comes last, so that writing from right to left in it cannot rearrange the rest. */
function subjectOf({ kind, to }: News, request: RequestRecord): string {
  const { id, account } = request.role;
  const about = `${titles[kind]}: ${oneLine(id, 60)} in ${oneLine(account.name, 40)} (${account.id})`;
  return to.key === request.requester.person ? about : `${about} for ${oneLine(plain([requesterOf(request)]), 60)}`;
}

function ask(request: RequestRecord, { decide, home }: Links): Letter {
  if (decide === undefined) throw new TypeError('a mail that asks for a decision needs its link');
  return {
    title: titles.decide,
    lead: say`You are asked to approve or deny access for ${requesterOf(request)}.`,
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

function report(kind: Exclude<NewsKind, 'decide'>, isRequester: boolean, request: RequestRecord, { home }: Links): Letter {
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
    paragraphs: isRequester ? nextForRequester(kind, request, call) : nextForApprover(kind, call),
    reference: request.id,
    home,
  };
}

/** What happened and who did it. */
function story(kind: Exclude<NewsKind, 'decide'>, request: RequestRecord): { lead: Phrase; facts: Fact[] } {
  const { filedBy, endsAt, startsAt, decideBy, outcome, automatic } = request;
  const wish = say`The request by ${requesterOf(request)} for ${what(request)}`;
  const bot: Fact[] = filedBy ? [{ label: 'Filed by', value: [`the bot ${filedBy.principal}`] }] : [];
  const grant: Fact[] =
    startsAt === undefined || endsAt === undefined ? [] : [{ label: 'Access', value: [`from ${instantText(startsAt)} until ${instantText(endsAt)}`] }];
  const event = request.history.findLast(({ type }) => type === kind);
  const by = (label: string): Fact[] =>
    outcome && event
      ? [{ label, value: say`${{ key: event.actor, name: outcome.by }}, ${instantText(outcome.at)}`, ...(event.note !== undefined && { quote: event.note }) }]
      : [];
  switch (kind) {
    case 'filed':
      return {
        lead: say`Something was filed in your name: a request for ${what(request)}.`,
        facts: [...bot, { label: 'Decide until', value: [instantText(decideBy)] }],
      };
    case 'approved':
      return automatic
        ? { lead: say`${wish} was approved by the catalogue's rule; nobody had to decide.`, facts: [...grant, ...bot] }
        : { lead: say`${wish} was approved.`, facts: [...grant, ...decisionsOf(request), ...bot] };
    case 'denied':
      return { lead: say`${wish} was denied.`, facts: decisionsOf(request) };
    case 'withdrawn':
      return { lead: say`${wish} was withdrawn. No session was ever issued for it.`, facts: by('Withdrawn by') };
    case 'revoked':
      return { lead: say`${wish} was revoked.`, facts: by('Revoked by') };
    case 'lapsed':
      return { lead: say`${wish} lapsed: it was not decided by ${instantText(decideBy)}.`, facts: decisionsOf(request) };
    case 'ended':
      return { lead: say`${wish} is over: the grant was handed back early.`, facts: by('Handed back by') };
  }
}

/** The calls stand in paragraphs of their own, to be copied. */
function nextForRequester(kind: Exclude<NewsKind, 'decide'>, request: RequestRecord, call: (path: string) => string): Letter['paragraphs'] {
  const sessions = lastSessionEnd(request);
  const next = (text: string) => ({ label: 'What to do next', text: [text] });
  switch (kind) {
    case 'filed':
      return [next('If you did not ask for this, tell your security team and withdraw it:'), { label: 'Withdraw', text: [call('end')] }];
    case 'approved':
      return [
        next('Fetch keys or a console URL as often as you need until then, and hand the grant back when you are done.'),
        { label: 'Keys', text: [call('credentials')] },
        { label: 'Console URL', text: [call('console')] },
        { label: 'Hand back', text: [call('end')] },
      ];
    case 'denied':
      return [next('If you still need the access, talk to whoever denied it before you file a new request.')];
    case 'revoked': {
      const out = sessions === undefined ? '' : ` Those that are already out end on ${instantText(sessions)} at the latest.${revocationText(request)}`;
      return [next(`No more sessions are issued.${out} If you still need the access, talk to whoever revoked it.`)];
    }
    case 'lapsed':
      return [next('If you still need the access, file the request again.')];
    case 'withdrawn':
    case 'ended':
      return [next('Nothing.')];
  }
}

const nextForApprover = (kind: Exclude<NewsKind, 'decide'>, call: (path: string) => string): Letter['paragraphs'] =>
  kind === 'approved'
    ? [
        { label: 'What to do next', text: ['Nothing. Should it turn out wrong, you can revoke it:'] },
        { label: 'Revoke', text: [call('end')] },
      ]
    : [{ label: 'What to do next', text: ['Nothing: there is nothing left to decide, and earlier links no longer work.'] }];

// --- internal ---

const newlyAsked = (request: RequestRecord, { seq }: HistoryEvent): News[] =>
  request.stages.filter(({ openedBy }) => openedBy === seq).flatMap((stage) => asks(request, stage));

function asks(request: RequestRecord, stage: Stage): News[] {
  const { openedBy } = stage;
  if (openedBy === undefined) return [];
  const decided = new Set(request.stages.flatMap(({ decisions }) => decisions.map(({ person }) => person)));
  return stage.people
    .filter(({ key }) => key !== request.requester.person && !decided.has(key))
    .flatMap((person) => tell(request, 'decide', openedBy, person).map((news) => ({ ...news, approver: { key: person.key, name: person.name } })));
}

/** What an event says to those who take part in the request. An approval that is not the last is no news: the next approvers are asked. */
function newsOf(request: RequestRecord, event: HistoryEvent, isGrant: boolean): News[] {
  const { type, seq, actor } = event;
  const tellAll = (kind: NewsKind, people: Named[]) => people.filter(({ key }) => key !== actor).flatMap((person) => tell(request, kind, seq, person));
  const requester = { key: request.requester.person, name: request.requester.name };
  switch (type) {
    case 'filed':
      return request.filedBy ? tellAll('filed', [requester]) : [];
    case 'approved':
      return isGrant ? tellAll('approved', [requester, ...askedSoFar(request)]) : [];
    case 'denied':
    case 'revoked':
    case 'lapsed':
    case 'withdrawn':
      return tellAll(type, [requester, ...askedSoFar(request)]);
    case 'ended':
      return event.via === 'sweep' ? [] : tellAll('ended', whoApproved(request));
    case 'mail-checked':
      return askedOf(request);
    default:
      return [];
  }
}

const askedSoFar = ({ stages, requester }: RequestRecord): Named[] =>
  stages.flatMap(({ openedBy, people }) => (openedBy === undefined ? [] : people.filter(({ key }) => key !== requester.person)));

const whoApproved = ({ stages }: RequestRecord): Named[] =>
  stages.flatMap(({ decisions }) => decisions.filter(({ decision }) => decision === 'approve').map(({ person, name }) => ({ key: person, name })));

/** One message, or none where the person has no mail address. */
function tell({ id: requestId, requester }: RequestRecord, kind: NewsKind, cause: number, { key, name }: Named): News[] {
  const email = key === requester.person ? requester.email : v.is(Email, key) ? key : null;
  if (email === null) return [];
  return [{ id: digestOf([kind, cause, key]).slice(0, 22), requestId, kind, to: { key, name, email } }];
}
