// The set-ups that people build by hand, told with their own names: over real HTTP, against a local server of each test's own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetCallerIdentityCommand, STSClient, type STSClientConfig } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MINUTE, SECOND, toInstant } from '../lib/common/time.ts';
import type {
  ConsoleView,
  CredentialsView,
  ExplanationView,
  MeView,
  RequestView,
  RoleView,
} from '../lib/http/answers.ts';
import { type Answer, type Caller, type LatchkeyOverHttp, openLatchkey } from './support/latchkey-over-http.ts';

const asiDev = 'asi-dev@example.com';
const lead = 'lead@example.com';
const secondLead = 'second-lead@example.com';
const server = 'arn:aws:iam::222222222222:role/asi-dev-server';

let latchkey: LatchkeyOverHttp;
beforeEach(async () => {
  latchkey = await openLatchkey();
});
afterEach(() => latchkey.close());

/** Files and fails unless it was filed. */
async function filed(requester: Caller, body: Record<string, unknown>): Promise<RequestView> {
  const answer = await requester.post<RequestView>('/requests', { reason: 'Fix the broken nightly export', ...body });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  expect(answer.headers.get('location')).toMatch(new RegExp(`/v1/requests/${answer.body.id}$`));
  return answer.body;
}

/** An active grant of `role`, approved from the mail. */
async function granted(requester: Caller, body: Record<string, unknown>, approver = lead): Promise<RequestView> {
  const { id } = await filed(requester, body);
  expect((await latchkey.press(await latchkey.linkTo(approver), 'approve')).status).toBe(200);
  return read(requester, id);
}

async function read(caller: Caller, id: string): Promise<RequestView> {
  const { status, body } = await caller.get<RequestView>(`/requests/${id}`);
  expect(status).toBe(200);
  return body;
}

const keysOf = (caller: Caller, id: string, body?: object) =>
  caller.post<CredentialsView>(`/requests/${id}/credentials`, body);
const codeOf = ({ status, text }: Answer<unknown>): [number, string] => [
  status,
  (JSON.parse(text) as { code: string }).code,
];

/** Who AWS takes the holder of these keys for. */
async function callerIdentity(config: STSClientConfig): Promise<string | undefined> {
  const sts = new STSClient({ endpoint: `${latchkey.url}/local/aws`, region: 'us-east-1', maxAttempts: 1, ...config });
  try {
    return (await sts.send(new GetCallerIdentityCommand({}))).Arn;
  } finally {
    sts.destroy();
  }
}
const usingKeys = ({ AccessKeyId, SecretAccessKey, SessionToken }: CredentialsView) =>
  callerIdentity({
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
  });

