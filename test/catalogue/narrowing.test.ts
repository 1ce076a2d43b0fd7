// A session that can do less than its role: scope, managed session policies and source networks, from the catalogue to what STS is asked for.
import { describe, expect, test } from '@jest/globals';
import { checkCatalogue } from '../../lib/catalogue/check.ts';
import { longestSessionPolicy, sessionPolicyLimit } from '../../lib/catalogue/narrowing.ts';
import type { CredentialsView, RequestView, RoleView } from '../../lib/http/answers.ts';
import { approvedBy, call, filed, playStream } from '../support/calls.ts';
import { fakeApp } from '../support/fake-app.ts';
import { isAllowed } from '../support/judge.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const scope = {
  parameters: {
    bucket: { description: 'the bucket', values: ['reports', 'exports'] },
    prefix: { description: 'a folder in it', pattern: '[a-z0-9/*?-]+', maxLength: 40 },
  },
  says: 'objects below {prefix} in {bucket}',
  statements: [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::{bucket}/{prefix}/*'] }],
};
const values = { bucket: 'reports', prefix: '2026/11' };
const catalogueWith = (more: object) =>
  catalogueOf({
    ...smallCatalogueFile,
    roles: { ...smallCatalogueFile.roles, read: { ...smallCatalogueFile.roles.read, ...more } },
  });
const errorsWith = (more: object) =>
  checkCatalogue({
    ...smallCatalogueFile,
    roles: { ...smallCatalogueFile.roles, read: { ...smallCatalogueFile.roles.read, ...more } },
  }).errors.map(({ path, detail }) => `${path.join('.')}: ${detail}`);
const appWith = (more: object) => fakeApp({ catalogue: catalogueWith(more) });
const vend = (app: ReturnType<typeof fakeApp>, id: string) =>
  call<CredentialsView>(app, 'issueCredentials', { as: dev, id, body: {} });
const statementsOf = (app: ReturnType<typeof fakeApp>) =>
  JSON.parse(app.sts.assumed.at(-1)!.Policy).Statement as Array<Record<string, unknown>>;

describe('a scope', () => {
  test('fills the session policy, so that nothing else can be done', async () => {
    const app = appWith({ scope });
    const request = await filed(app, { scope: values });
    expect(request.scope).toEqual(values);
    await approvedBy(app, request.id, 'lead@example.com');
    expect((await vend(app, request.id)).status).toBe(200);
    expect(statementsOf(app)[0]).toEqual({
      Effect: 'Allow',
      Action: ['s3:GetObject'],
      Resource: ['arn:aws:s3:::reports/2026/11/*'],
    });
    const session = JSON.parse(app.sts.assumed.at(-1)!.Policy);
    const may = (action: string, resource: string) =>
      isAllowed({
        principal: 'arn:aws:sts::111111111111:assumed-role/read/lk-x',
        action,
        resource,
        accountId: '111111111111',
        context: { 'aws:CurrentTime': '2026-11-22T10:01:00Z' },
        identity: [{ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }],
        session,
      });
    expect(await may('s3:GetObject', 'arn:aws:s3:::reports/2026/11/a.csv')).toBe(true);
    expect(await may('s3:GetObject', 'arn:aws:s3:::reports/2026/10/a.csv')).toBe(false);
    expect(await may('s3:GetObject', 'arn:aws:s3:::exports/2026/11/a.csv')).toBe(false);
    expect(await may('s3:PutObject', 'arn:aws:s3:::reports/2026/11/a.csv')).toBe(false);
  });

  test('is told to the approver in words and as what it comes to', async () => {
    const app = appWith({ scope });
    await filed(app, { scope: values });
    await playStream(app);
    const mail = app.mail.outbox[0]!.text.replace(/\s+/g, ' ');
    expect(mail).toContain('objects below 2026/11 in reports');
    expect(mail).toContain('Allow s3:GetObject');
    expect(mail).toContain('arn:aws:s3:::reports/2026/11/*');
  });

  test('is shown with the role', async () => {
    const { body } = await call<{ items: RoleView[] }>(appWith({ scope }), 'listRoles', { as: dev });
    expect(body.items[0]?.scope).toEqual({
      ...scope.parameters,
      bucket: { ...scope.parameters.bucket, maxLength: 64 },
    });
  });

  test.each<[string, unknown, string]>([
    ['left out', undefined, '/scope/bucket'],
    ['half given', { bucket: 'reports' }, '/scope/prefix'],
    ['of another value', { ...values, bucket: 'secrets' }, '/scope/bucket'],
    ['of an unknown name', { ...values, region: 'eu-west-1' }, '/scope/region'],
    ['with a wildcard, whatever the pattern lets through', { ...values, prefix: '*' }, '/scope/prefix'],
    ['with another wildcard', { ...values, prefix: 'a?' }, '/scope/prefix'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: IAM's own variables
    ['with a policy variable', { ...values, prefix: '${aws:username}' }, '/scope/prefix'],
    ['with a quote', { ...values, prefix: 'a"],"Resource":["' }, '/scope/prefix'],
    ['too long', { ...values, prefix: 'a'.repeat(41) }, '/scope/prefix'],
    ['by a name that every object has', { ...values, toString: 'a' }, '/scope/toString'],
  ])('not: %s', async (_, given, pointer) => {
    const answer = await call(appWith({ scope }), 'createRequest', {
      as: dev,
      body: { role: 'read', reason: 'Look', ...(given !== undefined && { scope: given }) },
      headers: { 'idempotency-key': undefined },
    });
    expect([answer.status, answer.body]).toEqual([
      422,
      expect.objectContaining({
        code: 'refused-by-policy',
        errors: expect.arrayContaining([expect.objectContaining({ pointer })]),
      }),
    ]);
  });

  test('is refused where the role has none', async () => {
    const answer = await call(fakeApp(), 'createRequest', {
      as: dev,
      body: { role: 'read', reason: 'Look', scope: values },
      headers: { 'idempotency-key': undefined },
    });
    expect(answer.body).toMatchObject({ code: 'refused-by-policy', errors: [{ pointer: '/scope' }] });
  });

  test('that the catalogue means otherwise by now is approved and vended no more', async () => {
    const app = appWith({ scope });
    const request = await filed(app, { scope: values });
    const wider = { ...scope, statements: [{ actions: ['s3:*'], resources: ['arn:aws:s3:::{bucket}/{prefix}/*'] }] };
    const before = app.catalogue;
    app.catalogue = catalogueWith({ scope: wider });
    expect(
      (await call(app, 'decideRequest', { as: 'lead@example.com', id: request.id, body: { decision: 'approve' } }))
        .body,
    ).toMatchObject({
      code: 'refused-by-policy',
    });
    app.catalogue = before;
    await approvedBy(app, request.id, 'lead@example.com');
    app.catalogue = catalogueWith({});
    expect((await vend(app, request.id)).body).toMatchObject({ code: 'refused-by-policy' });
  });

  test('whose value the catalogue takes no more is approved and vended no more', async () => {
    const app = appWith({ scope });
    const request = await filed(app, { scope: values });
    const before = app.catalogue;
    const { parameters } = scope;
    app.catalogue = catalogueWith({
      scope: { ...scope, parameters: { ...parameters, bucket: { ...parameters.bucket, values: ['exports'] } } },
    });
    expect(
      (await call(app, 'decideRequest', { as: 'lead@example.com', id: request.id, body: { decision: 'approve' } }))
        .body,
    ).toMatchObject({
      code: 'refused-by-policy',
    });
    const after = app.catalogue;
    app.catalogue = before;
    await approvedBy(app, request.id, 'lead@example.com');
    app.catalogue = after;
    expect((await vend(app, request.id)).body).toMatchObject({ code: 'refused-by-policy' });
  });

  test('whose pattern could be compared for ever is refused soon', async () => {
    const slow = {
      ...scope,
      parameters: { ...scope.parameters, prefix: { description: 'a folder', pattern: '([a-z]+/?)+x', maxLength: 200 } },
    };
    const app = appWith({ scope: slow });
    const wish = {
      as: dev,
      body: { role: 'read', reason: 'Look at it', scope: { ...values, prefix: 'a'.repeat(100) } },
    };
    expect((await call(app, 'createRequest', wish)).body).toMatchObject({
      code: 'refused-by-policy',
      errors: [{ pointer: '/scope/prefix' }],
    });
  });

  test('goes on in an extension', async () => {
    const app = appWith({ scope });
    const { id } = await approvedBy(app, (await filed(app, { scope: values })).id, 'lead@example.com');
    const extension = await call<RequestView>(app, 'extendRequest', {
      as: dev,
      id,
      body: { duration: '1h', reason: 'Not through yet' },
      headers: { 'idempotency-key': undefined },
    });
    expect(extension.body.scope).toEqual(values);
  });
});

describe('without a scope', () => {
  test('managed session policies stand in place of everything, and source networks bound it', async () => {
    const app = appWith({
      sessionPolicies: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
      sourceNetworks: ['198.51.100.0/24', '2001:db8::/32'],
    });
    const { id } = await approvedBy(app, (await filed(app)).id, 'lead@example.com');
    await vend(app, id);
    expect(app.sts.assumed.at(-1)!.PolicyArns).toEqual([{ arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }]);
    expect(statementsOf(app).map(({ Effect }) => Effect)).toEqual(['Deny', 'Deny']);
    expect(statementsOf(app)[1]).toMatchObject({
      Condition: {
        NotIpAddress: { 'aws:SourceIp': ['198.51.100.0/24', '2001:db8::/32'] },
        Bool: { 'aws:ViaAWSService': 'false' },
      },
    });
  });
});

describe('what bounded the sessions of a role when it was approved', () => {
  const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
  const audit = 'arn:aws:iam::aws:policy/SecurityAudit';
  const office = '198.51.100.0/24';
  const plant = '203.0.113.0/24';

  test.each<[string, object, object, { policies?: string[]; networks: string[][]; actions?: string[] }]>([
    ['its policies are gone', { sessionPolicies: [readOnly] }, {}, { policies: [readOnly], networks: [], actions: [] }],
    [
      'it has one more',
      { sessionPolicies: [readOnly] },
      { sessionPolicies: [audit, readOnly] },
      { policies: [readOnly], networks: [], actions: [] },
    ],
    [
      'it has one less',
      { sessionPolicies: [readOnly, audit] },
      { sessionPolicies: [audit] },
      { policies: [audit], networks: [], actions: [] },
    ],
    [
      'it had none',
      {},
      { sessionPolicies: [audit], sourceNetworks: [plant] },
      { policies: [audit], networks: [[plant]], actions: [] },
    ],
    ['its networks are gone', { sourceNetworks: [office] }, {}, { networks: [[office]], actions: ['*'] }],
    [
      'it has one more network',
      { sourceNetworks: [office] },
      { sourceNetworks: [office, plant] },
      { networks: [[office]], actions: ['*'] },
    ],
    [
      'it has one network less',
      { sourceNetworks: [office, plant] },
      { sourceNetworks: [plant] },
      { networks: [[plant]], actions: ['*'] },
    ],
    [
      'it has other networks',
      { sourceNetworks: [office] },
      { sourceNetworks: [plant] },
      { networks: [[office], [plant]], actions: ['*'] },
    ],
  ])('still bounds them when %s', async (_, before, after, { policies, networks, actions }) => {
    const app = appWith(before);
    const { id } = await approvedBy(app, (await filed(app)).id, 'lead@example.com');
    app.catalogue = catalogueWith(after);
    expect((await vend(app, id)).status).toBe(200);
    expect(app.sts.assumed.at(-1)!.PolicyArns).toEqual(policies?.map((arn) => ({ arn })));
    const statements = statementsOf(app);
    expect(statements.filter(({ Effect }) => Effect === 'Allow').map(({ Action }) => Action)).toEqual(actions);
    expect(new Set(statements.flatMap(({ Sid }) => Sid ?? [])).size).toBe(1 + networks.length);
    const lists = statements.flatMap(
      ({ Condition }) => (Condition as { NotIpAddress?: object } | undefined)?.NotIpAddress ?? [],
    );
    expect(lists).toEqual(networks.map((list) => ({ 'aws:SourceIp': list })));
  });

  test('has to be asked for again where nothing is left of it', async () => {
    const app = appWith({ sessionPolicies: [readOnly] });
    const waiting = await filed(app);
    app.catalogue = catalogueWith({ sessionPolicies: [audit] });
    const decision = { as: 'lead@example.com', id: waiting.id, body: { decision: 'approve' } };
    expect((await call(app, 'decideRequest', decision)).body).toMatchObject({ code: 'refused-by-policy' });
    app.catalogue = catalogueWith({ sessionPolicies: [readOnly] });
    await call(app, 'decideRequest', decision);
    app.catalogue = catalogueWith({ sessionPolicies: [audit] });
    expect((await vend(app, waiting.id)).body).toMatchObject({ code: 'refused-by-policy' });
  });
});

describe('the catalogue is told', () => {
  test.each<[string, object, string]>([
    [
      'a name that is no parameter',
      { scope: { ...scope, says: 'in {region}' } },
      'roles.read.scope: no parameter "region" in parameters',
    ],
    [
      'a parameter that bounds nothing',
      { scope: { ...scope, statements: [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::{bucket}/*'] }] } },
      "roles.read.scope.parameters.prefix: no resource of the scope's statements uses {prefix}",
    ],
    [
      'values and a pattern at once',
      {
        scope: { ...scope, parameters: { ...scope.parameters, bucket: { ...scope.parameters.bucket, pattern: 'a' } } },
      },
      'must have either values or a pattern',
    ],
    [
      'a scope beside managed session policies, which would widen it',
      { scope, sessionPolicies: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] },
      'give a role either scope or sessionPolicies',
    ],
    ['no network', { sourceNetworks: ['office'] }, 'must be a network'],
    [
      'more than STS takes at worst',
      { scope: { ...scope, statements: Array.from({ length: 16 }, () => scope.statements[0]) } },
      "a session's policy could have",
    ],
  ])('%s', (_, more, detail) => expect(errorsWith(more).join('\n')).toContain(detail));

  test('the worst case is what a session can come to', () => {
    const { scope: rule, sessionPolicies, sourceNetworks } = catalogueWith({ scope }).roles.get('read')!;
    const longest = longestSessionPolicy({ scope: rule, sessionPolicies, sourceNetworks });
    expect(longest).toBeLessThan(sessionPolicyLimit);
    expect(longest).toBeGreaterThan(JSON.stringify(scope.statements).length);
  });
});
