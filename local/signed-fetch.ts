// fetch with Signature Version 4, for the demo and for tests.
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

export type SignedCall = { method?: string; headers?: Record<string, string>; body?: string; service?: string };

/** Signs with long-term keys, then calls fetch. */
export async function signedFetch(
  url: string,
  keys: { accessKeyId: string; secretAccessKey: string },
  call: SignedCall = {},
): Promise<Response> {
  const { method = 'GET', headers = {}, body, service = 'execute-api' } = call;
  const { host, hostname, pathname, searchParams, protocol } = new URL(url);
  const credentials = { accessKeyId: keys.accessKeyId, secretAccessKey: keys.secretAccessKey };
  const signer = new SignatureV4({ service, region: 'us-east-1', sha256: Sha256, credentials });
  const query = Object.fromEntries(searchParams);
  const request = {
    method,
    protocol,
    hostname,
    path: pathname,
    query,
    headers: { ...headers, host },
    ...(body !== undefined && { body }),
  };
  const signed = await signer.sign(request);
  const { host: _, ...sent } = signed.headers;
  return fetch(url, { method, headers: sent, ...(body !== undefined && { body }) });
}
