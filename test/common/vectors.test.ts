// What people write stays text: in pages, in both parts of a mail and in its subject, hostile words leave the outline of a harmless one.
import { describe, expect, test } from '@jest/globals';
import { renderMail } from '../../lib/actions/mail-channel.ts';
import { MINUTE } from '../../lib/common/time.ts';
import { messagesFor } from '../../lib/mail/messages.ts';
import type { Decision, RequestRecord } from '../../lib/model/schema.ts';
import { decisionPage } from '../../lib/pages/asking-page.ts';
import { outcomePage } from '../../lib/pages/outcome-page.ts';
import vectors from '../cases/text-vectors.json' with { type: 'json' };
import { attribute, byTag, outline, parsed, texts } from '../support/markup.ts';
import { record, start } from '../support/records.ts';

/** `page` and `mail` are what a reader must see where that is not the text itself: deceptive characters replaced, baits in brackets. */
type Vector = { kind: string; text: string; repeat?: number; page?: string; mail?: string };
type Field = 'reason' | 'name' | 'approver' | 'comment' | 'ticket';
type Shown = { text: string; page: string; mail: string };

const all: Shown[] = (vectors as Vector[]).map(({ text, repeat = 1, page = text, mail = page }) => ({
  text: text.repeat(repeat),
  page: page.repeat(repeat),
  mail: mail.repeat(repeat),
}));
const harmless = 'Qwertz';
const fields: Field[] = ['reason', 'name', 'approver', 'comment', 'ticket'];
const links = { link: 'https://latchkey.example.com/decide/token', home: 'https://latchkey.example.com', at: start };

/** A request with one text in one field, denied by somebody after a first approval, with all that the pages and mails say of it. */
function rendered(field: Field, text: string) {
  const put = (name: Field, fallback: string): string => (name === field ? text : fallback);
  const approver = { key: 'lead@example.com', name: put('approver', 'Lead') };
  const decision: Decision = {
    person: approver.key,
    principal: 'x',
    name: approver.name,
    decision: 'approve',
    comment: put('comment', 'Fine'),
    via: 'link',
    at: start,
  };
  const base = record();
  const pending = record({
    role: { ...base.role, risk: 'high' },
    requester: { ...base.requester, name: put('name', 'Amira Diaz') },
    reason: put('reason', 'Because'),
    ticket: put('ticket', 'OPS-1'),
    stages: [
      {
        need: 2,
        approvers: ['group:leads'],
        people: [approver, { key: 'second-lead@example.com', name: 'Second' }],
        openedAt: start,
        decisions: [decision],
      },
    ],
  });
  const at = start + MINUTE;
  const revoked: RequestRecord = {
    ...pending,
    version: 2,
    history: [
      ...pending.history,
      { seq: 2, at, type: 'revoked', actor: approver.key, via: 'oidc', note: decision.comment ?? '' },
    ],
    outcome: { status: 'revoked', at, by: { kind: 'person', ...approver } },
  };
  const view = { holder: approver, now: at, nonce: 'nonce' };
  const ask = messagesFor(undefined, { ...pending, stages: [{ ...pending.stages[0]!, decisions: [] }] })[0]!;
  const news = messagesFor(pending, revoked)[0]!;
  return {
    pages: [decisionPage(pending, view), outcomePage(revoked, view, 'spent')],
    mails: [renderMail(ask, pending, links), renderMail(news, revoked, links)],
  };
}

/** As a name or a ticket is shown: on one line, cut. */
function onLine(field: Field, text: string): string {
  if (field === 'reason' || field === 'comment') return text;
  return cut(text.replace(/\s+/g, ' ').trim(), field === 'ticket' ? 200 : 120);
}
const cut = (text: string, max: number): string =>
  [...text].length > max ? `${[...text].slice(0, max - 1).join('')}…` : text;

const put = (list: string[], text: string): string[] => list.map((value) => value.split(harmless).join(text));

