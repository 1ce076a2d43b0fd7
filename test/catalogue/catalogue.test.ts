// access.yml: every mistake is named with its place, all at once; the file that ships is right and tells the five scenarios.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { displayNames, names, openCatalogue, peopleNamed, personOf } from '../../lib/catalogue/catalogue.ts';
import { canonicalPrincipal } from '../../lib/catalogue/entry.ts';
import { findingLines, readCatalogue } from '../../lib/catalogue/file.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

/** A right file, by line; a case changes some of it. */
const right = `version: 1
accounts:
  production: { id: "111111111111", name: Production, externalId: lk-0123 }
people:
  - { email: dev@example.com, name: Dev, principals: ["arn:aws:iam::222222222222:user/dev"] }
groups:
  developers: [dev@example.com]
bots:
  chatops: { principal: "arn:aws:iam::999999999999:role/bot", for: [group:developers], roles: [reader] }
roles:
  reader:
    account: production
    roleName: latchkey/reader
    description: Read
    requesters: [group:developers]
    approval: { stages: [{ approvers: [lead@example.com] }] }
    duration: { default: 1h, max: 8h }
`;
const linesOf = (text: string) => findingLines('access.yml', readCatalogue(text).errors);
const changed = (from: string, to: string) => {
  if (!right.includes(from)) throw new Error(`the right file has no ${from}`);
  return right.replace(from, to);
};

test('the right file is right, with its defaults', () => {
  const { data, errors } = readCatalogue(right);
  expect(errors).toEqual([]);
  expect(data).toMatchObject({
    admins: [],
    limits: { openRequests: 20 },
    accounts: { production: { partition: 'aws', tags: {} } },
    roles: {
      reader: {
        deny: [],
        approval: { automatic: false, decideWithin: 28800, stages: [{ need: 1 }] },
        duration: { default: 3600, max: 28800 },
        session: { max: 3600 },
        maxSessionDuration: 3600,
        reason: { minLength: 1 },
        mfa: false,
        risk: 'low',
      },
    },
  });
});

