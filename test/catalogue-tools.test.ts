// The reviewer's tools: what `npm run catalogue` answers, and that the files it rests on are current.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { answer } from '../scripts/catalogue.ts';
import { catalogueSchema } from '../scripts/catalogue-schema.ts';
import { start } from './support/records.ts';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'catalogue-'));
afterAll(() => rmSync(folder, { recursive: true }));
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
const run = (...args: string[]) => {
  const { lines, exitCode } = answer(args, start);
  return { text: lines.join('\n'), exitCode };
};

describe('check', () => {
  test('says that the catalogue that ships is right, without doubts', () =>
    expect(run('check', shipped, '--strict')).toEqual({ text: `${shipped} is right: 5 accounts, 7 roles, 8 groups, 12 people.`, exitCode: 0 }));

  test('names every fault with line, column and what was meant', () => {
    const file = edited('faults.yml', 'account: production\n    roleName: latchkey/UpdateProdApp', 'account: prodution\n    rolename: latchkey/UpdateProdApp');
    const { text, exitCode } = run('check', file);
    expect(text).toContain(`${file}:70:3 roles.production-app-write: "roleName" is missing`);
    expect(text).toMatch(/:\d+:5 roles\.production-app-write\.rolename: unknown entry "rolename"; did you mean "roleName"\?/);
    expect(exitCode).toBe(1);
  });

  test.each([
    [
      'a group that looks like a known one',
      'requesters: [group:platform]',
      'requesters: [group:platfrom]',
      'no group "platfrom" in groups; did you mean "platform"?',
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
      'there are not enough different people',
    ],
    [
      'high risk without a second person',
      'reason: { minLength: 1 }',
      'reason: { minLength: 1 }\n    risk: high',
      'a role of high risk is approved without anybody being asked',
    ],
  ])('doubts %s, and lets it pass unless told to be strict', (_, from, to, doubt) => {
    const file = edited('doubt.yml', from, to);
    expect(run('check', file).text).toMatch(/^doubt: .*:\d+:\d+ /);
    expect(run('check', file).text).toContain(doubt);
    expect([run('check', file).exitCode, run('check', file, '--strict').exitCode]).toEqual([0, 1]);
  });

  test('a file that is not there', () =>
    expect(run('check', join(folder, 'none.yml'))).toEqual({ text: `There is no file ${join(folder, 'none.yml')}.`, exitCode: 2 }));
});

describe('explain', () => {
  const explain = (...args: string[]) => run('explain', '--catalogue', shipped, ...args);

  test('shows every rule, passed or failed, and the answer that filing would give', () => {
    const { text, exitCode } = explain('--person', 'asi-dev@example.com', '--role', 'production-app-write', '--ticket', 'X', '--reason', 'short');
    expect(text).toMatch(/passed {2}requesters +Named by group:developers\./);
    expect(text).toMatch(/FAILED {2}reason +The reason must have at least 10 characters; this one has 5\./);
    expect(text).toMatch(/FAILED {2}ticket +The ticket must have the form/);
    expect(text).toContain('Refused with refused-by-policy');
    expect(exitCode).toBe(1);
  });

  test('says why a role is not to be seen, which filing does not tell', () => {
    expect(explain('--person', 'contractor@example.com', '--role', 'production-bucket-read', '--group', 'developers').text).toMatch(
      /FAILED {2}deny +Denied by contractor@example\.com\./,
    );
    expect(explain('--person', 'stranger@example.com', '--role', 'production-bucket-read').text).toMatch(/FAILED {2}requesters /);
  });

  test('as JSON', () =>
    expect(JSON.parse(explain('--person', 'main-admin@example.com', '--role', 'northwind-admin', '--mfa', '--json').text)).toMatchObject({
      outcome: 'needs-approval',
      stages: [{ need: 1, approvers: ['Ruth Root', 'Lena Lead'] }],
    }));

  test('a misspelt role, a missing person, a bad flag, a bot without its person', () => {
    expect(explain('--person', 'a@b.example', '--role', 'sandbox-raed').text).toBe('There is no role "sandbox-raed"; did you mean "sandbox-read"?');
    expect(explain('--role', 'sandbox-read')).toEqual({ text: 'Say who: --person MAIL or --person ARN.', exitCode: 2 });
    expect(explain('--person', 'a@b.example', '--role', 'sandbox-read', '--at', 'noon').text).toBe('at must be a time such as 2026-11-23T10:00:00Z');
    expect(explain('--person', 'arn:aws:iam::999999999999:role/chatops-bot', '--role', 'sandbox-read').text).toMatch(/^A bot must say on whose behalf/);
    expect(run('explain', '--persn', 'x')).toMatchObject({ exitCode: 2 });
  });
});

