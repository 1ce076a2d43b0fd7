// What a security team reads in the log: who called from where with what answer, and every change of a request that matters.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { handler as sweepFunction } from '../../functions/sweep.ts';
import { HOUR, MINUTE, SECOND, toInstant } from '../../lib/common/time.ts';
import { SecurityEvent, securityEventNames } from '../../lib/request/security-event.ts';
import { logDocument, securityEventSchema } from '../../scripts/log-docs.ts';
import { call, filed, granted, linkTo, playStream } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const lead = 'lead@example.com';
const admin = 'admin@example.com';
const calls = (app: FakeApp) => app.lines.filter(({ code }) => code === 'call-answered').map(({ fields }) => fields);
const events = (app: FakeApp) =>
  app.lines.filter(({ code }) => code === 'security-event').map(({ fields }) => fields as Partial<SecurityEvent>);
const sweep = (app: FakeApp) => sweepFunction.with(app)({}, {} as never);
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('every call', () => {
  const ip = '203.0.113.7';

  test('has route, person, address, request and id', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    const answer = await call(app, 'readRequest', { as: dev, id });
    expect(calls(app).at(-1)).toEqual({
      route: 'GET /v1/requests/{id}',
      status: 200,
      call: answer.headers['x-request-id'],
      ip: expect.stringMatching(/^\d+\./),
      person: dev,
      via: 'oidc',
      request: id,
    });
  });

  test('that is refused has the code of the refusal, who was refused and on which request', async () => {
    const app = fakeApp();
    const { id } = await filed(app, {}, { as: lead });
    await call(app, 'decideRequest', { as: lead, id, body: { decision: 'approve' } });
    expect(calls(app).at(-1)).toMatchObject({ status: 403, problem: 'own-request', person: lead, request: id });
    await call(app, 'issueCredentials', { as: 'stranger@example.com', id });
    expect(calls(app).at(-1)).toMatchObject({
      problem: 'request-not-found',
      person: 'stranger@example.com',
      request: id,
    });
    await call(app, 'createRequest', { as: dev, body: { role: 'nothing', reason: 'Long enough reason' } });
    expect(calls(app).at(-1)).toMatchObject({ problem: 'role-not-found', person: dev });
    await call(app, 'createRequest', { as: dev, body: { role: 'read', extra: 1 } });
    expect(calls(app).at(-1)).toMatchObject({ problem: 'invalid-request', person: dev });
  });

  test('of somebody who proved nothing has the address, and of a signature the person behind it', async () => {
    const app = fakeApp();
    const from = {
      event: (event: { requestContext: { http: object } }) =>
        Object.assign(event.requestContext.http, { sourceIp: ip }),
    };
    await call(app, 'me', { as: 'nobody', ...from });
    expect(calls(app).at(-1)).toMatchObject({ problem: 'unauthenticated', ip });
    expect(calls(app).at(-1)).not.toHaveProperty('person');
    await call(app, 'me', { as: 'arn:aws:iam::222222222222:user/dev' });
    expect(calls(app).at(-1)).toMatchObject({ status: 200, person: dev, via: 'iam' });
    await call(app, 'unknown');
    expect(calls(app).at(-1)).toMatchObject({ problem: 'method-not-allowed', ip: expect.any(String) });
  });

  test('a call by a genuine link has the recipient of the link', async () => {
    const app = fakeApp();
    const { id } = await filed(app);
    await playStream(app);
    const token = linkTo(app, lead);
    await call(app, 'showDecision', { id: token });
    expect(calls(app).at(-1)).toMatchObject({ person: lead, via: 'link', request: id });
    await call(app, 'decideByLink', { id: token, body: Buffer.from('decision=withdraw') });
    expect(calls(app).at(-1)).toMatchObject({ problem: 'invalid-request', person: lead, request: id });
    const forged = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    await call(app, 'showDecision', { id: forged });
    expect(calls(app).at(-1)).toMatchObject({ problem: 'link-not-found' });
    expect(calls(app).at(-1)).not.toHaveProperty('person');
    expect(JSON.stringify(app.lines)).not.toContain(token.slice(-20));
  });
});

