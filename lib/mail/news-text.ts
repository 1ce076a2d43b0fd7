// What a message says, whatever carries it: title, facts, what to do next. How that is set is up to the channel.
import { oneLine } from '../common/people-text.ts';
import { durationText, instantText } from '../common/time.ts';
import { commandsToDecide, howToDecide } from '../model/how-to-decide.ts';
import type { RequestRecord } from '../model/schema.ts';
import { openStage } from '../model/status.ts';
import { keyText, type Letter, nameText } from './letter.ts';
import type { Purpose } from './links.ts';
import type { News, NewsKind, Report } from './messages.ts';
import { nextForApprover, nextForRequester, story } from './reports.ts';
import {
  asksFor,
  decisionsOf,
  factsOf,
  ifApproved,
  ifNobodyDecides,
  keyBeside,
  type Named,
  type Phrase,
  reasonFacts,
  requesterOf,
  say,
  type Told,
} from './wording.ts';

/**
 * Where Latchkey answers, without a trailing slash, when the message is written (epoch milliseconds), its link if it has one, and the time
 * zone that the catalogue names, if it does.
 */
export type Place = { home: string; at: number; link?: string; timeZone?: string | undefined };

/**
 * @param request the record that the message speaks of, as it was after the change
 * @throws TypeError when a message that asks for a decision comes without its link
 */
export function letterOf(news: News, request: RequestRecord, place: Place): Letter {
  const told: Told = { ...request, timeZone: place.timeZone };
  return news.kind === 'decide' || news.kind === 'reminder'
    ? ask(news, told, place)
    : report(news.kind, news, told, place);
}

const titles: Record<NewsKind, string> = {
  decide: 'Decision needed',
  reminder: 'Reminder: decision needed',
  filed: 'Filed in your name',
  approved: 'Approved',
  denied: 'Denied',
  withdrawn: 'Withdrawn',
  revoked: 'Revoked',
  lapsed: 'Lapsed',
  ended: 'Handed back',
  'no-approver': 'Nobody can approve',
  unreached: 'Not reached',
  'break-glass': 'Break-glass used',
  review: 'Please review',
  'review-overdue': 'Review overdue',
  reviewed: 'Reviewed',
};

/**
 * One line of at most 250 characters, with nobody's free text but the requester's name. Who asks comes first, because a phone shows the
 * beginning alone. The name is isolated, so that writing from right to left in it cannot rearrange the rest.
 */
export function headlineOf({ kind, to }: News, request: RequestRecord): string {
  const { name, beside } = asker(request);
  const what = `${oneLine(request.role.id, 50)} (${oneLine(request.role.account.name, 30)})`;
  const risk = isUrgent(kind) && request.role.risk === 'high' ? '[High risk] ' : '';
  if (kind === 'decide' || kind === 'reminder')
    return `${risk}${kind === 'reminder' ? 'Reminder: ' : ''}${name} requests ${what}, ${durationText(request.durationSeconds)}${beside}`;
  return to.key === request.requester.person
    ? `${titles[kind]}: ${what}`
    : `${risk}${titles[kind]}: ${what} for ${name}${beside}`;
}

/** What its reader should look at now. */
const isUrgent = (kind: NewsKind): boolean => kind === 'decide' || kind === 'reminder' || kind === 'break-glass';

/** The name, and the key that says whose it is. */
function asker(request: RequestRecord): { name: string; beside: string } {
  const person = requesterOf(request);
  const beside = keyBeside(person);
  return {
    name: `\u2068${oneLine(nameText(person), 50)}\u2069`,
    beside: beside === undefined ? '' : ` · ${oneLine(keyText(beside), 50)}`,
  };
}

