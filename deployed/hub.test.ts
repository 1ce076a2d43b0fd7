// What the deployed API answers before anybody has signed in, and the stack's own word on itself.
import { expect, test } from '@jest/globals';
import { version } from '../lib/common/version.ts';
import { deployedWorld } from './world.ts';

const { baseUrl, issuer, outputs } = deployedWorld();

test('healthz says the version', async () => {
  const answer = await fetch(`${baseUrl}/healthz`);
  expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok', version }]);
});

test('the discovery document says how to sign in', async () => {
  const answer = await fetch(`${baseUrl}/.well-known/latchkey`);
  expect([answer.status, await answer.json()]).toEqual([
    200,
    expect.objectContaining({
      version,
      issuer,
      audience: ['latchkey'],
      scope: 'latchkey/use',
      clientId: 'latchkey-cli',
    }),
  ]);
});

test('API Gateway turns a call without a token away, and the function what no route knows', async () => {
  const unsigned = await fetch(`${baseUrl}/v1/me`);
  expect([unsigned.status, await unsigned.json()]).toEqual([401, { message: 'Unauthorized' }]);
  const unknown = await fetch(`${baseUrl}/v2/me`);
  expect([unknown.status, await unknown.json()]).toEqual([404, expect.objectContaining({ status: 404 })]);
});

test('the stack names the roles that target accounts are to trust', () => {
  expect(outputs.HubRoleArn).toBe('arn:aws:iam::999999999999:role/latchkey-prod-issue-session');
  expect(outputs.RevokerHubRoleArn).toBe('arn:aws:iam::999999999999:role/latchkey-prod-revoke-sessions');
});