describe('production-app-write: a developer updates the production application', () => {
  test('a lead approves from the email, and the developer gets keys and a console URL for UpdateProdApp', async () => {
    const developer = await latchkey.person(asiDev);
    const { id } = await filed(developer, { role: 'production-app-write', ticket: 'OPS-1234' });
    expect((await read(developer, id)).status).toBe('pending');
    expect(codeOf(await keysOf(developer, id))).toEqual([409, 'not-active']);

    const [mail] = await latchkey.mailTo(lead);
    for (const part of [
      'Amira Diaz',
      'production-app-write',
      'Production',
      '111111111111',
      'OPS-1234',
      'Fix the broken nightly export',
    ])
      expect(mail!.text).toContain(part);
    const link = await latchkey.linkTo(lead);
    const page = await latchkey.visit(link, 'GET');
    expect(page.status).toBe(200);
    expect(page.text).toContain('Fix the broken nightly export');
    expect((await latchkey.press(link, 'approve', 'go ahead')).status).toBe(200);

    const grant = await read(developer, id);
    expect(grant).toMatchObject({
      status: 'active',
      role: { arn: 'arn:aws:iam::111111111111:role/latchkey/UpdateProdApp' },
    });
    expect(grant.approval.stages[0]!.decisions).toMatchObject([
      { approver: 'Lena Park', decision: 'approve', comment: 'go ahead', via: 'link' },
    ]);
    expect((await latchkey.mailTo(asiDev))[0]!.subject).toBe('Approved: production-app-write (Production)');
    expect((await latchkey.mailTo(secondLead))[0]!.subject).toBe(
      'Approved: production-app-write (Production) for \u2068Amira Diaz\u2069 · asi-dev@example.com',
    );

    const keys = await keysOf(developer, id);
    expect(keys.status).toBe(200);
    expect(await usingKeys(keys.body)).toMatch(/^arn:aws:sts::111111111111:assumed-role\/UpdateProdApp\/lk-/);
    const console = await developer.post<ConsoleView>(`/requests/${id}/console`, { destination: '/ecs/v2/clusters' });
    expect(console.status).toBe(200);
    const signIn = new URL(console.body.url);
    expect([signIn.origin, signIn.searchParams.get('Action')]).toEqual(['https://signin.aws.amazon.com', 'login']);
    expect(signIn.searchParams.get('Destination')).toBe('https://console.aws.amazon.com/ecs/v2/clusters');

    const calls = await latchkey.assumed();
    expect(calls).toHaveLength(2);
    for (const call of calls) {
      expect(call).toMatchObject({
        RoleArn: 'arn:aws:iam::111111111111:role/latchkey/UpdateProdApp',
        ExternalId: 'lk-9f2c6c1e4b7a4d5f8a3e',
        SourceIdentity: asiDev,
      });
      expect(call.Tags).toContainEqual({ Key: 'latchkey-request', Value: id });
    }
    expect((await read(developer, id)).sessions.map(({ kind }) => kind)).toEqual(['keys', 'console']);
  });
});

describe('cross-account-admin: TrustedUser enters CrossAccountRole without any standing permission', () => {
  const trustedUser = 'arn:aws:iam::222222222222:user/TrustedUser';
  const reason = { reason: 'Migrate the billing database tonight' };

  test('two distinct approvers let TrustedUser in for a short time, by CLI and console, and handing back ends it', async () => {
    const user = latchkey.signer(trustedUser);
    expect((await user.get<MeView>('/me')).body).toMatchObject({
      principal: trustedUser,
      email: 'trusted-user@example.com',
      via: 'iam',
    });
    const dryRun = await user.post<ExplanationView>('/requests?dryRun=true', {
      role: 'cross-account-admin',
      ...reason,
    });
    expect(dryRun.body).toMatchObject({ outcome: 'needs-approval', durationSeconds: 1800, stages: [{ need: 2 }] });
    const tooLong = await user.post('/requests', { role: 'cross-account-admin', duration: '2h', ...reason });
    expect([tooLong.status, tooLong.body.code, tooLong.body.errors?.map(({ pointer }) => pointer)]).toEqual([
      422,
      'refused-by-policy',
      ['/duration'],
    ]);

    const { id } = await filed(user, { role: 'cross-account-admin', duration: '1h', ...reason });
    const first = await latchkey.linkTo(lead);
    expect((await latchkey.visit(first, 'GET')).text).toContain(`latchkey approve ${id}`);
    const pressed = await latchkey.press(first, 'approve');
    expect([pressed.status, pressed.text]).toEqual([403, expect.stringContaining('needs-sign-in')]);
    const lena = await latchkey.person(lead);
    expect((await lena.post(`/requests/${id}/decision`, { decision: 'approve' })).status).toBe(200);
    expect(codeOf(await lena.post(`/requests/${id}/decision`, { decision: 'approve' }))).toEqual([
      409,
      'already-decided',
    ]);
    expect((await latchkey.press(first, 'approve')).status).toBe(410);
    expect((await read(user, id)).status).toBe('pending');
    expect(codeOf(await keysOf(user, id))).toEqual([409, 'not-active']);
    expect(await latchkey.assumed()).toEqual([]);
    const security = await latchkey.person('security@example.com');
    expect((await security.post(`/requests/${id}/decision`, { decision: 'approve' })).status).toBe(200);

    const grant = await read(user, id);
    expect(grant).toMatchObject({ status: 'active', durationSeconds: 3600 });
    const keys = await keysOf(user, id);
    expect(keys.body).toMatchObject({ LimitedBy: 'catalogue', GrantEndsAt: grant.endsAt });
    const [session] = (await read(user, id)).sessions;
    // STS counts from when it was called, a moment after the issue that is on record in whole seconds
    expect(Date.parse(session!.expiresAt) - Date.parse(session!.issuedAt)).toBeLessThan(31 * MINUTE);
    expect(await usingKeys(keys.body)).toMatch(/^arn:aws:sts::111111111111:assumed-role\/CrossAccountRole\/lk-/);
    expect((await user.post<ConsoleView>(`/requests/${id}/console`)).status).toBe(200);
    expect((await latchkey.assumed())[0]!.RoleArn).toBe('arn:aws:iam::111111111111:role/latchkey/CrossAccountRole');

    const back = await user.post<RequestView>(`/requests/${id}/end`, { comment: 'done' });
    expect([back.status, back.body.status]).toEqual([200, 'ended']);
    expect(codeOf(await keysOf(user, id))).toEqual([409, 'not-active']);
  });

  test('a developer cannot even see the role', async () => {
    const developer = await latchkey.person(asiDev);
    expect(codeOf(await developer.post('/requests', { role: 'cross-account-admin', ...reason }))).toEqual([
      404,
      'role-not-found',
    ]);
    const { body } = await developer.get<{ items: RoleView[] }>('/roles');
    expect(body.items.map(({ id }) => id)).toEqual(['production-app-write', 'production-bucket-read', 'sandbox-read']);
  });
});

