// The guides in docs/ are what they say: each example of a rule is a catalogue that is accepted, and the bot's walkthrough runs as it stands.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { testKeyOf } from '../local/oidc/identities.ts';
import { startLocalServer } from '../local/server.ts';
import { blocksOf, typed } from './support/guide.ts';
import { catalogueOf } from './support/small-catalogue.ts';
import { missingShellTools, where } from './support/wanted.ts';

const guide = (name: string): string => readFileSync(new URL(`../docs/${name}.md`, import.meta.url), 'utf8');

/** What the examples leave out. */
const base = {
  version: 1,
  accounts: { production: { id: '111111111111', name: 'Production', externalId: 'lk-9f2c6c1e4b7a4d5f8a3e' } },
  groups: {
    developers: ['asi-dev@example.com'],
    leads: ['lead@example.com'],
    security: ['security@example.com'],
    'on-call': ['on-call@example.com'],
  },
  roles: {
    'production-db': {
      account: 'production',
      roleName: 'latchkey/Database',
      description: 'Read the database',
      requesters: ['group:developers'],
      approval: { stages: [{ approvers: ['group:leads'] }] },
      duration: { default: '1h', max: '8h' },
    },
  },
};
type Tree = { [key: string]: unknown };
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);
const merged = (into: Tree, from: Tree): Tree => ({
  ...into,
  ...Object.fromEntries(
    Object.entries(from).map(([key, value]) => [
      key,
      isTree(value) && isTree(into[key]) ? merged(into[key], value) : value,
    ]),
  ),
});

describe('each example of a rule is accepted', () => {
  test.each(['reminders-and-escalation', 'break-glass', 'offboarding', 'limits', 'chatops', 'tickets'])(
    'docs/%s.md',
    (name) => {
      const examples = blocksOf(guide(name), 'yaml').map((block) => parse(block) as Tree);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) expect(catalogueOf(merged(base, example)).roles.size).toBe(1);
    },
  );
});

const inShell = where(missingShellTools(), 'the walkthroughs of the guides');

inShell.test('the walkthrough of a bot works as it is printed', async () => {
  const server = await startLocalServer({ port: 0 });
  try {
    const { accessKeyId, secretAccessKey } = testKeyOf('arn:aws:iam::999999999999:role/chatops-bot');
    const env = { B: server.url, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const { stdout, stderr } = await typed(blocksOf(guide('chatops'), 'sh'), env);

    expect(stderr).toBe('');
    expect(stdout).toContain('"principal":"arn:aws:iam::999999999999:role/chatops-bot"');
    expect(stdout).toContain('"filedBy":{"principal":"arn:aws:iam::999999999999:role/chatops-bot"}');
    expect(stdout).toContain('"email":"asi-dev@example.com"');
    expect(stdout).toContain(
      'filed again: 200\nread:        200\ndecide:      403\nvend:        403\nend:         403\n',
    );
    expect(stdout).toContain('"code":"not-allowed"');
    expect(stdout).toContain('the page:    200\napprove:     400\nwithdraw:    200\nagain:       410\n');
    expect(stdout).toContain('"status":"withdrawn"');
  } finally {
    await server.close();
  }
});

inShell.test('the walkthrough of tickets tells its story, with the catalogue that stands beside it', async () => {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-tickets-'));
  const catalogueFile = join(folder, 'tickets.yml');
  const example = readFileSync(new URL('../docs/tickets.yml', import.meta.url), 'utf8');
  expect(example).toContain('"http://localhost:3000/local/tickets/check"');
  writeFileSync(catalogueFile, example.replace('localhost:3000', `localhost:${port}`));
  const server = await startLocalServer({ port, catalogueFile });
  try {
    const { stdout, stderr } = await typed(blocksOf(guide('tickets'), 'sh'), { B: server.url });

    const [dryRun, refused, silent, filed, unchecked] = stdout.trim().split('\n');
    expect(dryRun).toContain('A dry run does not ask it.');
    expect(JSON.parse(refused!)).toMatchObject({
      code: 'refused-by-policy',
      errors: [{ pointer: '/ticket', detail: 'jira does not accept the ticket: no such ticket in the example' }],
    });
    expect(JSON.parse(silent!)).toMatchObject({ status: 503, code: 'try-again' });
    expect(JSON.parse(filed!)).toMatchObject({
      status: 'pending',
      ticketCheck: { validator: 'jira', state: 'valid' },
      history: [{ type: 'filed' }, { type: 'ticket-checked', note: 'jira: valid: open, in the example' }],
    });
    expect(JSON.parse(unchecked!)).toMatchObject({
      status: 'pending',
      ticketCheck: { validator: 'jira', state: 'unchecked' },
      history: [{ type: 'filed' }, { type: 'ticket-unchecked', note: 'jira: no answer' }],
    });
    expect(stderr).toBe('');
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
});

test('the local server calls no validator but its own, unless it is told', async () => {
  const catalogueFile = new URL('../docs/tickets.yml', import.meta.url).pathname;
  await expect(startLocalServer({ port: 0, catalogueFile })).rejects.toThrow(
    'LATCHKEY_TICKET_HOSTS does not list localhost:3000, the host of the catalogue\'s ticket validator "jira"',
  );
  const server = await startLocalServer({ port: 0, catalogueFile, ticketHosts: ['localhost:3000'] });
  const nobody = await fetch(`${server.url}/local/tickets/check`, { method: 'POST', body: '{"ticket":"OPS-2"}' });
  expect([nobody.status, ((await nobody.json()) as { code: string }).code]).toEqual([401, 'unauthenticated']);
  await server.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
