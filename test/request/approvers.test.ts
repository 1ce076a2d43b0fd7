// Approvers follow the catalogue while a request waits: who is asked, reminded and told, what old links say, and what happens where nobody can approve.
import { describe, expect, test } from '@jest/globals';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { approvedBy, call, filed, granted, linkTo, playStream } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { titleOf } from '../support/outbox.ts';
import { passUntil, sweepOnce } from '../support/passing-time.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const [dev, lead, second, security, admin] = [
  'dev@example.com',
  'lead@example.com',
  'second-lead@example.com',
  'security@example.com',
  'admin@example.com',
];
const newLead = 'newlead@example.com';
const { groups, roles } = smallCatalogueFile;
const withReminders = { decideWithin: '8h', remind: { after: '10m', every: '10m' } };
const asking = (stages: object[], more: object = {}) => ({
  ...roles.read,
  approval: { ...withReminders, stages, ...more },
});

/** A catalogue whose group of leads and whose role `byname` name these people. */
const world = (leads: readonly string[], byname: readonly string[], more: object = {}) =>
  catalogueOf({
    ...smallCatalogueFile,
    groups: { ...groups, leads },
    roles: { ...roles, bygroup: asking([{ approvers: ['group:leads'] }]), byname: asking([{ approvers: byname }]) },
    ...more,
  });
const before = () => world([lead, second], [lead]);
const after = () => world([newLead], [newLead]);
/** One role `alone` with these stages. */
const only = (stages: object[], more: object = {}, others: object = {}) =>
  catalogueOf({ ...smallCatalogueFile, roles: { ...roles, alone: asking(stages, more) }, ...others });

/** A new deployment, a minute later, and its first sweep. */
async function deploy(app: FakeApp, catalogue: FakeApp['catalogue']): Promise<void> {
  app.catalogue = catalogue;
  await passUntil(app, app.now + MINUTE);
}
const told = (app: FakeApp) => app.mail.outbox.splice(0).map(({ to, subject }) => `${titleOf(subject)} ${to}`);
const read = async (app: FakeApp, id: string, as = admin) => call<RequestView>(app, 'readRequest', { as, id });
const typesOf = async (app: FakeApp, id: string) => (await read(app, id)).body.history.map(({ type }) => type);

describe('approvers who are replaced while a request waits', () => {
  async function replaced() {
    const app = fakeApp({ catalogue: before() });
    const ids = [(await filed(app, { role: 'bygroup' })).id, (await filed(app, { role: 'byname' })).id] as const;
    await playStream(app);
    const oldLink = linkTo(app, lead);
    told(app);
    app.catalogue = after();
    return { app, ids, oldLink };
  }

  test('are not reminded, and their successors are asked with a link and reminded', async () => {
    const { app } = await replaced();
    const all: string[] = [];
    for (let n = 1; n <= 3; n += 1) {
      app.now += 11 * MINUTE;
      await sweepOnce(app);
      await playStream(app);
      all.push(...app.mail.outbox.map(({ to }) => to));
      expect((await call(app, 'showDecision', { id: linkTo(app, newLead) })).status).toBe(200);
      const what = n === 1 ? 'Decision needed' : 'Reminder';
      expect(told(app)).toEqual([`${what} ${newLead}`, `${what} ${newLead}`]);
    }
    expect(new Set(all)).toEqual(new Set([newLead]));
  });

  test('successors are asked at the next sweep, once', async () => {
    const { app } = await replaced();
    await deploy(app, after());
    expect(told(app)).toEqual([`Decision needed ${newLead}`, `Decision needed ${newLead}`]);
    await passUntil(app, app.now + 5 * MINUTE);
    expect(told(app)).toEqual([]);
  });

  test('read on their old link that they are no approvers any more, without buttons, also before the sweep', async () => {
    const { app, oldLink } = await replaced();
    for (let n = 0; n < 2; n += 1) {
      const page = await call(app, 'showDecision', { id: oldLink });
      expect([
        page.status,
        page.text.includes('<button'),
        page.text.includes('no longer one of its approvers'),
      ]).toEqual([403, false, true]);
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const pressed = await call(app, 'decideByLink', { id: oldLink, headers, body: Buffer.from('decision=approve') });
      expect(pressed.status).toBe(403);
      await deploy(app, after());
    }
  });

  test.each([0, 1])('successors can decide, by the API at once and by their link: request %i', async (which) => {
    const { app, ids } = await replaced();
    expect((await approvedBy(app, ids[which]!, newLead)).status).toBe('active');
    const other = ids[1 - which]!;
    await deploy(app, after());
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = Buffer.from('decision=approve');
    const link = linkTo(app, newLead);
    expect((await call(app, 'decideByLink', { id: link, headers, body })).status).toBe(200);
    expect((await read(app, other)).body.status).toBe('active');
  });

  test('hear no outcome, neither before nor after the sweep', async () => {
    const { app, ids } = await replaced();
    await approvedBy(app, ids[0], newLead);
    await playStream(app);
    expect(told(app)).toEqual([`Approved ${dev}`]);
    await deploy(app, after());
    await call(app, 'endRequest', { as: dev, id: ids[1] });
    await playStream(app);
    expect(told(app)).toEqual([`Decision needed ${newLead}`, `Withdrawn ${newLead}`]);
  });

  test('stand in the history, and the request, its page and its email name those who decide now', async () => {
    const { app, ids } = await replaced();
    await deploy(app, after());
    const { body } = await read(app, ids[0]);
    expect(body.history.at(-1)).toMatchObject({
      type: 'approvers-changed',
      actor: 'latchkey',
      via: 'catalogue',
      note: `${newLead} may decide now. Lead, Second Lead no longer may.`,
    });
    const mail = app.mail.outbox.at(-1)!;
    expect(mail.text).toContain(`Approvals needed: 1: ${newLead}`);
    expect((await call(app, 'showDecision', { id: linkTo(app, newLead) })).text).not.toContain('Second Lead');
  });

  test('may still read the request that they were asked about', async () => {
    const { app, ids } = await replaced();
    await deploy(app, after());
    expect((await read(app, ids[0], second)).status).toBe(200);
    expect((await read(app, ids[0], 'stranger@example.com')).status).toBe(404);
  });

  test('can decide again by their old link when the catalogue names them again, and are not asked twice', async () => {
    const { app, oldLink } = await replaced();
    await deploy(app, after());
    await deploy(app, before());
    expect(told(app)).toEqual([`Decision needed ${newLead}`, `Decision needed ${newLead}`]);
    expect((await call(app, 'showDecision', { id: oldLink })).status).toBe(200);
  });

  test('also where the catalogue leaves leavers alone', async () => {
    const app = fakeApp({ catalogue: before() });
    await filed(app, { role: 'byname' });
    await playStream(app);
    told(app);
    await deploy(app, world([newLead], [newLead], { leavers: 'keep' }));
    expect(told(app)).toEqual([`Decision needed ${newLead}`]);
  });
});

