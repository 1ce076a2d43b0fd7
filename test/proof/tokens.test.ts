// Figure 7: a link in an email is one string. With any change, or with parts of other links mixed in, it opens nothing.
import { describe, expect, test } from '@jest/globals';
import { decideByLink, openLink } from '../../lib/actions/decide-by-link.ts';
import { fileRequest } from '../../lib/actions/file-request.ts';
import { tell } from '../../lib/actions/news.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { call } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { codeOf, linkTo, outcomeOf, signedIn } from './cast.ts';
import { must, oneOf, prove, size } from './size.ts';

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Text that an email program, a proxy or an attacker may put behind, before or into a token. */
const strays = [
  '=',
  '==',
  '\n',
  '\r\n',
  ' ',
  '\t',
  '\0',
  '.',
  '/',
  '?',
  '#',
  '%',
  '%00',
  '+',
  '~',
  '\u200b',
  '\u00ad',
  '\u202e',
  'é',
  '😀',
  'ａ',
  'K',
];

/** Two requests, two approvers each; `tokens` are all four links. */
type Mailbox = { app: FakeApp; requests: RequestRecord[]; tokens: string[] };

async function mailbox(): Promise<Mailbox> {
  const app = fakeApp();
  const requests: RequestRecord[] = [];
  const tokens: string[] = [];
  for (const [requester, ticket] of [
    ['dev@example.com', 'OPS-1'],
    ['third@example.com', 'OPS-2'],
  ] as const) {
    const caller = { ...signedIn(app, requester), groups: ['developers'] };
    const { request } = await fileRequest(app, caller, { role: 'read', reason: 'Because', ticket });
    await tell(app, undefined, request);
    requests.push(request);
    tokens.push(linkTo(app, 'lead@example.com'), linkTo(app, 'second-lead@example.com'));
  }
  return { app, requests, tokens };
}

const opens = async (app: FakeApp, token: string): Promise<string> => codeOf(await outcomeOf(openLink(app, token)));

