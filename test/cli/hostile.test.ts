// A malicious or compromised Latchkey server attacks the user of the command line: terminal, shell, machine.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openBrowser, programFor } from '../../cli/sign-in/browser.ts';
import { requestView, roleView } from '../../lib/http/view.ts';
import { cli, newHome, removeHomes, testWorld } from '../support/cli.ts';
import { record, requestId, start } from '../support/records.ts';
import { catalogueOf } from '../support/small-catalogue.ts';

/** Clears the screen, sets the title, reorders the line, returns to its start; C0 and C1 control characters. */
const steering = '\u001b[2J\u001b]0;owned\u0007\u009b1A\u202eevil\u2066\r\u2028';
const id = requestId(1);
const catalogue = catalogueOf();
const role = roleView(catalogue, catalogue.roles.get('read')!);
const request = requestView(catalogue, record({ grant: { startsAt: start, endsAt: Date.UTC(2100, 0) } }), start);

/** Appends the attack to every text, except texts that the program itself interprets. */
function hostile(value: unknown, key = ''): unknown {
  if (typeof value === 'string')
    return ['id', 'status', 'kind', 'outcome'].includes(key) || /^\d{4}-\d\d-/.test(value)
      ? value
      : `${value}${steering}`;
  if (Array.isArray(value)) return value.map((item) => hostile(item, key));
  if (value === null || typeof value !== 'object') return value;
  // also to names of fields: API fields with control characters, scopes with any text and a second line
  const spoilt = (name: string) => (key === 'scope' ? `${name}${steering}\nforged` : `${name}\u001b\u202e\u009b`);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [spoilt(name), hostile(inner, name)]));
}

let answer: unknown;
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'a\u009b2Jb' });
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  removeHomes();
});
/** No test waits long enough to give up. */
const worldOf = (env: Record<string, string> = {}) =>
  testWorld({ env: { LATCHKEY_URL: url, LATCHKEY_TOKEN: 'a.b.c', ...env }, sleep: () => new Promise(() => {}) });

