// The interface of a channel that notifies people. Email is the first one; channels.ts lists them.
import type { RequestRecord } from '../model/schema.ts';
import type { News, Recipient } from './messages.ts';
import type { Place } from './news-text.ts';

export interface Channel<Message = unknown> {
  /** appears in claims and log lines; must never change, because a message is sent once per channel */
  readonly name: string;
  /** where this channel reaches a person; undefined if it does not */
  addressOf(person: Recipient): string | undefined;
  render(news: News, request: RequestRecord, place: Place): Message;
  /** @throws DeliveryRefused when no retry will help; anything else may be tried again */
  send(address: string, message: Message): Promise<void>;
}

/** Thrown by `send` when the service will never accept this message. */
export class DeliveryRefused extends Error {
  /** the service's error code, such as MessageRejected */
  readonly reason: string;
  constructor(reason: string) {
    super(`the message was permanently rejected: ${reason}`);
    this.name = 'DeliveryRefused';
    this.reason = reason;
  }
}