describe('a mistake is named with line and column', () => {
  const duration = 'must be a duration such as 45m, 2h or PT1H30M';
  const entry = 'must be an email address, the ARN of an IAM user or role, group:NAME or everyone';
  test.each<[string, string, string, string[]]>([
    ['another version', 'version: 1', 'version: 2', ['1:1 version: must be 1']],
    [
      'an account id without quotes',
      '"111111111111"',
      '111111111111',
      ['3:17 accounts.production.id: must be the 12 digits of an AWS account, in quotes'],
    ],
    [
      'an account id of 11 digits',
      '"111111111111"',
      '"11111111111"',
      ['3:17 accounts.production.id: must be the 12 digits of an AWS account, in quotes'],
    ],
    [
      'an external id of one character',
      'lk-0123',
      'x',
      ['3:55 accounts.production.externalId: must be 2 to 1224 characters of letters, digits and _+=,.@:/-'],
    ],
    [
      'an account that stands there twice',
      '  production: {',
      '  copy: { id: "111111111111", name: Copy, externalId: lk-4567 }\n  production: {',
      ['4:17 accounts.production.id: 111111111111 is already account "copy"'],
    ],
    ['no external id', ', externalId: lk-0123', '', ['3:3 accounts.production: "externalId" is missing']],
    [
      'a colour by name',
      'lk-0123',
      'lk-0123, color: red',
      ['3:76 accounts.production.color: must be a colour such as "#b91c1c"'],
    ],
    [
      'a partition that is none',
      'lk-0123',
      'lk-0123, partition: aws-moon',
      ['3:76 accounts.production.partition: must be one of aws, aws-us-gov, aws-cn, aws-eusc'],
    ],
    [
      'a name that no key may have',
      '  production: {',
      '  "pro duction": {',
      [
        '3:3 accounts.pro duction: must be a name for an account: letters, digits, dot, dash, underscore',
        '12:5 roles.reader.account: no account "production" in accounts',
      ],
    ],
    ['a person without a mail address', 'email: dev@example.com, ', '', ['5:5 people.0: "email" is missing']],
    [
      'a mail address that is none',
      'email: dev@example.com',
      'email: dev',
      ['5:7 people.0.email: must be an email address'],
    ],
    [
      'an assumed role as a principal',
      'iam::222222222222:user/dev',
      'sts::222222222222:assumed-role/dev/s',
      [
        '5:55 people.0.principals.0: must be an email address, the ARN of an IAM user or role, or ISSUER#SUBJECT of a token',
      ],
    ],
    [
      'the root user as a principal',
      ':user/dev',
      ':root',
      [
        '5:55 people.0.principals.0: must be an email address, the ARN of an IAM user or role, or ISSUER#SUBJECT of a token',
      ],
    ],
    [
      'an identity of two people',
      'name: Dev, principals: ["arn:aws:iam::222222222222:user/dev"] }',
      'name: Dev }\n  - { email: DEV@example.com, name: Other }',
      ['6:5 people.1: dev@example.com already belongs to dev@example.com'],
    ],
    [
      'a group in a group that is not there',
      '[dev@example.com]\n',
      '[dev@example.com, group:leads]\n',
      ['7:33 groups.developers.1: no group "leads" in groups'],
    ],
    [
      'everyone in a group',
      '[dev@example.com]\n',
      '[everyone]\n',
      ['7:16 groups.developers.0: everyone cannot be a member of a group; name everyone where the group is used'],
    ],
    ['an entry that is nobody', '[dev@example.com]\n', '[dev]\n', [`7:16 groups.developers.0: ${entry}`]],
    [
      'a group without a name',
      '[group:developers]\n    approval',
      '["group:"]\n    approval',
      [`15:18 roles.reader.requesters.0: ${entry}`],
    ],
    [
      'a bot of a role that is not there',
      'roles: [reader] }',
      'roles: [writer] }',
      ['9:96 bots.chatops.roles.0: no role "writer" in roles'],
    ],
    [
      'a bot that is a person',
      '999999999999:role/bot',
      '222222222222:user/dev',
      [
        '9:14 bots.chatops.principal: a bot must not be a person, a group member, a requester, an approver, an admin or an auditor',
      ],
    ],
    [
      'a bot that is an approver, by its role’s path',
      '[lead@example.com]',
      '["arn:aws:iam::999999999999:role/some/path/bot"]',
      [
        '9:14 bots.chatops.principal: a bot must not be a person, a group member, a requester, an approver, an admin or an auditor',
      ],
    ],
    [
      'an account that is not there',
      'account: production',
      'account: staging',
      ['12:5 roles.reader.account: no account "staging" in accounts'],
    ],
    [
      'an account that every object has',
      'account: production',
      'account: constructor',
      ['12:5 roles.reader.account: no account "constructor" in accounts'],
    ],
    [
      'an ARN as the name of a role',
      'latchkey/reader',
      '"arn:aws:iam::111111111111:role/x"',
      ["13:5 roles.reader.roleName: must be the role's path and name in its account, such as latchkey/ReadOnly"],
    ],
    [
      'a role name with a slash in front',
      'latchkey/reader',
      '/latchkey/reader',
      ["13:5 roles.reader.roleName: must be the role's path and name in its account, such as latchkey/ReadOnly"],
    ],
    ['no requesters', '    requesters: [group:developers]\n', '', ['11:3 roles.reader: "requesters" is missing']],
    [
      'no approval',
      '    approval: { stages: [{ approvers: [lead@example.com] }] }\n',
      '',
      ['11:3 roles.reader: "approval" is missing'],
    ],
    [
      'neither stages nor automatic',
      'stages: [{ approvers: [lead@example.com] }]',
      'decideWithin: 1h',
      ['16:5 roles.reader.approval: must have either stages or automatic: true'],
    ],
    [
      'stages and automatic',
      '{ stages:',
      '{ automatic: true, stages:',
      ['16:5 roles.reader.approval: must have either stages or automatic: true'],
    ],
    [
      'a stage that needs nobody',
      '[lead@example.com] }',
      '[lead@example.com], need: 0 }',
      ['16:59 roles.reader.approval.stages.0.need: must be at least 1'],
    ],
    [
      'a stage that needs half a person',
      '[lead@example.com] }',
      '[lead@example.com], need: 1.5 }',
      ['16:59 roles.reader.approval.stages.0.need: must be a whole number'],
    ],
    ['a duration that is a number', 'max: 8h', 'max: 8', [`17:30 roles.reader.duration.max: ${duration}`]],
    ['a duration that is none', 'default: 1h', 'default: soon', [`17:17 roles.reader.duration.default: ${duration}`]],
    ['a duration over 30 days', 'max: 8h', 'max: 31d', ['17:30 roles.reader.duration.max: must be at most 2592000 s']],
    [
      'a default over the maximum',
      'default: 1h',
      'default: 9h',
      ['17:17 roles.reader.duration.default: the default is longer than max'],
    ],
    [
      'a session under 15 minutes',
      'duration: {',
      'session: { max: 10m }\n    duration: {',
      ['17:16 roles.reader.session.max: must be at least 900 s'],
    ],
    [
      'a pattern that is none',
      'duration: {',
      'ticket: { pattern: "OPS-[" }\n    duration: {',
      ['17:15 roles.reader.ticket.pattern: must be a regular expression'],
    ],
    [
      'a time zone that is an offset',
      'groups:\n',
      'timeZone: +02:00\ngroups:\n',
      ['6:1 timeZone: must be a time zone such as Europe/Berlin'],
    ],
    [
      'a risk that is none',
      'duration: {',
      'risk: medium\n    duration: {',
      ['17:5 roles.reader.risk: must be ("low" | "high")'],
    ],
    [
      'mfa that is a word',
      'duration: {',
      'mfa: "yes"\n    duration: {',
      ['17:5 roles.reader.mfa: must be true or false'],
    ],
    [
      'an unknown entry in a role',
      'duration: {',
      'approver: [x]\n    duration: {',
      ['17:5 roles.reader.approver: unknown entry "approver"'],
    ],
    [
      'unknown entries at the top, all of them',
      'roles:\n',
      'role: {}\naccount: {}\nroles:\n',
      ['10:1 role: unknown entry "role"', '11:1 account: unknown entry "account"'],
    ],
    [
      'a list where a map should be',
      'groups:\n  developers: [dev@example.com]\n',
      'groups: [developers]\n',
      ['6:10 groups.0: must be a list'],
    ],
  ])('%s', (_name, from, to, expected) => {
    const found = linesOf(changed(from, to));
    expect(found).toHaveLength(expected.length);
    for (const [i, line] of expected.entries()) expect(found[i]).toContain(`access.yml:${line}`);
  });

  test('the place is where the entry stands', () => {
    const text = changed('max: 8h', 'max: 8');
    const [first] = readCatalogue(text).errors;
    expect(text.split('\n')[first!.line - 1]?.slice(first!.column - 1)).toBe('max: 8 }');
  });
});

