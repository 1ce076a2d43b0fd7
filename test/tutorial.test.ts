// docs/tutorial.md: its commands work as they are printed.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { routes } from '../lib/http/routes.ts';
import { testKeyOf } from '../local/oidc/identities.ts';
import { type LocalServer, startLocalServer } from '../local/server.ts';
import { blocksOf, typed } from './support/guide.ts';
import { missingShellTools, where } from './support/wanted.ts';

const tutorial = readFileSync(new URL('../docs/tutorial.md', import.meta.url), 'utf8');
let server: LocalServer;

beforeAll(async () => {
  server = await startLocalServer({ port: 0 });
});
afterAll(() => server.close());

const inShell = where(missingShellTools(), 'the tours of the tutorial');

inShell.test('the curl blocks of the tutorial work when they are pasted one after the other', async () => {
  const tour = tutorial.slice(tutorial.indexOf('<!-- tour'), tutorial.indexOf('\n## ', tutorial.indexOf('<!-- tour')));
  const blocks = blocksOf(tour, 'sh');
  expect(blocks).toHaveLength(6);
  const key = testKeyOf('arn:aws:iam::222222222222:user/asi-dev');
  const { stdout, stderr } = await typed(blocks, {
    B: server.url,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
  });

  expect(stderr).toBe('');
  expect(stdout).toContain('"groups":["developers"]');
  expect(stdout).toContain('"outcome":"needs-approval"');
  expect(stdout).toContain('the page: 200\napprove:  200\nagain:    410\n');
  expect(stdout).toContain('"SecretAccessKey":"');
  expect(stdout).toContain('"url":"https://signin.aws.amazon.com/federation?Action=login');
  expect(stdout).toContain('"status":"active"');
  expect(stdout).toContain('"RoleArn":"arn:aws:iam::111111111111:role/latchkey/readonly-asi-production-bucket"');
  expect(stdout).toContain('"code":"not-active"');
  expect(stdout).toContain('"via":"iam"');
});

inShell.test('the commands of the tutorial work when they are pasted', async () => {
  const [, tour = ''] = /<!-- cli tour[^>]*-->\n```sh\n([\s\S]*?)```/.exec(tutorial) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-tour-'));
  try {
    const program = (name: string, script: string) =>
      writeFileSync(
        join(folder, name),
        `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, '..', script)}' "$@"\n`,
        { mode: 0o755 },
      );
    program('latchkey', 'bin/latchkey.ts');
    program('browser', 'test/support/browser.ts');
    const PATH = [folder, process.env.PATH].join(delimiter);
    const env = {
      PATH,
      HOME: folder,
      BROWSER: join(folder, 'browser'),
      AS: 'asi-dev@example.com',
      AWS_EC2_METADATA_DISABLED: 'true',
      LATCHKEY_KEYCHAIN: 'off',
    };
    const { stdout } = await typed([tour.replaceAll('http://localhost:3000', server.url)], env);

    expect(stdout).toMatch(/^Saved http:\/\/localhost:\d+ to \S+\.\nSign in: latchkey login\n/);
    expect(stdout).toMatch(/\nYou are signed in at [\s\S]*\nAmira Diaz\n/);
    expect(stdout).toMatch(/\nactive {2}sandbox-read in Sandbox[\s\S]*\nThis shell has ASIA\w+\n/);
    expect(stdout).toMatch(
      /\npending {2}production-app-write[\s\S]*\npending {2}production-app-write[\s\S]*\nwithdrawn {2}production-app-write/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

inShell.test('every curl command of docs/api.md is a call that the API knows', async () => {
  const page = readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8');
  const [setup = ''] = blocksOf(page, 'sh setup');
  const commands = blocksOf(page, 'sh');
  expect(commands.length).toBe(Object.keys(routes).length);
  const each = commands.map((command) => `${command.trimEnd()} -w '\\n'`);
  const { stdout } = await typed([setup, ...each], {
    B: server.url,
    KEY: 'api-page',
    ID: '0'.repeat(26),
    ROLE: 'production-bucket-read',
    IDENTITY: '0'.repeat(64),
    BLOCK: '0'.repeat(26),
    LINK_TOKEN: 'none',
  });

  const codes = [...stdout.matchAll(/"code":"([\w-]+)"/g)].map(([, code]) => code);
  const unknown = ['invalid-request', 'not-found', 'method-not-allowed', 'unsupported-media-type', 'unauthenticated'];
  expect(codes.filter((code = '') => unknown.includes(code))).toEqual([]);
  expect(codes).toEqual(expect.arrayContaining(['request-not-found', 'not-allowed']));
  expect(stdout).toContain('"principal":"');
});
