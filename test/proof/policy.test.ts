// Properties of the policy over catalogues and decisions drawn at random: a deny takes away, an approver fewer lets nothing more through, N of M needs N persons.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Catalogue } from '../../lib/catalogue.ts';
import { judgeFiling, mayRequest, refusalOf, rolesFor } from '../../lib/policy.ts';
import type { Caller } from '../../lib/principal.ts';
import { Problem } from '../../lib/problem.ts';
import { decide, file } from '../../lib/request.ts';
import type { NewRequest } from '../../lib/schema.ts';
import { isPending, statusAt } from '../../lib/status.ts';
import { requestId, start } from '../support/records.ts';
import { catalogueOf } from '../support/small-catalogue.ts';

const people = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}@example.com`);
const arnOf = (email: string) => `arn:aws:iam::222222222222:user/${email[0]}`;
const groups = ['one', 'two', 'three'];
const person = fc.constantFrom(...people);
const entry = fc.oneof(person, fc.constantFrom(...people.map(arnOf)), fc.constantFrom(...groups.map((name) => `group:${name}`)), fc.constant('everyone'));
const entries = fc.array(entry, { maxLength: 4 });
const members = fc.array(person, { maxLength: 4 });
const stage = fc.record({ approvers: entries, need: fc.integer({ min: 1, max: 3 }) });
const rule = fc.record({
  requesters: entries,
  deny: entries,
  stages: fc.array(stage, { minLength: 1, maxLength: 3 }),
  groups: fc.tuple(members, members, members),
});
type Rule = { requesters: string[]; deny: string[]; stages: Array<{ approvers: string[]; need: number }>; groups: [string[], string[], string[]] };

const catalogueWith = ({ requesters, deny, stages, groups: [one, two, three] }: Rule): Catalogue =>
  catalogueOf({
    version: 1,
    accounts: { a: { id: '111111111111', name: 'A', externalId: 'lk-1' } },
    people: people.map((email) => ({ email, name: email, principals: [arnOf(email)] })),
    groups: { one, two: [...two, 'group:one'], three },
    roles: { r: { account: 'a', roleName: 'r', description: 'R', requesters, deny, approval: { stages }, duration: { default: '1h', max: '2h' } } },
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
    return refusalOf(judgeFiling(catalogue, callerOf(catalogue, email), body, [], start)) === undefined;
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
    { numRuns: 1500 },
  ));

test('the index finds what a pass over all roles finds', () =>
  fc.assert(
    fc.property(rule, person, (drawn, email) => {
      const catalogue = catalogueWith(drawn);
      const caller = callerOf(catalogue, email);
      const who = { identities: caller.person.identities, groups: caller.groups };
      expect(rolesFor(catalogue, caller)).toEqual([...catalogue.roles.values()].filter((role) => mayRequest(role, who)));
    }),
    { numRuns: 1500 },
  ));

/** Files as `requester` and lets the deciders approve in turn, each by one identity or another; whether it was granted, and by whom. */
function play(catalogue: Catalogue, requester: string, deciders: ReadonlyArray<{ email: string; alias: boolean }>) {
  const caller = callerOf(catalogue, requester);
  let request = file(judgeFiling(catalogue, caller, body, [], start), caller, body, requestId(1), undefined, start);
  for (const { email, alias } of deciders) {
    if (!isPending(request)) break;
    try {
      request = decide(request, catalogue, callerOf(catalogue, email, alias ? arnOf(email) : email), { decision: 'approve' }, start + 1000);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
    }
  }
  return { granted: statusAt(request, start + 2000) === 'active', request };
}

const deciders = fc.array(fc.record({ email: person, alias: fc.boolean() }), { maxLength: 12 });

test('removing an approver never lets more through', () =>
  fc.assert(
    fc.property(rule, person, deciders, fc.nat(), (drawn, requester, turn, which) => {
      const before = catalogueWith({ ...drawn, requesters: ['everyone'], deny: [] });
      const index = which % drawn.stages.length;
      const fewer = drawn.stages.map((one, i) => (i === index ? { ...one, approvers: one.approvers.slice(1) } : one));
      const after = catalogueWith({ ...drawn, requesters: ['everyone'], deny: [], stages: fewer });
      if (isFiled(after, requester)) expect(isFiled(before, requester)).toBe(true);
      if (!isFiled(after, requester)) return;
      // filed under the fuller catalogue and decided under the poorer one: no more than under the fuller one throughout
      const { request } = play(before, requester, []);
      for (const { email } of turn) {
        const isNamed = (catalogue: Catalogue) => {
          try {
            decide(request, catalogue, callerOf(catalogue, email), { decision: 'approve' }, start + 1000);
            return true;
          } catch (error) {
            if (error instanceof Problem) return false;
            throw error;
          }
        };
        if (isNamed(after)) expect(isNamed(before)).toBe(true);
      }
    }),
    { numRuns: 1500 },
  ));

const TRIALS = 100_000;

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
      const approvers = new Set(request.stages.flatMap(({ decisions }) => decisions.map((decision) => decision.person)));
      if (isGranted) granted += 1;
      if (isGranted && approvers.size < need) throw new Error(`${approvers.size} persons passed for ${need}`);
      if (approvers.has(requester)) throw new Error('the requester decided');
      const willing = new Set(turn.map(({ email }) => email).filter((email) => email !== requester));
      if (!isGranted && willing.size >= need) throw new Error(`${willing.size} willing persons did not pass for ${need}`);
    }),
    { numRuns: TRIALS },
  );
  process.stdout.write(
    `N of M by distinct persons: ${TRIALS.toLocaleString('en')} trials, ${granted.toLocaleString('en')} grants, none with fewer persons than needed\n`,
  );
  expect(granted).toBeGreaterThan(TRIALS / 10);
});
