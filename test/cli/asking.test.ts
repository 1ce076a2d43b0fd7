// Every option of a request, and its result, as the command line shows it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HOUR, toInstant } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { cli, type TestWorld, testWorld } from '../support/cli.ts';
import { bodyOf, type CliServer, startForCli } from '../support/cli-server.ts';
import { missingTerminal, where } from '../support/wanted.ts';

const catalogue = {
  version: 1,
  admins: ['admin@example.com'],
  accounts: {
    production: { id: '111111111111', name: 'Production', externalId: 'lk-9f2c6c1e4b7a4d5f8a3e' },
    lab: { id: '333333333333', name: 'Lab', externalId: 'lk-1b2c3d4e5f60718293a4', revoker: false },
  },
  people: [
    { email: 'dev@example.com', name: 'Dev' },
    { email: 'lead@example.com', name: 'Lead' },
    { email: 'security@example.com', name: 'Security' },
  ],
  groups: { developers: ['dev@example.com', 'lead@example.com'] },
  bots: {
    chatops: { principal: 'arn:aws:iam::999999999999:role/chatops-bot', for: ['group:developers'], roles: ['reports'] },
  },
  roles: {
    reports: {
      account: 'production',
      roleName: 'latchkey/reports',
      description: 'Read reports',
      requesters: ['group:developers'],
      approval: { stages: [{ approvers: ['lead@example.com'] }], decideWithin: '8h' },
      duration: { default: '1h', max: '8h' },
      schedule: { within: '7d' },
      scope: {
        parameters: {
          bucket: { description: 'the bucket', values: ['reports', 'exports'] },
          prefix: { description: 'a folder in it', pattern: '[a-z0-9/-]+', maxLength: 40 },
        },
        says: 'objects below {prefix} in {bucket}',
        statements: [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::{bucket}/{prefix}/*'] }],
      },
    },
    database: {
      account: 'lab',
      roleName: 'latchkey/database',
      description: 'Read the database',
      requesters: ['dev@example.com'],
      approval: { stages: [{ approvers: ['lead@example.com'] }], decideWithin: '8h' },
      duration: { default: '1h', max: '8h' },
      breakGlass: {
        requesters: ['dev@example.com'],
        maxDuration: '30m',
        reviewers: ['security@example.com'],
        reviewWithin: '2d',
      },
    },
  },
};

let at: CliServer;
let dev: TestWorld;
let lead: TestWorld;
let security: TestWorld;
beforeAll(async () => {
  at = await startForCli(catalogue);
});
afterAll(() => at.close());
beforeEach(async () => {
  dev = await at.person('dev@example.com');
  lead = await at.person('lead@example.com');
  security = await at.person('security@example.com');
});
/** Ends all requests, so that nothing is open in the next test. */
beforeEach(async () => {
  for (const { id, status } of bodyOf<{ items: RequestView[] }>(await cli(dev, 'requests', '--json')).items) {
    if (['pending', 'scheduled', 'active'].includes(status)) await cli(dev, 'end', id);
  }
});

const reason = 'Find the lost invoices';
const scope = ['--scope', 'bucket=reports', '--scope', 'prefix=2026/11'];
const file = (role: string, ...more: string[]) => cli(dev, 'request', role, '--reason', reason, ...more);
const filed = async (role: string, ...more: string[]) => bodyOf<RequestView>(await file(role, ...more, '--json'));
const approved = async ({ id }: RequestView) => bodyOf<RequestView>(await cli(lead, 'approve', id, '--json'));

describe('a start', () => {
  test('is shown in the local time zone and in UTC', async () => {
    const ran = await file('database', '--at', '+2h');
    expect(ran.err).toMatch(
      /^Requested start: \w{3}, \d+ \w{3} \d{4}, \d\d:\d\d \S+ \(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\), in (?:2 h|1 h 59 min)\.\n$/,
    );
    expect(ran.out).toMatch(/ {2}Starts +in 2 h \(.* UTC\), or when it is approved, if later\n/);
    const { id } = bodyOf<RequestView>(await cli(dev, 'show', 'database', '--json'));
    expect((await cli(lead, 'approve', id)).out).toMatch(
      /^scheduled [\s\S]* {2}Starts +in 2 h \(.* UTC\)\n {2}Ends +in 3 h/,
    );
    expect(await cli(dev, 'credentials', 'database')).toMatchObject({
      status: 8,
      err: expect.stringMatching(/Your grant for database starts in 2 h/),
    });
  });
  test('reaches the API as the instant that was shown', async () => {
    const { startsAt } = await filed('database', '--at', toInstant(Date.now() + HOUR));
    expect(Math.abs(Date.parse(startsAt!) - Date.now() - HOUR)).toBeLessThan(5_000);
  });
  test('that is not valid files nothing', async () =>
    expect(await file('database', '--at', 'at noon')).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringMatching(
        /"at noon" is not a valid start time\.\n {2}Use \+2h, "2026-12-24 08:00" in your time zone/,
      ),
    }));
  test('too far ahead is refused by the catalogue', async () =>
    expect(await file('database', '--at', '+400d')).toMatchObject({
      status: 6,
      err: expect.stringMatching(/may be at most/),
    }));
});

describe('a scope', () => {
  test('is given as name=value pairs, and shown to the approvers', async () => {
    const { id } = await filed('reports', ...scope);
    expect((await cli(lead, 'show', id)).out).toMatch(/ {2}Scope +bucket=reports prefix=2026\/11\n/);
  });
  test('applies to a request that credentials --request files', async () => {
    dev.onSleep = async () => {
      const [{ id }] = bodyOf<{ items: [RequestView] }>(
        await cli(lead, 'requests', '--view', 'to-decide', '--json'),
      ).items;
      await cli(lead, 'approve', id);
      return undefined;
    };
    expect(await cli(dev, 'credentials', 'reports', '--request', '--reason', reason, ...scope)).toMatchObject({
      status: 0,
    });
    expect((await cli(dev, 'show', 'reports')).out).toMatch(/ {2}Scope +bucket=reports prefix=2026\/11\n/);
  });
  test('may contain an equals sign in a value', async () =>
    expect(await file('reports', '--scope', 'bucket=reports', '--scope=prefix=a=b')).toMatchObject({
      status: 6,
      err: expect.stringMatching(/prefix/),
    }));
  test.each([
    [['--scope', 'bucket'], 2, /such as --scope bucket=reports, not "bucket"/],
    [['--scope', '=x'], 2, /not "=x"/],
    [['--scope', 'bucket=reports', '--scope', 'bucket=exports'], 2, /sets bucket twice/],
    [['--scope'], 2, /--scope requires a value: NAME=VALUE/],
    [['--scope', 'bucket=secrets', '--scope', 'prefix=x'], 6, /reports, exports/],
    [[], 6, /prefix/],
  ])('%j ends with %d', async (more, status, err) =>
    expect(await file('reports', ...more)).toMatchObject({ status, out: '', err: expect.stringMatching(err) }),
  );
});

test('several errors are shown on separate lines', async () =>
  expect(await cli(dev, 'request', 'database', '--reason', reason, '--for', '99h', '--scope', 'a=b')).toMatchObject({
    status: 6,
    err: 'latchkey: The catalogue does not allow this:\n  4 d 3 h is outside what the role allows: 1 min to 8 h.\n  This role has no scope; leave it out.\n  See what the role allows: latchkey roles database\n',
  }));

describe('explain', () => {
  test('checks every field of a request', async () => {
    const ran = await cli(dev, 'explain', 'reports', '--at', '+1h', ...scope);
    expect(ran).toMatchObject({ status: 0, err: expect.stringMatching(/^Requested start: /) });
    expect(ran.out).toMatch(/ok {2}start: A start at[\s\S]*ok {2}scope: Limited to objects below 2026\/11 in reports/);
    expect((await cli(dev, 'explain', 'database', '--break-glass')).out).toMatch(/ok {2}break-glass: /);
  });
  test('by a bot is for the person', async () => {
    const bot = testWorld({ env: { LATCHKEY_URL: at.server.url, ...at.keysOf('role/chatops-bot') } });
    expect(await cli(bot, 'explain', 'reports', '--on-behalf-of', 'dev@example.com', ...scope)).toMatchObject({
      status: 0,
    });
    const ran = await cli(bot, 'request', 'reports', '--reason', reason, '--on-behalf-of', 'dev@example.com', ...scope);
    expect(ran).toMatchObject({
      status: 0,
      out: expect.stringMatching(
        /by +Dev \(dev@example.com\) \(filed by arn:aws:iam::999999999999:role\/chatops-bot\)/,
      ),
    });
  });
});

describe('roles', () => {
  test('one role is shown with all its rules', async () => {
    const { status, out } = await cli(dev, 'roles', 'reports');
    expect(status).toBe(0);
    expect(out).toMatch(/^reports in Production \(111111111111\)\n/);
    expect(out).toMatch(/Scope +--scope bucket=\.\.\. the bucket: reports, exports\n/);
    expect(out).toMatch(/Scope +--scope prefix=\.\.\. a folder in it: \[a-z0-9\/-\]\+, at most 40 characters\n/);
    expect((await cli(dev, 'roles', 'database')).out).toMatch(
      /Break-glass +at most 30 min, reason of at least 20 characters, reviewed within 2 d by Security\n/,
    );
    expect(bodyOf(await cli(dev, 'roles', 'reports', '--json'))).toMatchObject({ id: 'reports' });
  });
  test('the list shows additional requirements of a request', async () => {
    const { out } = await cli(dev, 'roles');
    expect(out).toMatch(/^reports .* Read reports \[needs --scope bucket, prefix\]$/m);
    expect(out).toMatch(/^database .* Read the database \[break-glass\]$/m);
  });
  test('an unknown role is refused', async () =>
    expect(await cli(dev, 'roles', 'report')).toMatchObject({
      status: 4,
      out: '',
      err: 'latchkey: Role "report" not found, or you may not request it.\n  Did you mean reports?\n',
    }));
});

test('a request is refused while another is open, with the next steps for that one', async () => {
  const again = (...args: string[]) =>
    cli(dev, 'request', 'reports', ...scope, '--reason', 'The same once more', ...args);
  const { id } = await filed('reports', ...scope);
  expect(await again()).toMatchObject({
    status: 7,
    err: expect.stringMatching(
      new RegExp(
        `^latchkey: Request ${id} for this role is still open\\..*\n {2}Wait for the decision: latchkey show ${id} --wait\n`,
      ),
    ),
  });
  await cli(lead, 'approve', id);
  expect((await again()).err).toMatch(/^ {2}Request more time: latchkey extend reports /m);
  expect(JSON.parse((await again('--json')).err)).toMatchObject({ code: 'overlap' });
});

describe('extend', () => {
  const more = (...args: string[]) =>
    cli(dev, 'extend', ...args, '--for', '1h', '--reason', 'The export is larger than thought');

  test('requests more time from the end of the grant, with the same scope, one extension at a time', async () => {
    const first = await approved(await filed('reports', ...scope));
    const ran = await more('reports');
    expect(ran).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^pending {2}reports[\s\S]*Scope +bucket=reports prefix=2026\/11\n/),
    });
    expect(ran.out).toMatch(new RegExp(`Extends +${first.id}\\n`));
    expect(ran.out).toMatch(/Starts +when the previous grant ends, in 1 h \(/);
    const second = await approved({ id: /Request +(\w{26})/.exec(ran.out)![1]! } as RequestView);
    expect(second).toMatchObject({ status: 'scheduled', extends: first.id, startsAt: first.endsAt });
    const refused = {
      status: 7,
      err: expect.stringMatching(
        new RegExp(
          `^latchkey: Request ${second.id} already extends this grant.*\n {2}See when it starts: latchkey show ${second.id}\n`,
        ),
      ),
    };
    for (const target of ['reports', first.id]) expect(await more(target)).toMatchObject(refused);
  });
  test('stays open when the grant is handed back by its role, which is shown', async () => {
    const grant = await approved(await filed('reports', ...scope));
    const { id: extension } = bodyOf<RequestView>(await more('reports', '--json'));
    const ended = await cli(dev, 'end', 'reports', '--json');
    expect(bodyOf(ended)).toMatchObject({ id: grant.id, status: 'withdrawn' });
    expect(ended.err).toBe(`Still pending: request ${extension}. End it as well: latchkey end ${extension}\n`);
    expect(await cli(dev, 'end', 'reports', '--json')).toMatchObject({
      status: 0,
      out: expect.stringContaining(extension),
      err: '',
    });
  });
  test('by id, with --wait', async () => {
    const { id } = await approved(await filed('reports', ...scope));
    dev.onSleep = async () => {
      const [{ id: waiting }] = bodyOf<{ items: [RequestView] }>(
        await cli(lead, 'requests', '--view', 'to-decide', '--json'),
      ).items;
      await cli(lead, 'approve', waiting);
      return undefined;
    };
    expect(await more(id, '--wait')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^scheduled /),
      err: expect.stringMatching(/Lead approved it/),
    });
  });
  test('the same key files once', async () => {
    await approved(await filed('reports', ...scope));
    const once = bodyOf<RequestView>(await more('reports', '--idempotency-key', 'k1', '--json'));
    expect(
      bodyOf(
        await cli(
          dev,
          'extend',
          once.extends!,
          '--for',
          '1h',
          '--reason',
          'The export is larger than thought',
          '--idempotency-key',
          'k1',
          '--json',
        ),
      ),
    ).toMatchObject({ id: once.id });
  });
  test('requires a grant', async () => {
    expect(await more('reports')).toMatchObject({
      status: 8,
      err: expect.stringMatching(/no active grant for reports/),
    });
    await filed('reports', ...scope);
    expect(await more('reports')).toMatchObject({ status: 8, err: expect.stringMatching(/still pending/) });
    expect(await more('repotrs')).toMatchObject({ status: 4, err: expect.stringMatching(/Did you mean reports\?/) });
    expect(await cli(dev, 'extend', 'reports', '--reason', 'x')).toMatchObject({
      status: 2,
      err: expect.stringMatching(/--for is required/),
    });
  });
});