function ask({ kind, to }: News, request: RequestRecord, { link, home, at }: Place): Letter {
  if (link === undefined) throw new TypeError('a message that asks for a decision needs its link');
  const isSignedIn = openStage(request)?.stage.by === 'signed-in';
  return {
    title: titles[kind],
    badge: request.role.risk === 'high' ? 'High risk' : undefined,
    lead: say`${asksFor(request)}${whyAsked(kind, to, request)}`,
    first: reasonFacts(request),
    action: isSignedIn
      ? signedIn(request, link, at)
      : {
          label: 'Approve or deny',
          url: link,
          note: say`Opening the page decides nothing. ${ifNobodyDecides(request, at)} ${forYouAlone}`,
        },
    account: request.role.account,
    isQuiet: false,
    facts: [...factsOf(request), ...decisionsOf(request)],
    paragraphs: [
      ...(isSignedIn ? commandsToDecide(request).map((code) => ({ label: commandLabel(code), code })) : []),
      { label: 'If you approve', text: ifApproved(request) },
    ],
    reference: request.id,
    home,
  };
}

const commandLabel = (command: string): string =>
  command.startsWith('latchkey approve') ? 'Approve on the command line' : 'Deny on the command line';

/** The action where a mailed link does not decide. */
const signedIn = (request: RequestRecord, url: string, at: number) => ({
  label: 'Read the request',
  url,
  note: say`This role takes a sign-in: decide with the commands below. Opening the page decides nothing. ${ifNobodyDecides(request, at)}`,
});

const forYouAlone = 'The link is for you alone: do not forward it.';

/** Why this message comes to this person now, where the request alone does not say. */
function whyAsked(kind: NewsKind, to: Named, request: Told): Phrase {
  const stage = openStage(request)?.stage;
  const openedAt = stage?.openedAt ?? request.createdAt;
  if (kind === 'reminder')
    return [` The request has waited for your decision since ${instantText(openedAt, request.timeZone)}.`];
  const isEscalated = stage?.escalated && stage.people.slice(stage.escalated.from).some(({ key }) => key === to.key);
  return isEscalated
    ? [
        ` You are asked because the people who were asked first, on ${instantText(openedAt, request.timeZone)}, have not decided.`,
      ]
    : [];
}

function report(
  kind: Report,
  { to, link: purpose, about }: News,
  request: RequestRecord,
  { link, home }: Place,
): Letter {
  const isRequester = to.key === request.requester.person;
  const { lead, facts } = story(kind, request, about);
  const { role, reason } = request;
  return {
    title: titles[kind],
    lead,
    first: [],
    ...(link !== undefined && purpose && purpose !== 'decide' && { action: actionOf(purpose, request, link) }),
    account: role.account,
    isQuiet: kind !== 'break-glass',
    facts: [
      ...facts,
      ...(isRequester ? [] : [{ label: 'Asked by', value: [requesterOf(request)] }]),
      { label: 'Role', value: [role.id], note: [role.description] },
      { label: 'Reason', quote: reason },
    ],
    paragraphs: isRequester ? nextForRequester(kind, request) : nextForApprover(kind, request),
    reference: request.id,
    home,
  };
}

const actionOf = (purpose: Exclude<Purpose, 'decide'>, request: RequestRecord, url: string) =>
  purpose === 'review' && request.review?.by === 'signed-in'
    ? { label: 'Read it all', url, note: [howToDecide(request)] }
    : { ...actions[purpose], url };

/** The buttons of reports whose reader can do something by a link. */
const actions: Record<Exclude<Purpose, 'decide'>, { label: string; note: Phrase }> = {
  withdraw: {
    label: 'I did not ask for this',
    note: [`The page shows the request and has a button that ends it. Opening it changes nothing. ${forYouAlone}`],
  },
  revoke: {
    label: 'Revoke',
    note: [
      `If this was a mistake, revoke the grant. The page has a button for it. Opening it changes nothing. ${forYouAlone}`,
    ],
  },
  review: {
    label: 'Review and sign off',
    note: [
      `The page shows the sessions and the history, and has a button that signs the review off. Opening it changes nothing. ${forYouAlone}`,
    ],
  },
};
