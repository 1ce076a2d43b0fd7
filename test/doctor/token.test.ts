// `latchkey doctor --issuer URL --token -`: the findings for tokens of each provider, and that the token is never shown.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { runTokenDoctor, type TokenOptions, type TokenWorld } from '../../doctor/token.ts';
import { type PresetName, presetNames, presets } from '../../lib/policy/identity-presets.ts';
import { imitatedDocuments, imitatedToken, signedToken } from '../../local/oidc/imitated-issuer.ts';
import { imitations } from '../../local/oidc/imitation.ts';
import { startLocalServer } from '../../local/server.ts';
import { identityPage } from '../../scripts/identity-docs.ts';
import { cli, removeHomes, testWorld } from '../support/cli.ts';
import { start } from '../support/records.ts';

afterAll(removeHomes);
const usable = presetNames.filter((idp) => presets[idp].unusable === undefined);
type Line = { check: string; level: string; seen: string; fix?: string };
type Explained = {
  text: string;
  exitCode: number;
  errors: string[];
  findings: Line[];
  failed: string[];
  warned: string[];
  open: string[];
};
type Asked = { token?: string; options?: Partial<TokenOptions>; documents?: Record<string, string> };

async function explained(idp: PresetName, { token, options = {}, documents }: Asked = {}): Promise<Explained> {
  const { LATCHKEY_ISSUER: issuer = '', LATCHKEY_AUDIENCE: audience, LATCHKEY_SCOPE: scope } = imitations[idp].settings;
  const answers = documents ?? imitatedDocuments(issuer);
  const world: TokenWorld = {
    env: {},
    now: start,
    read: () => `${token ?? imitatedToken(idp, start)}\n`,
    get: async (url) => (answers[url] === undefined ? { why: 'status 404' } : { body: answers[url] }),
  };
  const all = { issuer, token: '-', idp: undefined, audience, scope, json: true, ...options };
  const result = { text: '{"findings":[]}', exitCode: 2, errors: [], ...(await runTokenDoctor(all, world)) };
  const { findings } = JSON.parse(all.json ? result.text : '{"findings":[]}') as { findings: Line[] };
  const at = (level: string) => findings.filter((one) => one.level === level).map(({ check }) => check);
  return { ...result, findings, failed: at('finding'), warned: at('warning'), open: at('not-checked') };
}

describe.each(usable)('%s', (idp) => {
  test('set up as in its page has no finding', async () => {
    const { failed, warned, exitCode, text } = await explained(idp);
    // Auth0 has no way to write auth_time
    expect({ failed, warned, exitCode }).toEqual({
      failed: [],
      warned: idp === 'auth0' ? ['auth_time'] : [],
      exitCode: 0,
    });
    expect(text).toContain('lena.park@example.com');
  });

  test.each(Object.entries(imitations[idp].cases).filter(([, { refused }]) => refused !== undefined))(
    '%s has one, with a fix',
    async (_, { token }) => {
      const { failed, findings, exitCode } = await explained(idp, { token: imitatedToken(idp, start, token) });
      expect([failed.length > 0, exitCode]).toEqual([true, 1]);
      for (const { level, fix } of findings) if (level === 'finding') expect(fix).toMatch(/\w/);
    },
  );
});

test('the token is never shown, nor any part of it', async () => {
  for (const json of [true, false])
    for (const claims of [{}, { exp: 1 }, { email: null }, { at_hash: 'canary-hash' }]) {
      const token = imitatedToken('generic', start, claims);
      const { text } = await explained('generic', { token, options: { json } });
      for (const part of [...token.split('.'), 'canary-hash']) expect(text).not.toContain(part);
    }
});

test('a token as an argument is refused and not repeated', async () => {
  const token = imitatedToken('generic', start);
  const result = await cli(testWorld(), 'doctor', '--issuer', 'https://id.example.com', '--token', token);
  expect(result).toMatchObject({ status: 2, out: '', err: expect.stringContaining('--token -') });
  expect(result.err).not.toContain(token.slice(0, 20));
  const opaque = await cli(testWorld(), 'doctor', '--issuer', 'https://id.example.com', '--token', 'opaque-canary');
  expect(opaque).toMatchObject({ status: 2, err: expect.stringContaining('cannot be read (ENOENT)') });
  expect(opaque.err).not.toContain('canary');
});

