// Figure 20, second part: an admin revokes all that a person, a role or an account has, and blocks it, while many file, approve, extend and take
// sessions of it. No call that begins after the answer is let through, and nothing that fits stays open.
import { createHash } from 'node:crypto';
import { describe, test } from '@jest/globals';
import { decideRequest } from '../../lib/actions/access.ts';
import { extendRequest } from '../../lib/actions/extend.ts';
import { fileRequest } from '../../lib/actions/file-request.ts';
import { revokeMany } from '../../lib/actions/revocations.ts';
import { sweep } from '../../lib/actions/sweep.ts';
import { issueConsole, issueCredentials } from '../../lib/actions/vend.ts';
import { Problem } from '../../lib/model/problem.ts';
import { isOpen } from '../../lib/model/status.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { type FakeStore, fakeStore } from '../support/fake-store.ts';
import { interleaved } from '../support/gates.ts';
import { start } from '../support/records.ts';
import { catalogueFrom, signedIn } from './cast.ts';
import { must, oneOf, prove, size } from './size.ts';

const admin = 'admin@example.com';
const lead = 'lead@example.com';
/** How often a caller calls again, whatever the answer. */
const CALLS = 4;

const role = (name: string, approval: object) => ({
  account: 'production',
  roleName: `latchkey/${name}`,
  description: 'A role that its holder wants to keep',
  requesters: ['everyone'],
  approval,
  duration: { default: '1h', max: '8h' },
});
const catalogue = catalogueFrom({
  version: 1,
  admins: [admin],
  accounts: { production: { id: '111111111111', name: 'Production', externalId: 'lk-9f2c6c1e4b7a4d5f8a3e' } },
  limits: { openRequests: 100, requestsPerHour: 500 },
  roles: {
    free: role('free', { automatic: true }),
    wanted: role('wanted', { stages: [{ approvers: [lead] }] }),
    other: role('other', { automatic: true }),
  },
});

/** The blocked name, and who requests the block. */
const selectors = {
  'a person': { named: { person: 'p0@example.com' }, isOne: true },
  'a role': { named: { role: 'free' }, isOne: false },
  'an account': { named: { account: 'production' }, isOne: false },
};
/** How long the index is behind the table: shorter than the revocation waits before it looks again, or longer. */
type Lag = 'none' | 'short' | 'long';
/** A person's requests are in ledgers, which are never behind. */
const lagsOf = (what: keyof typeof selectors): Lag[] => (what === 'a person' ? ['none'] : ['none', 'short', 'long']);
const sizes = [
  [2, size(150, 10_000)],
  [12, size(30, 1_500)],
  [40, size(4, 150)],
] as const;

describe('a revocation with a block lets no later call through', () => {
  test.each(
    (Object.keys(selectors) as Array<keyof typeof selectors>).flatMap((what) =>
      lagsOf(what).flatMap((lag) => sizes.map(([callers, trials]) => ({ what, lag, callers, trials }))),
    ),
  )(
    '$what, index behind: $lag, against $callers',
    async ({ what, lag, callers, trials }) => {
      const measured = { ended: 0, 'let through before the answer': 0, refused: 0, 'ended by the next sweep': 0 };
      await prove(
        20,
        `${what} revoked and blocked against ${callers} who keep calling, index behind: ${lag}`,
        trials,
        (seed, random) => race({ ...selectors[what], lag, callers }, seed, random, measured),
        measured,
      );
    },
    3_600_000,
  );
});

type Measured = Record<'ended' | 'let through before the answer' | 'refused' | 'ended by the next sweep', number>;
type Setting = { named: object; isOne: boolean; lag: Lag; callers: number };

