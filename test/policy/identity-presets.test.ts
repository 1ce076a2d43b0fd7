// Tokens of common identity providers, good ones and others: local/idp has one file for each, which says who each token is.
import { describe, expect, test } from '@jest/globals';
import { SECOND } from '../../lib/common/time.ts';
import { configFor } from '../../lib/config.ts';
import { type PresetName, presetNames, presetOfIssuer, presets } from '../../lib/policy/identity-presets.ts';
import { callerFromToken, type Identity } from '../../lib/policy/principal.ts';
import { imitated, imitations } from '../../local/oidc/imitation.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const catalogue = catalogueOf({
  ...smallCatalogueFile,
  groups: { ...smallCatalogueFile.groups, developers: [] },
  tokenGroups: { developers: ['idp-developers'] },
});

const settings = (idp: PresetName, more: Record<string, string> = {}) => ({ ...imitations[idp].settings, ...more });
const identityOf = (idp: PresetName, more: Record<string, string> = {}): Identity =>
  configFor(['identity'], settings(idp, more)).identity;
/** Google's issuer passes as any other's, so that a test can show what becomes of its tokens. */
const nearest = (idp: PresetName): Identity => identityOf(idp, idp === 'google' ? { LATCHKEY_IDP: 'generic' } : {});

function tokenOf(idp: PresetName, changes: Record<string, unknown> = {}, { mfa = false } = {}) {
  const { issuer, audience, scope, tenant } = nearest(idp);
  const now = start / SECOND;
  const place = { issuer, audience: audience[0]!, scope, tenant, now, later: now + 3600 };
  return imitated(idp, { email: 'dev@example.com', name: 'Dev', groups: ['idp-developers'], mfa, ...place }, changes);
}

const names = ['bare', 'guest', 'machine', 'id-token', 'overage'];
const usable = presetNames.filter((idp) => presets[idp].unusable === undefined);
const refusal = (says: string) =>
  expect.objectContaining({ code: 'unauthenticated', detail: expect.stringContaining(says) });

describe.each(presetNames)('%s', (idp) => {
  const { cases } = imitations[idp];

  test('has every kind of token', () => expect(Object.keys(cases)).toEqual(expect.arrayContaining(names)));

  test.each(Object.entries(cases))('%s', (_, { token, is, refused }) => {
    const judged = () => callerFromToken(catalogue, nearest(idp), tokenOf(idp, token), start);
    if (refused !== undefined) expect(judged).toThrow(refusal(refused));
    else {
      const { person, ...caller } = judged();
      expect({ mayBeIn: [], ...caller, person: person.key }).toMatchObject({ ...is });
    }
  });
});

describe.each(usable)('%s as its page sets it up', (idp) => {
  test('is its person, with groups, without a second factor', () =>
    expect(callerFromToken(catalogue, identityOf(idp), tokenOf(idp), start)).toMatchObject({
      kind: 'person',
      person: { key: 'dev@example.com' },
      groups: ['developers'],
      mfa: false,
    }));

  test('says so where there was one', () =>
    expect(callerFromToken(catalogue, identityOf(idp), tokenOf(idp, {}, { mfa: true }), start).mfa).toBe(true));

  test('is another account for another person, and the same one under another address', () => {
    const identity = identityOf(idp);
    const { email } = identity;
    const caller = callerFromToken(catalogue, identity, tokenOf(idp), start);
    const moved = callerFromToken(catalogue, identity, tokenOf(idp, { [email.claim]: 'new@example.com' }), start);
    expect(moved.principal).toBe(caller.principal);
    expect(caller.principal).not.toContain('dev@example.com');
  });

  test('is taken by no deployment of another provider', () => {
    for (const other of usable.filter((one) => one !== idp))
      for (const { token } of [{ token: {} }, ...Object.values(imitations[idp].cases)])
        expect(() => callerFromToken(catalogue, identityOf(other), tokenOf(idp, token), start)).toThrow(refusal(''));
  });

  test('without the address or what vouches for it is nobody, and is told which page helps', () => {
    const { email } = identityOf(idp);
    for (const claim of [email.claim, email.trust])
      expect(() => callerFromToken(catalogue, identityOf(idp), tokenOf(idp, { [claim]: null }), start)).toThrow(
        refusal(`docs/identity/${idp}.md`),
      );
  });

  test('is known by its issuer', () => expect(presetOfIssuer(identityOf(idp).issuer)).toBe(idp));
});

