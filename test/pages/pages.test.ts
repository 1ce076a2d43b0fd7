import { describe, expect, test } from '@jest/globals';
import { bannerOf } from '../../lib/common/account-banner.ts';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import { Problem } from '../../lib/model/problem.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { decisionPage } from '../../lib/pages/asking-page.ts';
import { outcomePage } from '../../lib/pages/outcome-page.ts';
import { pageHeaders, problemPage } from '../../lib/pages/page.ts';
import { attribute, byTag, parsed, words } from '../support/markup.ts';
import { approved, finished, record, start, vended } from '../support/records.ts';

const lead = { key: 'lead@example.com', name: 'Lead' };
const other = { key: 'second-lead@example.com', name: 'Second Lead' };
const nonce = 'bm9uY2Utbm9uY2U';
const highRisk = record({ role: { ...record().role, risk: 'high' } });
const twoNeeded = record({
  stages: [{ need: 2, approvers: ['group:leads'], people: [lead, other], openedAt: start, decisions: [] }],
});
const withOne = (decision: 'approve' | 'deny', before: RequestRecord): RequestRecord => ({
  ...before,
  stages: before.stages.map((stage) => ({
    ...stage,
    decisions: [
      {
        person: lead.key,
        principal: lead.key,
        name: lead.name,
        decision,
        comment: 'as agreed',
        via: 'link',
        at: start + MINUTE,
      },
    ],
  })),
});
const show = (page: string): string => words(parsed(page));

