// One call over one socket. Not node:http, which costs a third of Node's own start, and not fetch, which costs more than all of it (docs/decisions/0010).
import type { Socket } from 'node:net';
import { NoAnswer, readAnswer } from './answer.ts';
import type { HttpAnswer } from './http.ts';

export type Exchange = { method: string; url: URL; headers: Readonly<Record<string, string>>; body: string };

/** Sends once and reads one answer; the certificate is verified as everywhere in Node. @throws NoAnswer, also what `signal` is aborted with */
export async function exchange({ method, url, headers, body }: Exchange, signal: AbortSignal): Promise<HttpAnswer> {
  const lines = Object.entries({ host: url.host, connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const head = [`${method} ${url.pathname}${url.search} HTTP/1.1`, ...lines];
  if (head.some((line) => /[^\t\x20-\x7e\x80-\xff]/.test(line)))
    throw new TypeError('a header has a character that HTTP does not allow');
  const socket = open(url);
  return new Promise((resolve, reject) => {
    let bytes: Buffer = Buffer.alloc(0);
    const settle = (work: () => HttpAnswer | undefined) => {
      try {
        const answer = work();
        if (!answer) return;
        resolve(answer);
      } catch (error) {
        reject(error);
      }
      // not now: whoever waits for the answer goes on first, and mostly ends the process
      setImmediate(() => socket.destroy());
    };
    const fail = (error: NodeJS.ErrnoException) =>
      settle(() => {
        throw error instanceof NoAnswer ? error : new NoAnswer(error.code ?? error.name);
      });
    signal.addEventListener('abort', () => fail(signal.reason));
    socket.on('error', fail);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      settle(() => readAnswer(bytes, false));
    });
    socket.on('end', () => settle(() => readAnswer(bytes, true)));
    // until a secure connection is up, the socket keeps what it is given
    socket.write(`${head.join('\r\n')}\r\n\r\n`, 'latin1');
    if (body !== '') socket.write(body);
  });
}

// -- internal --------------------------------------------------------------------------------------------------------

/** Not by `import`, which copies every property of a module in what is built, also those that are made when they are asked for. */
function open({ protocol, hostname, port }: URL): Socket {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const { connect, isIP } = process.getBuiltinModule('node:net');
  if (protocol === 'http:') return connect({ host, port: Number(port || 80) });
  return process.getBuiltinModule('node:tls').connect({
    host,
    port: Number(port || 443),
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 && { servername: host }),
  });
}
