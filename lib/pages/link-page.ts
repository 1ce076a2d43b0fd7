// The page that an emailed link opens, and the page that shows the result.

import type { Catalogue } from '../catalogue/catalogue.ts';
import type { OpenedLink } from '../mail/links.ts';
import { decisionPage } from './asking-page.ts';
import { outcomePage } from './outcome-page.ts';
import type { After, Draft } from './page.ts';
import { reviewedPage, reviewPage } from './review-page.ts';
import { revocationPage } from './revocation-page.ts';
import { withdrawalPage } from './withdrawal-page.ts';

const asking = { decide: decisionPage, withdraw: withdrawalPage, revoke: revocationPage, review: reviewPage };
const telling = { decide: outcomePage, withdraw: outcomePage, revoke: outcomePage, review: reviewedPage };

/** @param now epoch milliseconds @param draft what was typed into the page's form when it was refused */
export const pageToAnswer = (
  { request, holder, does, needsSignIn, block }: OpenedLink,
  { roles, timeZone }: Pick<Catalogue, 'roles' | 'timeZone'>,
  now: number,
  nonce: string,
  draft?: Draft,
): string =>
  asking[does](
    { ...request, timeZone },
    {
      holder,
      now,
      nonce,
      needsSignIn,
      block,
      role: roles.get(request.role.id),
      ...(draft && { draft }),
    },
  );

/** @param after see pages/decision-page.ts */
export const pageAfter = (
  { request, holder, does }: OpenedLink,
  { timeZone }: Pick<Catalogue, 'timeZone'>,
  now: number,
  nonce: string,
  after: After,
): string => telling[does]({ ...request, timeZone }, { holder, now, nonce, does }, after);
