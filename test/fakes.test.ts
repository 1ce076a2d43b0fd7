// The fakes are what most tests stand on: they must count round trips, stop where they are told and refuse what AWS refuses.
import { describe, expect, test } from '@jest/globals';
import { HOUR } from '../lib/common/time.ts';
import type { AssumeRoleInput } from '../lib/session/session.ts';
import { fakeApp } from './support/fake-app.ts';
import { Crash, crashAt, faultAt, interleaved } from './support/gates.ts';
import { record, requestId, start } from './support/records.ts';

const input: AssumeRoleInput = {
  RoleArn: 'arn:aws:iam::111111111111:role/latchkey/read',
  RoleSessionName: 'lk-abc-dev@example.com',
  DurationSeconds: 3600,
  ExternalId: 'lk-9f2c6c1e4b7a4d5f8a3e',
  SourceIdentity: 'dev@example.com',
  Policy: '{"Version":"2012-10-17","Statement":[]}',
  Tags: [{ Key: 'latchkey-request', Value: requestId(1) }],
};

describe('steps', () => {
  test('what begins together is one hop, what waits for it is the next', async () => {
    const app = fakeApp();
    await Promise.all([app.store.create(record(), []), app.sts.assumeRole(input)]);
    await app.store.get(requestId(1));
    expect(app.steps).toEqual([
      { name: 'store.create', n: 1, hop: 1 },
      { name: 'sts.assumeRole', n: 2, hop: 1 },
      { name: 'store.get', n: 3, hop: 2 },
    ]);
    expect(app.hops()).toBe(2);
    app.forget();
    expect([app.hops(), app.steps]).toEqual([0, []]);
  });

  test('a part put in place of a fake passes the gate as well', async () => {
    const app = fakeApp({ mail: { send: async () => {} } });
    await app.mail.send({ to: 'lead@example.com', subject: 's', text: 't', html: 'h' });
    expect(app.steps).toMatchObject([{ name: 'mail.send' }]);
  });
});

describe('gates', () => {
  test.each(['before', 'after'] as const)('a failure %s an I/O', async (when) => {
    const app = fakeApp({ gate: faultAt(1, when, new Error('lost')) });
    await expect(app.store.create(record(), [])).rejects.toThrow('lost');
    expect(app.store.requests.size).toBe(when === 'after' ? 1 : 0);
    await expect(app.store.get(requestId(1))).resolves.toEqual(when === 'after' ? record() : undefined);
  });

  test('after a crash nothing works until the next gate', async () => {
    const app = fakeApp({ gate: crashAt(1, 'after') });
    await expect(app.store.create(record(), [])).rejects.toThrow(Crash);
    await expect(app.store.get(requestId(1))).rejects.toThrow(Crash);
    app.gate = () => {};
    expect(await app.store.get(requestId(1))).toEqual(record());
  });

  test('a seed orders the calls, the same one in the same way', async () => {
    const winnerOf = async (seed: number) => {
      const app = fakeApp({ gate: interleaved(seed) });
      await Promise.all(['a', 'b', 'c'].map((reason) => app.store.create(record({ reason }), [])));
      return app.store.requests.get(requestId(1))!.reason;
    };
    const winners = await Promise.all(Array.from({ length: 20 }, (_, seed) => winnerOf(seed)));
    expect(new Set(winners)).toEqual(new Set(['a', 'b', 'c']));
    expect(await Promise.all(Array.from({ length: 20 }, (_, seed) => winnerOf(seed)))).toEqual(winners);
  });
});

describe('services', () => {
  test('STS hands out sessions that end in time and that sign-in knows', async () => {
    const app = fakeApp({ now: start + 999 });
    const credentials = await app.sts.assumeRole(input);
    expect(credentials.expiresAt).toBe(start + HOUR);
    expect(app.sts.assumed).toEqual([input]);
    const token = await app.signIn.token('aws', credentials);
    expect(app.signIn.tokens).toEqual([token]);
    await expect(app.signIn.token('aws', { ...credentials, sessionToken: 'forged' })).rejects.toMatchObject({
      code: 'aws-refused',
    });
    await expect(app.signIn.token('aws-moon', credentials)).rejects.toMatchObject({ code: 'aws-refused' });
    app.now = credentials.expiresAt;
    await expect(app.signIn.token('aws', credentials)).rejects.toMatchObject({ code: 'aws-refused' });
  });

  test.each<[string, Partial<AssumeRoleInput>]>([
    ['a session under 900 s', { DurationSeconds: 899 }],
    ['more than the hour of role chaining', { DurationSeconds: 3601 }],
    ['half a second', { DurationSeconds: 900.5 }],
    ['a session name with a space', { RoleSessionName: 'lk dev' }],
    ['a session name of 65 characters', { RoleSessionName: 'x'.repeat(65) }],
    ['a source identity with a slash', { SourceIdentity: 'user/dev' }],
    ['no external id', { ExternalId: '' }],
    ['a policy over 2048 characters', { Policy: `{"Version":"2012-10-17","Statement":[${' '.repeat(2048)}]}` }],
    ['a policy that is no JSON', { Policy: '{' }],
    ['a tag value with a bracket', { Tags: [{ Key: 'latchkey-request', Value: '<b>' }] }],
    ['the same tag key in another case', { Tags: ['a', 'A'].map((Key) => ({ Key, Value: '' })) }],
  ])('STS refuses %s', async (_, change) => {
    const app = fakeApp();
    await expect(app.sts.assumeRole({ ...input, ...change })).rejects.toMatchObject({ code: 'aws-refused' });
    expect(app.sts.issued).toEqual([]);
  });

  test('the fake email service remembers what it sent and rejects the addresses that it was told to reject', async () => {
    const app = fakeApp();
    const mail = { to: 'lead@example.com', subject: 's', text: 't', html: 'h' };
    await app.mail.send(mail);
    app.mail.refused.add(mail.to);
    await expect(app.mail.send(mail)).rejects.toMatchObject({ name: 'DeliveryRefused' });
    expect(app.mail.outbox).toEqual([mail]);
  });

  test('what is stored cannot be changed from outside', async () => {
    const app = fakeApp();
    await app.store.create(record(), []);
    const stored = (await app.store.get(requestId(1)))!;
    expect(() => stored.history.pop()).toThrow(TypeError);
  });
});
