// The pages behind a mailed link: what is asked, what became of it, and what went wrong. One document each, no script, nothing remote.
import { bandOf } from './band.ts';
import { type Hole, html, htmlText } from './html.ts';
import { oneLine, visible } from './people-text.ts';
import { type Problem, problemTable } from './problem.ts';
import type { RequestRecord, Status } from './schema.ts';
import { statusAt } from './status.ts';
import { durationText, instantText } from './time.ts';
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
  waitingFor,
  what,
} from './wording.ts';

/** Headers of every page. Styles run by `nonce` alone; nothing may be fetched, framed, stored or told to another site. */
export const pageHeaders = (nonce: string): Record<string, string> => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-robots-tag': 'noindex, nofollow',
});

/**
 * What is asked, with both buttons. Posts `decision` and `comment` to its own address; a high-risk role shows everything
 * once more before the button that approves.
 * @param approver whom the link was mailed to
 * @param now epoch milliseconds
 * @param nonce the one in `pageHeaders`
 */
export function decisionPage(request: RequestRecord, approver: Named, now: number, nonce: string): string {
  const left = durationText(Math.max(60, Math.floor((request.decideBy - now) / 60_000) * 60));
  return document(
    'Approve or deny access',
    nonce,
    request,
    html`<h1>Approve or deny access?</h1>
<p class="lead">${phrase(say`${requesterOf(request)} asks for temporary access.`)}</p>
${band(request)}
${facts([...factsOf(request), ...decisionsOf(request)])}
<form method="post" accept-charset="utf-8">
<section class="effects" aria-label="What each answer does">
<h2>If you approve</h2>
<p>${phrase(ifApproved(request))}</p>
<h2>If you deny</h2>
<p>${phrase(ifDenied(request))}</p>
</section>
<label for="comment">Comment <span class="soft">(optional)</span></label>
<textarea id="comment" name="comment" rows="3" maxlength="1000" dir="auto" autocomplete="off" aria-describedby="comment-hint"></textarea>
<p class="hint" id="comment-hint">Kept on record and shown to everybody involved.</p>
<div class="buttons">
${request.role.risk === 'high' ? secondLook(request) : html`<button class="approve" type="submit" name="decision" value="approve">Approve</button>`}
<button class="deny" type="submit" name="decision" value="deny">Deny</button>
</div>
<p class="hint">${ifNobodyDecides(request).join('')} That is in ${left}.</p>
</form>
<p class="hint">${phrase(say`You decide as ${approver}${approver.name === approver.key ? '' : ` (${approver.key})`}.`)}</p>`,
  );
}

/**
 * What became of a request, as one of its approvers sees it.
 * @param approver whom the link was mailed to
 * @param after `decided`: this approver has just decided; `spent`: the link no longer decides anything
 */
export function outcomePage(request: RequestRecord, approver: Named, now: number, nonce: string, after: 'decided' | 'spent'): string {
  const { title, mark, lead } = outcomeOf(request, statusAt(request, now), approver);
  return document(
    title,
    nonce,
    request,
    html`<h1><span class="mark" aria-hidden="true">${mark}</span> ${title}</h1>
<p class="lead">${phrase(lead)}</p>
${after === 'spent' && html`<p class="notice">This link no longer decides anything. Nothing was changed by opening it. <span class="soft">(link-spent)</span></p>`}
${band(request)}
${facts([
  ...decisionsOf(request),
  ...grantFacts(request),
  { label: 'Asked by', value: [requesterOf(request)] },
  { label: 'Role', value: [request.role.id], note: [request.role.description] },
  { label: 'Reason', quote: request.reason },
])}`,
  );
}

/** A refusal as a page. The code is for whoever is asked for help. */
export function problemPage(problem: Problem, nonce: string): string {
  const { title } = problemTable[problem.code];
  const faults = problem.extras.errors ?? [];
  return document(
    title,
    nonce,
    undefined,
    html`<h1>${title}</h1>
<p class="lead">${visible(problem.detail)}</p>
${faults.length > 0 && html`<ul>${faults.map(({ pointer, detail }) => html`<li><code>${visible(pointer)}</code> ${visible(detail)}</li>`)}</ul>`}
<p class="hint">Code: <code>${problem.code}</code></p>`,
  );
}

// -- parts -----------------------------------------------------------------------------------------------------------

