// The pages behind a mailed link: what is asked, what became of it, and what went wrong. One document each, no script, nothing remote.
import { howToDecide } from './assurance.ts';
import { bandOf } from './band.ts';
import { blockText } from './block.ts';
import { type Hole, html, htmlText } from './html.ts';
import { pageStyle } from './page-style.ts';
import { oneLine, visible } from './people-text.ts';
import { type Problem, type ProblemCode, problemTable } from './problem.ts';
import type { Block, RequestRecord, Status } from './schema.ts';
import { statusAt } from './status.ts';
import { durationText, instantText } from './time.ts';
import {
  decisionsOf,
  type Fact,
  factsOf,
  grantFacts,
  ifApproved,
  ifDenied,
  ifNobodyDecides,
  keyBeside,
  lastSessionEnd,
  type Named,
  type Phrase,
  requesterOf,
  revocationText,
  say,
  ticketFacts,
  waitingFor,
  what,
  whoEnded,
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

/** For whom a page is drawn, and when. */
export type View = {
  /** whom the link was mailed to */
  holder: Named;
  /** epoch milliseconds */
  now: number;
  /** the one in `pageHeaders` */
  nonce: string;
  /** the link does not decide: the page says how to, and has no buttons */
  needsSignIn?: boolean;
  /** the link can deny, and not approve */
  block?: Block | undefined;
  /** what was typed into the page's form when it was refused */
  draft?: Draft;
};

/** What was typed into a form that was refused, and why it was: both are shown again with the form. */
export type Draft = { comment: string; problem: Problem };

/**
 * What is asked, with both buttons. Posts `decision` and `comment` to its own address; a high-risk role shows everything
 * once more before the button that approves.
 */
export function decisionPage(request: RequestRecord, { holder, now, nonce, needsSignIn, block, draft }: View): string {
  const left = durationText(Math.max(60, Math.floor((request.decideBy - now) / 60_000) * 60));
  return document(
    'Approve or deny access',
    { nonce, request, code: draft?.problem.code },
    html`<h1>Approve or deny access?</h1>
<p class="lead">${phrase(say`${requesterOf(request)} asks for temporary access.`)}</p>
${band(request)}
${facts([...factsOf(request), ...decisionsOf(request)])}
${block && html`<p class="notice">${visible(blockText(block, instantText))} Until then this request can be denied, not approved. <span class="soft">(blocked)</span></p>\n`}${needsSignIn ? signInToAnswer(request) : decisionForm(request, left, { block, draft })}
<p class="hint">${phrase(say`You decide as ${holder}.`)}</p>`,
  );
}

const effects = (
  request: RequestRecord,
  block?: Block,
): Hole => html`<section class="effects" aria-label="What each answer does">
${
  !block &&
  html`<h2>If you approve</h2>
<p>${phrase(ifApproved(request))}</p>
`
}<h2>If you deny</h2>
<p>${phrase(ifDenied(request))}</p>
</section>`;

const approveButton = (request: RequestRecord): Hole =>
  request.role.risk === 'high'
    ? secondLook(request)
    : html`<button class="approve" type="submit" name="decision" value="approve">Approve</button>`;

/** What stands in the place of the buttons where a mailed link does not decide. */
export const signInToAnswer = (request: RequestRecord): Hole => html`${!request.review && effects(request)}
<section class="effects" aria-label="How to answer">
<h2>Sign in to answer</h2>
<p>${howToDecide(request)}</p>
</section>`;

const decisionForm = (
  request: RequestRecord,
  left: string,
  { block, draft }: { block: Block | undefined; draft: Draft | undefined },
): Hole => html`<form method="post" accept-charset="utf-8">
${draft && notRecorded(draft)}
${effects(request, block)}
${commentField('Comment', draft)}
<div class="buttons">
${!block && approveButton(request)}
<button class="deny" type="submit" name="decision" value="deny">Deny</button>
</div>
<p class="hint">${ifNobodyDecides(request).join('')} That is in ${left}.</p>
</form>`;

/** Says that an answer does not count, and why. The faults of a field stand at the field. */
export function notRecorded({ problem }: Draft): Hole {
  const errors = (problem.extras.errors ?? []).filter(({ pointer }) => pointer !== '/comment');
  const detail = problem.code === 'invalid-request' ? 'Please correct the form and send it again.' : problem.detail;
  return html`<div class="notice" role="alert">
<p><strong>Your answer was not recorded.</strong> ${visible(detail)}</p>
${problem.code === 'invalid-request' && errors.map(({ pointer, detail }) => html`<p>${visible(pointer.slice(1))} ${visible(detail)}</p>`)}
</div>`;
}

/** A parser drops a line break at the beginning of a textarea, so one stands there for it to drop. */
export function commentField(label: string, draft?: Draft, isRequired = false): Hole {
  const faults = (draft?.problem.extras.errors ?? []).filter(({ pointer }) => pointer === '/comment');
  const [hints, invalid] =
    faults.length > 0 ? ['comment-fault comment-hint', 'true' as const] : ['comment-hint', 'false' as const];
  const text = html`\n${visible(draft?.comment ?? '')}`;
  return html`<label for="comment">${label}${!isRequired && html` <span class="soft">(optional)</span>`}</label>
${faults.map(({ detail }) => html`<p class="fault" id="comment-fault">The comment ${visible(detail)}.</p>\n`)}${
  isRequired
    ? html`<textarea id="comment" name="comment" rows="4" maxlength="1000" required dir="auto" autocomplete="off" aria-invalid="${invalid}" aria-describedby="${hints}">${text}</textarea>`
    : html`<textarea id="comment" name="comment" rows="3" maxlength="1000" dir="auto" autocomplete="off" aria-invalid="${invalid}" aria-describedby="${hints}">${text}</textarea>`
}
<p class="hint" id="comment-hint">${isRequired && 'Required. '}Kept on record and shown to everybody involved.</p>`;
}

/**
 * What became of a request, as one of its approvers sees it, or the person in whose name a bot filed it.
 * @param after `decided`: this approver has just decided; `spent`: the link no longer decides anything
 */
export function outcomePage(request: RequestRecord, { holder, now, nonce }: View, after: 'decided' | 'spent'): string {
  const { title, mark, lead } = outcomeOf(request, statusAt(request, now), holder);
  if (after === 'spent') return spentPage(request, title, nonce);
  return document(
    title,
    { nonce, request },
    html`<h1><span class="mark" aria-hidden="true">${mark}</span> ${title}</h1>
<p class="lead">${phrase(lead)}</p>
${band(request)}
${facts([
  ...decisionsOf(request),
  ...grantFacts(request),
  { label: 'Asked by', value: [requesterOf(request)] },
  { label: 'Role', value: [request.role.id], note: [request.role.description] },
  { label: 'Reason', quote: request.reason },
  ...ticketFacts(request),
])}`,
  );
}

/** What a spent link still says: the status alone. Who asked for what and why is for those who sign in. */
export const spentPage = ({ id }: RequestRecord, status: string, nonce: string): string =>
  document(
    status,
    { nonce, code: 'link-spent' },
    html`<h1>${status}</h1>
<p class="notice">This link has already been used, or its request is over. Nothing was changed by opening it.</p>
<p>To see the request, sign in: run latchkey show ${id}, or call GET /v1/requests/${id}.</p>`,
  );

/** A refusal as a page. */
export function problemPage(problem: Problem, nonce: string): string {
  const { title } = problemTable[problem.code];
  const faults = problem.extras.errors ?? [];
  return document(
    title,
    { nonce, code: problem.code },
    html`<h1>${title}</h1>
<p class="lead">${visible(problem.detail)}</p>
${faults.length > 0 && html`<ul>${faults.map(({ pointer, detail }) => html`<li><code>${visible(pointer)}</code> ${visible(detail)}</li>`)}</ul>`}`,
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

export const band = ({
  role: { account },
}: RequestRecord): Hole => html`<p class="band"><span class="band-label">Account</span>
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
  parts.map((part) => {
    if (typeof part === 'string') return visible(part);
    return 'said' in part ? html`<bdi>${oneLine(part.said, 200)}</bdi>` : person(part);
  });

/** Each of name and key is isolated, so that writing from right to left in the name cannot move the key. */
function person(named: Named): Hole {
  const key = keyBeside(named);
  return html`<bdi>${oneLine(named.name)}</bdi>${key !== undefined && html` (<bdi>${oneLine(key, MOST_KEY)}</bdi>)`}`;
}

/** No key is longer: an issuer's address and its subject. */
const MOST_KEY = 600;

type Outcome = { title: string; mark: string; lead: Phrase };

function outcomeOf(request: RequestRecord, status: Status, approver: Named): Outcome {
  const wish = say`The request by ${requesterOf(request)} for ${what(request)}`;
  const own = request.stages
    .flatMap(({ decisions }) => decisions)
    .find(({ person }) => person === approver.key)?.decision;
  const isOwnDoing = own === 'deny' || (status === 'withdrawn' && approver.key === request.requester.person);
  const by = (verb: string): Phrase =>
    say`${wish} was ${verb} by ${isOwnDoing || !request.outcome ? 'you' : whoEnded(request.outcome)}.`;
  switch (status) {
    case 'pending':
      return own === 'approve'
        ? {
            title: 'Your approval counts',
            mark: '✓',
            lead: say`${wish} is still pending: it waits for ${waitingFor(request)}.`,
          }
        : { title: 'Still pending', mark: '…', lead: say`${wish} waits for ${waitingFor(request)}.` };
    case 'scheduled':
    case 'active':
      return {
        title: 'Approved',
        mark: '✓',
        lead:
          own === 'approve'
            ? say`You approved. ${wish} is granted.`
            : say`${wish} was approved by ${approvedBy(request)}.`,
      };
    case 'ended':
      return {
        title: 'Ended',
        mark: '■',
        lead:
          request.outcome && request.grant && request.outcome.at < request.grant.endsAt
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
      return {
        title: 'Lapsed',
        mark: '–',
        lead: say`${wish} was not decided by ${instantText(request.decideBy)}. Access was not given.`,
      };
  }
}

function approvedBy({ automatic, stages }: RequestRecord): Phrase {
  const people = stages.flatMap(({ decisions }) => decisions.filter(({ decision }) => decision === 'approve'));
  return automatic || people.length === 0
    ? ["the catalogue's rule"]
    : people.flatMap(({ person, name }, i): Phrase => [...(i === 0 ? [] : [', ']), { key: person, name }]);
}

// -- the document ----------------------------------------------------------------------------------------------------

/** @param code of the refusal that the page tells of, for whoever is asked for help */
export function document(
  title: string,
  { nonce, request, code }: { nonce: string; request?: RequestRecord; code?: ProblemCode | undefined },
  content: Hole,
): string {
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
${pageStyle}
</style>
</head>
<body>
<header><span class="brand">Latchkey</span></header>
<main>
${content}
</main>
<footer>
${request && html`<p>Request <code>${request.id}</code> · <code>${request.role.arn}</code></p>`}
${code !== undefined && html`<p>Code <code>${code}</code></p>`}
</footer>
</body>
</html>
`);
}
