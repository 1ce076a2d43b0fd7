// Shows an email as its reader sees it, below a header with recipient, subject and time.
import { html, htmlText } from '../lib/common/html.ts';
import type { SentMail } from './aws/ses.ts';

/** Only the email's inline styles are allowed; nothing may run or be fetched. Only the guided page may frame it. */
export const mailPageHeaders: Record<string, string> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'self'; base-uri 'self'",
  'referrer-policy': 'no-referrer',
};

const strip =
  'margin:0;padding:12px 16px;background:#1e293b;color:#f1f5f9;font:14px/20px system-ui,sans-serif;overflow-wrap:anywhere';

/** @param isFramed opens links outside of the frame, because the decision page cannot be framed */
export function mailPage(mail: SentMail, isFramed: boolean): string {
  const head = htmlText(
    html`<header style="${strip}"><strong>To</strong> ${mail.to}<br><strong>Subject</strong> ${mail.subject}<br><strong>At</strong> ${mail.at}</header>`,
  );
  const own =
    mail.html === ''
      ? htmlText(
          html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${mail.subject}</title></head><body><main><pre>${mail.text}</pre></main></body></html>`,
        )
      : mail.html;
  const framed = isFramed ? own.replace('<head>', '<head><base target="_blank">') : own;
  if (!/<body[^>]*>/.test(framed)) return `${head}<main>${framed}</main>`;
  return framed.replace(/<body[^>]*>/, (body) => `${body}${head}`);
}
