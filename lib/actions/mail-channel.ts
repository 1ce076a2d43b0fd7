// Email as a channel: each message as plain text and HTML, to the person's verified address.
import type { Mail, OutgoingMail } from '../app.ts';
import type { Channel } from '../mail/channel.ts';
import { letterHtml, letterText } from '../mail/letter.ts';
import type { News } from '../mail/messages.ts';
import { headlineOf, letterOf, type Place } from '../mail/news-text.ts';
import type { RequestRecord } from '../model/schema.ts';

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
