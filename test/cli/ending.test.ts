// `withdraw`, `hand-back` and `revoke` end a request that they fit, and otherwise name the command that does.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { commands } from '../../cli/program/commands.ts';
import { otherWords } from '../../cli/program/other-words.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { cli, type TestWorld, testWorld } from '../support/cli.ts';
import { bodyOf, type CliServer, startForCli } from '../support/cli-server.ts';

let at: CliServer;
beforeAll(async () => {
  at = await startForCli();
});
afterAll(() => at.close());

const role = 'production-bucket-read';
let dev: TestWorld;
let lead: TestWorld;
beforeEach(async () => {
  dev = await at.person('asi-dev@example.com');
  lead = await at.person('lead@example.com');
  const { items } = bodyOf<{ items: RequestView[] }>(await cli(dev, 'requests', '--json'));
  for (const { id, status } of items)
    if (['pending', 'scheduled', 'active'].includes(status)) await cli(dev, 'end', id);
});

/** Makes a request with a status; returns its ID. */
const waiting = async (...more: string[]): Promise<string> =>
  bodyOf<RequestView>(await cli(dev, 'request', role, '--reason', 'Find the lost invoices', '--json', ...more)).id;
const granted = async (...more: string[]): Promise<string> =>
  bodyOf<RequestView>(await cli(lead, 'approve', await waiting(...more), '--json')).id;

describe('the command that fits', () => {
  test.each([
    ['withdraw', 'a pending request', () => waiting(), /^withdrawn {2}production/],
    ['withdraw', 'a scheduled grant', () => granted('--at', '+2h'), /^withdrawn {2}production/],
    ['hand-back', 'an active grant', () => granted(), /^withdrawn \(handed back, never used\) {2}production/],
  ])('%s ends %s, by its ID and by its role', async (verb, _, make, shown) => {
    expect(await cli(dev, verb, await make())).toMatchObject({ status: 0, err: '', out: expect.stringMatching(shown) });
    await make();
    expect(await cli(dev, verb, role)).toMatchObject({ status: 0, err: '', out: expect.stringMatching(shown) });
  });

  test('hand-back of a used grant', async () => {
    const id = await granted();
    expect((await cli(dev, 'credentials', id)).status).toBe(0);
    expect((await cli(dev, 'hand-back', role)).out).toMatch(/^ended \(handed back\) {2}production/);
  });

  test('revoke ends the grant of another person', async () => {
    const ran = await cli(lead, 'revoke', await granted(), '--comment', 'Wrong account');
    expect(ran).toMatchObject({ status: 0, out: expect.stringMatching(/^revoked {2}production/) });
  });
});

describe('the command that does not fit', () => {
  test.each([
    [
      'withdraw',
      'an active grant',
      () => granted(),
      7,
      /is active\. An active grant is handed back instead of withdrawn\.\n {2}Hand it back: latchkey hand-back ID\n$/,
    ],
    [
      'hand-back',
      'a pending request',
      () => waiting(),
      7,
      /is pending\. Only an active grant can be handed back\.\n {2}Withdraw it: latchkey withdraw ID\n$/,
    ],
  ])('%s refuses %s, by its ID and by its role', async (verb, _, make, status, said) => {
    const id = await make();
    for (const target of [id, role]) {
      const ran = await cli(dev, verb, target);
      expect([ran.status, ran.err.replaceAll(id, 'ID')]).toEqual([status, expect.stringMatching(said)]);
    }
    expect(['pending', 'active']).toContain(bodyOf<RequestView>(await cli(dev, 'show', id, '--json')).status);
  });

  test.each(['withdraw', 'hand-back'])('%s refuses the request of another person', async (verb) => {
    const id = await waiting();
    expect(await cli(lead, verb, id)).toMatchObject({
      status: 5,
      err: expect.stringMatching(
        new RegExp(
          `is by .*asi-dev@example.com.*, not yours\\.\\n {2}Revoke it: latchkey revoke ${id} --comment "\\.\\.\\."\\n$`,
        ),
      ),
    });
  });

  test('revoke refuses your own request', async () => {
    const id = await waiting();
    expect(await cli(dev, 'revoke', id, '--comment', 'mine')).toMatchObject({
      status: 5,
      err: `latchkey: Request ${id} is your own. Only requests of other people can be revoked.\n  Withdraw it: latchkey withdraw ${id}\n`,
    });
  });

  test.each([[[]], [['01hzy3v9k2m4n6p8q0r2s4t6v8', '--person', 'dev@example.com']]])(
    'revoke takes one request or many: %j',
    async (args) =>
      expect(await cli(lead, 'revoke', ...args, '--comment', 'x')).toMatchObject({
        status: 2,
        err: expect.stringContaining(
          'Give either the ID of a request, or --person, --role and --account (one or more).',
        ),
      }),
  );
});

test('without an open request, no command acts on a request that has ended', async () => {
  const id = await waiting();
  await cli(lead, 'deny', id);
  for (const verb of ['end', 'withdraw', 'hand-back'])
    expect(await cli(dev, verb, role)).toMatchObject({
      status: 7,
      err: expect.stringMatching(
        new RegExp(
          `^latchkey: You have no open request or grant for ${role}\\. Your newest one was denied .*\\n {2}See it: latchkey show ${id}\\n$`,
        ),
      ),
    });
});

describe('command names of other programs', () => {
  test('are not commands, and suggest commands', () => {
    const meant = Object.values(otherWords).flat();
    expect(meant.filter((name) => !Object.hasOwn(commands, name))).toEqual([]);
    expect(Object.keys(otherWords).filter((word) => Object.hasOwn(commands, word))).toEqual([]);
  });
  test.each([
    ['ls', 'Did you mean "roles" or "requests"?'],
    ['return', 'Did you mean "hand-back"?'],
    ['cancel', 'Did you mean "withdraw" or "hand-back"?'],
    ['constructor', ''],
  ])('%s', async (word, said) =>
    expect(await cli(testWorld(), word)).toMatchObject({
      status: 2,
      err: `latchkey: Unknown command "${word}".${said && ` ${said}`}\n  See: latchkey help\n`,
    }),
  );
});