describe('security events', () => {
  test('tell a life once, with who, how, from where and by which call', async () => {
    const app = fakeApp();
    const { id } = await granted(app);
    await call(app, 'issueCredentials', { as: dev, id });
    await call(app, 'endRequest', { as: admin, id, body: { comment: 'seen enough' } });
    const { sessions, grant } = app.store.requests.get(id)!;
    const common = {
      request: id,
      role: 'read',
      account: '111111111111',
      requester: dev,
      call: expect.any(String),
      ip: expect.any(String),
    };
    const endsAt = toInstant(grant!.endsAt);
    expect(events(app)).toEqual([
      { ...common, event: 'filed', seq: 1, actor: dev, via: 'oidc' },
      { ...common, event: 'approved', seq: 2, actor: lead, via: 'oidc', endsAt },
      { ...common, event: 'vended', seq: 3, actor: dev, via: 'oidc', endsAt, sessionName: sessions[0]!.sessionName },
      { ...common, event: 'revoked', seq: 4, actor: admin, via: 'oidc', endsAt },
    ]);
  });

  test('tell break-glass as such, its review, what the clock does and a changed catalogue', async () => {
    const breakGlass = { requesters: [dev], maxDuration: '1h', reviewers: [lead], reviewWithin: '1h' };
    const { read: rule } = smallCatalogueFile.roles;
    const file = { ...smallCatalogueFile, roles: { ...smallCatalogueFile.roles, read: { ...rule, breakGlass } } };
    const app = fakeApp({ catalogue: catalogueOf(file) });
    await sweep(app);
    const body = { role: 'read', reason: 'The shop is down and burning', breakGlass: true, duration: '30m' };
    const { id } = await filed(app, body);
    app.now += 3 * HOUR;
    await sweep(app);
    const claims = { exp: app.now / SECOND + 600 };
    await call(app, 'reviewRequest', { as: lead, claims, id, body: { comment: 'Right to do so' } });
    await filed(
      app,
      { role: 'read', reason: 'Look at the failing nightly export' },
      { as: dev, claims, headers: { 'idempotency-key': 'b' } },
    );
    app.now += 9 * HOUR;
    await sweep(app);
    app.catalogue = catalogueOf({ ...file, admins: [dev] });
    app.now += MINUTE;
    await sweep(app);
    expect(events(app).map(({ event, actor }) => [event, actor])).toEqual([
      ['break-glass', dev],
      ['approved', 'latchkey'],
      ['ended', 'latchkey'],
      ['reviewed', lead],
      ['filed', dev],
      ['lapsed', 'latchkey'],
      ['catalogue-changed', 'latchkey'],
    ]);
  });

  test('miss nothing that is in a history, fit their schema, and hold no word that somebody typed', async () => {
    const app = fakeApp();
    const typed = ['canary reason of the requester', 'canary comment of the approver', 'canary comment of the admin'];
    const { id } = await filed(app, { reason: typed[0] });
    await playStream(app);
    await call(app, 'decideByLink', {
      id: linkTo(app, lead),
      body: Buffer.from(`decision=approve&comment=${typed[1]}`),
    });
    await call(app, 'issueConsole', { as: dev, id });
    await call(app, 'endRequest', { as: admin, id, body: { comment: typed[2] } });
    const untold = ['mail-checked', 'reminded', 'ticket-checked', 'ticket-unchecked'];
    const histories = [...app.store.requests.values()].flatMap((request) =>
      request.history.filter(({ type }) => !untold.includes(type)).map(({ seq }) => [request.id, seq]),
    );
    expect(events(app).map(({ request, seq }) => [request, seq])).toEqual(histories);
    for (const event of events(app))
      v.parse(v.strictObject(SecurityEvent.entries), { time: toInstant(app.now), code: 'security-event', ...event });
    expect(JSON.stringify(app.lines)).not.toContain('canary');
  });

  test('are not told of writes that did not happen', async () => {
    const app = fakeApp();
    const key = { as: dev, headers: { 'idempotency-key': 'one' } };
    const { id } = await filed(app, {}, key);
    const replace = app.store.replace;
    app.store.replace = async () => false;
    expect(await call(app, 'endRequest', { as: dev, id })).toMatchObject({ status: 503 });
    app.store.replace = replace;
    const body = { role: 'read', reason: 'Look at the failing nightly export' };
    const again = await call(app, 'createRequest', { ...key, body });
    expect([again.status, again.headers['idempotent-replayed']]).toEqual([200, 'true']);
    expect(events(app).map(({ event }) => event)).toEqual(['filed']);
  });
});

describe('the documents', () => {
  test('are made from the shape', () => {
    expect(JSON.parse(read('docs/security-event.schema.json'))).toEqual(
      JSON.parse(JSON.stringify(securityEventSchema())),
    );
    expect(read('docs/log.md')).toBe(logDocument());
    for (const name of securityEventNames) expect(read('docs/log.md')).toContain(`\`${name}\``);
  });

  test('name every code of a line', () => {
    const [union = ''] = /export type LogCode =[^;]+;/.exec(read('lib/app.ts')) ?? [];
    const codes = [...union.matchAll(/'([a-z-]+)'/g)].map(([, code]) => code!);
    expect(codes.length).toBeGreaterThan(15);
    for (const code of codes) expect(read('docs/log.md')).toContain(`\`${code}\``);
  });
});
