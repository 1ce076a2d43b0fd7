// What `npm run catalogue -- diff` says of each kind of change, in words and as JSON, and what `who` says of break-glass.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Answer } from '../../admin/answer.ts';
import type { Change, RuleChange } from '../../admin/catalogue/changes.ts';
import { diff } from '../../admin/catalogue/diff.ts';
import { who } from '../../admin/catalogue/who.ts';

const folder = mkdtempSync(join(tmpdir(), 'catalogue-diff-'));
afterAll(() => rmSync(folder, { recursive: true }));

const read = {
  account: 'production',
  roleName: 'latchkey/Read',
  description: 'Read',
  requesters: ['group:developers'],
  approval: { stages: [{ approvers: ['group:leads'] }], decideWithin: '8h' },
  duration: { default: '1h', max: '8h' },
};
const base = {
  version: 1,
  accounts: {
    production: {
      id: '111111111111',
      name: 'Production',
      externalId: 'lk-9f2c6c1e4b7a4d5f8a3e',
      owner: ['owner@example.com'],
      tags: { env: 'production' },
    },
    sandbox: { id: '333333333333', name: 'Sandbox', externalId: 'lk-1b2c3d4e5f60718293a4' },
  },
  people: [{ email: 'lead@example.com', name: 'Lead' }],
  groups: {
    developers: ['dev@example.com', 'group:interns'],
    interns: ['intern@example.com'],
    leads: ['lead@example.com', 'second@example.com'],
  },
  tokenGroups: {
    contractors: ['idp-contractors'],
    audit: ['idp-audit'],
    suspended: ['idp-out'],
    'on-call': ['idp-on-call'],
  },
  roles: { read },
};
type Tree = { [key: string]: unknown };
const glass = { requesters: ['dev@example.com'], maxDuration: '30m', reviewers: ['security@example.com'] };

/** The file with parts in the place of others; a role's parts join the role's. */
const changed = ({ role, ...rest }: Tree & { role?: Tree }): Tree => ({
  ...base,
  ...rest,
  ...(role && { roles: { read: { ...read, ...role } } }),
});
let files = 0;
function file(content: Tree): string {
  files += 1;
  const name = join(folder, `${files}.yml`);
  writeFileSync(name, JSON.stringify(content));
  return name;
}
const words = ({ lines }: Answer): string => lines.join('\n');
type Diff = { gained: Change[]; lost: Change[]; rules: RuleChange[] };
/** In words and as JSON, there and back again. */
function diffs(before: Tree, after: Tree): { there: string; back: string; json: Diff } {
  const [old, renewed] = [file(before), file(after)];
  return {
    there: words(diff(old, renewed, false)),
    back: words(diff(renewed, old, false)),
    json: JSON.parse(words(diff(old, renewed, true))) as Diff,
  };
}

