import { describe, expect, test } from '@jest/globals';
import { configFor, inLambda } from '../lib/config.ts';

const whole = {
  AWS_REGION: 'eu-west-1',
  LATCHKEY_TABLE: 'latchkey-dev',
  LATCHKEY_BASE_URL: 'https://access.example.com/',
  LATCHKEY_ISSUER: 'https://login.example.com/tenant/',
  LATCHKEY_AUDIENCE: 'latchkey, latchkey-cli',
  LATCHKEY_SCOPE: 'latchkey/use',
  LATCHKEY_GROUPS_CLAIM: '',
  LATCHKEY_SENDER: 'Latchkey <latchkey@example.com>',
  LAMBDA_TASK_ROOT: '/var/task',
};
const everything = ['region', 'table', 'identity', 'sender', 'baseUrl', 'cataloguePath'] as const;

test('reads every part, with defaults filled in', () => {
  expect(configFor(everything, whole)).toEqual({
    region: 'eu-west-1',
    table: 'latchkey-dev',
    baseUrl: 'https://access.example.com',
    // compared with a claim character by character, so it keeps its trailing slash
    identity: {
      issuer: 'https://login.example.com/tenant/',
      audience: ['latchkey', 'latchkey-cli'],
      scope: 'latchkey/use',
      hasGroupsAlways: false,
      idp: 'generic',
      subjectClaim: 'sub',
      email: { claim: 'email', trust: 'email_verified', domains: [], home: [] },
      groupsClaim: 'groups',
      mfa: [
        { claim: 'amr', value: 'mfa' },
        { claim: 'acr', value: 'mfa' },
      ],
      signIn: { scope: 'latchkey/use', parameters: {}, offlineAccess: true, stepUp: { acr_values: 'mfa' } },
    },
    sender: 'Latchkey <latchkey@example.com>',
    cataloguePath: '/var/task/catalogue.json',
  });
});

test('takes what overrides the defaults', () => {
  const { identity, cataloguePath } = configFor(['identity', 'cataloguePath'], {
    ...whole,
    LATCHKEY_GROUPS_CLAIM: 'cognito:groups',
    LATCHKEY_PRINCIPAL_CLAIM: 'principal',
    LATCHKEY_CATALOGUE: '/tmp/catalogue.json',
  });
  expect(identity).toMatchObject({ groupsClaim: 'cognito:groups', principalClaim: 'principal' });
  expect(cataloguePath).toBe('/tmp/catalogue.json');
});

test('a function needs only what it asks for', () => {
  expect(configFor(['table'], { LATCHKEY_TABLE: 'latchkey-dev' })).toEqual({ table: 'latchkey-dev' });
  expect(configFor([], {})).toEqual({});
});

test('names everything that is missing or wrong, at once', () => {
  const attempt = () =>
    configFor(everything, {
      LATCHKEY_TABLE: 'no spaces',
      LATCHKEY_ISSUER: 'http://login.example.com',
      LATCHKEY_SENDER: 'nobody',
    });
  const lines = messageOf(attempt).split('\n');
  expect(lines).toEqual([
    'The configuration is incomplete or invalid:',
    '  AWS_REGION is missing',
    '  LATCHKEY_TABLE must be the name of a table: 3 to 255 letters, digits, dots, dashes or underscores',
    '  LATCHKEY_ISSUER must be the https URL of the issuer',
    '  LATCHKEY_AUDIENCE is missing',
    '  LATCHKEY_SCOPE is missing',
    '  LATCHKEY_SENDER must be an email address such as latchkey@example.com or Latchkey <latchkey@example.com>',
    '  LATCHKEY_BASE_URL is missing',
    '  LATCHKEY_CATALOGUE is missing',
  ]);
});

