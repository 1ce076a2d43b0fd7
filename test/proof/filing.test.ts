// Figure 19: many requests are filed at the same time, over an index that is late, by processes that die. Never more than the limits allow,
// nothing is left behind that holds up the next one, and a place that has become free can be taken at once.
import { describe, test } from '@jest/globals';
import { decideRequest, endRequest, reviewRequest } from '../../lib/actions/access.ts';
import { extendRequest } from '../../lib/actions/extend.ts';
import { type Filing, fileRequest } from '../../lib/actions/file-request.ts';
import type { Store } from '../../lib/app.ts';
import { Problem } from '../../lib/model/problem.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import type { Caller } from '../../lib/policy/principal.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { type FakeStore, fakeStore } from '../support/fake-store.ts';
import { Crash, interleaved } from '../support/gates.ts';
import { start } from '../support/records.ts';
import { catalogueFrom, signedIn, signing } from './cast.ts';
import { must, prove, size } from './size.ts';

const bot = 'arn:aws:iam::999999999999:role/chatops-bot';
const lead = 'lead@example.com';
const person = (n: number) => `person-${n}@example.com`;
const limits = { open: 3, ofRole: 2, botPerHour: 4, perHour: 6, unsigned: 2 };

const role = (more: object = {}) => ({
  account: 'production',
  roleName: 'latchkey/r',
  description: 'A role',
  requesters: ['everyone'],
  approval: { automatic: true },
  duration: { default: '1h', max: '8h' },
  ...more,
});
const glassRole = (i: number) =>
  role({
    roleName: `latchkey/g${i}`,
    approval: { stages: [{ approvers: [lead] }] },
    breakGlass: { requesters: ['everyone'], maxDuration: '30m', reviewers: [lead], unsigned: limits.unsigned },
  });
const catalogue = catalogueFrom({
  version: 1,
  accounts: { production: { id: '111111111111', name: 'Production', externalId: 'lk-9f2c6c1e4b7a4d5f8a3e' } },
  limits: { openRequests: limits.open, requestsPerHour: limits.perHour },
  bots: { chatops: { principal: bot, for: ['everyone'], roles: ['bots'], requestsPerHour: limits.botPerHour } },
  roles: {
    ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`role-${i}`, role({ roleName: `latchkey/r${i}` })])),
    scarce: role({ roleName: 'latchkey/scarce', limits: { open: limits.ofRole } }),
    bots: role({ roleName: 'latchkey/bots' }),
    ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`glass-${i}`, glassRole(i)])),
    asked: role({ roleName: 'latchkey/asked', approval: { stages: [{ approvers: [lead] }] } }),
  },
});

/** One way to file too much: who files what, and how much of it may be open or filed at the most. */
type Scenario = {
  what: string;
  filing(n: number): { as: string; role: string; onBehalfOf?: string };
  most: number;
  /** whether a request that ends makes room for another one */
  endsFree: boolean;
};
const scenarios: Scenario[] = [
  { what: 'one person, one role', filing: () => ({ as: person(0), role: 'role-0' }), most: 1, endsFree: true },
  {
    what: 'one person, many roles',
    filing: (n) => ({ as: person(0), role: `role-${n % 8}` }),
    most: limits.open,
    endsFree: true,
  },
  {
    what: 'many people, one role with a limit',
    filing: (n) => ({ as: person(n), role: 'scarce' }),
    most: limits.ofRole,
    endsFree: true,
  },
  {
    what: 'one bot, many people',
    filing: (n) => ({ as: bot, role: 'bots', onBehalfOf: person(n) }),
    most: limits.botPerHour,
    endsFree: false,
  },
];

describe('concurrent filings never exceed a limit', () => {
  const sizes = [
    [2, size(200, 20_000)],
    [5, size(60, 5_000)],
    [50, size(2, 200)],
  ] as const;
  test.each(scenarios.flatMap((scenario) => sizes.map(([callers, trials]) => ({ ...scenario, callers, trials }))))(
    '$what: $callers',
    async ({ callers, trials, ...scenario }) => {
      const measured = { filed: 0, refused: 0, replayed: 0, 'told to try again': 0, 'processes that died': 0 };
      await prove(
        19,
        `${callers} at once: ${scenario.what}`,
        trials,
        (seed, random) => race(scenario, callers, seed, random, measured),
        measured,
      );
    },
    3_600_000,
  );

  test.each([
    [2, size(200, 20_000)],
    [20, size(5, 500)],
  ])(
    'extensions of one grant: %i',
    async (callers, trials) => {
      const measured = { filed: 0, refused: 0, replayed: 0, 'told to try again': 0, 'processes that died': 0 };
      await prove(
        19,
        `${callers} at once: extensions of one grant`,
        trials,
        (seed, random) => extensions(callers, seed, random, measured),
        measured,
      );
    },
    3_600_000,
  );
});

