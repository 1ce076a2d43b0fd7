// A grant from filing to revocation on the deployed stack: tokens of a foreign issuer, the mailed link, and keys that AWS takes or denies.
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { beforeAll, expect, test } from '@jest/globals';
import type { CredentialsView, RequestView } from '../lib/http/answers.ts';
import { hub } from './emulation.ts';
import { tokenOf } from './issuer.ts';
import { clients, operator } from './operator.ts';
import { deployedWorld } from './world.ts';

const { baseUrl, endpoint, issuer } = deployedWorld();
const bucket = { Bucket: 'asi-production-bucket', Key: 'report.csv' };
const [developer, lead] = ['asi-dev@example.com', 'lead@example.com'];

beforeAll(async () => {
  const { s3 } = operator(endpoint, '111111111111');
  await s3.send(new CreateBucketCommand({ Bucket: bucket.Bucket }));
  await s3.send(new PutObjectCommand({ ...bucket, Body: 'a,b\n1,2\n' }));
});

/** Calls the API as somebody with a token. @throws where the answer is no success */
async function call<Body>(email: string, method: 'GET' | 'POST', path: string, body?: object): Promise<Body> {
  const answer = await fetch(`${baseUrl}/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${await tokenOf(issuer, { email })}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as Body;
}

/** What `look` finds within a minute: streams and mails take a moment. */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 120; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(500);
  }
  throw new Error('nothing came within a minute');
}

/** The link in the mail that SES was given for somebody. */
const linkMailed = (to: string): Promise<string> =>
  eventually(async () => {
    const answer = await fetch(`${endpoint}/_ministack/ses/messages?account=${hub.account}`);
    const { messages } = (await answer.json()) as { messages: Record<string, Mail[]> };
    const mine = (messages[hub.account] ?? []).filter((mail) => mail.To.some((address) => address.includes(to)));
    return mine.map(({ BodyText }) => /\S+\/decide\/[\w-]+/.exec(BodyText)?.[0]).find((link) => link !== undefined);
  });
type Mail = { To: string[]; BodyText: string };

const read = (id: string) => call<RequestView>(developer, 'GET', `/requests/${id}`);

test('filed with a foreign token, approved from the mail, used at AWS, and denied after the revoke', async () => {
  const { id } = await call<RequestView>(developer, 'POST', '/requests', {
    role: 'production-bucket-read',
    reason: 'Fix the broken nightly export',
  });
  const link = await linkMailed(lead);
  expect(link.startsWith(`${baseUrl}/decide/`)).toBe(true);
  const form = new URLSearchParams({ decision: 'approve', comment: '' });
  expect((await fetch(link, { method: 'POST', headers: { origin: 'null' }, body: form })).status).toBe(200);
  expect((await read(id)).status).toBe('active');

  const keys = await call<CredentialsView>(developer, 'POST', `/requests/${id}/credentials`);
  const holder = clients(endpoint, {
    accessKeyId: keys.AccessKeyId,
    secretAccessKey: keys.SecretAccessKey,
    sessionToken: keys.SessionToken,
  });
  const { Arn } = await holder.sts.send(new GetCallerIdentityCommand({}));
  expect(Arn).toMatch(/^arn:aws:sts::111111111111:assumed-role\/readonly-asi-production-bucket\/lk-/);
  const { Body } = await holder.s3.send(new GetObjectCommand(bucket));
  expect(await Body!.transformToString()).toBe('a,b\n1,2\n');
  await expect(holder.s3.send(new PutObjectCommand({ ...bucket, Body: 'c' }))).rejects.toMatchObject({
    name: 'AccessDenied',
  });

  await call<RequestView>(developer, 'POST', `/requests/${id}/end`, { comment: 'done' });
  const denied = await eventually(() => holder.s3.send(new GetObjectCommand(bucket)).then(() => undefined, String));
  expect(denied).toMatch(/AccessDenied.*explicit deny/);
  const ended = await eventually(async () => {
    const one = await read(id);
    return one.revocation?.state === 'done' ? one : undefined;
  });
  expect(ended.status).toBe('ended');
});
