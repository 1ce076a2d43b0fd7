// How many requests may be open and how many filed in an hour: of one person, and by one bot.
import type { Catalogue, Role } from './catalogue.ts';
import type { Check } from './filing-checks.ts';
import { HOUR, SECOND, toInstant } from './time.ts';

/** A request as the store's `openOf` answers it. */
export type OpenSlot = { id: string; role: string; createdAt: number; until: number; reviewDue?: number | undefined };

export function overlapCheck(role: Role, open: readonly OpenSlot[]): Check {
  const other = open.find((slot) => slot.role === role.id);
  const detail = other
    ? `Request ${other.id} for this role is still open. Use it, end it, or ask for an extension of it.`
    : 'No other open request for this role.';
  return { check: 'overlap', passed: !other, code: 'overlap', detail };
}

export function limitCheck(catalogue: Catalogue, open: readonly OpenSlot[], now: number): Check {
  const passed = open.length < catalogue.openRequests;
  const base = { check: 'open-requests', passed, code: 'too-many-open' as const };
  if (passed) return { ...base, detail: `${open.length} of at most ${catalogue.openRequests} requests are open.` };
  const next = Math.min(...open.map(({ until }) => until));
  return {
    ...base,
    detail: `At most ${catalogue.openRequests} requests may be open at once. End one, or wait until ${toInstant(next)}.`,
    retryAfterSeconds: Math.max(1, Math.ceil((next - now) / 1000)),
  };
}

/** A limit over the last sixty minutes; the answer says when the oldest of those that count is an hour old. */
export function hourCheck(check: string, whose: string, most: number | undefined, filings: readonly number[], now: number): Check[] {
  if (most === undefined) return [];
  const recent = filings.filter((at) => at > now - HOUR).sort((a, b) => b - a);
  const freed = recent[most - 1];
  if (freed === undefined) return [{ check, passed: true, code: 'too-many-open', detail: `${recent.length} of at most ${most} requests in an hour.` }];
  const detail = `${whose} at most ${most} requests in an hour. Wait until ${toInstant(freed + HOUR)}.`;
  return [{ check, passed: false, code: 'too-many-open', detail, retryAfterSeconds: Math.max(1, Math.ceil((freed + HOUR - now) / SECOND)) }];
}
