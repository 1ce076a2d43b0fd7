import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetSendQuotaCommand, SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { revoker } from '../../lib/aws/revoker.ts';
import { sesMail } from '../../lib/aws/ses.ts';
import { federation } from '../../lib/aws/sign-in.ts';
import { stsSessions } from '../../lib/aws/sts.ts';
import { HOUR, MINUTE, SECOND, toInstant } from '../../lib/common/time.ts';
import { signInUrl } from '../../lib/session/console-url.ts';
import { revocationPolicy, trustPolicy } from '../../lib/session/iam.ts';
import { startAwsEmulator } from '../../local/aws/aws-emulator.ts';
import { hubKeys, revokeKeys } from '../../local/aws/sts.ts';
import { awsCatalogue, assumeRoleInput as input } from '../support/aws-catalogue.ts';
import { rejectionOf } from '../support/canned-aws.ts';

const start = Date.UTC(2026, 10, 22, 10);
let now = start;
let wall: (() => number) | undefined;
let aws: Awaited<ReturnType<typeof startAwsEmulator>>;
beforeAll(async () => {
  aws = await startAwsEmulator({ catalogue: awsCatalogue, clock: () => now, wallClock: () => wall?.() ?? Date.now() });
  // a role that requires only the external ID, so that the limits are those of STS
  const { trust, ...role } = aws.targets.roles.get(longRole.RoleArn)!;
  const [enter] = trustPolicy({ role: trust.Statement[0]!.Principal!.AWS }, input.ExternalId).Statement;
  const asks = { ...enter!, Condition: { StringEquals: enter!.Condition!.StringEquals! } };
  const lenient = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'].map((Action) => ({ ...asks, Action }));
  aws.targets.roles.set(openRole.RoleArn, { ...role, arn: openRole.RoleArn, trust: { ...trust, Statement: lenient } });
});
afterAll(() => aws.close());
beforeEach(() => {
  now = start;
  wall = undefined;
  aws.ses.fail();
});

type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
const clientSettings = (credentials: Keys = hubKeys) => ({
  region: 'eu-central-1',
  maxAttempts: 1,
  endpoint: aws.endpoint,
  credentials,
});
const sts = (credentials?: Keys) => new STSClient(clientSettings(credentials));
const ses = (credentials?: Keys) => new SESClient(clientSettings(credentials));
const whoIs = (credentials?: Keys) => sts(credentials).send(new GetCallerIdentityCommand({}));
const openRole = { RoleArn: 'arn:aws:iam::111111111111:role/latchkey/open' };
const longRole = { RoleArn: 'arn:aws:iam::111111111111:role/latchkey/bucket-read-long' };

/** Sends any input, so that the emulator and not the compiler checks it. */
const assume = (change: Partial<Record<keyof AssumeRoleCommandInput, unknown>>, credentials?: Keys) =>
  sts(credentials).send(new AssumeRoleCommand({ ...input, ...change } as AssumeRoleCommandInput));
const sessionOf = () => stsSessions(sts()).assumeRole(input);

