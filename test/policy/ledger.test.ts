import { describe, expect, test } from '@jest/globals';
import { DAY, HOUR, MINUTE } from '../../lib/common/time.ts';
import type { OpenRequest } from '../../lib/policy/filing-context.ts';
import { type Counts, countedOf, countingIds, entered, type Ledger, seenIn } from '../../lib/policy/ledger.ts';
import { approved, finished, record, requestId, start } from '../support/records.ts';

const filed = record();
const entry = {
  id: filed.id,
  role: filed.role.id,
  createdAt: start,
  decideBy: filed.decideBy,
  until: filed.decideBy + HOUR,
};
const person = (changes: Partial<Ledger> = {}): Ledger => ({
  of: 'person',
  id: filed.requester.person,
  version: 1,
  open: [entry],
  filed: [start],
  ...changes,
});
const counts = (indexed: OpenRequest[], seen: Counts['seen'] = new Map(), ledger = person()): Counts => ({
  ledgers: [ledger],
  indexed,
  seen,
  blocks: { version: 0, blocks: [] },
});
const mine = { id: entry.id, role: entry.role, createdAt: start };

describe('until when a request counts as open', () => {
  test.each<[string, OpenRequest[], number]>([
    ['the index does not have it yet: as long as it can be', [], entry.until],
    ['it waits: as long as it may', [{ ...mine, until: filed.decideBy + MINUTE }], filed.decideBy + MINUTE],
    ['it is granted: to the end of the grant', [{ ...mine, until: start + HOUR }], start + HOUR],
    ['somebody ended it: not after that', [{ ...mine, until: start + MINUTE }], start + MINUTE],
    ['the index has not heard of an approval in the last moment', [{ ...mine, until: filed.decideBy }], entry.until],
  ])('%s', (_, indexed, until) => expect(countedOf(counts(indexed)).own).toMatchObject([{ ...mine, until }]));

  test('what was read from the table goes before ledger and index', () => {
    const granted = approved(filed, start);
    const over = finished(granted, 'revoked', start + MINUTE);
    const { endsAt } = granted.grant!;
    expect(countedOf(counts([], seenIn([entry.id], [granted], start))).own).toMatchObject([{ until: endsAt }]);
    expect(countedOf(counts([{ ...mine, until: endsAt }], seenIn([entry.id], [over], start + HOUR))).own).toMatchObject(
      [{ until: start + MINUTE }],
    );
    expect(countedOf(counts([], seenIn([entry.id], [], start))).own).toMatchObject([{ until: 0 }]);
  });

  test('a request that was ended by a clock that is ahead is over', () => {
    const over = finished(approved(filed, start), 'revoked', start + MINUTE);
    const counted = countedOf(counts([], seenIn([entry.id], [over], start)));
    expect(countingIds(counted, start)).toEqual([]);
  });

  test('a request from before there were ledgers counts by the index', () => {
    const old = { id: requestId(2), role: 'other', createdAt: start, until: start + HOUR };
    const counted = countedOf(counts([old]));
    expect(countingIds(counted, start)).toEqual([old.id, entry.id]);
    expect(countingIds(counted, start + HOUR)).toEqual([entry.id]);
  });
});

describe('a ledger with one more request', () => {
  const next = record({ id: requestId(2), createdAt: start + 2 * HOUR });

  test('is the next version, without what is over, and knows the filings of the last hour', () => {
    const [ledger] = entered(counts([{ ...mine, until: 0 }]), next, next.createdAt);
    const added = {
      id: next.id,
      role: next.role.id,
      createdAt: next.createdAt,
      decideBy: next.decideBy,
      until: next.decideBy + HOUR,
    };
    expect(ledger).toEqual({ ...person(), version: 2, open: [added], filed: [next.createdAt] });
  });

  test('keeps what may still be open', () =>
    expect(entered(counts([]), next, start + MINUTE)[0]).toMatchObject({ open: [entry, {}], filed: [start, {}] }));

  test('knows the latest that the request can be open: granted already, or for later, or after another grant', () => {
    const until = (request: typeof next) => entered(counts([]), request, start)[0]!.open.at(-1)!;
    expect(until({ ...next, ...approved(next, start) }).until).toBe(start + HOUR);
    expect(until({ ...next, wantedStart: start + DAY, extends: filed.id })).toMatchObject({
      until: start + DAY + HOUR,
      extends: filed.id,
    });
  });

  test('of a role has no times, of a bot nothing but times', () => {
    const role: Ledger = { of: 'role', id: 'read', version: 0, open: [], filed: [] };
    const bot: Ledger = { of: 'bot', id: 'arn', version: 0, open: [], filed: [start, start - HOUR] };
    const [ofRole, ofBot] = entered({ ...counts([]), ledgers: [role, bot] }, filed, start);
    expect(ofRole).toMatchObject({ open: [{ id: filed.id }], filed: [] });
    expect(ofBot).toMatchObject({ open: [], filed: [start, start] });
  });
});

describe('a review that nobody has signed', () => {
  const owed = { ...entry, until: start, reviewDue: start + DAY };
  const ledger = person({ open: [owed] });
  const over = { ...mine, until: start };
  test.each<[string, OpenRequest[], Counts['seen'], boolean]>([
    ['the index does not have it yet', [], new Map(), true],
    ['the index has it', [{ ...over, reviewDue: owed.reviewDue }], new Map(), true],
    ['the index has it without the review: signed', [over], new Map(), false],
    ['the table no longer has it', [{ ...over, reviewDue: owed.reviewDue }], seenIn([entry.id], [], start), false],
  ])('%s', (_, indexed, seen, waits) => {
    const given = counts(indexed, seen, ledger);
    expect(countedOf(given).own[0]!.reviewDue !== undefined).toBe(waits);
    const [next] = entered(given, record({ id: requestId(2) }), start + HOUR);
    expect(next!.open.some(({ id }) => id === entry.id)).toBe(waits);
  });
});