test.each(['accounts', 'groups', 'people', 'bots', 'ticketValidators', 'roles', 'admins', 'ssoAccounts'])(
  'a section with nothing below it, %s',
  (section) =>
    expect(
      linesOf(
        `version: 1\n${['accounts', 'roles']
          .filter((name) => name !== section)
          .map((name) => `${name}: {}\n`)
          .join('')}${section}:\n`,
      ),
    ).toContainEqual(expect.stringMatching(new RegExp(`^access\\.yml:\\d:1 ${section}: must be a (?:map|list)$`))),
);

describe('what is no YAML', () => {
  test.each<[string, string, string]>([
    ['a key that comes twice', `${right}roles: {}\n`, '18:1 Map keys must be unique'],
    [
      'a bracket that is not closed',
      right.replace('[group:developers]\n    approval', '[group:developers\n    approval'),
      '16:',
    ],
    ['a tab for indentation', right.replace('  reader:', '\treader:'), '11:'],
    ['a list for a key', right.replace('groups:', '? [a]\n: b\ngroups:'), '6:3 all keys must be strings'],
    [
      'an alias without an anchor',
      right.replace('[dev@example.com]\n', '*devs\n'),
      '7:15 no anchor &devs before this alias',
    ],
    ['two documents', `${right}---\n${right}`, ''],
    ['a tag that means nothing', right.replace('version: 1', 'version: !!js/function "x"'), '1:10 '],
    ['an empty file', '', '1:1 '],
    ['a list', '- version: 1\n', '1:'],
  ])('%s', (_name, text, expected) => {
    expect(linesOf(text)[0]).toContain(`access.yml:${expected}`);
  });

  test('an anchor and its alias are fine', () => {
    const text = right.replace(
      '[group:developers]\n    approval',
      '&who [group:developers]\n    deny: *who\n    approval',
    );
    expect(readCatalogue(text).data?.roles.reader).toMatchObject({
      requesters: ['group:developers'],
      deny: ['group:developers'],
    });
  });

  test.each(['__proto__', 'prototype', 'constructor'])('an entry called %s is not lost without a word', (name) => {
    expect(linesOf(right.replaceAll('developers', name))).toEqual([
      'access.yml:6:1 groups: must have no entry called __proto__, prototype, constructor',
    ]);
    expect(linesOf(right.replace('  reader:', `  ${name}:`))[0]).toBe(
      'access.yml:10:1 roles: must have no entry called __proto__, prototype, constructor',
    );
  });
});

