// The emailed link: the key of its message, and 256 random bits of which only the digest is stored.
import { equalInConstantTime, sha256 } from '../common/digest.ts';
import type { Block, MessageRecord, RequestRecord } from '../model/schema.ts';

const REQUEST_ID = 26;
const MESSAGE_ID = 22;
const SECRET = 43;

/** The purpose of a link: decide, withdraw a request filed in one's name, revoke another person's grant, or sign a review. */
export type Purpose = 'decide' | 'withdraw' | 'revoke' | 'review';

/** A genuine link. `holder`: the person to whom it was emailed. `spent`: it can no longer do anything. */
export type OpenedLink = {
  request: RequestRecord;
  holder: { key: string; name: string };
  does: Purpose;
  spent: boolean;
  /** the link only shows the request; its holder has to sign in to answer */
  needsSignIn: boolean;
  /** prevents an approval; the link can still deny */
  block?: Block | undefined;
};

/** A parsed token. A valid form does not mean that it is genuine: see `isGenuine`. */
export type LinkToken = { requestId: string; messageId: string; secret: string };

/** @param random 32 bytes. Returns the token for the email and the digest for the store. */
export function makeLink(requestId: string, messageId: string, random: Uint8Array): { token: string; hash: string } {
  if (random.length !== 32) throw new Error('a link takes 256 random bits');
  const secret = Buffer.from(random).toString('base64url');
  return { token: requestId + messageId + secret, hash: sha256(random) };
}

/**
 * Parses a token; undefined unless it has the one accepted form. Base64url has several spellings of the same bytes
 * (its last character carries spare bits), so the secret must be the canonical one.
 */
export function parseLink(token: string): LinkToken | undefined {
  const found = new RegExp(`^([0-9a-z]{${REQUEST_ID}})([\\w-]{${MESSAGE_ID}})([\\w-]{${SECRET}})$`).exec(token);
  if (!found || found[0].length !== token.length) return undefined;
  const [, requestId = '', messageId = '', secret = ''] = found;
  return Buffer.from(secret, 'base64url').toString('base64url') === secret
    ? { requestId, messageId, secret }
    : undefined;
}

/** Whether this token was emailed with this message. */
export function isGenuine(link: LinkToken, message: MessageRecord): boolean {
  const hash = sha256(Buffer.from(link.secret, 'base64url'));
  return message.linkHashes.filter((stored) => equalInConstantTime(stored, hash)).length > 0;
}
