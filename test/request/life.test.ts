// The life of a request by its laws, on random lives: the arrows of the state diagram, the history, the people, the time.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Catalogue, personOf } from '../../lib/catalogue/catalogue.ts';
import { areFillable } from '../../lib/catalogue/seats.ts';
import { floorToSecond, HOUR, MINUTE, SECOND, toInstant } from '../../lib/common/time.ts';
import { makeLink } from '../../lib/mail/links.ts';
import { Problem } from '../../lib/model/problem.ts';
import { requestIdOf } from '../../lib/model/request-id.ts';
import type { HistoryEvent, RequestRecord, Session, Status } from '../../lib/model/schema.ts';
import { approvals, isOpen, openStage, overAt, statusAt } from '../../lib/model/status.ts';
import { judgeFiling, refusalOf } from '../../lib/policy/judge.ts';
import type { Caller } from '../../lib/policy/principal.ts';
import { isHistoryIntact } from '../../lib/request/history.ts';
import { decide, end, file, recordSession, recordUndelivered, settle } from '../../lib/request/life.ts';
import { planSession, STS_LEAST } from '../../lib/session/session.ts';
import { filingOf } from '../support/filing.ts';
import { requestId, start } from '../support/records.ts';
import { catalogueOf, smallCatalogueFile } from '../support/small-catalogue.ts';

// -- random lives ----------------------------------------------------------------------------------------------------

const people = ['ann', 'bob', 'cat', 'dan', 'eve'].map((name) => `${name}@example.com`);
type StageRule = { approvers: string[]; need: number };
type Step =
  | { do: 'wait'; ms: number }
  | { do: 'approve' | 'deny' | 'end'; who: number; minutes?: number | undefined }
  | { do: 'vend' | 'undeliver' | 'settle' };

const stageRules: fc.Arbitrary<StageRule[]> = fc.array(
  fc.record({ approvers: fc.subarray(people, { minLength: 1 }), need: fc.integer({ min: 1, max: 2 }) }),
  {
    minLength: 1,
    maxLength: 3,
  },
);
const anybody = fc.integer({ min: 0, max: people.length - 1 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.oneof(fc.integer({ min: 0, max: 20 * MINUTE }), fc.integer({ min: 0, max: 3 * HOUR })),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('approve' as const),
        who: anybody,
        minutes: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('deny' as const, 'end' as const), who: anybody }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('vend' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('undeliver' as const, 'settle' as const) }) },
  ),
  { minLength: 5, maxLength: 40 },
);

const catalogueWith = (stages: StageRule[], approval: object = { stages, decideWithin: '8h' }): Catalogue =>
  catalogueOf({
    ...smallCatalogueFile,
    bots: {},
    roles: { tried: { ...smallCatalogueFile.roles.read, requesters: ['everyone'], approval } },
  });

function callerOf(catalogue: Catalogue, email: string): Caller {
  return { kind: 'person', principal: email, person: personOf(catalogue, email), groups: [], via: 'oidc', mfa: false };
}

/** Files as the first of the people; undefined where the catalogue leaves nobody to approve. */
function fileOne(catalogue: Catalogue, minutes = 120): RequestRecord | undefined {
  const caller = callerOf(catalogue, people[0]!);
  const body = { role: 'tried', reason: 'A reason', duration: `${minutes}m` };
  const filing = filingOf(catalogue, caller, body);
  const judgement = judgeFiling(filing);
  return refusalOf(judgement) ? undefined : file(judgement, filing, { id: requestId(1) });
}

const sessionAt = (now: number, n: number): Session => ({
  kind: 'keys',
  accessKeyId: `ASIA${n}`,
  sessionName: `lk-${n}`,
  issuedAt: now,
  expiresAt: now + HOUR,
});

