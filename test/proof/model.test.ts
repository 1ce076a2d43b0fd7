// Figure 3: random commands to Latchkey and to a small reference machine. Any difference is a bug in one of them.
import { describe, expect, test } from '@jest/globals';
import { decideRequest, endRequest, readRequest } from '../../lib/actions/access.ts';
import { decideByLink } from '../../lib/actions/decide-by-link.ts';
import { extendRequest } from '../../lib/actions/extend.ts';
import { fileRequest } from '../../lib/actions/file-request.ts';
import { tell } from '../../lib/actions/news.ts';
import { sweep } from '../../lib/actions/sweep.ts';
import { issueConsole, issueCredentials } from '../../lib/actions/vend.ts';
import { MINUTE, SECOND, toInstant } from '../../lib/common/time.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { statusAt } from '../../lib/model/status.ts';
import type { Caller } from '../../lib/policy/principal.ts';
import { isHistoryIntact } from '../../lib/request/history.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { titleOf } from '../support/outbox.ts';
import { catalogueFrom, codeOf, linkTo, outcomeOf, signedIn, signing } from './cast.ts';
import { type Requests, type RoleName, referenceMachine, roles, type State } from './reference-machine.ts';
import { must, oneOf, prove, size } from './size.ts';

const catalogue = catalogueFrom({
  version: 1,
  admins: ['admin@example.com'],
  auditors: ['auditor@example.com'],
  accounts: { production: { id: '111111111111', name: 'Production', externalId: 'lk-9f2c6c1e4b7a4d5f8a3e' } },
  groups: { developers: ['dev@example.com'] },
  bots: {
    chatops: {
      principal: 'arn:aws:iam::999999999999:role/chatops',
      for: ['group:developers'],
      roles: Object.keys(roles),
    },
  },
  roles: Object.fromEntries(
    Object.entries(roles).map(([name, stages]) => [
      name,
      {
        account: 'production',
        roleName: `latchkey/${name}`,
        description: name,
        requesters: ['group:developers'],
        approval:
          stages.length === 0
            ? { automatic: true, decideWithin: '1h' }
            : {
                stages: stages.map(({ need, people }) => ({
                  need,
                  approvers: people.map((who) => `${who}@example.com`),
                })),
                decideWithin: '1h',
              },
        duration: { default: '1h', max: '2h' },
      },
    ]),
  ),
});
const everybody = ['dev', 'lead', 'second', 'third', 'security', 'admin', 'auditor', 'stranger'];
const cast = fakeApp({ catalogue });
const callers = new Map<string, Caller>([
  ...everybody.map((who) => [who, signedIn(cast, `${who}@example.com`)] as const),
  ['bot', signing(cast, 'arn:aws:iam::999999999999:role/chatops')],
]);

type Run = {
  app: FakeApp;
  model: Requests;
  role: RoleName;
  ids: string[];
  random: () => number;
  told: number;
  lastKey: string | undefined;
  lastExtension: { key: string; of: number } | undefined;
  keys: number;
};
type Command = { weight: number; can?(run: Run): boolean; run(run: Run): Promise<void> };

const states: State[] = [
  'nothing',
  'pending',
  'half approved',
  'second stage',
  'scheduled',
  'granted',
  'in use',
  'run out',
  'ended',
  'handed back',
  'withdrawn',
  'revoked',
  'denied',
  'overdue',
  'lapsed',
];
const approvers = ['lead', 'second', 'third', 'security'];
const newKey = (run: Run): string => {
  run.keys += 1;
  return `key ${run.keys}`;
};

