// Calls a ticket validator over HTTP: one signed POST, three seconds in total, and one exact shape of answer.
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import * as v from 'valibot';
import type { Tickets } from '../app.ts';
import type { TicketValidator } from '../catalogue/catalogue.ts';
import { hostOf } from '../catalogue/tickets.ts';
import { SECOND } from '../common/time.ts';
import { oneLine } from '../model/text.ts';

/** The body of a validator's answer with status 200. The text is shown to the requester and kept in the history. */
const Answer = v.strictObject({ valid: v.boolean(), detail: v.optional(oneLine(200)) });
const MOST_BYTES = 4 * 1024;

type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
type Options = {
  /** of a validator without a region of its own */
  region: string;
  /** of the function's own role: API Gateway and Lambda verify the signature with IAM, so there is no secret to keep */
  credentials: () => Promise<Credentials>;
  /** hosts that may be called, from the configuration */
  hosts: readonly string[];
  fetch: typeof fetch;
  /** milliseconds for the whole exchange, including reading the answer */
  timeout?: number;
};

/** @returns Tickets whose `check` throws Error for a host that the configuration does not list, because all of them were checked at start-up */
export const ticketValidators = ({ region, credentials, hosts, fetch, timeout = 3 * SECOND }: Options): Tickets => ({
  async check(validator, question) {
    if (!hosts.includes(hostOf(validator.url)))
      throw new Error('a ticket validator whose host the configuration does not list');
    const body = JSON.stringify(question);
    const headers = await signedHeaders(validator, validator.region ?? region, await credentials(), body);
    const answer = await exchange(fetch, validator.url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    });
    if ('cause' in answer) return { outcome: 'unreachable', cause: answer.cause };
    const parsed = v.safeParse(Answer, jsonIn(answer.body));
    if (!parsed.success) return { outcome: 'unreachable', cause: 'unexpected answer' };
    const { valid, detail } = parsed.output;
    return { outcome: valid ? 'valid' : 'invalid', ...(detail !== undefined && detail.trim() !== '' && { detail }) };
  },
});

// --- internal ---

/** Signature Version 4 over host, type, date and body. Redirects are not followed, so the headers go nowhere else. */
async function signedHeaders(
  { url, service }: TicketValidator,
  region: string,
  credentials: Credentials,
  body: string,
): Promise<Record<string, string>> {
  const { protocol, host, hostname, pathname } = new URL(url);
  const signer = new SignatureV4({ service, region, credentials, sha256: Hash.bind(null, 'sha256') });
  const { headers } = await signer.sign({
    method: 'POST',
    protocol,
    hostname,
    path: pathname,
    query: {},
    headers: { host, 'content-type': 'application/json', accept: 'application/json' },
    body,
  });
  const { host: _, ...sent } = headers; // fetch sets the host itself
  return sent;
}

/** The body of an answer with status 200 and at most 4 KB, or the cause in our own words, because errors may quote the exchange. */
async function exchange(
  fetch: Options['fetch'],
  url: string,
  init: RequestInit,
): Promise<{ body: Buffer } | { cause: string }> {
  try {
    const response = await fetch(url, init);
    if (response.status !== 200) {
      await response.body?.cancel();
      return { cause: `status ${response.status}` };
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    // leaving the loop cancels the stream
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > MOST_BYTES) return { cause: 'answer too long' };
      chunks.push(chunk);
    }
    return { body: Buffer.concat(chunks) };
  } catch (error) {
    return { cause: causeOf(error) };
  }
}

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined; // not UTF-8 or not JSON; the parser's error would quote it
  }
}

/** The error code of fetch, such as `ECONNREFUSED` or `CERT_HAS_EXPIRED`, and nothing of its message. */
function causeOf(error: unknown): string {
  const { name, cause } = Object(error) as { name?: unknown; cause?: { code?: unknown } };
  if (name === 'TimeoutError') return 'no answer in time';
  const code = cause?.code;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,50}$/.test(code) ? code : 'no connection';
}
