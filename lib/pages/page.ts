// What all pages behind mailed links are made of: one document each, no script, nothing remote.

import type { Role } from '../catalogue/catalogue.ts';
import { bannerOf } from '../common/account-banner.ts';
import { type Hole, html, htmlText } from '../common/html.ts';
import { oneLine, visible } from '../common/people-text.ts';
import type { Purpose } from '../mail/links.ts';
import { type Fact, keyBeside, type Named, type Phrase } from '../mail/wording.ts';
import type { Problem } from '../model/problem.ts';
import { type ProblemCode, problemTable } from '../model/problem-table.ts';
import type { Block, RequestRecord } from '../model/schema.ts';
import { pageStyle } from './page-style.ts';

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
  /** what the link is for */
  does?: Purpose;
  /** in the current catalogue; undefined if it was removed */
  role?: Role | undefined;
};

/** `decided`: the holder of the link has just answered by it; `spent`: it was opened with nothing left to answer; `late`: it was answered all the same. */
export type After = 'decided' | 'spent' | 'late';

/** What was typed into a form that was refused, and why it was: both are shown again with the form. */
export type Draft = { comment: string; duration?: string | undefined; problem: Problem };

/** Says that an answer does not count, and why. What is wrong with a field stands at the field. */
export function notRecorded({ problem }: Draft): Hole {
  const errors = (problem.extras.errors ?? []).filter(({ pointer }) => pointer !== '/comment');
  const detail = problem.code === 'invalid-request' ? 'Please correct the form and send it again.' : problem.detail;
  return html`<div class="notice failed" role="alert">
<p><strong>Your answer was not recorded.</strong> ${visible(detail)}</p>
${problem.code === 'invalid-request' && errors.map(({ pointer, detail }) => html`<p>${visible(pointer.slice(1))} ${visible(detail)}</p>`)}
</div>`;
}

/** A parser drops a line break at the beginning of a textarea, so one stands there for it to drop. */
export function commentField(label: string, { hint, draft, isRequired = false }: CommentField): Hole {
  const errors = (draft?.problem.extras.errors ?? []).filter(({ pointer }) => pointer === '/comment');
  const described = errors.length > 0 ? 'comment-error comment-hint' : 'comment-hint';
  const invalid = String(errors.length > 0);
  const text = html`\n${visible(draft?.comment ?? '')}`;
  return html`<label for="comment">${label}${!isRequired && html` <span class="soft">(optional)</span>`}</label>
${errors.map(({ detail }) => html`<p class="error" id="comment-error">The comment ${visible(detail)}.</p>\n`)}${
  isRequired
    ? html`<textarea id="comment" name="comment" rows="4" maxlength="1000" required dir="auto" autocomplete="off" aria-invalid="${invalid}" aria-describedby="${described}">${text}</textarea>`
    : html`<textarea id="comment" name="comment" rows="2" maxlength="1000" dir="auto" autocomplete="off" aria-invalid="${invalid}" aria-describedby="${described}">${text}</textarea>`
}
<p class="hint" id="comment-hint">${hint}</p>`;
}

type CommentField = { hint: Hole; draft?: Draft | undefined; isRequired?: boolean };

/**
 * What a spent link still says: the status alone. Who asked for what and why is for those who sign in.
 * @param refused why an answer that was just sent does not count; undefined where the link was only opened
 */
export const spentPage = ({ id }: RequestRecord, status: string, nonce: string, refused?: string): string =>
  document(
    refused === undefined ? status : 'Not recorded',
    { nonce, code: 'link-spent' },
    html`<h1>${refused === undefined ? status : 'Your answer was not recorded'}</h1>
<p class="notice">${refused ?? 'This link has already been used, or the request is over. Opening it changed nothing.'}</p>
${refused !== undefined && facts([{ label: 'Status', value: [status] }])}
<p class="next">To see the request, sign in and run <code>latchkey show ${id}</code>. Otherwise you can close this window.</p>`,
  );

/** A refusal as a page. */
export function problemPage(problem: Problem, nonce: string): string {
  const { title } = problemTable[problem.code];
  const errors = problem.extras.errors ?? [];
  return document(
    title,
    { nonce, code: problem.code },
    html`<h1>${title}</h1>
<p class="lead">${visible(problem.detail)}</p>
${errors.length > 0 && html`<ul>${errors.map(({ pointer, detail }) => html`<li><code>${visible(pointer)}</code> ${visible(detail)}</li>`)}</ul>`}`,
  );
}

// -- parts -----------------------------------------------------------------------------------------------------------

/** The account in its colour, where there is something to decide. */
export const band = (request: RequestRecord): Hole => html`<p class="band">${accountWords(request)}</p>`;

/** The account with a stripe of its colour, where everything is decided. */
export const quietBand = (request: RequestRecord): Hole => html`<p class="band quiet">${accountWords(request)}</p>`;

const accountWords = ({ role: { account } }: RequestRecord): Hole => html`<span class="band-label">Account</span>
<strong>${oneLine(account.name)}</strong>
<code>${account.id}</code>`;

/** Beside a title. Low risk is not said: it would be one more thing to read. */
export const riskBadge = ({ role }: RequestRecord): Hole =>
  role.risk === 'high' && html` <span class="badge"><span aria-hidden="true">▲</span> High risk</span>`;

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

// -- the document ----------------------------------------------------------------------------------------------------

/** @param code of the refusal that the page shows, for support */
export function document(
  title: string,
  { nonce, request, code }: { nonce: string; request?: RequestRecord; code?: ProblemCode | undefined },
  content: Hole,
): string {
  const { fill, ink } = bannerOf(request?.role.account.color);
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
