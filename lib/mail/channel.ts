// What a way of telling people must offer. Email is the first channel; channels.ts lists them.
import type { RequestRecord } from '../model/schema.ts';
import type { News, Recipient } from './messages.ts';
import type { Place } from './news-text.ts';

export interface Channel<Message = unknown> {
  /** stands in claims and log lines; must never change, because a message is sent once per channel */
  readonly name: string;
  /** where this channel reaches a person; undefined if it does not */
  addressOf(person: Recipient): string | undefined;
  render(news: News, request: RequestRecord, place: Place): Message;
  /** @throws DeliveryRefused when no retry will help; anything else may be tried again */
  send(address: string, message: Message): Promise<void>;
}

/** Thrown by `send` when this message will never be taken. */
export class DeliveryRefused extends Error {
  /** the service's error code, such as MessageRejected */
  readonly reason: string;
  constructor(reason: string) {
    super(`the message was permanently rejected: ${reason}`);
    this.name = 'DeliveryRefused';
    this.reason = reason;
  }
}
