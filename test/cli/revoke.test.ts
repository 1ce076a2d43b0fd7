// `revoke` of everything that fits, and blocks: what is shown, what is asked, what the API is sent, and how it ends.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { checkAllEnded, revocationText } from '../../cli/grants/revocation.ts';
import type { BlockListView, RequestView, RevocationView } from '../../lib/http/answers.ts';
import { cli, type Ran, type TestWorld, testWorld } from '../support/cli.ts';
import { bodyOf, type CliServer, startForCli } from '../support/cli-server.ts';

let at: CliServer;
beforeAll(async () => {
  at = await startForCli();
});
afterAll(() => at.close());

const person = 'asi-dev@example.com';
const role = 'production-bucket-read';
let dev: TestWorld;
let lead: TestWorld;
let admin: TestWorld;
beforeEach(async () => {
  dev = await at.person(person);
  lead = await at.person('lead@example.com');
  admin = await at.person('security@example.com');
  await cli(admin, 'revoke', '--person', person, '--comment', 'between tests', '--yes');
  for (const { id } of bodyOf<BlockListView>(await cli(admin, 'blocks', '--json')).items)
    await cli(admin, 'unblock', id);
});

const filed = async (of = role) =>
  bodyOf<RequestView>(await cli(dev, 'request', of, '--reason', 'Find the lost invoices', '--json')).id;
const granted = async () => bodyOf<RequestView>(await cli(lead, 'approve', await filed(), '--json')).id;
const statusOf = async (id: string) => bodyOf<RequestView>(await cli(dev, 'show', id, '--json')).status;
const revoke = (...more: string[]) => cli(admin, 'revoke', '--comment', 'Laptop stolen', ...more);
/** At a terminal with somebody who answers. */
const asked = async (answer: string | undefined, ...more: string[]): Promise<Ran & { question: string }> => {
  let question = '';
  const world = testWorld({
    ...admin,
    ask: async (text) => {
      question = text;
      return answer;
    },
  });
  return { ...(await cli(world, 'revoke', '--comment', 'Laptop stolen', ...more)), question };
};

describe('revoking everything of a person', () => {
  test('ends active and pending requests that match, and no others', async () => {
    const active = await granted();
    const other = await filed('sandbox-read');
    const some = await revoke('--person', person, '--account', '111111111111', '--yes', '--json');
    expect([some.status, bodyOf<RevocationView>(some)]).toEqual([
      0,
      { ended: [active], effectiveBy: expect.any(String) },
    ]);
    expect([await statusOf(active), await statusOf(other)]).toEqual(['revoked', 'active']);
    const rest = await revoke('--person', person, '--yes');
    expect(rest).toMatchObject({
      status: 0,
      out: expect.stringMatching(
        new RegExp(
          `^Ended 1 request:\\n {2}${other}\\n(?:None of their sessions can be used any more|The last of their sessions ends now)`,
        ),
      ),
    });
    expect(await revoke('--person', person, '--yes')).toMatchObject({ status: 0, out: 'No open requests.\n' });
  });

  test('shows the requests, and ends them after a yes', async () => {
    const id = await granted();
    const ran = await asked('yes', '--person', person, '--block', '2h');
    expect(ran).toMatchObject({ status: 0, question: 'Revoke all of it? Type yes: ' });
    expect(ran.err).toMatch(
      new RegExp(
        `^1 request would be ended:\\nREQUEST .*\\n${id} +active +${role} +Production +.*${person}.*\\nFiling, approving and credentials would be blocked for 2h\\.\\n$`,
      ),
    );
    expect(ran.out).toMatch(/\nThe block ends in 2 h \(.*\)\. List and lift blocks: latchkey blocks\n$/);
    expect(await statusOf(id)).toBe('revoked');
  });

  test.each([
    ['no', 130, /Nothing was revoked\.\n$/],
    ['', 130, /Nothing was revoked\.\n$/],
    [undefined, 2, /Nothing was revoked\.\n {2}To revoke without confirmation, add --yes\.\n$/],
  ])('ends nothing at %j', async (answer, status, err) => {
    const id = await granted();
    expect(await asked(answer, '--person', person)).toMatchObject({ status, out: '', err: expect.stringMatching(err) });
    expect(await statusOf(id)).toBe('active');
  });

  test('is for admins', async () => {
    const id = await granted();
    const ran = await cli(dev, 'revoke', '--person', person, '--comment', 'x', '--yes');
    expect([ran.status, await statusOf(id)]).toEqual([5, 'active']);
  });

  test.each([
    [['--person', person, '--block', 'abc'], /^latchkey: --block must be a duration/],
    [['--person', person, '--block', '31d'], /^latchkey: --block must be from 1m to 30d\./],
    [['01hzy3v9k2m4n6p8q0r2s4t6v8', '--block', '2h'], /--block goes with --person, --role or --account/],
  ])('%j ends nothing', async (args, err) =>
    expect(await revoke(...args, '--yes')).toMatchObject({
      status: expect.any(Number),
      out: '',
      err: expect.stringMatching(err),
    }),
  );
});

describe('a block', () => {
  test('refuses filing and shows its end, is listed, and is lifted', async () => {
    await revoke('--person', person, '--role', role, '--block', '2h', '--yes');
    const refused = await cli(dev, 'request', role, '--reason', 'Find the lost invoices');
    expect(refused).toMatchObject({ status: 5, err: expect.stringMatching(/blocked access .* until \d{4}-/) });

    const listed = await cli(admin, 'blocks');
    expect(listed.out).toMatch(
      new RegExp(
        `^BLOCK +BLOCKED +ENDS +BY +COMMENT\\n\\w{26} +${person}, role ${role} +in 2 h \\(.*\\) +.*security@example\\.com.* +Laptop stolen\\n$`,
      ),
    );
    const { id } = bodyOf<BlockListView>(await cli(admin, 'blocks', '--json')).items[0]!;
    const typing = testWorld({ ...admin, sleep: () => new Promise(() => {}) });
    expect((await cli(typing, 'completion', 'words', '--', 'unblock', '')).out).toBe(
      `${id}\t${person}, role ${role}\n`,
    );
    expect(await cli(admin, 'unblock', id)).toMatchObject({ status: 0, out: 'The block is lifted.\n' });
    expect(await cli(admin, 'unblock', id)).toMatchObject({
      status: 0,
      out: 'There is no such block, or it has ended already.\n',
    });
    expect(await cli(admin, 'blocks')).toMatchObject({ status: 0, out: 'Nothing is blocked.\n' });
    await filed();
  });

  test('is for admins', async () => {
    expect(await cli(dev, 'blocks')).toMatchObject({ status: 5, out: '' });
    expect(await cli(dev, 'unblock', '01hzy3v9k2m4n6p8q0r2s4t6v8')).toMatchObject({ status: 5, out: '' });
  });
});

describe('the answer', () => {
  const now = Date.UTC(2026, 10, 23, 10);
  const times = { now, offsetAt: () => 0 };
  test('says when the last session ends', () =>
    expect(revocationText({ ended: ['a', 'b'], effectiveBy: '2026-11-23T10:40:00Z' }, times)).toBe(
      'Ended 2 requests:\n  a\n  b\nThe last of their sessions ends in 40 min (23 Nov 2026, 10:40 UTC).\n',
    ));
  test('requests that could not be ended are named, and the status means try again', () =>
    expect(() => checkAllEnded({ ended: ['a'], remaining: ['b', 'c'], effectiveBy: '' })).toThrow(
      expect.objectContaining({
        exit: 'try-again',
        message: '2 requests could not be ended: b, c.',
        next: ['Run the same command again.'],
      }),
    ));
});
