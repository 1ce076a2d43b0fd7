// The text of emails that report on a request: what happened, who did it, and what the reader can do next.
import { instantText } from '../common/time.ts';
import type { RequestRecord } from '../model/schema.ts';
import { sessionTags } from '../model/session-tags.ts';
import { openStage } from '../model/status.ts';
import type { Paragraph } from './letter.ts';
import type { Report } from './messages.ts';
import {
  decisionsOf,
  type Fact,
  grantFacts,
  type Named,
  type Phrase,
  requesterOf,
  say,
  sessionsAfterEnd,
  type Told,
  ticketFacts,
  waitingFor,
  what,
  whoEnded,
} from './wording.ts';

/** What happened, and the facts that go with it. */
type Story = { lead: Phrase; facts: Fact[] };

/** @param about who could not be told, in a report of kind `unreached` */
export const story = (kind: Report, request: Told, about?: Named): Story => stories[kind](request, about);

const stories: Record<Report, (request: Told, about?: Named) => Story> = {
  filed: (request) => ({
    lead: say`Something was filed in your name: a request for ${what(request)}.`,
    facts: [...botFacts(request), decideUntil(request)],
  }),
  approved: approvedStory,
  denied: (request) => ({ lead: say`${wish(request)} was denied.`, facts: decisionsOf(request) }),
  withdrawn: (request) => ({
    lead: say`${wish(request)} was withdrawn. No session was ever issued for it.`,
    facts: endedBy('Withdrawn by', request),
  }),
  revoked: (request) => ({ lead: say`${wish(request)} was revoked.`, facts: endedBy('Revoked by', request) }),
  lapsed: (request) => ({
    lead: say`${wish(request)} lapsed: it was not decided by ${instantText(request.decideBy, request.timeZone)}.`,
    facts: decisionsOf(request),
  }),
  ended: (request) => ({
    lead: say`${wish(request)} is over: the grant was handed back early.`,
    facts: endedBy('Handed back by', request),
  }),
  'no-approver': (request) => ({
    lead: say`${wish(request)} can no longer be approved: since it was filed, the catalogue changed and now names too few approvers for it.`,
    facts: [...botFacts(request), decideUntil(request)],
  }),
  unreached: (request, about) => ({
    lead: say`${about ?? 'Somebody'} could not be told about the request by ${requesterOf(request)} for ${what(request)}: the email was permanently rejected.`,
    facts: [...(about ? [{ label: 'Address', value: [about.key] }] : []), ...stillWaiting(request)],
  }),
  'break-glass': (request) => ({
    lead: say`${requesterOf(request)} has used break-glass and can use ${what(request)} now. Nobody approved it.`,
    facts: [...grantFacts(request), ...reviewFacts(request)],
  }),
  review: (request) => ({
    lead: say`${requesterOf(request)} used break-glass for ${what(request)}. The grant is over, and somebody has to review what was done with it.`,
    facts: [...grantFacts(request), sessionsIssued(request), ...ticketFacts(request), ...reviewFacts(request)],
  }),
  'review-overdue': (request) => ({
    lead: say`Nobody has reviewed what ${requesterOf(request)} did by break-glass with ${what(request)}. Until somebody does, break-glass is refused to them.`,
    facts: [...grantFacts(request), sessionsIssued(request), ...reviewFacts(request)],
  }),
  reviewed: (request) => ({
    lead: say`What was done by break-glass with ${what(request)} was reviewed.`,
    facts: reviewFacts(request),
  }),
};

function approvedStory(request: Told): Story {
  const grant = grantFacts(request);
  if (request.review)
    return {
      lead: say`${wish(request)} is granted by break-glass: nobody approved it, and approvers, reviewers and admins were told.`,
      facts: grant,
    };
  return request.automatic
    ? {
        lead: say`${wish(request)} was approved by the catalogue's rule; nobody had to decide.`,
        facts: [...grant, ...botFacts(request)],
      }
    : {
        lead: say`${wish(request)} was approved.`,
        facts: [...grant, ...decisionsOf(request), ...botFacts(request)],
      };
}

const wish = (request: Told): Phrase => say`The request by ${requesterOf(request)} for ${what(request)}`;

const botFacts = ({ filedBy }: Told): Fact[] =>
  filedBy ? [{ label: 'Filed by', value: [`the bot ${filedBy.principal}`] }] : [];

