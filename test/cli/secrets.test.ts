// No secret reaches the terminal unless requested: not with --debug, not in errors, with any kind of sign-in.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CredentialsView } from '../../lib/http/answers.ts';
import { signInAt } from '../support/browser-visit.ts';
import { cli, type Ran, type TestWorld, testWorld } from '../support/cli.ts';
import { type CliServer, startForCli } from '../support/cli-server.ts';

const role = 'sandbox-read';
let at: CliServer;
beforeAll(async () => {
  at = await startForCli();
});
afterAll(() => at.close());

/** The parts of a signed call that would allow a replay. */
const signatures = /Signature=|x-amz-security-token|x-amz-date|authorization/i;
const callers: Record<string, () => Promise<{ world: TestWorld; secrets: string[] }>> = {
  async 'a token'() {
    const world = await at.person('asi-dev@example.com');
    return { world, secrets: [world.env.LATCHKEY_TOKEN!] };
  },
  async 'a login'() {
    const world = testWorld();
    await cli(world, 'setup', at.server.url);
    world.onSleep = async () =>
      void (await signInAt(/go directly to (\S+)\)/.exec(said)![1]!, { email: 'second-dev@example.com' }));
    let said = '';
    const running = cli(world, 'login', '--device', '--debug');
    const { err } = world;
    world.err = (text) => {
      said += text;
      err(text);
    };
    const ran = await running;
    world.onSleep = () => undefined;
    const tokens = Object.values(
      JSON.parse(readFileSync(join(world.home, '.cache/latchkey/tokens.json'), 'utf8')),
    )[0] as Record<string, string>;
    const secrets = [tokens.accessToken!, tokens.refreshToken!];
    expect(ran.status).toBe(0);
    for (const secret of secrets) expect(ran.out + ran.err).not.toContain(secret);
    return { world, secrets };
  },
  async 'AWS credentials'() {
    const keys = { ...at.keysOf('user/TrustedUser') };
    return {
      world: testWorld({ env: { LATCHKEY_URL: at.server.url, ...keys } }),
      secrets: [keys.AWS_SECRET_ACCESS_KEY],
    };
  },
};

describe.each(Object.keys(callers))('%s', (caller) => {
  test('prints no secret', async () => {
    const { world, secrets } = await callers[caller]!();
    const said: string[] = [];
    const run = async (...[name = '', ...args]: string[]): Promise<Ran> => {
      const ran = await cli(world, name, '--debug', ...args);
      said.push(ran.err);
      return ran;
    };
    expect((await run('request', role, '--reason', 'look', '--for', '2h')).status).toBe(0);
    for (const args of [['whoami'], ['roles'], ['requests', '--json'], ['show', role, '--history'], ['explain', role]])
      said.push((await run(...args)).out);

    // requested credentials are only on stdout
    const printed = JSON.parse((await run('credentials', role, '--cache')).out) as CredentialsView;
    const exported = (await run('env', role, '--shell', 'bash')).out;
    const console = new URL((await run('console', role, '--print')).out.trim());
    secrets.push(printed.SecretAccessKey, printed.SessionToken, console.searchParams.get('SigninToken')!);
    secrets.push(/AWS_SECRET_ACCESS_KEY='(.*)'/.exec(exported)![1]!, /AWS_SESSION_TOKEN='(.*)'/.exec(exported)![1]!);
    expect((await run('exec', role, '--', process.execPath, '-e', '0')).status).toBe(0);

    // errors, from Latchkey and before the call
    for (const args of [
      ['request', role, '--reason', 'again'],
      ['approve', printed.RequestId],
      ['credentials', 'no-such-role'],
      ['requests', '--limit', 'x', '--json'],
      ['whoami', '--url', 'http://localhost:9'],
    ])
      expect((await run(...args)).status).not.toBe(0);
    const terminal = Object.assign(world, { outIsTerminal: true });
    for (const args of [
      ['credentials', role],
      ['env', role],
    ]) {
      const ran = await cli(terminal, ...args, '--debug');
      expect(ran).toMatchObject({ status: 2, out: '' });
      said.push(ran.err);
    }
    said.push((await run('end', role)).out);

    expect(said.join('')).toMatch(/^debug: POST /m);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(10);
      expect(said.join('\n')).not.toContain(secret);
    }
    expect(said.join('\n')).not.toMatch(signatures);
  });
});