describe('a link works as exactly one string', () => {
  test('a change of any one place opens nothing', async () => {
    const { app, tokens } = await mailbox();
    expect(new Set(tokens).size).toBe(4);
    const measured = { accepted: 0 };
    await prove(
      7,
      'one place of a link changed',
      tokens.length,
      async (seed) => {
        const token = tokens[(seed - 1) % tokens.length]!;
        must((await opens(app, token)) === 'ok', 'the link itself does not open');
        const variants = onePlaceChanged(token);
        for (const variant of variants)
          must((await opens(app, variant)) === 'link-not-found', `opens as ${JSON.stringify(variant)}`);
        return variants.length;
      },
      measured,
    );
  }, 3_600_000);

  test('random edits and parts of other links open nothing', async () => {
    const { app, tokens } = await mailbox();
    await prove(
      7,
      'links edited at random, a thousand at a time',
      size(40, 1_100),
      async (seed, random) => {
        const isSpent = seed % 3 === 0;
        const own = isSpent ? await decided() : { app, tokens };
        for (let n = 0; n < 1000; ) {
          const variant = edited(random, own.tokens);
          if (own.tokens.includes(variant)) continue;
          n += 1;
          must((await opens(own.app, variant)) === 'link-not-found', `opens as ${JSON.stringify(variant)}`);
        }
        return 1000;
      },
      { accepted: 0 },
    );
  }, 3_600_000);

  test('an edited link decides nothing, and the answer does not say why', async () => {
    const { app, tokens } = await mailbox();
    app.store.changes.splice(0);
    const answers = new Set<string>();
    for (const variant of onePlaceChanged(tokens[0]!).filter((_, i) => i % 40 === 0)) {
      const answer = await call(app, 'decideByLink', { id: variant });
      expect(answer.status).toBe(404);
      answers.add(answer.text.replaceAll(/nonce="[^"]+"/g, ''));
    }
    expect(answers.size).toBe(1);
    expect(app.store.changes).toEqual([]);
  });
});

describe('a link works once and in time', () => {
  test('a millisecond before the deadline it decides, at the deadline it is spent', async () => {
    for (const [late, isSpent] of [
      [-1, false],
      [0, true],
      [1, true],
    ] as const) {
      const { app, requests, tokens } = await mailbox();
      app.now = requests[0]!.decideBy + late;
      expect((await openLink(app, tokens[0]!)).spent).toBe(isSpent);
      expect((await decideByLink(app, tokens[0]!, { decision: 'approve' })).spent).toBe(isSpent);
    }
  });

  test('a decision uses up all links of the request, and no link of another request', async () => {
    const { app, tokens } = await decided();
    const spent = await Promise.all(tokens.map(async (token) => (await openLink(app, token)).spent));
    expect(spent).toEqual([true, true, false, false]);
    const changes = app.store.changes.length;
    for (const token of tokens.slice(0, 2))
      expect((await decideByLink(app, token, { decision: 'deny' })).spent).toBe(true);
    expect(app.store.changes.length).toBe(changes);
  });
});

async function decided(): Promise<Mailbox> {
  const mails = await mailbox();
  await decideByLink(mails.app, mails.tokens[0]!, { decision: 'approve' });
  return mails;
}

/** Bits flipped, characters replaced, dropped, doubled, swapped with a neighbour, put in; cut anywhere; more in front or behind. */
function onePlaceChanged(token: string): string[] {
  const places = [...token].map((_, i) => i);
  const bytes = Buffer.from(token);
  const flips = places.flatMap((i) =>
    [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => {
      const flipped = Buffer.from(bytes);
      flipped[i]! ^= 1 << bit;
      return flipped.toString('latin1');
    }),
  );
  const replaced = places.flatMap((i) =>
    [...base64url, ...strays].map((character) => token.slice(0, i) + character + token.slice(i + 1)),
  );
  const dropped = places.map((i) => token.slice(0, i) + token.slice(i + 1));
  const doubled = places.map((i) => token.slice(0, i) + token[i] + token.slice(i));
  const swapped = places.slice(1).map((i) => token.slice(0, i - 1) + token[i] + token[i - 1] + token.slice(i + 1));
  const inserted = places.flatMap((i) => strays.map((stray) => token.slice(0, i) + stray + token.slice(i)));
  const cut = places.flatMap((i) => [token.slice(0, i), token.slice(i + 1)]);
  const around = [...strays, ...base64url, token].flatMap((more) => [token + more, more + token, more + token + more]);
  const spelled = [
    token.toUpperCase(),
    token.toLowerCase(),
    encodeURIComponent(`${token} `),
    token.normalize('NFKD').replaceAll('-', '+').replaceAll('_', '/'),
    standard(token),
  ];
  return [
    ...new Set([...flips, ...replaced, ...dropped, ...doubled, ...swapped, ...inserted, ...cut, ...around, ...spelled]),
  ].filter((variant) => variant !== token);
}

/** Three parts: request, message, secret. The last is taken apart and put together in the other alphabet. */
const standard = (token: string): string =>
  token.slice(0, 48) + Buffer.from(token.slice(48), 'base64url').toString('base64');

/** One to four edits, or the parts of several links together. */
function edited(random: () => number, tokens: readonly string[]): string {
  if (random() < 0.25) {
    const [a, b, c] = [oneOf(random, tokens), oneOf(random, tokens), oneOf(random, tokens)];
    return a.slice(0, 26) + b.slice(26, 48) + c.slice(48);
  }
  let text = oneOf(random, tokens);
  for (let edits = 1 + Math.floor(random() * 4); edits > 0; edits -= 1) {
    const at = Math.floor(random() * (text.length + 1));
    const kind = random();
    const added = random() < 0.7 ? oneOf(random, [...base64url]) : oneOf(random, strays);
    if (kind < 0.5) text = text.slice(0, at) + added + text.slice(at + 1);
    else if (kind < 0.7) text = text.slice(0, at) + added + text.slice(at);
    else if (kind < 0.85) text = text.slice(0, at) + text.slice(at + 1);
    else text = text.slice(0, at) + oneOf(random, tokens).slice(at);
  }
  return text;
}
