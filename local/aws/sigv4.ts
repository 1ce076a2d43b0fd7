// Verifies Signature Version 4 like the gateway: a known key, a fresh date and the expected service.
import type { IncomingHttpHeaders } from 'node:http';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { equalInConstantTime } from '../../lib/common/digest.ts';
import { MINUTE } from '../../lib/common/time.ts';

/** An HTTP request as received. */
export type WireRequest = {
  method: string;
  /** path and query exactly as in the request line */
  target: string;
  /** names in lower case, as in node:http */
  headers: IncomingHttpHeaders;
  body: Uint8Array;
};
/** The secrets of an access key ID; temporary keys also require their session token. */
export type SigningKey = { secretAccessKey: string; sessionToken?: string };

/** AWS's codes, plus `SignatureExpired`, which AWS reports as SignatureDoesNotMatch with another message. */
export type SigV4Error =
  | 'MissingAuthenticationToken'
  | 'IncompleteSignature'
  | 'InvalidClientTokenId'
  | 'SignatureExpired'
  | 'SignatureDoesNotMatch';
export type SigV4Verdict<K> =
  | {
      ok: true;
      accessKeyId: string;
      key: K;
      region: string;
      /** signed over the query as sent instead of sorted and encoded, as older curl versions (such as 7.88) do; AWS refuses these */
      queryAsWritten: boolean;
    }
  | { ok: false; error: SigV4Error; message: string };

/** How far a request's date may be from the wall clock; the SigV4 guide's five minutes. */
export const tolerance = 5 * MINUTE;

/** AWS's messages. None of them quotes the request. */
const messages: Record<SigV4Error, string> = {
  MissingAuthenticationToken: 'Request is missing Authentication Token',
  IncompleteSignature: 'The request signature does not conform to AWS standards.',
  InvalidClientTokenId: 'The security token included in the request is invalid.',
  SignatureExpired: 'Signature expired: the date of the request is more than 5 minutes from now.',
  SignatureDoesNotMatch:
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
};
const no = (error: SigV4Error) => ({ ok: false, error, message: messages[error] }) as const;

type Authorization = {
  accessKeyId: string;
  day: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
};
const headerForm =
  /^AWS4-HMAC-SHA256 +Credential=([\w]{16,128})\/(\d{8})\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})\/aws4_request, *SignedHeaders=([a-z0-9-]+(?:;[a-z0-9-]+)*), *Signature=([0-9a-f]{64})$/;

/** The parts of an Authorization header, or undefined if it is not SigV4. */
export function readAuthorization(header: string | undefined): Authorization | undefined {
  const found = headerForm.exec(header ?? '');
  if (!found) return undefined;
  const [, accessKeyId, day, region, service, list, signature] = found as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return { accessKeyId, day, region, service, signedHeaders: list.split(';'), signature };
}

/**
 * Verifies the signature in the Authorization header as AWS does (reference: Signature Version 4 signing process): signs the request
 * again with our copy of the key, and compares the signatures in constant time. Any Region is accepted; presigned URLs are not.
 * Unlike AWS, it also accepts a signature over the query as sent, which covers the same bytes and supports older curl versions.
 *
 * @param lookup the key for an access key ID
 * @param service that the scope must name: `execute-api`, `sts`, `ses`
 * @param now wall clock in epoch milliseconds, because clients sign with theirs
 */
