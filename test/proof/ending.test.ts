// Figure 20: a person ends, denies or revokes a request while the requester takes sessions and files extensions, and approvers approve, as fast as they can.
// The end gets through in its one call, whatever the order of all reads and writes, and nothing is issued after it.
import { describe, test } from '@jest/globals';
import { decideRequest, endRequest } from '../../lib/actions/access.ts';
import { extendRequest } from '../../lib/actions/extend.ts';
import { fileRequest } from '../../lib/actions/file-request.ts';
import { sweep } from '../../lib/actions/sweep.ts';
import { issueConsole, issueCredentials } from '../../lib/actions/vend.ts';
import { Problem } from '../../lib/model/problem.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { type FakeApp, fakeApp } from '../support/fake-app.ts';
import { fakeStore } from '../support/fake-store.ts';
import { interleaved } from '../support/gates.ts';
import { start } from '../support/records.ts';
import { catalogueFrom, signedIn } from './cast.ts';
import { must, oneOf, prove, size } from './size.ts';

const dev = 'dev@example.com';
const admin = 'admin@example.com';
const approver = (n: number) => `approver-${n}@example.com`;
const approvers = Array.from({ length: 60 }, (_, n) => approver(n));
/** How often a caller who wants to keep access repeats a call, whatever the answer. */
const CALLS = 3;

const role = (name: string, requesters: string[], stages: object[]) => ({
  account: 'production',
  roleName: `latchkey/${name}`,
  description: 'A role that its holder wants to keep',
  requesters,
  approval: { stages },
  duration: { default: '1h', max: '8h' },
});
const catalogueOf = (requesters: string[]) =>
  catalogueFrom({
    version: 1,
    admins: [admin],
    accounts: { production: { id: '111111111111', name: 'Production', externalId: 'lk-9f2c6c1e4b7a4d5f8a3e' } },
    groups: { approvers },
    roles: {
      wanted: role('wanted', requesters, [{ approvers: ['group:approvers'] }]),
      // so many have to approve that a denial is never too late
      contested: role('contested', requesters, Array(3).fill({ approvers: ['group:approvers'], need: 20 })),
    },
  });
const catalogue = catalogueOf([dev, 'other@example.com']);
const withoutDev = catalogueOf(['other@example.com']);

type Ender = 'revoke' | 'hand back' | 'deny' | 'take the right away';
const sizes = [
  [1, size(100, 12_000)],
  [12, size(12, 1_500)],
  [50, size(2, 200)],
] as const;

describe('an end wins in one call and lets no later call through', () => {
  test.each(
    (['revoke', 'hand back', 'deny', 'take the right away'] as const).flatMap((ender) =>
      sizes.map(([callers, trials]) => ({ ender, callers, trials })),
    ),
  )(
    '$ender against $callers',
    async ({ ender, callers, trials }) => {
      const measured = {
        'calls let through before it': 0,
        'calls refused': 0,
        'reads and writes of the end, at most': 0,
      };
      await prove(
        20,
        `${ender} against ${callers} who keep calling`,
        trials,
        (seed, random) => race(ender, callers, seed, random, measured),
        measured,
      );
    },
    3_600_000,
  );
});

type Measured = Record<
  'calls let through before it' | 'calls refused' | 'reads and writes of the end, at most',
  number
>;

async function race(
  ender: Ender,
  callers: number,
  seed: number,
  random: () => number,
  measured: Measured,
): Promise<undefined> {
  const store = fakeStore();
  const order = interleaved(seed);
  const process = (of = catalogue): FakeApp => {
    const app = fakeApp({ store, catalogue: of, now: start });
    const first = Math.floor(random() * 2 ** 31);
    let drawn = 0;
    app.random = (bytes) => new Uint8Array(bytes).map((_, i) => (first + ++drawn * 7 + i) % 256);
    return app;
  };
  const { id } = await prepared(process(), ender);
  const record = (): RequestRecord => store.requests.get(id)!;
  const inTurns = (app: FakeApp): FakeApp => Object.assign(app, { gate: order });

  const busy = Array.from({ length: callers }, async (_, n) => {
    const app = inTurns(process());
    const caller = signedIn(app, ender === 'deny' ? approver(n) : dev);
    for (let call = 0; call < CALLS; call += 1) {
      const act = ender === 'deny' ? 'approve' : oneOf(random, ['keys', 'keys', 'console', 'extend']);
      const isThrough = await letThrough(
        act === 'approve'
          ? decideRequest(app, caller, id, { decision: 'approve' })
          : act === 'keys'
            ? issueCredentials(app, caller, { request: id })
            : act === 'console'
              ? issueConsole(app, caller, { request: id })
              : extendRequest(app, caller, id, { duration: '1h', reason: 'More' }),
      );
      measured[isThrough ? 'calls let through before it' : 'calls refused'] += 1;
    }
  });
  const responder = inTurns(process(ender === 'take the right away' ? withoutDev : catalogue));
  const ending = end(responder, ender, id);
  const [ended] = await Promise.all([ending, ...busy]);

  must(ended === undefined, () => `the end did not get through: ${ended?.code}: ${ended?.detail}`);
  const { outcome, history } = record();
  const types = history.map(({ type }) => type);
  const last = types.findLastIndex((type) => ['revoked', 'ended', 'withdrawn', 'denied'].includes(type));
  must(outcome !== undefined && last >= 0, 'the request is not over');
  must(
    !types.slice(last).some((type) => type === 'vended' || type === 'approved'),
    'a call was let through after the end',
  );
  const took = responder.steps.filter(({ name }) => name.startsWith('store.')).length;
  measured['reads and writes of the end, at most'] = Math.max(measured['reads and writes of the end, at most'], took);
  return undefined;
}

/** An active grant or, where it is to be denied, a request that waits. */
async function prepared(app: FakeApp, ender: Ender): Promise<RequestRecord> {
  const wanted = ender === 'deny' ? 'contested' : 'wanted';
  const { request } = await fileRequest(app, signedIn(app, dev), { role: wanted, reason: 'A race' });
  if (ender === 'deny') return request;
  return decideRequest(app, signedIn(app, approver(0)), request.id, { decision: 'approve' });
}

/** The refusal, or undefined once the request is ended. */
async function end(app: FakeApp, ender: Ender, id: string): Promise<Problem | undefined> {
  try {
    if (ender === 'take the right away') await sweep(app);
    else if (ender === 'deny') await decideRequest(app, signedIn(app, approver(59)), id, { decision: 'deny' });
    else await endRequest(app, signedIn(app, ender === 'revoke' ? admin : dev), id);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
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