describe('the base URL', () => {
  test.each(['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000', 'https://a.example.com/b'])(
    '%s is fine',
    (url) => expect(configFor(['baseUrl'], { LATCHKEY_BASE_URL: url })).toEqual({ baseUrl: url }),
  );
  test.each([
    'http://access.example.com',
    'access.example.com',
    'ftp://localhost',
    'https://user:pass@example.com',
    'https://example.com/?a=b',
    'https://example.com/#a',
  ])('%s is refused', (url) =>
    expect(() => configFor(['baseUrl'], { LATCHKEY_BASE_URL: url })).toThrow(/LATCHKEY_BASE_URL must be an https URL/),
  );
});

test.each(['a@example.com\r\nBcc: b@example.com', 'a@example.com, b@example.com', '<a@example.com>'])(
  'the sender %j is refused',
  (sender) =>
    expect(() => configFor(['sender'], { LATCHKEY_SENDER: sender })).toThrow(
      /LATCHKEY_SENDER must be an email address/,
    ),
);

describe('the hosts of ticket validators', () => {
  test.each([
    [undefined, []],
    ['', []],
    ['tickets.example.com', ['tickets.example.com']],
    ['Tickets.Example.com:8443, 127.0.0.1:3000', ['tickets.example.com:8443', '127.0.0.1:3000']],
  ])('%j', (given, hosts) =>
    expect(configFor(['ticketHosts'], { LATCHKEY_TICKET_HOSTS: given })).toEqual({ ticketHosts: hosts }),
  );
  test.each([
    '*',
    '*.example.com',
    'https://tickets.example.com',
    'tickets.example.com/check',
    'user@tickets.example.com',
    'a,,b',
    '-a.example.com',
  ])('%s is refused', (given) =>
    expect(() => configFor(['ticketHosts'], { LATCHKEY_TICKET_HOSTS: given })).toThrow(
      /LATCHKEY_TICKET_HOSTS must be hosts such as/,
    ),
  );
});

test('an audience with an empty member is refused', () =>
  expect(() => configFor(['identity'], { ...whole, LATCHKEY_AUDIENCE: 'latchkey,,' })).toThrow(
    /LATCHKEY_AUDIENCE must be audiences separated by commas/,
  ));

test('ports to come back to are numbers', () => {
  const portsOf = (LATCHKEY_LOGIN_PORTS: string) =>
    configFor(['identity'], { ...whole, LATCHKEY_LOGIN_PORTS }).identity.loginPorts;
  expect(portsOf('8765, 8766')).toEqual([8765, 8766]);
  expect(portsOf('')).toBeUndefined();
  for (const wrong of ['0', '65536', '8765,', 'x'])
    expect(() => portsOf(wrong)).toThrow(/LATCHKEY_LOGIN_PORTS must be ports such as 8765/);
});

test('the scopes to ask for may be several, and of any form', () => {
  const scopeOf = (LATCHKEY_SIGN_IN_SCOPE: string) =>
    configFor(['identity'], { ...whole, LATCHKEY_SIGN_IN_SCOPE }).identity.signIn.scope;
  expect(scopeOf('api://1b2c/use openid')).toBe('api://1b2c/use openid');
  expect(scopeOf('')).toBe('latchkey/use');
  for (const wrong of [' use', 'use  openid', 'a"b', 'use\n'])
    expect(() => scopeOf(wrong)).toThrow(/LATCHKEY_SIGN_IN_SCOPE must be scopes separated by one space/);
});

test('what counts as a second factor are values of claims', () => {
  const mfaOf = (LATCHKEY_MFA: string) => configFor(['identity'], { ...whole, LATCHKEY_MFA }).identity.mfa;
  expect(mfaOf('amr=otp, acr=urn:okta:loa:2fa:any,https://latchkey/mfa=true')).toEqual([
    { claim: 'amr', value: 'otp' },
    { claim: 'acr', value: 'urn:okta:loa:2fa:any' },
    { claim: 'https://latchkey/mfa', value: 'true' },
  ]);
  for (const wrong of ['mfa', 'amr=', '=mfa', 'amr=mfa,', 'amr=a b'])
    expect(() => mfaOf(wrong)).toThrow(/LATCHKEY_MFA must be values of claims separated by commas/);
});

test('this is not Lambda', () => expect(inLambda).toBe(false));

function messageOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}