const commands: Record<string, Command> = {
  file: { weight: 5, run: (run) => file(run, newKey(run), 'Because', false) },
  'file by bot': { weight: 1, run: (run) => file(run, newKey(run), 'Because', true) },
  'file again': {
    weight: 1,
    can: (run) => run.lastKey !== undefined,
    run: (run) => file(run, run.lastKey!, 'Because', false),
  },
  'file otherwise': {
    weight: 1,
    can: (run) => run.lastKey !== undefined,
    run: (run) => file(run, run.lastKey!, 'Because of that', false),
  },
  'file for later': { weight: 2, run: (run) => file(run, newKey(run), 'Because', false, 20 * MINUTE) },
  'file for the past': { weight: 0.5, run: (run) => file(run, newKey(run), 'Because', false, -2 * SECOND) },
  extend: { weight: 4, run: (run) => extend(run, 'dev', newKey(run), run.ids.length - 1) },
  'extend again': {
    weight: 1,
    can: (run) => run.lastExtension !== undefined,
    run: (run) => extend(run, 'dev', run.lastExtension!.key, run.lastExtension!.of),
  },
  'extend as another': {
    weight: 0.5,
    run: (run) =>
      extend(
        run,
        oneOf(run.random, [...approvers, 'admin', 'auditor', 'stranger', 'bot']),
        newKey(run),
        run.ids.length - 1,
      ),
  },
  'end what is continued': {
    weight: 1,
    can: isContinuing,
    run: (run) => end(run, oneOf(run.random, ['dev', 'admin']), continuedBy(run)),
  },
  'credentials of what is continued': {
    weight: 1,
    can: isContinuing,
    run: (run) => vend(run, 'dev', undefined, continuedBy(run)),
  },
  approve: { weight: 7, run: (run) => decide(run, oneOf(run.random, approvers), 'approve') },
  'approve for less': { weight: 1, run: (run) => decide(run, oneOf(run.random, approvers), 'approve', '30m', 1800) },
  'approve for more': { weight: 1, run: (run) => decide(run, oneOf(run.random, approvers), 'approve', '2h', 7200) },
  'approve own': { weight: 1, run: (run) => decide(run, 'dev', 'approve') },
  'approve as outsider': {
    weight: 1,
    run: (run) => decide(run, oneOf(run.random, ['admin', 'auditor', 'stranger', 'bot']), 'approve'),
  },
  'approve by link': { weight: 5, can: hasLinks, run: (run) => followLink(run, 'approve') },
  deny: { weight: 1, run: (run) => decide(run, oneOf(run.random, approvers), 'deny') },
  'deny by link': { weight: 1, can: hasLinks, run: (run) => followLink(run, 'deny') },
  'end own': { weight: 1, run: (run) => end(run, 'dev') },
  'end as approver': { weight: 0.5, run: (run) => end(run, oneOf(run.random, approvers)) },
  'end as admin': { weight: 0.5, run: (run) => end(run, 'admin') },
  'end as outsider': { weight: 0.5, run: (run) => end(run, oneOf(run.random, ['auditor', 'stranger', 'bot'])) },
  credentials: { weight: 3, run: (run) => vend(run, 'dev') },
  'credentials of another': {
    weight: 1,
    run: (run) => vend(run, oneOf(run.random, [...approvers, 'admin', 'auditor', 'stranger', 'bot'])),
  },
  console: { weight: 1, run: (run) => vend(run, 'dev', 'console') },
  read: { weight: 1, run: read },
  'a moment': { weight: 1, run: async (run) => tick(run, run.app.now + Math.floor(run.random() * 7 * MINUTE)) },
  'to the deadline': { weight: 2, run: async (run) => tick(run, nearest(run) + oneOf(run.random, [-1, 0, 0, 1])) },
  'a long time': { weight: 0.5, run: async (run) => tick(run, run.app.now + 40 * MINUTE) },
  sweep: { weight: 3, run: sweepBoth },
  'hear news': { weight: 5, run: hearNews },
  // a record that the stream gave up on: the sweep checks the approvers' emails
  'lose news': {
    weight: 1,
    can: ({ told, app }) => told < app.store.changes.length,
    run: async (run) => {
      run.told += 1;
    },
  },
  'hear old news': {
    weight: 1,
    can: ({ told }) => told > 0,
    run: (run) => hear(run, Math.floor(run.random() * run.told)),
  },
};
const names = Object.keys(commands);
/** Each command as often as it weighs, in halves. */
const urn = names.flatMap((name) => Array.from({ length: 2 * commands[name]!.weight }, () => name));

