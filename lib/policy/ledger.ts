// Ledgers count requests of one person, for one role or by one bot, for the limits at filing. A request is written together with its
// ledgers, under the versions that were read, so that two filings at once cannot both stay under a limit. Nothing is written when a
// request ends: the next filing removes entries that are over.
import type { Person } from '../catalogue/catalogue.ts';
import { HOUR, SECOND } from '../common/time.ts';
import type { Blocks, RequestRecord } from '../model/schema.ts';
import { overAt } from '../model/status.ts';
import type { Asked, Counted, OpenRequest } from './filing-context.ts';

export type LedgerKey = { of: 'person' | 'role' | 'bot'; id: string };

/** A request that may still be open. Epoch milliseconds. */
export type LedgerEntry = {
  id: string;
  role: string;
  createdAt: number;
  decideBy: number;
  /** the latest time at which it can be open, whenever it is approved */
  until: number;
  extends?: string | undefined;
  /** for break-glass: the entry stays until the review is signed */
  reviewDue?: number | undefined;
};

/** Version 0: never written. `filed`: times of filings within the last hour. */
export type Ledger = LedgerKey & { version: number; open: readonly LedgerEntry[]; filed: readonly number[] };

/** A person's ledger and those of the person's further identities. Filings are entered in the first. */
export const ledgersOf = ({ key, identities }: Person): LedgerKey[] =>
  [...new Set([key, ...identities])].map((id) => ({ of: 'person', id }));

/** The ledgers that count for a filing: its person's, its bot's and, if the role has a limit, its role's. */
export function ledgersFor({ catalogue, caller, requester, body }: Asked): LedgerKey[] {
  const keys = ledgersOf(requester);
  if (catalogue.roles.get(body.role)?.limits?.open !== undefined) keys.push({ of: 'role', id: body.role });
  if (caller.kind === 'bot') keys.push({ of: 'bot', id: caller.principal });
  return keys;
}

/** A request as read from the table: when it is or was open until, and whether its review is not signed. */
export type Seen = Pick<OpenRequest, 'until' | 'reviewDue'>;

/** All counts: from the ledgers, from the index and, as `seen`, from requests that were read from the table. */
export type Counts = {
  ledgers: readonly Ledger[];
  /** the person's requests by the index, which is eventually consistent */
  indexed: readonly OpenRequest[];
  seen: ReadonlyMap<string, Seen>;
  blocks: Blocks;
};

/** The counts for the rules. */
export function countedOf({ ledgers, indexed, seen, blocks }: Counts): Counted {
  const of = (kind: LedgerKey['of']) => ledgers.filter((ledger) => ledger.of === kind);
  const openOf = (kind: LedgerKey['of']) => of(kind).flatMap(({ open }) => open);
  const filedOf = (kind: LedgerKey['of']) => of(kind).flatMap(({ filed }) => filed);
  const index = new Map(indexed.map((request) => [request.id, request]));
  const entered = openOf('person');
  const inLedger = new Set(entered.map(({ id }) => id));
  const own = [
    ...indexed.filter(({ id }) => !inLedger.has(id)),
    ...entered.map((entry) => joined(entry, index.get(entry.id))),
  ];
  const certain = (one: OpenRequest): OpenRequest => ({ ...one, ...seen.get(one.id) });
  return {
    own: own.map(certain),
    filed: filedOf('person'),
    ofRole: openOf('role').map(certain),
    byBot: filedOf('bot'),
    blocks: blocks.blocks,
  };
}

/** A review that is no longer in the index is signed. One in the index may have been signed just now. */
const joined = (entry: LedgerEntry, indexed: OpenRequest | undefined): OpenRequest => ({
  ...entry,
  ...indexed,
  until: untilOf(entry, indexed),
  reviewDue: indexed ? indexed.reviewDue : entry.reviewDue,
});

/**
 * The index is eventually consistent, so a request that it shows as lapsed may have been approved in the last moment. Everything else in
 * it is final: an end is, and a grant never becomes longer.
 */
function untilOf(entry: LedgerEntry, indexed: OpenRequest | undefined): number {
  return indexed === undefined || indexed.until === entry.decideBy ? entry.until : indexed.until;
}

/** IDs of requests that still count as open or under review, to be read from the table if they matter. */
export const countingIds = ({ own, ofRole }: Counted, now: number): string[] => [
  ...new Set([...own.filter((one) => stillCounts(one, now)), ...ofRole.filter(isOpen(now))].map(({ id }) => id)),
];

const isOpen = (now: number) => (one: OpenRequest) => one.until > now;
const stillCounts = (one: OpenRequest, now: number): boolean => isOpen(now)(one) || one.reviewDue !== undefined;

/** Requests as just read from the table. A missing one is over and not under review. */
export const seenIn = (ids: readonly string[], records: readonly RequestRecord[], now: number): Map<string, Seen> =>
  new Map([
    ...ids.map((id) => [id, { until: 0, reviewDue: undefined }] as const),
    ...records.map((one) => [one.id, { until: wasOpenUntil(one, now), reviewDue: unsignedReview(one) }] as const),
  ]);

/** An ended request is over even if the clock of the process that ended it was ahead. */
const wasOpenUntil = (request: RequestRecord, now: number): number =>
  request.outcome ? Math.min(overAt(request), now) : overAt(request);

const unsignedReview = ({ review }: RequestRecord): number | undefined => (review?.signed ? undefined : review?.due);

/** The ledgers with a request added and entries that are over removed: its person's, and those of its role and its bot. */
export function entered(counts: Counts, request: RequestRecord, now: number): Ledger[] {
  const counting = new Set(countingIds(countedOf(counts), now));
  const isCounting = ({ of, id }: Ledger) => of !== 'person' || id === request.requester.person;
  return counts.ledgers.filter(isCounting).map((ledger) => ({
    ...ledger,
    version: ledger.version + 1,
    open: ledger.of === 'bot' ? [] : [...ledger.open.filter(({ id }) => counting.has(id)), entryOf(request)],
    filed: ledger.of === 'role' ? [] : [...ledger.filed.filter((at) => at > now - HOUR), request.createdAt],
  }));
}

function entryOf(request: RequestRecord): LedgerEntry {
  const { id, role, createdAt, decideBy, wantedStart = 0, durationSeconds, grant, extends: continued } = request;
  const until = grant?.endsAt ?? Math.max(decideBy, wantedStart) + durationSeconds * SECOND;
  const reviewDue = unsignedReview(request);
  return {
    id,
    role: role.id,
    createdAt,
    decideBy,
    until,
    ...(continued !== undefined && { extends: continued }),
    ...(reviewDue !== undefined && { reviewDue }),
  };
}
