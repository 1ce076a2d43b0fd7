// Renders an email as plain text and as HTML. Text that people wrote is quoted and isolated in both, and never becomes a link.
import { bannerOf } from '../common/account-banner.ts';
import { type Hole, html, htmlText } from '../common/html.ts';
import { oneLine, quoted, unlinked, visible } from '../common/people-text.ts';
import { type Fact, keyBeside, type Named, type Phrase } from './wording.ts';

export type Letter = {
  title: string;
  /** beside the title, to be seen at once */
  badge?: string | undefined;
  lead: Phrase;
  /** what its reader has to know before pressing the button, which follows */
  first: readonly Fact[];
  /** the one link that does something */
  action?: { label: string; url: string; note: Phrase };
  account: { id: string; name: string; color?: string | undefined };
  /** nothing is left to decide: the account's colour is a stripe */
  isQuiet: boolean;
  facts: readonly Fact[];
  paragraphs: readonly Paragraph[];
  /** the request's id */
  reference: string;
  home: string;
};

/** `code` is a command to be copied. */
export type Paragraph = { label: string; text?: Phrase; code?: string };

// -- plain text ------------------------------------------------------------------------------------------------------

/** A phrase as plain text of an email. */
export const plain = (phrase: Phrase): string => phrase.map(wordsOf).join('');

/** Paragraphs are wrapped at 72 columns. Text that people wrote keeps its lines, each marked with `>`. */
export function letterText(letter: Letter): string {
  const { title, badge, lead, first, action, account, facts, paragraphs, reference, home } = letter;
  const blocks = [
    `${title}${badge === undefined ? '' : ` [${badge}]`}`.toUpperCase(),
    wrapped(plain(lead)),
    ...first.map(factText),
    ...(action ? [`${action.label}:\n${action.url}`, wrapped(plain(action.note))] : []),
    `Account: ${oneLine(account.name)}, ${account.id}`,
    ...facts.map(factText),
    ...paragraphs.map(paragraphText),
    `-- \nRequest ${reference}\nLatchkey at ${home}`,
  ];
  return `${blocks.join('\n\n')}\n`;
}

const paragraphText = ({ label, text, code }: Paragraph): string =>
  [`${label}:`, ...(text ? [wrapped(plain(text))] : []), ...(code === undefined ? [] : [`  ${code}`])].join('\n');

export const factText = ({ label, value, note, quote }: Fact): string =>
  [
    `${label}:${value ? ` ${plain(value)}` : ''}`,
    ...(note ? [plain(note)] : []),
    ...(quote === undefined ? [] : [quoted(unlinked(visible(quote)))]),
  ].join('\n');

/** Wraps a paragraph of a plain-text email. A word that is longer than a line gets its own line. */
export const wrapped = (text: string): string => text.replace(/(?=\S)(.{1,72}|\S{73,})(?:\s+|$)/gu, '$1\n').trimEnd();

// -- HTML ------------------------------------------------------------------------------------------------------------

// Inline styles only, and no colours of text or ground outside the band and the button, which bring both: so every mail
// program's own light or dark scheme fits.
const mono = 'font-family:ui-monospace,Menlo,Consolas,monospace';
const label = 'font-size:13px;line-height:18px;opacity:.75;margin:0 0 2px';
const badgeStyle =
  'display:inline-block;background-color:#b91c1c;color:#ffffff;border-radius:6px;padding:0 8px;font-size:14px;line-height:22px;font-weight:bold;vertical-align:middle';
const quote =
  'margin:4px 0 0;padding:2px 0 2px 12px;border-left:3px solid #94a3b8;white-space:pre-wrap;overflow-wrap:anywhere;word-break:break-word';
const page =
  'margin:0;padding:0;font-family:-apple-system,BlinkMacSystemFont,Segoe UI,Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:24px';

export function letterHtml(letter: Letter): string {
  const { title, badge, lead, first, action, facts, paragraphs, reference, home } = letter;
  return mailHtml(
    title,
    html`<p style="margin:0 0 16px">${phraseHtml(lead)}</p>
${first.map(factHtml)}
${
  action &&
  html`${buttonHtml(action.label, action.url)}
<p style="font-size:14px;line-height:20px;margin:0 0 20px;overflow-wrap:anywhere;word-break:break-word">${phraseHtml(action.note)}</p>`
}
${accountHtml(letter)}
${facts.map(factHtml)}
${paragraphs.map(paragraphHtml)}`,
    `Request ${reference}, Latchkey at ${home}`,
    badge,
  );
}

