// `npm start -- --idp NAME`: sign-in, person, groups and second factor with the tokens and the rules of each identity provider.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { type PresetName, presetNames, presets } from '../../lib/policy/identity-presets.ts';
import { identityOf } from '../../local/oidc/issuer.ts';
import { type LocalServer, startLocalServer } from '../../local/server.ts';
import { readSettings } from '../../local/settings.ts';
import { loginInBrowser } from '../support/browser-login.ts';
import { signInAt } from '../support/browser-visit.ts';
import { cli, removeHomes, testWorld } from '../support/cli.ts';
import { bodyOf } from '../support/cli-server.ts';

let server: LocalServer;
afterEach(() => server?.close());
afterAll(removeHomes);

type Explained = { checks: Array<{ check: string; passed: boolean }> };
const usable = presetNames.filter((idp) => presets[idp].unusable === undefined);
const admin = { email: 'main-admin@example.com' };

async function signedInAt(idp: PresetName) {
  server = await startLocalServer({ idp });
  const world = testWorld();
  await cli(world, 'setup', server.url);
  const login = (choice: object, ...args: string[]) =>
    loginInBrowser(world, (address) => signInAt(address, { ...admin, ...choice }), ...args);
  return { world, login };
}

describe.each(usable)('%s', (idp) => {
  test('signs in, with a second factor if it was used', async () => {
    const { world, login } = await signedInAt(idp);
    const factor = async () => {
      const { checks } = bodyOf<Explained>(await cli(world, 'explain', 'northwind-admin', '--json'));
      return checks.find(({ check }) => check === 'mfa')?.passed;
    };
    expect(await login({})).toMatchObject({ status: 0 });
    const { principal, email } = JSON.parse((await cli(world, 'whoami', '--json')).out);
    expect(email).toBe('main-admin@example.com');
    expect(principal).toMatch(new RegExp(`^${server.url}/local/oidc#.+`));
    expect(await factor()).toBe(false);
    expect(await login({ mfa: true })).toMatchObject({ status: 0 });
    expect(await factor()).toBe(true);
  });

  test('publishes the sign-in of its preset', async () => {
    const { world } = await signedInAt(idp);
    const { signIn } = identityOf(`${server.url}/local/oidc`, idp);
    const kept = JSON.parse(readFileSync(join(world.home, '.config/latchkey/config.json'), 'utf8'));
    const { scope, signInParameters = {}, offlineAccess = 'auto', stepUp = {} } = kept;
    expect({ scope, parameters: signInParameters, offlineAccess: offlineAccess === 'auto', stepUp }).toEqual(signIn);
  });

  test('machines of the catalogue keep their identity', async () => {
    server = await startLocalServer({ idp });
    const arn = server.keys[0]!.arn;
    const body = JSON.stringify({ principal: arn });
    const { token } = await answered<{ token: string }>(fetch(`${server.url}/local/token`, { method: 'POST', body }));
    const headers = { authorization: `Bearer ${token}` };
    const { principal } = await answered<{ principal: string }>(fetch(`${server.url}/v1/me`, { headers }));
    expect(principal).toContain(arn.split('/').at(-1));
  });
});

test('Google cannot be imitated, and the reason is told', () =>
  expect(readSettings(['--idp', 'google'], {})).toEqual({
    errors: [expect.stringContaining('Google issues access tokens that only Google can read')],
  }));

test('an unknown name is refused', () =>
  expect(readSettings(['--idp', 'adfs'], {})).toEqual({
    errors: [expect.stringMatching(/--idp must be one of generic, okta/)],
  }));

async function answered<Body>(answer: Promise<Response>): Promise<Body> {
  const found = await answer;
  expect(found.status).toBe(200);
  return (await found.json()) as Body;
}
