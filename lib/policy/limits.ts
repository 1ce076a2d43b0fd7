// Limits on open requests and on filings per hour: of one person, for one role, and by one bot.
import { HOUR, SECOND, toInstant } from '../common/time.ts';
import type { Check } from '../model/check.ts';
import { wasShortLived } from '../model/status.ts';
import type { FilingContext, OpenRequest, RoleFiling } from './filing-context.ts';

export function limitChecks(filing: RoleFiling): Check[] {
  const { catalogue, caller, now } = filing;
  const bot = caller.kind === 'bot' ? catalogue.bots.get(caller.principal) : undefined;
  return [
    overlapCheck(filing),
    openCheck(filing),
    ...placesCheck(filing),
    ...hourCheck('requests-per-hour', 'You may file', catalogue.requestsPerHour, filing.filed, now),
    ...(bot ? hourCheck('bot-requests-per-hour', 'This bot may file', bot.requestsPerHour, filing.byBot, now) : []),
    ...hasteCheck(filing),
  ];
}

/** How many requests in an hour may be over within a minute before approvers are asked a minute later about further ones. */
const MOST_SHORT_LIVED = 2;

/**
 * Whether the requester repeatedly files and withdraws. Approvers are then asked a minute after the filing, so that requests withdrawn
 * by then disturb nobody.
 */
export const isHasty = ({ own, now }: Pick<FilingContext, 'own' | 'now'>): boolean =>
  own.filter(({ createdAt, until }) => until <= now && createdAt > now - HOUR && wasShortLived(createdAt, until))
    .length >= MOST_SHORT_LIVED;

/** Tells a hasty requester why approvers are not asked at once. */
function hasteCheck(filing: RoleFiling): Check[] {
  if (filing.automatic || filing.review || !isHasty(filing)) return [];
  const detail = `Approvers are asked a minute after filing, because ${MOST_SHORT_LIVED} of your requests of the last hour were over within a minute.`;
  return [{ check: 'asked-later', passed: true, code: 'too-many-open', detail }];
}

/** Why the limit of the role does not apply to a filing; undefined if it applies. */
function exemption({ continued, review }: RoleFiling): string | undefined {
  if (continued) return 'An extension replaces the grant that it continues.';
  return review ? 'The limit of the role does not apply to break-glass.' : undefined;
}

/** An extension does not overlap with the grant that it continues. */
function overlapCheck({ own, role, now, continued }: RoleFiling): Check {
  const open = own.filter((request) => request.role === role.id && request.until > now);
  const inTheWay = open.filter(({ id }) => id !== continued?.id);
  const base = { check: 'overlap', passed: inTheWay.length === 0, code: 'overlap' as const };
  if (base.passed) return { ...base, detail: 'No other open request for this role.' };
  return { ...base, detail: continued ? beforeExtending(inTheWay, continued.extends) : beforeFiling(inTheWay) };
}

/** What to do before filing again. If two requests are open, one continues the other, and there cannot be a third. */
function beforeFiling([one, other]: readonly OpenRequest[]): string {
  const open = `Request ${one!.id} for this role is still open`;
  return other
    ? `${open}, and so is ${other.id}. Use them, or end both to file another.`
    : `${open}. If it is granted, use it or extend it. To file another, end it first.`;
}

/** What to do before extending a grant that already has an extension or is one. @param continuesId the request that the grant itself continues */
function beforeExtending(inTheWay: readonly OpenRequest[], continuesId: string | undefined): string {
  const before = inTheWay.find(({ id }) => id === continuesId);
  return before
    ? `This request continues ${before.id}, which is open until ${toInstant(before.until)}. Extend it after that, or end ${before.id} first.`
    : `Request ${inTheWay[0]!.id} already extends this grant. Use it when this one ends, or end it to file another extension.`;
}

function openCheck({ catalogue, own, now }: RoleFiling): Check {
  const open = own.filter(({ until }) => until > now);
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

/** The limit of a role over all people. An extension counts together with the grant that it continues while that is open. */
function placesCheck(filing: RoleFiling): Check[] {
  const most = filing.role.limits?.open;
  if (most === undefined) return [];
  const base = { check: 'open-requests-of-role', code: 'too-many-open' as const };
  const exempt = exemption(filing);
  if (exempt !== undefined) return [{ ...base, passed: true, detail: exempt }];
  const { now } = filing;
  const ends = endsOf(filing.ofRole.filter(({ until }) => until > now));
  const freed = ends[ends.length - most];
  if (freed === undefined) {
    const detail = `${ends.length} of at most ${most} requests for this role are open, over all people.`;
    return [{ ...base, passed: true, detail }];
  }
  const requests = most === 1 ? 'request' : 'requests';
  const detail = `At most ${most} ${requests} for this role may be open at once, over all people. Currently, the next one is due to end at ${toInstant(freed)}.`;
  return [{ ...base, passed: false, detail, retryAfterSeconds: Math.max(1, Math.ceil((freed - now) / SECOND)) }];
}

/** The time at which each open request is over, latest at the end. */
function endsOf(open: FilingContext['ofRole']): number[] {
  const ids = new Set(open.map(({ id }) => id));
  const ends = new Map<string, number>();
  for (const { id, until, extends: continued } of open) {
    const place = continued !== undefined && ids.has(continued) ? continued : id;
    ends.set(place, Math.max(until, ends.get(place) ?? 0));
  }
  return [...ends.values()].sort((a, b) => a - b);
}

/** A limit over the last sixty minutes. The refusal says when the next filing is possible. */
function hourCheck(check: string, whose: string, most: number, filings: readonly number[], now: number): Check[] {
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