describe('production-bucket-read: asi-dev and asi-dev-server read asi-production-bucket', () => {
  const callers: Array<[string, () => Promise<Caller> | Caller, string]> = [
    ['the person asi-dev', () => latchkey.person(asiDev), asiDev],
    [
      'the IAM user asi-dev',
      () => latchkey.signer('arn:aws:iam::222222222222:user/asi-dev'),
      'arn:aws:iam::222222222222:user/asi-dev',
    ],
    ['the machine asi-dev-server', () => latchkey.signer(server), server],
  ];

  test.each(callers)(
    '%s gets the credential_process document; the keys work during the grant and stop after it',
    async (_, come, principal) => {
      const caller = await come();
      const { id, requester, endsAt } = await granted(caller, { role: 'production-bucket-read', duration: '45m' });
      expect([requester.principal, requester.email ?? requester.principal]).toContain(principal);

      const { status, body: keys, headers } = await keysOf(caller, id);
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
      expect(keys).toEqual({
        Version: 1,
        AccessKeyId: expect.stringMatching(/^ASIA[A-Z2-7]{16}$/),
        SecretAccessKey: expect.any(String),
        SessionToken: expect.any(String),
        Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        AccountId: '111111111111',
        RequestId: id,
        GrantEndsAt: endsAt,
        LimitedBy: 'grant-end',
      });
      expect(Date.parse(keys.Expiration)).toBeLessThanOrEqual(Date.parse(keys.GrantEndsAt));

      expect(await usingKeys(keys)).toMatch(
        /^arn:aws:sts::111111111111:assumed-role\/readonly-asi-production-bucket\/lk-/,
      );
      await latchkey.moveClock({ set: toInstant(Date.parse(endsAt!) - MINUTE) });
      expect(await usingKeys(keys)).toContain('readonly-asi-production-bucket');
      await latchkey.moveClock({ set: endsAt! });
      await expect(usingKeys(keys)).rejects.toMatchObject({ name: 'ExpiredToken', $metadata: { httpStatusCode: 403 } });
      expect(codeOf(await keysOf(caller, id))).toEqual([409, 'not-active']);
    },
  );

  test('the machine is known by its role, and its grant is nobody else’s', async () => {
    const machine = latchkey.signer(server);
    expect((await machine.get<MeView>('/me')).body).toMatchObject({
      principal: server,
      email: null,
      groups: ['developers'],
    });
    const { id } = await granted(machine, { role: 'production-bucket-read' }, secondLead);
    expect(codeOf(await keysOf(await latchkey.person(asiDev), id))).toEqual([404, 'request-not-found']);
    expect((await keysOf(machine, id)).status).toBe(200);
    const [call] = await latchkey.assumed();
    expect(call!.SourceIdentity).toContain('asi-dev-server');
    expect(call!.Tags).toContainEqual({ Key: 'latchkey-requester', Value: server });
  });

  test('a profile with credential_process in the AWS config is all that an SDK needs', async () => {
    const developer = await latchkey.person(asiDev);
    const { id } = await granted(developer, { role: 'production-bucket-read' });
    const { token } = (await (
      await fetch(`${latchkey.url}/local/token`, { method: 'POST', body: JSON.stringify({ email: asiDev }) })
    ).json()) as {
      token: string;
    };
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-scenario-'));
    const [config, program] = [join(folder, 'config'), join(folder, 'credentials.mjs')];
    const call = `fetch('${latchkey.url}/v1/requests/${id}/credentials', { method: 'POST', headers: { authorization: 'Bearer ${token}' } })`;
    writeFileSync(program, `process.stdout.write(await (await ${call}).text());\n`);
    writeFileSync(config, `[profile production]\ncredential_process = "${process.execPath}" "${program}"\n`);
    const before = process.env.AWS_CONFIG_FILE;
    process.env.AWS_CONFIG_FILE = config;
    try {
      expect(await callerIdentity({ profile: 'production' })).toMatch(
        /assumed-role\/readonly-asi-production-bucket\/lk-/,
      );
      await latchkey.moveClock({ advance: '1h' });
      await expect(callerIdentity({ profile: 'production' })).rejects.toMatchObject({
        name: 'CredentialsProviderError',
      });
    } finally {
      if (before === undefined) delete process.env.AWS_CONFIG_FILE;
      else process.env.AWS_CONFIG_FILE = before;
      rmSync(folder, { recursive: true });
    }
  });
});

