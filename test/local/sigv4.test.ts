import { execFile } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { Sha256 } from '@aws-crypto/sha256-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { type SigningKey, type SigV4Verdict, tolerance, verifySigV4, type WireRequest } from '../../local/aws/sigv4.ts';
import { missingShellTools, where } from '../support/wanted.ts';

const now = Date.UTC(2026, 10, 22, 10);
const keys: Record<string, SigningKey> = {
  AKIDEXAMPLEEXAMPLE01: { secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
  ASIAEXAMPLEEXAMPLE01: { secretAccessKey: 'other/secret', sessionToken: 'token/with+signs==' },
};
const verify = (request: WireRequest, service = 'execute-api', at = now) =>
  verifySigV4(request, (id) => keys[id], service, at);

type Unsigned = {
  method?: string;
  path?: string;
  query?: Record<string, string | string[]>;
  headers?: Record<string, string>;
  body?: string;
};
type Options = {
  accessKeyId?: string;
  secretAccessKey?: string;
  service?: string;
  region?: string;
  applyChecksum?: boolean;
  at?: number;
  sessionToken?: string;
};

/** A request as an AWS SDK signs and sends it. */
async function signed(
  { method = 'GET', path = '/iam/v1/me', query = {}, headers = {}, body }: Unsigned = {},
  options: Options = {},
): Promise<WireRequest> {
  const accessKeyId = options.accessKeyId ?? 'AKIDEXAMPLEEXAMPLE01';
  const key = keys[accessKeyId];
  const sessionToken = options.sessionToken ?? key?.sessionToken;
  const signer = new SignatureV4({
    service: options.service ?? 'execute-api',
    region: options.region ?? 'eu-central-1',
    sha256: Sha256,
    applyChecksum: options.applyChecksum ?? true,
    credentials: {
      accessKeyId,
      secretAccessKey: options.secretAccessKey ?? key?.secretAccessKey ?? 'unknown',
      ...(sessionToken !== undefined && { sessionToken }),
    },
  });
  const request = {
    method,
    protocol: 'https:',
    hostname: 'api.example.com',
    path,
    query,
    headers: { host: 'api.example.com', ...headers },
    body,
  };
  const result = await signer.sign(request, { signingDate: new Date(options.at ?? now) });
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  return {
    method,
    target: pairs.length > 0 ? `${path}?${pairs.join('&')}` : path,
    headers: result.headers as IncomingHttpHeaders,
    body: Buffer.from(body ?? ''),
  };
}

const ok = {
  ok: true,
  accessKeyId: 'AKIDEXAMPLEEXAMPLE01',
  key: keys.AKIDEXAMPLEEXAMPLE01,
  region: 'eu-central-1',
  queryAsWritten: false,
};
const changed = (request: WireRequest, headers: Record<string, string | undefined>): WireRequest => ({
  ...request,
  headers: { ...request.headers, ...headers },
});
const errorOf = (verdict: SigV4Verdict<SigningKey>) => (verdict.ok ? 'none' : verdict.error);

describe('a good signature', () => {
  test.each<[string, Unsigned]>([
    ['plain', {}],
    [
      'of a body',
      {
        method: 'POST',
        path: '/iam/v1/requests',
        body: '{"reason":"größer"}',
        headers: { 'content-type': 'application/json' },
      },
    ],
    ['of a query out of order', { query: { view: 'mine', status: 'active', limit: '2' } }],
    ['of a query with signs', { query: { cursor: "a+b c/=&?%ü~*'()!", empty: '' } }],
    ['of a repeated query', { query: { a: ['2', '1', '10'] } }],
    ['of a path that is encoded once on the wire', { path: '/iam/v1/a%20b/c%2Fd/~x' }],
    ['of a path with dots', { path: '/iam/./v1//me/../me/' }],
    ['of a header with spaces', { headers: { 'idempotency-key': '  a   b ' } }],
    [
      'of an unsigned payload',
      { method: 'POST', body: 'anything', headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } },
    ],
  ])('%s', async (_what, unsigned) => expect(await verify(await signed(unsigned))).toEqual(ok));

  test('without a payload header', async () =>
    expect(await verify(await signed({ method: 'POST', body: 'b' }, { applyChecksum: false }))).toEqual(ok));
  test('with a session token', async () =>
    expect(await verify(await signed({}, { accessKeyId: 'ASIAEXAMPLEEXAMPLE01' }))).toMatchObject({ ok: true }));
  test('in any Region', async () =>
    expect(await verify(await signed({}, { region: 'us-gov-west-1' }))).toMatchObject({
      ok: true,
      region: 'us-gov-west-1',
    }));
  test('for another service', async () =>
    expect(await verify(await signed({}, { service: 'sts' }), 'sts')).toEqual(ok));
  test.each([-tolerance, tolerance])('%d ms off', async (off) =>
    expect(await verify(await signed({}, { at: now + off }))).toEqual(ok),
  );
  test('with headers added in transit', async () =>
    expect(await verify(changed(await signed(), { via: '1.1 proxy', 'user-agent': 'x' }))).toEqual(ok));
});

