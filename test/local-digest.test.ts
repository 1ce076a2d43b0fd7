// On the local server, over real HTTP: what is beyond an hour's mails is in the outbox as one digest once the clock was moved and a sweep ran.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RequestView } from '../lib/schema.ts';
import { type LocalServer, startLocalServer } from '../local/server.ts';

type Mail = { to: string; subject: string; text: string };

let server: LocalServer;
const directory = mkdtempSync(join(tmpdir(), 'latchkey-digest-'));
beforeAll(async () => {
  const catalogueFile = join(directory, 'access.yml');
  writeFileSync(catalogueFile, `${readFileSync('access.yml', 'utf8')}\nlimits: { mailsPerHour: 1 }\n`);
  server = await startLocalServer({ catalogueFile });
}, 30_000);
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

async function post<Answer>(path: string, body: unknown, token?: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect([path, answer.ok]).toEqual([path, true]);
  return (await answer.json()) as Answer;
}
const mailsTo = async (address: string): Promise<Mail[]> =>
  ((await (await fetch(`${server.url}/local/outbox`)).json()) as Mail[]).filter(({ to }) => to === address).reverse();

test('a digest is mailed, and its links open and decide', async () => {
  await post('/local/clock', { set: '2026-11-23T10:20:00Z' });
  const { token } = await post<{ token: string }>('/local/token', { email: 'asi-dev@example.com' });
  for (const role of ['production-bucket-read', 'production-app-write'])
    await post<RequestView>(
      '/v1/requests',
      { role, reason: 'Look at the failing nightly export', ticket: 'OPS-1' },
      token,
    );
  const [approver] = ((await (await fetch(`${server.url}/local/outbox`)).json()) as Mail[]).map(({ to }) => to);
  const before = await mailsTo(approver!);
  expect(before).toHaveLength(1);

  await post('/local/clock', { set: '2026-11-23T11:00:00Z' });
  await post('/local/sweep', {});
  const [, digest, ...more] = await mailsTo(approver!);
  expect(more).toEqual([]);
  expect(digest!.subject).toBe('Please decide: 1 request');
  const link = /http:\S+\/decide\/[\w-]+/.exec(digest!.text)![0];
  expect((await fetch(link)).status).toBe(200);
  const decided = await fetch(link, {
    method: 'POST',
    body: new URLSearchParams({ decision: 'deny', comment: 'Not now' }),
  });
  expect(decided.status).toBe(200);
  expect((await fetch(link)).status).toBe(410);
});
