// What senders of mail share: how long a claim holds, and the one way to say that something has to be tried again.
import { MINUTE } from './time.ts';

/** Longer than any call to the mail service lasts; a claim that is older was left by a crash. Milliseconds. */
export const CLAIM_LASTS = 2 * MINUTE;

/** A mail that could not go out now. The record comes again, what was sent stays sent. */
export class NewsPending extends Error {
  constructor(left: number) {
    super(`${left} mails have not gone out yet`);
    this.name = 'NewsPending';
  }
}
