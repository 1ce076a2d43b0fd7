// AWS Signature Version 4 for calls to Latchkey (iam-ug, reference_sigv-create-signed-request).
import { createHash, createHmac } from 'node:crypto';
import type { AwsKeys } from '../machine/world.ts';

export type Signable = { method: string; url: string; body?: string };

/**
 * @param now epoch milliseconds
 * @returns the headers to send with the call; Node adds `host` itself
 */
export function signedHeaders(
  { method, url, body = '' }: Signable,
  keys: AwsKeys,
  region: string,
  now: number,
): Record<string, string> {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

  const { host, pathname, searchParams } = new URL(url);
  const date = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers: Record<string, string> = {
    host,
    'x-amz-date': date,
    ...(keys.sessionToken !== undefined && { 'x-amz-security-token': keys.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    method,
    // every service except S3 signs the path with one more level of encoding than it is sent with
    pathname.split('/').map(encode).join('/'),
    [...searchParams]
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    hash(body),
  ].join('\n');
  const scope = `${date.slice(0, 8)}/${region}/execute-api/aws4_request`;
  const key = scope
    .split('/')
    .reduce<string | Buffer>((derived, part) => hmac(derived, part), `AWS4${keys.secretAccessKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, hash(canonical)].join('\n')).toString('hex');
  const { host: _, ...sent } = headers;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

/** Percent-encodes everything except the unreserved characters (RFC 3986). */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
