// The mailed link through the handler: looking changes nothing, posting decides once, and a wrong link is just wrong.
import { describe, expect, test } from '@jest/globals';
import { HOUR } from '../../lib/common/time.ts';
import { Problem } from '../../lib/model/problem.ts';
import { type Answer, approvedBy, call, filed, linkTo, playStream, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { attribute, byTag, parsed, textIn, words } from '../support/markup.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

const dev = 'dev@example.com';
const lead = 'lead@example.com';
const second = 'second-lead@example.com';
const forWrite = { role: 'write', reason: 'Long enough reason', ticket: 'OPS-1' };

/** A request, its mails sent, and the links of its approvers. */
async function mailed(body: object = {}, app = fakeApp()): Promise<{ app: FakeApp; id: string }> {
  const { id } = await filed(app, { ...body });
  await playStream(app);
  return { app, id };
}
const open = (
  app: FakeApp,
  token: string,
  name: 'showDecision' | 'probeDecision' | 'decisionOptions' = 'showDecision',
) => call(app, name, { id: token });
const post = (app: FakeApp, token: string, form: string, wish: Wish = {}): Promise<Answer> =>
  call(app, 'decideByLink', { id: token, body: Buffer.from(form), ...wish });
const wordsOf = ({ text }: Answer) => words(parsed(text));

function expectPageHeaders({ headers, text }: Answer): void {
  const nonce = /style-src 'nonce-([\w-]{22})'/.exec(headers['content-security-policy'] ?? '')?.[1];
  expect(headers).toEqual({
    ...headers,
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'strict-transport-security': 'max-age=63072000',
    'x-request-id': expect.stringMatching(/./),
    'content-security-policy': `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  });
  if (text !== '') expect(text).toContain(`<style nonce="${nonce}">`);
}

test('an approver reads what a role can do beyond its session', async () => {
  const { read } = smallCatalogueFile.roles;
  const reaching = { ...read, reaches: ['eks', 'lambda'], passRole: ['arn:aws:iam::*:role/app/*'] };
  const catalogue = catalogueOf({ ...smallCatalogueFile, roles: { ...smallCatalogueFile.roles, read: reaching } });
  const { app } = await mailed({}, fakeApp({ catalogue }));
  const page = wordsOf(await open(app, linkTo(app, lead)));
  expect(page).toMatch(
    /Beyond the session This role can use Kubernetes .*\(eks\); change the code of Lambda functions.*app\/\*\./,
  );
  const { app: plain } = await mailed();
  expect(wordsOf(await open(plain, linkTo(plain, lead)))).not.toContain('Beyond the session');
});

test('email and pages show the time of the zone that the catalogue names beside UTC', async () => {
  const app = fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, timeZone: 'Asia/Tokyo' }) });
  await mailed({ startsAt: '2026-11-22T14:00:00Z' }, app);
  const until = 'by 22 Nov 2026, 18:00 UTC (23 Nov, 03:00 Asia/Tokyo), the request lapses.';
  const email = app.mail.outbox.find(({ to }) => to === lead)!;
  const page = await open(app, linkTo(app, lead));
  const outcome = await post(app, linkTo(app, lead), 'decision=approve');
  const from = 'from 22 Nov 2026, 14:00 UTC (23:00 Asia/Tokyo) until';
  for (const text of [email.text.replace(/\s+/g, ' '), words(parsed(email.html)), wordsOf(page)]) {
    expect(text).toContain(until);
    expect(text.match(/\d\d:\d\d UTC(?! \()/g)).toBeNull();
  }
  expect(wordsOf(outcome)).toContain(from);
  await playStream(app);
  expect(app.mail.outbox.findLast(({ to }) => to === lead)!.text.replace(/\s+/g, ' ')).toContain(from);
});

describe('looking', () => {
  test('shows who asks for what, and both buttons', async () => {
    const { app } = await mailed();
    const answer = await open(app, linkTo(app, lead));
    expect(answer.status).toBe(200);
    expectPageHeaders(answer);
    expect(wordsOf(answer)).toMatch(
      /Dev.*Production.*111111111111.*Look at the failing nightly export.*You decide as Lead/,
    );
    const form = byTag(parsed(answer.text), 'form')[0]!;
    expect(attribute(form, 'method')).toBe('post');
    expect(byTag(form, 'button').map((button) => [attribute(button, 'name'), attribute(button, 'value')])).toEqual([
      ['decision', 'approve'],
      ['decision', 'deny'],
    ]);
    expect(byTag(parsed(answer.text), 'script')).toEqual([]);
  });

  test('GET, HEAD and OPTIONS change nothing, however often', async () => {
    const { app, id } = await mailed();
    const token = linkTo(app, lead);
    const before = [app.store.requests.get(id), new Map(app.store.messages)];
    for (let i = 0; i < 3; i += 1) {
      expect(await open(app, token)).toMatchObject({ status: 200 });
      const probe = await open(app, token, 'probeDecision');
      expect(probe).toMatchObject({ status: 200, text: '' });
      expectPageHeaders(probe);
      expect(await open(app, token, 'decisionOptions')).toMatchObject({
        status: 200,
        headers: { allow: 'GET, HEAD, OPTIONS, POST' },
        text: '',
      });
    }
    expect([app.store.requests.get(id), app.store.messages]).toEqual(before);
    expect(app.store.changes).toEqual([]);
  });

  test('every page has a nonce of its own', async () => {
    const { app } = await mailed();
    const policies = [await open(app, linkTo(app, lead)), await open(app, linkTo(app, lead))].map(
      ({ headers }) => headers['content-security-policy'],
    );
    expect(new Set(policies).size).toBe(2);
  });

  test('the link is in no log', async () => {
    const { app } = await mailed();
    const token = linkTo(app, lead);
    await open(app, token);
    await post(app, token, 'decision=approve');
    await open(app, `${token}x`);
    expect(JSON.stringify(app.lines)).not.toContain(token.slice(48));
  });
});

describe('posting', () => {
  test('approves as the recipient of the link', async () => {
    const { app, id } = await mailed();
    const answer = await post(app, linkTo(app, lead), 'decision=approve&comment=go+ahead%21');
    expect(answer.status).toBe(200);
    expectPageHeaders(answer);
    expect(wordsOf(answer)).toMatch(/Approved You approved this request\./);
    expect(app.store.requests.get(id)).toMatchObject({
      version: 2,
      grant: { startsAt: start, endsAt: start + HOUR },
      stages: [
        {
          decisions: [
            { person: lead, principal: lead, name: 'Lead', decision: 'approve', comment: 'go ahead!', via: 'link' },
          ],
        },
      ],
    });
  });

  test('denies', async () => {
    const { app, id } = await mailed();
    expect(await post(app, linkTo(app, second), 'decision=deny&comment=')).toMatchObject({ status: 200 });
    expect(app.store.requests.get(id)).toMatchObject({
      outcome: { status: 'denied', by: { kind: 'person', key: 'second-lead@example.com', name: 'Second Lead' } },
    });
    expect(app.store.requests.get(id)!.stages[0]!.decisions[0]).not.toHaveProperty('comment');
  });

  test('one of two approvals leaves it pending, and says so', async () => {
    const { app, id } = await mailed(forWrite);
    expect(wordsOf(await post(app, linkTo(app, lead), 'decision=approve'))).toContain('Your approval counts');
    expect(app.store.requests.get(id)).toMatchObject({ version: 2 });
    expect(await post(app, linkTo(app, second), 'decision=approve')).toMatchObject({ status: 200 });
    await playStream(app);
    expect(await post(app, linkTo(app, 'security@example.com'), 'decision=approve')).toMatchObject({ status: 200 });
    expect(app.store.requests.get(id)).toMatchObject({ version: 4, grant: { endsAt: start + HOUR } });
  });

  test('an origin of null, as browsers send from a page without referrer, is fine; so is any other', async () => {
    for (const origin of ['null', 'https://mail.example.com', undefined]) {
      const { app } = await mailed();
      expect(await post(app, linkTo(app, lead), 'decision=approve', { headers: { origin } })).toMatchObject({
        status: 200,
      });
    }
  });
});

describe('granting for less', () => {
  const shorter = { duration: '2h' };
  test('offers what was asked for first, then less, and grants what is chosen', async () => {
    const { app, id } = await mailed(shorter);
    const page = parsed((await open(app, linkTo(app, lead))).text);
    const options = byTag(page, 'option').map((option) => [attribute(option, 'value'), words(option)]);
    expect(options).toEqual([
      ['7200s', '2 h (as requested)'],
      ['3600s', '1 h'],
      ['1800s', '30 min'],
      ['900s', '15 min'],
    ]);
    expect(await post(app, linkTo(app, lead), 'decision=approve&duration=1800s')).toMatchObject({ status: 200 });
    expect(app.store.requests.get(id)).toMatchObject({ grant: { startsAt: start, endsAt: start + HOUR / 2 } });
  });

  test('as asked is not less, and a denial takes no notice of it', async () => {
    const { app, id } = await mailed(shorter);
    expect(await post(app, linkTo(app, lead), 'decision=approve&duration=7200s')).toMatchObject({ status: 200 });
    expect(app.store.requests.get(id)).toMatchObject({ grant: { endsAt: start + 2 * HOUR } });
    const { app: other, id: otherId } = await mailed(shorter);
    expect(await post(other, linkTo(other, lead), 'decision=deny&duration=900s')).toMatchObject({ status: 200 });
    expect(other.store.requests.get(otherId)?.outcome?.status).toBe('denied');
  });

  test.each([
    ['more', '3h', 422, /An approver can shorten a request, not lengthen it\. The requested duration is 2 h\./],
    ['next to nothing', '5s', 422, /A grant must last at least 1 min/],
    ['no duration', 'soon', 400, /duration must be a duration such as/],
  ])('%s is refused, and the form comes again', async (_name, duration, status, why) => {
    const { app, id } = await mailed(shorter);
    const answer = await post(app, linkTo(app, lead), `decision=approve&duration=${duration}&comment=Mind+the+gap`);
    expect(answer.status).toBe(status);
    expect(wordsOf(answer)).toMatch(why);
    expect(textIn(byTag(parsed(answer.text), 'textarea')[0]!)).toBe('Mind the gap');
    expect(app.store.requests.get(id)?.version).toBe(1);
  });
});

describe('what a role may do', () => {
  const bucket = 'arn:aws:s3:::productionapp';
  const shown = async (permissions: object | undefined) => {
    const { read } = smallCatalogueFile.roles;
    const roles = { read: { ...read, ...(permissions && { permissions }) } };
    const { app } = await mailed({}, fakeApp({ catalogue: catalogueOf({ ...smallCatalogueFile, roles }) }));
    const page = await open(app, linkTo(app, lead));
    return words(byTag(parsed(page.text), 'details').find((one) => attribute(one, 'class') === 'rights')!);
  };

  test('is said by the policies of the catalogue', async () => {
    expect(
      await shown({
        managed: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
        statements: [
          { actions: ['s3:GetObject', 's3:PutObject'], resources: [`${bucket}/*`] },
          { actions: ['s3:ListBucket'], resources: [bucket], conditions: { StringLike: { 's3:prefix': '<b>*' } } },
        ],
      }),
    ).toMatch(
      /What this role may do.*arn:aws:iam::aws:policy\/ReadOnlyAccess.*Allow s3:GetObject, s3:PutObject on arn:aws:s3:::productionapp\/\* Allow s3:ListBucket on arn:aws:s3:::productionapp if {"StringLike":{"s3:prefix":"<b>\*"}}/,
    );
  });

  test('is said to be unknown where the catalogue does not say it', async () => {
    expect(await shown(undefined)).toMatch(/The catalogue does not say/);
  });

  test('is cut where it is long, and says so', async () => {
    const actions = Array.from({ length: 400 }, (_, i) => `s3:GetSomething${i}`);
    const text = await shown({ statements: [{ actions, resources: ['*'] }] });
    expect(text.length).toBeLessThan(4400);
    expect(text).toMatch(/\d+ more characters are in the catalogue\./);
  });

  test('says that the catalogue has changed since', async () => {
    const { app } = await mailed();
    const { read } = smallCatalogueFile.roles;
    const permissions = { managed: ['arn:aws:iam::aws:policy/AdministratorAccess'] };
    const roles = { ...smallCatalogueFile.roles, read: { ...read, permissions } };
    app.catalogue = catalogueOf({ ...smallCatalogueFile, roles });
    expect(wordsOf(await open(app, linkTo(app, lead)))).toMatch(
      /AdministratorAccess.*The catalogue has changed since this was requested/,
    );
  });
});

describe('a spent link', () => {
  test('a double click decides once', async () => {
    const { app, id } = await mailed();
    const token = linkTo(app, lead);
    await post(app, token, 'decision=approve');
    const again = await post(app, token, 'decision=deny');
    expect(again.status).toBe(410);
    expectPageHeaders(again);
    expect(wordsOf(again)).toMatch(/Your answer was not recorded You already approved this request on 22 Nov 2026/);
    expect(app.store.requests.get(id)).toMatchObject({ version: 2, grant: { endsAt: start + HOUR } });
  });

  test('two clicks at once decide once', async () => {
    const { app, id } = await mailed();
    const token = linkTo(app, lead);
    const answers = await Promise.all([post(app, token, 'decision=approve'), post(app, token, 'decision=approve')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410]);
    expect(app.store.requests.get(id)?.version).toBe(2);
  });

  test('used while the request is still pending: the link of who has decided is spent, the other’s is not', async () => {
    const { app } = await mailed(forWrite);
    await post(app, linkTo(app, lead), 'decision=approve');
    expect(await open(app, linkTo(app, lead))).toMatchObject({ status: 410 });
    expect(await open(app, linkTo(app, second))).toMatchObject({ status: 200 });
  });

  test('a stage that others have filled leaves nothing to its other approvers, while the next stage decides', async () => {
    const admin = 'security@example.com';
    const third = 'third@example.com';
    const catalogue = catalogueOf({
      ...smallCatalogueFile,
      roles: {
        read: {
          ...smallCatalogueFile.roles.read,
          approval: { stages: [{ approvers: [lead, third] }, { approvers: [admin] }] },
        },
      },
    });
    const { app, id } = await mailed({}, fakeApp({ catalogue }));
    const token = linkTo(app, third);
    await post(app, linkTo(app, lead), 'decision=approve');
    await playStream(app);
    for (const answer of [await open(app, token), await post(app, token, 'decision=deny')]) {
      expect(answer.status).toBe(410);
    }
    expect(wordsOf(await open(app, token))).toMatch(/already been used/);
    expect(wordsOf(await post(app, token, 'decision=deny'))).toMatch(
      /not recorded Other approvers have already decided this step/,
    );
    expect(app.store.requests.get(id)).toMatchObject({ version: 2 });
    expect(await open(app, linkTo(app, admin))).toMatchObject({ status: 200 });
  });

  test.each<[string, (app: FakeApp, id: string) => unknown, RegExp, RegExp]>([
    [
      'approved by somebody else',
      (app, id) => approvedBy(app, id, second),
      /Approved/,
      /not recorded The request was already approved by others/,
    ],
    [
      'denied by somebody else',
      (app, id) => call(app, 'decideRequest', { as: second, id, body: { decision: 'deny' } }),
      /Denied/,
      /not recorded The request was denied on 22 Nov 2026, 10:00 UTC/,
    ],
    [
      'withdrawn',
      (app, id) => call(app, 'endRequest', { as: dev, id }),
      /Withdrawn/,
      /not recorded The request was withdrawn on 22 Nov 2026, 10:00 UTC/,
    ],
    [
      'revoked by an admin',
      (app, id) => call(app, 'endRequest', { as: 'admin@example.com', id }),
      /Revoked/,
      /not recorded The request was revoked on 22 Nov 2026, 10:00 UTC/,
    ],
    [
      'lapsed',
      (app) => {
        app.now = start + 8 * HOUR;
      },
      /Lapsed/,
      /not recorded Nobody had decided the request by 22 Nov 2026, 18:00 UTC/,
    ],
  ])('%s: 410 with what became of it, for GET, HEAD and POST', async (_name, happen, said, because) => {
    const { app, id } = await mailed();
    const token = linkTo(app, lead);
    await happen(app, id);
    const version = app.store.requests.get(id)?.version;
    const opened = await open(app, token);
    for (const answer of [opened, await post(app, token, 'decision=approve')]) {
      expect(answer.status).toBe(410);
      expectPageHeaders(answer);
      expect(wordsOf(answer)).toMatch(answer === opened ? said : because);
      // who asked for what, and why, is for those who sign in
      expect(answer.text).not.toMatch(/nightly export|Second Lead|Production|arn:aws|111111111111|dev@example/);
      expect(byTag(parsed(answer.text), 'form')).toEqual([]);
    }
    expect(await open(app, token, 'probeDecision')).toMatchObject({ status: 410, text: '' });
    expect(app.store.requests.get(id)?.version).toBe(version);
  });
});

describe('a link that is wrong', () => {
  test('altered, foreign, unknown or for news: one answer', async () => {
    const { app } = await mailed();
    await filed(app, {}, { as: lead });
    await playStream(app);
    const own = linkTo(app, second);
    const [message] = [...app.store.messages.values()];
    const wrong = [
      '',
      'x',
      own.slice(0, -1),
      `${own}A`,
      `${own}=`,
      `${own} `,
      own.slice(0, -1) + (own.endsWith('A') ? 'B' : 'A'),
      own.slice(0, 26) + message!.id + own.slice(48),
      [...app.store.requests.keys()][0] + own.slice(26),
      own.slice(0, 48) + Buffer.alloc(32).toString('base64url'),
      '0'.repeat(26) + own.slice(26),
    ].filter((token) => token !== own);
    const known = linkTo(app, second);
    for (const token of wrong) {
      for (const answer of [await open(app, token), await post(app, token, 'decision=approve')]) {
        expect([token === known, answer.status]).toEqual([false, 404]);
        expectPageHeaders(answer);
        expect(wordsOf(answer)).toMatch(
          /This link is not valid\s+The link is incomplete or unknown.*newest email.*link-not-found/s,
        );
      }
      expect(await open(app, token, 'probeDecision')).toMatchObject({ status: 404, text: '' });
    }
    expect(app.store.changes).toEqual([]);
  });
});

describe('a post that is wrong', () => {
  test.each<[string, string, Wish, number, string]>([
    ['nothing', '', {}, 400, 'invalid-request'],
    ['another word', 'decision=perhaps', {}, 400, 'invalid-request'],
    ['a field that the page does not have', 'decision=approve&approver=x', {}, 400, 'invalid-request'],
    ['both answers', 'decision=approve&decision=deny', {}, 400, 'invalid-request'],
    ['a comment of 1,001 characters', `decision=approve&comment=${'x'.repeat(1001)}`, {}, 400, 'invalid-request'],
    [
      'bytes that are no UTF-8',
      'decision=approve&comment=%FF',
      { body: Buffer.from([0xff, 0xfe]) },
      400,
      'invalid-request',
    ],
    [
      'JSON',
      '{"decision":"approve"}',
      { headers: { 'content-type': 'application/json' } },
      415,
      'unsupported-media-type',
    ],
    ['too much', `decision=approve&comment=${'x'.repeat(16 * 1024)}`, {}, 413, 'too-large'],
  ])('%s: a page that says so, and nothing decided', async (_name, form, wish, status, code) => {
    const { app, id } = await mailed();
    const answer = await post(app, linkTo(app, lead), form, wish);
    expect(answer.status).toBe(status);
    expectPageHeaders(answer);
    expect(wordsOf(answer)).toContain(code);
    expect(app.store.requests.get(id)?.version).toBe(1);
  });

  test.each<[string, string, string, RegExp]>([
    ['too long', `${'x'.repeat(600)}\n${'y'.repeat(401)}`, 'approve', /The comment must be at most 1000 characters/],
    ['invisible characters', 'Fine\u202e', 'deny', /The comment must not contain .* U\+202E/],
    [
      'an answer that is none',
      '\n  "Not this </textarea><b>week</b>"\n',
      'perhaps',
      /decision must be "approve" or "deny"/,
    ],
  ])('%s: the form comes again with what was typed', async (_name, comment, decision, why) => {
    const { app, id } = await mailed();
    const typed = new URLSearchParams({ decision, comment: comment.replaceAll('\n', '\r\n') }).toString();
    const answer = await post(app, linkTo(app, lead), typed);
    expect(answer.status).toBe(400);
    expectPageHeaders(answer);
    expect(wordsOf(answer)).toMatch(/Your answer was not recorded\./);
    expect(wordsOf(answer)).toMatch(why);
    const tree = parsed(answer.text);
    const [field] = byTag(tree, 'textarea');
    expect(textIn(field!)).toBe(comment.replace('\u202e', '\ufffd'));
    const isItsFault = decision !== 'perhaps';
    expect(attribute(field!, 'aria-invalid')).toBe(String(isItsFault));
    expect(byTag(tree, 'b')).toEqual([]);
    expect(byTag(tree, 'button').map((button) => attribute(button, 'value'))).toEqual(['approve', 'deny']);
    expect(app.store.requests.get(id)?.version).toBe(1);
    expect(JSON.stringify(app.lines)).not.toMatch(/xxxxx|week/);
  });

  test('behind a link that is none, or is spent, no form comes again', async () => {
    const { app } = await mailed();
    const token = linkTo(app, lead);
    const tooLong = `decision=approve&comment=${'x'.repeat(1001)}`;
    expect(await post(app, `${token.slice(0, -1)}${token.endsWith('A') ? 'Q' : 'A'}`, tooLong)).toMatchObject({
      status: 404,
    });
    await post(app, token, 'decision=approve');
    const answer = await post(app, token, tooLong);
    expect(answer.status).toBe(400);
    expect(byTag(parsed(answer.text), 'form')).toEqual([]);
    expect(answer.text).not.toMatch(/nightly export|xxxxx/);
  });

  test('a comment of 1,000 characters in lines, as a browser posts it', async () => {
    const { app, id } = await mailed();
    const comment = `${'x'.repeat(499)}\r\n${'y'.repeat(500)}`;
    expect(
      await post(app, linkTo(app, lead), new URLSearchParams({ decision: 'deny', comment }).toString()),
    ).toMatchObject({ status: 200 });
    expect(app.store.requests.get(id)!.stages[0]!.decisions[0]!.comment).toBe(comment.replace('\r\n', '\n'));
  });
});

describe('who may decide is judged when they post', () => {
  test('a former approver', async () => {
    const { app, id } = await mailed();
    app.catalogue = catalogueOf({ ...smallCatalogueFile, groups: { ...smallCatalogueFile.groups, leads: [second] } });
    const answer = await post(app, linkTo(app, lead), 'decision=approve');
    expect([answer.status, wordsOf(answer)]).toEqual([403, expect.stringContaining('not-an-approver')]);
    expect(app.store.requests.get(id)?.version).toBe(1);
  });

  test('an approver of whom the catalogue has learnt that they are the requester', async () => {
    const { app, id } = await mailed();
    const people = [{ email: second, name: 'Second Lead', principals: [dev] }];
    app.catalogue = catalogueOf({ ...smallCatalogueFile, people });
    const answer = await post(app, linkTo(app, second), 'decision=approve');
    expect([answer.status, wordsOf(answer)]).toEqual([403, expect.stringContaining('own-request')]);
    expect(app.store.requests.get(id)?.version).toBe(1);
  });

  test('a role that is gone cannot be approved', async () => {
    const { app } = await mailed();
    app.catalogue = catalogueOf({ ...smallCatalogueFile, bots: {}, roles: { play: smallCatalogueFile.roles.play } });
    const answer = await post(app, linkTo(app, lead), 'decision=approve');
    expect([answer.status, wordsOf(answer)]).toEqual([422, expect.stringContaining('refused-by-policy')]);
  });
});

describe('errors are pages too', () => {
  test('a busy database: 503 with Retry-After', async () => {
    const { app } = await mailed();
    const token = linkTo(app, lead);
    app.gate = () => Promise.reject(new Problem('try-again', 'The database is busy.', { retryAfterSeconds: 2 }));
    const answer = await post(app, token, 'decision=approve');
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
    expectPageHeaders(answer);
  });

  test('an internal error reveals no details', async () => {
    const { app } = await mailed();
    const token = linkTo(app, lead);
    app.gate = () => Promise.reject(new Error('canary'));
    const answer = await open(app, token);
    expect(answer.status).toBe(500);
    expect(wordsOf(answer)).toContain('internal');
    expect(answer.text + JSON.stringify(app.lines)).not.toContain('canary');
  });
});
