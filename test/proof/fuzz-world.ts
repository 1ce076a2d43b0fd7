// A world to fuzz: a catalogue with one of every rule, requests in every state, links of every purpose; and good calls of every route.
import type { OutgoingMail } from '../../lib/app.ts';
import { HOUR, MINUTE } from '../../lib/common/time.ts';
import type { RequestView } from '../../lib/http/answers.ts';
import { approvedBy, type CallName, call, filed, playStream, type Wish } from '../support/calls.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { passUntil } from '../support/passing-time.ts';
import { start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';
import { tokensIn } from './cast.ts';
import { oneOf } from './size.ts';

const { roles, people, bots } = smallCatalogueFile;
const dev = 'dev@example.com';
const lead = 'lead@example.com';
const bot = 'arn:aws:sts::999999999999:assumed-role/chatops-bot/chatops';

/** Names and descriptions are hostile too: the author of a catalogue may not know the effect of a bracket. */
export const fuzzedCatalogueFile = {
  ...smallCatalogueFile,
  accounts: {
    ...smallCatalogueFile.accounts,
    production: { ...smallCatalogueFile.accounts.production, name: 'Prod <b>&amp;</b> "co"' },
  },
  people: people.map((person) => (person.email === dev ? { ...person, chat: { slack: 'U024BE7LH' } } : person)),
  bots: { chatops: { ...bots.chatops, roles: ['read', 'scoped'] } },
  limits: { openRequests: 12 },
  ticketValidators: { jira: { url: 'https://tickets.example.com/check' } },
  roles: {
    ...roles,
    write: {
      ...roles.write,
      breakGlass: {
        requesters: [dev],
        maxDuration: '30m',
        reason: { minLength: 20 },
        reviewers: ['security@example.com', lead],
        reviewWithin: '1d',
      },
    },
    scoped: {
      ...roles.read,
      description: 'Read <script>one</script> bucket',
      scope: {
        parameters: {
          bucket: { description: 'the bucket', pattern: '[a-z.-]+' },
          prefix: { description: 'a folder in it', values: ['in', 'out'] },
        },
        says: 'objects below {prefix} in {bucket}',
        statements: [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::{bucket}/{prefix}/*'] }],
      },
    },
    careful: {
      ...roles.play,
      mfa: true,
      signIn: { within: '1h' },
      networks: ['198.51.100.0/24'],
      ticket: { pattern: '^OPS-[0-9]+$', validator: 'jira' },
    },
    narrow: { ...roles.play, approval: { automatic: true }, limits: { open: 1 } },
  },
};
const harmlessFile = {
  ...fuzzedCatalogueFile,
  accounts: smallCatalogueFile.accounts,
  roles: {
    ...fuzzedCatalogueFile.roles,
    scoped: { ...fuzzedCatalogueFile.roles.scoped, description: 'Read one bucket' },
  },
};
const catalogues = { hostile: catalogueOf(fuzzedCatalogueFile), harmless: catalogueOf(harmlessFile) };

export const callers = [
  dev,
  dev,
  lead,
  'second-lead@example.com',
  'security@example.com',
  'admin@example.com',
  'auditor@example.com',
  'stranger@example.com',
  bot,
  'arn:aws:iam::222222222222:user/dev',
  'arn:aws:sts::222222222222:assumed-role/server/i-0abc',
  'nobody',
];

export type World = { app: FakeApp; ids: string[]; links: string[]; cursors: string[] };

/**
 * Requests pending, active, denied and over, by a person, a bot and break-glass; everybody mailed.
 * @param hostile what people wrote; nobody means harm without it
 */
export async function fuzzWorld(hostile?: string): Promise<World> {
  const app = fakeApp({ catalogue: catalogues[hostile === undefined ? 'harmless' : 'hostile'] });
  const [reason, comment] = [`Look at the failing export ${hostile ?? ''}`, hostile ?? 'No'];
  const glass = await filed(app, { role: 'write', breakGlass: true, reason: `${reason}, the shop is down` });
  await call(app, 'issueCredentials', { as: dev, id: glass.id, body: {} });
  await playStream(app);
  await passUntil(app, start + 31 * MINUTE, 31 * MINUTE);
  const active = await filed(app, { reason });
  await approvedBy(app, active.id, lead);
  await call(app, 'issueCredentials', { as: dev, id: active.id, body: {} });
  const denied = await filed(app, { role: 'scoped', scope: { bucket: 'reports', prefix: 'in' }, reason });
  await call(app, 'decideRequest', { as: lead, id: denied.id, body: { decision: 'deny', comment } });
  const pending = await filed(app, { role: 'write', ticket: 'OPS-1', reason });
  const byBot = await filed(
    app,
    { role: 'scoped', scope: { bucket: 'reports', prefix: 'out' }, reason, onBehalfOf: dev },
    { as: bot, headers: { 'idempotency-key': 'by-bot' } },
  );
  const play = await filed(app, { role: 'play', reason: 'x' });
  await playStream(app);
  const { body } = await call<{ nextCursor?: string }>(app, 'listRequests', { as: dev, query: { limit: '1' } });
  const ids = [glass, active, denied, pending, byBot, play].map(({ id }) => id);
  app.steps = [];
  return { app, ids, links: app.mail.outbox.flatMap(({ text }) => tokensIn(text)), cursors: [body.nextCursor ?? ''] };
}

/** Body and query that a route takes, where it takes any. */
export const good: { [Name in CallName]?: { body?: Record<string, unknown>; query?: Record<string, string> } } = {
  createRequest: { body: { role: 'read', reason: 'Look at it', duration: '45m', breakGlass: false } },
  dryRun: {
    body: { role: 'scoped', reason: 'Look at it', scope: { bucket: 'reports', prefix: 'in' }, onBehalfOf: dev },
    query: { dryRun: 'true' },
  },
  extendRequest: { body: { duration: '1h', reason: 'Still looking at it' } },
  listRequests: { query: { view: 'mine', status: 'pending', role: 'read', limit: '2' } },
  decideRequest: { body: { decision: 'approve', comment: 'fine', duration: '30m' } },
  reviewRequest: { body: { comment: 'Only the shop was restarted' } },
  endRequest: { body: { comment: 'done' } },
  issueCredentials: { body: { duration: '30m' } },
  issueConsole: { body: { destination: '/s3/home' } },
  issueRoleCredentials: { body: { duration: '30m' } },
  issueRoleConsole: { body: { destination: '/s3/home' } },
};

/** Routes as often as they are worth it; the document takes long to write. */
export const apiRoutes: readonly CallName[] = [
  ...Array.from(
    { length: 8 },
    () =>
      [
        'createRequest',
        'dryRun',
        'extendRequest',
        'listRequests',
        'readRequest',
        'decideRequest',
        'reviewRequest',
        'endRequest',
        'issueCredentials',
        'issueConsole',
        'issueRoleCredentials',
        'issueRoleConsole',
        'unknown',
      ] as const,
  ).flat(),
  'health',
  'discovery',
  'me',
  'listRoles',
];

/** Every page as its reader sees it without anybody meaning harm: what was asked, what became of it, and every refusal. */
export async function goodPages(): Promise<string[]> {
  const pages: string[] = [];
  const look = async ({ app, links }: Pick<World, 'app' | 'links'>) => {
    for (const id of links) pages.push((await call(app, 'showDecision', { id })).text);
  };
  const press = async ({ app }: Pick<World, 'app'>, id: string, form: string) =>
    void pages.push((await call(app, 'decideByLink', { id, body: Buffer.from(form) })).text);
  for (const form of [
    'decision=approve&comment=fine',
    'decision=deny&comment=no',
    'decision=sign&comment=seen',
    'decision=withdraw',
    'decision=perhaps&x=1&y=2',
    'decision=approve&duration=99h',
    'decision=revoke',
    ...['approve', 'sign', 'withdraw', 'revoke'].map(
      (decision) => `decision=${decision}&duration=900s&comment=${'x'.repeat(1001)}`,
    ),
  ]) {
    const world = await fuzzWorld();
    await look(world);
    for (const id of world.links) await press(world, id, form);
    await look(world);
    world.app.now += 12 * HOUR;
    await look(world);
  }
  const world = await fuzzWorld();
  for (const id of world.ids)
    await call<RequestView>(world.app, 'endRequest', { as: 'admin@example.com', id, body: { comment: 'out' } });
  await look(world);
  await look({ app: world.app, links: ['x'] });
  return pages;
}

/** Every email of such stories. */
export async function goodMails(): Promise<OutgoingMail[]> {
  const mails: OutgoingMail[] = [];
  for (const [as, decision] of [
    [lead, 'approve'],
    [lead, 'deny'],
    ['admin@example.com', 'end'],
    [dev, 'end'],
  ] as const) {
    const { app, ids } = await fuzzWorld();
    for (const id of ids) {
      if (decision === 'end') await call(app, 'endRequest', { as, id, body: { comment: 'out' } });
      else await call(app, 'decideRequest', { as, id, body: { decision, comment: 'fine' } });
    }
    await playStream(app);
    await passUntil(app, app.now + 60 * HOUR, 6 * HOUR);
    mails.push(...app.mail.outbox);
  }
  return mails;
}

/** Values for a filing; the role refuses many of them. */
const wishFor = (random: () => number): object => ({
  role: oneOf(random, ['read', 'write', 'play', 'play', 'scoped', 'careful', 'narrow', 'none']),
  duration: oneOf(random, ['45m', '45m', '9h', '30s']),
  ticket: oneOf(random, ['OPS-7', 'OPS-7', 'none']),
  reason: oneOf(random, ['Look at it', 'Look at the failing export', 'x']),
  ...(random() < 0.5 && { startsAt: '2026-11-23T10:00:00Z' }),
});

/** A valid call of a route by some person about some request. */
export function goodWish(random: () => number, name: CallName, { ids, links }: World): Wish {
  const { body, query } = good[name] ?? {};
  const isPage = name.includes('Decision') || name.startsWith('decision') || name === 'decideByLink';
  return {
    ...(name !== 'unknown' && !isPage && { as: oneOf(random, callers) }),
    id: oneOf(random, isPage ? links : ids),
    ...(body && { body: { ...body, ...(name === 'createRequest' && wishFor(random)) } }),
    ...(query && { query }),
    headers: { 'idempotency-key': random() < 0.8 ? undefined : oneOf(random, ['a', 'b', 'c']) },
  };
}
