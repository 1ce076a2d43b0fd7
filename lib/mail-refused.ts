// The one answer of a mail service that no retry changes.

/** Thrown by `Mail.send` when this mail will never be taken. */
export class MailRefused extends Error {
  /** the service's error code, such as MessageRejected */
  readonly reason: string;
  constructor(reason: string) {
    super(`the mail service refused the mail: ${reason}`);
    this.name = 'MailRefused';
    this.reason = reason;
  }
}