/** One step; the same record where it is refused or does nothing. Vending is judged by state alone, as the use case has judged the rest. */
function take(
  request: RequestRecord,
  catalogue: Catalogue,
  step: Exclude<Step, { do: 'wait' }>,
  now: number,
): RequestRecord {
  const requester = callerOf(catalogue, people[0]!);
  const newest = request.sessions.at(-1);
  const actBy = (who: number) => ({ catalogue, caller: callerOf(catalogue, people[who]!), now, blocks: [] });
  try {
    switch (step.do) {
      case 'approve':
        return decide(request, actBy(step.who), {
          decision: 'approve',
          ...(step.minutes && { duration: `${step.minutes}m` }),
        });
      case 'deny':
        return decide(request, actBy(step.who), { decision: 'deny', comment: 'no' });
      case 'end':
        return end(request, actBy(step.who), 'enough');
      case 'vend':
        return statusAt(request, now) === 'active'
          ? recordSession(request, sessionAt(now, request.version), requester, now)
          : request;
      case 'undeliver':
        return newest ? recordUndelivered(request, newest, requester, now) : request;
      case 'settle':
        return settle(request, now) ?? request;
    }
  } catch (error) {
    if (error instanceof Problem) return request;
    throw error;
  }
}

/** Lives through the steps. `look` sees each moment and the one before, also where only time has passed. */
function live(
  stages: StageRule[],
  life: Step[],
  look: (before: RequestRecord, after: RequestRecord, now: number, then: number) => void,
): void {
  const catalogue = catalogueWith(stages);
  let request = fileOne(catalogue);
  let now = start;
  for (const step of request ? life : []) {
    const [before, then]: [RequestRecord, number] = [request!, now];
    if (step.do === 'wait') now += step.ms;
    else request = take(before, catalogue, step, now);
    look(before, request!, now, then);
  }
}
const holds = (check: Parameters<typeof live>[2]) =>
  fc.assert(
    fc.property(stageRules, steps, (stages, life) => live(stages, life, check)),
    { numRuns: 120, seed: 1 },
  );

// -- laws ------------------------------------------------------------------------------------------------------------

describe('a random life', () => {
  const arrows: Record<Status, Status[]> = {
    pending: ['pending', 'scheduled', 'active', 'denied', 'withdrawn', 'revoked', 'lapsed'],
    scheduled: ['scheduled', 'active', 'ended', 'withdrawn', 'revoked'],
    active: ['active', 'ended', 'withdrawn', 'revoked'],
    ended: ['ended'],
    denied: ['denied'],
    withdrawn: ['withdrawn'],
    revoked: ['revoked'],
    lapsed: ['lapsed'],
  };

  test('follows the arrows of the state diagram', () => {
    const seen = new Set<Status>();
    holds((before, after, now, then) => {
      const [from, to] = [statusAt(before, then), statusAt(after, now)];
      expect(arrows[from]).toContain(to);
      seen.add(to);
    });
    expect([...seen].sort()).toEqual(['active', 'denied', 'ended', 'lapsed', 'pending', 'revoked', 'withdrawn']);
  });

  test('adds one event a write, and its history holds together', () => {
    holds((before, after) => {
      expect(after.version - before.version).toBe(after === before ? 0 : 1);
      expect(after.history.at(-1)?.seq).toBe(after.version);
      expect(isHistoryIntact(after)).toBe(true);
    });
  });

  test('settling says what time has made of it, once', () => {
    holds((_, after, now) => {
      const settled = settle(after, now);
      if (!settled) return;
      expect(statusAt(settled, now)).toBe(statusAt(after, now));
      expect(settle(settled, now)).toBeUndefined();
      expect(settled.version).toBe(after.version + 1);
    });
  });

  test('a grant is never longer than asked, than the maximum, or than the time since it was approved allows', () => {
    holds((before, after, now) => {
      expect(after.durationSeconds).toBeLessThanOrEqual(before.durationSeconds);
      if (!after.grant) return;
      expect(after.grant.endsAt - after.grant.startsAt).toBe(after.durationSeconds * SECOND);
      expect(after.durationSeconds).toBeLessThanOrEqual(Math.min(120 * 60, after.role.maxSeconds));
      if (before.grant) expect(after.grant).toEqual(before.grant);
      else expect(after.grant.startsAt).toBe(floorToSecond(now));
    });
  });

  test('a grant has the approvals of every stage, each person once, never the requester', () => {
    let grants = 0;
    holds((_, after) => {
      const deciders = after.stages.flatMap(({ decisions }) => decisions.map(({ person }) => person));
      expect(new Set(deciders).size).toBe(deciders.length);
      expect(deciders).not.toContain(people[0]);
      if (!after.grant) return;
      grants += 1;
      for (const stage of after.stages) expect(approvals(stage)).toBe(stage.need);
    });
    expect(grants).toBeGreaterThan(20);
  });

  test('an approval leaves enough people for the remaining stages', () => {
    holds((_, after) => {
      if (!openStage(after)) return;
      const spent = after.stages.flatMap(({ decisions }) => decisions.map(({ person }) => person));
      const rest = after.stages.map((stage) => ({
        need: stage.need - approvals(stage),
        candidates: stage.people.map(({ key }) => key).filter((key) => !spent.includes(key)),
      }));
      expect(areFillable(rest)).toBe(true);
    });
  });

  test('what is over frees its slot, what is not keeps it until a known time', () => {
    holds((_, after, now) => {
      expect(overAt(after) > now).toBe(isOpen(after, now));
    });
  });
});