test('who lists requesters, denied people and approvers', () => {
  const { text } = run('who', '--role', 'production-bucket-read', '--catalogue', shipped);
  for (const line of ['request +Asi Dev \\(asi-dev@example\\.com\\)', 'denied +contractor@example\\.com', 'stage 1 +1 of Lena Lead, Sam Second'])
    expect(text).toMatch(new RegExp(line));
  expect(text).not.toMatch(/request.*contractor/);
});

describe('diff', () => {
  const against = (from: string, to: string) => run('diff', shipped, edited('new.yml', from, to)).text;

  test('nothing', () => expect(run('diff', shipped, shipped).text).toBe('Nobody gains or loses anything, and no rule changes.'));
  test('who joins a group gains its roles', () =>
    expect(against('platform: [trusted-user@example.com]', 'platform: [trusted-user@example.com, new@example.com]')).toBe(
      'Gained:\n  + new@example.com may request cross-account-admin, sandbox-read',
    ));
  test('who is denied loses the role', () =>
    expect(against('approval: { automatic: true }', 'deny: [group:platform]\n    approval: { automatic: true }')).toBe(
      'Lost:\n  - trusted-user@example.com may request sandbox-read',
    ));
  test('an approver goes', () =>
    expect(against('leads: [lead@example.com, second-lead@example.com]', 'leads: [lead@example.com]')).toMatch(
      /- second-lead@example\.com may approve production-app-write/,
    ));
  test('an admin comes', () => expect(against('admins: [group:security]', 'admins: [group:security, group:leads]')).toMatch(/\+ lead@example\.com is admin/));
  test('rules get stricter and looser', () => {
    expect(against('duration: { default: 1h, max: 4h }', 'duration: { default: 1h, max: 8h }')).toBe(
      'Rules:\n  ~ production-app-write: duration.max 4 h -> 8 h (looser)',
    );
    expect(against('need: 2', 'need: 1')).toBe('Rules:\n  ~ cross-account-admin: approval.stages.0.need 2 -> 1 (looser)');
    expect(against('mfa: true', 'mfa: false')).toBe('Rules:\n  ~ northwind-admin: mfa true -> false (looser)');
    expect(against('session: { max: 30m }', 'session: { max: 15m }')).toBe('Rules:\n  ~ cross-account-admin: session.max 30 min -> 15 min (stricter)');
  });
  test('as JSON', () =>
    expect(JSON.parse(run('diff', shipped, edited('new.yml', 'POC: [sandy@example.com]', 'POC: [other@example.com]'), '--json').text)).toEqual({
      gained: [{ who: 'other@example.com', may: 'request', roles: ['trusting-readonly'] }],
      lost: [{ who: 'sandy@example.com', may: 'request', roles: ['trusting-readonly'] }],
      rules: [],
    }));
});

describe('test', () => {
  test('the cases that ship hold for the catalogue that ships', () => {
    const { text, exitCode } = run('test', join(root, 'catalogue-tests'));
    expect(text).toMatch(/^15 of 15 cases hold\.$/m);
    expect(exitCode).toBe(0);
  });

  test('a case that does not hold says what is instead', () => {
    const file = edited('other.yml', 'requesters: [group:POC]', 'requesters: []');
    const { text, exitCode } = run('test', join(root, 'catalogue-tests'), '--catalogue', file);
    expect(text).toMatch(/^FAILED {2}the trusting company decides over its own account\n +expected needs-approval, is refused\. requesters: No entry/m);
    expect(text).toMatch(/^14 of 15 cases hold\.$/m);
    expect(exitCode).toBe(1);
  });

  test('a case file with a fault', () => {
    write('bad.yml', 'cases:\n  - name: x\n    given: { person: a@b.example, role: r, colour: red }\n    expect: { outcome: perhaps }\n');
    expect(run('test', folder).text).toMatch(/bad\.yml:3:\d+ cases\.0\.given\.colour: /);
  });
});

test('docs/access.schema.json is what the shape says; `node scripts/catalogue-schema.ts` writes it', () =>
  expect(JSON.parse(readFileSync(join(root, 'docs/access.schema.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(catalogueSchema()))));

test('the schema knows every field, and the catalogue that ships names it', () => {
  const text = JSON.stringify(catalogueSchema());
  for (const field of ['externalId', 'principals', 'requesters', 'fallback', 'signIn', 'timeZone', 'openRequests', 'ssoAccounts'])
    expect(text).toContain(`"${field}":`);
  expect(yaml).toMatch(/^# yaml-language-server: \$schema=docs\/access\.schema\.json$/m);
});
