// Figure 21: one account at the issuer is one person, whatever email address its token has and however else the same human calls.
import { describe, expect, test } from '@jest/globals';
import { HOUR } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { makeLink } from '../../lib/mail/links.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { type Answer, call, known, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { smallCatalogueFile } from '../support/small-catalogue.ts';
import { catalogueFrom } from './cast.ts';
import { must, prove, size } from './size.ts';

const human = 'human@example.com';
const changed = 'human.new@example.com';
const friend = 'friend@example.com';
const user = 'arn:aws:iam::222222222222:user/human';
const account = `https://issuer.example.com#sub-${human}`;
/** Whatever a record may call the one human by. */
const isHuman = (...identities: string[]): boolean =>
  identities.some((identity) => [human, changed, user, account].includes(identity));

/** The ways of one human. A token's subject is the same in all of them but the foreign issuer's. */
const ways = {
  'with the address': { as: human },
  'without an address': { as: human, claims: { email: undefined, email_verified: undefined } },
  'with an address that is not verified': { as: human, claims: { email_verified: false } },
  'with another verified address': { as: human, claims: { email: changed } },
  'from another issuer': { as: human, claims: { iss: 'https://other.example.com' } },
  'as an IAM user': { as: user },
  'by a mailed link': 'link',
  'by a bot': { as: 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops' },
} as const satisfies Record<string, Wish | 'link'>;
type Way = keyof typeof ways;

const base = {
  account: 'production',
  description: 'A role that everybody may have and decide',
  requesters: ['everyone'],
  duration: { default: '1h', max: '8h' },
  approval: { stages: [{ approvers: ['everyone', human], need: 2 }] },
};
/** By the account's first call alone, or also by the catalogue, the address and the account are one. */
const catalogues = [[user], [user, account, changed]].map((principals) =>
  catalogueFrom({
    ...smallCatalogueFile,
    people: [{ email: human, name: 'Human', principals }],
    groups: {},
    bots: { chatops: { ...smallCatalogueFile.bots.chatops, for: ['everyone'], roles: ['asked', 'denied'] } },
    roles: {
      asked: { ...base, roleName: 'latchkey/asked' },
      seat: { ...base, roleName: 'latchkey/seat' },
      denied: { ...base, roleName: 'latchkey/denied', deny: [human] },
      glass: {
        ...base,
        roleName: 'latchkey/glass',
        breakGlass: {
          requesters: ['everyone'],
          maxDuration: '1h',
          reason: { minLength: 1 },
          reviewers: ['everyone', human],
        },
      },
      given: { ...base, roleName: 'latchkey/given', approval: { automatic: true } },
    },
  }),
);

/** The earlier actions of the human: a request that waits, a colleague's that waits, a use of break-glass that is over, a grant. */
type World = { app: FakeApp; own: string; seat: string; glass: string; given: string };

/** The attempt of the human, by token, signature or link; a link is for its own request. */
const acts = {
  file: ({ app }, way) => file(app, way, { role: 'asked' }),
  'file what is denied': ({ app }, way) => file(app, way, { role: 'denied' }),
  'decide on the own request': ({ app, own }, way) => decide(app, way, own),
  'decide on another’s request': ({ app, seat }, way) => decide(app, way, seat),
  'sign the own review': ({ app, glass }, way) => sign(app, way, glass),
  'take a session': ({ app, given }, way) =>
    ways[way] === 'link' ? undefined : call(app, 'issueCredentials', { ...ways[way], id: given, body: {} }),
  'hand back': ({ app, given }, way) =>
    ways[way] === 'link' ? undefined : call(app, 'endRequest', { ...ways[way], id: given, body: {} }),
} as const satisfies Record<string, (world: World, way: Way) => Promise<Answer> | undefined>;
type Act = keyof typeof acts;

const tries = (Object.keys(ways) as Way[]).flatMap((way) => (Object.keys(acts) as Act[]).map((act) => ({ way, act })));
const matrix = catalogues.flatMap((catalogue) =>
  tries.flatMap((first) => tries.map((second) => ({ catalogue, first, second }))),
);

describe('one account, one person', () => {
  test('after any action in any way, any other action counts as the same person', async () => {
    const measured = { 'acts let through': 0, 'of them by a link': 0, 'acts refused': 0, 'second persons': 0 };
    await prove(
      21,
      'two acts of one human in any two ways',
      size(120, matrix.length),
      // a quick run takes every so many of them
      (seed) => trial(matrix[(seed * 997) % matrix.length]!, measured),
      measured,
    );
    if (process.env.LATCHKEY_SEED === undefined) expect(measured['of them by a link']).toBeGreaterThan(0);
  }, 3_600_000);
});

async function trial({ catalogue, first, second }: (typeof matrix)[number], measured: Record<string, number>) {
  const world = await worldOf(catalogue);
  for (const { way, act } of [first, second]) {
    const answer = await acts[act](world, way);
    if (!answer) continue;
    measured[answer.status < 300 ? 'acts let through' : 'acts refused']! += 1;
    if (way === 'by a mailed link' && answer.status < 300) measured['of them by a link']! += 1;
    const isNobody = ['without an address', 'with an address that is not verified', 'from another issuer'].includes(
      way,
    );
    const isNamed = catalogue === catalogues[1] && way !== 'from another issuer';
    if (isNobody && !isNamed) must(answer.status === 401, () => `${act} ${way} was answered ${answer.text}`);
    if (way === 'with another verified address' && !isNamed)
      must(answer.text.includes('identity-changed'), () => `${act} ${way} was answered ${answer.text}`);
  }
  for (const request of world.app.store.requests.values()) checkRequest(request);
  const open = [...world.app.store.requests.values()].filter(
    ({ requester, role, outcome }) => isHuman(requester.person, requester.principal) && role.id === 'asked' && !outcome,
  );
  must(open.length <= 1, 'the human has two open requests for one role');
  return undefined;
}

/** Nobody is in one request twice who must not be. */
function checkRequest({ id, role, requester, stages, review }: RequestRecord): void {
  const byHuman = stages.flatMap(({ decisions }) => decisions).filter((one) => isHuman(one.person, one.principal));
  must(byHuman.length <= 1, `the human decided twice on ${id}`);
  if (!isHuman(requester.person, requester.principal)) return;
  must(byHuman.length === 0, `the human decided on their own request ${id}`);
  must(role.id !== 'denied', 'the human was given what is denied to them');
  const { signed } = review ?? {};
  must(!signed || !isHuman(signed.person, signed.principal), 'the human signed their own review');
}

async function worldOf(catalogue: (typeof catalogues)[number]): Promise<World> {
  const app = fakeApp({ catalogue });
  await known(app, human);
  const glass = await filedAs(app, human, { role: 'glass', breakGlass: true });
  await call(app, 'endRequest', { as: human, id: glass, body: {} });
  app.now += HOUR;
  const own = await filedAs(app, human, { role: 'seat' });
  const seat = await filedAs(app, friend, { role: 'seat' });
  const given = await filedAs(app, human, { role: 'given' });
  return { app, own, seat, glass, given };
}

async function filedAs(app: FakeApp, as: string, body: object): Promise<string> {
  const answer = await file(app, { as }, body);
  must(answer?.status === 201, () => `not filed: ${answer?.text}`);
  return answer.body.id;
}

function file(app: FakeApp, way: Way | Wish, body: object): Promise<Answer<RequestView>> | undefined {
  const wish = typeof way === 'string' ? ways[way] : way;
  if (wish === 'link') return undefined;
  const onBehalfOf = way === 'by a bot' ? { onBehalfOf: human } : {};
  return call(app, 'createRequest', {
    ...wish,
    body: { reason: 'A reason that is long enough', ...body, ...onBehalfOf },
    headers: { 'idempotency-key': undefined },
  });
}

async function decide(app: FakeApp, way: Way, id: string): Promise<Answer> {
  const wish = ways[way];
  if (wish === 'link') return byLink(app, id, 'decide', 'decision=approve');
  return call(app, 'decideRequest', { ...wish, id, body: { decision: 'approve' } });
}

async function sign(app: FakeApp, way: Way, id: string): Promise<Answer> {
  const wish = ways[way];
  if (wish === 'link') return byLink(app, id, 'review', 'decision=sign&comment=fine');
  return call(app, 'reviewRequest', { ...wish, id, body: { comment: 'fine' } });
}

/** By a link in the human's own mailbox, which should not have been sent there. */
async function byLink(app: FakeApp, requestId: string, kind: string, form: string): Promise<Answer> {
  const id = `message-${kind}-`.padEnd(22, '0');
  const { token, hash } = makeLink(requestId, id, app.random(32));
  const claim = { channel: 'mail', kind, holder: { key: human, name: 'Human' }, linkHashes: [hash] };
  const times = { claimedAt: app.now, expiresAt: app.now + HOUR };
  await app.store.claimMessage({ requestId, id, ...claim, ...times }, app.now);
  return call(app, 'decideByLink', { id: token, body: Buffer.from(form) });
}