describe('common mistakes', () => {
  const fixOf = async (idp: PresetName, check: string, asked: Asked) =>
    (await explained(idp, asked)).findings.find((one) => one.check === check && one.level !== 'ok')?.fix;
  const { LATCHKEY_ISSUER: entra = '' } = imitations.entra.settings;
  const { LATCHKEY_ISSUER: auth0 = '' } = imitations.auth0.settings;

  test('an opaque token', async () =>
    expect(await fixOf('auth0', 'form', { token: 'opaque' })).toMatch(
      /opaque access token.*docs\/identity\/auth0\.md/,
    ));
  test('a token of version 1.0 of Entra ID', async () =>
    expect(
      await fixOf('entra', 'issuer', {
        token: imitatedToken('entra', start, { iss: 'https://sts.windows.net/{tenant}/' }),
      }),
    ).toMatch(/requestedAccessTokenVersion to 2/));
  test('the long scope of Entra ID although the token has the short one', async () =>
    expect(
      await fixOf('entra', 'scope', { options: { scope: 'api://66666666-7777-8888-9999-000000000000/use' } }),
    ).toMatch(/Set the parameter scope to "use"/));
  test('an additional slash in the issuer', async () =>
    expect(
      await fixOf('auth0', 'issuer-document', {
        documents: imitatedDocuments(auth0, { issuer: auth0.slice(0, -1) }),
      }),
    ).toMatch(/including a trailing slash/));
  test('an issuer that cannot be read', async () =>
    expect(await fixOf('entra', 'issuer-document', { documents: {} })).toMatch(/Check --issuer/));
  test('keys that API Gateway cannot use', async () => {
    const documents = imitatedDocuments(entra);
    const [at = ''] = Object.keys(documents).filter((url) => url.endsWith('/keys'));
    documents[at] = JSON.stringify({ keys: [{ kty: 'EC', kid: 'key-1' }] });
    expect(await fixOf('entra', 'issuer-keys', { documents })).toMatch(/RS256/);
  });
  test('groups as paths, linked groups, a login name as subject', async () => {
    const warned = async (idp: PresetName, changes: object) =>
      (await explained(idp, { token: imitatedToken(idp, start, changes as Record<string, unknown>) })).warned;
    expect(await warned('keycloak', { groups: ['/staff/engineering'] })).toEqual(['groups']);
    expect(await warned('entra', { groups: null, _claim_names: { groups: 'src1' } })).toEqual(['groups']);
    expect(await warned('generic', { sub: 'lena.park@example.com' })).toEqual(['principal']);
  });
  test.each([
    ['changed on the way', (token: string) => token.replace(/\.[^.]+\./, (part) => `${part.slice(0, -2)}x.`), 'form'],
    ['with another signature', (token: string) => `${token.slice(0, -20)}${'A'.repeat(20)}`, 'signature'],
    ['of another key', () => signedToken({}, { kid: 'other' }), 'signature'],
    ['unsigned', () => signedToken({}, { alg: 'none' }), 'signature'],
  ])('a token %s', async (_, spoil, check) => {
    const { failed } = await explained('generic', { token: spoil(imitatedToken('generic', start)) });
    expect(failed).toContain(check);
  });
  test('Google is refused before anything is read', async () => {
    const { failed, text } = await explained('google', { token: 'never read' });
    expect(failed).toEqual(['provider']);
    expect(text).toContain('docs/identity/google.md');
  });
});

test('parameters that were not given are not checked, and the values of the token are shown', async () => {
  const { open, findings, exitCode } = await explained('entra', { options: { audience: undefined, scope: undefined } });
  expect([open, exitCode]).toEqual([['audience', 'scope'], 0]);
  expect(findings.find(({ check }) => check === 'scope')).toMatchObject({ seen: 'scp: "use"' });
});

test('an issuer is checked without a token', async () => {
  const { findings } = await explained('keycloak', { options: { token: undefined } });
  expect(findings.map(({ check }) => check)).toEqual(['issuer-document', 'issuer-keys']);
});

test.each([
  [{ issuer: undefined }, /--token requires --issuer/],
  [{ idp: 'adfs' }, /--idp must be one of/],
  [{ idp: 'okta', issuer: 'https://example.okta.com' }, /--issuer must be an issuer of Okta/],
])('%j is not valid', async (options, says) => {
  const result = await explained('okta', { options });
  expect(result).toMatchObject({ errors: [expect.stringMatching(says)] });
});

test('claims cannot control the terminal', async () => {
  const token = imitatedToken('generic', start, { iss: 'https://evil.example/\u001b]0;x\u0007\u009b31m\n  ok' });
  const { text } = await explained('generic', { token, options: { json: false } });
  expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
});

test.each(presetNames)('docs/identity/%s.md is current, and ends in a green doctor', async (idp) => {
  const page = readFileSync(new URL(`../../docs/identity/${idp}.md`, import.meta.url), 'utf8');
  expect(page).toBe(await identityPage(idp));
  expect(/ FINDING /.test(page)).toBe(idp === 'google');
});

test('from the command line, at the local server', async () => {
  const server = await startLocalServer();
  try {
    const world = testWorld();
    const body = JSON.stringify({ email: 'asi-dev@example.com', mfa: true });
    const answer = await fetch(`${server.url}/local/token`, { method: 'POST', body });
    const file = join(world.home, 'token');
    writeFileSync(file, ((await answer.json()) as { token: string }).token);
    const args = ['--issuer', `${server.url}/local/oidc`, '--audience', 'latchkey', '--scope', 'latchkey'];
    const { status, out } = await cli(world, 'doctor', ...args, '--token', file);
    expect(out).toMatch(/ {2}ok {11}email: asi-dev@example\.com\n/);
    expect(out).toMatch(/ {2}ok {11}mfa: /);
    expect(status).toBe(0);
    expect((await cli(world, 'doctor', ...args, '--scope', 'other', '--token', file)).status).toBe(1);
  } finally {
    await server.close();
  }
});
