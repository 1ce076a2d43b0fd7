// Ledgers say what counts when somebody files: of one person, of one role, by one bot. A request is written together with the ledgers that
// count it, under the version that was read, so that two filings at once cannot both slip under a limit. Nothing is written when a request
// ends: whoever files next leaves out what is over by then.
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
  /** the latest that it can be open, whenever it is approved */
  until: number;
  extends?: string | undefined;
  /** of break-glass: it stays until somebody has signed its review */
  reviewDue?: number | undefined;
};

/** Version 0 has never been written. `filed`: when, within the last hour. */
export type Ledger = LedgerKey & { version: number; open: readonly LedgerEntry[]; filed: readonly number[] };

/** A person's ledger and those of the identities that the catalogue has joined with the person; filings are entered in the first. */
export const ledgersOf = ({ key, identities }: Person): LedgerKey[] =>
  [...new Set([key, ...identities])].map((id) => ({ of: 'person', id }));

/** The ledgers that count for a filing: its person's and, where they have limits, its role's and its bot's. */
export function ledgersFor({ catalogue, caller, requester, body }: Asked): LedgerKey[] {
  const keys = ledgersOf(requester);
  if (catalogue.roles.get(body.role)?.limits?.open !== undefined) keys.push({ of: 'role', id: body.role });
  if (caller.kind === 'bot') keys.push({ of: 'bot', id: caller.principal });
  return keys;
}

/** What the table says of a request that was read from it: until when it is or was open, and whether its review still waits. */
export type Seen = Pick<OpenRequest, 'until' | 'reviewDue'>;

/** What the ledgers and the index say together. `seen`: of the requests that were read from the table. */
export type Counts = {
  ledgers: readonly Ledger[];
  /** the person's requests by the index, which is a moment late */
  indexed: readonly OpenRequest[];
  seen: ReadonlyMap<string, Seen>;
  blocks: Blocks;
};

/** What the rules count of it. */
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

/** A review that the index no longer has is signed; one that it has may have been signed in the last moment. */
const joined = (entry: LedgerEntry, indexed: OpenRequest | undefined): OpenRequest => ({
  ...entry,
  ...indexed,
  until: untilOf(entry, indexed),
  reviewDue: indexed ? indexed.reviewDue : entry.reviewDue,
});

/**
 * The index is a moment late, and a request that it shows as undecided past its time may have been approved in the last moment of it.
 * All else that it says is final: an end is, and a grant never becomes longer.
 */
function untilOf(entry: LedgerEntry, indexed: OpenRequest | undefined): number {
  return indexed === undefined || indexed.until === entry.decideBy ? entry.until : indexed.until;
}

/** Ids of what still counts, as open or as under review, to be looked up where that decides. */
export const countingIds = ({ own, ofRole }: Counted, now: number): string[] => [
  ...new Set([...own.filter((one) => stillCounts(one, now)), ...ofRole.filter(isOpen(now))].map(({ id }) => id)),
];

const isOpen = (now: number) => (one: OpenRequest) => one.until > now;
const stillCounts = (one: OpenRequest, now: number): boolean => isOpen(now)(one) || one.reviewDue !== undefined;

/** What requests are that were just read; what is not there is over and not under review. */
export const seenIn = (ids: readonly string[], records: readonly RequestRecord[], now: number): Map<string, Seen> =>
  new Map([
    ...ids.map((id) => [id, { until: 0, reviewDue: undefined }] as const),
    ...records.map((one) => [one.id, { until: wasOpenUntil(one, now), reviewDue: unsignedReview(one) }] as const),
  ]);

/** What has ended is over, also where the clock of whoever ended it was ahead. */
const wasOpenUntil = (request: RequestRecord, now: number): number =>
  request.outcome ? Math.min(overAt(request), now) : overAt(request);

const unsignedReview = ({ review }: RequestRecord): number | undefined => (review?.signed ? undefined : review?.due);

/** The ledgers that a request is entered in, without what is over: its person's, and those of its role and its bot. */
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
