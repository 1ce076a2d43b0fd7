// Properties of the policy over catalogues and decisions drawn at random: a deny takes away, an approver fewer lets nothing more through, N of M needs N persons.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Catalogue } from '../../lib/catalogue/catalogue.ts';
import type { NewRequest } from '../../lib/model/bodies.ts';
import { Problem } from '../../lib/model/problem.ts';
import type { RequestRecord } from '../../lib/model/schema.ts';
import { isPending, statusAt } from '../../lib/model/status.ts';
import { mayRequest } from '../../lib/policy/filing-checks.ts';
import { judgeFiling, refusalOf, rolesFor } from '../../lib/policy/judge.ts';
import type { Caller } from '../../lib/policy/principal.ts';
import { decide, file } from '../../lib/request/life.ts';
import { filingOf } from '../support/filing.ts';
import { requestId, start } from '../support/records.ts';
import { catalogueOf } from '../support/small-catalogue.ts';
import { size } from './size.ts';

/** Catalogues that each property is tried on. */
const RULES = size(800, 100_000);
/** Trials in which removing an approver refuses a request: 1.3 % on average, so a quick run has 5 or fewer by chance now and then. */
const REFUSED = size(1, 500);

const people = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}@example.com`);
const arnOf = (email: string) => `arn:aws:iam::222222222222:user/${email[0]}`;
const groups = ['one', 'two', 'three'];
const person = fc.constantFrom(...people);
const entry = fc.oneof(
  person,
  fc.constantFrom(...people.map(arnOf)),
  fc.constantFrom(...groups.map((name) => `group:${name}`)),
  fc.constant('everyone'),
);
const entries = fc.array(entry, { maxLength: 4 });
const members = fc.array(person, { maxLength: 4 });
const stage = fc.record({
  approvers: entries,
  need: fc.integer({ min: 1, max: 3 }),
  fallback: fc.option(entries, { nil: undefined }),
});
const rule = fc.record({
  requesters: entries,
  deny: entries,
  stages: fc.array(stage, { minLength: 1, maxLength: 3 }),
  groups: fc.tuple(members, members, members),
});
type Rule = {
  requesters: string[];
  deny: string[];
  stages: Array<{ approvers: string[]; need: number; fallback?: string[] | undefined }>;
  groups: [string[], string[], string[]];
};

const catalogueWith = ({ requesters, deny, stages, groups: [one, two, three] }: Rule): Catalogue =>
  catalogueOf({
    version: 1,
    accounts: { a: { id: '111111111111', name: 'A', externalId: 'lk-1' } },
    people: people.map((email) => ({ email, name: email, principals: [arnOf(email)] })),
    groups: { one, two: [...two, 'group:one'], three },
    roles: {
      r: {
        account: 'a',
        roleName: 'r',
        description: 'R',
        requesters,
        deny,
        approval: { stages },
        duration: { default: '1h', max: '2h' },
      },
    },
  });

const callerOf = (catalogue: Catalogue, email: string, principal = email): Caller => ({
  kind: 'person',
  principal,
  person: catalogue.people.get(email)!,
  groups: catalogue.groupsOf.get(email) ?? [],
  via: 'oidc',
  mfa: false,
});
const body: NewRequest = { role: 'r', reason: 'x' };
const isFiled = (catalogue: Catalogue, email: string): boolean => {
  try {
    return refusalOf(judgeFiling(filingOf(catalogue, callerOf(catalogue, email), body))) === undefined;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  }
};

test('adding a deny never adds access', () =>
  fc.assert(
    fc.property(rule, entry, (before, denied) => {
      const [one, other] = [catalogueWith(before), catalogueWith({ ...before, deny: [...before.deny, denied] })];
      for (const email of people) {
        const had = rolesFor(one, callerOf(one, email)).length;
        expect(rolesFor(other, callerOf(other, email)).length).toBeLessThanOrEqual(had);
        expect(!isFiled(one, email) && isFiled(other, email)).toBe(false);
      }
    }),
    { numRuns: RULES },
  ));

test('the index finds what a pass over all roles finds', () =>
  fc.assert(
    fc.property(rule, person, (drawn, email) => {
      const catalogue = catalogueWith(drawn);
      const caller = callerOf(catalogue, email);
      const who = { identities: caller.person.identities, groups: caller.groups };
      expect(rolesFor(catalogue, caller)).toEqual(
        [...catalogue.roles.values()].filter((role) => mayRequest(role, who)),
      );
    }),
    { numRuns: RULES },
  ));

/** Files as `requester` and lets the deciders approve in turn, each by one identity or another; whether it was granted, and by whom. */
function play(catalogue: Catalogue, requester: string, deciders: ReadonlyArray<{ email: string; alias: boolean }>) {
  const caller = callerOf(catalogue, requester);
  const filing = filingOf(catalogue, caller, body);
  let request = file(judgeFiling(filing), filing, { id: requestId(1) });
  for (const { email, alias } of deciders) {
    if (!isPending(request)) break;
    try {
      const caller = callerOf(catalogue, email, alias ? arnOf(email) : email);
      request = decide(request, { catalogue, caller, now: start + 1000, blocks: [] }, { decision: 'approve' });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }
  return { granted: statusAt(request, start + 2000) === 'active', request };
}

const deciders = fc.array(fc.record({ email: person, alias: fc.boolean() }), { maxLength: 12 });

/** Takes one approver away: an entry of a stage or of a fallback, or a member of a group; whichever `which` comes to. */
function withFewerApprovers(drawn: Rule, which: number): Rule {
  const lists: Array<{ length: number; without: (at: number) => Rule }> = [
    ...drawn.stages.flatMap((stage, i) =>
      (['approvers', 'fallback'] as const).map((name) => ({
        length: stage[name]?.length ?? 0,
        without: (at: number) => ({
          ...drawn,
          stages: drawn.stages.map((one, k) => (k === i ? { ...one, [name]: dropped(one[name] ?? [], at) } : one)),
        }),
      })),
    ),
    ...drawn.groups.map((group, i) => ({
      length: group.length,
      without: (at: number) => ({
        ...drawn,
        groups: drawn.groups.map((one, k) => (k === i ? dropped(one, at) : one)) as Rule['groups'],
      }),
    })),
  ];
  let at =
    which %
    Math.max(
      1,
      lists.reduce((sum, { length }) => sum + length, 0),
    );
  for (const { length, without } of lists) {
    if (at < length) return without(at);
    at -= length;
  }
  return drawn;
}
const dropped = (list: readonly string[], at: number): string[] => list.filter((_, i) => i !== at);

/** Whether these people, all of them willing, get a request granted in one order or another. */
function canGrant(request: RequestRecord, catalogue: Catalogue, willing: readonly string[]): boolean {
  if (!isPending(request)) return statusAt(request, start + 2000) === 'active';
  return willing.some((email, i) => {
    const next = approvedBy(request, catalogue, email);
    return next !== undefined && canGrant(next, catalogue, dropped(willing, i));
  });
}
function approvedBy(request: RequestRecord, catalogue: Catalogue, email: string): RequestRecord | undefined {
  try {
    const act = { catalogue, caller: callerOf(catalogue, email), now: start + 1000, blocks: [] };
    return decide(request, act, { decision: 'approve' });
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}
const filedBy = (catalogue: Catalogue, email: string): RequestRecord | undefined =>
  isFiled(catalogue, email) ? play(catalogue, email, []).request : undefined;

test('removing an approver never lets more filed requests through, except by a fallback', () => {
  let [granted, refusedSince] = [0, 0];
  fc.assert(
    fc.property(rule, person, fc.subarray(people), fc.nat(), (drawn, requester, willing, which) => {
      const stages = drawn.stages.map(({ approvers, need }) => ({ approvers, need }));
      const open = { ...drawn, stages, requesters: ['everyone'], deny: [] };
      const [before, after] = [catalogueWith(open), catalogueWith(withFewerApprovers(open, which))];
      const request = filedBy(before, requester);
      if (!request) return;
      for (const email of people)
        if (approvedBy(request, after, email)) expect(approvedBy(request, before, email)).toBeDefined();
      const [could, can] = [canGrant(request, before, willing), canGrant(request, after, willing)];
      expect(can && !could).toBe(false);
      if (can) granted += 1;
      if (could && !can) refusedSince += 1;
    }),
    { numRuns: RULES },
  );
  expect(granted).toBeGreaterThan(RULES / 50);
  expect(refusedSince).toBeGreaterThan(REFUSED);
});

test('removing an approver never lets more be filed, nor by fewer people, except by a fallback', () => {
  let [granted, refusedSince] = [0, 0];
  fc.assert(
    fc.property(rule, person, fc.subarray(people), fc.nat(), (drawn, requester, willing, which) => {
      const stages = drawn.stages.map(({ approvers, need }) => ({ approvers, need }));
      const open = { ...drawn, stages, requesters: ['everyone'], deny: [] };
      const [before, after] = [catalogueWith(open), catalogueWith(withFewerApprovers(open, which))];
      const [was, is] = [filedBy(before, requester), filedBy(after, requester)];
      expect(is !== undefined && was === undefined).toBe(false);
      const could = was !== undefined && canGrant(was, before, willing);
      const can = is !== undefined && canGrant(is, after, willing);
      expect(can && !could).toBe(false);
      if (can) granted += 1;
      if (could && !can) refusedSince += 1;
    }),
    { numRuns: RULES },
  );
  expect(granted).toBeGreaterThan(RULES / 50);
  expect(refusedSince).toBeGreaterThan(REFUSED);
});

const TRIALS = size(3_000, 1_000_000);

test(`N of M never passes with fewer than N distinct persons, none of them the requester: ${TRIALS.toLocaleString('en')} trials`, () => {
  const catalogues = [1, 2, 3, 4].flatMap((need) =>
    [1, 2].map((stages) => ({
      need: need * stages,
      catalogue: catalogueWith({
        requesters: ['everyone'],
        deny: [],
        stages: Array.from({ length: stages }, () => ({ approvers: ['group:three'], need })),
        groups: [[], [], people],
      }),
    })),
  );
  const fillable = catalogues.filter(({ catalogue }) => isFiled(catalogue, people[0]!));
  let granted = 0;
  fc.assert(
    fc.property(fc.constantFrom(...fillable), person, deciders, ({ need, catalogue }, requester, turn) => {
      const { granted: isGranted, request } = play(catalogue, requester, turn);
      const approvers = new Set(
        request.stages.flatMap(({ decisions }) => decisions.map((decision) => decision.person)),
      );
      if (isGranted) granted += 1;
      if (isGranted && approvers.size < need) throw new Error(`${approvers.size} persons passed for ${need}`);
      if (approvers.has(requester)) throw new Error('the requester decided');
      const willing = new Set(turn.map(({ email }) => email).filter((email) => email !== requester));
      if (!isGranted && willing.size >= need)
        throw new Error(`${willing.size} willing persons did not pass for ${need}`);
    }),
    { numRuns: TRIALS },
  );
  process.stdout.write(
    `N of M by distinct persons: ${TRIALS.toLocaleString('en')} trials, ${granted.toLocaleString('en')} grants, none with fewer persons than needed\n`,
  );
  expect(granted).toBeGreaterThan(TRIALS / 10);
});
