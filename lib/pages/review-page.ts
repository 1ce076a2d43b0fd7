// The pages behind the link of an email that asks for the review of a break-glass grant: all the facts, and the button that signs.

import { type Hole, html } from '../common/html.ts';
import { oneLine, visible } from '../common/people-text.ts';
import { durationText, instantText } from '../common/time.ts';
import {
  type Fact,
  grantFacts,
  requesterOf,
  say,
  scopeFacts,
  type Told,
  ticketFacts,
  what,
  whoAsks,
  whoEnded,
} from '../mail/wording.ts';
import type { EventType, RequestRecord } from '../model/schema.ts';
import { sessionTags } from '../model/session-tags.ts';
import { statusAt } from '../model/status.ts';
import { signInToAnswer } from './asking-page.ts';
import {
  type After,
  band,
  commentField,
  type Draft,
  document,
  facts,
  notRecorded,
  phrase,
  quietBand,
  riskBadge,
  spentPage,
  type View,
} from './page.ts';

/**
 * What was done by break-glass, with the form that signs it off once the grant is over. Posts `decision=sign` and `comment` to its own address.
 */
export function reviewPage(request: Told, { holder, now, nonce, needsSignIn, draft }: View): string {
  const running = isRunning(request, now);
  return document(
    'Review break-glass',
    { nonce, request, code: draft?.problem.code },
    html`<h1>Review break-glass${riskBadge(request)}</h1>
<p class="lead">${phrase(say`${requesterOf(request)} used break-glass for ${what(request)}. Nobody approved it, so somebody else has to review it afterwards.`)}</p>
${running && html`<p class="notice">The grant runs until ${instantText(request.grant?.endsAt ?? now, request.timeZone)}. Sign it off after that. Until then an approver, a reviewer or an admin can revoke it.</p>`}
${band(request)}
${facts([...useFacts(request), ...dueFacts(request, now)])}
${sessions(request)}
${history(request)}
${!running && (needsSignIn ? signInToAnswer(request) : signingForm(draft))}
<p class="hint">${phrase(say`You review as ${holder}.`)}</p>`,
  );
}

/**
 * Who signed the review, when, and what they found.
 */
export function reviewedPage(request: Told, { holder, nonce }: View, after: After): string {
  if (after !== 'decided')
    return spentPage(request, 'Signed off', nonce, after === 'late' ? tooLate(request) : undefined);
  const signed = request.review?.signed;
  const by = signed && signed.person !== holder.key ? { key: signed.person, name: signed.name } : 'You';
  return document(
    'Signed off',
    { nonce, request },
    html`<h1><span class="mark yes" aria-hidden="true">✓</span> Signed off</h1>
<p class="lead">${phrase(say`${by} signed the review of what ${requesterOf(request)} did by break-glass with ${what(request)}.`)}</p>
${quietBand(request)}
${facts([
  ...(signed
    ? [
        {
          label: 'Signed by',
          value: say`${{ key: signed.person, name: signed.name }}, ${instantText(signed.at, request.timeZone)}`,
          quote: signed.comment,
        },
      ]
    : []),
  ...useFacts(request),
])}
${sessions(request)}
${history(request)}
<p class="next">You can close this window.</p>`,
  );
}

// --- internal ---

const tooLate = ({ review, timeZone }: Told): string =>
  review?.signed
    ? `The review was already signed on ${instantText(review.signed.at, timeZone)}.`
    : 'There is nothing to sign.';

const isRunning = (request: RequestRecord, now: number): boolean =>
  ['active', 'scheduled'].includes(statusAt(request, now));

const useFacts = (request: RequestRecord): Fact[] => [
  { label: 'Used by', value: whoAsks(request) },
  { label: 'Role', value: [request.role.id], note: [request.role.description] },
  { label: 'Reason', quote: request.reason },
  ...ticketFacts(request),
  ...scopeFacts(request),
  { label: 'How long', value: [durationText(request.durationSeconds)] },
  ...grantFacts(request),
  ...earlyEnd(request),
];

const earlyEnd = ({ outcome, grant, timeZone }: Told): Fact[] =>
  outcome && grant && outcome.at < grant.endsAt
    ? [
        {
          label: 'Ended early',
          value: say`${instantText(outcome.at, timeZone)}, ${outcome.status === 'ended' ? 'handed back' : outcome.status} by ${whoEnded(outcome)}`,
        },
      ]
    : [];

const dueFacts = ({ review, timeZone }: Told, now: number): Fact[] =>
  review
    ? [{ label: 'Review due', value: [instantText(review.due, timeZone), ...(now < review.due ? [] : [': overdue'])] }]
    : [];

const signingForm = (draft: Draft | undefined): Hole => html`<form method="post" accept-charset="utf-8">
${draft && notRecorded(draft)}
<section class="effects" aria-label="What the button does">
<h2>If you sign off</h2>
<p>The review is closed with your comment, and the person who used break-glass is told. This cannot be undone.</p>
</section>
${commentField('What you found', { hint: 'Required. Kept on record and shown to everybody involved.', draft, isRequired: true })}
<div class="buttons">
<button class="approve" type="submit" name="decision" value="sign">Sign off</button>
</div>
</form>`;

function sessions({ sessions, vended, role, id, timeZone }: Told): Hole {
  const older = vended - sessions.length;
  return html`<section class="log" aria-label="Sessions">
<h2>Sessions issued: ${vended}</h2>
${
  vended === 0
    ? html`<p class="hint">None, so nothing can have been done in the account.</p>`
    : html`<ol>
${sessions.map(
  ({
    kind,
    accessKeyId,
    sessionName,
    issuedAt,
    expiresAt,
  }) => html`<li><span class="when">${instantText(issuedAt, timeZone)} until ${instantText(expiresAt, timeZone)}</span>
${kind === 'keys' ? 'Keys' : 'Console'} <code>${accessKeyId}</code>
<span class="when">${oneLine(sessionName)}</span></li>
`,
)}</ol>
${older > 0 && html`<p class="hint">${older} older ${older === 1 ? 'one is' : 'ones are'} no longer listed.</p>`}
<p class="hint">What they did is in CloudTrail of account ${role.account.id}: look for the access key ids, or for the session tag <code>${sessionTags.request}</code> = <code>${id}</code>.</p>`
}
</section>`;
}

const history = ({ history, timeZone }: Told): Hole => html`<section class="log" aria-label="History">
<h2>History</h2>
<ol>
${history.map(
  ({ at, type, actor, via, note }) => html`<li><span class="when">${instantText(at, timeZone)}</span>
${eventWords[type]} <span class="soft">by <bdi>${oneLine(actor)}</bdi>, via ${oneLine(via)}</span>
${note !== undefined && html`<blockquote dir="auto">${visible(note)}</blockquote>`}</li>
`,
)}</ol>
</section>`;

const eventWords: Record<EventType, string> = {
  filed: 'Filed',
  approved: 'Granted',
  denied: 'Denied',
  'mail-checked': 'Mail checked',
  reminded: 'Reminded',
  'approvers-changed': 'Approvers changed',
  'approvers-missing': 'Too few approvers',
  escalated: 'Escalated',
  vended: 'Session issued',
  undelivered: 'Session not handed out',
  withdrawn: 'Withdrawn',
  ended: 'Ended',
  revoked: 'Revoked',
  lapsed: 'Lapsed',
  'review-overdue': 'Review overdue',
  reviewed: 'Signed off',
  'sessions-revoked': 'Sessions revoked in AWS',
  'revocation-failed': 'Revoking sessions in AWS failed',
  'ticket-checked': 'Ticket checked',
  'ticket-unchecked': 'Ticket not checked',
};
