// The reviewer's tools: what `latchkey catalogue` answers, and that the files it rests on are current.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { catalogueSchema, wordsFor } from '../../scripts/catalogue-schema.ts';
import { words } from '../../scripts/catalogue-words.ts';
import { cli, removeHomes, testWorld } from '../support/cli.ts';
import { start } from '../support/records.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'catalogue-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
  removeHomes();
});
const shipped = join(root, 'access.yml');
const yaml = readFileSync(shipped, 'utf8');
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const edited = (name: string, from: string, to: string): string => {
  expect(yaml).toContain(from);
  return write(name, yaml.replace(from, to));
};
const run = async (...args: string[]) => {
  const { out, err, status } = await cli(testWorld({ now: () => start }), 'catalogue', ...args);
  return { text: `${out}${err}`.trimEnd(), exitCode: status };
};

describe('check', () => {
  test('the catalogue that ships has no errors and no warnings', async () =>
    expect(await run('check', shipped, '--strict')).toEqual({
      text: `${shipped}: OK (5 accounts, 7 roles, 8 groups, 12 people).`,
      exitCode: 0,
    }));

  test('names every error with line, column and what was meant', async () => {
    const file = edited(
      'errors.yml',
      'account: production\n    roleName: latchkey/UpdateProdApp',
      'account: prodution\n    rolename: latchkey/UpdateProdApp',
    );
    const { text, exitCode } = await run('check', file);
    expect(text).toContain(`error: ${file}:73:3 roles.production-app-write: "roleName" is missing`);
    expect(text).toMatch(
      /:\d+:5 roles\.production-app-write\.rolename: unknown entry "rolename"; did you mean "roleName"\?/,
    );
    expect(exitCode).toBe(1);
  });

  test.each([
    [
      'a group of tokens that looks like a known one',
      '  developers: [idp-developers]',
      '  developers: [idp-developers]\n  platfrom: [idp-platform]',
      'no list names the group "platfrom"; did you mean "platform"?',
    ],
    [
      'a domain that looks like a usual one',
      'audit: [auditor@example.com]',
      'audit: [auditor@exmaple.com]',
      '"exmaple.com" occurs here only; did you mean "example.com"?',
    ],
    [
      'a stage that nobody can fill',
      'approvers: [group:leads, group:security], need: 2',
      'approvers: [group:security], need: 2',
      '2 different people have to approve, and only 1 can be asked (security@example.com): every request is refused; name more, or set need to 1',
    ],
    [
      'an approval that anybody can give',
      'approvers: [group:leads, group:security], need: 2',
      'approvers: [everyone], need: 2',
      'everyone means anyone who can sign in or has keys of the hub account, even the requester under another identity that people does not join',
    ],
    [
      'a deny that shuts out who comes without a token',
      'reason: { minLength: 1 }',
      'reason: { minLength: 1 }\n    deny: [group:leads, group:developers]',
      'tokens can grant membership of "developers", so this refuses everyone without a token: group:developers (by AWS keys); deny people by name, or give these callers a separate role',
    ],
    [
      'high risk without a second person',
      'reason: { minLength: 1 }',
      'reason: { minLength: 1 }\n    risk: high',
      'a role of high risk is approved automatically',
    ],
    [
      'a role that can become another identity, and is of low risk',
      'reason: { minLength: 1 }',
      'reason: { minLength: 1 }\n    reaches: [lambda]\n    passRole: ["arn:aws:iam::666666666666:role/app/*"]',
      'beyond its session this role can change the code of Lambda functions, which act by their own roles (lambda); give services these roles to act by: arn:aws:iam::666666666666:role/app/*: set risk: high',
    ],
    [
      'what a role reaches and its permissions do not allow',
      's3:DeleteObject], resources: ["arn:aws:s3:::productionapp/*"] }',
      's3:DeleteObject], resources: ["arn:aws:s3:::productionapp/*"] }\n    reaches: [ssm]',
      "roles.production-app-write.reaches.0: the role's permissions allow nothing of ssm: remove it",
    ],
    [
      'permissions that the boundary denies unless the role says that it reaches them',
      's3:DeleteObject]',
      'lambda:Update*]',
      'permissions.statements.2.actions.2: the boundary denies lambda:Update*: list lambda in reaches',
    ],
    [
      'permissions that the boundary denies in any case',
      's3:DeleteObject]',
      'iam:createUser]',
      'permissions.statements.2.actions.2: the boundary denies iam:createUser: no role may do this',
    ],
    [
      'permission to pass roles without the roles',
      's3:DeleteObject]',
      'iam:PassRole]',
      'permissions.statements.2.actions.2: the boundary denies iam:PassRole: list the roles in passRole',
    ],
    [
      'a validator of tickets that no role names',
      'roles:\n',
      'ticketValidators: { jira: { url: "https://tickets.example.com/check" } }\nroles:\n',
      'no role uses this validator',
    ],
    [
      'an external id that is too short',
      'lk-0d8c2f6a91e34c7fb254a96b',
      'lk-1',
      'this external ID has 4 characters, so it can be guessed; use at least 16 (npm run target -- --new-external-id prints one)',
    ],
    [
      'a role without permissions',
      '    permissions: { managed: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] }\n',
      '',
      'this role has no permissions, so its sessions can do nothing; add permissions, or permissions: {} if you attach policies yourself',
    ],
  ])('warns about %s, and fails only with --strict', async (_, from, to, warning) => {
    const file = edited('warning.yml', from, to);
    const { text } = await run('check', file);
    expect(text).toMatch(/^warning: .*:\d+:\d+ .*\n.*: OK \(.*\), 1 warning\.$/);
    expect(text).toContain(warning);
    expect((await run('check', file, '--strict')).text).toMatch(
      /, 1 warning\. With --strict, warnings fail the check\.$/,
    );
    expect([(await run('check', file)).exitCode, (await run('check', file, '--strict')).exitCode]).toEqual([0, 1]);
  });

  test('shows errors of every kind and warnings about the other entries in one run', async () => {
    const file = edited('mixed.yml', 'requesters: [group:POC]', 'requesters: [group:PCO]');
    const mixed = readFileSync(file, 'utf8')
      .replace('id: "111111111111"', 'id: "1111"')
      .replace('reason: { minLength: 1 }', 'reason: { minLength: 1 }\n    risk: high');
    const { text, exitCode } = await run('check', write('mixed.yml', mixed));
    expect(text.split('\n').map((line) => line.replace(/ \S+mixed\.yml:\d+:\d+/, ''))).toEqual([
      'error: accounts.production.id: must be the 12 digits of an AWS account, in quotes',
      expect.stringMatching(/^error: roles\.trusting-readonly\.requesters\.0: no group "PCO" .*did you mean "POC"\?/),
      'warning: roles.sandbox-read.approval.automatic: a role of high risk is approved automatically',
      `${file}: 2 errors, 1 warning.`,
    ]);
    expect(exitCode).toBe(1);
  });

  test('shows no warnings where people or groups have errors, as every role depends on them', async () => {
    const file = edited('groups.yml', 'POC: [sandy@example.com]', 'POC: [sandy]');
    const risky = readFileSync(file, 'utf8').replace(
      'reason: { minLength: 1 }',
      'reason: { minLength: 1 }\n    risk: high',
    );
    expect((await run('check', write('groups.yml', risky))).text).toMatch(/^error: .*\n.*: 1 error\.$/);
  });

  test.each([
    [
      'an external id that IAM has no room for',
      'lk-0d8c2f6a91e34c7fb254a96b',
      `lk-${'x'.repeat(1200)}`,
      /:38:5 accounts\.sandbox\.externalId: The trust policy of SandboxReadOnly has \d+ characters, IAM takes 2048/,
    ],
    [
      'statements that IAM has no room for',
      's3:DeleteObject], resources: ["arn:aws:s3:::productionapp/*"]',
      `s3:DeleteObject], resources: ["arn:aws:s3:::${'x'.repeat(6200)}/*"]`,
      /:\d+:7 roles\.production-app-write\.permissions\.statements: The permissions of UpdateProdApp have \d+ characters, IAM takes 6144/,
    ],
  ])('names what no account could install: %s', async (_, from, to, error) => {
    const { text, exitCode } = await run('check', edited('uninstallable.yml', from, to));
    expect(text).toMatch(error);
    expect(exitCode).toBe(1);
  });

  test('names an account whose template is longer than CloudFormation takes, and how long it is', async () => {
    const resource = `arn:aws:s3:::${'x'.repeat(5900)}/*`;
    const roles = Array.from(
      { length: 170 },
      (_, i) => `
  role-${i}:
    account: production
    roleName: R${i}
    description: R
    requesters: [everyone]
    approval: { automatic: true }
    duration: { default: 1h, max: 2h }
    permissions: { statements: [{ actions: [s3:GetObject], resources: ["${resource}"] }] }`,
    );
    const file = write(
      'long.yml',
      `version: 1
accounts:
  lab: { id: "222222222222", name: Lab, externalId: lk-2345678901abcdef }
  production: { id: "111111111111", name: Production, externalId: lk-1234567890abcdef }
roles:${roles.join('')}
`,
    );
    const { text, exitCode } = await run('check', file);
    expect(text).toMatch(
      /^error: \S+:4:3 accounts\.production: The template of the account production would have 13\d{5} bytes; CloudFormation takes 1048576\./,
    );
    expect(exitCode).toBe(1);
  });

  test('notes what a high-risk role reaches, and passes also when strict', async () => {
    const file = edited('note.yml', 'reason: { minLength: 20 }', 'reason: { minLength: 20 }\n    reaches: [eks, ssm]');
    const { text, exitCode } = await run('check', file, '--strict');
    expect(text).toMatch(
      /^note: .*:\d+:3 roles\.cross-account-admin: beyond its session this role can use Kubernetes .* \(eks\); run commands .* \(ssm\)\n/,
    );
    expect(exitCode).toBe(0);
  });

  test('a folder in place of a file', async () =>
    expect(await run('check', folder)).toEqual({
      text: `latchkey: ${folder} is a folder. Name a file.`,
      exitCode: 2,
    }));

  test('a file that is not there', async () =>
    expect(await run('check', join(folder, 'none.yml'))).toEqual({
      text: `latchkey: File ${join(folder, 'none.yml')} not found.`,
      exitCode: 2,
    }));
});