describe('AssumeRole', () => {
  test('returns credentials by the given clock and records the input', async () => {
    now = start + 999;
    const answer = await assume({});
    expect(answer).toMatchObject({
      Credentials: {
        AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
        SecretAccessKey: expect.stringMatching(/^.{40}$/),
        SessionToken: expect.any(String),
        Expiration: new Date(start + 15 * MINUTE),
      },
      AssumedRoleUser: {
        Arn: 'arn:aws:sts::111111111111:assumed-role/bucket-read/lk-0123456789-asi-dev',
        AssumedRoleId: expect.stringMatching(/^AROA[A-Z2-7]{17}:lk-0123456789-asi-dev$/),
      },
      SourceIdentity: 'asi-dev@example.com',
      $metadata: { requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
    expect(aws.sts.calls[0]).toEqual(input);
    const { SecretAccessKey, SessionToken } = answer.Credentials!;
    expect(JSON.stringify(aws.sts.calls)).not.toContain(SecretAccessKey!);
    expect(JSON.stringify(aws.sts.calls)).not.toContain(SessionToken!);
  });

  test('lasts an hour by default', async () => {
    const { Credentials } = await assume({ DurationSeconds: undefined });
    expect(Credentials?.Expiration).toEqual(new Date(start + HOUR));
  });

  test('records refused calls too, newest first', async () => {
    await rejectionOf(assume({ ExternalId: 'wrong' }));
    await assume({ RoleSessionName: 'lk-the-newest' });
    expect(aws.sts.calls.slice(0, 2)).toMatchObject([{ RoleSessionName: 'lk-the-newest' }, { ExternalId: 'wrong' }]);
  });

  test.each<[string, Partial<Record<keyof AssumeRoleCommandInput, unknown>>]>([
    ['a session name of 2', { RoleSessionName: 'ab' }],
    ['a session name of 64 with every sign', { RoleSessionName: '_+=,.@-'.padEnd(64, 'x') }],
    ['50 tags', { Tags: tags(50) }],
    ['a tag at its limits', { Tags: [{ Key: 'ä'.repeat(128), Value: 'ö _.:/=+-@'.padEnd(256, '9') }] }],
    ['an empty tag value', { Tags: [{ Key: 'k', Value: '' }] }],
    ['no tags, policy or source identity', { Tags: undefined, Policy: undefined, SourceIdentity: undefined }],
    ['a policy of 2048 characters', { Policy: policyOf(2048) }],
    ['an hour of a longer role', { ...longRole, DurationSeconds: 3600 }],
  ])('takes %s', async (_what, change) => expect((await assume({ ...openRole, ...change })).Credentials).toBeDefined());

  test.each<[string, Partial<Record<keyof AssumeRoleCommandInput, unknown>>, string, RegExp]>([
    ['899 s', { DurationSeconds: 899 }, 'ValidationError', /'durationSeconds'.*greater than or equal to 900/],
    ['43201 s', { DurationSeconds: 43201 }, 'ValidationError', /'durationSeconds'.*less than or equal to 43200/],
    ['half a second', { DurationSeconds: 900.5 }, 'MalformedInput', /Integer/],
    [
      "more than the role's maximum",
      { DurationSeconds: 3601 },
      'ValidationError',
      /^The requested DurationSeconds exceeds the MaxSessionDuration set for this role\.$/,
    ],
    [
      'more than an hour by chaining',
      { ...longRole, DurationSeconds: 3601 },
      'ValidationError',
      /^The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining/,
    ],
    ['no role', { RoleArn: undefined }, 'ValidationError', /Value null at 'roleArn'/],
    ['no session name', { RoleSessionName: undefined }, 'ValidationError', /Value null at 'roleSessionName'/],
    ['two errors', { RoleArn: undefined, DurationSeconds: 1 }, 'ValidationError', /^2 validation errors detected: /],
    ['a short ARN', { RoleArn: 'arn:aws:iam::1' }, 'ValidationError', /'roleArn'.*greater than or equal to 20/],
    ['a session name of 1', { RoleSessionName: 'a' }, 'ValidationError', /'roleSessionName'/],
    [
      'a session name of 65',
      { RoleSessionName: 'a'.repeat(65) },
      'ValidationError',
      /'roleSessionName'.*less than or equal to 64/,
    ],
    ['a session name with a slash', { RoleSessionName: 'a/b' }, 'ValidationError', /regular expression/],
    ['a session name in another script', { RoleSessionName: 'jürgen' }, 'ValidationError', /regular expression/],
    ['a session name with a line break', { RoleSessionName: 'ab\n' }, 'ValidationError', /regular expression/],
    ['a source identity of 65', { SourceIdentity: 'a'.repeat(65) }, 'ValidationError', /'sourceIdentity'/],
    ['a source identity of aws', { SourceIdentity: 'aws:me' }, 'ValidationError', /'sourceIdentity'/],
    ['a source identity with a space', { SourceIdentity: 'a b' }, 'ValidationError', /'sourceIdentity'/],
    ['an external id of 1', { ExternalId: 'a' }, 'ValidationError', /'externalId'/],
    ['an external id of 1225', { ExternalId: 'a'.repeat(1225) }, 'ValidationError', /'externalId'/],
    ['an external id with a space', { ExternalId: 'a b' }, 'ValidationError', /'externalId'/],
    ['51 tags', { Tags: tags(51) }, 'ValidationError', /'tags'.*less than or equal to 50/],
    ['a tag key of 0', { Tags: [{ Key: '', Value: 'v' }] }, 'ValidationError', /'tags\.1\.member\.key'/],
    ['a tag key of 129', { Tags: [{ Key: 'k'.repeat(129), Value: 'v' }] }, 'ValidationError', /'tags\.1\.member\.key'/],
    [
      'a tag value of 257',
      { Tags: [{ Key: 'k', Value: 'v'.repeat(257) }] },
      'ValidationError',
      /'tags\.1\.member\.value'/,
    ],
    [
      'a tag value with a star',
      { Tags: [{ Key: 'k', Value: '*' }] },
      'ValidationError',
      /'tags\.1\.member\.value'.*regular expression/,
    ],
    [
      'tag keys that differ in case only',
      {
        Tags: [
          { Key: 'Team', Value: 'a' },
          { Key: 'team', Value: 'b' },
        ],
      },
      'InvalidParameterValue',
      /case insensitive/,
    ],
    ["a tag key of AWS's", { Tags: [{ Key: 'AWS:x', Value: 'a' }] }, 'InvalidParameterValue', /reserved/],
    ['a policy of 2049 characters', { Policy: policyOf(2049) }, 'PackedPolicyTooLargeException', /101%/],
    [
      'a policy with a character beyond Latin 1',
      { Policy: input.Policy.replace('*', '€') },
      'ValidationError',
      /'policy'.*regular expression/,
    ],
    ['an empty policy', { Policy: '' }, 'ValidationError', /'policy'/],
    ['a policy that is no JSON', { Policy: '{' }, 'MalformedPolicyDocumentException', /Syntax/],
    ['a policy without a version', { Policy: '{"Statement":[]}' }, 'MalformedPolicyDocumentException', /Syntax/],
    [
      'a policy with a principal',
      { Policy: input.Policy.replace('"Effect"', '"Principal":"*","Effect"') },
      'MalformedPolicyDocumentException',
      /Syntax/,
    ],
    [
      'a policy without a resource',
      { Policy: input.Policy.replace('"Resource"', '"Resources"') },
      'MalformedPolicyDocumentException',
      /Syntax/,
    ],
    [
      'eleven managed policies',
      { PolicyArns: Array.from({ length: 11 }, () => ({ arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' })) },
      'ValidationError',
      /'policyArns'/,
    ],
    [
      'a role that is not in the catalogue',
      { RoleArn: `${input.RoleArn}x` },
      'AccessDenied',
      /not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111111111111/,
    ],
    ['another external id', { ExternalId: 'lk-external-ie' }, 'AccessDenied', /sts:AssumeRole/],
    ['no external id', { ExternalId: undefined }, 'AccessDenied', /sts:AssumeRole/],
    ['no tags', { Tags: undefined }, 'AccessDenied', /sts:AssumeRole/],
    [
      'a tag that the trust policy does not name',
      { Tags: [...input.Tags, { Key: 'env', Value: 'x' }] },
      'AccessDenied',
      /sts:AssumeRole/,
    ],
    ['no source identity', { SourceIdentity: undefined }, 'AccessDenied', /sts:AssumeRole/],
    ["a session name that is not Latchkey's", { RoleSessionName: 'admin' }, 'AccessDenied', /sts:AssumeRole/],
  ])('refuses %s', async (_what, change, code, message) => {
    const error = await rejectionOf(assume(change));
    expect(error).toMatchObject({
      name: code,
      message: expect.stringMatching(message),
      $fault: 'client',
      $metadata: { httpStatusCode: code === 'AccessDenied' ? 403 : 400 },
    });
  });

  test('is for the hub alone', async () => {
    expect(await rejectionOf(assume({}, await sessionOf()))).toMatchObject({ name: 'AccessDenied' });
  });
});

describe('GetCallerIdentity', () => {
  test('returns an assumed role for the hub', async () =>
    expect(await whoIs()).toMatchObject({
      Account: '999999999999',
      Arn: expect.stringMatching(/:assumed-role\/latchkey-local-issue-session\//),
    }));

  test('accepts an issued session until it ends', async () => {
    const session = await sessionOf();
    now = start + 15 * MINUTE - 1;
    expect(await whoIs(session)).toMatchObject({
      Account: '111111111111',
      Arn: 'arn:aws:sts::111111111111:assumed-role/bucket-read/lk-0123456789-asi-dev',
    });
    now = start + 15 * MINUTE;
    expect(await rejectionOf(whoIs(session))).toMatchObject({
      name: 'ExpiredToken',
      $metadata: { httpStatusCode: 403 },
    });
    expect(aws.sts.session(session.accessKeyId)).toMatchObject({
      roleArn: input.RoleArn,
      tags: input.Tags,
      policy: input.Policy,
      sourceIdentity: input.SourceIdentity,
    });
  });

  test('refuses invalid keys', async () => {
    const session = await sessionOf();
    const { sessionToken: _without, ...tokenless } = session;
    expect(await rejectionOf(whoIs({ ...session, accessKeyId: 'ASIAUNKNOWNUNKNOWN22' }))).toMatchObject({
      name: 'InvalidClientTokenId',
    });
    expect(await rejectionOf(whoIs({ ...session, sessionToken: 'other' }))).toMatchObject({
      name: 'InvalidClientTokenId',
    });
    expect(await rejectionOf(whoIs(tokenless))).toMatchObject({ name: 'InvalidClientTokenId' });
    expect(await rejectionOf(whoIs({ ...session, secretAccessKey: 'other' }))).toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
  });

  test('checks the date of signatures by the wall clock', async () => {
    now = start + 30 * 24 * HOUR;
    expect(await whoIs()).toMatchObject({ Account: '999999999999' });
    wall = () => Date.now() + 6 * MINUTE;
    expect(await rejectionOf(whoIs())).toMatchObject({
      name: 'SignatureDoesNotMatch',
      message: expect.stringMatching(/^Signature expired/),
    });
  });
});

describe('the Query protocol', () => {
  test('refuses unknown actions', async () =>
    expect(await rejectionOf(sts().send(new GetSessionTokenCommand({})))).toMatchObject({
      name: 'InvalidAction',
      message: 'Could not find operation GetSessionToken for version 2011-06-15',
    }));

  test('refuses unsigned calls', async () => {
    const answer = await fetch(aws.endpoint, {
      method: 'POST',
      body: new URLSearchParams({ Action: 'GetCallerIdentity', Version: '2011-06-15' }),
    });
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('<Code>MissingAuthenticationToken</Code>');
  });

  test('escapes what it echoes', async () => {
    const arn = `${input.RoleArn}<&>"x`;
    expect(await rejectionOf(assume({ RoleArn: arn }))).toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(arn),
    });
  });
});

describe('SES', () => {
  const mail = {
    to: 'lead@example.com',
    subject: 'Freigabe f\u00fcr <asi-dev> \u2714',
    text: 'a & b\n',
    html: '<p>a &amp; b</p>\n',
  };
  type Raw = { source?: string; to?: string[]; lines?: string[]; data?: Buffer };
  const right = ['From: Latchkey <latchkey@example.com>', 'To: lead@example.com', 'Subject: s', '', 't', ''];
  const send = ({ source, to = [mail.to], lines = right, data = Buffer.from(lines.join('\r\n')) }: Raw) =>
    ses().send(new SendRawEmailCommand({ Source: source, Destinations: to, RawMessage: { Data: data } }));

  test('keeps what sesMail sends, newest first', async () => {
    const latchkey = sesMail(ses(), 'Latchkey <latchkey@example.com>');
    await latchkey.send({ ...mail, subject: 'older' });
    await latchkey.send(mail);
    expect(aws.ses.outbox.slice(0, 2)).toEqual([
      { id: expect.stringMatching(/^[\w-]{30,60}$/), ...mail, at: '2026-11-22T10:00:00Z' },
      expect.objectContaining({ subject: 'older' }),
    ]);
  });

  test('counts in GetSendQuota', async () => {
    await send({});
    const { SentLast24Hours } = await ses().send(new GetSendQuotaCommand({}));
    now = start + 25 * HOUR;
    expect(SentLast24Hours).toBeGreaterThan(0);
    expect(await ses().send(new GetSendQuotaCommand({}))).toMatchObject({
      Max24HourSend: 50_000,
      MaxSendRate: 14,
      SentLast24Hours: 0,
    });
  });

  test('takes 50 recipients', async () =>
    expect(await send({ to: Array.from({ length: 50 }, (_, i) => `a${i}@example.com`) })).toHaveProperty('MessageId'));

  test('uses the recipient in the header without an envelope', async () => {
    await send({ to: [] });
    expect(aws.ses.outbox[0]).toMatchObject({ to: 'lead@example.com', subject: 's', text: 't\n', html: '' });
  });

  test.each<[string, Raw, RegExp]>([
    ['51 recipients', { to: Array.from({ length: 51 }, (_, i) => `a${i}@example.com`) }, /exceeds 50/],
    ['no recipient', { to: [], lines: right.toSpliced(1, 1) }, /'to'/],
    ['no domain', { to: ['lead'] }, /Missing final '@domain'/],
    ['a local part in another script', { to: ['j\u00fcrgen@example.com'] }, /control or whitespace/],
    ['a second recipient in one', { to: ['a@example.com, b@example.com'] }, /control or whitespace/],
    ['a domain with a space', { to: ['a@exa mple.com'] }, /Domain/],
    ['a source without a domain', { source: 'latchkey' }, /Missing final '@domain'/],
    ['no sender', { lines: right.slice(1) }, /'from'/],
    ['two senders', { lines: [right[0]!, ...right] }, /Duplicate header 'from'/],
    ['two people in the header', { lines: right.with(1, 'To: a@example.com, b@example.com') }, /must hold one/],
    ['a header that is not ASCII', { lines: right.with(2, 'Subject: \u00e4') }, /not ASCII/],
    ['a header without a name', { lines: right.with(2, 'Subject') }, /no name/],
    ['line ends that are not CRLF', { lines: [right.join('\n')] }, /not CRLF/],
    ['a long line', { lines: right.with(4, 'x'.repeat(999)) }, /998 characters/],
    ['no body', { lines: right.slice(0, 3) }, /empty line/],
    ['an empty body', { lines: right.with(4, '') }, /body is empty/],
    ['11 MB', { data: Buffer.alloc(11 * 1024 * 1024, 'x') }, /10485760 bytes/],
  ])('refuses %s', async (_what, change, message) => {
    const before = aws.ses.outbox.length;
    expect(await rejectionOf(send(change))).toMatchObject({
      name: 'InvalidParameterValue',
      message: expect.stringMatching(message),
    });
    expect(aws.ses.outbox).toHaveLength(before);
  });

  test('refuses an unverified sender, whatever the source', async () => {
    const change = { source: 'latchkey@example.com', lines: right.with(0, 'From: other@example.com') };
    expect(await rejectionOf(send(change))).toMatchObject({
      name: 'MessageRejected',
      message: expect.stringContaining('other@example.com'),
    });
  });

  test('fails on demand, for the chosen recipients', async () => {
    const latchkey = sesMail(ses(), 'latchkey@example.com');
    aws.ses.fail(({ to }) => (to === 'poison@example.com' ? 'MessageRejected' : 'Throttling'));
    expect(await rejectionOf(latchkey.send({ ...mail, to: 'poison@example.com' }))).toMatchObject({
      name: 'DeliveryRefused',
      reason: 'MessageRejected',
    });
    expect(await rejectionOf(latchkey.send(mail))).toMatchObject({ code: 'try-again' });
    aws.ses.fail(() => 'ServiceUnavailable');
    expect(await rejectionOf(latchkey.send(mail))).toMatchObject({ code: 'try-again' });
    aws.ses.fail();
    await latchkey.send(mail);
  });

  test('is for the hub alone', async () => {
    const error = await rejectionOf(ses(await sessionOf()).send(new GetSendQuotaCommand({})));
    expect(error).toMatchObject({ name: 'AccessDenied' });
  });
});

describe('sign-in', () => {
  const local = (url: string) => fetch(`${aws.federation}${new URL(url).search}`);

  test('gives a token that opens the console for 15 minutes', async () => {
    const session = await sessionOf();
    const token = await federation(fetch, aws.federation).token('aws', session);
    const url = signInUrl('aws', token, '/s3/home', 'https://latchkey.example.com');
    const answer = await local(url);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(
      'On AWS, the console would open at https://console.aws.amazon.com/s3/home as arn:aws:sts::111111111111:assumed-role/bucket-read/lk-0123456789-asi-dev until 2026-11-22T10:15:00Z.',
    );
    expect((await local(url.replace('console.aws.amazon.com', 'evil.example'))).status).toBe(400);
    now = start + 15 * MINUTE;
    expect((await local(url)).status).toBe(400);
  });

  test('gives none for invalid credentials', async () => {
    const session = await sessionOf();
    const client = federation(fetch, aws.federation);
    for (const wrong of [{ accessKeyId: 'ASIAUNKNOWNUNKNOWN22' }, { secretAccessKey: 'x' }, { sessionToken: 'x' }]) {
      expect(await rejectionOf(client.token('aws', { ...session, ...wrong }))).toMatchObject({ code: 'aws-refused' });
    }
    now = session.expiresAt;
    expect(await rejectionOf(client.token('aws', session))).toMatchObject({ code: 'aws-refused' });
  });

  test.each([
    '',
    'Action=getSigninToken',
    'Action=getSigninToken&Session=%7B',
    'Action=getSigninToken&Session=null',
    'Action=login',
    'Action=login&SigninToken=x',
    'Action=x',
  ])('refuses ?%s', async (query) => expect((await fetch(`${aws.federation}?${query}`)).status).toBe(400));

  test('accepts no session duration and no POST', async () => {
    const { accessKeyId: sessionId, secretAccessKey: sessionKey, sessionToken } = await sessionOf();
    const query = new URLSearchParams({
      Action: 'getSigninToken',
      Session: JSON.stringify({ sessionId, sessionKey, sessionToken }),
    });
    expect((await fetch(`${aws.federation}?${query}`)).status).toBe(200);
    expect((await fetch(`${aws.federation}?${query}&SessionDuration=900`)).status).toBe(400);
    expect((await fetch(aws.federation, { method: 'POST', body: query })).status).toBe(405);
  });
});

function tags(count: number) {
  return Array.from({ length: count }, (_, i) => ({ Key: `k${i}`, Value: 'v' }));
}

function policyOf(characters: number): string {
  return input.Policy.replace('"*"', `"${'x'.repeat(characters - input.Policy.length + 1)}"`);
}

describe('revoking', () => {
  const role = {
    arn: 'arn:aws:iam::111111111111:role/latchkey/bucket-read',
    revoker: 'arn:aws:iam::111111111111:role/latchkey-revoker',
    externalId: 'lk-external-id',
  };
  const iamFor = (credentials: Keys) => new IAMClient(clientSettings(credentials));
  let iam: ReturnType<typeof revoker>;
  beforeAll(() => {
    iam = revoker(sts(revokeKeys), iamFor);
  });
  const mine = input.Tags[0]!.Value;

  test('a session is refused while its grant is denied, and other sessions are not', async () => {
    const session = await sessionOf();
    const other = await stsSessions(sts()).assumeRole({
      ...input,
      Tags: [{ Key: 'latchkey-request', Value: 'other' }, input.Tags[1]!],
    });
    await whoIs(session);
    expect(await iam.setRevocations(role, revocationPolicy([mine], undefined))).toBe('written');
    expect(await rejectionOf(whoIs(session))).toMatchObject({ name: 'AccessDenied' });
    await whoIs(other);
    expect(await iam.setRevocations(role, undefined)).toBe('written');
    await whoIs(session);
    expect(await iam.setRevocations(role, undefined)).toBe('gone');
  });

  test('all older sessions are refused, newer ones are not', async () => {
    const old = await sessionOf();
    now = start + MINUTE;
    await iam.setRevocations(role, revocationPolicy([], now));
    const young = await sessionOf();
    expect(await rejectionOf(whoIs(old))).toMatchObject({ name: 'AccessDenied' });
    await whoIs(young);
    await iam.setRevocations(role, undefined);
  });

  test('a session ends with its grant, to the second', async () => {
    const endsAt = start + 5 * MINUTE;
    const end = {
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': toInstant(endsAt) } },
    };
    const session = await stsSessions(sts()).assumeRole({
      ...input,
      Policy: JSON.stringify({ Version: '2012-10-17', Statement: [end] }),
    });
    now = endsAt - SECOND;
    await whoIs(session);
    now = endsAt;
    expect(await rejectionOf(whoIs(session))).toMatchObject({ name: 'AccessDenied' });
  });

  test('a policy that does not fit is reported, and the existing policies stay', async () => {
    const session = await sessionOf();
    await iam.setRevocations(role, revocationPolicy([mine], undefined));
    expect(
      await iam.setRevocations(
        role,
        revocationPolicy(
          Array.from({ length: 400 }, (_, i) => `r${i}`.padEnd(26, '0')),
          undefined,
        ),
      ),
    ).toBe('full');
    expect(await rejectionOf(whoIs(session))).toMatchObject({ name: 'AccessDenied' });
    await iam.setRevocations(role, undefined);
  });

  test.each([
    ['that is not there', `${role.arn}-no-more`],
    ["that is not the catalogue's", role.revoker],
  ])('a role %s cannot be changed: it has no boundary', async (_, arn) =>
    expect(await rejectionOf(iam.setRevocations({ ...role, arn }, revocationPolicy([mine], undefined)))).toMatchObject({
      code: 'try-again',
    }),
  );

  test.each<[string, typeof role, Keys]>([
    ["the hub's vending function", role, hubKeys],
    ['a wrong external id', { ...role, externalId: 'wrong' }, revokeKeys],
    ["another account's revoker", { ...role, revoker: 'arn:aws:iam::222222222222:role/latchkey-revoker' }, revokeKeys],
  ])('not by %s', async (_, to, keys) =>
    expect(await rejectionOf(revoker(sts(keys), iamFor).setRevocations(to, undefined))).toMatchObject({
      code: 'try-again',
      detail: expect.stringContaining('AccessDenied'),
    }),
  );

  test('the revoke function cannot assume a target role, and an issued session cannot change a policy', async () => {
    expect(await rejectionOf(assume({}, revokeKeys))).toMatchObject({ name: 'AccessDenied' });
    const session = iamFor(await sessionOf());
    const named = { RoleName: 'bucket-read', PolicyName: 'LatchkeyRevocations' };
    expect(await rejectionOf(session.send(new DeleteRolePolicyCommand(named)))).toMatchObject({ name: 'AccessDenied' });
    expect(await rejectionOf(session.send(new PutRolePolicyCommand({ ...named, PolicyDocument: '{}' })))).toMatchObject(
      { name: 'AccessDenied' },
    );
  });
});