test('a catalogue that changes something else changes no approvers', async () => {
  const app = fakeApp({ catalogue: before() });
  const { id } = await filed(app, { role: 'bygroup' });
  const people = [...smallCatalogueFile.people, { email: 'further@example.com', name: 'Further' }];
  await deploy(app, world([second, lead], [lead], { people }));
  expect(await typesOf(app, id)).toEqual(['filed']);
});

test('a former approver does not hear of the end of a grant', async () => {
  const app = fakeApp();
  const { id } = await granted(app);
  await playStream(app);
  told(app);
  app.catalogue = catalogueOf({ ...smallCatalogueFile, groups: { ...groups, leads: [second] } });
  await call(app, 'endRequest', { as: admin, id });
  await playStream(app);
  expect(told(app)).toEqual([`Revoked ${dev}`, `Revoked ${second}`]);
});

test('a stage that has its approvals stays as it is, and the next one follows the catalogue', async () => {
  const stages = (first: string, next: string) => [{ approvers: [first] }, { approvers: [next] }];
  const app = fakeApp({ catalogue: only(stages(lead, second)) });
  const { id } = await filed(app, { role: 'alone' });
  await approvedBy(app, id, lead);
  await playStream(app);
  told(app);
  await deploy(app, only(stages(newLead, security)));
  expect(told(app)).toEqual([`Decision needed ${security}`]);
  const { body } = await read(app, id);
  expect(body.approval.stages.map(({ approvers }) => approvers)).toEqual([['Lead'], ['Security']]);
  expect((await approvedBy(app, id, security)).status).toBe('active');
});

test('where the role has another number of stages by now, nobody joins, and those stay who may decide any of them', async () => {
  const app = fakeApp({ catalogue: only([{ approvers: [lead, second] }]) });
  const { id } = await filed(app, { role: 'alone' });
  await deploy(app, only([{ approvers: [newLead] }, { approvers: [second] }]));
  const decide = (as: string) => call(app, 'decideRequest', { as, id, body: { decision: 'approve' } });
  expect([(await decide(lead)).status, (await decide(newLead)).status]).toEqual([403, 404]);
  expect((await decide(second)).status).toBe(200);
});

test('where the role asks nobody any more, those who were asked decide what waits', async () => {
  const app = fakeApp({ catalogue: only([{ approvers: [lead] }]) });
  const { id } = await filed(app, { role: 'alone' });
  const { approval: _, ...rule } = asking([]);
  await deploy(
    app,
    catalogueOf({ ...smallCatalogueFile, roles: { ...roles, alone: { ...rule, approval: { automatic: true } } } }),
  );
  expect((await approvedBy(app, id, lead)).status).toBe('active');
});