describe('Latchkey and the reference machine agree', () => {
  test('after every command of random sequences', async () => {
    const hits = new Map<string, number>();
    const possible = states.flatMap((state) =>
      names.filter((name) => state !== 'nothing' || !needsRequest(name)).map((name) => `${state} x ${name}`),
    );
    const measured = {
      get commands() {
        return [...hits.values()].reduce((sum, count) => sum + count, 0);
      },
      get [`of ${possible.length} possible pairs of state and command hit`]() {
        return hits.size;
      },
      get 'hits of the rarest pair'() {
        return Math.min(...possible.map((pair) => hits.get(pair) ?? 0));
      },
      // the first one throws
      divergences: 0,
    };
    const trials = size(1_500, 1_000_000);
    await prove(
      3,
      'random command sequences against the reference machine',
      trials,
      (_, random) => sequence(random, hits),
      measured,
      () => table(hits),
    );
    // fewer sequences do not meet the rarest pairs
    if (process.env.LATCHKEY_SEED === undefined && trials >= 20_000)
      expect(possible.filter((pair) => !hits.has(pair))).toEqual([]);
  }, 3_600_000);
});

/** Commands that need something to have been filed. */
const needsRequest = (name: string) =>
  [
    'file again',
    'file otherwise',
    'extend again',
    'end what is continued',
    'credentials of what is continued',
    'approve by link',
    'deny by link',
    'lose news',
    'hear old news',
  ].includes(name);