describe('rights: gained and lost are symmetric when the diff is reversed', () => {
  const request = (who: string): Change => ({ who, may: 'request', roles: ['read'] });
  const cases: Array<[string, Tree, string[], Change[]]> = [
    [
      'a requester by name',
      { role: { requesters: ['group:developers', 'new@example.com'] } },
      ['new@example.com may request read'],
      [request('new@example.com')],
    ],
    [
      'a member of a group',
      { groups: { ...base.groups, developers: [...base.groups.developers, 'new@example.com'] } },
      ['new@example.com may request read'],
      [request('new@example.com')],
    ],
    [
      'a member of a group inside a group',
      { groups: { ...base.groups, interns: ['intern@example.com', 'new@example.com'] } },
      ['new@example.com may request read'],
      [request('new@example.com')],
    ],
    [
      'a group that only tokens carry',
      { role: { requesters: ['group:developers', 'group:contractors'] } },
      ['group:contractors may request read'],
      [request('group:contractors')],
    ],
    [
      'everyone',
      { role: { requesters: ['group:developers', 'everyone'] } },
      ['everyone may request read'],
      [request('everyone')],
    ],
    [
      'an approver by group',
      { groups: { ...base.groups, leads: [...base.groups.leads, 'third@example.com'] } },
      ['third@example.com may approve read'],
      [{ who: 'third@example.com', may: 'approve', roles: ['read'] }],
    ],
    [
      'an admin',
      { admins: ['chief@example.com'] },
      ['chief@example.com is admin: may end anything and see everything'],
      [{ who: 'chief@example.com', may: 'administer' }],
    ],
    [
      'an auditor',
      { auditors: ['group:audit'] },
      ['group:audit is auditor: may see everything'],
      [{ who: 'group:audit', may: 'audit' }],
    ],
  ];
  test.each(cases)('%s', (_name, change, lines, gained) => {
    const { there, back, json } = diffs(base, changed(change));
    const rules = there.split('\n').filter((line) => line.startsWith('  ~'));
    expect(there.split('\n').filter((line) => line.startsWith('  +'))).toEqual(lines.map((line) => `  + ${line}`));
    expect(back.split('\n').filter((line) => line.startsWith('  -'))).toEqual(lines.map((line) => `  - ${line}`));
    expect([there.split('\n')[0], back.split('\n')[0]]).toEqual(['Gained:', 'Lost:']);
    expect([json.gained, json.lost, json.rules]).toEqual([gained, [], []]);
    expect(rules).toEqual([]);
  });

  test('a deny takes from whom it names, by name and through a group; and is told of people whom only a token would make requesters', () => {
    const lost = diffs(base, changed({ role: { deny: ['intern@example.com'] } }));
    expect(lost.there).toBe('Lost:\n  - intern@example.com may request read');
    expect(lost.back).toBe('Gained:\n  + intern@example.com may request read');
    const byGroup = diffs(base, changed({ role: { deny: ['group:interns'] } }));
    expect(byGroup.there).toBe('Lost:\n  - intern@example.com may request read');
    const byToken = diffs(base, changed({ role: { deny: ['group:suspended'] } }));
    expect(byToken.there).toBe('Lost:\n  - group:suspended is denied read');
    expect(byToken.back).toBe('Gained:\n  + group:suspended is no longer denied read');
    expect(byToken.json).toEqual({
      gained: [],
      lost: [{ who: 'group:suspended', may: 'denied', roles: ['read'] }],
      rules: [],
    });
    // a token may make requesters of those who leave a group that is denied
    const suspended = (members: string[]) =>
      changed({ groups: { ...base.groups, suspended: members }, role: { deny: ['group:suspended'] } });
    const freed = diffs(suspended(['bad@example.com', 'intern@example.com']), suspended([]));
    expect(freed.there).toBe(
      'Gained:\n  + intern@example.com may request read\n  + bad@example.com is no longer denied read',
    );
  });

  test('break-glass: who may, who reviews, for how long; a deny takes it, too', () => {
    const { there, back, json } = diffs(base, changed({ role: { breakGlass: glass } }));
    expect(there).toBe(
      [
        'Gained:',
        '  + dev@example.com may use break-glass for read',
        '  + security@example.com may review break-glass of read',
        'Rules:',
        '  ~ read: breakGlass.maxDuration none -> 30 min (looser)',
        '  ~ read: breakGlass.reason.minLength none -> 20',
        '  ~ read: breakGlass.reviewWithin none -> 3 d',
        '  ~ read: breakGlass.unsigned none -> 1',
      ].join('\n'),
    );
    expect(back).toContain(
      'Lost:\n  - dev@example.com may use break-glass for read\n  - security@example.com may review break-glass of read\n',
    );
    expect(back).toContain('~ read: breakGlass.maxDuration 30 min -> none (stricter)');
    expect(json.gained).toEqual([
      { who: 'dev@example.com', may: 'break-glass', roles: ['read'] },
      { who: 'security@example.com', may: 'review', roles: ['read'] },
    ]);
    const denied = diffs(
      changed({ role: { breakGlass: glass } }),
      changed({ role: { breakGlass: glass, deny: ['dev@example.com'] } }),
    );
    expect(denied.there).toBe(
      'Lost:\n  - dev@example.com may request read\n  - dev@example.com may use break-glass for read',
    );
    const owner = diffs(
      changed({ role: { breakGlass: glass } }),
      changed({ role: { breakGlass: { ...glass, reviewers: ['owner'] } } }),
    );
    expect(owner.there).toBe(
      'Gained:\n  + owner@example.com may review break-glass of read\nLost:\n  - security@example.com may review break-glass of read',
    );
  });

  test('a role that comes or goes, with the rights on it', () => {
    const two = {
      ...base,
      roles: {
        read,
        write: { ...read, roleName: 'latchkey/Write', requesters: ['dev@example.com'], approval: { automatic: true } },
      },
    };
    const { there, back, json } = diffs(base, two);
    expect(there).toBe(
      'Gained:\n  + dev@example.com may request write\nRules:\n  ~ write: role none -> arn:aws:iam::111111111111:role/latchkey/Write',
    );
    expect(back).toBe(
      'Lost:\n  - dev@example.com may request write\nRules:\n  ~ write: role arn:aws:iam::111111111111:role/latchkey/Write -> none',
    );
    expect(json.rules).toEqual([
      { role: 'write', rule: 'role', before: 'none', after: 'arn:aws:iam::111111111111:role/latchkey/Write' },
    ]);
  });

  test('a bot, for whom and for which roles, who it is and how often', () => {
    const bot = { principal: 'arn:aws:iam::999999999999:role/bot', for: ['group:developers'], roles: ['read'] };
    const { there, json } = diffs(base, changed({ bots: { chat: bot } }));
    expect(there).toContain(
      '  + chat for dev@example.com is a bot that may file read\n  + chat for intern@example.com is a bot that may file read\n',
    );
    expect(json.gained).toContainEqual({ who: 'chat for dev@example.com', may: 'file', roles: ['read'] });
    expect(there).toContain(
      '  ~ bots.chat.principal none -> arn:aws:iam::999999999999:role/bot\n  ~ bots.chat.requestsPerHour none -> 60',
    );
    const faster = diffs(
      changed({ bots: { chat: bot } }),
      changed({ bots: { chat: { ...bot, requestsPerHour: 90 } } }),
    );
    expect(faster.there).toBe('Rules:\n  ~ bots.chat.requestsPerHour 60 -> 90 (looser)');
  });
});

