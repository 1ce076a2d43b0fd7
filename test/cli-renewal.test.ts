// exec for a command that outlasts its session: the endpoint renews near the expiry, until the grant is over.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RequestView } from '../lib/schema.ts';
import { MINUTE } from '../lib/time.ts';
import { cli, type TestWorld } from './support/cli.ts';
import { bodyOf, type CliServer, startForCli } from './support/cli-server.ts';

const role = 'production-bucket-read';
let at: CliServer;
let dev: TestWorld;
let lead: TestWorld;
let world: Server;
let ahead = 0;
/** What the child can have happen around it. */
const events: Record<string, () => Promise<unknown>> = {
  '/later': async () => {
    ahead += 50 * MINUTE;
    await at.moveClock({ advance: '50m' });
  },
  '/revoked': async () => {
    const [{ id }] = bodyOf<{ items: [RequestView] }>(await cli(dev, 'requests', '--status', 'active', '--json')).items;
    expect((await cli(lead, 'end', id)).status).toBe(0);
  },
};

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

/** Runs a script as the child; it ends with 42 if all that it expects is so. */
async function child(script: string): Promise<void> {
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
    '--',
    process.execPath,
    '-e',
    `(async () => {${prelude}${script}; process.exit(42)})()`,
  );
  expect(status).toBe(42);
}

test('the same session while it lasts, a new one near its expiry, one for all who ask at once', async () =>
  child(`
    const first = await ask();
    demand(first.AccessKeyId.startsWith('ASIA') && same(first, await ask()), 'the first is kept');
    await happens('/later');
    const [second, third] = await Promise.all([ask(), ask()]);
    demand(!same(first, second) && same(second, third), 'renewed once');
    demand(Date.parse(second.Expiration) - Date.parse(first.Expiration) > 40 * 60_000, 'it lasts longer');
  `));

test('after a revoke there is no new one, and the child is told', async () => {
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