test('a word that is no question, or none at all, is told which there are', async () => {
  expect(await run('chekc')).toEqual({
    text: expect.stringMatching(/^latchkey: Unknown command "catalogue chekc"\. Did you mean "catalogue check"\?/),
    exitCode: 2,
  });
  expect(await run()).toEqual({
    text: expect.stringMatching(/latchkey catalogue check +Check a catalogue[\s\S]*latchkey catalogue test /),
    exitCode: 2,
  });
  expect(await run('--help')).toMatchObject({ exitCode: 0 });
  expect(await run('check', '--url', 'http://localhost:1')).toMatchObject({ exitCode: 2 });
});

describe('explain', () => {
  const explain = (...args: string[]) => run('explain', '--catalogue', shipped, ...args);

  test('shows every rule, passed or failed, and the answer that filing would give', async () => {
    const { text, exitCode } = await explain(
      '--person',
      'asi-dev@example.com',
      '--role',
      'production-app-write',
      '--ticket',
      'X',
      '--reason',
      'short',
    );
    expect(text).toMatch(/passed {2}requesters +Named by group:developers\./);
    expect(text).toMatch(/FAILED {2}reason +The reason must have at least 10 characters. This one has 5\./);
    expect(text).toMatch(/FAILED {2}ticket +The ticket must have the form .*, for example OPS-123\./);
    expect(text).toContain('Refused with refused-by-policy');
    expect(exitCode).toBe(1);
  });

  test('says who will be asked about a ticket, and what would come of an answer', async () => {
    const repair = (...args: string[]) =>
      run(
        'explain',
        '--catalogue',
        join(root, 'docs/tickets.yml'),
        '--person',
        'dev@example.com',
        '--role',
        'orders-repair',
        '--ticket',
        'OPS-1',
        ...args,
      );
    expect(await repair()).toEqual({
      text: expect.stringMatching(
        /passed {2}ticket-validator +jira checks the ticket .* nothing is filed\. A dry run does not ask it\./,
      ),
      exitCode: 0,
    });
    expect((await repair('--ticket-is', 'invalid')).text).toContain(
      'Refused with refused-by-policy: jira does not accept the ticket.',
    );
    expect((await repair('--ticket-is', 'unreachable')).text).toContain('Refused with try-again: ');
    expect(await repair('--ticket-is', 'perhaps')).toMatchObject({
      text: expect.stringContaining('latchkey: --ticket-is must be one of valid, invalid, unreachable, not "perhaps".'),
      exitCode: 2,
    });
  });

  test('says why a role is not to be seen, which filing does not tell', async () => {
    expect(
      (await explain('--person', 'contractor@example.com', '--role', 'production-bucket-read', '--group', 'developers'))
        .text,
    ).toMatch(/FAILED {2}deny +Denied by contractor@example\.com\./);
    expect((await explain('--person', 'stranger@example.com', '--role', 'production-bucket-read')).text).toMatch(
      /FAILED {2}requesters /,
    );
  });

  const inEmergency = (...args: string[]) =>
    run(
      'explain',
      '--catalogue',
      join(root, 'catalogue-tests/catalogues/break-glass.yml'),
      '--person',
      'pager@example.com',
      '--break-glass',
      '--mfa',
      ...args,
    );

  test('takes break-glass, and says who reviews it', async () => {
    const { text, exitCode } = await inEmergency('--role', 'shop-admin@production');
    expect(text).toMatch(/passed {2}break-glass +You may take this role at once/);
    expect(text).toContain(
      "review: Lena Park, Priya Nair, within 2 d of the grant's end\nGranted at once, by break-glass",
    );
    expect(text).not.toContain('stage 1');
    expect(exitCode).toBe(0);
    expect(JSON.parse((await inEmergency('--role', 'shop-admin@production', '--json')).text)).toMatchObject({
      outcome: 'automatic',
      durationSeconds: 2700,
      stages: [],
      reviewers: ['Lena Park', 'Priya Nair'],
    });
    expect((await inEmergency('--role', 'shop-admin@production', '--review-overdue', '1d')).text).toMatch(
      /FAILED {2}review +The review of your break-glass request/,
    );
  });

  test('takes whatever else filing looks at', async () => {
    const ask = async (...args: string[]) =>
      (await explain('--person', 'asi-dev@example.com', '--role', 'production-bucket-read', ...args)).text;
    expect(await ask('--open', 'production-bucket-read')).toContain('Refused with overlap');
    expect(await ask('--open', 'production-bucket-read', '--continues', '30m')).toContain('Refused with overlap');
    expect(await ask('--continues', '30m')).toContain('Filed. Approvers decide.');
    expect(await ask('--at', '2026-11-23T09:00:00Z', '--starts-at', '2026-12-23T09:00:00Z')).toMatch(
      /FAILED {2}start +A start may be at most 7 d ahead\./,
    );
    expect(await ask('--scope', 'bucket=logs')).toMatch(/FAILED {2}scope /);
    const bot = [
      '--person',
      'arn:aws:iam::999999999999:role/chatops-bot',
      '--role',
      'production-bucket-read',
      '--on-behalf-of',
      'slack:U024BE7LH',
    ];
    expect((await explain(...bot, '--bot-filed-lately', '60')).text).toMatch(/FAILED {2}bot-requests-per-hour /);
    expect((await explain(...bot, '--filed-lately', '19')).text).toContain('Filed. Approvers decide.');
    expect((await explain(...bot, '--filed-lately', '20')).text).toMatch(/FAILED {2}requests-per-hour /);
  });

  test.each([
    [['--scope', 'logs'], '--scope requires NAME=VALUE, such as --scope bucket=reports, not "logs".'],
    [['--filed-lately', 'many'], 'filedLately must be a whole number'],
    [['--starts-at', 'noon'], 'startsAt must be an instant such as 2026-11-22T10:00:00Z'],
    [
      ['--continues', '1h', '--break-glass'],
      'continues cannot be combined with onBehalfOf, startsAt or breakGlass, because it is an extension',
    ],
  ])('%j is no question', async (flags, answer) =>
    expect(await explain('--person', 'asi-dev@example.com', '--role', 'production-bucket-read', ...flags)).toEqual({
      text: expect.stringContaining(`latchkey: ${answer}`),
      exitCode: 2,
    }),
  );

  test('as JSON', async () =>
    expect(
      JSON.parse(
        (await explain('--person', 'main-admin@example.com', '--role', 'northwind-admin', '--mfa', '--json')).text,
      ),
    ).toMatchObject({
      outcome: 'needs-approval',
      stages: [{ need: 1, approvers: ['Ruth Klein', 'Lena Park'] }],
    }));

  test('a misspelt role, a missing person, a bad flag, a bot without its person', async () => {
    expect((await explain('--person', 'a@b.example', '--role', 'sandbox-raed')).text).toBe(
      'latchkey: Role "sandbox-raed" not found; did you mean "sandbox-read"?',
    );
    expect(await explain('--role', 'sandbox-read')).toEqual({
      text: expect.stringMatching(/^latchkey: --person is required: email address/),
      exitCode: 2,
    });
    expect((await explain('--person', 'a@b.example', '--role', 'sandbox-read', '--at', 'noon')).text).toBe(
      'latchkey: at must be a time such as 2026-11-23T10:00:00Z',
    );
    expect(
      (await explain('--person', 'arn:aws:iam::999999999999:role/chatops-bot', '--role', 'sandbox-read')).text,
    ).toMatch(/^latchkey: A bot must set onBehalfOf/);
    expect(await run('explain', '--persn', 'x')).toMatchObject({
      exitCode: 2,
      text: expect.stringMatching(/Did you mean --person\?/),
    });
  });
});

