// The page that says what became of a request, and whether an answer by its link counts.
import { html } from '../common/html.ts';
import { instantText } from '../common/time.ts';
import {
  decisionsOf,
  grantFacts,
  type Named,
  type Phrase,
  reasonFacts,
  requesterOf,
  say,
  sessionsAfterEnd,
  type Told,
  waitingFor,
  what,
  whoEnded,
} from '../mail/wording.ts';
import type { Decision, RequestRecord, Status } from '../model/schema.ts';
import { statusAt } from '../model/status.ts';
import { type After, document, facts, phrase, quietBand, spentPage, type View } from './page.ts';

/** What became of a request, as one of its approvers sees it, or the person in whose name a bot filed it. */
export function outcomePage(request: Told, { holder, now, nonce, does = 'decide' }: View, after: After): string {
  const status = statusAt(request, now);
  const { title, mark, tone, lead, next } = outcomeOf(request, status, holder);
  if (after !== 'decided')
    return spentPage(
      request,
      title,
      nonce,
      after === 'late'
        ? tooLate(request, status, does === 'decide' ? decisionOf(request, holder) : undefined)
        : undefined,
    );
  return document(
    title,
    { nonce, request },
    html`<h1><span class="mark ${tone}" aria-hidden="true">${mark}</span> ${title}</h1>
<p class="lead">${phrase(lead)}</p>
<p class="next">${phrase(next)} You can close this window.</p>
${quietBand(request)}
${facts([
  ...decisionsOf(request),
  ...grantFacts(request),
  { label: 'Asked by', value: [requesterOf(request)] },
  { label: 'Role', value: [request.role.id], note: [request.role.description] },
  ...reasonFacts(request),
])}`,
  );
}

// --- internal ---

/** `tone`: the colour of the mark. */
type Outcome = { title: string; mark: string; tone: 'yes' | 'no' | 'over' | 'wait'; lead: Phrase; next: Phrase };

function outcomeOf(request: Told, status: Status, holder: Named): Outcome {
  const who = requesterOf(request);
  const isTold = say`${who} is told by email.`;
  const by = (verb: string, own: Phrase): Phrase =>
    isBy(request, holder) ? own : say`The request by ${who} for ${what(request)} was ${verb} by ${ender(request)}.`;
  switch (status) {
    case 'pending':
      return pendingOutcome(request, holder);
    case 'scheduled':
    case 'active':
      return grantedOutcome(request, holder);
    case 'ended':
      return { title: 'Ended', mark: '■', tone: 'over', lead: endedText(request), next: ['Nothing is left to do.'] };
    case 'denied': {
      const own = say`You denied this request. ${who} does not get ${what(request)}.`;
      return { title: 'Denied', mark: '✕', tone: 'no', lead: by('denied', own), next: isTold };
    }
    case 'withdrawn': {
      const own = say`You withdrew this request for ${what(request)}.`;
      return {
        title: 'Withdrawn',
        mark: '✕',
        tone: 'over',
        lead: by('withdrawn', own),
        next: ['The people who were asked are told.'],
      };
    }
    case 'revoked': {
      const own = say`You revoked this grant of ${what(request)}.`;
      const lead = say`${by('revoked', own)} ${sessionsAfterEnd(request)}`;
      return { title: 'Revoked', mark: '■', tone: 'no', lead, next: isTold };
    }
    case 'lapsed': {
      const lead = say`Nobody decided the request by ${who} for ${what(request)} by ${instantText(request.decideBy, request.timeZone)}. Access was not given.`;
      return { title: 'Lapsed', mark: '◷', tone: 'over', lead, next: isTold };
    }
  }
}

function pendingOutcome(request: RequestRecord, holder: Named): Outcome {
  const waits = say`It needs ${waitingFor(request)}.`;
  return decisionBy(request, holder) === 'approve'
    ? {
        title: 'Your approval counts',
        mark: '✓',
        tone: 'wait',
        lead: say`You approved this request by ${requesterOf(request)} for ${what(request)}. ${waits}`,
        next: ['You get an email when it is decided.'],
      }
    : {
        title: 'Still pending',
        mark: '…',
        tone: 'wait',
        lead: say`The request by ${requesterOf(request)} for ${what(request)} is still pending. ${waits}`,
        next: ['Nothing is left for you to do.'],
      };
}

function grantedOutcome(request: RequestRecord, holder: Named): Outcome {
  const who = requesterOf(request);
  const lead =
    decisionBy(request, holder) === 'approve'
      ? say`You approved this request. ${who} can use ${what(request)}.`
      : say`The request by ${who} for ${what(request)} was approved by ${approvedBy(request)}.`;
  const next = say`${who} is told by email. You get one too, with a link to revoke the grant if this was a mistake.`;
  return { title: 'Approved', mark: '✓', tone: 'yes', lead, next };
}

const endedText = ({ outcome, grant }: RequestRecord): Phrase =>
  outcome && grant && outcome.at < grant.endsAt
    ? ['The request was approved, and the grant was handed back early.']
    : ['The request was approved, and the grant has ended.'];

/** Why an answer came too late, with no more of the request than its status: the link may be in other hands by now. */
/** @param own what the holder has decided before */
function tooLate(request: Told, status: Status, own: Decision | undefined): string {
  if (own)
    return `You already ${own.decision === 'approve' ? 'approved' : 'denied'} this request on ${instantText(own.at, request.timeZone)}. That decision counts.`;
  const { outcome, decideBy, grant, timeZone } = request;
  switch (status) {
    case 'pending':
      return 'Other approvers have already decided this step. The request waits for the next approvers.';
    case 'scheduled':
    case 'active':
      return 'The request was already approved by others.';
    case 'lapsed':
      return `Nobody had decided the request by ${instantText(decideBy, timeZone)}, so it has lapsed.`;
    case 'ended':
      return `The grant ended on ${instantText(outcome?.at ?? grant?.endsAt ?? decideBy, timeZone)}.`;
    default:
      return `The request was ${status} on ${instantText(outcome?.at ?? decideBy, timeZone)}.`;
  }
}

const decisionOf = ({ stages }: RequestRecord, { key }: Named) =>
  stages.flatMap(({ decisions }) => decisions).find(({ person }) => person === key);
const decisionBy = (request: RequestRecord, holder: Named) => decisionOf(request, holder)?.decision;

const isBy = ({ outcome }: RequestRecord, { key }: Named): boolean =>
  outcome?.by.kind === 'person' && outcome.by.key === key;
const ender = ({ outcome }: RequestRecord): Named | string => (outcome ? whoEnded(outcome) : 'somebody');

function approvedBy({ automatic, stages }: RequestRecord): Phrase {
  const people = stages.flatMap(({ decisions }) => decisions.filter(({ decision }) => decision === 'approve'));
  return automatic || people.length === 0
    ? ["the catalogue's rule"]
    : people.flatMap(({ person, name }, i): Phrase => [...(i === 0 ? [] : [', ']), { key: person, name }]);
}
