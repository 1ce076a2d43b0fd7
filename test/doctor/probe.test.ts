// The probes of the hub's functions: what they try, what they answer, and that only the doctor's alias reaches them.
import { readdirSync } from 'node:fs';
import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { describe, expect, test } from '@jest/globals';
import type { Context } from 'aws-lambda';
import { handler as issueSession } from '../../functions/issue-session.ts';
import { handler as revokeSessions } from '../../functions/revoke-sessions.ts';
import { revoker } from '../../lib/aws/revoker.ts';
import { stsSessions } from '../../lib/aws/sts.ts';
import { SECOND } from '../../lib/common/time.ts';
import { catalogueDigest, probedAccount, type RevokerProbe, type TargetProbe } from '../../lib/target/probe.ts';
import { eventFile } from '../support/calls.ts';
import { cannedAws, cannedClient, refusal } from '../support/canned-aws.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const arn = (name: string) => `arn:aws:lambda:eu-west-1:999999999999:function:latchkey-prod-${name}`;
const context = (invokedFunctionArn: string) => ({ invokedFunctionArn }) as Context;
type Invocable = (event: unknown, context: Context) => Promise<unknown>;
const functions = { 'issue-session': issueSession, 'revoke-sessions': revokeSessions };
type Name = keyof typeof functions;
const invoke = (app: FakeApp, name: Name, event: unknown, qualifier = ':doctor') =>
  (functions[name].with(app) as Invocable)(event, context(`${arn(name)}${qualifier}`));
const probe = async <Answer>(app: FakeApp, name: Name, account: string) =>
  (await invoke(app, name, { doctor: { account } })) as Answer;
const roles = ['arn:aws:iam::111111111111:role/latchkey/read', 'arn:aws:iam::111111111111:role/latchkey/write'];

describe('issue-session', () => {
  test('tries every role as when issuing a session, and without each condition that the role must require', async () => {
    const app = fakeApp();
    const answer = await probe<TargetProbe>(app, 'issue-session', 'production');
    const refused = { was: 'refused', code: 'AccessDenied' };
    expect(answer).toEqual({
      version: app.version,
      catalogue: catalogueDigest(app.catalogue),
      skewSeconds: 0,
      roles: roles.map((role) => ({
        arn: role,
        entered: { was: 'allowed' },
        without: { externalId: refused, tags: refused, sourceIdentity: refused },
      })),
    });
    const { externalId } = app.catalogue.accounts.get('production')!;
    const ofFirst = app.sts.tried.filter(({ RoleArn }) => RoleArn === roles[0]);
    expect(ofFirst[0]).toEqual({
      RoleArn: roles[0],
      RoleSessionName: expect.stringMatching(/^lk-[\w-]{22}-doctor$/),
      DurationSeconds: 900,
      ExternalId: externalId,
      SourceIdentity: 'latchkey-doctor',
      Policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}',
      Tags: [
        { Key: 'latchkey-request', Value: 'latchkey-doctor' },
        { Key: 'latchkey-requester', Value: 'latchkey-doctor' },
      ],
    });
    const lacking = ofFirst
      .slice(1)
      .map((input) => Object.keys(ofFirst[0]!).filter((key) => !Object.hasOwn(input, key)));
    expect(lacking).toEqual([['ExternalId'], ['Tags'], ['SourceIdentity']]);
    expect(new Set(app.sts.tried.map(({ Policy, DurationSeconds }) => `${DurationSeconds} ${Policy}`)).size).toBe(1);
  });

  test('leaves no session, no record and a line in the log', async () => {
    const app = fakeApp();
    await probe(app, 'issue-session', 'production');
    expect(app.sts.issued).toEqual([]);
    expect(app.steps.filter(({ name }) => name !== 'sts.tryRole')).toEqual([]);
    expect(app.lines).toEqual([{ code: 'doctor-probed', fields: { account: 'production', roles: 2 } }]);
  });

  test('reports the difference of its clock from STS', async () => {
    const app = fakeApp();
    const { tryRole } = app.sts;
    app.sts.tryRole = async (input) => {
      const tried = await tryRole(input);
      return tried.expiresAt === undefined ? tried : { ...tried, expiresAt: tried.expiresAt - 40 * SECOND };
    };
    expect((await probe<TargetProbe>(app, 'issue-session', 'production')).skewSeconds).toBe(40);
  });

  test('detects a role that accepts anyone', async () => {
    const app = fakeApp();
    app.sts.answers.set(roles[1]!, () => undefined);
    const { roles: answered } = await probe<TargetProbe>(app, 'issue-session', 'production');
    expect(answered[1]).toEqual({
      arn: roles[1],
      entered: { was: 'allowed' },
      without: { externalId: { was: 'allowed' }, tags: { was: 'allowed' }, sourceIdentity: { was: 'allowed' } },
    });
  });
});