describe('concurrent break-glass requests never exceed a limit', () => {
  test.each([
    [2, size(100, 20_000)],
    [5, size(60, 5_000)],
    [50, size(2, 200)],
  ])(
    'one person, many roles: %i',
    async (callers, trials) => {
      const measured = { filed: 0, refused: 0, replayed: 0, 'told to try again': 0, 'processes that died': 0 };
      await prove(
        19,
        `${callers} at once: one person uses break-glass for many roles`,
        trials,
        (seed, random) => glasses(callers, seed, random, measured),
        measured,
      );
    },
    3_600_000,
  );
});

type Measured = Record<'filed' | 'refused' | 'replayed' | 'told to try again' | 'processes that died', number>;

async function race(
  scenario: Scenario,
  callers: number,
  seed: number,
  random: () => number,
  measured: Measured,
): Promise<undefined> {
  const world = worldOf(seed, random);
  const file = (n: number, app: FakeApp, key?: string) => {
    const { as, ...what } = scenario.filing(n);
    return fileRequest(app, callerOf(app, as), { ...what, reason: 'A race' }, key);
  };
  const answers = await Promise.all(
    Array.from({ length: callers }, (_, n) => {
      // two calls with one key are one filing and its replay
      const isTwin = random() < 0.2;
      return answered(file(isTwin ? 0 : n, world.process(), isTwin ? 'key' : undefined), measured);
    }),
  );
  const counts = () => world.requests().filter((request) => !scenario.endsFree || isUnended(request));
  must(counts().length <= scenario.most, () => `${counts().length} where ${scenario.most} are allowed`);
  isAccounted(world, answers);
  noTwins(world);

  // leftovers block nobody, and an ended request makes room at once
  const next = world.process({ alone: true });
  const isFull = scenario.endsFree && counts().length === scenario.most;
  if (isFull) await endRequest(next, ownerOf(next, counts()[0]!), counts()[0]!.id);
  if (scenario.endsFree || counts().length < scenario.most) {
    const free = freeOf(scenario, callers, counts());
    must((await file(free, next)).is === 'filed', 'a freed place could not be used');
  }
  return undefined;
}

async function extensions(callers: number, seed: number, random: () => number, measured: Measured): Promise<undefined> {
  const world = worldOf(seed, random);
  const first = world.process({ alone: true });
  const dev = callerOf(first, person(0));
  const { request } = await fileRequest(first, dev, { role: 'asked', reason: 'The first' });
  await decideRequest(first, callerOf(first, lead), request.id, { decision: 'approve' });
  const body = { duration: '1h', reason: 'A double click' };
  const answers = await Promise.all(
    Array.from({ length: callers }, () => answered(extendRequest(world.process(), dev, request.id, body), measured)),
  );
  isAccounted(world, answers, 1);
  const open = () => world.requests().filter((one) => one.extends === request.id && isUnended(one));
  must(open().length <= 1, () => `${open().length} extensions of one grant`);
  const next = world.process({ alone: true });
  for (const { id } of open()) await endRequest(next, dev, id);
  must((await extendRequest(next, dev, request.id, body)).is === 'filed', 'the grant could not be extended again');
  return undefined;
}

async function glasses(callers: number, seed: number, random: () => number, measured: Measured): Promise<undefined> {
  const world = worldOf(seed, random);
  const unsigned = () => world.requests().filter(({ review }) => review && !review.signed);
  const file = (n: number, app: FakeApp) =>
    fileRequest(app, callerOf(app, person(0)), {
      role: `glass-${n % 8}`,
      breakGlass: true,
      reason: 'A race while the shop is down',
    });
  const rush = async () => {
    const filings = Array.from({ length: callers }, (_, n) => answered(file(n, world.process()), measured));
    const answers = await Promise.all(filings);
    must(unsigned().length <= limits.unsigned, () => `${unsigned().length} wait where ${limits.unsigned} may`);
    return answers;
  };
  isAccounted(world, await rush());

  // the end of a grant makes no room, an ordinary filing forgets none, and a signature makes room at once
  const next = world.process({ alone: true });
  const ids = unsigned().map(({ id }) => id);
  for (const id of ids) await endRequest(next, callerOf(next, person(0)), id);
  await fileRequest(next, callerOf(next, person(0)), { role: 'role-0', reason: 'An ordinary one' });
  await rush();
  const [signed] = ids;
  if (signed === undefined) return undefined;
  const isFull = unsigned().length === limits.unsigned;
  await reviewRequest(next, callerOf(next, lead), signed, { comment: 'Looked at the trail' });
  if (isFull) must((await file(7, next)).is === 'filed', 'what was signed still stands in the way');
  must(unsigned().length <= limits.unsigned, 'a signature made room for more than one');
  return undefined;
}

