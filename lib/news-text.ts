// What a message says, whatever carries it: title, facts, what to do next. How that is set is up to the channel.
import { howToDecide } from './assurance.ts';
import { keyText, type Letter, nameText } from './letter.ts';
import type { Purpose } from './links.ts';
import type { News, NewsKind, Report } from './messages.ts';
import { oneLine } from './people-text.ts';
import { nextForApprover, nextForRequester, story } from './reports.ts';
import type { RequestRecord } from './schema.ts';
import { openStage } from './status.ts';
import { instantText } from './time.ts';
import {
  decisionsOf,
  factsOf,
  ifApproved,
  ifDenied,
  ifNobodyDecides,
  keyBeside,
  type Named,
  type Phrase,
  requesterOf,
  say,
} from './wording.ts';

/** Where Latchkey answers, without a trailing slash, and the link of this message if it has one. */
export type Place = { home: string; link?: string };

/**
 * @param request the record that the message speaks of, as it was after the change
 * @throws TypeError when a message that asks for a decision comes without its link
 */
export const letterOf = (news: News, request: RequestRecord, place: Place): Letter =>
  news.kind === 'decide' || news.kind === 'reminder'
    ? ask(news, request, place)
    : report(news.kind, news, request, place);

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
  'no-approver': 'Nobody can approve',
  unreached: 'Not reached',
  'break-glass': 'Break-glass used',
  review: 'Please review',
  'review-overdue': 'Review overdue',
  reviewed: 'Reviewed',
};

/**
 * One line of at most 200 characters, with nobody's free text but the requester's name. The name comes last, so that writing from right
 * to left in it cannot rearrange the rest.
 */
export function headlineOf({ kind, to }: News, request: RequestRecord): string {
  const { id, account } = request.role;
  const about = `${titles[kind]}: ${oneLine(id, 60)} in ${oneLine(account.name, 40)} (${account.id})`;
  return to.key === request.requester.person ? about : `${about} for ${asker(request)}`;
}

/** A name is cut before its key is, which says who it is. */
function asker(request: RequestRecord): string {
  const person = requesterOf(request);
  const beside = keyBeside(person);
  return `${oneLine(nameText(person), 60)}${beside === undefined ? '' : ` (${oneLine(keyText(beside), 60)})`}`;
}

function ask({ kind, to }: News, request: RequestRecord, { link, home }: Place): Letter {
  if (link === undefined) throw new TypeError('a message that asks for a decision needs its link');
  return {
    title: titles[kind],
    lead: whyAsked(kind, to, request),
    account: request.role.account,
    facts: [...factsOf(request), ...decisionsOf(request)],
    paragraphs: [
      { label: 'If you approve', text: ifApproved(request) },
      { label: 'If you deny', text: ifDenied(request) },
    ],
    action:
      stageOf(request)?.by === 'signed-in'
        ? signedIn(request, link)
        : {
            label: 'Approve or deny',
            url: link,
            note: say`The page shows all of this again and has a button for each; opening it decides nothing. ${ifNobodyDecides(request)} The link is meant for you alone: do not forward it.`,
          },
    reference: request.id,
    home,
  };
}

const stageOf = (request: RequestRecord) => openStage(request)?.stage;

/** The action where a mailed link does not decide. */
const signedIn = (request: RequestRecord, url: string) => ({
  label: 'Read the request',
  url,
  note: say`${howToDecide(request)} The page behind the link shows all of this again, and opening it decides nothing. ${ifNobodyDecides(request)}`,
});

/** Why this message comes to this person now. */
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

function report(
  kind: Report,
  { to, link: purpose, about }: News,
  request: RequestRecord,
  { link, home }: Place,
): Letter {
  const isRequester = to.key === request.requester.person;
  const call = (path: string) => `POST ${home}/v1/requests/${request.id}/${path}`;
  const { lead, facts } = story(kind, request, about);
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
    ...(link !== undefined && purpose && purpose !== 'decide' && { action: actionOf(purpose, request, link) }),
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
    note: say`The page shows the request and has a button that ends it; opening it changes nothing. The link is meant for you alone: do not forward it.`,
  },
  review: {
    label: 'Review and sign off',
    note: say`The page shows all of this with the sessions and the history, and has a button that signs the review off; opening it changes nothing. The link is meant for you alone: do not forward it.`,
  },
};
