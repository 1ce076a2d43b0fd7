// SHA-256 over text and over data in one canonical form: history chain, rule digest, idempotency, cursors, link hashes.
import { createHash, timingSafeEqual } from 'node:crypto';

/** SHA-256 as 43 characters of base64url. */
export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('base64url');

/** JSON with the keys of every object in order, so that equal data has equal text; undefined members are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The digest of a value, independent of key order. */
export const digestOf = (value: unknown): string => sha256(canonicalJson(value));

/** Compares two texts in constant time: it depends on their lengths only. */
export function equalInConstantTime(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