describe('northwind-admin and fabrikam-admin: one MainAccountAdminRole in each of many client accounts', () => {
  const clients = [
    {
      role: 'northwind-admin',
      id: '333333333333',
      name: 'Client Northwind',
      color: '#7c3aed',
      externalId: 'lk-5be0c1a7d94f4f0fb6d2c38e',
    },
    {
      role: 'fabrikam-admin',
      id: '444444444444',
      name: 'Client Fabrikam',
      color: '#0f766e',
      externalId: 'lk-c6f1f0d22a3b4b67a1d95e07',
    },
  ];

  test.each(clients)(
    '$role: MFA is the rule, and $name stands in mail, page and API with its colour',
    async ({ role, id, name, color, externalId }) => {
      const withoutMfa = await latchkey.person('main-admin@example.com');
      expect(codeOf(await withoutMfa.post('/requests', { role, reason: 'Rotate the break-glass user' }))).toEqual([
        403,
        'needs-mfa',
      ]);
      const admin = await latchkey.person('main-admin@example.com', { mfa: true });
      const roles = (await admin.get<{ items: RoleView[] }>('/roles')).body.items;
      expect(roles.find((one) => one.id === role)).toMatchObject({ account: { id, name, color }, mfa: true });

      const filing = await filed(admin, { role });
      expect(filing.role.account).toEqual({ id, name, color });
      const [mail] = await latchkey.mailTo('root-admin@example.com');
      expect(mail!.subject).toContain(`(${name})`);
      const link = await latchkey.linkTo('root-admin@example.com');
      const page = await latchkey.visit(link, 'GET');
      for (const shown of [mail!.html, page.text]) for (const part of [name, id, color]) expect(shown).toContain(part);
      expect(page.text).toContain('Sign in to answer');
      expect(page.text).not.toContain('<button');
      expect((await latchkey.press(link, 'approve')).status).toBe(403);
      const owner = await latchkey.person('root-admin@example.com');
      expect((await owner.post(`/requests/${filing.id}/decision`, { decision: 'approve' })).status).toBe(200);

      expect(codeOf(await keysOf(withoutMfa, filing.id))).toEqual([403, 'needs-mfa']);
      const keys = await keysOf(admin, filing.id);
      expect(await usingKeys(keys.body)).toMatch(
        new RegExp(`^arn:aws:sts::${id}:assumed-role/MainAccountAdminRole/lk-`),
      );
      expect(await latchkey.assumed()).toMatchObject([
        { RoleArn: `arn:aws:iam::${id}:role/latchkey/MainAccountAdminRole`, ExternalId: externalId },
      ]);
    },
  );
});