test('who lists requesters, denied people and approvers', async () => {
  const { text } = await run('who', '--role', 'production-bucket-read', '--catalogue', shipped);
  for (const line of [
    'request +Amira Diaz \\(asi-dev@example\\.com\\)',
    'denied +contractor@example\\.com',
    'stage 1 +1 of Lena Park, Sam Okafor',
  ])
    expect(text).toMatch(new RegExp(line));
  expect(text).not.toMatch(/request.*contractor/);
});

describe('diff', () => {
  const against = async (from: string, to: string) => (await run('diff', shipped, edited('new.yml', from, to))).text;

  test('nothing', async () =>
    expect((await run('diff', shipped, shipped)).text).toBe('Nobody gains or loses anything, and no rule changes.'));
  test('who joins a group gains its roles', async () =>
    expect(
      await against('platform: [trusted-user@example.com]', 'platform: [trusted-user@example.com, new@example.com]'),
    ).toBe('Gained:\n  + new@example.com may request cross-account-admin, sandbox-read'));
  test('who is denied loses the role', async () =>
    expect(
      await against('approval: { automatic: true }', 'deny: [group:platform]\n    approval: { automatic: true }'),
    ).toBe('Lost:\n  - trusted-user@example.com may request sandbox-read'));
  test('an approver goes', async () =>
    expect(await against('leads: [lead@example.com, second-lead@example.com]', 'leads: [lead@example.com]')).toMatch(
      /- second-lead@example\.com may approve production-app-write/,
    ));
  test('an admin comes', async () =>
    expect(await against('admins: [group:security]', 'admins: [group:security, group:leads]')).toMatch(
      /\+ lead@example\.com is admin/,
    ));
  test('rules get stricter and looser', async () => {
    expect(await against('duration: { default: 1h, max: 4h }', 'duration: { default: 1h, max: 8h }')).toBe(
      'Rules:\n  ~ production-app-write: duration.max 4 h -> 8 h (looser)',
    );
    expect(await against('need: 2', 'need: 1')).toBe(
      'Rules:\n  ~ cross-account-admin: approval.stages.0.need 2 -> 1 (looser)',
    );
    expect(await against('mfa: true', 'mfa: false')).toBe('Rules:\n  ~ northwind-admin: mfa true -> false (looser)');
    expect(await against('session: { max: 30m }', 'session: { max: 15m }')).toBe(
      'Rules:\n  ~ cross-account-admin: session.max 30 min -> 15 min (stricter)',
    );
  });
  test('tickets are checked elsewhere, otherwise, or not at all', async () => {
    const example = readFileSync(join(root, 'docs/tickets.yml'), 'utf8');
    const changed = async (from: string, to: string) =>
      (await run('diff', join(root, 'docs/tickets.yml'), write('tickets.yml', example.replace(from, to)))).text;
    expect(await changed('http://localhost:3000/local/tickets/check', 'https://evil.example/check')).toBe(
      'Rules:\n  ~ ticketValidators.jira: url http://localhost:3000/local/tickets/check -> https://evil.example/check',
    );
    expect(await changed('ifUnreachable: allow', 'ifUnreachable: refuse')).toBe(
      'Rules:\n  ~ orders-read: ticket.ifUnreachable allow -> refuse (stricter)',
    );
    expect(await changed('required: true, validator: jira }', 'required: true }')).toBe(
      'Rules:\n  ~ orders-repair: ticket.validator jira -> none\n  ~ orders-repair: ticket.ifUnreachable refuse -> none',
    );
  });
  test('as JSON', async () =>
    expect(
      JSON.parse(
        (
          await run(
            'diff',
            shipped,
            edited('new.yml', 'POC: [sandy@example.com]', 'POC: [other@example.com]'),
            '--json',
          )
        ).text,
      ),
    ).toEqual({
      gained: [{ who: 'other@example.com', may: 'request', roles: ['trusting-readonly'] }],
      lost: [{ who: 'sandy@example.com', may: 'request', roles: ['trusting-readonly'] }],
      rules: [],
    }));
});