test('all mistakes come at once, in the order of the file', () => {
  const text = right
    .replace('version: 1', 'version: 3')
    .replace('"111111111111"', '1')
    .replace('lk-0123', 'x, extra: 1, more: 2')
    .replace('default: 1h', 'default: never')
    .replace('    description: Read\n', '');
  expect(linesOf(text).map((line) => line.split(': ')[0])).toEqual([
    'access.yml:1:1 version',
    'access.yml:3:17 accounts.production.id',
    'access.yml:3:42 accounts.production.externalId',
    'access.yml:3:57 accounts.production.extra',
    'access.yml:3:67 accounts.production.more',
    'access.yml:11:3 roles.reader',
    'access.yml:16:17 roles.reader.duration.default',
  ]);
});

test.each([
  ['EST', true],
  ['Etc/GMT+5', true],
  ['UTC', false],
  ['Etc/UTC', false],
  ['America/New_York', false],
])('hours in the time zone %s get a warning: %s', (timeZone, isWarned) => {
  const read = readCatalogue(`${right}    hours: { timeZone: ${timeZone}, from: "08:00", to: "18:00" }\n`);
  const warnings = findingLines('access.yml', read.data ? read.warnings : []).filter((line) =>
    line.includes('timeZone'),
  );
  expect(warnings).toEqual(
    isWarned
      ? [
          `access.yml:18:14 roles.reader.hours.timeZone: "${timeZone}" may ignore daylight saving time; use a place such as America/New_York, or UTC`,
        ]
      : [],
  );
});

test.each([
  [100, []],
  [101, ['access.yml:18:5 roles.reader.networks: must have at most 100 networks']],
])('a role from %i networks', (count, expected) => {
  const networks = Array.from({ length: count }, (_, n) => `10.${n}.0.0/16`).join(', ');
  expect(linesOf(`${right}    networks: [${networks}]\n`)).toEqual(expected);
});

test('a slip inside one entry hides nothing that is wrong between others', () => {
  const text = `${right.replace('lk-0123', 'x').replace('[dev@example.com]\n', '[dev@example.com, group:nobody]\n').replace('roles: [reader]', 'roles: [reader, none]')}  writer:
    account: nowhere
    roleName: latchkey/writer
    description: Write
    requesters: []
    approval: { automatic: true }
    duration: { default: 2h, max: 1h }
`;
  expect(linesOf(text)).toEqual([
    expect.stringContaining('accounts.production.externalId'),
    expect.stringContaining('no group "nobody"'),
    expect.stringContaining('no role "none"'),
    expect.stringContaining('no account "nowhere"'),
    expect.stringContaining('the default is longer than max'),
  ]);
});

