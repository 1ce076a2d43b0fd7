// The link in the mail that asks for the review of a grant by break-glass: looking changes nothing, one press signs, and rights are judged again.
import { describe, expect, test } from '@jest/globals';
import { DAY, HOUR, MINUTE } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { makeLink } from '../../lib/mail/links.ts';
import { type Answer, call, linkTo, playStream } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { byTag, parsed, textIn, words } from '../support/markup.ts';
import { passUntil } from '../support/passing-time.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const admin = 'admin@example.com';
const security = 'security@example.com';
const lead = 'lead@example.com';
const fileWith = (reviewers: string[]) => ({
  ...smallCatalogueFile,
  roles: {
    ...smallCatalogueFile.roles,
    write: {
      ...smallCatalogueFile.roles.write,
      breakGlass: { requesters: [dev], maxDuration: '30m', reason: { minLength: 20 }, reviewers, reviewWithin: '1d' },
    },
  },
});
const finding = 'decision=sign&comment=Only+the+shop+was+restarted';
const form = (text: string) => ({
  body: Buffer.from(text),
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
});
const show = (app: FakeApp, id: string) => call(app, 'showDecision', { id });
const press = (app: FakeApp, id: string, text = finding) => call(app, 'decideByLink', { id, ...form(text) });
const wordsOf = ({ text }: Answer) => words(parsed(text));
const mailTo = (app: FakeApp, email: string) =>
  app.mail.outbox.findLast(({ to, subject }) => to === email && subject.startsWith('Please review'));

/** A grant by break-glass with one session. */
async function used(reviewers = [security, lead], as = dev): Promise<{ app: FakeApp; id: string }> {
  const app = fakeApp({ catalogue: catalogueOf(fileWith(reviewers)) });
  const body = { role: 'write', breakGlass: true, reason: 'The shop is down, <b>INC-4711</b>' };
  const { id } = (
    await call<RequestView>(app, 'createRequest', { as, headers: { 'idempotency-key': undefined }, body })
  ).body;
  await call(app, 'issueCredentials', { as, id, body: {} });
  return { app, id };
}

/** Over, and the reviewers mailed. */
async function over(reviewers?: string[]): Promise<{ app: FakeApp; id: string; token: string }> {
  const { app, id } = await used(reviewers);
  await passUntil(app, start + 31 * MINUTE);
  return { app, id, token: linkTo(app, security) };
}

describe('the email', () => {
  test('to each reviewer carries a link of their own; the requester gets none', async () => {
    const { app, id } = await over();
    const tokens = [linkTo(app, security), linkTo(app, lead)];
    expect(new Set(tokens).size).toBe(2);
    const mail = mailTo(app, security)!;
    expect(mail.text).toContain(`Review and sign off:\nhttps://latchkey.example.com/decide/${tokens[0]}`);
    expect(mail.text.replace(/\s+/g, ' ')).toContain('Opening it changes nothing. The link is for you alone');
    expect(() => linkTo(app, dev)).toThrow('no link');
    const secrets = tokens.map((token) => token.slice(-43));
    const stored = JSON.stringify([...app.store.messages.values(), app.store.requests.get(id)]);
    expect(secrets.filter((secret) => stored.includes(secret) || JSON.stringify(app.lines).includes(secret))).toEqual(
      [],
    );
  });

  test('comes also to the reviewer who has ended the grant', async () => {
    const { app, id } = await used();
    await call(app, 'endRequest', { as: security, id, body: {} });
    await playStream(app);
    expect((await press(app, linkTo(app, security))).status).toBe(200);
    expect(app.store.requests.get(id)?.review?.signed?.person).toBe(security);
  });

  test('about an overdue review carries it too, and admins get one', async () => {
    const { app, id } = await over();
    await passUntil(app, start + 2 * DAY, HOUR);
    const mail = app.mail.outbox.findLast(({ to, subject }) => to === admin && subject.startsWith('Review overdue'))!;
    expect(mail.text).toContain('Review and sign off:\n');
    expect(wordsOf(await show(app, linkTo(app, admin)))).toContain(': overdue');
    expect((await press(app, linkTo(app, admin))).status).toBe(200);
    expect(app.store.requests.get(id)?.review?.signed).toMatchObject({ person: admin, via: 'link' });
  });

  test('can be opened for a month after the review was due', async () => {
    const { app, token } = await over();
    const message = [...app.store.messages.values()].find(
      ({ kind, holder }) => kind === 'review' && holder?.key === security,
    )!;
    expect(message.expiresAt).toBe(start + 30 * MINUTE + DAY);
    app.now = message.expiresAt + 29 * DAY;
    expect((await show(app, token)).status).toBe(200);
  });
});

