// exec for a command that outlasts its session: the endpoint renews the session near its expiry, until the grant ends.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { serveCredentials } from '../../cli/aws/credentials-endpoint.ts';
import { keepSession, recallSession } from '../../cli/aws/kept-sessions.ts';
import { Failure } from '../../cli/machine/exit.ts';
import { MINUTE } from '../../lib/common/time.ts';
import type { CredentialsView, RequestView } from '../../lib/http/answers.ts';
import { cli, type TestWorld, testWorld } from '../support/cli.ts';
import { bodyOf, type CliServer, startForCli } from '../support/cli-server.ts';

const role = 'production-bucket-read';
let at: CliServer;
let dev: TestWorld;
let lead: TestWorld;
let world: Server;
let ahead = 0;
/** Events that the child can trigger. */
const events: Record<string, () => Promise<unknown>> = {
  '/later': () => later(50),
  '/9-minutes': () => later(9),
  '/2-minutes': () => later(2),
  '/revoked': async () => {
    const [{ id }] = bodyOf<{ items: [RequestView] }>(await cli(dev, 'requests', '--status', 'active', '--json')).items;
    expect((await cli(lead, 'end', id)).status).toBe(0);
  },
};

async function later(minutes: number): Promise<void> {
  ahead += minutes * MINUTE;
  await at.moveClock({ advance: `${minutes}m` });
}

beforeAll(async () => {
  at = await startForCli();
  dev = await at.person('asi-dev@example.com', { now: () => Date.now() + ahead });
  lead = await at.person('lead@example.com');
  world = createServer((request, response) => {
    events[request.url ?? '']!().then(
      () => response.end('done'),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => world.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  world.close();
  world.closeAllConnections();
  await at.close();
});

/** Runs a script as the child; it exits with 42 if all of its expectations hold. */
async function child(script: string, ...options: string[]): Promise<void> {
  const { id } = bodyOf<RequestView>(
    await cli(dev, 'request', role, '--for', '3h', '--reason', 'Find the lost invoices', '--json'),
  );
  await cli(lead, 'approve', id);
  const around = `http://127.0.0.1:${(world.address() as AddressInfo).port}`;
  const prelude = `
    const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: authorization } = process.env;
    const ask = async () => { const answer = await fetch(url, { headers: { authorization } }); return { status: answer.status, ...(await answer.json()) }; };
    const happens = async (what) => { const answer = await fetch('${around}' + what); if (!answer.ok) throw new Error(await answer.text()); };
    const same = (a, b) => a.AccessKeyId === b.AccessKeyId && a.Token === b.Token;
    const demand = (isSo, what) => { if (!isSo) { console.error(what); process.exit(1); } };`;
  const { status } = await cli(
    dev,
    'exec',
    role,
    ...options,
    '--',
    process.execPath,
    '-e',
    `(async () => {${prelude}${script}; process.exit(42)})()`,
  );
  expect(status).toBe(42);
}

test('serves the same session until near its expiry, then one new session for all concurrent callers', async () =>
  child(`
    const first = await ask();
    demand(first.AccessKeyId.startsWith('ASIA') && same(first, await ask()), 'the first is kept');
    await happens('/later');
    const [second, third] = await Promise.all([ask(), ask()]);
    demand(!same(first, second) && same(second, third), 'renewed once');
    demand(Date.parse(second.Expiration) - Date.parse(first.Expiration) > 40 * 60_000, 'it lasts longer');
  `));

test('a session of 15 minutes is replaced before its end, but not at every call', async () => {
  await cli(dev, 'end', role);
  await child(
    `
    const first = await ask();
    demand(same(first, await ask()) && same(first, await ask()), 'kept');
    await happens('/9-minutes');
    demand(same(first, await ask()), 'kept for two thirds of its length');
    await happens('/2-minutes');
    demand(!same(first, await ask()), 'renewed');
  `,
    '--duration',
    '15m',
  );
});

test.each([
  [15, 9, true],
  [15, 11, false],
  [60, 54, true],
  [60, 56, false],
])('a kept session of %d minutes is used after %d: %s', (length, age, isUsed) => {
  const now = Date.now();
  const instant = (minutes: number) => new Date(now + minutes * MINUTE).toISOString();
  const session = {
    Version: 1,
    AccessKeyId: 'ASIA',
    SecretAccessKey: 's',
    SessionToken: 't',
    AccountId: '111111111111',
    Expiration: instant(length),
    GrantEndsAt: instant(600),
    RequestId: 'r',
    LimitedBy: 'catalogue',
  } as const;
  const here = testWorld({ now: () => now });
  keepSession(here, 'https://a.example', 'me', role, session);
  const then = testWorld({ ...here, now: () => now + age * MINUTE });
  expect(recallSession(then, 'https://a.example', 'me', role)).toEqual(isUsed ? session : undefined);
});

test('during an outage of Latchkey, a valid session is still served, but not after a refusal', async () => {
  let now = 0;
  const session = (end: number) =>
    ({
      AccessKeyId: `until ${end}`,
      Expiration: new Date(end * MINUTE).toISOString(),
      GrantEndsAt: instantAt(600),
    }) as CredentialsView;
  let refusal = new Failure('try-again', 'away');
  const endpoint = await serveCredentials(
    session(60),
    () => Promise.reject(refusal),
    () => now * MINUTE,
  );
  const ask = () => fetch(endpoint.url, { headers: { authorization: endpoint.token } });
  try {
    now = 50;
    expect(await (await ask()).json()).toMatchObject({ AccessKeyId: 'until 60' });
    refusal = new Failure('conflict', 'revoked');
    expect((await ask()).status).toBe(403);
    refusal = new Failure('try-again', 'away');
    now = 61;
    expect((await ask()).status).toBe(503);
  } finally {
    endpoint.close();
  }
});
const instantAt = (minutes: number): string => new Date(minutes * MINUTE).toISOString();

test('after a revocation there is no new session, and the child gets the reason', async () => {
  await cli(dev, 'end', role);
  await child(`
    demand((await ask()).status === 200, 'works');
    await happens('/revoked');
    await happens('/later');
    const refused = await ask();
    demand(refused.status === 403 && refused.code === 'NoSession' && /revoked/.test(refused.message), JSON.stringify(refused));
    demand(!('AccessKeyId' in refused), 'no keys');
  `);
});