async function sequence(random: () => number, hits: Map<string, number>): Promise<undefined> {
  const role = oneOf(random, ['one', 'two', 'two', 'auto'] as const);
  const app = fakeApp({ catalogue });
  const run: Run = {
    app,
    model: referenceMachine(role),
    role,
    ids: [],
    random,
    told: 0,
    lastKey: undefined,
    lastExtension: undefined,
    keys: 0,
  };
  run.model.tick(app.now);
  const done: string[] = [];
  const step = async (name: string, act = commands[name]!.run) => {
    const pair = `${run.model.state()} x ${name}`;
    hits.set(pair, (hits.get(pair) ?? 0) + 1);
    done.push(name);
    await act(run);
    if (run.ids.length > 0) compare(run);
  };
  try {
    const isContinued = random() < 0.4;
    if (isContinued) await continueGrant(run, step);
    for (let left = (isContinued ? 2 : 6) + Math.floor(random() * (isContinued ? 8 : 14)); left > 0; left -= 1) {
      const name = run.ids.length === 0 && random() < 0.7 ? 'file' : oneOf(random, urn);
      if (commands[name]!.can?.(run) !== false) await step(name);
    }
    for (const record of app.store.requests.values())
      must(isHistoryIntact(record), 'the history does not hold together');
  } catch (cause) {
    throw new Error(`${role}: ${done.join(', ')}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  return undefined;
}

/** A way into what chance rarely comes to: a grant that is continued, and sometimes in use, or over, before the rest is left to chance. */
async function continueGrant(run: Run, step: (name: string, act?: Command['run']) => Promise<void>): Promise<void> {
  const approveAll = async () => {
    for (const { need, people } of roles[run.role] as ReadonlyArray<{ need: number; people: readonly string[] }>)
      for (const who of people.slice(0, need)) await step('approve', (at) => decide(at, who, 'approve'));
  };
  await step('file');
  await approveAll();
  await step('extend');
  await step('hear news');
  if (run.random() < 0.4) {
    if (run.random() < 0.5) for (const late of ['a long time', 'a long time', 'sweep']) await step(late);
    return;
  }
  await approveAll();
  if (run.random() < 0.3) return;
  await step('to the deadline', async (at) => tick(at, nearest(at)));
  await step('credentials');
  if (run.random() < 0.3) await step(oneOf(run.random, ['end own', 'sweep', 'to the deadline']));
}

// -- the commands ----------------------------------------------------------------------------------------------------

const idOf = ({ ids }: Run, number = ids.length - 1) => ids[number] ?? '0'.repeat(26);
const callerOf = (who: string) => callers.get(who)!;

/** @param inMs when the grant is to start, from now */
async function file(run: Run, key: string, reason: string, byBot: boolean, inMs?: number): Promise<void> {
  const { app, model, role } = run;
  const startsAt = inMs === undefined ? undefined : app.now + inMs;
  const body = {
    role,
    reason,
    ...(byBot && { onBehalfOf: 'dev@example.com' }),
    ...(startsAt !== undefined && { startsAt: toInstant(startsAt) }),
  };
  const expected = model.file(key, reason, byBot, startsAt);
  const outcome = await outcomeOf(fileRequest(app, callerOf(byBot ? 'bot' : 'dev'), body, key));
  same(outcome.answer?.is ?? codeOf(outcome), expected.code);
  if (!byBot && startsAt === undefined) run.lastKey = key;
  if (outcome.answer?.is === 'filed') run.ids.push(outcome.answer.request.id);
  if (outcome.answer) same(outcome.answer.request.id, run.ids[expected.number!]);
}

async function extend(run: Run, who: string, key: string, continued: number): Promise<void> {
  const expected = run.model.extend(who, key, continued);
  const outcome = await outcomeOf(
    extendRequest(run.app, callerOf(who), idOf(run, continued), { duration: '1h', reason: 'More of it' }, key),
  );
  same(outcome.answer?.is ?? codeOf(outcome), expected.code);
  if (outcome.answer?.is === 'filed') {
    run.lastExtension = { key, of: continued };
    run.ids.push(outcome.answer.request.id);
  }
  if (outcome.answer) same(outcome.answer.request.id, run.ids[expected.number!]);
}
/** The number of the request that the last one continues. */
const continuedBy = ({ model }: Run): number => model.all.at(-1)!.continues!.number;
function isContinuing({ model }: Run): boolean {
  return model.all.at(-1)?.continues !== undefined;
}

async function decide(
  run: Run,
  who: string,
  what: 'approve' | 'deny',
  duration?: string,
  seconds?: number,
): Promise<void> {
  const body = { decision: what, ...(duration !== undefined && { duration }) };
  const outcome = await outcomeOf(decideRequest(run.app, callerOf(who), idOf(run), body));
  const left = run.model.all.at(-1)?.seconds;
  same(codeOf(outcome), run.model.decide(who, what, seconds ?? left));
}

function hasLinks({ model }: Run): boolean {
  return model.all.length > 0 && approvers.some((who) => model.hasLink(who));
}
async function followLink(run: Run, what: 'approve' | 'deny'): Promise<void> {
  const who = oneOf(
    run.random,
    approvers.filter((approver) => run.model.hasLink(approver)),
  );
  const outcome = await outcomeOf(
    decideByLink(run.app, linkTo(run.app, `${who}@example.com`, idOf(run)), { decision: what }),
  );
  if (run.model.isLinkSpent(who)) same(outcome.answer?.spent, true);
  else
    same(outcome.answer?.spent ? 'spent' : codeOf(outcome), run.model.decide(who, what, run.model.all.at(-1)!.seconds));
}

async function end(run: Run, who: string, number = run.ids.length - 1): Promise<void> {
  same(codeOf(await outcomeOf(endRequest(run.app, callerOf(who), idOf(run, number)))), run.model.end(who, number));
}

async function vend(run: Run, who: string, kind?: 'console', number = run.ids.length - 1): Promise<void> {
  const expected = run.model.vend(who, number);
  const wanted = typeof expected === 'number' ? toInstant(expected) : expected;
  if (kind === 'console') {
    const outcome = await outcomeOf(issueConsole(run.app, callerOf(who), { request: idOf(run) }));
    same(outcome.answer?.sessionExpiresAt ?? codeOf(outcome), wanted);
    return;
  }
  const outcome = await outcomeOf(issueCredentials(run.app, callerOf(who), { request: idOf(run, number) }));
  same(outcome.answer?.Expiration ?? codeOf(outcome), wanted);
  if (outcome.answer) same(outcome.answer.GrantEndsAt, toInstant(run.model.all[number]!.end!));
}

async function read(run: Run): Promise<void> {
  const who = oneOf(run.random, [...everybody, 'bot']);
  const isApprover =
    !approvers.includes(who) ||
    roles[run.role].some(({ people }: { people: readonly string[] }) => people.includes(who));
  same(
    codeOf(await outcomeOf(readRequest(run.app, callerOf(who), idOf(run)))),
    isApprover ? run.model.read(who) : 'request-not-found',
  );
}

function tick({ app, model }: Run, to: number): void {
  app.now = Math.max(app.now, to);
  model.tick(app.now);
}
/** What the clock does next to the last request, or to the one that it continues. */
function nearest({ app, model }: Run): number {
  const last = model.all.at(-1);
  const moments = [last?.start, last?.end, last?.end === undefined ? last?.deadline : undefined, last?.continues?.end];
  const coming = moments.flatMap((at) => (at !== undefined && at > app.now ? [at] : []));
  return coming.length > 0 ? Math.min(...coming) : (last?.end ?? last?.deadline ?? app.now + SECOND);
}

async function sweepBoth({ app, model }: Run): Promise<void> {
  await sweep(app);
  model.sweep();
}

async function hearNews(run: Run): Promise<void> {
  for (; run.told < run.app.store.changes.length; run.told += 1) await hear(run, run.told);
}
async function hear({ app, model, ids }: Run, n: number): Promise<void> {
  const { before, after } = app.store.changes[n]!;
  const sentBefore = app.mail.outbox.length;
  await tell(app, before, after);
  const sent = app.mail.outbox.slice(sentBefore).map(({ to, subject }) => `${titleOf(subject)} ${to.split('@')[0]}`);
  same(sent.sort().join(), model.hear(n, model.all[ids.indexOf(after.id)]!.deadline).sort().join());
}

// -- comparing -------------------------------------------------------------------------------------------------------

function compare({ app, model, ids }: Run): void {
  same(app.store.changes.length, model.written.length);
  // the last one, and the one that it continues, which stays open
  const last = model.all.at(-1)!;
  for (const expected of [last, last.continues])
    if (expected) compareOne(app, expected, model.status(expected), ids[expected.number]!);
}

function compareOne(app: FakeApp, expected: Requests['all'][number], status: string, id: string): void {
  same(
    factsOf(app.store.requests.get(id)!, app.now),
    [
      status,
      expected.start ?? expected.wanted,
      expected.end,
      expected.seconds,
      expected.vends,
      Math.min(expected.vends, 12),
      expected.decisions.map(({ who, what }) => `${who} ${what}`).join(),
      expected.events.length,
      expected.events.at(-1),
    ].join(),
  );
}

const factsOf = (record: RequestRecord, now: number): string =>
  [
    statusAt(record, now),
    record.grant?.startsAt ?? record.wantedStart,
    record.grant?.endsAt,
    record.durationSeconds,
    record.vended,
    record.sessions.length,
    record.stages
      .flatMap(({ decisions }) => decisions.map(({ person, decision }) => `${person.split('@')[0]} ${decision}`))
      .join(),
    record.version,
    record.history.at(-1)!.type,
  ].join();

function same(found: unknown, expected: unknown): void {
  must(found === expected, () => `Latchkey says ${found}, the reference machine ${expected}`);
}

/** How often each command met each state. */
function table(hits: Map<string, number>): string {
  const width = Math.max(...names.map((name) => name.length));
  const row = (head: string, cells: string[]) =>
    `${head.padEnd(width)}${cells.map((cell) => cell.padStart(9)).join('')}\n`;
  return (
    row(
      '',
      states.map((state) => state.slice(0, 8)),
    ) +
    names
      .map((name) =>
        row(
          name,
          states.map((state) => String(hits.get(`${state} x ${name}`) ?? '-')),
        ),
      )
      .join('')
  );
}
