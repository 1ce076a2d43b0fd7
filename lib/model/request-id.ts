// The id of a request: 128 bits as 26 characters that are safe in email, URLs and IAM tags, and easy to read aloud.

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** @param bytes 16 bytes, random or from a digest */
export function requestIdOf(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new Error('a request id needs 128 bits');
  let rest = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let id = '';
  for (let i = 0; i < 26; i += 1) {
    id = alphabet[Number(rest & 31n)] + id;
    rest >>= 5n;
  }
  return id;
}