describe('looking', () => {
  test('shows who, for what, when, why, the sessions and the history, with one button and a comment that is required', async () => {
    const { app, id, token } = await over();
    const page = await show(app, token);
    expect(page.status).toBe(200);
    const shown = wordsOf(page);
    const session = app.store.requests.get(id)!.sessions[0]!;
    for (const part of [
      'Dev (dev@example.com) used break-glass for write in Production (111111111111). Nobody approved it',
      'Used by Dev (dev@example.com)',
      'The shop is down, <b>INC-4711</b>',
      'from 22 Nov 2026, 10:00 UTC until 22 Nov 2026, 10:30 UTC',
      '30 min',
      'Review due 23 Nov 2026, 10:30 UTC',
      'Sessions issued: 1',
      session.accessKeyId,
      session.sessionName,
      `latchkey-request = ${id}`,
      'Granted by latchkey, via break-glass',
      'Ended by latchkey, via sweep',
      'You review as Security (security@example.com).',
    ])
      expect(shown).toContain(part);
    const [only, ...more] = byTag(parsed(page.text), 'form');
    expect(more).toEqual([]);
    expect(byTag(only!, 'button').map(({ attrs }) => attrs.map(({ name, value }) => `${name}=${value}`))).toEqual([
      ['class=approve', 'type=submit', 'name=decision', 'value=sign'],
    ]);
    expect(byTag(only!, 'textarea')[0]!.attrs.some(({ name }) => name === 'required')).toBe(true);
    expect(byTag(parsed(page.text), 'script')).toEqual([]);
  });

  test('GET, HEAD and OPTIONS change nothing', async () => {
    const { app, id, token } = await over();
    const before = app.store.requests.get(id);
    for (const name of ['showDecision', 'probeDecision', 'decisionOptions'] as const)
      expect((await call(app, name, { id: token })).status).toBe(200);
    expect(app.store.requests.get(id)).toBe(before);
    expect(app.store.changes).toEqual([]);
  });

  test('a grant without any session says so', async () => {
    const { app, id } = await used();
    const { sessions: _, ...rest } = app.store.requests.get(id)!;
    app.store.requests.set(id, { ...rest, sessions: [], vended: 0 });
    await passUntil(app, start + 31 * MINUTE);
    expect(wordsOf(await show(app, linkTo(app, security)))).toContain('None, so nothing can have been done');
  });
});

