// The command line's own HTTP: answers in any pieces, nothing that can be read in two ways, and certificates verified.
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mostBytes, NoAnswer, readAnswer } from '../cli/answer.ts';
import { sendHttp } from '../cli/http.ts';

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof NoAnswer) return error.code;
    throw error;
  }
  return 'no refusal';
};
const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'an answer',
    (error: unknown) => {
      if (error instanceof NoAnswer) return error.code;
      throw error;
    },
  );

const chunked = (parts: readonly string[]): string =>
  `${[...parts.filter((part) => part !== ''), ''].map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`).join('')}`;
const answers = fc
  .record({
    status: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
    parts: fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { maxLength: 5 }),
    framing: fc.constantFrom('length', 'chunked', 'close'),
    interim: fc.boolean(),
  })
  .map(({ status, parts, framing, interim }) => {
    const body = parts.join('');
    const framed = {
      length: `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      chunked: `Transfer-Encoding: chunked\r\n\r\n${chunked(parts)}`,
      close: `\r\n${body}`,
    }[framing]!;
    const bytes = Buffer.from(
      `${interim ? 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' : ''}HTTP/1.1 ${status} Words\r\nX-Request-Id: r1\r\n${framed}`,
    );
    return { status, body, framing, bytes };
  });

describe('an answer', () => {
  test('is the same in whatever pieces it comes, and not there before it is whole', () => {
    fc.assert(
      fc.property(answers, ({ status, body, framing, bytes }) => {
        const whole = readAnswer(bytes, true);
        expect(whole).toMatchObject({ status, body });
        expect(whole?.headers['x-request-id']).toBe('r1');
        for (let length = 0; length < bytes.length; length += 1)
          expect(readAnswer(bytes.subarray(0, length), false)).toBeUndefined();
        if (framing !== 'close') expect(readAnswer(bytes, false)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  test('that breaks off is none', () => {
    fc.assert(
      fc.property(answers, fc.nat(), ({ framing, bytes }, at) => {
        const head = bytes.indexOf('\r\n\r\n', bytes.includes('103 Early') ? bytes.indexOf('\r\n\r\n') + 4 : 0) + 4;
        const cut = at % bytes.length;
        // an answer that ends with its connection cannot tell where it was cut
        fc.pre(framing !== 'close' || cut < head);
        expect(['ECONNRESET', 'not-http']).toContain(codeOf(() => readAnswer(bytes.subarray(0, cut), true)));
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a length below zero', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
    ['a compressed transfer', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    [
      'a chunk that is longer than it says',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n',
    ],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n'],
    ['a header with a space before the colon', 'HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n'],
  ])('with %s is none', (_, text) => {
    expect(codeOf(() => readAnswer(Buffer.from(text), true))).toBe('not-http');
  });

  test('without an end is given up', () => {
    expect(codeOf(() => readAnswer(Buffer.alloc(70_000, 'a'), false))).toBe('not-http');
    expect(
      codeOf(() => readAnswer(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), Buffer.alloc(mostBytes)]), false)),
    ).toBe('too-long');
  });

  test('is nothing but its headers where the status says so', () => {
    expect(readAnswer(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'), false)).toEqual({
      status: 204,
      headers: Object.create(null),
      body: '',
    });
  });

  test('takes no name for what every object has', () => {
    const { headers } = readAnswer(Buffer.from('HTTP/1.1 200 OK\r\n__proto__: x\r\ncontent-length: 0\r\n\r\n'), false)!;
    expect(Object.keys(headers)).toEqual(['__proto__', 'content-length']);
    expect(headers.constructor).toBeUndefined();
  });
});

describe('a call', () => {
  test('arrives as it was meant, and its answer comes back', async () => {
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

  test('does not wait for a connection that its server keeps open', async () => {
    const server = createSocketServer((socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
    await serving(server, async (port) =>
      expect((await sendHttp({ method: 'GET', url: `http://127.0.0.1:${port}/` })).body).toBe('ok'),
    );
  });

  test('that nobody answers ends in time', async () => {
    await serving(createSocketServer(), async (port) => {
      expect(await failure(sendHttp({ method: 'GET', url: `http://127.0.0.1:${port}/`, timeoutMs: 50 }))).toBe(
        'timeout',
      );
    });
  });

  test('says why it was not answered', async () => {
    let free = 0;
    await serving(createSocketServer(), async (port) => {
      free = port;
    });
    expect(await failure(sendHttp({ method: 'GET', url: `http://127.0.0.1:${free}/` }))).toBe('ECONNREFUSED');
    const hangsUp = createSocketServer((socket) => void socket.resume().end());
    await serving(hangsUp, async (port) =>
      expect(await failure(sendHttp({ method: 'GET', url: `http://127.0.0.1:${port}/` }))).toBe('ECONNRESET'),
    );
  });

  test('smuggles no second header', async () => {
    await serving(createServer(), async (port) => {
      const call = sendHttp({
        method: 'GET',
        url: `http://127.0.0.1:${port}/`,
        headers: { authorization: 'Bearer t\r\nx-evil: 1' },
      });
      await expect(call).rejects.toThrow('a header has a character that HTTP does not allow');
    });
  });

  test('refuses a certificate that nobody vouches for', async () => {
    const pem = (name: string) => readFileSync(join(import.meta.dirname, `support/tls/${name}.pem`), 'utf8');
    let called = false;
    const server = createTlsServer({ key: pem('key'), cert: pem('certificate') }, (_, response) => {
      called = true;
      response.end('secret');
    });
    await serving(server, async (port) => {
      expect(await failure(sendHttp({ method: 'GET', url: `https://localhost:${port}/` }))).toBe(
        'DEPTH_ZERO_SELF_SIGNED_CERT',
      );
    });
    expect(called).toBe(false);
  });
});

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
