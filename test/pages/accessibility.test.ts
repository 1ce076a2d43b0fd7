// Accessibility, checked by axe: the pages behind emailed links in all their states, the emails, and the pages of the local issuer.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { renderMail } from '../../lib/actions/mail-channel.ts';
import { DAY, HOUR, MINUTE } from '../../lib/common/time.ts';
import type { Reply } from '../../lib/http/http.ts';
import type { NewsKind } from '../../lib/mail/messages.ts';
import { Problem } from '../../lib/model/problem.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { decisionPage } from '../../lib/pages/asking-page.ts';
import { outcomePage } from '../../lib/pages/outcome-page.ts';
import { problemPage, type View } from '../../lib/pages/page.ts';
import { reviewedPage, reviewPage } from '../../lib/pages/review-page.ts';
import { revocationPage } from '../../lib/pages/revocation-page.ts';
import { withdrawalPage } from '../../lib/pages/withdrawal-page.ts';
import { mailPage } from '../../local/mail-page.ts';
import { codePage, endPage, errorPage, personPage } from '../../local/oidc/sign-in-pages.ts';
import { violationsIn } from '../support/axe.ts';
import { launchChromium, withChromium } from '../support/chromium.ts';
import { approved, finished, next, record, start, vended } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const lena = { key: 'lead@example.com', name: 'Lena Park' };
const amira = { key: 'asi-dev@example.com', name: 'Amira Diaz' };
const role = catalogueOf({
  ...smallCatalogueFile,
  bots: {},
  roles: {
    read: {
      ...smallCatalogueFile.roles.read,
      permissions: {
        managed: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
        statements: [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::exports/*'] }],
      },
    },
  },
}).roles.get('read');
const view: View = { holder: lena, now: start + HOUR, nonce: 'bm9uY2Utbm9uY2U', role };
const draft = {
  comment: 'I do not know it',
  problem: new Problem('invalid-request', 'The comment is too short.', {
    errors: [
      { pointer: '/comment', detail: 'must have at least 30 characters' },
      { pointer: '/duration', detail: 'must be a duration such as 1h' },
    ],
  }),
};
const block = { id: 'b1', person: amira.key, comment: 'Laptop lost', by: lena, at: start, until: start + 2 * HOUR };

const pending = record({
  scope: {
    values: { folder: 'logs' },
    says: 'objects in logs',
    statements: [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::exports/logs/*'] }],
  },
});
const highRisk: RequestRecord = { ...pending, role: { ...pending.role, risk: 'high' } };
const granted = approved(pending, start + MINUTE);
const over = finished(granted, 'ended', start + 30 * MINUTE);
const breakGlass: RequestRecord = {
  ...vended(granted, start + 2 * MINUTE),
  review: { reviewers: [lena.key], people: [lena], admins: [], due: start + DAY },
};
const broken = finished(breakGlass, 'revoked', start + 30 * MINUTE);
const signed = next(broken, 'reviewed', start + 40 * MINUTE, {
  review: {
    ...breakGlass.review!,
    signed: { person: lena.key, principal: lena.key, name: lena.name, comment: 'Fine', via: 'link', at: start + HOUR },
  },
});
const lapsed = { ...view, now: pending.decideBy + MINUTE };

const pages: Record<string, string> = {
  'asks for a decision': decisionPage(pending, view),
  'asks for a decision on a high risk': decisionPage(highRisk, view),
  'asks for a decision that takes a sign-in': decisionPage(highRisk, { ...view, needsSignIn: true }),
  'asks while a block stands in the way': decisionPage(pending, { ...view, block }),
  'asks again after an answer with errors': decisionPage(pending, { ...view, draft }),
  'asks again about a high risk after an answer with errors': decisionPage(highRisk, { ...view, draft }),
  'says that a request is still pending': outcomePage(pending, view, 'decided'),
  'says that a request was approved': outcomePage(granted, view, 'decided'),
  'says that a grant has ended': outcomePage(over, view, 'decided'),
  'says that a request was denied': outcomePage(finished(pending, 'denied', start + MINUTE), view, 'decided'),
  'says that a request was withdrawn': outcomePage(finished(pending, 'withdrawn', start + MINUTE), view, 'decided'),
  'says that a grant was revoked': outcomePage(finished(granted, 'revoked', start + 2 * MINUTE), view, 'decided'),
  'says that a request lapsed': outcomePage(pending, lapsed, 'decided'),
  'says that a link was used before': outcomePage(granted, view, 'spent'),
  'says that an answer came too late': outcomePage(over, view, 'late'),
  'asks to review a grant that runs': reviewPage(breakGlass, { ...view, now: start + 3 * MINUTE }),
  'asks to review': reviewPage(broken, view),
  'asks again to review after an answer with errors': reviewPage(broken, { ...view, draft }),
  'asks for a review that takes a sign-in': reviewPage(broken, { ...view, needsSignIn: true }),
  'says that a review was signed': reviewedPage(signed, view, 'decided'),
  'says that a review was signed before': reviewedPage(signed, view, 'late'),
  'asks whether to withdraw': withdrawalPage(pending, { ...view, holder: amira }),
  'asks whether to revoke': revocationPage(granted, { ...view, draft }),
  'says that a link is not found': problemPage(new Problem('link-not-found', 'Open the newest email.'), view.nonce),
  'says that a form was invalid': problemPage(draft.problem, view.nonce),
};

const recordOf: Partial<Record<NewsKind, RequestRecord>> = {
  decide: highRisk,
  approved: granted,
  revoked: finished(granted, 'revoked', start + 2 * MINUTE),
  'break-glass': breakGlass,
  review: broken,
};
const place = {
  home: 'https://latchkey.example.com',
  at: start + MINUTE,
  link: 'https://latchkey.example.com/decide/x',
};
const mailOf = (kind: NewsKind, to = lena) =>
  renderMail(
    {
      id: 'm1',
      requestId: pending.id,
      kind,
      to: { ...to, email: to.key },
      link: kind === 'decide' ? 'decide' : 'revoke',
    },
    recordOf[kind] ?? pending,
    place,
  );
const shown = mailOf('approved');
const emails: Record<string, string> = {
  'that asks for a decision': mailOf('decide').html,
  'that says who approved it': shown.html,
  'to its requester, with commands': mailOf('approved', amira).html,
  'about break-glass': mailOf('break-glass').html,
  'that asks for a review': mailOf('review').html,
  'about what a bot filed': mailOf('filed', amira).html,
  'in the outbox': mailPage({ ...shown, id: '1', to: lena.key, at: '2026-11-22T10:00:00Z' }, false),
};

/** Their one remote part is the style sheet, which stands in the document here. */
const localPage = ({ body }: Reply): string =>
  String(body).replace(
    /<link rel="stylesheet"[^>]*>/,
    () => `<style>${readFileSync('local/page/style.css', 'utf8')}</style>`,
  );
const people = [{ email: amira.key, name: amira.name, groups: ['developers'] }];
const signIn: Record<string, string> = {
  'asks who signs in': localPage(
    personPage({ people, action: 'device', fields: [['user_code', 'A']], says: 'Code A.' }),
  ),
  'asks for a code': localPage(codePage(false)),
  'says that a code is wrong': localPage(codePage(true)),
  'says that somebody is signed in': localPage(endPage(true)),
  'says that a sign-in failed': localPage(errorPage('No redirect_uri.')),
};

const inBrowser = withChromium('the accessibility of pages and emails');

inBrowser.describe('axe finds no violation', () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchChromium();
    page = await browser.newPage();
  });
  afterAll(() => browser?.close());

  /** With what can be unfolded unfolded. */
  const violationsOf = async (document: string) => {
    await page.setContent(document.replaceAll('<details', '<details open'));
    return violationsIn(page);
  };

  test('except in a document that has some: in the markup, and in the dark alone', async () => {
    const style = '<style>@media (prefers-color-scheme: dark) { p { color: #222; background: #111 } }</style>';
    const document = `<!doctype html><html><head><title>x</title>${style}</head><body><main><h1>Title</h1><p>Some words</p></main></body></html>`;
    expect((await violationsOf(document)).map((line) => line.replace(/ \(.*/, ''))).toEqual([
      '390 px, light: html-has-lang',
      '390 px, dark: color-contrast',
      '1280 px, dark: color-contrast',
    ]);
  });
  test.each(Object.entries(pages))('on the page that %s', async (_, document) => {
    expect(await violationsOf(document)).toEqual([]);
  });
  test.each(Object.entries(emails))('in the email %s', async (_, document) => {
    expect(await violationsOf(document)).toEqual([]);
  });
  test.each(Object.entries(signIn))('on the page of the local issuer that %s', async (_, document) => {
    expect(await violationsOf(document)).toEqual([]);
  });
});