describe('a list', () => {
  test('shows when a request ended, not when its grant would have ended', async () => {
    const { id } = await approved(await filed('reports', ...scope, '--for', '3h'));
    await cli(lead, 'end', id);
    expect((await cli(dev, 'requests')).out).toMatch(
      new RegExp(`^${id} +revoked +reports +Dev \\(dev@example.com\\) +(?:now|\\d+ s ago) \\(`, 'm'),
    );
  });
});

test('common options may come before the command', async () => {
  expect((await cli(dev, '--json', 'roles', 'reports')).out).toBe((await cli(dev, 'roles', 'reports', '--json')).out);
  expect(await cli(dev, '--url', 'http://localhost:9', '--debug', 'roles')).toMatchObject({
    status: 11,
    err: expect.stringMatching(/^debug: GET http:\/\/localhost:9/),
  });
  expect(await cli(dev, '--auth=token', 'show', 'reports', '--history')).not.toMatchObject({ status: 2 });
  expect(await cli(dev, '--debug')).toMatchObject({ status: 2 });
  expect(await cli(dev, '--reason', 'x', 'request')).toMatchObject({
    status: 2,
    err: expect.stringMatching(/--reason must come after the command/),
  });
});

describe('request --idempotency-key', () => {
  test('files once', async () => {
    const first = await filed('database', '--idempotency-key', 'nightly-1');
    expect(await filed('database', '--idempotency-key', 'nightly-1')).toMatchObject({ id: first.id });
  });
});

