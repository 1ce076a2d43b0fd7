// The mailed link: where its message is stored, and 256 random bits of which only the digest is kept.
import { equalInConstantTime, sha256 } from '../common/digest.ts';
import type { Block, MessageRecord, RequestRecord } from '../model/schema.ts';

const REQUEST_ID = 26;
const MESSAGE_ID = 22;
const SECRET = 43;

/** What a link is for: deciding, taking back what was filed in one's name, revoking a grant of somebody else, signing a review. */
export type Purpose = 'decide' | 'withdraw' | 'revoke' | 'review';

/** A link that was found genuine. `holder` is whom it was mailed to; `spent`: there is nothing left to do by it. */
export type OpenedLink = {
  request: RequestRecord;
  holder: { key: string; name: string };
  does: Purpose;
  spent: boolean;
  /** the link shows, and whoever holds it has to sign in to answer */
  needsSignIn: boolean;
  /** stands in the way of an approval; the link can still deny */
  block?: Block | undefined;
};

/** A token taken apart. That it has the right form says nothing of its being genuine: see `isGenuine`. */
export type LinkToken = { requestId: string; messageId: string; secret: string };

/** @param random 32 bytes. Answers the token for the mail and the digest for the store. */
export function makeLink(requestId: string, messageId: string, random: Uint8Array): { token: string; hash: string } {
  if (random.length !== 32) throw new Error('a link takes 256 random bits');
  const secret = Buffer.from(random).toString('base64url');
  return { token: requestId + messageId + secret, hash: sha256(random) };
}

/**
 * Takes a token apart; undefined unless it is in the one accepted form. Base64url has several spellings of the same bytes
 * (its last character carries spare bits), so the secret must be what its bytes encode to.
 */
export function parseLink(token: string): LinkToken | undefined {
  const found = new RegExp(`^([0-9a-z]{${REQUEST_ID}})([\\w-]{${MESSAGE_ID}})([\\w-]{${SECRET}})$`).exec(token);
  if (!found || found[0].length !== token.length) return undefined;
  const [, requestId = '', messageId = '', secret = ''] = found;
  return Buffer.from(secret, 'base64url').toString('base64url') === secret
    ? { requestId, messageId, secret }
    : undefined;
}

/** Whether this token was mailed with this message. */
export function isGenuine(link: LinkToken, message: MessageRecord): boolean {
  const hash = sha256(Buffer.from(link.secret, 'base64url'));
  return message.linkHashes.filter((stored) => equalInConstantTime(stored, hash)).length > 0;
}
