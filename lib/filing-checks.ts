// The rules of a role, each applied to one filing and each with its explanation.
import { automaticFaults, automaticText } from './automatic.ts';
import { mayBreakGlass } from './break-glass.ts';
import { type Catalogue, names, type Role } from './catalogue.ts';
import { scopeFaults, scopeOf } from './narrowing.ts';
import type { Caller } from './principal.ts';
import type { ProblemCode } from './problem.ts';
import { durationText, floorToSecond, SECOND, toInstant } from './time.ts';

/** One rule applied to one filing. `code` is what a failure answers with. */
export type Check = {
  check: string;
  passed: boolean;
  detail: string;
  code: ProblemCode;
  pointer?: string;
  retryAfterSeconds?: number;
};

export type Who = { identities: readonly string[]; groups: readonly string[] };

export const foreignPerson = 'This bot may not file for that person. The catalogue says whom it may file for.';

/** A bot files its own roles only, and for its own people only; a role that is not its own comes first, because it must look like no role at all. */
export function botChecks(catalogue: Catalogue, role: Role, caller: Caller, who: Who): Check[] {
  if (caller.kind !== 'bot') return [];
  const bot = catalogue.bots.get(caller.principal);
  const hasRole = bot?.roles.includes(role.id) === true;
  const isFor = bot !== undefined && names(bot.for, who);
  return [
    {
      check: 'bot-roles',
      passed: hasRole,
      code: 'role-not-found',
      detail: hasRole ? 'The bot may file for this role.' : 'This role is none of the bot.',
    },
    {
      check: 'bot-for',
      passed: isFor,
      code: 'not-allowed',
      detail: isFor ? 'The bot may file for this person.' : foreignPerson,
    },
  ];
}

/** @param viaGlass whether break-glass counts too; a bot cannot break the glass for anybody */
export function requesterChecks(role: Role, who: Who, viaGlass: boolean): Check[] {
  const entry = role.requesters.find((candidate) => names([candidate], who));
  const byGlass = entry === undefined && viaGlass && mayBreakGlass(role, who);
  const denied = role.deny.find((candidate) => names([candidate], who));
  return [
    {
      check: 'requesters',
      passed: entry !== undefined || byGlass,
      code: 'role-not-found',
      detail:
        entry === undefined
          ? `No entry of requesters names the requester${byGlass ? '; break-glass does' : ''}.`
          : `Named by ${entry}.`,
    },
    {
      check: 'deny',
      passed: denied === undefined,
      code: 'role-not-found',
      detail: denied === undefined ? 'No entry of deny names the requester.' : `Denied by ${denied}.`,
    },
  ];
}

/** Nobody breaks the glass for somebody else. */
export function botGlassCheck(caller: Caller, asked: boolean): Check[] {
  if (caller.kind !== 'bot' || !asked) return [];
  return [
    {
      check: 'bot-break-glass',
      passed: false,
      code: 'not-allowed',
      detail: 'A bot cannot break the glass for anybody. The person does it, signed in.',
    },
  ];
}

export function mfaCheck(role: Role, caller: Caller): Check {
  const passed = !role.mfa || caller.mfa;
  return { check: 'mfa', passed, code: 'needs-mfa', detail: mfaDetail(role, passed) };
}
function mfaDetail(role: Role, passed: boolean): string {
  if (!role.mfa) return 'The role does not ask for MFA.';
  return passed
    ? 'Signed in with MFA.'
    : 'This role needs a sign-in with MFA. Sign in again with a second factor; a signature with AWS keys cannot prove one.';
}

export function durationCheck(role: Role, seconds: number): Check {
  const max = role.duration.max;
  const passed = seconds >= 60 && seconds <= max;
  const detail = passed
    ? `${durationText(seconds)} is within ${durationText(max)}.`
    : `${durationText(seconds)} is outside what the role allows: 1 min to ${durationText(max)}.`;
  return { check: 'duration', passed, code: 'refused-by-policy', pointer: '/duration', detail };
}

/** @param atOnce break-glass is for now; a start of its own would be a plan */
export function startCheck(role: Role, startsAt: number, now: number, atOnce = false): Check {
  const { within } = role.schedule;
  const isPast = startsAt < floorToSecond(now);
  const passed = !atOnce && !isPast && startsAt <= now + within * SECOND;
  let detail = `A start at ${toInstant(startsAt)} is within ${durationText(within)}.`;
  if (isPast) detail = `${toInstant(startsAt)} is in the past; leave startsAt out to start at approval.`;
  else if (!passed) detail = `A start may be at most ${durationText(within)} ahead.`;
  if (atOnce) detail = 'Break-glass starts at once; leave startsAt out.';
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
    detail: passed
      ? 'The reason is long enough.'
      : `The reason must have at least ${role.reason.minLength} characters; this one has ${length}.`,
  };
}

export function scopeChecks(role: Role, given: Record<string, string> | undefined): Check[] {
  const base = { check: 'scope', code: 'refused-by-policy' as const };
  const faults = scopeFaults(role.scope, given);
  if (faults.length > 0) return faults.map((fault) => ({ ...base, passed: false, ...fault }));
  return role.scope ? [{ ...base, passed: true, detail: `Limited to ${scopeOf(role.scope, given ?? {}).says}.` }] : [];
}

/** What the conditions of automatic approval look at; `startsAt` where another start than now is asked for. */
type Filing = [who: Who, durationSeconds: number, now: number, startsAt: number | undefined];

/** Whether the catalogue approves this filing by itself. */
export const isAutomatic = (role: Role, ...filing: Filing): boolean =>
  role.approval.automatic ||
  (role.approval.automaticWhen !== undefined &&
    automaticFaults(role, role.approval.automaticWhen, ...filing).length === 0);

/** Says whether the catalogue approves by itself. It never fails a filing: the stages decide where it does not. */
export function automaticCheck(role: Role, ...filing: Filing): Check[] {
  const when = role.approval.automaticWhen;
  if (!when) return [];
  const faults = automaticFaults(role, when, ...filing);
  const detail =
    faults.length === 0
      ? `The catalogue approves this by itself: ${automaticText(when)}.`
      : `Approvers decide, because ${faults.join(' and ')}.`;
  return [{ check: 'automatic', passed: true, code: 'refused-by-policy', detail }];
}

/** @param fillable whether every stage can get its number of people besides the requester */
export function approverCheck(automatic: boolean, fillable: boolean): Check {
  const passed = automatic || fillable;
  let detail = 'Nobody but the requester could approve this. Ask the owner of the catalogue to name another approver.';
  if (passed) detail = automatic ? 'Nobody has to approve this.' : 'There are enough approvers besides the requester.';
  return { check: 'approvers', passed, code: 'no-approver', detail };
}
