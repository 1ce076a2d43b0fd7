// How many requests may be open and how many filed in an hour: of one person, of one role, and by one bot.
import type { Catalogue, Role } from './catalogue.ts';
import type { Check } from './filing-checks.ts';
import type { Caller } from './principal.ts';
import type { RequestRecord } from './schema.ts';
import type { TicketAnswer } from './ticket.ts';
import { HOUR, SECOND, toInstant } from './time.ts';

/** A request as the store's `openOf` answers it. */
export type OpenSlot = { id: string; role: string; createdAt: number; until: number; reviewDue?: number | undefined };

/** A request as the store's `placesOf` answers it. */
export type Place = { id: string; until: number; extends?: string | undefined };

/** As many keys of open requests as settle whether a place is left: an extension and what it continues share one. */
export const placesAsked = (most: number): number => 2 * most;

/** The grant that an extension continues, and when it ends; epoch milliseconds. */
export type Continued = Pick<RequestRecord, 'id' | 'extends'> & { endsAt: number };

/** What a filing is judged by besides its body: when a bot filed lately, who has a place of a limited role, the grant that an extension continues, and what the ticket's validator said. */
export type Circumstances = {
  filings?: readonly number[] | undefined;
  places?: readonly Place[] | undefined;
  continued?: Continued | undefined;
  answer?: TicketAnswer | undefined;
};

/** @param byGlass whether the filing breaks the glass */
export function limitChecks(
  catalogue: Catalogue,
  role: Role,
  caller: Caller,
  slots: readonly OpenSlot[],
  now: number,
  { filings = [], places = [], continued, byGlass }: Circumstances & { byGlass: boolean },
): Check[] {
  const open = slots.filter(({ until }) => until > now);
  const filed = slots.map(({ createdAt }) => createdAt);
  const bot = caller.kind === 'bot' ? catalogue.bots.get(caller.principal) : undefined;
  return [
    overlapCheck(
      open.filter((slot) => slot.role === role.id),
      continued,
    ),
    limitCheck(catalogue, open, now),
    ...placesCheck(role, places, now, exemption(continued !== undefined, byGlass)),
    ...hourCheck('requests-per-hour', 'You may file', catalogue.requestsPerHour, filed, now),
    ...(bot ? hourCheck('bot-requests-per-hour', 'This bot may file', bot.requestsPerHour, filings, now) : []),
  ];
}

function exemption(isExtension: boolean, byGlass: boolean): string | undefined {
  if (isExtension) return 'An extension takes the place of the grant that it continues.';
  return byGlass ? 'Break-glass does not wait for the limit of the role.' : undefined;
}

/** @param open of this role @param continued what an extension continues, with which it does not overlap */
function overlapCheck(open: readonly OpenSlot[], continued: Circumstances['continued']): Check {
  const inTheWay = open.filter(({ id }) => id !== continued?.id);
  const base = { check: 'overlap', passed: inTheWay.length === 0, code: 'overlap' as const };
  if (base.passed) return { ...base, detail: 'No other open request for this role.' };
  return { ...base, detail: continued ? beforeMore(inTheWay, continued.extends) : beforeAnew(inTheWay) };
}

/** What is to be done first to file anew. Two are open where one continues the other, and then there can be no third. */
function beforeAnew([one, other]: readonly OpenSlot[]): string {
  const open = `Request ${one!.id} for this role is still open`;
  return other
    ? `${open}, and so is ${other.id}. Use them; to ask anew, end both first.`
    : `${open}. Once it is granted, use it or ask for an extension of it; to ask anew, end it first.`;
}

/** What is to be done first to extend a grant, which has an extension already or is one. @param continuesId what the grant itself continues */
function beforeMore(inTheWay: readonly OpenSlot[], continuesId: string | undefined): string {
  const before = inTheWay.find(({ id }) => id === continuesId);
  return before
    ? `This request continues ${before.id}, which is open until ${toInstant(before.until)}. Ask for more time after that, or end ${before.id} first.`
    : `Request ${inTheWay[0]!.id} already asks for more time after this grant. Use it when this one ends; to ask for another extension, end it first.`;
}

function limitCheck(catalogue: Catalogue, open: readonly OpenSlot[], now: number): Check {
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

/**
 * The limit of a role over all people. An extension has the place of the grant that it continues for as long as that is open.
 * @param places as many as `placesAsked` says, those that end first
 * @param exempt why this filing is not held up by the limit, if it is not
 */
function placesCheck(role: Role, places: readonly Place[], now: number, exempt: string | undefined): Check[] {
  const most = role.limits?.open;
  if (most === undefined) return [];
  const base = { check: 'open-requests-of-role', code: 'too-many-open' as const };
  if (exempt !== undefined) return [{ ...base, passed: true, detail: exempt }];
  const ends = endsOf(places.filter(({ until }) => until > now));
  const freed = ends[ends.length - most];
  if (freed === undefined)
    return [
      {
        ...base,
        passed: true,
        detail: `${ends.length} of at most ${most} requests for this role are open, over all people.`,
      },
    ];
  const detail = `At most ${most} ${most === 1 ? 'request' : 'requests'} for this role may be open at once, over all people. As things stand, the next one is over at ${toInstant(freed)}.`;
  return [{ ...base, passed: false, detail, retryAfterSeconds: Math.max(1, Math.ceil((freed - now) / SECOND)) }];
}

/** When each place that is taken becomes free, the next one first. */
function endsOf(open: readonly Place[]): number[] {
  const ids = new Set(open.map(({ id }) => id));
  const ends = new Map<string, number>();
  for (const { id, until, extends: continued } of open) {
    const place = continued !== undefined && ids.has(continued) ? continued : id;
    ends.set(place, Math.max(until, ends.get(place) ?? 0));
  }
  return [...ends.values()].sort((a, b) => a - b);
}

/** A limit over the last sixty minutes; the answer says when the oldest of those that count is an hour old. */
function hourCheck(
  check: string,
  whose: string,
  most: number | undefined,
  filings: readonly number[],
  now: number,
): Check[] {
  if (most === undefined) return [];
  const recent = filings.filter((at) => at > now - HOUR).sort((a, b) => b - a);
  const freed = recent[most - 1];
  if (freed === undefined)
    return [
      {
        check,
        passed: true,
        code: 'too-many-open',
        detail: `${recent.length} of at most ${most} requests in an hour.`,
      },
    ];
  const detail = `${whose} at most ${most} requests in an hour. Wait until ${toInstant(freed + HOUR)}.`;
  return [
    {
      check,
      passed: false,
      code: 'too-many-open',
      detail,
      retryAfterSeconds: Math.max(1, Math.ceil((freed + HOUR - now) / SECOND)),
    },
  ];
}
