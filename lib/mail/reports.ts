// What a mail says that reports how a request went: what happened, who did it, and what its reader can do next.
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

/** What happened and who did it. */
export function story(kind: Report, request: Told, about?: Named): { lead: Phrase; facts: Fact[] } {
  const { filedBy, decideBy, outcome, automatic, review, timeZone } = request;
  const wish = say`The request by ${requesterOf(request)} for ${what(request)}`;
  const bot: Fact[] = filedBy ? [{ label: 'Filed by', value: [`the bot ${filedBy.principal}`] }] : [];
  const grant = grantFacts(request);
  const by = (label: string): Fact[] =>
    outcome
      ? [
          {
            label,
            value: say`${whoEnded(outcome)}, ${instantText(outcome.at, timeZone)}`,
            ...(outcome.why !== undefined && { quote: outcome.why }),
          },
        ]
      : [];
  switch (kind) {
    case 'filed':
      return {
        lead: say`Something was filed in your name: a request for ${what(request)}.`,
        facts: [...bot, { label: 'Decide until', value: [instantText(decideBy, timeZone)] }],
      };
    case 'approved':
      if (review)
        return {
          lead: say`${wish} is granted by break-glass: nobody approved it, and approvers, reviewers and admins were told.`,
          facts: grant,
        };
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
      return {
        lead: say`${wish} lapsed: it was not decided by ${instantText(decideBy, timeZone)}.`,
        facts: decisionsOf(request),
      };
    case 'ended':
      return { lead: say`${wish} is over: the grant was handed back early.`, facts: by('Handed back by') };
    case 'no-approver':
      return {
        lead: say`${wish} cannot be approved any more: since it was filed, the catalogue changed and now names too few approvers for it.`,
        facts: [...bot, { label: 'Decide until', value: [instantText(decideBy, timeZone)] }],
      };
    case 'unreached':
      return {
        lead: say`${about ?? 'Somebody'} could not be told about the request by ${requesterOf(request)} for ${what(request)}: the email was permanently rejected.`,
        facts: [...(about ? [{ label: 'Address', value: [about.key] }] : []), ...stillWaiting(request)],
      };
    case 'break-glass':
      return {
        lead: say`${requesterOf(request)} has used break-glass and can use ${what(request)} now. Nobody approved it.`,
        facts: [...grant, ...reviewFacts(request)],
      };
    case 'review':
      return {
        lead: say`${requesterOf(request)} used break-glass for ${what(request)}. The grant is over, and somebody has to review what was done with it.`,
        facts: [
          ...grant,
          { label: 'Sessions issued', value: [String(request.vended)] },
          ...ticketFacts(request),
          ...reviewFacts(request),
        ],
      };
    case 'review-overdue':
      return {
        lead: say`Nobody has reviewed what ${requesterOf(request)} did by break-glass with ${what(request)}. Until somebody does, break-glass is refused to them.`,
        facts: [...grant, { label: 'Sessions issued', value: [String(request.vended)] }, ...reviewFacts(request)],
      };
    case 'reviewed':
      return {
        lead: say`What was done by break-glass with ${what(request)} was reviewed.`,
        facts: reviewFacts(request),
      };
  }
}

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