/** Approve lies behind a panel that says once more where, what and how long; opening it takes no script. */
const secondLook = (request: RequestRecord): Hole => html`<details class="second-look">
<summary>Approve…</summary>
<div class="panel">
<p><strong>This is a high-risk role. Please look once more.</strong></p>
${band(request)}
${facts([
  { label: 'Who', value: [requesterOf(request)] },
  { label: 'Role', value: [request.role.id], note: [request.role.description] },
  { label: 'How long', value: [durationText(request.durationSeconds)] },
  { label: 'If you approve', value: ifApproved(request) },
])}
<button class="approve" type="submit" name="decision" value="approve">Yes, approve</button>
</div>
</details>`;

export const band = ({ role: { account } }: RequestRecord): Hole => html`<p class="band"><span class="band-label">Account</span>
<strong>${oneLine(account.name)}</strong>
<code>${account.id}</code></p>`;

export const facts = (list: readonly Fact[]): Hole => html`<dl>
${list.map(
  ({ label, value, note, quote }) => html`<div><dt>${label}</dt>
${value && html`<dd>${phrase(value)}</dd>`}
${note && html`<dd class="soft">${phrase(note)}</dd>`}
${quote !== undefined && html`<dd><blockquote dir="auto">${visible(quote)}</blockquote></dd>`}</div>
`,
)}</dl>`;

export const phrase = (parts: Phrase): Hole =>
  parts.map((part) => (typeof part === 'string' ? visible(part) : html`<bdi>${'said' in part ? oneLine(part.said, 200) : oneLine(part.name)}</bdi>`));

export const grantFacts = ({ startsAt, endsAt }: RequestRecord): Fact[] =>
  startsAt === undefined || endsAt === undefined ? [] : [{ label: 'Access', value: [`from ${instantText(startsAt)} until ${instantText(endsAt)}`] }];

type Outcome = { title: string; mark: string; lead: Phrase };

function outcomeOf(request: RequestRecord, status: Status, approver: Named): Outcome {
  const wish = say`The request by ${requesterOf(request)} for ${what(request)}`;
  const own = request.stages.flatMap(({ decisions }) => decisions).find(({ person }) => person === approver.key)?.decision;
  const by = (verb: string): Phrase => say`${wish} was ${verb} by ${own === 'deny' ? 'you' : { key: '', name: request.outcome?.by ?? 'somebody else' }}.`;
  switch (status) {
    case 'pending':
      return own === 'approve'
        ? { title: 'Your approval counts', mark: '✓', lead: say`${wish} is still pending: it waits for ${waitingFor(request)}.` }
        : { title: 'Still pending', mark: '…', lead: say`${wish} waits for ${waitingFor(request)}.` };
    case 'scheduled':
    case 'active':
      return {
        title: 'Approved',
        mark: '✓',
        lead: own === 'approve' ? say`You approved. ${wish} is granted.` : say`${wish} was approved by ${approvedBy(request)}.`,
      };
    case 'ended':
      return {
        title: 'Ended',
        mark: '■',
        lead:
          request.outcome && request.endsAt !== undefined && request.outcome.at < request.endsAt
            ? say`${wish} was approved, and the grant was handed back early.`
            : say`${wish} was approved, and the grant has ended.`,
      };
    case 'denied':
      return { title: 'Denied', mark: '✕', lead: by('denied') };
    case 'withdrawn':
      return { title: 'Withdrawn', mark: '–', lead: by('withdrawn') };
    case 'revoked': {
      const until = lastSessionEnd(request);
      return {
        title: 'Revoked',
        mark: '■',
        lead:
          until === undefined
            ? by('revoked')
            : say`${by('revoked')} Sessions that are already out end on ${instantText(until)} at the latest.${revocationText(request)}`,
      };
    }
    case 'lapsed':
      return { title: 'Lapsed', mark: '–', lead: say`${wish} was not decided by ${instantText(request.decideBy)}. Access was not given.` };
  }
}

function approvedBy({ automatic, stages }: RequestRecord): Phrase {
  const people = stages.flatMap(({ decisions }) => decisions.filter(({ decision }) => decision === 'approve'));
  return automatic || people.length === 0
    ? ["the catalogue's rule"]
    : people.flatMap(({ person, name }, i): Phrase => [...(i === 0 ? [] : [', ']), { key: person, name }]);
}

// -- the document ----------------------------------------------------------------------------------------------------