export async function verifySigV4<K extends SigningKey>(
  request: WireRequest,
  lookup: (accessKeyId: string) => K | undefined,
  service: string,
  now: number,
): Promise<SigV4Verdict<K>> {
  const headers = oneValueEach(request.headers);
  if (headers.authorization === undefined) return no('MissingAuthenticationToken');
  const claimed = readAuthorization(headers.authorization);
  const date = readDate(headers['x-amz-date']);
  if (!claimed || date === undefined || !coversEnough(claimed.signedHeaders, headers)) return no('IncompleteSignature');

  const key = lookup(claimed.accessKeyId);
  if (!key) return no('InvalidClientTokenId');
  if (!equalInConstantTime(headers['x-amz-security-token'] ?? '', key.sessionToken ?? ''))
    return no('InvalidClientTokenId');

  if (claimed.service !== service || !headers['x-amz-date']?.startsWith(claimed.day))
    return no('SignatureDoesNotMatch');
  if (!(await payloadIsAsSigned(headers['x-amz-content-sha256'], request.body))) return no('SignatureDoesNotMatch');
  const matches = async (query?: string) =>
    equalInConstantTime(await signatureOf(request, claimed, headers, key, date, query), claimed.signature);
  const isCanonical = await matches();
  if (!isCanonical && !(await matches(splitOnce(request.target, '?')[1]))) return no('SignatureDoesNotMatch');
  // checked last, so that a stale replay does not reveal whether the rest was valid
  if (Math.abs(now - date) > tolerance) return no('SignatureExpired');
  return { ok: true, accessKeyId: claimed.accessKeyId, key, region: claimed.region, queryAsWritten: !isCanonical };
}

// -- internal --------------------------------------------------------------------------------------------------------

const oneValueEach = (headers: IncomingHttpHeaders): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
  );

/** `20261122T100000Z` -> epoch milliseconds */
function readDate(text: string | undefined): number | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? '');
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second] = found;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at) ? undefined : at;
}

/** The host and every x-amz-* header must be signed, and every signed header must be present. */
function coversEnough(signed: string[], headers: Record<string, string | undefined>): boolean {
  const must = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  return must.every((name) => signed.includes(name)) && signed.every((name) => headers[name] !== undefined);
}

async function payloadIsAsSigned(declared: string | undefined, body: Uint8Array): Promise<boolean> {
  if (declared === undefined || declared === 'UNSIGNED-PAYLOAD') return true;
  const hash = new Sha256();
  hash.update(body);
  return equalInConstantTime(Buffer.from(await hash.digest()).toString('hex'), declared);
}

/** Signs the same request with our copy of the key: path normalised and encoded twice (all services but S3), query sorted, listed headers only. */
async function signatureOf(
  request: WireRequest,
  claimed: Authorization,
  headers: Record<string, string | undefined>,
  key: SigningKey,
  date: number,
  queryAsWritten?: string,
): Promise<string> {
  const init = {
    service: claimed.service,
    region: claimed.region,
    sha256: Sha256,
    applyChecksum: false,
    credentials: {
      accessKeyId: claimed.accessKeyId,
      secretAccessKey: key.secretAccessKey,
      ...(key.sessionToken && { sessionToken: key.sessionToken }),
    },
  };
  const signer = queryAsWritten === undefined ? new SignatureV4(init) : new AsWritten(init, queryAsWritten);
  const [path = '/', query = ''] = splitOnce(request.target, '?');
  const again = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: '',
      path,
      query: readQuery(query),
      headers: Object.fromEntries(claimed.signedHeaders.map((name) => [name, headers[name] ?? ''])),
      body: request.body,
    },
    // listing them as signable includes headers that the signer would leave out, such as user-agent
    { signingDate: new Date(date), signableHeaders: new Set(claimed.signedHeaders) },
  );
  return readAuthorization(again.headers.authorization)?.signature ?? '';
}

/** Signs with the given query line, the third line of a canonical request, instead of the canonical one. */
class AsWritten extends SignatureV4 {
  readonly #query: string;
  constructor(init: ConstructorParameters<typeof SignatureV4>[0], query: string) {
    super(init);
    this.#query = query;
  }
  protected override createCanonicalRequest(...args: Parameters<SignatureV4['createCanonicalRequest']>): string {
    const lines = super.createCanonicalRequest(...args).split('\n');
    lines[2] = this.#query;
    return lines.join('\n');
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Decodes a query for canonical encoding. A plus sign is literal, as in RFC 3986. */
function readQuery(query: string): Record<string, string[]> {
  const bag: Record<string, string[]> = {};
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const [name, value] = splitOnce(pair, '=').map(decode) as [string, string];
    bag[name] = [...(Object.hasOwn(bag, name) ? bag[name]! : []), value];
  }
  return bag;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text; // no signer leaves a bare %, so the signatures will differ
    throw error;
  }
}