function accountHtml({ account, isQuiet }: Letter): Hole {
  const { fill, ink } = bannerOf(account.color);
  const words = html`<span style="font-size:13px">Account</span> <strong>${oneLine(account.name)}</strong> <span style="${mono};font-size:14px">${account.id}</span>`;
  return isQuiet
    ? html`<div style="border-left:6px solid ${fill};padding:6px 12px;margin:0 0 20px">${words}</div>`
    : html`<div style="background-color:${fill};color:${ink};border-radius:8px;padding:10px 14px;margin:0 0 20px">${words}</div>`;
}

const paragraphHtml = ({
  label: title,
  text,
  code,
}: Paragraph): Hole => html`<h2 style="font-size:16px;line-height:24px;margin:20px 0 2px">${title}</h2>
${text && html`<p style="margin:0;overflow-wrap:anywhere;word-break:break-word">${phraseHtml(text)}</p>\n`}${
  code !== undefined &&
  html`<pre style="margin:4px 0 0;padding:8px 12px;border:1px solid #94a3b8;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere"><code style="${mono};font-size:14px">${code}</code></pre>`
}
`;

/** The one button of an email, or of an entry in it. */
export const buttonHtml = (label: string, url: string): Hole =>
  html`<table role="presentation" cellpadding="0" cellspacing="0" border="0" width="100%" style="margin:16px 0 10px"><tr><td align="center" style="background-color:#1d4ed8;border-radius:8px"><a href="${url}" style="display:block;padding:16px 24px;color:#ffffff;font-size:18px;font-weight:bold;text-decoration:none">${label}</a></td></tr></table>`;

/** The HTML document of an email. */
export function mailHtml(title: string, body: Hole, footer: string, badge?: string): string {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>${title}</title>
</head>
<body style="${page}">
<div role="main" style="max-width:560px;margin:0 auto;padding:24px 16px">
<h1 style="font-size:24px;line-height:30px;margin:0 0 8px">${title}${badge !== undefined && html` <span style="${badgeStyle}">${badge}</span>`}</h1>
${body}
<p style="font-size:13px;line-height:18px;opacity:.75;margin:28px 0 0;padding:12px 0 0;border-top:1px solid #94a3b8;overflow-wrap:anywhere;word-break:break-word">${footer}</p>
</div>
</body>
</html>
`;
  return htmlText(document);
}

export const factHtml = (fact: Fact): Hole => html`<div style="margin:0 0 14px">
<div style="${label}">${fact.label}</div>
${fact.value && html`<div style="overflow-wrap:anywhere;word-break:break-word">${phraseHtml(fact.value)}</div>`}
${fact.note && html`<div style="overflow-wrap:anywhere;word-break:break-word;opacity:.85">${phraseHtml(fact.note)}</div>`}
${fact.quote !== undefined && html`<blockquote dir="auto" style="${quote}">${unlinked(visible(fact.quote))}</blockquote>`}
</div>
`;

export const phraseHtml = (phrase: Phrase): Hole =>
  phrase.map((part) => {
    if (typeof part === 'string') return part;
    return 'said' in part ? html`<bdi>${saidText(part.said)}</bdi>` : personHtml(part);
  });

// -- people's words ---------------------------------------------------------------------------------------------------

export const nameText = ({ key, name }: Named): string => (key === name ? keyText(key) : unlinked(oneLine(name)));

/** A verified email address may become a link. The subject of an issuer must not. */
export const keyText = (key: string): string => (key.includes('://') ? unlinked(oneLine(key, 600)) : oneLine(key, 600));

// --- internal ---

function personHtml(person: Named): Hole {
  const beside = keyBeside(person);
  return html`<bdi>${nameText(person)}</bdi>${beside !== undefined && html` (<bdi>${keyText(beside)}</bdi>)`}`;
}

/** A part of a phrase in a plain-text email. */
function wordsOf(part: Phrase[number]): string {
  if (typeof part === 'string') return visible(part).replace(/\s+/g, ' ');
  if ('said' in part) return saidText(part.said);
  const beside = keyBeside(part);
  return beside === undefined ? nameText(part) : `${nameText(part)} (${keyText(beside)})`;
}

const saidText = (said: string): string => unlinked(oneLine(said, 200));