describe('its texts', () => {
  const session = {
    issuedAt: '2026-11-22T10:00:00Z',
    expiresAt: '2026-11-22T11:00:00Z',
    kind: 'keys',
    accessKeyId: 'ASIA',
    sessionName: 'lk',
  };
  const whole = {
    ...request,
    sessions: [session],
    filedBy: { principal: 'arn' },
    scope: { bucket: 'a' },
    extends: 'other',
  };
  const narrow = {
    ...role,
    ticket: { pattern: 'a', required: true },
    scope: { bucket: { description: 'd', pattern: 'p', maxLength: 9 } },
  };
  const at = '2026-11-23T10:00:00Z';
  const block = {
    id,
    person: 'p',
    role: 'r',
    account: 'a',
    comment: 'c',
    by: { person: 'p', name: 'n' },
    createdAt: at,
    until: at,
  };
  const explained = {
    outcome: 'refused',
    role: request.role,
    durationSeconds: 60,
    stages: [],
    checks: [{ check: 'c', passed: false, detail: 'd' }],
  };
  test.each<[string[], unknown]>([
    [['show', id, '--history'], whole],
    [['requests'], { items: [whole], nextCursor: 'next' }],
    [['roles'], { items: [narrow] }],
    [['roles', '--json'], { items: [narrow] }],
    [['roles', 'read'], { items: [narrow] }],
    [['whoami'], { principal: 'p', email: 'e@example.com', name: 'n', groups: ['g'], via: 'oidc' }],
    [['approve', id], whole],
    [['end', id], whole],
    [['completion', 'words', '--', 'approve', ''], { items: [whole] }],
    [['blocks'], { items: [block] }],
    [['completion', 'words', '--', 'unblock', ''], { items: [block] }],
    [['revoke', '--person', 'p', '--comment', 'c', '--yes'], { ended: ['a'], effectiveBy: at, blockedUntil: at }],
    [['explain', 'read'], explained],
  ])('%j cannot control the terminal', async (args, body) => {
    answer = hostile(body);
    const { out, err } = await cli(
      worldOf(),
      ...args.slice(0, 1),
      ...(args[0] === 'completion' ? [] : ['--debug']),
      ...args.slice(1),
    );
    expect(out).not.toBe('');
    expect(out + err).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]|^forged/m);
  });

  test.each(['show', 'requests'])('%s: a chosen display name is followed by the verified identity', async (name) => {
    const asked = {
      ...request,
      requester: { principal: 'https://issuer.example.com#7', email: 'mallory@example.com', name: 'Lena Park' },
    };
    answer = name === 'show' ? asked : { items: [asked] };
    expect((await cli(worldOf(), name, ...(name === 'show' ? [id] : []))).out).toContain(
      'Lena Park (mallory@example.com)',
    );
  });

  test('are offered as completions only if they are valid roles or requests', async () => {
    answer = { items: [{ ...role, id: '$(touch owned)' }, role, { ...role, id: '-x' }] };
    expect((await cli(worldOf(), 'completion', 'words', '--', 'request', '')).out).toBe(`read\t${role.description}\n`);
  });

  test.each([
    ['bash', "export AWS_ACCESS_KEY_ID=''\\''; x \u2019; x\n$(x)`x`'\n"],
    ['fish', "set -gx AWS_ACCESS_KEY_ID '\\'; x \u2019; x\n$(x)`x`'\n"],
    ['powershell', "$Env:AWS_ACCESS_KEY_ID = '''; x \u2019\u2019; x\n$(x)`x`'\n"],
  ])('are quoted for %s', async (shell, quoted) => {
    const credentials = {
      Version: 1,
      AccessKeyId: "'; x \u2019; x\n$(x)`x`",
      SecretAccessKey: 'b',
      SessionToken: 'c',
      RequestId: id,
    };
    answer = {
      ...credentials,
      Expiration: '2100-01-01T00:00:00Z',
      GrantEndsAt: '2100-01-01T00:00:00Z',
      LimitedBy: 'requested',
    };
    expect((await cli(worldOf(), 'env', id, '--shell', shell)).out).toContain(`\n${quoted}`);
  });
});

describe('a URL to open', () => {
  const opened = async (address: string): Promise<string | undefined> => {
    const home = newHome();
    const [browser, seen] = [join(home, 'browser'), join(home, 'seen')];
    writeFileSync(browser, '#!/bin/sh\nprintf %s "$1" > "$SEEN"\n', { mode: 0o755 });
    const isOpened = await openBrowser(testWorld({ home, env: { BROWSER: browser, SEEN: seen } }), address);
    expect(isOpened).toBe(existsSync(seen));
    return isOpened ? readFileSync(seen, 'utf8') : undefined;
  };
  test('is opened on Windows by the program of the system, not by one in the current folder', () => {
    const env = { SystemRoot: 'D:\\WINNT' };
    expect(programFor({ env, platform: 'win32' }, 'https://a.example.com/')).toEqual([
      'D:\\WINNT\\System32\\rundll32.exe',
      'url.dll,FileProtocolHandler',
      'https://a.example.com/',
    ]);
  });
  test.each(['https://signin.aws.amazon.com/federation?Action=login&x=y', 'http://localhost:3000/x'])(
    '%s is opened',
    async (address) => expect(await opened(address)).toBe(address),
  );
  test.each([
    'file:///etc/passwd',
    '/bin/sh',
    '-aCalculator',
    'javascript:alert(1)',
    'vscode://x/y',
    'ms-msdt:/id',
    'http://evil.example.com/',
    ' ',
    '',
  ])('%s is not', async (address) => expect(await opened(address)).toBeUndefined());

  test('of Latchkey is not opened if it is not a web page', async () => {
    answer = { url: 'file:///etc/passwd', expiresAt: '2100-01-01T00:00:00Z', sessionExpiresAt: '2100-01-01T00:00:00Z' };
    expect(await cli(worldOf({ BROWSER: 'true' }), 'console', id)).toMatchObject({
      status: 1,
      err: expect.stringContaining('--print'),
    });
  });
});