async function race(
  { named, isOne, lag, callers }: Setting,
  seed: number,
  random: () => number,
  measured: Measured,
): Promise<undefined> {
  const { store, catchUp } = laggingStore(lag);
  const order = interleaved(seed);
  const process = (): FakeApp => {
    const app = fakeApp({ store, catalogue, now: start });
    const first = Math.floor(random() * 2 ** 31);
    let drawn = 0;
    // ids must not meet: one that is known already is taken for a replay
    app.random = (bytes) => createHash('sha512').update(`${first} ${++drawn}`).digest().subarray(0, bytes);
    return app;
  };
  const person = (n: number) => (isOne ? 'p0@example.com' : `p${n}@example.com`);
  const known: Array<{ id: string; of: string }> = [];
  let [isBlocked, answered] = [false, false];

  for (const [n, wanted] of [[0, 'free'] as const, [0, 'wanted'] as const, [1, 'free'] as const]) {
    const { request } = await fileRequest(process(), signedIn(process(), person(n)), {
      role: wanted,
      reason: 'x',
    }).catch(() => ({ request: undefined }));
    if (request) known.push({ id: request.id, of: person(n) });
  }
  catchUp();

  const busy = Array.from({ length: callers }, async (_, n) => {
    const app = process();
    const mine = signedIn(app, person(n));
    let wasBlocked = false;
    app.gate = (step, when) => {
      if (step.name === 'store.replace' && when === 'before') wasBlocked = isBlocked;
      return order(step, when);
    };
    for (let call = 0; call < CALLS; call += 1) {
      const { id, of } = oneOf(random, known);
      const theirs = signedIn(app, of);
      const [beganAfter, wanted] = [answered, oneOf(random, ['free', 'wanted'])];
      wasBlocked = false;
      const acts: Record<string, () => Promise<unknown>> = {
        file: async () => {
          const { request } = await fileRequest(app, mine, { role: wanted, reason: 'x' });
          known.push({ id: request.id, of: person(n) });
        },
        keys: () => issueCredentials(app, theirs, { request: id }),
        console: () => issueConsole(app, theirs, { request: id }),
        'by role': () => issueCredentials(app, mine, { role: 'free' }),
        approve: () => decideRequest(app, signedIn(app, lead), id, { decision: 'approve' }),
        extend: () => extendRequest(app, theirs, id, { duration: '1h', reason: 'More' }),
      };
      const act = oneOf(random, Object.keys(acts));
      const isThrough = await letThrough(acts[act]!());
      const isNamed =
        act === 'file' ? !('role' in named) || wanted === 'free' : act === 'by role' || isMeantBy(named, store, id);
      must(!(isThrough && isNamed && beganAfter), `${act} was let through, begun after the answer`);
      const isIssuing = ['keys', 'console', 'by role'].includes(act);
      must(!(isThrough && isNamed && isIssuing && wasBlocked), `${act} was let through, recorded after the block`);
      measured[isThrough ? 'let through before the answer' : 'refused'] += 1;
    }
  });

  const responder = process();
  responder.gate = async (step, when) => {
    await order(step, when);
    if (step.name === 'store.replaceBlocks' && when === 'after') isBlocked = true;
  };
  responder.pause = async () => {
    if (lag === 'short') catchUp();
  };
  const body = { ...named, comment: 'The laptop was stolen', block: '2h' };
  const revoking = revokeMany(responder, signedIn(responder, admin), body).then((answer) => {
    answered = true;
    return answer;
  });
  const [answer] = await Promise.all([revoking, ...busy]);
  must(answer.remaining.length === 0, 'something remains');
  measured.ended += answer.ended.length;
  // a call of each kind, begun after the answer
  for (const n of [0, 1]) {
    const app = process();
    const caller = signedIn(app, person(n));
    must(!(await letThrough(fileRequest(app, caller, { role: 'free', reason: 'x' }))), 'filed after the answer');
    must(!(await letThrough(issueCredentials(app, caller, { role: 'free' }))), 'issued by role after the answer');
  }
  for (const { id, of } of known.filter(({ id }) => isMeantBy(named, store, id))) {
    const app = process();
    must(!(await letThrough(issueCredentials(app, signedIn(app, of), { request: id }))), 'issued after the answer');
    const approving = decideRequest(app, signedIn(app, lead), id, { decision: 'approve' });
    must(!(await letThrough(approving)), 'approved after the answer');
  }
  if (lag !== 'long') checkOver(named, store);
  else measured['ended by the next sweep'] += openOf(named, store).length;
  catchUp();
  await sweep(process());
  checkOver(named, store);
  return undefined;
}

const isMeantBy = (named: object, store: FakeStore, id: string): boolean =>
  !('role' in named) || store.requests.get(id)?.role.id === 'free';
const openOf = (named: object, store: FakeStore) =>
  [...store.requests.values()].filter((request) => isMeantBy(named, store, request.id) && isOpen(request, start));

/** Nothing that fits is open, and every session that was ever recorded is being revoked. */
function checkOver(named: object, store: FakeStore): void {
  must(openOf(named, store).length === 0, 'something is open');
  for (const request of store.requests.values()) {
    if (!isMeantBy(named, store, request.id)) continue;
    must(request.sessions.length === 0 || request.revocation !== undefined, 'a session is out and not revoked');
    const types = request.history.map(({ type }) => type);
    const over = types.indexOf('revoked');
    must(over >= 0 && !types.slice(over).some((type) => type === 'vended' || type === 'approved'), types.join(', '));
  }
}

/** A store whose index of open requests does not show new ones until it catches up. */
function laggingStore(lag: Lag): { store: FakeStore; catchUp: () => void } {
  const store = fakeStore();
  if (lag === 'none') return { store, catchUp: () => {} };
  let shown = new Set<string>();
  const openIds = store.openIds.bind(store);
  store.openIds = async () => (await openIds()).filter((id) => shown.has(id));
  return {
    store,
    catchUp: () => {
      shown = new Set(store.requests.keys());
    },
  };
}

async function letThrough(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
}
