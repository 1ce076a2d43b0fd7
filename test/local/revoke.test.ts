// On the local server, over real HTTP and with the real SDK: sessions are cut off when their grant is revoked or handed back.
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { CredentialsView, RequestView } from '../../lib/http/answers.ts';
import { type LocalServer, startLocalServer } from '../../local/server.ts';
import { rejectionOf } from '../support/canned-aws.ts';

let server: LocalServer;
beforeAll(async () => {
  server = await startLocalServer();
}, 30_000);
afterAll(() => server.close());

async function post<Answer>(path: string, body: unknown, token?: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect([path, answer.ok]).toEqual([path, true]);
  return (await answer.json()) as Answer;
}
const tokenOf = async (email: string) => (await post<{ token: string }>('/local/token', { email })).token;

test.each([
  ['revoked', 'security@example.com'],
  ['ended', 'asi-dev@example.com'],
])('a session whose grant is %s is refused', async (status, ender) => {
  const developer = await tokenOf('asi-dev@example.com');
  const { id } = await post<RequestView>('/v1/requests', { role: 'sandbox-read', reason: 'Look around' }, developer);
  const keys = await post<CredentialsView>(`/v1/requests/${id}/credentials`, {}, developer);
  const sts = new STSClient({
    region: 'eu-west-1',
    endpoint: `${server.url}/local/aws`,
    maxAttempts: 1,
    credentials: {
      accessKeyId: keys.AccessKeyId,
      secretAccessKey: keys.SecretAccessKey,
      sessionToken: keys.SessionToken,
    },
  });
  expect((await sts.send(new GetCallerIdentityCommand({}))).Account).toBe('666666666666');

  const ended = await post<RequestView>(`/v1/requests/${id}/end`, {}, await tokenOf(ender));
  expect(ended).toMatchObject({ status, revocation: { state: 'pending', effectiveBy: keys.Expiration } });
  expect(await rejectionOf(sts.send(new GetCallerIdentityCommand({})))).toMatchObject({ name: 'AccessDenied' });
  const read = await fetch(`${server.url}/v1/requests/${id}`, { headers: { authorization: `Bearer ${developer}` } });
  expect(await read.json()).toMatchObject({ status, revocation: { state: 'done' } });
  sts.destroy();
});
