// Email as a channel: each message as plain text and HTML, to the person's verified address.
import type { Mail, OutgoingMail } from './app.ts';
import type { Channel } from './channel.ts';
import { letterHtml, letterText } from './letter.ts';
import type { News } from './messages.ts';
import { headlineOf, letterOf, type Place } from './news-text.ts';
import type { RequestRecord } from './schema.ts';

export type RenderedMail = Omit<OutgoingMail, 'to'>;

export const mailChannel = (mail: Mail): Channel<RenderedMail> => ({
  name: 'mail',
  addressOf: ({ email }) => email ?? undefined,
  render: renderMail,
  send: (to, message) => mail.send({ to, ...message }),
});

/** @throws TypeError when a message that asks for a decision comes without its link */
export function renderMail(news: News, request: RequestRecord, place: Place): RenderedMail {
  const letter = letterOf(news, request, place);
  return { subject: headlineOf(news, request), text: letterText(letter), html: letterHtml(letter) };
}