describe('rules: stricter one way, looser the other', () => {
  const approval = (change: object) => ({ role: { approval: { ...read.approval, ...change } } });
  const hours = { timeZone: 'Europe/Berlin', days: ['mon', 'fri'], from: '08:00', to: '18:00' };
  type Row = [name: string, change: Tree, rule: string, before: string, after: string, is?: 'stricter' | 'looser'];
  const rows: Row[] = [
    [
      'the usual duration',
      { role: { duration: { default: '30m', max: '8h' } } },
      'duration.default',
      '1 h',
      '30 min',
      'stricter',
    ],
    [
      'the longest duration',
      { role: { duration: { default: '1h', max: '9h' } } },
      'duration.max',
      '8 h',
      '9 h',
      'looser',
    ],
    ['the session', { role: { session: { max: '15m' } } }, 'session.max', '1 h', '15 min', 'stricter'],
    [
      "the role's own maximum in IAM",
      { role: { maxSessionDuration: '2h' } },
      'maxSessionDuration',
      '1 h',
      '2 h',
      'looser',
    ],
    ['the reason', { role: { reason: { minLength: 20 } } }, 'reason.minLength', '1', '20', 'stricter'],
    ['a ticket', { role: { ticket: { pattern: '^OPS-[0-9]+$' } } }, 'ticket', 'none', '^OPS-[0-9]+$', 'stricter'],
    ['a second factor', { role: { mfa: true } }, 'mfa', 'false', 'true', 'stricter'],
    ['the age of the sign-in', { role: { signIn: { within: '15m' } } }, 'signIn', 'none', '15 min', 'stricter'],
    ['hours', { role: { hours } }, 'hours', 'none', 'mon, fri 08:00-18:00 Europe/Berlin'],
    [
      'networks',
      { role: { networks: ['10.0.0.0/8', '192.0.2.0/24'] } },
      'networks',
      'none',
      '10.0.0.0/8, 192.0.2.0/24',
    ],
    [
      'where sessions are used from',
      { role: { sourceNetworks: ['10.0.0.0/8'] } },
      'sourceNetworks',
      'none',
      '10.0.0.0/8',
    ],
    ['risk', { role: { risk: 'high' } }, 'risk', 'low', 'high'],
    ['how far ahead', { role: { schedule: { within: '1d' } } }, 'schedule.within', '7 d', '1 d', 'stricter'],
    [
      'the IAM role behind it',
      { role: { roleName: 'latchkey/Other' } },
      'arn',
      'arn:aws:iam::111111111111:role/latchkey/Read',
      'arn:aws:iam::111111111111:role/latchkey/Other',
    ],
    ['its description', { role: { description: 'Read all' } }, 'description', 'Read', 'Read all'],
    [
      'what it may do',
      { role: { permissions: { managed: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] } } },
      'permissions',
      'none',
      '{"managed":["arn:aws:iam::aws:policy/ReadOnlyAccess"],"statements":[]}',
    ],
    [
      'session policies',
      { role: { sessionPolicies: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] } },
      'sessionPolicies',
      'none',
      'arn:aws:iam::aws:policy/ReadOnlyAccess',
    ],
    [
      'how many approve',
      approval({ stages: [{ approvers: ['group:leads'], need: 2 }] }),
      'approval.stages.0.need',
      '1',
      '2',
      'stricter',
    ],
    [
      'how long there is to decide',
      approval({ decideWithin: '2h' }),
      'approval.decideWithin',
      '8 h',
      '2 h',
      'stricter',
    ],
    [
      'automatic on conditions',
      approval({ automatic: { when: { maxDuration: '1h' } } }),
      'approval.automatic.when',
      'none',
      'for at most 1 h',
    ],
    [
      'reminders',
      approval({ remind: { after: '1h' } }),
      'approval.remind',
      'none',
      '{"after":3600,"backOff":1,"most":3}',
    ],
    ['open requests', { limits: { openRequests: 5 } }, 'limits.openRequests', '20', '5', 'stricter'],
    ['requests in an hour', { limits: { requestsPerHour: 10 } }, 'limits.requestsPerHour', '20', '10', 'stricter'],
    ['open requests of a role', { role: { limits: { open: 3 } } }, 'limits.open', 'none', '3', 'stricter'],
    ['leavers', { leavers: 'keep' }, 'leavers', 'revoke', 'keep', 'looser'],
    ['the time zone', { timeZone: 'Europe/Berlin' }, 'timeZone', 'none', 'Europe/Berlin'],
    ['accounts of permission sets', { ssoAccounts: ['222222222222'] }, 'ssoAccounts', 'none', '222222222222'],
    [
      'an external id',
      { accounts: { ...base.accounts, production: { ...base.accounts.production, externalId: 'lk-other' } } },
      'externalId',
      'lk-9f2c6c1e4b7a4d5f8a3e',
      'lk-other',
    ],
    [
      'a revoker',
      { accounts: { ...base.accounts, production: { ...base.accounts.production, revoker: false } } },
      'account.revoker',
      'true',
      'false',
    ],
  ];
  const inWhole = ['limits.openRequests', 'limits.requestsPerHour', 'leavers', 'timeZone', 'ssoAccounts'];
  test.each(rows.map(([name, ...row]) => ({ name, row })))('$name', ({ row: [change, rule, before, after, is] }) => {
    const { there, back, json } = diffs(base, changed(change));
    const opposite = is && (is === 'stricter' ? 'looser' : 'stricter');
    const where = inWhole.includes(rule) ? '' : 'read: ';
    expect(there).toBe(`Rules:\n  ~ ${where}${rule} ${before} -> ${after}${is ? ` (${is})` : ''}`);
    expect(back).toBe(`Rules:\n  ~ ${where}${rule} ${after} -> ${before}${opposite ? ` (${opposite})` : ''}`);
    expect(json).toEqual({
      gained: [],
      lost: [],
      rules: [{ ...(where && { role: 'read' }), rule, before, after, ...(is && { is }) }],
    });
  });

  test('automatic for all, in the place of stages', () => {
    const { there } = diffs(base, changed({ role: { approval: { automatic: true, decideWithin: '8h' } } }));
    expect(there).toContain('Lost:\n  - lead@example.com may approve read\n  - second@example.com may approve read\n');
    expect(there).toContain('  ~ read: approval.automatic false -> true (looser)\n');
    expect(there).toContain('  ~ read: approval.stages 1 -> 0 (looser)\n');
  });

  test('a further stage, an escalation, and approvers who change places', () => {
    const stages = [
      { approvers: ['group:leads'] },
      { approvers: ['security@example.com'], fallback: ['chief@example.com'] },
    ];
    const { there } = diffs(base, changed(approval({ stages, escalate: { after: '1h', to: ['owner'] } })));
    expect(there).toContain(
      '+ security@example.com may approve read\n  + chief@example.com may approve read\n  + owner@example.com may approve read\n',
    );
    expect(there).toContain('  ~ read: approval.stages 1 -> 2 (stricter)\n');
    expect(there).toContain(
      '  ~ read: approval.escalate.after none -> 1 h\n  ~ read: approval.escalate.to none -> owner@example.com\n',
    );
    expect(there).toContain(
      '  ~ read: approval.stages.1.approvers none -> security@example.com\n  ~ read: approval.stages.1.fallback none -> chief@example.com',
    );
    const swapped = diffs(
      changed(approval({ stages: [{ approvers: ['a@example.com'] }, { approvers: ['b@example.com'] }] })),
      changed(approval({ stages: [{ approvers: ['b@example.com'] }, { approvers: ['a@example.com'] }] })),
    );
    expect(swapped.there).toBe(
      'Rules:\n  ~ read: approval.stages.0.approvers a@example.com -> b@example.com\n  ~ read: approval.stages.1.approvers b@example.com -> a@example.com',
    );
  });

  test('a group for which nobody is asked', () => {
    const fast = (members: string[]) =>
      changed({
        groups: { ...base.groups, fast: members },
        role: { approval: { ...read.approval, automatic: { when: { groups: ['fast'] } } } },
      });
    const { there, back } = diffs(fast([]), fast(['dev@example.com']));
    expect(there).toBe('Gained:\n  + dev@example.com is in a group with automatic approval for read');
    expect(back).toBe('Lost:\n  - dev@example.com is in a group with automatic approval for read');
  });

  test('an identity that is given to somebody, and a name by which approvers know them', () => {
    const person = (more: object) => ({ people: [...base.people, { email: 'dev@example.com', name: 'Dev', ...more }] });
    const key = 'arn:aws:iam::222222222222:user/other';
    const { there, back, json } = diffs(
      changed(person({})),
      changed(person({ principals: [key], chat: { slack: 'U1' } })),
    );
    expect(there).toBe(`Gained:\n  + ${key} counts as dev@example.com\n  + slack:U1 counts as dev@example.com`);
    expect(back).toBe(there.replace('Gained', 'Lost').replaceAll('+', '-'));
    expect(json.gained[0]).toEqual({ who: key, may: 'be', person: 'dev@example.com' });
    const moved = diffs(
      changed({ people: [{ email: 'dev@example.com', name: 'Dev', principals: [key] }] }),
      changed({ people: [{ email: 'intern@example.com', name: 'Dev', principals: [key] }] }),
    );
    expect(moved.there).toContain(
      `Gained:\n  + ${key} counts as intern@example.com\nLost:\n  - ${key} counts as dev@example.com`,
    );
    expect(diffs(changed(person({})), changed(person({ name: 'Lead' }))).there).toBe(
      'Rules:\n  ~ people.dev@example.com.name Dev -> Lead',
    );
  });

  test('what approvers read of an account, and by what it is selected; requests in an hour', () => {
    const production = {
      ...base.accounts.production,
      name: 'Sandbox',
      color: '#15803d',
      path: '/Sandbox',
      tags: { env: 'sandbox', team: 'a' },
    };
    expect(
      diffs(base, changed({ accounts: { ...base.accounts, production }, limits: { requestsPerHour: 5 } })).there,
    ).toBe(
      [
        'Rules:',
        '  ~ limits.requestsPerHour 20 -> 5 (stricter)',
        '  ~ accounts.production: name Production -> Sandbox',
        '  ~ accounts.production: color none -> #15803d',
        '  ~ accounts.production: tags env=production -> env=sandbox, team=a',
        '  ~ accounts.production: path none -> /Sandbox',
      ].join('\n'),
    );
  });

  test('many roles of a template are named by the first of them', () => {
    const accounts = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [
        `a${i}`,
        { id: String(100000000000 + i), name: `A${i}`, externalId: `lk-${i}0` },
      ]),
    );
    const { account: _, ...template } = read;
    const all = (requesters: string[]) => ({
      ...base,
      accounts,
      roles: { read: { ...template, accounts: ['*'], requesters } },
    });
    expect(diffs(all([]), all(['new@example.com'])).there).toBe(
      'Gained:\n  + new@example.com may request read@a0, read@a1, read@a2, read@a3, read@a4 and 4 more',
    );
  });
});

describe('who', () => {
  const lines = (role: Tree) => who(file(changed({ role })), 'read').lines;

  test('has a line for break-glass and one for its review', () => {
    const shown = lines({
      breakGlass: {
        ...glass,
        requesters: ['lead@example.com', 'dev@example.com', 'group:on-call'],
        reviewers: ['owner', 'everyone'],
        reviewWithin: '2d',
      },
    });
    expect(shown).toContain(
      '  glass       Lead (lead@example.com), dev@example.com, group:on-call, for at most 30 min',
    );
    expect(shown).toContain('  review      owner@example.com, everyone, within 2 d');
  });

  test('without those whom the role denies, and none for a role without break-glass', () => {
    expect(lines({ deny: ['dev@example.com'], breakGlass: glass })).toContain(
      '  glass       nobody, for at most 30 min',
    );
    expect(lines({}).filter((line) => /glass|review/.test(line))).toEqual([]);
  });
});