describe('revoke-sessions', () => {
  test("tries the revoker's permission on every role of the account, and on one outside of the catalogue", async () => {
    const app = fakeApp();
    const known = {
      version: app.version,
      catalogue: catalogueDigest(app.catalogue),
      arn: 'arn:aws:iam::111111111111:role/latchkey-revoker',
    };
    expect(await probe<RevokerProbe>(app, 'revoke-sessions', 'production')).toEqual({
      ...known,
      entered: { was: 'allowed' },
      withoutExternalId: { was: 'refused', code: 'AccessDenied' },
      roles: roles.map((role) => ({ arn: role, deletes: { was: 'allowed' } })),
      outside: { was: 'refused', code: 'AccessDenied' },
    });
    expect(app.iam.tried).toEqual([...roles, 'arn:aws:iam::111111111111:role/latchkey-revoker']);
    expect([...app.iam.policies]).toEqual([]);
    expect(app.steps.map(({ name }) => name)).toEqual(['iam.tryRevoker']);
  });

  test('reports that the catalogue has no revoker', async () => {
    const { production } = smallCatalogueFile.accounts;
    const catalogue = catalogueOf({
      ...smallCatalogueFile,
      accounts: { ...smallCatalogueFile.accounts, production: { ...production, revoker: false } },
    });
    expect(await probe(fakeApp({ catalogue }), 'revoke-sessions', 'production')).toMatchObject({ error: 'no-revoker' });
  });
});

describe.each(Object.keys(functions) as Name[])('%s', (name) => {
  test.each(['nowhere', '__proto__', ''])('reports an unknown account: "%s"', async (account) => {
    const app = fakeApp();
    expect(await probe(app, name, account)).toEqual({
      version: app.version,
      catalogue: catalogueDigest(app.catalogue),
      error: 'unknown-account',
    });
    expect(app.steps).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['an empty event', {}],
    ['a probe of something else', { doctor: { account: 7 } }],
    ['a probe and more', { doctor: { account: 'production' }, version: '2.0' }],
    ['more in the probe', { doctor: { account: 'production', role: 'x' } }],
    ['a list', [{ doctor: { account: 'production' } }]],
    ['a stream record', { Records: [] }],
  ])('accepts only a probe through the alias: not %s', async (_, event) => {
    const app = fakeApp();
    expect(await invoke(app, name, event)).toEqual({ error: 'not-a-probe' });
    expect([app.steps, app.lines]).toEqual([[], []]);
  });

  test('accepts no probe without the alias', async () => {
    for (const qualifier of ['', ':prod', ':$LATEST', ':doctors']) {
      const app = fakeApp();
      await invoke(
        app,
        name,
        { doctor: { account: 'production' }, Records: [], requestContext: { http: { method: 'POST' } }, rawPath: '/' },
        qualifier,
      ).catch(() => undefined);
      expect(app.lines.map(({ code }) => code)).not.toContain('doctor-probed');
    }
  });
});

test('no event of the gateway or the stream becomes a probe, whatever its content', async () => {
  const doctor = { account: 'production' };
  const files = readdirSync(new URL('../../events/', import.meta.url)).flatMap((file) =>
    file.endsWith('.json') ? [file.slice(0, -'.json'.length)] : [],
  );
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) {
    const event = eventFile<Record<string, unknown>>(file);
    const sent = {
      ...event,
      doctor,
      body: JSON.stringify({ doctor }),
      headers: { ...(event.headers as object), doctor: 'production' },
      queryStringParameters: { doctor: 'production' },
    };
    expect([file, probedAccount(event), probedAccount(sent)]).toEqual([file, undefined, undefined]);
    const app = fakeApp();
    const name = file.startsWith('revoke-sessions') ? 'revoke-sessions' : 'issue-session';
    await invoke(app, name, sent, '').catch(() => undefined);
    expect([file, app.sts.tried, app.iam.tried]).toEqual([file, [], []]);
  }
});

