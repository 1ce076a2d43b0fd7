// A whole App without the world: fakes behind one clock, every I/O numbered and passed through a gate where a test may delay, order or break it.
import { createHash } from 'node:crypto';
import type { App, LogCode } from '../../lib/app.ts';
import { rulesOf } from '../../lib/policy/identity-presets.ts';
import {
  type FakeIam,
  type FakeMail,
  type FakeSignIn,
  type FakeSts,
  fakeIam,
  fakeMail,
  fakeSignIn,
  fakeSts,
} from './fake-aws.ts';
import { type FakeStore, fakeStore } from './fake-store.ts';
import { type FakeTickets, fakeTickets } from './fake-tickets.ts';
import { start } from './records.ts';
import { catalogueOf } from './small-catalogue.ts';

const place = { issuer: 'https://issuer.example.com', audience: ['latchkey'], scope: 'latchkey' };

/** One I/O: its name as `store.get`, its number from 1, and its place in the longest chain of round trips. */
export type Step = { name: string; n: number; hop: number };
/** Awaited before and after every I/O. An error thrown before means that the I/O did not happen; after, that it happened and its answer was lost. */
export type Gate = (step: Step, when: 'before' | 'after') => Promise<void> | void;
export type LogLine = { code: LogCode; fields: Record<string, string | number | boolean | undefined> };

export type FakeApp = App & {
  store: FakeStore;
  mail: FakeMail;
  sts: FakeSts;
  signIn: FakeSignIn;
  iam: FakeIam;
  tickets: FakeTickets;
  /** the time, epoch milliseconds; a test moves it */
  now: number;
  gate: Gate;
  lines: LogLine[];
  /** requested waiting times, in milliseconds; none takes any time */
  pauses: number[];
  /** I/O since the start or the last `forget`, in the order of beginning */
  steps: Step[];
  /** sequential round trips among them: an I/O comes after all those that had ended when it began */
  hops(): number;
  forget(): void;
};

/**
 * @param overrides parts in place of the fakes (they pass the gate as well) and other settings; the catalogue is the small one unless given.
 *   A test that puts another store or service in place knows what it put there and must not ask the fake's for its memories.
 */
export function fakeApp(overrides: Partial<App> & { gate?: Gate; now?: number } = {}): FakeApp {
  const clock = () => app.now;
  const sts = fakeSts(clock);
  let drawn = 0;
  let deepest = 0;

  /** Wraps every function of a part, so that an I/O that is added later automatically passes the gate. */
  function throughGate<Part extends object>(part: string, target: Part): Part {
    const wrap = (name: string, call: (...args: unknown[]) => unknown) =>
      async function step(...args: unknown[]) {
        const step = { name: `${part}.${name}`, n: app.steps.length + 1, hop: deepest + 1 };
        app.steps.push(step);
        try {
          await app.gate(step, 'before');
          const answer = await call.apply(target, args);
          await app.gate(step, 'after');
          return answer;
        } finally {
          deepest = Math.max(deepest, step.hop);
        }
      };
    return Object.fromEntries(
      Object.entries(target).map(([name, value]) => [name, typeof value === 'function' ? wrap(name, value) : value]),
    ) as Part;
  }

  const app: FakeApp = {
    clock,
    random: (bytes) => randomBytes(`${++drawn}`, bytes),
    pause: async (milliseconds) => {
      app.pauses.push(milliseconds);
    },
    pauses: [],
    log: (code, fields = {}) => {
      app.lines.push({ code, fields });
    },
    catalogue: overrides.catalogue ?? catalogueOf(),
    identity: { ...place, ...rulesOf('generic', place) },
    baseUrl: 'https://latchkey.example.com',
    version: '0.0.0-test',
    now: start,
    gate: () => {},
    lines: [],
    steps: [],
    hops: () => deepest,
    forget() {
      app.steps = [];
      deepest = 0;
    },
    ...overrides,
    store: throughGate('store', (overrides.store ?? fakeStore()) as FakeStore),
    mail: throughGate('mail', (overrides.mail ?? fakeMail()) as FakeMail),
    sts: throughGate('sts', (overrides.sts ?? sts) as FakeSts),
    iam: throughGate('iam', (overrides.iam ?? fakeIam()) as FakeIam),
    tickets: throughGate('tickets', (overrides.tickets ?? fakeTickets()) as FakeTickets),
    signIn: throughGate('sign-in', (overrides.signIn ?? fakeSignIn(sts, clock)) as FakeSignIn),
  };
  return app;
}

/** Bytes that differ from draw to draw and are the same in every run. */
function randomBytes(draw: string, bytes: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(bytes / 64) }, (_, i) =>
    createHash('sha512').update(`${draw} ${i}`).digest(),
  );
  return new Uint8Array(Buffer.concat(blocks).subarray(0, bytes));
}