const decideUntil = ({ decideBy, timeZone }: Told): Fact => ({
  label: 'Decide until',
  value: [instantText(decideBy, timeZone)],
});

const sessionsIssued = ({ vended }: Told): Fact => ({ label: 'Sessions issued', value: [String(vended)] });

const endedBy = (label: string, { outcome, timeZone }: Told): Fact[] =>
  outcome
    ? [
        {
          label,
          value: say`${whoEnded(outcome)}, ${instantText(outcome.at, timeZone)}`,
          ...(outcome.why !== undefined && { quote: outcome.why }),
        },
      ]
    : [];

const stillWaiting = (request: RequestRecord): Fact[] =>
  openStage(request) ? [{ label: 'Waiting for', value: waitingFor(request) }] : [];

const reviewFacts = ({ review, timeZone }: Told): Fact[] => {
  if (!review) return [];
  const { signed, due } = review;
  return signed
    ? [
        {
          label: 'Reviewed by',
          value: say`${{ key: signed.person, name: signed.name }}, ${instantText(signed.at, timeZone)}`,
          quote: signed.comment,
        },
      ]
    : [{ label: 'Review due', value: [instantText(due, timeZone)] }];
};

/** Commands stand in paragraphs of their own, to be copied. */
export function nextForRequester(kind: Report, request: RequestRecord): Paragraph[] {
  const { id, role, outcome } = request;
  switch (kind) {
    case 'filed':
      return [
        next('If you did not request this, tell your security team and withdraw it:'),
        { label: 'Withdraw on the command line', code: `latchkey withdraw ${id}` },
      ];
    case 'approved':
      return [
        { label: 'Run a command with the access', code: `latchkey exec ${role.id} -- aws sts get-caller-identity` },
        { label: 'Open the AWS console', code: `latchkey console ${role.id}` },
        next(
          `Both work as often as you need until the grant ends. When you are done, hand it back: latchkey hand-back ${id}.`,
        ),
      ];
    case 'denied':
      return [next('If you still need the access, talk to the person who denied it before you file a new request.')];
    case 'revoked': {
      const whom = outcome?.by.kind === 'catalogue' ? 'the owner of the catalogue' : 'the person who revoked it';
      return [next(`${sessionsAfterEnd(request)} If you still need the access, talk to ${whom}.`)];
    }
    case 'no-approver':
      return [
        next(
          'Ask the owner of the catalogue to name approvers for this role: they are asked automatically. Otherwise the request lapses. You can also withdraw it:',
        ),
        { label: 'Withdraw on the command line', code: `latchkey withdraw ${id}` },
      ];
    case 'lapsed':
      return [next('If you still need the access, file the request again.')];
    case 'unreached':
      return [
        next(
          'Tell them another way, or ask another approver. Tell the owner of the catalogue that the address is wrong.',
        ),
      ];
    default:
      return [next('No action needed.')];
  }
}

/** What people who decide, review or administer can do next. */
export function nextForApprover(kind: Report, request: RequestRecord): Paragraph[] {
  const revoke = { label: 'Revoke on the command line', code: `latchkey revoke ${request.id} --comment "..."` };
  switch (kind) {
    case 'approved':
      return [next('No action needed. If this was a mistake, revoke the grant.'), revoke];
    case 'revoked':
      return [next(`No action needed. ${sessionsAfterEnd(request)}`)];
    case 'no-approver':
      return [
        next(
          'Name approvers for this role in the catalogue: they are asked automatically. Otherwise the request lapses.',
        ),
      ];
    case 'break-glass':
      return [
        next(
          'Find out whether the emergency is real. If it is not, an approver, a reviewer or an admin can revoke the grant.',
        ),
        revoke,
      ];
    case 'unreached':
      return [
        next('Tell them another way, or act yourself. Tell the owner of the catalogue that the address is wrong.'),
      ];
    case 'review':
    case 'review-overdue':
      return [
        next(
          `Look at what was done: CloudTrail carries the request as the session tag ${sessionTags.request}. Then sign with a comment that says what you found.`,
        ),
      ];
    default:
      return [next('No action needed: there is nothing left to decide, and earlier links no longer work.')];
  }
}

const next = (text: string): Paragraph => ({ label: 'What to do next', text: [text] });
