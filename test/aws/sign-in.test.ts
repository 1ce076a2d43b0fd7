import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { type FetchLike, federation } from '../../lib/aws/sign-in.ts';
import { Problem } from '../../lib/model/problem.ts';
import { federationEndpoint, signInUrl } from '../../lib/session/console-url.ts';
import { rejectionOf } from '../support/canned-aws.ts';

const credentials = {
  accessKeyId: 'ASIACANARY',
  secretAccessKey: 'secret+canary/=',
  sessionToken: 'token+canary/=&',
  expiresAt: 0,
};
const partitions = [
  ['aws', 'signin.aws.amazon.com', 'console.aws.amazon.com'],
  ['aws-us-gov', 'signin.amazonaws-us-gov.com', 'console.amazonaws-us-gov.com'],
  ['aws-cn', 'signin.amazonaws.cn', 'console.amazonaws.cn'],
  ['aws-eusc', 'eusc-de-east-1.signin.amazonaws-eusc.eu', 'console.amazonaws-eusc.eu'],
] as const;

function answering(status: number, body: string) {
  const asked: Array<{ url: string; init: Parameters<FetchLike>[1] }> = [];
  const fetch: FetchLike = async (url, init) => {
    asked.push({ url, init });
    return { status, text: async () => body };
  };
  return { fetch, asked };
}

describe('the sign-in token', () => {
  test.each(partitions)('in %s is requested from %s, without a session duration', async (...[partition, host]) => {
    const { fetch, asked } = answering(200, '{"SigninToken":"signin-token"}');
    expect(await federation(fetch).token(partition, credentials)).toBe('signin-token');
    const url = new URL(asked[0]!.url);
    expect(`${url.origin}${url.pathname}`).toBe(`https://${host}/federation`);
    expect([...url.searchParams.keys()]).toEqual(['Action', 'Session']);
    expect(url.searchParams.get('Action')).toBe('getSigninToken');
    expect(JSON.parse(url.searchParams.get('Session')!)).toEqual({
      sessionId: credentials.accessKeyId,
      sessionKey: credentials.secretAccessKey,
      sessionToken: credentials.sessionToken,
    });
    expect(asked[0]!.init).toMatchObject({ method: 'GET', redirect: 'manual', signal: expect.any(AbortSignal) });
  });

  test.each([
    [400, 'Invalid credentials parameter', 'aws-refused'],
    [302, '', 'aws-refused'],
    [200, '<html>canary</html>', 'aws-refused'],
    [200, '{"SigninToken":""}', 'aws-refused'],
    [200, 'null', 'aws-refused'],
    [429, '', 'try-again'],
    [500, '', 'try-again'],
    [503, '{"SigninToken":"no"}', 'try-again'],
  ])('status %d with %j is %3$s', async (status, body, code) => {
    const error = await rejectionOf(federation(answering(status, body).fetch).token('aws', credentials));
    expect(error).toBeInstanceOf(Problem);
    expect((error as Problem).code).toBe(code);
    expect((error as Problem).detail + (error as Problem).stack).not.toMatch(/canary/i);
  });

  test('a failing fetch does not reveal the URL', async () => {
    const fetch: FetchLike = async (url) => Promise.reject(new TypeError(`Failed to fetch ${url}`));
    const error = (await rejectionOf(federation(fetch).token('aws', credentials))) as Problem;
    expect(error.code).toBe('try-again');
    expect(error.detail + error.stack + String(error.cause)).not.toMatch(/canary/i);
  });

  test('the real fetch times out and follows no redirect', async () => {
    let followed = 0;
    const server = createServer((request, response) => {
      if (request.url?.startsWith('/slow')) return; // never answers
      if (request.url?.startsWith('/elsewhere')) followed += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const slow = rejectionOf(federation(fetch, `${base}/slow`, 50).token('aws', credentials));
    const redirected = rejectionOf(federation(fetch, `${base}/redirect`).token('aws', credentials));
    expect(await slow).toMatchObject({ code: 'try-again' });
    expect(await redirected).toMatchObject({ code: 'aws-refused' });
    expect(followed).toBe(0);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test.each([
    'https://signin.aws.amazon.com.evil.example/federation',
    'http://localhost.evil.example/',
    'http://10.0.0.1/',
  ])('is never requested from another host: %s', (endpoint) =>
    expect(() => federation(fetch, endpoint)).toThrow(/loopback/),
  );
});

describe('the sign-in URL', () => {
  test.each(partitions)('in %s is on %s and leads to %s', (partition, signIn, console) => {
    const url = new URL(
      signInUrl(partition, 'a+token/=&', '/s3/home?region=eu-west-1#x', 'https://latchkey.example.com'),
    );
    expect(`${url.origin}${url.pathname}`).toBe(`https://${signIn}/federation`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      Action: 'login',
      Issuer: 'https://latchkey.example.com',
      Destination: `https://${console}/s3/home?region=eu-west-1#x`,
      SigninToken: 'a+token/=&',
    });
  });

  test('leads to the console home by default', () =>
    expect(new URL(signInUrl('aws', 't', undefined, 'https://l.example')).searchParams.get('Destination')).toBe(
      'https://console.aws.amazon.com/console/home',
    ));

  test.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example/',
    'http://console.aws.amazon.com/',
    '\\\\evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
  ])('never leaves the console: %j', (destination) =>
    expect(() => signInUrl('aws', 't', destination, 'https://l.example')).toThrow('not on the AWS console'),
  );

  test.each(['aws-iso', '', '__proto__', 'constructor'])('rejects the unknown partition %j', (partition) => {
    expect(() => federationEndpoint(partition)).toThrow();
    expect(() => signInUrl(partition, 't', '/', 'https://l.example')).toThrow();
  });
});
