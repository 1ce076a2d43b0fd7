// The rules that a filing is held to, one by one; each says what it found, passed or not.
import type { Catalogue, Role } from './catalogue.ts';
import { scopeFaults, scopeOf } from './narrowing.ts';
import type { Caller } from './principal.ts';
import type { ProblemCode } from './problem.ts';
import { durationText, floorToSecond, SECOND, toInstant } from './time.ts';

/** One rule applied to one filing. `code` is what a failure answers with. */
export type Check = { check: string; passed: boolean; detail: string; code: ProblemCode; pointer?: string; retryAfterSeconds?: number };
export type OpenSlot = { id: string; role: string; until: number };

export function mfaCheck(role: Role, caller: Caller): Check {
  const passed = !role.mfa || caller.mfa;
  return { check: 'mfa', passed, code: 'needs-mfa', detail: mfaDetail(role, passed) };
}
function mfaDetail(role: Role, passed: boolean): string {
  if (!role.mfa) return 'The role does not ask for MFA.';
  return passed ? 'Signed in with MFA.' : 'This role needs a sign-in with MFA. Sign in again with a second factor; a signature with AWS keys cannot prove one.';
}

export function durationCheck(role: Role, seconds: number): Check {
  const max = role.duration.max;
  const passed = seconds >= 60 && seconds <= max;
  const detail = passed
    ? `${durationText(seconds)} is within ${durationText(max)}.`
    : `${durationText(seconds)} is outside what the role allows: 1 min to ${durationText(max)}.`;
  return { check: 'duration', passed, code: 'refused-by-policy', pointer: '/duration', detail };
}

export function startCheck(role: Role, startsAt: number, now: number): Check {
  const { within } = role.schedule;
  const isPast = startsAt < floorToSecond(now);
  const passed = !isPast && startsAt <= now + within * SECOND;
  let detail = `A start at ${toInstant(startsAt)} is within ${durationText(within)}.`;
  if (!passed)
    detail = isPast
      ? `${toInstant(startsAt)} is in the past; leave startsAt out to start at approval.`
      : `A start may be at most ${durationText(within)} ahead.`;
  return { check: 'start', passed, code: 'refused-by-policy', pointer: '/startsAt', detail };
}

export function reasonCheck(role: Role, reason: string): Check {
  const length = [...reason.trim()].length;
  const passed = length >= role.reason.minLength;
  return {
    check: 'reason',
    passed,
    code: 'refused-by-policy',
    pointer: '/reason',
    detail: passed ? 'The reason is long enough.' : `The reason must have at least ${role.reason.minLength} characters; this one has ${length}.`,
  };
}

export function ticketCheck(role: Role, ticket: string | undefined): Check[] {
  if (!role.ticket) return [];
  const { pattern, required } = role.ticket;
  const base = { check: 'ticket', code: 'refused-by-policy' as const, pointer: '/ticket' };
  if (ticket === undefined)
    return [{ ...base, passed: !required, detail: required ? `A ticket of the form ${pattern} is required.` : 'A ticket is optional.' }];
  const passed = new RegExp(pattern, 'u').test(ticket);
  return [{ ...base, passed, detail: passed ? 'The ticket has the right form.' : `The ticket must have the form ${pattern}.` }];
}

export function scopeChecks(role: Role, given: Record<string, string> | undefined): Check[] {
  const base = { check: 'scope', code: 'refused-by-policy' as const };
  const faults = scopeFaults(role.scope, given);
  if (faults.length > 0) return faults.map((fault) => ({ ...base, passed: false, ...fault }));
  return role.scope ? [{ ...base, passed: true, detail: `Limited to ${scopeOf(role.scope, given ?? {}).says}.` }] : [];
}

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
