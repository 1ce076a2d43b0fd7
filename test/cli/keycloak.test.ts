// Sign-in at a real Keycloak, and what the doctor says of its tokens: with `KEYCLOAK_URL`, a Keycloak that has imported test/support/keycloak-realm.json.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { loginInBrowser } from '../support/browser-login.ts';
import { cli, removeHomes, type TestWorld, testWorld } from '../support/cli.ts';
import { signInAtKeycloak } from '../support/keycloak-visit.ts';
import { saySkipped } from '../support/skipped.ts';

const base = process.env.KEYCLOAK_URL;
const issuer = `${base}/realms/staff`;
// not wanted in CI either: it is 150 MB of Java that takes two minutes to start
if (base === undefined)
  saySkipped(
    'no KEYCLOAK_URL (kc.sh start-dev --import-realm, with test/support/keycloak-realm.json in data/import)',
    'sign-in at Keycloak',
    false,
  );
const keycloak = base === undefined ? describe.skip : describe;

let world: TestWorld;
afterAll(removeHomes);
beforeEach(() => {
  world = testWorld();
  mkdirSync(join(world.home, '.config/latchkey'), { recursive: true });
  const sign = { issuer, clientId: 'latchkey-cli', scope: 'latchkey', offlineAccess: 'off', keychain: 'off' };
  const settings = { url: 'https://latchkey.example.com', ...sign, stepUp: { acr_values: 'mfa' } };
  writeFileSync(join(world.home, '.config/latchkey/config.json'), JSON.stringify(settings));
});

/** What the doctor says of the token that the sign-in has left. */
async function explained() {
  const tokens = JSON.parse(readFileSync(join(world.home, '.cache/latchkey/tokens.json'), 'utf8'));
  const file = join(world.home, 'token');
  writeFileSync(file, tokens['https://latchkey.example.com'].accessToken);
  const args = ['--issuer', issuer, '--audience', 'latchkey', '--scope', 'latchkey', '--token', file, '--json'];
  const { status, out } = await cli(world, 'doctor', ...args);
  const findings = JSON.parse(out).findings as Array<{ check: string; level: string; seen: string }>;
  return { status, not: findings.filter(({ level }) => level !== 'ok').map(({ check }) => check), findings };
}

keycloak('Keycloak', () => {
  test('signs in with the browser; the doctor misses the second factor alone', async () => {
    expect(await loginInBrowser(world, signInAtKeycloak)).toMatchObject({ status: 0 });
    const { status, not, findings } = await explained();
    expect([status, not]).toEqual([0, ['mfa']]);
    expect(findings.find(({ check }) => check === 'email')?.seen).toBe('lena.park@example.com');
    expect(findings.find(({ check }) => check === 'groups')?.seen).toContain('["engineering"]');
  });

  test('signs in with a second factor where login asks for it; the doctor misses nothing', async () => {
    expect(await loginInBrowser(world, signInAtKeycloak, '--mfa')).toMatchObject({ status: 0 });
    expect(await explained()).toMatchObject({ status: 0, not: [] });
  });

  test('without the right to offline access it signs in without', async () => {
    const path = join(world.home, '.config/latchkey/config.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), offlineAccess: 'auto' }));
    const ran = await loginInBrowser(world, signInAtKeycloak);
    expect(ran).toMatchObject({ status: 0, out: expect.stringContaining('renews itself') });
  });
});