describe('settings', () => {
  test('Google cannot be one, and the reason is told', () =>
    expect(() => identityOf('google')).toThrow(/LATCHKEY_IDP cannot be google: Google issues access tokens/));

  test.each([
    ['okta', 'https://example.okta.com'],
    ['okta', 'https://example.okta.com/oauth2/default/'],
    ['entra', 'https://login.microsoftonline.com/common/v2.0'],
    ['entra', 'https://login.microsoftonline.com/organizations/v2.0'],
    ['entra', 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0/'],
    ['entra', 'https://login.microsoftonline.com.evil.example/11111111-2222-3333-4444-555555555555/v2.0'],
    ['entra', 'https://sts.windows.net/11111111-2222-3333-4444-555555555555'],
    ['cognito', 'https://example.auth.eu-west-1.amazoncognito.com'],
    ['auth0', 'https://example.eu.auth0.com'],
    ['keycloak', 'https://id.example.com/realms/staff/'],
    ['keycloak', 'https://id.example.com'],
  ] as const)('%s is not at %s', (idp, issuer) =>
    expect(() => identityOf(idp, { LATCHKEY_ISSUER: issuer })).toThrow(
      `LATCHKEY_ISSUER must be an issuer of ${presets[idp].title}, such as ${presets[idp].example}`,
    ),
  );

  test('an issuer is vouched for in named domains only', () => {
    expect(() => identityOf('okta', { LATCHKEY_EMAIL_TRUST: 'issuer' })).toThrow(/LATCHKEY_EMAIL_DOMAINS is required/);
    const vouched = identityOf('okta', { LATCHKEY_EMAIL_TRUST: 'issuer', LATCHKEY_EMAIL_DOMAINS: 'Example.com' });
    const keyOf = (email: string) =>
      callerFromToken(catalogue, vouched, tokenOf('okta', { email, email_verified: null }), start).person.key;
    expect(keyOf('dev@example.com')).toBe('dev@example.com');
    for (const email of ['dev@example.org', 'dev@sub.example.com', 'dev@example.com.evil.example'])
      expect(() => keyOf(email)).toThrow(refusal('not in a domain of this deployment'));
  });

  test('named domains bound a verified address too', () => {
    const bounded = identityOf('keycloak', { LATCHKEY_EMAIL_DOMAINS: 'example.org' });
    expect(() => callerFromToken(catalogue, bounded, tokenOf('keycloak'), start)).toThrow(refusal('not in a domain'));
  });

  test('a guest stays one where the issuer is vouched for', () => {
    const vouched = identityOf('entra', { LATCHKEY_EMAIL_TRUST: 'issuer', LATCHKEY_EMAIL_DOMAINS: 'example.com' });
    const { token } = imitations.entra.cases.guest!;
    expect(() => callerFromToken(catalogue, vouched, tokenOf('entra', token), start)).toThrow(refusal('is a guest'));
  });

  test('each default can be said otherwise', () => {
    const changed = identityOf('entra', {
      LATCHKEY_SUBJECT_CLAIM: 'sub',
      LATCHKEY_EMAIL_CLAIM: 'mail',
      LATCHKEY_EMAIL_TRUST: 'email_verified',
      LATCHKEY_GROUPS_CLAIM: 'roles',
      LATCHKEY_MFA: 'acrs=c2',
      LATCHKEY_SIGN_IN_SCOPE: 'api://latchkey/use',
      LATCHKEY_SIGN_IN_PARAMETERS: 'domain_hint=example.com',
      LATCHKEY_OFFLINE_ACCESS: 'false',
    });
    expect(changed).toMatchObject({
      subjectClaim: 'sub',
      email: { claim: 'mail', trust: 'email_verified' },
      groupsClaim: 'roles',
      mfa: [{ claim: 'acrs', value: 'c2' }],
      signIn: {
        scope: 'api://latchkey/use',
        parameters: { domain_hint: 'example.com' },
        offlineAccess: false,
        stepUp: { claims: '{"access_token":{"acrs":{"essential":true,"value":"c2"}}}' },
      },
    });
  });

  test.each(['redirect_uri=https://evil.example', 'code_challenge=x', 'scope=all', 'client_id=x', 'prompt'])(
    'the parameter %s is refused',
    (LATCHKEY_SIGN_IN_PARAMETERS) =>
      expect(() => identityOf('generic', { LATCHKEY_SIGN_IN_PARAMETERS })).toThrow(
        /LATCHKEY_SIGN_IN_PARAMETERS must be/,
      ),
  );

  test.each(['email', 'preferred_username', 'upn', 'name'])('%s names no account', (LATCHKEY_SUBJECT_CLAIM) =>
    expect(() => identityOf('generic', { LATCHKEY_SUBJECT_CLAIM })).toThrow(/LATCHKEY_SUBJECT_CLAIM must be one of/),
  );

  test('a sign-in asks as its provider wants it', () => {
    expect(identityOf('entra').signIn.scope).toBe('api://66666666-7777-8888-9999-000000000000/use');
    expect(identityOf('auth0').signIn.parameters).toEqual({ audience: 'latchkey' });
    expect(identityOf('okta').signIn.stepUp).toEqual({ acr_values: 'urn:okta:loa:2fa:any' });
    expect(identityOf('keycloak').signIn).toMatchObject({ offlineAccess: false, stepUp: { acr_values: 'mfa' } });
  });
});

test('a machine without the claim that names people is its principal where one is configured', () => {
  const machines = identityOf('okta', { LATCHKEY_PRINCIPAL_CLAIM: 'aws_principal' });
  const { token } = imitations.okta.cases.machine!;
  const arn = 'arn:aws:iam::222222222222:role/builder';
  expect(callerFromToken(catalogue, machines, tokenOf('okta', { ...token, aws_principal: arn }), start)).toMatchObject({
    principal: arn,
    subject: 'https://example.okta.com/oauth2/default#0oa48e74ox4t7mQJX0g7',
  });
});