test('there are vectors of every kind', () => {
  expect(all.length).toBeGreaterThanOrEqual(100);
  expect([...new Set((vectors as Vector[]).map(({ kind }) => kind))].sort()).toEqual(
    ['attribute', 'bidi', 'control', 'emoji', 'header', 'html', 'link', 'markdown', 'mrkdwn', 'template'].sort(),
  );
});

describe.each(fields)('hostile text as %s', (field) => {
  const calm = rendered(field, harmless);
  const cases = all.map((vector) => ({ vector, ...rendered(field, vector.text) }));
  const calmPages = calm.pages.map(read);
  const calmMails = calm.mails.map(({ html }) => read(html));

  test('the harmless one stands in nodes of its own', () => {
    for (const documents of [calmPages, calmMails])
      expect(documents.some(({ texts }) => texts.includes(harmless))).toBe(true);
  });

  test('leaves the tree of the pages as it is and is shown exactly', () => {
    for (const { vector, pages } of cases) {
      for (const [i, html] of pages.entries()) expectSame(read(html), calmPages[i]!, onLine(field, vector.page));
    }
  });

  test('leaves the tree of the HTML mails as it is and is shown exactly, baits in brackets', () => {
    for (const { vector, mails } of cases) {
      for (const [i, { html }] of mails.entries()) {
        const document = read(html);
        expectSame(document, calmMails[i]!, onLine(field, vector.mail));
        expect(document.links).toEqual(i === 1 ? [] : [links.link]);
      }
    }
  });

  test('stays inside its marked lines, or its one line, in the text mails', () => {
    for (const { vector, mails } of cases) {
      for (const [i, { text }] of mails.entries()) {
        const quiet = calm.mails[i]!.text;
        if (field === 'reason' || field === 'comment')
          expect(text).toBe(quiet.split(`> ${harmless}`).join(vector.mail.replace(/^/gm, '> ')));
        else expect(paragraphs(text)).toEqual(put(paragraphs(quiet), onLine(field, vector.mail)));
      }
    }
  });

  test('never makes a subject of more than one line or 250 characters, and is in none but as the name', () => {
    for (const { vector, mails } of cases) {
      for (const [i, { subject }] of mails.entries()) {
        expect([...subject].length).toBeLessThanOrEqual(250);
        expect(subject).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u);
        expect(subject).toBe(calm.mails[i]!.subject.replace(harmless, () => cut(onLine(field, vector.mail), 50)));
        if (field !== 'name') expect(subject).toBe(calm.mails[i]!.subject);
      }
    }
  });
});

type Document = { outline: string; texts: string[]; links: Array<string | undefined> };

function read(html: string): Document {
  const tree = parsed(html);
  return {
    outline: JSON.stringify(outline(tree)),
    texts: texts(tree),
    links: byTag(tree, 'a').map((a) => attribute(a, 'href')),
  };
}

function expectSame(document: Document, calm: Document, shown: string): void {
  expect(document.outline).toBe(calm.outline);
  expect(document.texts).toEqual(put(calm.texts, shown));
}

test('no mail program finds a link in what people wrote', () => {
  const bait = [
    /[a-z][a-z\d+.-]*:\/\//i,
    /\bwww\./i,
    /[^\s.[][.\uff0e\uff61]\p{L}{2}/u,
    /@[^\s@[]+\.\p{L}/u,
    /\b(?:mailto|tel|data|javascript|file):\S/i,
    /\\\\/,
    /\b\d+\.\d+\.\d+\.\d+\b/,
  ];
  for (const { text } of all) {
    for (const { text: body } of rendered('reason', text).mails) {
      const written = body
        .split('\n')
        .filter((line) => line.startsWith('> '))
        .join('\n');
      for (const pattern of bait) expect(written).not.toMatch(pattern);
    }
  }
});

const paragraphs = (text: string): string[] => text.split('\n\n').map((part) => part.replace(/\s+/g, ' ').trim());