describe('trusting-readonly: two companies, sandy in POC and my_cross_account_role', () => {
  test('only the trusting side decides, and its external id goes with every call', async () => {
    const sandy = await latchkey.person('sandy@example.com');
    expect((await sandy.get<MeView>('/me')).body.groups).toEqual(['POC']);
    const { id } = await filed(sandy, { role: 'trusting-readonly' });
    const lena = await latchkey.person(lead);
    expect(codeOf(await lena.post(`/requests/${id}/decision`, { decision: 'approve' }))).toEqual([
      404,
      'request-not-found',
    ]);
    expect(await latchkey.mailTo(lead)).toEqual([]);

    expect((await latchkey.press(await latchkey.linkTo('approver@trusting.example'), 'approve')).status).toBe(200);
    const keys = await keysOf(sandy, id);
    expect(await usingKeys(keys.body)).toMatch(/^arn:aws:sts::555555555555:assumed-role\/my_cross_account_role\/lk-/);
    expect(await latchkey.assumed()).toMatchObject([
      {
        RoleArn: 'arn:aws:iam::555555555555:role/latchkey/my_cross_account_role',
        ExternalId: 'lk-e31d7b20c5aa46b6931f0a84',
        SourceIdentity: 'sandy@example.com',
      },
    ]);
  });
});

