// The link in the email about a grant: opening changes nothing, one press revokes, and it does nothing else.
import { describe, expect, test } from '@jest/globals';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { type Answer, approvedBy, call, filed, linkTo, playStream } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { attribute, byTag, parsed, words } from '../support/markup.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const lead = 'lead@example.com';
const second = 'second-lead@example.com';
const show = (app: FakeApp, id: string) => call(app, 'showDecision', { id });
const press = (app: FakeApp, id: string, form = 'decision=revoke&comment=Wrong+account') =>
  call(app, 'decideByLink', { id, body: Buffer.from(form) });
const wordsOf = ({ text }: Answer) => words(parsed(text));

/** A grant with one session, and the links by which each of its approvers was asked. */
async function granted(): Promise<{ app: FakeApp; id: string; asked: Record<string, string> }> {
  const app = fakeApp();
  const { id } = await filed(app);
  await playStream(app);
  const asked = { [lead]: linkTo(app, lead), [second]: linkTo(app, second) };
  await approvedBy(app, id, lead);
  await playStream(app);
  await call(app, 'issueCredentials', { as: dev, id });
  return { app, id, asked };
}

describe('the email about a grant', () => {
  test('has a link of its own for each approver, also the one who approved, and none for the requester', async () => {
    const { app, asked } = await granted();
    const tokens = [linkTo(app, lead), linkTo(app, second)];
    expect(new Set([...tokens, ...Object.values(asked)]).size).toBe(4);
    const { text, html } = app.mail.outbox.findLast(({ to }) => to === lead)!;
    expect(text).toContain(`Revoke:\nhttps://latchkey.example.com/decide/${tokens[0]}`);
    expect(html.match(/href=/g)).toHaveLength(1);
    expect(() => linkTo(app, dev)).toThrow('no link');
    const stored = JSON.stringify([...app.store.messages.values(), app.lines]);
    for (const token of tokens) expect(stored).not.toContain(token.slice(48));
  });
});

describe('looking', () => {
  test('shows what the button does, and changes nothing by GET, HEAD or OPTIONS', async () => {
    const { app, id } = await granted();
    const before = app.store.requests.get(id);
    const token = linkTo(app, second);
    for (const name of ['showDecision', 'probeDecision', 'decisionOptions'] as const)
      expect((await call(app, name, { id: token })).status).toBe(200);
    const page = await show(app, token);
    expect(wordsOf(page)).toMatch(/Revoke access\?.*Dev \(dev@example\.com\) can use read.*The grant ends at once/);
    expect(byTag(parsed(page.text), 'button').map((button) => attribute(button, 'value'))).toEqual(['revoke']);
    expect(app.store.requests.get(id)).toBe(before);
  });
});

describe('pressing', () => {
  test('revokes as the recipient of the link, with the extensions of the grant; everybody else is told', async () => {
    const { app, id } = await granted();
    const extension = await call<RequestView>(app, 'extendRequest', {
      as: dev,
      id,
      headers: { 'idempotency-key': undefined },
      body: { duration: '1h', reason: 'It takes longer' },
    });
    expect(extension.status).toBe(201);
    const answer = await press(app, linkTo(app, second));
    expect(answer.status).toBe(200);
    expect(wordsOf(answer)).toMatch(/■ Revoked You revoked this grant.*From 22 Nov 2026, 11:00 UTC on, none of the/);
    for (const one of [id, extension.body.id])
      expect(app.store.requests.get(one)).toMatchObject({
        outcome: { status: 'revoked', by: { kind: 'person', key: second }, why: 'Wrong account' },
      });
    expect(app.store.requests.get(id)?.history.at(-1)).toMatchObject({ type: 'revoked', actor: second, via: 'link' });
    app.mail.outbox.length = 0;
    await playStream(app);
    expect(app.mail.outbox.map(({ to }) => to)).toEqual(expect.arrayContaining([dev, lead]));
  });

  test('is refused with any other answer, and a link that decides revokes nothing', async () => {
    const { app, id } = await granted();
    for (const form of ['decision=approve', 'decision=deny', 'decision=withdraw', 'decision=sign&comment=fine'])
      expect((await press(app, linkTo(app, lead), form)).status).toBe(400);
    expect((await press(app, linkTo(app, lead), 'decision=revoke&duration=1h')).status).toBe(400);
    expect(app.store.requests.get(id)?.outcome).toBeUndefined();
    const pending = fakeApp();
    const other = await filed(pending);
    await playStream(pending);
    expect((await press(pending, linkTo(pending, lead))).status).toBe(400);
    expect(pending.store.requests.get(other.id)?.outcome).toBeUndefined();
  });

  test('keeps a comment that is too long in the form', async () => {
    const { app, id } = await granted();
    const answer = await press(app, linkTo(app, lead), `decision=revoke&comment=${'x'.repeat(1001)}`);
    expect(answer.status).toBe(400);
    expect(words(byTag(parsed(answer.text), 'textarea')[0]!)).toHaveLength(1001);
    expect(app.store.requests.get(id)?.outcome).toBeUndefined();
  });
});

describe('a link whose grant is over', () => {
  test.each<[string, (app: FakeApp, id: string) => unknown, RegExp]>([
    ['revoked by another', (app) => press(app, linkTo(app, second)), /not recorded The request was revoked on/],
    ['handed back', (app, id) => call(app, 'endRequest', { as: dev, id }), /not recorded The grant ended on/],
    [
      'run out',
      (app) => {
        app.now = start + HOUR;
      },
      /not recorded The grant ended on 22 Nov 2026, 11:00 UTC/,
    ],
  ])('%s: 410, and says so', async (_name, happen, because) => {
    const { app, id } = await granted();
    const token = linkTo(app, lead);
    app.now += MINUTE;
    await happen(app, id);
    const version = app.store.requests.get(id)?.version;
    expect((await show(app, token)).status).toBe(410);
    const answer = await press(app, token);
    expect(answer.status).toBe(410);
    expect(wordsOf(answer)).toMatch(because);
    expect(answer.text).not.toMatch(/nightly export|Production|dev@example/);
    expect(app.store.requests.get(id)?.version).toBe(version);
  });

  test('is refused to somebody whom the catalogue no longer names', async () => {
    const { app, id } = await granted();
    const token = linkTo(app, second);
    const { [id]: _, ...rest } = Object.fromEntries(app.store.requests);
    expect(rest).toEqual({});
    const request = app.store.requests.get(id)!;
    // never asked, and out of the catalogue: as a stage that was filled anew has it
    app.store.requests.set(id, {
      ...request,
      stages: request.stages.map((stage) => ({
        ...stage,
        approvers: [lead],
        people: stage.people.filter(({ key }) => key === lead),
      })),
    });
    app.catalogue = catalogueOf({ ...smallCatalogueFile, groups: { ...smallCatalogueFile.groups, leads: [lead] } });
    expect((await show(app, token)).status).toBe(403);
    expect((await press(app, token)).status).toBe(403);
    expect(app.store.requests.get(id)?.outcome).toBeUndefined();
  });
});
