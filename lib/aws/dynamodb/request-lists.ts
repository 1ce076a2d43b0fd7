// Lists of requests, from the indexes of the table. All of them are eventually consistent.
import type { ListIndex, Position, Store } from '../../app.ts';
import { bounds } from '../../catalogue/bounds.ts';
import { SECOND } from '../../common/time.ts';
import type { IndexName } from '../table.ts';
import { type Item, iso, type TableCalls } from './item.ts';
import { query } from './reads.ts';
import { createdKey, dueQueue, idOf, positionOf, slotOf } from './request-image.ts';

type Part = Pick<Store, 'requestsOf' | 'list' | 'due' | 'openIds'>;

const listedMonths = 13;

/** Milliseconds for which a request can be open after its filing: the longest wait for a decision or a start, plus the longest grant. */
const openFor = (Math.max(bounds.decideWithinMax, bounds.aheadMax) + bounds.durationMax) * SECOND;

export const requestLists = (calls: TableCalls): Part => ({
  async requestsOf(person, now, since = now - openFor) {
    return (await query(calls, 'byRequester', person, { comparison: '>=', bound: iso(since) })).map(slotOf);
  },
  list: (index, limit, after) => list(calls, index, limit, after),
  async due(now, limit) {
    return (await query(calls, 'byDue', dueQueue, { comparison: '<=', bound: iso(now), limit })).map(idOf);
  },
  async openIds() {
    return (await query(calls, 'byDue', dueQueue, {})).map(idOf);
  },
});

// --- internal ---

async function list(calls: TableCalls, index: ListIndex, limit: number, after?: Position): Promise<Position[]> {
  const { name, partitions } = partitionsOf(index, after);
  const before = after && { comparison: '<' as const, bound: createdKey(after) };
  const pages = await Promise.all(
    partitions.map((partition) => query(calls, name, partition, { ...before, limit, newestFirst: true })),
  );
  return pages.flat().sort(newestFirst).slice(0, limit).map(positionOf);
}

/** Where a list is found. A list by time has one partition a month. They are read together, without those after the position. */
function partitionsOf(index: ListIndex, after: Position | undefined): { name: IndexName; partitions: string[] } {
  switch (index.by) {
    case 'requester':
      return { name: 'byRequester', partitions: [index.person] };
    case 'filer':
      return { name: 'byFiler', partitions: [index.principal] };
    case 'pending':
      return { name: 'pendingByRole', partitions: [index.role] };
    case 'time': {
      const months = monthsUntil(index.now);
      return {
        name: 'byMonth',
        partitions: after ? months.filter((month) => month <= iso(after.createdAt).slice(0, 7)) : months,
      };
    }
  }
}

/** `2026-11`, `2026-10`, ... */
function monthsUntil(now: number): string[] {
  const newest = new Date(now);
  return Array.from({ length: listedMonths }, (_, ago) =>
    iso(Date.UTC(newest.getUTCFullYear(), newest.getUTCMonth() - ago)).slice(0, 7),
  );
}

const newestFirst = (a: Item, b: Item) => (a.created!.S! < b.created!.S! ? 1 : -1);
