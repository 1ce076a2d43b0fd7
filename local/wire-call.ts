// The type of an HTTP call before the gateway.

/** An HTTP request; header names in lower case, repeated headers joined by commas. */
export type WireCall = {
  id: string;
  method: string;
  /** path and query exactly as in the request line */
  target: string;
  headers: Record<string, string>;
  body: Buffer;
  sourceIp: string;
};

export function splitTarget(target: string): [path: string, query: string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}
