// A grant from filing to revocation on the deployed stack: tokens of a foreign issuer, the mailed link, and keys that AWS takes or denies.
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { beforeAll, expect, test } from '@jest/globals';
import type { CredentialsView, RequestView } from '../lib/http/answers.ts';
import { clients, operator } from './operator.ts';
import { call, eventually, linkMailed } from './people.ts';
import { deployedWorld } from './world.ts';

const { baseUrl, endpoint } = deployedWorld();
const bucket = { Bucket: 'asi-production-bucket', Key: 'report.csv' };
const [developer, lead] = ['asi-dev@example.com', 'lead@example.com'];

beforeAll(async () => {
  const { s3 } = operator(endpoint, '111111111111');
  await s3.send(new CreateBucketCommand({ Bucket: bucket.Bucket }));
  await s3.send(new PutObjectCommand({ ...bucket, Body: 'a,b\n1,2\n' }));
});

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