describe('the decision page', () => {
  const page = decisionPage(record(), { holder: lead, now: start, nonce });

  test('says who, where, what, why, how long, what each answer does and until when', () => {
    for (const part of [
      'Amira Diaz (asi-dev@example.com), signed in as arn:aws:iam::222222222222:user/asi-dev',
      'Account Production 111111111111',
      'production-bucket-read Read objects in asi-production-bucket',
      'Look at the failing nightly export',
      'OPS-1234',
      '1 h, starting at the approval',
      'Amira Diaz (asi-dev@example.com) can use production-bucket-read in Production (111111111111) for 1 h, starting when you approve. Access then ends automatically.',
      'The request is closed permanently.',
      'If nobody decides within 8 h, by 22 Nov 2026, 18:00 UTC, the request lapses.',
      'You decide as Lead (lead@example.com).',
      'arn:aws:iam::111111111111:role/latchkey/readonly-asi-production-bucket',
    ]) {
      expect(show(page)).toContain(part);
    }
  });

  test('posts decision and comment, and nothing else, to its own address', () => {
    const [form, ...more] = byTag(parsed(page), 'form');
    expect(more).toEqual([]);
    expect(form?.attrs.map(({ name, value }) => `${name}=${value}`)).toEqual(['method=post', 'accept-charset=utf-8']);
    const fields = ['button', 'textarea', 'input', 'select'].flatMap((tag) => byTag(form!, tag));
    expect(fields.map((field) => [attribute(field, 'name'), attribute(field, 'value')])).toEqual([
      ['decision', 'approve'],
      ['decision', 'deny'],
      ['comment', undefined],
      ['duration', undefined],
    ]);
    expect(attribute(byTag(form!, 'textarea')[0]!, 'maxlength')).toBe('1000');
  });

  test('is a document for phones, readers and privacy: no script, nothing remote, one style under the nonce', () => {
    for (const document of [
      page,
      outcomePage(record(), { holder: lead, now: start, nonce }, 'spent'),
      problemPage(new Problem('link-not-found', 'Look again.'), nonce),
    ]) {
      const tree = parsed(document);
      expect(document.startsWith('<!doctype html>\n<html lang="en">')).toBe(true);
      expect(byTag(tree, 'title')).toHaveLength(1);
      expect(byTag(tree, 'h1')).toHaveLength(1);
      expect(byTag(tree, 'meta').map((meta) => [attribute(meta, 'name'), attribute(meta, 'content')])).toEqual(
        expect.arrayContaining([
          ['viewport', 'width=device-width, initial-scale=1'],
          ['referrer', 'no-referrer'],
        ]),
      );
      expect(byTag(tree, 'style').map((style) => attribute(style, 'nonce'))).toEqual([nonce]);
      for (const tag of ['script', 'img', 'link', 'iframe', 'a', 'object', 'base'])
        expect(byTag(tree, tag)).toEqual([]);
      expect(document).not.toMatch(/https?:|url\(|@import|\sstyle=|\son[a-z]+=/i);
      const labels = byTag(tree, 'label').map((label) => attribute(label, 'for'));
      expect([...byTag(tree, 'select'), ...byTag(tree, 'textarea')].map((field) => attribute(field, 'id'))).toEqual(
        labels,
      );
    }
  });

  test('asks to look twice at a high-risk role, and approves with the same field then', () => {
    const tree = parsed(decisionPage(highRisk, { holder: lead, now: start, nonce }));
    const [panel] = byTag(tree, 'details');
    const approvers = byTag(tree, 'button').filter((button) => attribute(button, 'value') === 'approve');
    expect(approvers).toEqual(byTag(panel!, 'button'));
    expect(approvers).toHaveLength(1);
    expect(attribute(approvers[0]!, 'name')).toBe('decision');
    expect(attribute(panel!, 'open')).toBeUndefined();
    for (const part of [
      'Production',
      '111111111111',
      'production-bucket-read',
      '1 h',
      'Access then ends automatically',
    ])
      expect(words(panel!)).toContain(part);
    expect(byTag(parsed(page), 'details').map((one) => attribute(one, 'class'))).toEqual(['rights']);
    expect([words(tree), words(parsed(page))].map((text) => /Risk\s*high/.test(text))).toEqual([true, false]);
  });

  test('marks a high risk beside the title, and gives the account its full colour only while there is something to decide', () => {
    const badges = (request: RequestRecord) =>
      byTag(parsed(decisionPage(request, { holder: lead, now: start, nonce })), 'h1').map(words);
    expect([badges(highRisk), badges(record())]).toEqual([
      ['Approve or deny access? ▲ High risk'],
      ['Approve or deny access?'],
    ]);
    const bands = (text: string) => byTag(parsed(text), 'p').flatMap((one) => attribute(one, 'class') ?? []);
    expect(bands(page)).toContain('band');
    const done = outcomePage(approved(record(), start), { holder: lead, now: start, nonce }, 'decided');
    expect(bands(done)).toContain('band quiet');
    expect(bands(done)).not.toContain('band');
  });

  test('shows sentence, reason and buttons before everything else', () => {
    const text = show(page);
    const places = [
      'requests production-bucket-read in Production for 1 h',
      'Reason',
      'Approve Deny',
      'Asked by',
      'What this role may do',
    ].map((part) => text.indexOf(part));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  test('shows the account in its colour, and words where it has none', () => {
    expect(page).toContain('--account: #b91c1c; --account-ink: #ffffff;');
    const { color: _, ...account } = record().role.account;
    expect(
      decisionPage(record({ role: { ...record().role, account } }), { holder: lead, now: start, nonce }),
    ).toContain('--account: #475569;');
  });

  test('says so when an approval alone is not enough, and what was decided so far', () => {
    expect(show(decisionPage(twoNeeded, { holder: lead, now: start, nonce }))).toContain(
      'One more approver has to approve before Amira Diaz (asi-dev@example.com) gets access',
    );
    const second = show(decisionPage(withOne('approve', twoNeeded), { holder: other, now: start + 2 * MINUTE, nonce }));
    expect(second).toContain('2 (1 given): Lead (lead@example.com) or Second Lead (second-lead@example.com)');
    expect(second).toContain('Approved by Lead (lead@example.com), 22 Nov 2026, 10:01 UTC as agreed');
  });

  test('names the bot that filed', () => {
    const filedBy = { principal: 'arn:aws:iam::999999999999:role/chatops-bot' };
    expect(show(decisionPage(record({ filedBy }), { holder: lead, now: start, nonce }))).toContain(
      'the bot arn:aws:iam::999999999999:role/chatops-bot, on behalf of Amira Diaz (asi-dev@example.com)',
    );
  });
});

describe('the outcome page', () => {
  const at = start + 10 * MINUTE;
  const granted = approved(record(), at);
  const waiting = 'It needs 1 more approval, from Second Lead (second-lead@example.com).';
  test.each<[string, RequestRecord, { key: string; name: string }, number, string, string]>([
    ['an approval that needs another', withOne('approve', twoNeeded), lead, at, 'Your approval counts', waiting],
    [
      'a pending request to somebody who has not decided',
      withOne('approve', twoNeeded),
      other,
      at,
      'Still pending',
      'is still pending. It needs 1 more approval, from Second Lead (second-lead@example.com).',
    ],
    [
      'the last approval, to who gave it',
      granted,
      lead,
      at,
      'Approved',
      'You approved this request. Amira Diaz (asi-dev@example.com) can use production-bucket-read',
    ],
    ['the last approval, to another', granted, other, at, 'Approved', 'was approved by Lead (lead@example.com).'],
    ['a grant that has run out', granted, lead, at + HOUR, 'Ended', 'was approved, and the grant has ended.'],
    [
      'a grant that was handed back',
      finished(vended(granted, at), 'ended', at + MINUTE),
      lead,
      at + 2 * MINUTE,
      'Ended',
      'handed back early',
    ],
    [
      'a denial, to who gave it',
      finished(withOne('deny', record()), 'denied', at),
      lead,
      at,
      'Denied',
      'You denied this request.',
    ],
    [
      'a denial, to another',
      finished(withOne('deny', record()), 'denied', at),
      other,
      at,
      'Denied',
      'was denied by Lead (lead@example.com).',
    ],
    ['a withdrawal', finished(record(), 'withdrawn', at), lead, at, 'Withdrawn', 'You withdrew this request'],
    ['a revocation', finished(granted, 'revoked', at), lead, at, 'Revoked', 'You revoked this grant'],
    [
      'a revocation with sessions out',
      finished(vended(granted, at), 'revoked', at),
      lead,
      at,
      'Revoked',
      'From 22 Nov 2026, 10:25 UTC on, none of the existing sessions can be used.',
    ],
    [
      'a lapse that no sweep has seen',
      record(),
      lead,
      start + 8 * HOUR,
      'Lapsed',
      'by 22 Nov 2026, 18:00 UTC. Access was not given.',
    ],
  ])('of %s', (_name, request, approver, now, title, lead) => {
    const page = outcomePage(request, { holder: approver, now: now, nonce }, 'decided');
    expect(words(byTag(parsed(page), 'title')[0]!)).toBe(`${title} · Latchkey`);
    expect(show(page)).toContain(lead);
    expect(byTag(parsed(page), 'form')).toEqual([]);
  });

  test('of a spent link says that it is spent', () => {
    const text = show(outcomePage(granted, { holder: other, now: at, nonce }, 'spent'));
    expect(text).toContain('This link has already been used, or the request is over.');
    expect(text).not.toMatch(/nightly export|go ahead|Production/);
    expect(show(outcomePage(granted, { holder: lead, now: at, nonce }, 'decided'))).not.toContain('already been used');
  });

  test('shows every decision with its comment, and how long the grant lasts', () => {
    const text = show(outcomePage(granted, { holder: other, now: at, nonce }, 'decided'));
    expect(text).toContain('Approved by Lead (lead@example.com), 22 Nov 2026, 10:10 UTC go ahead');
    expect(text).toContain('from 22 Nov 2026, 10:10 UTC until 22 Nov 2026, 11:10 UTC');
  });
});

test('the problem page says what to do, every error, and the code', () => {
  const errors = [{ pointer: '/comment', detail: 'must be at most 1000 characters' }];
  const text = show(problemPage(new Problem('invalid-request', 'Go back and <correct> it.', { errors }), nonce));
  expect(text).toContain('The request is malformed');
  expect(text).toContain('Go back and <correct> it.');
  expect(text).toContain('/comment must be at most 1000 characters');
  expect(text).toContain('Code invalid-request');
});

test('the headers allow the nonce and nothing else', () => {
  expect(pageHeaders(nonce)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
});

test('ink can be read on every account colour', () => {
  expect(bannerOf('#b91c1c')).toEqual({ fill: '#b91c1c', ink: '#ffffff' });
  expect(bannerOf('#facc15')).toEqual({ fill: '#facc15', ink: '#000000' });
  for (const none of [undefined, 'red', '#fff', '#12345g', '#123456;} body{display:none'])
    expect(bannerOf(none)).toEqual({ fill: '#475569', ink: '#ffffff' });
});