/** Signs without a library: the canonical request of curl 7, which leaves the query as sent. */
function signedAsWritten(query: string): WireRequest {
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const hex = (text: string) => createHash('sha256').update(text).digest('hex');
  const scope = '20261122/us-east-1/execute-api/aws4_request';
  const canonical = `GET\n/iam/v1/requests\n${query}\nhost:h\nx-amz-date:20261122T100000Z\n\nhost;x-amz-date\n${hex('')}`;
  const { secretAccessKey } = keys.AKIDEXAMPLEEXAMPLE01!;
  const key = ['20261122', 'us-east-1', 'execute-api', 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${secretAccessKey}`,
  );
  const signature = hmac(key as Buffer, `AWS4-HMAC-SHA256\n20261122T100000Z\n${scope}\n${hex(canonical)}`).toString(
    'hex',
  );
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLEEXAMPLE01/${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}`;
  return {
    method: 'GET',
    target: `/iam/v1/requests?${query}`,
    headers: { host: 'h', 'x-amz-date': '20261122T100000Z', authorization },
    body: Buffer.alloc(0),
  };
}

test.each([
  ['a=1&b=2', false],
  ['view=mine&status=active', true],
  ['z', true],
])('a signature over ?%s as sent is accepted, and is marked', async (query, queryAsWritten) =>
  expect(await verify(signedAsWritten(query))).toMatchObject({ ok: true, queryAsWritten }),
);

describe('is refused', () => {
  test('without any', async () =>
    expect(errorOf(await verify(changed(await signed(), { authorization: undefined })))).toBe(
      'MissingAuthenticationToken',
    ));

  test.each(['Bearer x', 'AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c'])(
    'with %j',
    async (authorization) =>
      expect(errorOf(await verify(changed(await signed(), { authorization })))).toBe('IncompleteSignature'),
  );
  test.each([undefined, '2026-11-22T10:00:00Z', '20261399T100000Z'])('dated %j', async (date) =>
    expect(errorOf(await verify(changed(await signed(), { 'x-amz-date': date })))).toBe('IncompleteSignature'),
  );
  test('with an x-amz header that is not signed', async () =>
    expect(errorOf(await verify(changed(await signed(), { 'x-amz-target': 'x' })))).toBe('IncompleteSignature'));
  test('without the host', async () => {
    const request = await signed();
    const authorization = request.headers.authorization?.replace('SignedHeaders=host;', 'SignedHeaders=');
    expect(errorOf(await verify(changed(request, { authorization })))).toBe('IncompleteSignature');
  });
  test('with a signed header that is missing', async () =>
    expect(
      errorOf(
        await verify(changed(await signed({ headers: { 'idempotency-key': 'a' } }), { 'idempotency-key': undefined })),
      ),
    ).toBe('IncompleteSignature'));

  test('for an unknown key', async () =>
    expect(errorOf(await verify(await signed({}, { accessKeyId: 'AKIAUNKNOWNUNKNOWN01' })))).toBe(
      'InvalidClientTokenId',
    ));
  test('with another session token', async () =>
    expect(
      errorOf(await verify(await signed({}, { accessKeyId: 'ASIAEXAMPLEEXAMPLE01', sessionToken: 'other' }))),
    ).toBe('InvalidClientTokenId'));
  test('with a session token that the key does not have', async () =>
    expect(errorOf(await verify(await signed({}, { sessionToken: 'made up' })))).toBe('InvalidClientTokenId'));

  test.each<[string, Unsigned, (request: WireRequest) => WireRequest]>([
    ['method', {}, (request) => ({ ...request, method: 'DELETE' })],
    ['path', {}, (request) => ({ ...request, target: '/iam/v1/roles' })],
    ['query', { query: { a: '1' } }, (request) => ({ ...request, target: request.target.replace('a=1', 'a=2') })],
    ['added query', {}, (request) => ({ ...request, target: `${request.target}?a=2` })],
    [
      'signed header',
      { headers: { 'idempotency-key': 'a' } },
      (request) => changed(request, { 'idempotency-key': 'b' }),
    ],
    ['host', {}, (request) => changed(request, { host: 'other.example.com' })],
    ['body', { method: 'POST', body: 'a' }, (request) => ({ ...request, body: Buffer.from('b') })],
    ['date within the day', {}, (request) => changed(request, { 'x-amz-date': '20261122T100001Z' })],
    ['day', {}, (request) => changed(request, { 'x-amz-date': '20261123T000000Z' })],
    ['broken query', {}, (request) => ({ ...request, target: `${request.target}?a=%` })],
  ])('with another %s', async (_what, unsigned, change) =>
    expect(errorOf(await verify(change(await signed(unsigned))))).toBe('SignatureDoesNotMatch'),
  );

  test('with another body and no payload header', async () =>
    expect(
      errorOf(
        await verify({
          ...(await signed({ method: 'POST', body: 'a' }, { applyChecksum: false })),
          body: Buffer.from('b'),
        }),
      ),
    ).toBe('SignatureDoesNotMatch'));
  test('by another secret', async () =>
    expect(errorOf(await verify(await signed({}, { secretAccessKey: 'wrong' })))).toBe('SignatureDoesNotMatch'));
  test('for another service', async () =>
    expect(errorOf(await verify(await signed({}, { service: 's3' })))).toBe('SignatureDoesNotMatch'));
  test.each([-tolerance - 1000, tolerance + 1000])('%d ms off', async (off) =>
    expect(errorOf(await verify(await signed({}, { at: now + off })))).toBe('SignatureExpired'),
  );
  test('without details about keys', async () => {
    const verdict = await verify(await signed({}, { secretAccessKey: 'wrong' }));
    expect(JSON.stringify(verdict)).not.toMatch(/wrong|wJalr|AKID/);
  });
});

describe('over real HTTP', () => {
  let server: Server;
  let base: string;
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const wire = {
        method: request.method!,
        target: request.url!,
        headers: request.headers,
        body: Buffer.concat(chunks),
      };
      const verdict = await verifySigV4(wire, (id) => keys[id], 'execute-api', Date.now());
      response.end(JSON.stringify(verdict.ok ? { ok: true } : verdict));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const curl = async (...args: string[]) => {
    const user = `AKIDEXAMPLEEXAMPLE01:${keys.AKIDEXAMPLEEXAMPLE01!.secretAccessKey}`;
    const { stdout } = await promisify(execFile)('curl', [
      '-sS',
      '--aws-sigv4',
      'aws:amz:us-east-1:execute-api',
      '--user',
      user,
      ...args,
    ]);
    return JSON.parse(stdout) as unknown;
  };

  const withCurl = where(missingShellTools(), 'signatures of curl');
  withCurl.test('curl --aws-sigv4', async () => {
    const json = [
      '-H',
      'content-type: application/json',
      '-H',
      'idempotency-key: a1',
      '-d',
      '{"reason":"größer & ready"}',
    ];
    const calls = [
      [`${base}/iam/v1/me`],
      [`${base}/iam/v1/requests?a=1&b=2`],
      [`${base}/iam/v1/requests?view=mine&status=active&limit=2`],
      [`${base}/iam/v1/requests?cursor=a%2Bb%20c%2Fd&view=all`],
      [`${base}/iam/v1/requests?dryRun=true`, ...json],
      [`${base}/iam/v1/requests`, ...json],
      [`${base}/iam/v1/requests/01jd/end`, '-X', 'POST'],
    ];
    for (const call of calls) expect([call, await curl(...call)]).toEqual([call, { ok: true }]);
    expect(await curl(`${base}/iam/v1/me`, '-H', 'x-amz-security-token: made-up')).toMatchObject({
      ok: false,
      error: 'InvalidClientTokenId',
    });
  });

  test('node:http with a signed SDK request', async () => {
    const host = new URL(base).host;
    const unsigned = {
      method: 'POST',
      path: '/iam/v1/requests',
      query: { view: 'to-decide', cursor: 'a/b+c=' },
      headers: { host },
      body: '{"a":1}',
    };
    const request = await signed(unsigned, { at: Date.now() });
    const answer = await new Promise<string>((resolve, reject) => {
      const outgoing = httpRequest(
        `${base}${request.target}`,
        { method: 'POST', headers: request.headers as Record<string, string> },
        (response) => {
          response.setEncoding('utf8').on('data', (chunk: string) => resolve(chunk));
        },
      );
      outgoing.on('error', reject).end(request.body);
    });
    expect(JSON.parse(answer)).toEqual({ ok: true });
  });
});