describe('the history', () => {
  /** A grant of many sessions, the oldest folded away, and one event after the newest fold. */
  function long(vends: number): RequestRecord {
    const catalogue = catalogueWith([{ approvers: [people[1]!], need: 1 }]);
    const lifeOf = (request: RequestRecord, step: Exclude<Step, { do: 'wait' }>, i: number) =>
      take(request, catalogue, step, start + i * MINUTE);
    const steps: Array<Exclude<Step, { do: 'wait' }>> = [
      { do: 'approve', who: 1 },
      ...Array.from({ length: vends }, () => ({ do: 'vend' as const })),
      { do: 'end', who: 1 },
    ];
    return steps.reduce(lifeOf, fileOne(catalogue)!);
  }

  test('keeps twelve vends and everything else', () => {
    const { history, sessions, vended, version } = long(40);
    expect(history.map(({ type }) => type)).toEqual(['filed', 'approved', ...Array(12).fill('vended'), 'revoked']);
    expect([sessions.length, vended, version]).toEqual([12, 40, 43]);
    expect(JSON.stringify(long(80)).length - JSON.stringify(long(40)).length).toBeLessThan(50);
  });

  const edits: Array<[string, (event: HistoryEvent) => HistoryEvent]> = [
    ['seq', (event) => ({ ...event, seq: event.seq + 1 })],
    ['at', (event) => ({ ...event, at: event.at + 1 })],
    ['type', (event) => ({ ...event, type: event.type === 'denied' ? 'approved' : 'denied' })],
    ['actor', (event) => ({ ...event, actor: 'somebody@example.com' })],
    ['via', (event) => ({ ...event, via: event.via === 'link' ? 'oidc' : 'link' })],
    ['note', (event) => ({ ...event, note: 'another note' })],
  ];
  test.each([0, 5, 12, 13, 14, 40])(
    'after %i sessions no event can be changed, taken out, put in or moved',
    (vends) => {
      const request = long(vends);
      const { history } = request;
      expect(isHistoryIntact(request)).toBe(true);
      const withHistory = (changed: HistoryEvent[]) => isHistoryIntact({ ...request, history: changed });
      for (const [i, event] of history.entries()) {
        expect([i, 'removed', withHistory(history.toSpliced(i, 1))]).toEqual([i, 'removed', false]);
        expect([i, 'doubled', withHistory(history.toSpliced(i, 0, event))]).toEqual([i, 'doubled', false]);
        if (i > 0)
          expect([i, 'moved', withHistory(history.toSpliced(i - 1, 2, event, history[i - 1]!))]).toEqual([
            i,
            'moved',
            false,
          ]);
        for (const [name, edit] of edits)
          expect([i, name, withHistory(history.with(i, edit(event)))]).toEqual([i, name, false]);
      }
      expect(withHistory([])).toBe(false);
      expect(withHistory(history.slice(0, -1))).toBe(false);
      expect(isHistoryIntact({ ...request, version: request.version + 1 })).toBe(false);
      expect(isHistoryIntact({ ...request, head: 'x' })).toBe(false);
    },
  );

  test('a fold’s own marks cannot be changed', () => {
    const request = long(14);
    const fold = request.history.findIndex(({ kept }) => kept !== undefined);
    const event = request.history[fold]!;
    const { prev: _, ...withoutPrev } = event;
    const { kept: __, ...withoutKept } = event;
    for (const changed of [{ ...event, prev: 'x' }, { ...event, kept: 'x' }, withoutPrev, withoutKept]) {
      expect(isHistoryIntact({ ...request, history: request.history.with(fold, changed) })).toBe(false);
    }
    expect(request.history.filter(({ kept, prev }) => kept !== undefined || prev !== undefined)).toHaveLength(1);
  });
});

