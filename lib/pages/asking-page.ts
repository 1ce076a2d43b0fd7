// The page that asks an approver: who asks for what and why, with the buttons, then everything else there is to know.

import { type Hole, html } from '../common/html.ts';
import { visible } from '../common/people-text.ts';
import { DAY, durationText, HOUR, instantText, MINUTE, SECOND } from '../common/time.ts';
import {
  asksFor,
  decisionsOf,
  factsOf,
  ifApproved,
  ifDenied,
  ifNobodyDecides,
  reachFacts,
  reasonFacts,
  requesterOf,
  say,
  type Told,
} from '../mail/wording.ts';
import { commandsToDecide } from '../model/how-to-decide.ts';
import type { Block, RequestRecord } from '../model/schema.ts';
import { blockText } from '../policy/block.ts';
import { band, commentField, type Draft, document, facts, notRecorded, phrase, riskBadge, type View } from './page.ts';
import { rights } from './role-rights.ts';

/**
 * What is asked, with both buttons. Posts `decision`, `duration` and `comment` to its own address; a high-risk role shows everything
 * once more before the button that approves.
 */
export function decisionPage(request: Told, view: View): string {
  const { holder, nonce, needsSignIn, block, draft, role } = view;
  return document(
    'Approve or deny access',
    { nonce, request, code: draft?.problem.code },
    html`<h1>Approve or deny access?${riskBadge(request)}</h1>
<p class="lead">${phrase(asksFor(request))}</p>
${band(request)}
${facts(reasonFacts(request))}
${block && blockNotice(block, request)}${needsSignIn ? signInToAnswer(request) : decisionForm(request, view)}
${effects(request, block)}
${facts([...factsOf(request), ...decisionsOf(request)])}
${rights(request, role)}
<p class="hint">${phrase(say`You decide as ${holder}.`)}</p>`,
  );
}

/** What stands in the place of the buttons where an emailed link does not decide. */
export const signInToAnswer = (
  request: RequestRecord,
): Hole => html`<section class="effects" aria-label="How to answer">
<h2>Sign in to answer</h2>
<p>An emailed link is not enough here. Sign in, and run on the command line:</p>
<pre>${commandsToDecide(request).join('\n')}</pre>
</section>`;

// --- internal ---

const blockNotice = (
  block: Block,
  { timeZone }: Told,
): Hole => html`<p class="notice">${visible(blockText(block, (at) => instantText(at, timeZone)))} Until then this request can be denied, not approved. <span class="soft">(blocked)</span></p>
`;

const effects = (
  request: RequestRecord,
  block: Block | undefined,
): Hole => html`<section class="effects" aria-label="What each answer does">
${!block && html`<h2>If you approve</h2>\n<p>${phrase(ifApproved(request))}</p>\n`}<h2>If you deny</h2>
<p>${phrase(ifDenied(request))}</p>
</section>`;

const decisionForm = (
  request: RequestRecord,
  { now, block, draft }: View,
): Hole => html`<form method="post" accept-charset="utf-8">
${draft && notRecorded(draft)}
${!block && request.role.risk === 'low' && grantFor(request, draft)}
${commentField('Comment', { hint: phrase(say`Kept on record. If you deny, say why: ${requesterOf(request)} reads it.`), draft })}
<div class="buttons">
${!block && approveButton(request, draft)}
<button class="deny" type="submit" name="decision" value="deny">Deny</button>
</div>
<p class="hint">${phrase(ifNobodyDecides(request, now))}</p>
</form>`;

const approveButton = (request: RequestRecord, draft: Draft | undefined): Hole =>
  request.role.risk === 'high'
    ? secondLook(request, draft)
    : html`<button class="approve" type="submit" name="decision" value="approve">Approve</button>`;

/** Approve lies behind a panel that says once more where, what and how long; opening it takes no script. */
const secondLook = (request: RequestRecord, draft: Draft | undefined): Hole => html`<details class="second-look">
<summary class="approve">Review and approve…</summary>
<div class="panel">
<p><strong>This is a high-risk role. Please look once more.</strong></p>
${band(request)}
${facts([
  { label: 'Who', value: [requesterOf(request)] },
  { label: 'Role', value: [request.role.id], note: [request.role.description] },
  ...reachFacts(request),
  { label: 'If you approve', value: ifApproved(request) },
])}
${grantFor(request, draft)}
<button class="approve" type="submit" name="decision" value="approve">Yes, approve</button>
</div>
</details>`;

/** An approver may grant less than was asked for; the first choice is what was asked for. */
function grantFor({ durationSeconds }: RequestRecord, draft: Draft | undefined): Hole {
  const shorter = [
    14 * DAY,
    7 * DAY,
    3 * DAY,
    DAY,
    12 * HOUR,
    8 * HOUR,
    4 * HOUR,
    2 * HOUR,
    HOUR,
    30 * MINUTE,
    15 * MINUTE,
  ]
    .map((ms) => ms / SECOND)
    .filter((seconds) => seconds < durationSeconds)
    .slice(0, 5);
  return html`<label for="duration">Grant for</label>
<select id="duration" name="duration">
<option value="${durationSeconds}s">${durationText(durationSeconds)} (as requested)</option>
${shorter.map((seconds) => shorterOption(seconds, draft))}</select>`;
}

const shorterOption = (seconds: number, draft: Draft | undefined): Hole =>
  draft?.duration === `${seconds}s`
    ? html`<option value="${seconds}s" selected>${durationText(seconds)}</option>\n`
    : html`<option value="${seconds}s">${durationText(seconds)}</option>\n`;
