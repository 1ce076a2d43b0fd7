// A name that somebody chose for themselves is that of an approver: on no page and in no email may it pass for the approver's.
import { expect, test } from '@jest/globals';
import { MINUTE } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { type CallName, call, linkTo, playStream, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { parsed, words } from '../support/markup.ts';
import { passUntil } from '../support/passing-time.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const lena = 'lead@example.com';
const asker = 'mallory@example.com';
const approver = 'second@example.com';
const { read } = smallCatalogueFile.roles;
const catalogue = catalogueOf({
  ...smallCatalogueFile,
  people: [{ email: lena, name: 'Lena Park' }],
  groups: { developers: [asker], leads: [lena, approver] },
  bots: {},
  roles: {
    read: {
      ...read,
      breakGlass: { requesters: [asker], maxDuration: '30m', reviewers: [lena, approver], reviewWithin: '1d' },
    },
  },
});

/** Everybody but Lena has a token that calls them Lena Park. */
const as = (app: FakeApp, email: string, name: CallName, wish: Wish = {}) =>
  call<RequestView>(app, name, {
    as: email,
    claims: { name: 'Lena Park' },
    headers: { 'idempotency-key': undefined },
    ...wish,
  });

/** Everything that anybody is shown or mailed of a request by `asker`, which goes on as `happen` has it. */
async function allWords(body: object, happen: (app: FakeApp, id: string) => Promise<unknown>): Promise<string> {
  const app = fakeApp({ catalogue });
  const reason = 'Look at the nightly export';
  const { id } = (await as(app, asker, 'createRequest', { body: { role: 'read', reason, ...body } })).body;
  await playStream(app);
  const shown: string[] = [];
  const look = async () => {
    for (const to of [lena, approver].filter((email) => hasLink(app, email)))
      shown.push((await call(app, 'showDecision', { id: linkTo(app, to) })).text);
  };
  await look();
  await happen(app, id);
  await playStream(app);
  await look();
  for (const to of [lena, approver].filter((email) => hasLink(app, email)))
    for (const form of ['decision=approve', 'decision=sign&comment=fine'])
      shown.push((await call(app, 'decideByLink', { id: linkTo(app, to), body: Buffer.from(form) })).text);
  await playStream(app);
  // a subject has the address at its end, where a phone may cut it off
  const plain = (subject: string) => subject.replace(/\u2068(.*)\u2069(.*) · (\S+)$/, '$1 ($3)$2');
  const mails = app.mail.outbox.flatMap(({ subject, text, html }) => [plain(subject), text, words(parsed(html))]);
  return [...shown.map((page) => words(parsed(page))), ...mails].join('\n').replace(/\s+/g, ' ');
}

const hasLink = (app: FakeApp, email: string): boolean =>
  app.mail.outbox.some(({ to, text }) => to === email && text.includes('/decide/'));

test.each<[string, object, (app: FakeApp, id: string) => Promise<unknown>, string[]]>([
  ['filed and decided by nobody yet', {}, async () => {}, [asker, lena]],
  [
    'approved',
    {},
    (app, id) => as(app, approver, 'decideRequest', { id, body: { decision: 'approve', comment: 'Fine' } }),
    [asker, lena, approver],
  ],
  [
    'denied',
    {},
    (app, id) => as(app, approver, 'decideRequest', { id, body: { decision: 'deny' } }),
    [asker, lena, approver],
  ],
  [
    'approved and revoked',
    {},
    async (app, id) => {
      await as(app, approver, 'decideRequest', { id, body: { decision: 'approve' } });
      await as(app, 'admin@example.com', 'endRequest', { id, body: {} });
    },
    [asker, lena, approver, 'admin@example.com'],
  ],
  [
    'withdrawn',
    {},
    async (app, id) => {
      app.now += 2 * MINUTE;
      await as(app, asker, 'endRequest', { id, body: {} });
    },
    [asker, lena],
  ],
  [
    'taken by break-glass and reviewed',
    { breakGlass: true },
    async (app, id) => {
      await passUntil(app, start + 31 * MINUTE);
      await as(app, approver, 'reviewRequest', { id, body: { comment: 'Looked at the trail' } });
    },
    [asker, lena, approver],
  ],
])('%s: wherever the name stands, whose it is stands beside it', async (_name, body, happen, expected) => {
  const everything = await allWords(body, happen);
  const claimed = [...everything.matchAll(/"Lena Park" \(([\w.@-]+)\)/g)].map(([, who]) => who);
  const own = everything.match(/(?<!")Lena Park \(lead@example\.com\)/g) ?? [];
  expect(new Set([...claimed, ...(own.length > 0 ? [lena] : [])])).toEqual(new Set(expected));
  expect(everything.match(/Lena Park/g)).toHaveLength(claimed.length + own.length);
});
