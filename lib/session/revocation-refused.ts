// Permanent (non-retryable) rejection of a revocation by IAM.

/** Thrown when a role's sessions cannot be denied, now or later. */
export class RevocationRefused extends Error {
  /** IAM's error code, or NoRevoker */
  readonly reason: string;
  constructor(reason: string) {
    super(`the revocation was refused: ${reason}`);
    this.name = 'RevocationRefused';
    this.reason = reason;
  }
}