describe('a session', () => {
  const duration = fc.integer({ min: 1, max: 12 * 60 }).map((minutes) => minutes * 60);

  test('never lasts longer than any limit, nor past the grant, and its policy always ends with the grant', () => {
    fc.assert(
      fc.property(
        fc.record({
          grant: duration,
          max: duration,
          session: fc.integer({ min: 900, max: 43200 }),
          approvedSession: fc.integer({ min: 900, max: 43200 }),
          iam: fc.integer({ min: 3600, max: 43200 }),
          asked: fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined }),
          later: fc.integer({ min: 0, max: 12 * HOUR }),
        }),
        ({ grant, max, session, approvedSession, iam, asked, later }) => {
          const catalogue = catalogueWith([], { automatic: true });
          const filed = fileOne(catalogue, 1)!;
          const request: RequestRecord = {
            ...filed,
            durationSeconds: grant,
            grant: { startsAt: start, endsAt: start + grant * SECOND },
            role: { ...filed.role, sessionSeconds: approvedSession },
          };
          const role = {
            ...catalogue.roles.get('tried')!,
            duration: { default: 60, max },
            session: { max: session },
            maxSessionDuration: iam,
          };
          const endsAt = start + Math.min(grant, max) * SECOND;
          const now = start + later;
          if (now >= endsAt) {
            expect(() => planSession(request, role, asked, new Uint8Array(16), now)).toThrow(Problem);
            return;
          }
          const plan = planSession(request, role, asked, new Uint8Array(16), now);
          const limits = {
            requested: asked === undefined ? Number.POSITIVE_INFINITY : Math.max(STS_LEAST, asked),
            'grant-end': Math.floor((endsAt - now) / SECOND),
            catalogue: Math.min(session, approvedSession),
            'role-maximum': iam,
            'role-chaining': 3600,
          };
          const least = Math.min(...Object.values(limits));
          expect(plan.endsAt).toBe(endsAt);
          expect(plan.input.DurationSeconds).toBe(Math.max(STS_LEAST, least));
          expect(plan.limitedBy).toBe(Object.entries(limits).find(([, seconds]) => seconds === least)?.[0]);
          expect(JSON.parse(plan.input.Policy).Statement[1]).toEqual({
            Sid: 'EndsWithTheGrant',
            Effect: 'Deny',
            Action: '*',
            Resource: '*',
            Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': toInstant(endsAt) } },
          });
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });
});

describe('seats and people', () => {
  const small = fc.array(
    fc.record({
      need: fc.integer({ min: 0, max: 2 }),
      candidates: fc.oneof(
        { weight: 1, arbitrary: fc.constant('any' as const) },
        { weight: 5, arbitrary: fc.subarray(['a', 'b', 'c', 'd']) },
      ),
    }),
    { maxLength: 3 },
  );

  /** By trying everything. */
  function canSeat(seats: string[][], taken: string[] = []): boolean {
    const [first, ...rest] = seats;
    return !first || first.some((person) => !taken.includes(person) && canSeat(rest, [...taken, person]));
  }

  test('the matching finds a way exactly where there is one', () => {
    const answers = new Set<boolean>();
    fc.assert(
      fc.property(small, (stages) => {
        const seats = stages.flatMap(({ need, candidates }) =>
          candidates === 'any' ? [] : Array.from({ length: need }, () => candidates),
        );
        const answer = areFillable(stages);
        answers.add(answer);
        return answer === canSeat(seats);
      }),
      { numRuns: 1200, seed: 1 },
    );
    expect(answers).toEqual(new Set([true, false]));
  });
});

test('an id takes 128 bits and a link 256, and neither takes another number', () => {
  expect(requestIdOf(new Uint8Array(16).fill(255))).toMatch(/^[0-9a-z]{26}$/);
  expect(makeLink(requestId(1), 'm', new Uint8Array(32).fill(255)).token).toMatch(/[\w-]{43}$/);
  for (const bits of [64, 120, 136]) expect(() => requestIdOf(new Uint8Array(bits / 8))).toThrow('128 bits');
  for (const bits of [128, 248, 264])
    expect(() => makeLink(requestId(1), 'm', new Uint8Array(bits / 8))).toThrow('256 random bits');
});
