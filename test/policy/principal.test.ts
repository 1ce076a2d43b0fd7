// Who calls, from cases that a reviewer can read and add to without reading code: test/cases/principals.json.
import { describe, expect, test } from '@jest/globals';
import {
  callerFromIam,
  callerFromLink,
  callerFromToken,
  claimsOf,
  type IamContext,
} from '../../lib/policy/principal.ts';
import file from '../cases/principals.json' with { type: 'json' };
import { claimsFor, flattened, tokenOf } from '../support/calls.ts';
import { fakeApp } from '../support/fake-app.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

type Case = {
  name: string;
  token?: Record<string, unknown>;
  iam?: IamContext;
  is?: Record<string, unknown>;
  refused?: true | string;
};

const catalogue = catalogueOf({
  ...smallCatalogueFile,
  people: file.people,
  groups: { ...file.groups, leads: ['lead@example.com'] },
  tokenGroups: file.tokenGroups,
});
const { identity } = fakeApp();
const bot = 'arn:aws:iam::999999999999:role/chatops-bot';

function callerOf({ token, iam }: Case) {
  if (iam) return callerFromIam(catalogue, iam);
  const changes = Object.fromEntries(Object.entries(token ?? {}).map(([name, value]) => [name, value ?? undefined]));
  return callerFromToken(catalogue, identity, claimsFor('dev@example.com', changes), start);
}

test.each((file.cases as Case[]).map((one) => [one.name, one] as const))('%s', (_name, one) => {
  if (one.refused) {
    const says = one.refused === true ? '' : one.refused;
    expect(() => callerOf(one)).toThrow(
      expect.objectContaining({ code: 'unauthenticated', detail: expect.stringContaining(says) }),
    );
    return;
  }
  const { principal, person, groups, mayBeIn = [], via, mfa, kind } = callerOf(one);
  expect({
    principal,
    person: person.key,
    name: person.name,
    email: person.email,
    groups,
    mayBeIn,
    via,
    mfa,
    kind,
  }).toMatchObject({ kind: 'person', ...one.is });
});

describe('the token that the gateway verified', () => {
  const claims = claimsFor('dev@example.com', { groups: ['a b', 'c'] });

  test('is read from the header, because the gateway’s own claims have lost their shape', () => {
    expect(flattened(claims).groups).toBe('[a b c]');
    expect(claimsOf(flattened(claims), `Bearer ${tokenOf(claims)}`)).toEqual(claims);
  });

  test.each(['iss', 'sub', 'exp'])('counts only if its %s is the one that was verified', (name) => {
    const other = { ...claims, [name]: 'another' };
    expect(() => claimsOf(flattened(claims), `Bearer ${tokenOf(other)}`)).toThrow(
      expect.objectContaining({ code: 'unauthenticated' }),
    );
  });

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer x',
    'Bearer a.b',
    `Token ${tokenOf(claims)}`,
    `Bearer ${tokenOf(claims)} x`,
    'Bearer a.Ww.c',
  ])('%p is none', (header) => {
    expect(() => claimsOf(flattened(claims), header)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });
});

describe('what counts as a second factor', () => {
  const mfa = [
    { claim: 'amr', value: 'otp' },
    { claim: 'acr', value: 'gold' },
    { claim: 'https://latchkey/mfa', value: 'true' },
  ];
  const counts = (claims: Record<string, unknown>) =>
    callerFromToken(catalogue, { ...identity, mfa }, claimsFor('dev@example.com', claims), start).mfa;

  test.each([
    { amr: ['pwd', 'otp'] },
    { amr: 'pwd otp' },
    { acr: 'gold' },
    { 'https://latchkey/mfa': true },
    { 'https://latchkey/mfa': 'true' },
  ])('%j does', (claims) => expect(counts(claims)).toBe(true));

  test.each([
    {},
    { amr: ['pwd', 'mfa'] },
    { acr: 'mfa' },
    { amr: [['otp']] },
    { acr: 'silver gold' },
    { acr: { gold: true } },
    { 'https://latchkey/mfa': 1 },
    { 'https://latchkey/mfa': false },
    { 'https://latchkey/mfa': null },
  ])('%j does not', (claims) => expect(counts(claims)).toBe(false));
});

describe('a bot', () => {
  test('is one by its principal, with or without a path, whatever its session is called', () => {
    expect(
      callerFromIam(catalogue, {
        userArn: 'arn:aws:sts::999999999999:assumed-role/chatops-bot/lead@example.com',
        callerId: 'AROAX:lead@example.com',
      }),
    ).toMatchObject({
      kind: 'bot',
      bot: 'chatops',
      principal: bot,
    });
  });

  test('stays one when its token names a person', () => {
    const machines = { ...identity, principalClaim: 'aws_principal' };
    const caller = callerFromToken(catalogue, machines, claimsFor('lead@example.com', { aws_principal: bot }), start);
    expect(caller).toMatchObject({ kind: 'bot', bot: 'chatops', principal: bot });
  });
});

describe('a principal in a token', () => {
  const named = claimsFor('x@example.com', {
    email: undefined,
    aws_principal: 'arn:aws:iam::222222222222:role/ops/dev-server',
  });

  test('counts where it was configured, without its path', () => {
    expect(callerFromToken(catalogue, { ...identity, principalClaim: 'aws_principal' }, named, start)).toMatchObject({
      principal: 'arn:aws:iam::222222222222:role/dev-server',
      person: { key: 'dev@example.com' },
    });
  });

  test('is ignored where it was not', () => {
    expect(callerFromToken(catalogue, identity, { ...named, email: 'x@example.com' }, start).principal).toBe(
      'https://issuer.example.com#sub-x@example.com',
    );
  });

  test.each(['root', '', 5, ['arn:aws:iam::222222222222:role/x'], 'arn:aws:sts::222222222222:assumed-role/x/y'])(
    '%p is refused',
    (aws_principal) => {
      expect(() =>
        callerFromToken(
          catalogue,
          { ...identity, principalClaim: 'aws_principal' },
          { ...named, aws_principal },
          start,
        ),
      ).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
    },
  );
});

test('a link is its approver, with the groups of the catalogue alone and without MFA', () => {
  expect(callerFromLink(catalogue, { key: 'dev@other.example', name: 'x' })).toMatchObject({
    kind: 'person',
    person: { key: 'dev@example.com', name: 'Dev' },
    groups: ['all', 'developers'],
    via: 'link',
    mfa: false,
  });
});