describe('access.yml', () => {
  const { data, errors } = readCatalogue(readFileSync(new URL('../../access.yml', import.meta.url), 'utf8'));
  const catalogue = openCatalogue(data!);
  const names = (role: string) =>
    displayNames(
      catalogue,
      catalogue.roles.get(role)!.approval.stages.flatMap(({ approvers }) => approvers),
    );

  test('is right', () => {
    expect(errors).toEqual([]);
  });

  test.each([
    [
      'a developer updates the production application',
      'production-app-write',
      'arn:aws:iam::111111111111:role/latchkey/UpdateProdApp',
    ],
    [
      'a trusted user without standing permissions',
      'cross-account-admin',
      'arn:aws:iam::111111111111:role/latchkey/CrossAccountRole',
    ],
    [
      'a person and a machine read one bucket',
      'production-bucket-read',
      'arn:aws:iam::111111111111:role/latchkey/readonly-asi-production-bucket',
    ],
    [
      'an administrator role in client accounts',
      'northwind-admin',
      'arn:aws:iam::333333333333:role/latchkey/MainAccountAdminRole',
    ],
    [
      'the same in another client account',
      'fabrikam-admin',
      'arn:aws:iam::444444444444:role/latchkey/MainAccountAdminRole',
    ],
    ['two companies', 'trusting-readonly', 'arn:aws:iam::555555555555:role/latchkey/my_cross_account_role'],
  ])('%s: %s', (_name, role, arn) => {
    expect(catalogue.roles.get(role)).toMatchObject({
      arn,
      account: { externalId: expect.stringMatching(/^lk-[0-9a-f]{20,}$/) },
    });
  });

  test('two distinct people approve the administrator, briefly', () => {
    expect(catalogue.roles.get('cross-account-admin')).toMatchObject({
      approval: { stages: [{ need: 2 }] },
      duration: { max: 3600 },
      risk: 'high',
    });
    expect(names('cross-account-admin')).toEqual(['Lena Park', 'Sam Okafor', 'Priya Nair']);
  });

  test('asi-dev and asi-dev-server may request the bucket, sandy of POC the trusting account, whose own side decides', () => {
    const may = (role: string, identity: string) =>
      peopleNamed(catalogue, catalogue.roles.get(role)!.requesters).some(({ identities }) =>
        identities.includes(identity),
      );
    expect(may('production-bucket-read', 'asi-dev@example.com')).toBe(true);
    expect(may('production-bucket-read', 'arn:aws:iam::222222222222:user/asi-dev')).toBe(true);
    expect(may('production-bucket-read', 'arn:aws:iam::222222222222:role/asi-dev-server')).toBe(true);
    expect(may('trusting-readonly', 'sandy@example.com')).toBe(true);
    expect(names('trusting-readonly')).toEqual(['Tara Singh']);
  });

  test('MFA is a rule for the client accounts, each with a colour and an external id of its own', () => {
    for (const role of ['northwind-admin', 'fabrikam-admin'])
      expect(catalogue.roles.get(role)).toMatchObject({ mfa: true, account: { color: expect.any(String) } });
    const ids = Object.values(data!.accounts).map(({ externalId }) => externalId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('look-ups', () => {
  const catalogue = catalogueOf();

  test('a person by every identity, and whoever the catalogue does not know', () => {
    const dev = personOf(catalogue, 'dev@example.com');
    expect(personOf(catalogue, 'arn:aws:iam::222222222222:user/dev')).toBe(dev);
    expect(personOf(catalogue, 'new@example.com')).toEqual({
      key: 'new@example.com',
      name: 'new@example.com',
      email: 'new@example.com',
      identities: ['new@example.com'],
    });
    expect(personOf(catalogue, 'https://issuer.example.com#a@b')).toMatchObject({ email: null });
    expect(personOf(catalogue, 'arn:aws:iam::1:user/a@b.example')).toMatchObject({ email: null, name: 'a@b.example' });
  });

  test('a role’s path is not part of its principal, a user’s is', () => {
    expect(canonicalPrincipal('arn:aws:iam::222222222222:role/a/b/server')).toBe(
      'arn:aws:iam::222222222222:role/server',
    );
    expect(canonicalPrincipal('arn:aws:iam::222222222222:user/a/b/dev')).toBe('arn:aws:iam::222222222222:user/a/b/dev');
  });

  test('nobody is named by an empty list, and a group not by its bare name', () => {
    const who = { identities: ['dev@example.com'], groups: ['developers'] };
    expect([
      names([], who),
      names(['developers'], who),
      names(['group:developers'], who),
      names(['everyone'], who),
    ]).toEqual([false, false, true, true]);
  });

  test('names for people: who is known by name, groups of tokens as they are', () => {
    expect(displayNames(catalogue, ['group:leads', 'group:elsewhere', 'everyone', 'x@example.com'])).toEqual([
      'Lead',
      'Second Lead',
      'x@example.com',
      'group:elsewhere',
      'everyone',
    ]);
  });

  test('the digest of a role follows its whole rule, its account included, and not the order of keys', () => {
    const digest = (file: unknown) => catalogueOf(file).roles.get('read')!.digest;
    const { read } = smallCatalogueFile.roles;
    const withRead = (change: object) => ({
      ...smallCatalogueFile,
      roles: { ...smallCatalogueFile.roles, read: { ...read, ...change } },
    });
    const reordered = Object.fromEntries(Object.entries(read).reverse());
    expect(digest({ ...smallCatalogueFile, roles: { ...smallCatalogueFile.roles, read: reordered } })).toBe(
      digest(smallCatalogueFile),
    );
    const { production } = smallCatalogueFile.accounts;
    const others = [
      withRead({ mfa: true }),
      withRead({ deny: ['x@example.com'] }),
      {
        ...smallCatalogueFile,
        accounts: { ...smallCatalogueFile.accounts, production: { ...production, externalId: 'lk-other' } },
      },
    ];
    expect(new Set([smallCatalogueFile, ...others].map(digest)).size).toBe(4);
  });
});
