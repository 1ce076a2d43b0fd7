// How the command line calls: no redirect, limits of time and size, answers that can be read in one way only, certificates verified, proxies.
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { mostBytes, sendHttp } from '../../cli/http/http.ts';
import { NoAnswer } from '../../cli/http/no-answer.ts';
import { isFor } from '../../cli/http/proxy.ts';

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'an answer',
    (error: unknown) => {
      if (error instanceof NoAnswer) return error.code;
      throw error;
    },
  );
const get = (port: number, timeoutMs?: number) =>
  sendHttp({ method: 'GET', url: `http://127.0.0.1:${port}/`, ...(timeoutMs !== undefined && { timeoutMs }) });
/** A server that sends this text, in these pieces, to every client. */
const saying = (...pieces: Array<string | Buffer>) =>
  createSocketServer((socket) => {
    socket.resume().on('error', () => {});
    void (async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      socket.end();
    })();
  });
const head = 'HTTP/1.1 200 OK\r\n';

describe('an answer', () => {
  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['two lengths', `${head}content-length: 1\r\nContent-Length: 2\r\n\r\nab`],
    ['a length and chunks', `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a length below zero', `${head}content-length: -1\r\n\r\n`],
    ['a chunk that is longer than it says', `${head}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`],
    ['a head without an end', `${head}a: ${'b'.repeat(70_000)}`],
  ])('with %s is none', async (_, text) =>
    serving(saying(text), async (port) => expect(await codeOf(get(port))).toBe('not-http')),
  );

  test.each([
    ['a length', `${head}content-length: 5\r\n\r\nab`],
    ['chunks', `${head}transfer-encoding: chunked\r\n\r\n2\r\nab\r\n`],
    ['nothing at all', ''],
  ])('with %s that breaks off is none', async (_, text) =>
    serving(saying(text), async (port) => expect(await codeOf(get(port))).toBe('ECONNRESET')),
  );

  test('may come in pieces, in the middle of a letter', async () => {
    const text = Buffer.from('ä');
    const pieces = [head, 'content-length: 2\r\n\r\n', text.subarray(0, 1), text.subarray(1)];
    await serving(saying(...pieces), async (port) => expect((await get(port)).body).toBe('ä'));
  });

  test('that is too long is aborted', async () => {
    const server = createServer((_, response) => {
      response.on('error', () => {});
      response.end(Buffer.alloc(mostBytes + 1));
    });
    await serving(server, async (port) => expect(await codeOf(get(port))).toBe('too-long'));
  });

  test('that never ends is aborted', async () => {
    const server = createServer((_, response) => {
      const more = setInterval(() => response.write('a'), 5);
      response.on('close', () => clearInterval(more));
    });
    await serving(server, async (port) => expect(await codeOf(get(port, 100))).toBe('timeout'));
  });
});

describe('a call', () => {
  test('arrives unchanged, and its answer is returned', async () => {
    const seen: string[] = [];
    const heard: RequestListener = (request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => seen.push(text));
      request.on('end', () => {
        seen.unshift(
          `${request.method} ${request.url} ${request.headers.host} ${request.headers.authorization} ${request.headers['content-length']}`,
        );
        response.writeHead(201, { 'X-Kept': 'a', 'content-type': 'application/json' });
        response.write('{"a":');
        response.end('"ä"}');
      });
    };
    await serving(createServer(heard), async (port) => {
      const url = `http://127.0.0.1:${port}/v1/requests?view=mine`;
      const answer = await sendHttp({ method: 'POST', url, headers: { authorization: 'Bearer t' }, body: '{"b":"ö"}' });
      expect(answer).toMatchObject({ status: 201, body: '{"a":"ä"}' });
      expect(answer.headers['x-kept']).toBe('a');
      expect(seen).toEqual([`POST /v1/requests?view=mine 127.0.0.1:${port} Bearer t 10`, '{"b":"ö"}']);
    });
  });

  test('follows no redirect', async () => {
    const paths: string[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url ?? '');
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    await serving(server, async (port) => expect((await get(port)).status).toBe(302));
    expect(paths).toEqual(['/']);
  });

  test('does not wait for a connection that its server keeps open', async () => {
    const server = createSocketServer((socket) => void socket.write(`${head}content-length: 2\r\n\r\nok`));
    await serving(server, async (port) => expect((await get(port)).body).toBe('ok'));
  });

  test('without an answer ends in time', async () =>
    serving(createSocketServer(), async (port) => expect(await codeOf(get(port, 50))).toBe('timeout')));

  test('reports why there was no answer', async () => {
    let free = 0;
    await serving(createSocketServer(), async (port) => {
      free = port;
    });
    expect(await codeOf(get(free))).toBe('ECONNREFUSED');
  });

  test('cannot inject a second header', async () =>
    serving(createServer(), async (port) => {
      const headers = { authorization: 'Bearer t\r\nx-evil: 1' };
      const call = sendHttp({ method: 'GET', url: `http://127.0.0.1:${port}/`, headers });
      await expect(call).rejects.toThrow('Invalid character in header content');
    }));

  test('refuses an untrusted certificate', async () => {
    const pem = (name: string) => readFileSync(join(import.meta.dirname, `../support/tls/${name}.pem`), 'utf8');
    let called = false;
    const server = createTlsServer({ key: pem('key'), cert: pem('certificate') }, (_, response) => {
      called = true;
      response.end('secret');
    });
    await serving(server, async (port) => {
      expect(await codeOf(sendHttp({ method: 'GET', url: `https://localhost:${port}/` }))).toBe(
        'DEPTH_ZERO_SELF_SIGNED_CERT',
      );
    });
    expect(called).toBe(false);
  });
});

test.each([
  ['*', true],
  ['example.com', true],
  ['api.example.com', true],
  ['.example.com', true],
  ['*.example.com', true],
  ['example.com:443', true],
  ['example.com:8443', false],
  ['ample.com', false],
  ['other.example.com', false],
  ['*.com:80', false],
])('NO_PROXY=%s', (exception, expected) => expect(isFor(exception, 'api.example.com', 443)).toBe(expected));

async function serving(server: Server, work: (port: number) => Promise<unknown>): Promise<void> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}