describe('what goes otherwise than planned', () => {
  const role = 'production-bucket-read';

  test('an approver’s double click decides once; the second one hears that the link is spent', async () => {
    const developer = await latchkey.person(asiDev);
    const { id } = await filed(developer, { role });
    const link = await latchkey.linkTo(lead);
    const clicks = await Promise.all([latchkey.press(link, 'approve'), latchkey.press(link, 'approve')]);
    expect(clicks.map(({ status }) => status).sort()).toEqual([200, 410]);
    const again = await latchkey.press(link, 'deny');
    expect([again.status, again.text.includes('Approved')]).toEqual([410, true]);
    const after = await read(developer, id);
    expect([after.status, after.version, after.approval.stages[0]!.decisions.length]).toEqual(['active', 2, 1]);
  });

  test('a scanner that opens the link in every way but by posting changes nothing', async () => {
    const developer = await latchkey.person(asiDev);
    const before = await filed(developer, { role });
    const link = await latchkey.linkTo(lead);
    const mails = (await latchkey.mailTo(lead)).length;
    for (const method of ['HEAD', 'GET', 'OPTIONS', 'GET', 'HEAD'] as const) {
      const { status, headers, text } = await latchkey.visit(link, method);
      expect([method, status, headers.get('referrer-policy'), headers.get('cache-control')]).toEqual([
        method,
        200,
        'no-referrer',
        'no-store',
      ]);
      expect(text.includes('<form')).toBe(method === 'GET');
    }
    expect(await read(developer, before.id)).toEqual(before);
    expect((await latchkey.mailTo(lead)).length).toBe(mails);
    expect((await latchkey.press(link, 'deny')).status).toBe(200);
  });

  test('a forwarded link that is used after the decision shows the status alone and decides nothing', async () => {
    const developer = await latchkey.person(asiDev);
    const { id } = await filed(developer, { role });
    const forwarded = await latchkey.linkTo(secondLead);
    expect((await latchkey.press(await latchkey.linkTo(lead), 'approve')).status).toBe(200);
    const before = await read(developer, id);
    for (const answer of [await latchkey.visit(forwarded, 'GET'), await latchkey.press(forwarded, 'deny')]) {
      expect(answer.status).toBe(410);
      expect(answer.text).toContain('Approved');
      expect(answer.text).not.toContain('Lena Park');
    }
    expect(await read(developer, id)).toEqual(before);
  });

  test('the requester cannot approve, by whatever way in', async () => {
    const { id } = await filed(await latchkey.person(asiDev), { role });
    for (const self of [
      await latchkey.person(asiDev),
      latchkey.signer('arn:aws:iam::222222222222:user/asi-dev'),
      await latchkey.person(asiDev, { groups: ['leads'] }),
    ]) {
      expect(codeOf(await self.post(`/requests/${id}/decision`, { decision: 'approve' }))).toEqual([
        403,
        'own-request',
      ]);
    }
    await expect(latchkey.linkTo(asiDev)).rejects.toThrow('no link');
  });

  test('nobody else gets credentials: an approver hears why, a stranger hears of no request', async () => {
    const { id } = await granted(await latchkey.person(asiDev), { role });
    expect(codeOf(await keysOf(await latchkey.person(lead), id))).toEqual([403, 'not-the-requester']);
    expect(codeOf(await keysOf(await latchkey.person('auditor@example.com'), id))).toEqual([403, 'not-the-requester']);
    for (const stranger of [
      await latchkey.person('stranger@example.org'),
      await latchkey.person('second-dev@example.com'),
      latchkey.signer(server),
    ]) {
      expect(codeOf(await keysOf(stranger, id))).toEqual([404, 'request-not-found']);
    }
    expect(await latchkey.assumed()).toEqual([]);
  });

  test('credentials given in the last minute end with the grant, and a second after it there are none', async () => {
    const developer = await latchkey.person(asiDev);
    const { id, endsAt } = await granted(developer, { role });
    await latchkey.moveClock({ set: toInstant(Date.parse(endsAt!) - MINUTE) });
    const last = await keysOf(developer, id);
    expect([last.status, last.body.Expiration]).toEqual([200, endsAt]);
    const [call] = await latchkey.assumed();
    expect(call!.DurationSeconds).toBe(900);
    expect(JSON.parse(call!.Policy!).Statement).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': endsAt } } }),
    );

    await latchkey.moveClock({ set: toInstant(Date.parse(endsAt!) + SECOND) });
    const late = await developer.post(`/requests/${id}/credentials`);
    expect([late.status, late.body.code, late.body.request?.status]).toEqual([409, 'not-active', 'ended']);
    expect(late.body.detail).toContain(endsAt);
    expect(codeOf(await developer.post(`/requests/${id}/console`))).toEqual([409, 'not-active']);
    expect((await latchkey.assumed()).length).toBe(1);
  });

  test('a filing that is sent again is the same request; with another body it is refused', async () => {
    const developer = await latchkey.person(asiDev);
    const body = { role, reason: 'Look at the failing nightly export' };
    const key = { 'idempotency-key': 'export-2026-11-22' };
    const first = await developer.post<RequestView>('/requests', body, key);
    expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([201, null]);
    expect((await latchkey.press(await latchkey.linkTo(lead), 'approve')).status).toBe(200);
    const again = await developer.post<RequestView>('/requests', body, key);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(again.body).toMatchObject({ id: first.body.id, status: 'active' });
    expect(codeOf(await developer.post('/requests', { ...body, duration: '2h' }, key))).toEqual([
      422,
      'idempotency-mismatch',
    ]);
    expect((await developer.get<{ items: RequestView[] }>('/requests')).body.items.map(({ id }) => id)).toEqual([
      first.body.id,
    ]);
    expect((await latchkey.mailTo(lead)).map(({ subject }) => subject.split(':')[0])).toEqual([
      'Approved',
      expect.stringContaining(' requests '),
    ]);
  });

  test('the bot files for a developer, who is told of it, and can do nothing else', async () => {
    const bot = latchkey.signer('arn:aws:iam::999999999999:role/chatops-bot');
    const developer = await latchkey.person(asiDev);
    const { id, ...filing } = await filed(bot, { role, onBehalfOf: asiDev });
    expect(filing).toMatchObject({
      requester: { email: asiDev },
      filedBy: { principal: 'arn:aws:iam::999999999999:role/chatops-bot' },
    });
    expect((await latchkey.mailTo(asiDev)).map(({ subject }) => subject)).toEqual([
      `Filed in your name: ${role} (Production)`,
    ]);
    expect((await bot.get<{ items: RequestView[] }>('/requests?view=mine')).body.items.map((one) => one.id)).toEqual([
      id,
    ]);

    const reason = 'Fix the broken nightly export';
    expect(codeOf(await bot.post(`/requests/${id}/decision`, { decision: 'approve' }))).toEqual([403, 'not-allowed']);
    expect(codeOf(await bot.post(`/requests/${id}/end`))).toEqual([403, 'not-allowed']);
    expect(codeOf(await bot.get('/requests?view=to-decide'))).toEqual([403, 'not-allowed']);
    expect(codeOf(await bot.get('/requests?view=all'))).toEqual([403, 'not-allowed']);
    expect(codeOf(await bot.post('/requests', { role, reason }))).toEqual([400, 'invalid-request']);
    expect(codeOf(await bot.post('/requests', { role, reason, onBehalfOf: 'sandy@example.com' }))).toEqual([
      403,
      'not-allowed',
    ]);
    expect(codeOf(await bot.post('/requests', { role: 'sandbox-read', reason, onBehalfOf: asiDev }))).toEqual([
      404,
      'role-not-found',
    ]);

    expect((await latchkey.press(await latchkey.linkTo(lead), 'approve')).status).toBe(200);
    expect(codeOf(await bot.post(`/requests/${id}/credentials`))).toEqual([403, 'not-the-requester']);
    expect(codeOf(await bot.post(`/requests/${id}/console`))).toEqual([403, 'not-the-requester']);
    expect((await keysOf(developer, id)).status).toBe(200);
  });

  test('a request that nobody decides lapses by the clock; the sweeper writes it down and tells everybody once', async () => {
    const developer = await latchkey.person(asiDev);
    const { id } = await filed(developer, { role });
    const link = await latchkey.linkTo(lead);
    await latchkey.moveClock({ advance: '8h' });
    const unswept = await read(developer, id);
    expect([unswept.status, unswept.version]).toEqual(['lapsed', 1]);
    expect((await latchkey.press(link, 'approve')).status).toBe(410);

    expect(await latchkey.sweep()).toEqual({ due: 1, settled: 1 });
    expect(await latchkey.sweep()).toEqual({ due: 0, settled: 0 });
    expect((await read(developer, id)).history.map(({ type }) => type)).toEqual(['filed', 'lapsed']);
    const subject = `Lapsed: ${role} (Production)`;
    for (const [who, line] of [
      [asiDev, subject],
      [lead, `${subject} for \u2068Amira Diaz\u2069 · asi-dev@example.com`],
      [secondLead, `${subject} for \u2068Amira Diaz\u2069 · asi-dev@example.com`],
    ] as const) {
      expect(
        (await latchkey.mailTo(who)).filter((mail) => mail.subject.startsWith('Lapsed')).map((mail) => mail.subject),
      ).toEqual([line]);
    }
    expect(codeOf(await keysOf(developer, id))).toEqual([409, 'not-active']);
  });
});