export function document(title: string, nonce: string, request: RequestRecord | undefined, content: Hole): string {
  const { fill, ink } = bandOf(request?.role.account.color);
  return htmlText(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex, nofollow">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<meta name="color-scheme" content="light dark">
<title>${title} · Latchkey</title>
<style nonce="${nonce}">
:root { --account: ${fill}; --account-ink: ${ink}; }
${style}
</style>
</head>
<body>
<header><span class="brand">Latchkey</span></header>
<main>
${content}
</main>
${request && html`<footer>Request <code>${request.id}</code> · <code>${request.role.arn}</code></footer>`}
</body>
</html>
`);
}

/** Colours in pairs of at least 4.5 to 1, in both schemes. */
const style = html`
:root { color-scheme: light dark; --ground: #f1f5f9; --sheet: #ffffff; --text: #0f172a; --soft: #475569; --line: #cbd5e1; --field: #64748b; --yes: #166534; --yes-ink: #ffffff; --no: #b91c1c; --focus: #1d4ed8; --calm: #f8fafc; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0b1120; --sheet: #131c2e; --text: #e8eef7; --soft: #a9b8cd; --line: #33425b; --field: #8597b3; --yes: #4ade80; --yes-ink: #052e16; --no: #fca5a5; --focus: #93c5fd; --calm: #1a2539; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; padding: 0 16px 40px; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
header, main, footer { max-width: 600px; margin: 0 auto; }
header { padding: 20px 4px 12px; }
.brand { font-weight: 700; letter-spacing: .01em; color: var(--soft); }
main { background: var(--sheet); border: 1px solid var(--line); border-radius: 16px; padding: 28px 28px 24px; }
footer { padding: 16px 4px; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
h1 { font-size: 26px; line-height: 1.25; letter-spacing: -.01em; margin: 0 0 6px; }
h2 { font-size: 15px; margin: 0; }
p { margin: 0; overflow-wrap: anywhere; }
.lead { margin: 0 0 20px; font-size: 17px; }
.notice { margin: 0 0 20px; padding: 10px 14px; border-left: 4px solid var(--focus); background: var(--calm); }
.soft, .hint { color: var(--soft); }
.hint { font-size: 14px; margin-top: 8px; }
code { font: 0.92em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.band { background: var(--account); color: var(--account-ink); border-radius: 12px; padding: 14px 18px; margin: 0 0 20px; display: grid; gap: 2px; }
.band-label { font-size: 13px; }
.band strong { font-size: 22px; line-height: 1.25; }
.band code { font-size: 15px; letter-spacing: .02em; }
dl { margin: 0; display: grid; gap: 14px; }
dt { color: var(--soft); font-size: 14px; }
dd { margin: 0; overflow-wrap: anywhere; }
blockquote { margin: 4px 0 0; padding: 2px 0 2px 14px; border-inline-start: 4px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere; }
form { margin-top: 24px; padding-top: 24px; border-top: 1px solid var(--line); }
.effects { background: var(--calm); border: 1px solid var(--line); border-radius: 12px; padding: 14px 18px; margin-bottom: 20px; }
.effects p + h2 { margin-top: 10px; }
label { display: block; font-weight: 600; margin-bottom: 6px; }
label .soft { font-weight: 400; }
textarea { display: block; width: 100%; min-height: 88px; padding: 10px 12px; font: inherit; color: inherit; background: transparent; border: 1px solid var(--field); border-radius: 10px; resize: vertical; }
.buttons { display: grid; gap: 12px; margin: 20px 0 4px; }
button, summary { font: inherit; font-size: 18px; font-weight: 650; min-height: 52px; padding: 12px 20px; border-radius: 12px; cursor: pointer; width: 100%; text-align: center; }
.approve, summary { background: var(--yes); color: var(--yes-ink); border: 2px solid var(--yes); }
.deny { background: transparent; color: var(--no); border: 2px solid var(--no); }
summary { list-style: none; }
summary::-webkit-details-marker { display: none; }
details[open] summary { background: transparent; color: var(--yes); border-style: dashed; }
.panel { margin-top: 12px; padding: 18px; border: 2px solid var(--account); border-radius: 12px; }
.panel > p:first-child { margin-bottom: 14px; }
.panel dl { margin-bottom: 18px; }
button:hover, summary:hover { filter: brightness(1.08); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 3px; }
ul { margin: 0 0 16px; padding-inline-start: 22px; }
.mark { color: var(--soft); }
@media (min-width: 640px) {
  header { padding-top: 36px; }
  main { padding: 36px 40px 32px; }
  dl > div { display: grid; grid-template-columns: 150px 1fr; column-gap: 16px; }
  dl > div > dd { grid-column: 2; }
  dl blockquote { margin-top: 0; }
  .buttons { grid-template-columns: 1fr 1fr; align-items: start; }
  .second-look[open] { grid-column: 1 / -1; }
  .second-look[open] + .deny { grid-column: 1 / -1; }
}
@media (max-width: 400px) { body { padding-inline: 10px; } main { padding: 22px 18px 20px; } }
@media print { body { background: none; } }
`;