describe('a request that nobody can approve any more', () => {
  const escalate = { escalate: { after: '2h', to: [security] } };

  test('is told to the requester and the admins, once', async () => {
    const app = fakeApp({ catalogue: only([{ approvers: [lead] }]) });
    const { id } = await filed(app, { role: 'alone' });
    await playStream(app);
    told(app);
    await deploy(app, only([{ approvers: [dev] }]));
    const mails = app.mail.outbox.map(({ to, text }) => [to, text.replace(/\s+/g, ' ')] as const);
    expect(told(app)).toEqual([`Nobody can approve ${dev}`, `Nobody can approve ${admin}`]);
    for (const [, text] of mails) expect(text).toContain('the catalogue changed and now names too few approvers');
    expect(mails[0]![1]).toContain(`latchkey withdraw ${id}`);
    expect(mails[1]![1]).toContain('Name approvers for this role in the catalogue');
    expect(await typesOf(app, id)).toEqual(['filed', 'approvers-changed', 'approvers-missing']);
    await deploy(app, only([{ approvers: [dev] }, { approvers: [dev] }]));
    await passUntil(app, app.now + HOUR);
    expect(told(app)).toEqual([]);
    expect(await typesOf(app, id)).not.toContain('reminded-nobody');
  });

  test('is asked of the approvers whom the catalogue names then, and reported again if it happens again', async () => {
    const app = fakeApp({ catalogue: only([{ approvers: [lead] }]) });
    const { id } = await filed(app, { role: 'alone' });
    await playStream(app);
    await deploy(app, only([{ approvers: [dev] }]));
    told(app);
    await deploy(app, only([{ approvers: [newLead] }]));
    expect(told(app)).toEqual([`Decision needed ${newLead}`]);
    expect(app.store.requests.get(id)?.stuck).toBeUndefined();
    await deploy(app, only([{ approvers: [dev] }]));
    expect(told(app)).toEqual([`Nobody can approve ${dev}`, `Nobody can approve ${admin}`]);
  });

  test('needs as many people as its stages do', async () => {
    const app = fakeApp({ catalogue: only([{ approvers: [lead, second], need: 2 }]) });
    const { id } = await filed(app, { role: 'alone' });
    await approvedBy(app, id, lead);
    await deploy(app, only([{ approvers: [lead, dev, security], need: 2 }]));
    expect(await typesOf(app, id)).not.toContain('approvers-missing');
    await deploy(app, only([{ approvers: [lead, dev], need: 2 }]));
    expect(await typesOf(app, id)).toContain('approvers-missing');
  });

  test('is escalated at once where the role says to whom, and nobody is bothered', async () => {
    const app = fakeApp({ catalogue: only([{ approvers: [lead] }], escalate) });
    const { id } = await filed(app, { role: 'alone' });
    await playStream(app);
    told(app);
    await deploy(app, only([{ approvers: [dev] }], escalate));
    expect(told(app)).toEqual([`Decision needed ${security}`]);
    expect(await typesOf(app, id)).toEqual(['filed', 'approvers-changed', 'escalated']);
    expect((await approvedBy(app, id, security)).status).toBe('active');
  });

  test('is not escalated early where somebody can still decide', async () => {
    const app = fakeApp({ catalogue: only([{ approvers: [lead, second] }], escalate) });
    const { id } = await filed(app, { role: 'alone' });
    await deploy(app, only([{ approvers: [second] }], escalate));
    expect(await typesOf(app, id)).toEqual(['filed', 'approvers-changed']);
  });
});

test('an escalation goes to those whom the catalogue names when it comes', async () => {
  const to = (person: string) => ({ escalate: { after: '1h', to: [person] } });
  const app = fakeApp({ catalogue: only([{ approvers: [lead] }], to(security)) });
  const { id } = await filed(app, { role: 'alone' });
  await playStream(app);
  await deploy(app, only([{ approvers: [lead] }], to(newLead)));
  await passUntil(app, start + 61 * MINUTE);
  const asked = told(app).filter((one) => one.startsWith('Decision'));
  expect(asked).toEqual([`Decision needed ${lead}`, `Decision needed ${newLead}`]);
  expect((await approvedBy(app, id, newLead)).status).toBe('active');
});

test('those to whom it was escalated follow the catalogue as well', async () => {
  const to = (person: string) => ({ escalate: { after: '1h', to: [person] } });
  const app = fakeApp({ catalogue: only([{ approvers: [lead] }], to(security)) });
  await filed(app, { role: 'alone' });
  await passUntil(app, start + 61 * MINUTE);
  told(app);
  await deploy(app, only([{ approvers: [lead] }], to(newLead)));
  expect(told(app)).toEqual([`Decision needed ${newLead}`]);
  await passUntil(app, app.now + 20 * MINUTE);
  expect(told(app)).not.toContain(`Reminder ${security}`);
});
