// Which page a mailed link opens, and which one says what became of it.
import type { OpenedLink } from './links.ts';
import { type Draft, decisionPage, outcomePage } from './pages.ts';
import { reviewedPage, reviewPage } from './review-page.ts';
import { withdrawalPage } from './withdrawal-page.ts';

const asking = { decide: decisionPage, withdraw: withdrawalPage, review: reviewPage };
const telling = { decide: outcomePage, withdraw: outcomePage, review: reviewedPage };

/** @param now epoch milliseconds @param draft what was typed into the page's form when it was refused */
export const pageToAnswer = (
  { request, holder, does, needsSignIn, block }: OpenedLink,
  now: number,
  nonce: string,
  draft?: Draft,
): string => asking[does](request, { holder, now, nonce, needsSignIn, block, ...(draft && { draft }) });

/** After an answer, or in the place of the question where there is nothing left to answer. */
export const pageAfter = ({ request, holder, does, spent }: OpenedLink, now: number, nonce: string): string =>
  telling[does](request, { holder, now, nonce }, spent ? 'spent' : 'decided');