describe('break-glass', () => {
  const because = ['--break-glass', '--reason', 'The shop is down, INC-4711'];
  const smash = (world: TestWorld, ...more: string[]) => cli(world, 'request', 'database', ...because, ...more);
  const asking = (answer: string | undefined) => {
    const asked: string[] = [];
    const ask = async (question: string) => {
      asked.push(question);
      return answer;
    };
    return { asked, world: testWorld({ ...dev, ask, errIsTerminal: true }) };
  };

  test('shows who will be notified, and accepts only a yes', async () => {
    const { asked, world } = asking('no');
    const ran = await smash(world);
    expect(ran).toMatchObject({ status: 130, out: '' });
    expect(ran.err).toContain(
      '\u001b[31mBREAK-GLASS\u001b[0m: database in Lab (333333333333), at once and without approval, for 30 min.',
    );
    expect(ran.err).toContain(
      'Notified immediately by email: its approvers (Lead), its reviewers (Security) and every admin of Latchkey.',
    );
    expect(ran.err).toContain('within 2 d after its end');
    expect(ran.err).toContain('Nothing was filed.');
    expect(asked).toEqual(['Break the glass? Type yes: ']);
    expect(await cli(dev, 'show', 'database')).not.toMatchObject({ out: expect.stringMatching(/^active/) });
  });
  test('requires --yes without a terminal', async () =>
    expect(await smash(asking(undefined).world)).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringMatching(/Nothing was filed\.\n {2}To file without confirmation, add --yes\.\n$/),
    }));
  const onTerminal = where(missingTerminal(), 'a question at a terminal');
  onTerminal.test.each(['no', 'yes'])('somebody at a real terminal types %s', async (answer) => {
    const line = `'${process.execPath}' bin/latchkey.ts request database --break-glass --reason 'The shop is down, INC-4711'`;
    const terminal = spawn('script', ['-qec', line, '/dev/null'], {
      cwd: join(import.meta.dirname, '../..'),
      env: dev.env as NodeJS.ProcessEnv,
    });
    let out = '';
    terminal.stdout.on('data', (chunk) => {
      const had = out.includes('Type yes: ');
      out += chunk;
      if (!had && out.includes('Type yes: ')) terminal.stdin.write(`${answer}\n`);
    });
    const status = await new Promise((resolve) => terminal.on('close', resolve));
    expect([status, out]).toEqual(
      answer === 'yes'
        ? [0, expect.stringMatching(/active.*database/)]
        : [130, expect.stringMatching(/Nothing was filed/)],
    );
    if (answer === 'yes') await closed();
  });
  /** Signs the review, because an open review would block the next break-glass request. */
  const closed = async () => {
    const { id } = bodyOf<RequestView>(await cli(dev, 'show', 'database', '--json'));
    await cli(dev, 'end', id);
    await cli(security, 'review', id, '--comment', 'Nothing was touched');
  };
  test('is refused for a role that does not allow it', async () =>
    expect(await cli(dev, 'request', 'reports', ...because, '--yes')).toMatchObject({
      status: 6,
      err: expect.stringMatching(/does not allow break-glass for reports/),
    }));
  test('is refused for an unknown role', async () =>
    expect(await cli(dev, 'request', 'databse', ...because, '--yes')).toMatchObject({
      status: 4,
      err: expect.stringMatching(/Did you mean database\?/),
    }));

  test('break-glass from start to end: taken, used, revoked by a reviewer, reviewed', async () => {
    const taken = await smash(asking('yes').world);
    expect(taken).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^active {2}database[\s\S]*Break-glass +taken without approval/),
    });
    expect(taken.out).toMatch(/Review +due in 2 d \(.*\), by Security, any admin: latchkey review \w{26}\n/);
    const id = /Request +(\w{26})/.exec(taken.out)![1]!;
    expect((await cli(dev, 'credentials', 'database')).status).toBe(0);
    expect((await cli(dev, 'show', id)).out).toMatch(/Session +keys ASIA\w+, expires in \d+ min \(/);

    expect(await cli(security, 'review', id, '--comment', 'fine')).toMatchObject({
      status: 6,
      err: expect.stringMatching(/The grant is active until /),
    });
    const revoked = await cli(security, 'end', id, '--comment', 'enough');
    expect(revoked.out).toMatch(
      /^revoked [\s\S]*Revocation +existing sessions last until they expire, because this account has no revoker\. The last one ends in 30 min \(/,
    );
    expect(await cli(dev, 'review', id, '--comment', 'fine')).toMatchObject({ status: 5 });
    expect(await cli(security, 'review', id)).toMatchObject({
      status: 2,
      err: expect.stringMatching(/--comment is required/),
    });
    expect((await cli(security, 'review', id, '--comment', 'Nothing else touched')).out).toMatch(
      /Review +signed by Security (?:now|\d+ s ago) \(.*\): "Nothing else touched"\n/,
    );
    expect(await cli(security, 'review', id, '--comment', 'again')).toMatchObject({ status: 7 });

    const { out } = await cli(security, 'show', id, '--history');
    expect(out).toMatch(/\nAT +WHAT +WHO +BY +NOTE\n\S+Z +filed +Dev/i);
    expect(out).toMatch(/ approved +latchkey +break-glass +By break-glass: nobody approved this\./);
    expect(out).toMatch(/ reviewed +.*Nothing else touched\n/);
  });
});
