// The mail digest: many requests that wait for one approver in one mail, each with a link of its own.
import { bandOf } from './band.ts';
import { type Hole, html } from './html.ts';
import { buttonHtml, factHtml, factText, mailHtml, phraseHtml, plain, wrapped } from './letter.ts';
import type { RenderedMail } from './messages.ts';
import { oneLine } from './people-text.ts';
import type { RequestRecord } from './schema.ts';
import { briefFactsOf, type Phrase, say } from './wording.ts';

/** @param link where the approver decides it */
export type DigestEntry = { request: RequestRecord; link: string };

/**
 * The mail of a digest. Its subject names nobody.
 * @param entries in the order in which they are to be read
 * @param home where Latchkey answers, without a trailing slash
 */
export function renderDigest(entries: readonly DigestEntry[], home: string): RenderedMail {
  const title = `Please decide: ${entries.length} ${entries.length === 1 ? 'request' : 'requests'}`;
  const lead = leadOf(entries.length);
  return { subject: title, text: textOf(title, lead, entries, home), html: htmlOf(title, lead, entries, home) };
}

const leadOf = (count: number): Phrase =>
  say`You were asked to decide more often in an hour than Latchkey mails you one by one. ${count === 1 ? 'This request came on top and still waits for you.' : `These ${count} requests came on top and still wait for you. The one that lapses first stands first.`}`;

const note =
  'Each page shows all of its request and has a button to approve and one to deny; opening it decides nothing. The links are meant for you alone: do not forward this mail.';
const action = 'Approve or deny';

function textOf(title: string, lead: Phrase, entries: readonly DigestEntry[], home: string): string {
  const blocks = [
    title.toUpperCase(),
    wrapped(plain(lead)),
    ...entries.map(({ request, link }, i) => {
      const { role } = request;
      const heading = `${i + 1}. ${role.id}\n${oneLine(role.description)}`;
      const account = `Account: ${oneLine(role.account.name)}, ${role.account.id}`;
      return [heading, account, ...briefFactsOf(request).map(factText), `${action}:\n${link}`].join('\n');
    }),
    wrapped(note),
    `-- \nLatchkey at ${home}`,
  ];
  return `${blocks.join('\n\n')}\n`;
}

const htmlOf = (title: string, lead: Phrase, entries: readonly DigestEntry[], home: string): string =>
  mailHtml(
    title,
    html`<p style="margin:0 0 24px">${phraseHtml(lead)}</p>
${entries.map(entryHtml)}
<p style="font-size:14px;line-height:20px;margin:0">${note}</p>`,
    `Latchkey at ${home}`,
  );

function entryHtml({ request, link }: DigestEntry): Hole {
  const { id, description, account } = request.role;
  const { fill, ink } = bandOf(account.color);
  return html`<div style="margin:0 0 32px">
<div style="background-color:${fill};color:${ink};border-radius:8px;padding:8px 16px;margin:0 0 12px"><b>${oneLine(account.name)}</b> <span style="font-family:ui-monospace,Menlo,Consolas,monospace;font-size:15px">${account.id}</span></div>
<h2 style="font-size:18px;line-height:24px;margin:0;overflow-wrap:anywhere;word-break:break-word">${id}</h2>
<p style="margin:0 0 14px;opacity:.85">${oneLine(description)}</p>
${briefFactsOf(request).map(factHtml)}
${buttonHtml(action, link)}
</div>
`;
}