describe('test', () => {
  test('the cases that ship hold for the catalogue that ships', async () => {
    const { text, exitCode } = await run('test', join(root, 'catalogue-tests'));
    expect(text).toMatch(/^32 of 32 cases hold\.$/m);
    expect(exitCode).toBe(0);
  });

  test('a case that does not hold says what is instead', async () => {
    const file = edited('other.yml', 'requesters: [group:POC]', 'requesters: []');
    const { text, exitCode } = await run('test', join(root, 'catalogue-tests'), '--catalogue', file);
    expect(text).toMatch(
      /^FAILED {2}the trusting company decides about its own account\n +expected needs-approval, is refused\. requesters: No entry/m,
    );
    expect(text).toMatch(/^31 of 32 cases hold\.$/m);
    expect(exitCode).toBe(1);
  });

  test.each([
    ['that is UTF-16', Buffer.from('cases: []', 'utf16le'), /bad\.yml:1:1 is UTF-16, not UTF-8/],
    ['with an alias of nothing', 'cases: *none\n', /bad\.yml:1:8 no anchor &none/],
  ])('a case file %s', async (_, content, told) => {
    mkdirSync(join(folder, 'unreadable'), { recursive: true });
    writeFileSync(join(folder, 'unreadable/bad.yml'), content);
    expect(await run('test', join(folder, 'unreadable'))).toMatchObject({
      text: expect.stringMatching(told),
      exitCode: 1,
    });
  });

  test('a case file with an error', async () => {
    write(
      'bad.yml',
      'cases:\n  - name: x\n    given: { person: a@b.example, role: r, breakGlas: true }\n    expect: { outcome: perhaps, reviewer: [x] }\n',
    );
    const { text } = await run('test', folder);
    expect(text).toMatch(/bad\.yml:3:\d+ cases\.0\.given\.breakGlas: .*; did you mean "breakGlass"\?/);
    expect(text).toMatch(/bad\.yml:4:\d+ cases\.0\.expect\.reviewer: .*; did you mean "reviewers"\?/);
  });

  test('a case says who should have reviewed and for how long', async () => {
    const glass = join(root, 'catalogue-tests/catalogues/break-glass.yml');
    mkdirSync(join(folder, 'cases'), { recursive: true });
    const given = '{ person: pager@example.com, role: key-vault, breakGlass: true, mfa: true }';
    write(
      'cases/case.yml',
      `catalogue: ${glass}\ncases:\n  - { name: x, given: ${given}, expect: { outcome: automatic, reviewers: [], durationSeconds: 60 } }\n`,
    );
    expect((await run('test', join(folder, 'cases'))).text).toContain(
      'expected nobody to review, are Lena Park\n          expected 60 s, are 900 s',
    );
  });
});