describe('a probe returns no details', () => {
  const session = (expiration: string) =>
    `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIACANARYCANARYCAN1</AccessKeyId><SecretAccessKey>secret-canary</SecretAccessKey><SessionToken>token-canary</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
  const way = { revoker: 'arn:aws:iam::111111111111:role/latchkey-revoker', externalId: 'lk-external-id' };
  const input = { RoleArn: roles[0]!, RoleSessionName: 'lk-x', DurationSeconds: 900, Policy: '{}' };

  test('of STS: an outcome and an instant', async () => {
    const sts = stsSessions(
      new STSClient({
        ...cannedClient,
        requestHandler: cannedAws({ status: 200, body: session('2026-11-22T10:15:00Z') }),
      }),
    );
    expect(await sts.tryRole(input)).toEqual({ was: 'allowed', expiresAt: Date.UTC(2026, 10, 22, 10, 15) });
  });

  test.each<[string, Parameters<typeof cannedAws>[0], object]>([
    ['a refusal', refusal('AccessDenied', 'message-canary', 403), { was: 'refused', code: 'AccessDenied' }],
    [
      'a Region that is off',
      refusal('RegionDisabledException', 'message-canary', 403),
      { was: 'unclear', code: 'RegionDisabled' },
    ],
    ['no answer', new Error('message-canary'), { was: 'unclear', code: 'NoAnswer' }],
    [
      'half an answer',
      { status: 200, body: '<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>' },
      { was: 'unclear', code: 'NoAnswer' },
    ],
  ])('of STS: %s by its code alone', async (_, answer, expected) => {
    const sts = stsSessions(new STSClient({ ...cannedClient, requestHandler: cannedAws(answer) }));
    expect(await sts.tryRole(input)).toEqual(expected);
  });

  test('of IAM: a missing policy means allowed, a denial means refused, anything else is undecided', async () => {
    const entries = cannedAws(refusal('AccessDenied', 'message-canary', 403), {
      status: 200,
      body: session('2026-11-22T10:15:00Z'),
    });
    const deletes = cannedAws(
      refusal('NoSuchEntity', 'x', 404),
      refusal('AccessDenied', 'x', 403),
      refusal('Throttling', 'x'),
      {
        status: 200,
        body: '<DeleteRolePolicyResponse/>',
      },
    );
    const iam = revoker(
      new STSClient({ ...cannedClient, requestHandler: entries }),
      (credentials) => new IAMClient({ ...cannedClient, credentials, requestHandler: deletes }),
    );
    const answer = await iam.tryRevoker(way, ['a/one', 'a/two', 'a/three', 'a/four']);
    expect(answer).toEqual({
      entered: { was: 'allowed' },
      withoutExternalId: { was: 'refused', code: 'AccessDenied' },
      deletes: [
        { was: 'allowed' },
        { was: 'refused', code: 'AccessDenied' },
        { was: 'unclear', code: 'Throttling' },
        { was: 'allowed' },
      ],
    });
    expect(JSON.stringify(answer)).not.toContain('canary');
    expect(deletes.asked.map((asked) => [asked.get('Action'), asked.get('PolicyName')])).toEqual(
      Array.from({ length: 4 }, () => ['DeleteRolePolicy', 'LatchkeyDoctor']),
    );
    expect(
      entries.asked.map((asked) => [
        asked.get('ExternalId'),
        asked.get('DurationSeconds'),
        JSON.parse(asked.get('Policy') ?? '').Statement,
      ]),
    ).toEqual([
      [null, '900', [{ Effect: 'Allow', Action: 'iam:DeleteRolePolicy', Resource: '*' }]],
      ['lk-external-id', '900', [{ Effect: 'Allow', Action: 'iam:DeleteRolePolicy', Resource: '*' }]],
    ]);
  });

  test('a revoker that cannot be assumed is not tried on roles', async () => {
    const deletes = cannedAws(refusal('NoSuchEntity', 'x', 404));
    const iam = revoker(
      new STSClient({ ...cannedClient, requestHandler: cannedAws(refusal('AccessDenied', 'x', 403)) }),
      (credentials) => new IAMClient({ ...cannedClient, credentials, requestHandler: deletes }),
    );
    expect(await iam.tryRevoker(way, roles)).toEqual({
      entered: { was: 'refused', code: 'AccessDenied' },
      withoutExternalId: { was: 'refused', code: 'AccessDenied' },
      deletes: [],
    });
    expect(deletes.asked).toEqual([]);
  });
});

test('the digest of a catalogue changes with every field', () => {
  const digest = (change: object) => catalogueDigest(catalogueOf({ ...smallCatalogueFile, ...change }));
  const same = digest({});
  expect(digest({})).toBe(same);
  const { sandbox } = smallCatalogueFile.accounts;
  const changes = [
    { accounts: { ...smallCatalogueFile.accounts, sandbox: { ...sandbox, name: 'Playground' } } },
    { admins: ['security@example.com'] },
    { people: smallCatalogueFile.people.slice(1) },
    { groups: { ...smallCatalogueFile.groups, developers: ['dev@example.com'] } },
    { limits: { openRequests: 3 } },
    {
      roles: {
        ...smallCatalogueFile.roles,
        read: { ...smallCatalogueFile.roles.read, duration: { default: '30m', max: '8h' } },
      },
    },
  ];
  expect(new Set([same, ...changes.map(digest)]).size).toBe(changes.length + 1);
});