describe('signing', () => {
  test('acts as the recipient of the link, once; the requester is told', async () => {
    const { app, id, token } = await over();
    const answer = await press(app, token);
    expect(answer.status).toBe(200);
    expect(wordsOf(answer)).toMatch(
      /✓ Signed off You signed the review of what Dev \(dev@example\.com\) did .* Only the shop was restarted/,
    );
    expect(app.store.requests.get(id)).toMatchObject({
      review: {
        signed: {
          person: security,
          principal: security,
          name: 'Security',
          comment: 'Only the shop was restarted',
          via: 'link',
          at: app.now,
        },
      },
      history: expect.arrayContaining([expect.objectContaining({ type: 'reviewed', actor: security, via: 'link' })]),
    });
    await playStream(app);
    expect(app.mail.outbox.findLast(({ to }) => to === dev)?.subject).toMatch(/^Reviewed/);
  });

  test('a link is spent when somebody has signed, by whatever way, and says that alone', async () => {
    const { app, id, token } = await over();
    const other = linkTo(app, lead);
    await call(app, 'reviewRequest', { as: admin, id, body: { comment: 'Looked at the trail' } });
    const before = app.store.requests.get(id);
    for (const answer of [await show(app, token), await press(app, token), await press(app, other)]) {
      expect(answer.status).toBe(410);
      expect(wordsOf(answer)).toMatch(
        /Signed off.*already been used|not recorded The review was already signed on 22 Nov/,
      );
      expect(wordsOf(answer)).not.toMatch(/Looked at the trail|admin@example.com|CloudTrail/);
    }
    expect(app.store.requests.get(id)).toBe(before);
  });

  test('two at the same time: one signs, the other is told who did', async () => {
    const { app, token } = await over();
    const answers = await Promise.all([press(app, token), press(app, linkTo(app, lead))]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410]);
  });

  test.each([
    ['none', 'decision=sign'],
    ['an empty one', 'decision=sign&comment='],
    ['a blank one', 'decision=sign&comment=+%0A'],
    ['one that is too long', `decision=sign&comment=${'x'.repeat(1001)}`],
  ])('takes a comment that says something, not %s', async (_name, text) => {
    const { app, id, token } = await over();
    const answer = await press(app, token, text);
    expect([answer.status, wordsOf(answer)]).toEqual([
      400,
      expect.stringMatching(/Review break-glass.*Your answer was not recorded.*The comment must/),
    ]);
    expect(textIn(byTag(parsed(answer.text), 'textarea')[0]!)).toBe(new URLSearchParams(text).get('comment') ?? '');
    expect(app.store.requests.get(id)?.review?.signed).toBeUndefined();
  });

  test.each(['approve', 'deny', 'withdraw'])('does not %s', async (decision) => {
    const { app, id, token } = await over();
    const before = app.store.requests.get(id);
    expect((await press(app, token, `decision=${decision}&comment=fine`)).status).toBe(400);
    expect(app.store.requests.get(id)).toBe(before);
  });

  test('a link that decides or withdraws signs nothing', async () => {
    const app = fakeApp({ catalogue: catalogueOf(fileWith([security])) });
    await call(app, 'createRequest', {
      as: dev,
      headers: { 'idempotency-key': undefined },
      body: { role: 'read', reason: 'Look at the export' },
    });
    await playStream(app);
    expect((await press(app, linkTo(app, lead))).status).toBe(400);
  });

  test('not while the grant runs: the page has no button, and a press is refused', async () => {
    const { app, id } = await used();
    const { token, hash } = makeLink(id, 'm'.repeat(22), new Uint8Array(32).fill(7));
    const approver = { key: security, name: 'Security' };
    const claim = {
      requestId: id,
      id: 'm'.repeat(22),
      channel: 'mail',
      kind: 'review',
      holder: approver,
      linkHashes: [hash],
      claimedAt: app.now,
      expiresAt: app.now + DAY,
    };
    await app.store.claimMessage(claim, 0);
    const page = await show(app, token);
    expect(wordsOf(page)).toContain('The grant runs until 22 Nov 2026, 10:30 UTC.');
    expect(byTag(parsed(page.text), 'form')).toEqual([]);
    const answer = await press(app, token);
    expect([answer.status, wordsOf(answer)]).toEqual([422, expect.stringContaining('refused-by-policy')]);
    app.now = start + 30 * MINUTE;
    expect((await press(app, token)).status).toBe(200);
  });

  test('a reviewer whom the catalogue no longer names neither sees nor signs', async () => {
    const { app, id, token } = await over();
    const later: FakeApp = Object.assign(app, { catalogue: catalogueOf(fileWith([lead])) });
    for (const answer of [await show(later, token), await press(later, token)]) {
      expect([answer.status, wordsOf(answer)]).toEqual([403, expect.stringContaining('not-an-approver')]);
      expect(answer.text).not.toContain('INC-4711');
    }
    expect(app.store.requests.get(id)?.review?.signed).toBeUndefined();
    expect((await press(later, linkTo(app, lead))).status).toBe(200);
    expect((await show(later, token)).status).toBe(403);
  });

  test('whom the catalogue has since made the same person as the requester is refused', async () => {
    const machine = 'arn:aws:iam::222222222222:user/dev';
    const { app } = await used([security, lead], machine);
    await passUntil(app, start + 31 * MINUTE);
    const token = linkTo(app, security);
    const people = smallCatalogueFile.people.map(({ principals, ...person }) => ({
      ...person,
      ...(person.email === security ? { principals: [machine] } : person.email !== dev && principals && { principals }),
    }));
    const later: FakeApp = Object.assign(app, { catalogue: catalogueOf({ ...fileWith([security, lead]), people }) });
    const answer = await press(later, token);
    expect([answer.status, wordsOf(answer)]).toEqual([403, expect.stringContaining('own-request')]);
  });

  test('a link that was altered, or belongs to another request, is just wrong', async () => {
    const { app, token } = await over();
    const other = (
      await call<RequestView>(app, 'createRequest', {
        as: lead,
        headers: { 'idempotency-key': undefined },
        body: { role: 'play', reason: 'x' },
      })
    ).body;
    const last = token.at(-1) === 'A' ? 'E' : 'A';
    const elsewhere = other.id + token.slice(26);
    for (const wrong of [token.slice(0, -1) + last, token.slice(0, -1), `${token}A`, elsewhere]) {
      expect((await show(app, wrong)).status).toBe(404);
      expect((await press(app, wrong)).status).toBe(404);
    }
  });

  test('costs two round trips, looking one', async () => {
    const { app, token } = await over();
    app.forget();
    await show(app, token);
    expect(app.hops()).toBe(1);
    app.forget();
    await press(app, token);
    expect(app.hops()).toBe(2);
  });
});
