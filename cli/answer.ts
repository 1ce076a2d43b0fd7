// An HTTP/1.1 answer, from the bytes of its connection (RFC 9112). Strict: what could be read in two ways is no answer.
import type { HttpAnswer } from './http.ts';

/** Nobody answered, or not in HTTP; `code` is Node's, `timeout`, `too-long`, or `not-http`. */
export class NoAnswer extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`no answer (${code})`);
    this.name = 'NoAnswer';
    this.code = code;
  }
}

/** More than any answer of Latchkey or an issuer has. */
export const mostBytes = 8 * 1024 * 1024;
const mostHeadBytes = 64 * 1024;

/**
 * @param bytes everything that has come so far
 * @param isEnded nothing more will come
 * @returns undefined as long as the answer is not whole
 * @throws NoAnswer
 */
export function readAnswer(bytes: Buffer, isEnded: boolean): HttpAnswer | undefined {
  if (bytes.length > mostBytes) throw new NoAnswer('too-long');
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) {
    if (isEnded) throw new NoAnswer(bytes.length === 0 ? 'ECONNRESET' : 'not-http');
    if (bytes.length > mostHeadBytes) throw new NoAnswer('not-http');
    return undefined;
  }
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1] ?? Number.NaN);
  if (Number.isNaN(status) || status === 101) throw new NoAnswer('not-http');
  const rest = bytes.subarray(end + 4);
  if (status < 200) return readAnswer(rest, isEnded);
  const headers = readHeaders(lines);
  const body = readBody(rest, status, headers, isEnded);
  if (body === undefined && isEnded) throw new NoAnswer('ECONNRESET');
  return body && { status, headers, body: body.toString('utf8') };
}

// -- internal --------------------------------------------------------------------------------------------------------

function readHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new NoAnswer('not-http');
    const key = name.toLowerCase();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  return headers;
}

function readBody(rest: Buffer, status: number, headers: Record<string, string>, isEnded: boolean): Buffer | undefined {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers;
  if (status === 204 || status === 304) return rest.subarray(0, 0);
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== 'chunked' || length !== undefined) throw new NoAnswer('not-http');
    return readChunks(rest);
  }
  if (length === undefined) return isEnded ? rest : undefined;
  if (!/^\d{1,8}$/.test(length)) throw new NoAnswer('not-http');
  return rest.length < Number(length) ? undefined : rest.subarray(0, Number(length));
}

function readChunks(rest: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const [, size] = /^([0-9a-f]{1,7})(?:[ \t]*;.*)?$/i.exec(rest.toString('latin1', at, lineEnd)) ?? [];
    if (size === undefined) throw new NoAnswer('not-http');
    const start = lineEnd + 2;
    const end = start + Number.parseInt(size, 16);
    // behind the last chunk there may be more headers, which say nothing that is read here
    if (end === start) return rest.indexOf('\r\n\r\n', lineEnd) < 0 ? undefined : Buffer.concat(parts);
    if (rest.length < end + 2) return undefined;
    if (rest.toString('latin1', end, end + 2) !== '\r\n') throw new NoAnswer('not-http');
    parts.push(rest.subarray(start, end));
    at = end + 2;
  }
}
