// The edge to ticket validators, over real HTTP: what is sent, who can tell that it is us, and everything that is no answer.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ticketValidators } from '../../lib/aws/ticket-validator.ts';
import type { TicketValidator } from '../../lib/catalogue/catalogue.ts';
import { unlistedHosts } from '../../lib/catalogue/tickets.ts';
import { verifySigV4 } from '../../local/aws/sigv4.ts';

const keys = { accessKeyId: 'ASIAEXAMPLEEXAMPLE00', secretAccessKey: 'secret', sessionToken: 'session token' };
const question = {
  ticket: 'OPS-1',
  role: 'read',
  account: '111111111111',
  requester: 'dev@example.com',
  reason: 'Größe "prüfen"',
  durationSeconds: 3600,
};

const servers: Array<Server | TlsServer> = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serving(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const validatorAt = (host: string, more: Partial<TicketValidator> = {}): TicketValidator => ({
  name: 'jira',
  url: `http://${host}/v1/check`,
  service: 'execute-api',
  ...more,
});
const edge = (hosts: string[], timeout?: number) =>
  ticketValidators({
    region: 'eu-west-1',
    credentials: async () => keys,
    hosts,
    fetch,
    ...(timeout !== undefined && { timeout }),
  });
const checked = async (answer: RequestListener, timeout?: number) => {
  const host = await serving(answer);
  return edge([host], timeout).check(validatorAt(host), question);
};
const json = (response: ServerResponse, body: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const bodyOf = async (request: IncomingMessage): Promise<Buffer> => Buffer.concat(await request.toArray());

describe('the call', () => {
  test.each([
    ['an API', {}, 'execute-api', 'eu-west-1'],
    ['a function URL in another region', { service: 'lambda' as const, region: 'us-east-1' }, 'lambda', 'us-east-1'],
  ])('is signed so that AWS can verify it: %s', async (_, more, service, region) => {
    let seen: Record<string, unknown> = {};
    const host = await serving(async (request, response) => {
      const body = await bodyOf(request);
      const wire = { method: request.method!, target: request.url!, headers: request.headers, body };
      const verdict = await verifySigV4(
        wire,
        (id) => (id === keys.accessKeyId ? keys : undefined),
        service,
        Date.now(),
      );
      seen = {
        verdict,
        body: JSON.parse(body.toString('utf8')),
        method: request.method,
        target: request.url,
        type: request.headers['content-type'],
      };
      json(response, { valid: true });
    });
    expect(await edge([host]).check(validatorAt(host, more), question)).toEqual({ outcome: 'valid' });
    expect(seen).toMatchObject({
      verdict: { ok: true, region },
      body: question,
      method: 'POST',
      target: '/v1/check',
      type: 'application/json',
    });
    expect(Object.keys(seen.body as object)).toEqual([
      'ticket',
      'role',
      'account',
      'requester',
      'reason',
      'durationSeconds',
    ]);
  });

  test('never goes to a host missing from the configuration', async () => {
    let calls = 0;
    const host = await serving((_, response) => {
      calls += 1;
      json(response, { valid: true });
    });
    for (const hosts of [[], ['127.0.0.1'], [`${host}0`], ['tickets.example.com']])
      await expect(edge(hosts).check(validatorAt(host), question)).rejects.toThrow('does not list');
    expect(calls).toBe(0);
  });

  test('does not follow a redirect', async () => {
    let calls = 0;
    const other = await serving((_, response) => {
      calls += 1;
      json(response, { valid: true });
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const answer = await checked(
        (_, response) => void response.writeHead(status, { location: `http://${other}/` }).end(),
      );
      expect(answer).toEqual({ outcome: 'unreachable', cause: `status ${status}` });
    }
    expect(calls).toBe(0);
  });
});

describe('an answer', () => {
  test.each([
    [{ valid: true }, { outcome: 'valid' }],
    [{ valid: false }, { outcome: 'invalid' }],
    [
      { valid: false, detail: 'closed in May' },
      { outcome: 'invalid', detail: 'closed in May' },
    ],
    [
      { valid: true, detail: 'Größe' },
      { outcome: 'valid', detail: 'Größe' },
    ],
    [{ valid: true, detail: '' }, { outcome: 'valid' }],
    [
      { valid: true, detail: 'x'.repeat(200) },
      { outcome: 'valid', detail: 'x'.repeat(200) },
    ],
  ])('%j', async (body, expected) =>
    expect(await checked((_, response) => void json(response, body))).toEqual(expected),
  );
});

describe('is not a valid answer:', () => {
  const form = 'unexpected answer';
  const sent = (text: string | Buffer) => (_: unknown, response: ServerResponse) => void response.end(text);
  test.each<[string, RequestListener, string]>([
    ['another status', (_, response) => void json(response, { valid: true }, 201), 'status 201'],
    ['a denial by IAM', (_, response) => void json(response, { message: 'Forbidden' }, 403), 'status 403'],
    ['an internal error of the service', (_, response) => void json(response, { valid: true }, 500), 'status 500'],
    ['no JSON', sent('yes'), form],
    ['nothing', sent(''), form],
    ['text that is not UTF-8', sent(Buffer.from([0x7b, 0xff, 0x7d])), form],
    ['a list', sent('[{"valid":true}]'), form],
    ['null', sent('null'), form],
    ['text instead of true', sent('{"valid":"true"}'), form],
    ['a number instead of true', sent('{"valid":1}'), form],
    ['no word on validity', sent('{"detail":"fine"}'), form],
    ['an unknown field', sent('{"valid":true,"approved":true}'), form],
    ['a detail that is no text', sent('{"valid":true,"detail":{}}'), form],
    ['a detail of two lines', sent('{"valid":true,"detail":"a\\nb"}'), form],
    ['a detail that turns the writing direction', sent('{"valid":true,"detail":"a\\u202eb"}'), form],
    ['a detail of 201 characters', sent(JSON.stringify({ valid: true, detail: 'x'.repeat(201) })), form],
    ['more than 4 KB', sent(`{"valid":true}${' '.repeat(4096)}`), 'answer too long'],
    ['a connection that breaks', (request) => void request.socket.destroy(), 'UND_ERR_SOCKET'],
    [
      'half a body',
      (_, response) =>
        void response.writeHead(200, { 'content-length': '100' }).write('{"valid":', () => response.destroy()),
      'UND_ERR_SOCKET',
    ],
  ])('%s', async (_, answer, cause) => expect(await checked(answer)).toEqual({ outcome: 'unreachable', cause }));

  test('an endless body, which is not read to the end', async () => {
    const host = await serving((_, response) => {
      const more = () => {
        if (!response.destroyed) response.write(' '.repeat(1024), more);
      };
      response.writeHead(200);
      more();
    });
    expect(await edge([host]).check(validatorAt(host), question)).toEqual({
      outcome: 'unreachable',
      cause: 'answer too long',
    });
  });

  test('a service that is slow to answer, or slow to finish', async () => {
    const never: RequestListener = () => {};
    const slowly: RequestListener = (_, response) => void response.writeHead(200).write('{');
    for (const answer of [never, slowly])
      expect(await checked(answer, 50)).toEqual({ outcome: 'unreachable', cause: 'no answer in time' });
  });

  test('a refused connection', async () => {
    const host = await serving(() => {});
    servers.splice(0).forEach((server) => void server.close());
    expect(await edge([host]).check(validatorAt(host), question)).toEqual({
      outcome: 'unreachable',
      cause: 'ECONNREFUSED',
    });
  });

  test('a server with an untrusted certificate', async () => {
    const pem = (name: string) => readFileSync(new URL(`../support/tls/${name}.pem`, import.meta.url), 'utf8');
    let calls = 0;
    const server = createTlsServer({ key: pem('key'), cert: pem('certificate') }, (_, response) => {
      calls += 1;
      json(response, { valid: true });
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const host = `localhost:${(server.address() as AddressInfo).port}`;
    const answer = await edge([host]).check(validatorAt(host, { url: `https://${host}/check` }), question);
    expect(answer).toEqual({ outcome: 'unreachable', cause: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(calls).toBe(0);
  });

  test('a server without TLS', async () => {
    const host = await serving((_, response) => void json(response, { valid: true }));
    const answer = await edge([host]).check(validatorAt(host, { url: `https://${host}/` }), question);
    expect(answer).toMatchObject({ outcome: 'unreachable', cause: expect.stringMatching(/SSL|TLS|no connection/) });
  });
});

test('missing credentials throw instead of counting as no answer', async () => {
  const host = await serving((_, response) => void json(response, { valid: true }));
  const service = ticketValidators({
    region: 'eu-west-1',
    credentials: () => Promise.reject(new Error('none')),
    hosts: [host],
    fetch,
  });
  await expect(service.check(validatorAt(host), question)).rejects.toThrow('none');
});

test('a host is listed with its port unless it is the default port', () => {
  const jira = { url: 'https://tickets.example.com:8443/check', service: 'execute-api' as const };
  expect(unlistedHosts({ jira }, ['tickets.example.com:8443'], 'the list')).toEqual([]);
  expect(
    unlistedHosts(
      { jira, now: { ...jira, url: 'https://now.example.com' } },
      ['tickets.example.com', 'now.example.com'],
      'the list',
    ),
  ).toEqual(['the list does not list tickets.example.com:8443, the host of the catalogue\'s ticket validator "jira"']);
});
