// Errors name the flag that was typed, never a JSON pointer or query parameter of the API.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { flagOf } from '../../cli/options/flags.ts';
import { ListQuery } from '../../lib/http/queries.ts';
import {
  NewConsole,
  NewCredentials,
  NewDecision,
  NewEnd,
  NewExtension,
  NewRequest,
  NewReview,
} from '../../lib/model/bodies.ts';
import { cli } from '../support/cli.ts';
import { type CliServer, startForCli } from '../support/cli-server.ts';

let at: CliServer;
beforeAll(async () => {
  at = await startForCli();
});
afterAll(() => at.close());

const id = '01hzy3v9k2m4n6p8q0r2s4t6v8';
const said = async (...args: string[]) => {
  const { status, err } = await cli(await at.person('asi-dev@example.com'), ...args);
  return { status, err };
};

describe('an invalid value', () => {
  test.each([
    [['request', 'sandbox-read', '--reason', 'look', '--for', 'abc'], /^latchkey: --for must be a duration/],
    [
      ['request', 'sandbox-read', '--reason', 'a\u0007b', '--for', 'x'],
      /^latchkey: (?:--for|--reason) .*; (?:--for|--reason) /,
    ],
    [['request', 'sandbox-read', '--reason', 'x', '--idempotency-key', 'ü'], /^latchkey: --idempotency-key must be /],
    [['requests', '--limit', '500'], /^latchkey: --limit must be .*100\.\n$/],
    [['requests', '--cursor', 'x'], /^latchkey: --cursor is not a valid cursor\.\n$/],
    [['requests', '--person', 'a@example.com'], /^latchkey: --person requires/],
    [['credentials', 'sandbox-read', '--duration', 'abc'], /^latchkey: --duration must be a duration/],
    [['extend', id, '--for', 'abc', '--reason', 'x'], /^latchkey: --for must be a duration/],
    [['end', id, '--comment', 'x'.repeat(5000)], /^latchkey: --comment must /],
  ])('%j', async (args, words) => {
    const { status, err } = await said(...args);
    expect([status, err]).toEqual([2, expect.stringMatching(words)]);
    expect(err).not.toMatch(/(?:^|\s)[/?][a-zA-Z]/);
  });

  test('--json keeps the pointer of the API', async () =>
    expect(JSON.parse((await said('requests', '--limit', '500', '--json')).err)).toMatchObject({
      errors: [{ pointer: '?limit' }],
    }));
});

test('every field of a body and every parameter of a list has a flag', () => {
  const bodies = { NewRequest, NewExtension, NewDecision, NewReview, NewEnd, NewCredentials, NewConsole };
  const pointers = Object.values(bodies).flatMap(({ entries }) => Object.keys(entries).map((name) => `/${name}`));
  const parameters = Object.keys(ListQuery.entries).map((name) => `?${name}`);
  const nameless = [...pointers, ...parameters].filter((pointer) => flagOf(pointer, '/requests') === undefined);
  // `approve` and `deny` are two commands
  expect(nameless).toEqual(['/decision']);
});