test('docs/access.schema.json is what the shape says; `node scripts/catalogue-schema.ts` writes it', () =>
  expect(JSON.parse(readFileSync(join(root, 'docs/access.schema.json'), 'utf8'))).toEqual(
    JSON.parse(JSON.stringify(catalogueSchema())),
  ));

describe('an editor with docs/access.schema.json', () => {
  type Part = { [name: string]: unknown };
  const entries: Array<[string, Part]> = [];
  const collect = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    if ('properties' in part) entries.push(...Object.entries(part.properties as Record<string, Part>));
    Object.values(part).forEach(collect);
  };
  collect(catalogueSchema());

  test('says of every entry what it means, and nothing of an entry that there is not', () => {
    const said = entries.map(([name, { description }]) => [name, description]);
    expect(
      said.filter(([, description]) => typeof description !== 'string' || !/^\p{L}.*\.$/u.test(description)),
    ).toEqual([]);
    expect(Object.values(words).filter((text) => !said.some(([, description]) => description === text))).toEqual([]);
    expect(() => wordsFor('roles.*.nothing')).toThrow('has nothing for roles.*.nothing');
  });

  test('marks a duration that is none, and what is left out has its default', () => {
    const of = (name: string) => entries.find(([one]) => one === name)![1];
    const pattern = new RegExp(of('decideWithin').pattern as string);
    expect(
      ['45m', '1h30m', '7d', 'PT1H30M', '8 hours', '8', '', 'P', '1h x'].filter((text) => pattern.test(text)),
    ).toEqual(['45m', '1h30m', '7d', 'PT1H30M']);
    expect(of('decideWithin').default).toBe('8h');
    expect(of('leavers')).toMatchObject({ enum: ['revoke', 'keep'], default: 'revoke' });
  });
});

test('the schema knows every field, and the catalogue that ships names it', () => {
  const text = JSON.stringify(catalogueSchema());
  for (const field of [
    'externalId',
    'principals',
    'requesters',
    'fallback',
    'signIn',
    'timeZone',
    'openRequests',
    'ssoAccounts',
  ])
    expect(text).toContain(`"${field}":`);
  expect(yaml).toMatch(/^# yaml-language-server: \$schema=docs\/access\.schema\.json$/m);
});