// -- the world ---------------------------------------------------------------------------------------------------------

type World = {
  requests(): RequestRecord[];
  /** a process of its own over the one table; it takes turns with the others and may die, unless it is alone */
  process(how?: { alone: boolean }): FakeApp;
};

function worldOf(seed: number, random: () => number): World {
  const table = fakeStore();
  const store = lagging(table, random);
  const order = interleaved(seed);
  let drawn = 0;
  return {
    requests: () => [...table.requests.values()],
    process({ alone } = { alone: false }) {
      const app = fakeApp({ catalogue, store, now: start });
      const id = ++drawn;
      let drawing = 0;
      app.random = (bytes) => new Uint8Array(bytes).map((_, i) => (id * 31 + ++drawing * 7 + i * seed) % 256);
      const dies = !alone && random() < 0.1 ? Math.floor(random() * 8) : Number.POSITIVE_INFINITY;
      let done = 0;
      app.gate = async (...io) => {
        if (!alone) await order(...io);
        if (done++ >= dies) throw new Crash();
      };
      return app;
    },
  };
}

/** The index of a person's requests as it was a few writes ago, which is all that DynamoDB promises. */
function lagging(store: FakeStore, random: () => number): Store {
  const states: Array<Map<string, RequestRecord>> = [new Map()];
  const remember = () => void states.push(new Map(store.requests));
  return {
    ...store,
    async create(...args) {
      const answer = await store.create(...args);
      if (answer === 'created') remember();
      return answer;
    },
    async replace(...args) {
      const isReplaced = await store.replace(...args);
      if (isReplaced) remember();
      return isReplaced;
    },
    async requestsOf(...args) {
      const late = fakeStore();
      const age = Math.floor(random() * Math.min(4, states.length));
      for (const [id, record] of states.at(-1 - age)!) late.requests.set(id, record);
      return late.requestsOf(...args);
    },
  };
}

// --- internal ---

const callerOf = (app: FakeApp, as: string): Caller => (as.startsWith('arn:') ? signing(app, as) : signedIn(app, as));
const ownerOf = (app: FakeApp, { requester }: RequestRecord): Caller => signedIn(app, requester.person);

const refusals = ['overlap', 'too-many-open', 'refused-by-policy'];

type Answered = Filing | Problem | Crash;
async function answered(filing: Promise<Filing>, measured: Measured): Promise<Answered> {
  try {
    const answer = await filing;
    measured[answer.is] += 1;
    return answer;
  } catch (error) {
    if (error instanceof Crash) measured['processes that died'] += 1;
    else if (error instanceof Problem && error.code === 'try-again') measured['told to try again'] += 1;
    else if (error instanceof Problem && refusals.includes(error.code)) measured.refused += 1;
    else throw error;
    return error;
  }
}

/** What was answered as filed is there, and what is there was answered, or its process died. @param others requests that were there before */
function isAccounted(world: World, answers: readonly Answered[], others = 0): void {
  const filed = answers.flatMap((answer) => ('is' in answer && answer.is === 'filed' ? [answer.request.id] : []));
  const there = new Set(world.requests().map(({ id }) => id));
  must(
    filed.every((id) => there.has(id)),
    'a request that was confirmed does not exist',
  );
  const died = answers.filter((answer) => answer instanceof Crash).length;
  must(there.size - others <= filed.length + died, 'a request exists that nobody filed');
}

const isUnended = ({ outcome }: RequestRecord): boolean => outcome === undefined;

/** Nobody has two open requests for one role. */
function noTwins(world: World): void {
  const open = world.requests().filter((request) => isUnended(request));
  const keys = new Set(open.map(({ requester, role }) => `${requester.person} ${role.id}`));
  must(keys.size === open.length, 'two open requests of one person for one role');
}

/** A filing that nothing but the limit stands in the way of. */
function freeOf({ filing }: Scenario, callers: number, open: readonly RequestRecord[]): number {
  const isTaken = (n: number) =>
    open.some(
      ({ requester, role: { id } }) =>
        id === filing(n).role && requester.person === (filing(n).onBehalfOf ?? filing(n).as),
    );
  return Array.from({ length: callers + 10 }, (_, n) => n).find((n) => !isTaken(n)) ?? 0;
}
