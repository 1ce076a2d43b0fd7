// The rules of a role, each applied to one filing and each with its explanation.
import { isDenied, names, type Role, type Who } from '../catalogue/catalogue.ts';
import { scopeErrors, scopeOf } from '../catalogue/narrowing.ts';
import { durationText, floorToSecond, SECOND, toInstant } from '../common/time.ts';
import type { Check } from '../model/check.ts';
import { automaticText, whyNotAutomatic } from './automatic.ts';
import { mayBreakGlass } from './break-glass.ts';
import type { RoleFiling } from './filing-context.ts';

/** Deny beats requesters, always. */
export const mayRequest = (role: Pick<Role, 'requesters' | 'deny'>, who: Who): boolean =>
  names(role.requesters, who) && !isDenied(role, who);

export const foreignPerson = 'This bot may not file for that person. The catalogue says whom it may file for.';

/** A bot files its own roles only, and for its own people only; a role that is not its own comes first, because it must look like no role at all. */
export function botChecks({ catalogue, role, caller, who }: RoleFiling): Check[] {
  if (caller.kind !== 'bot') return [];
  const bot = catalogue.bots.get(caller.principal);
  const hasRole = bot?.roles.includes(role.id) === true;
  const isFor = bot !== undefined && names(bot.for, who);
  return [
    {
      check: 'bot-roles',
      passed: hasRole,
      code: 'role-not-found',
      detail: hasRole ? 'This bot may file for this role.' : 'This bot may not file for this role.',
    },
    {
      check: 'bot-for',
      passed: isFor,
      code: 'not-allowed',
      detail: isFor ? 'The bot may file for this person.' : foreignPerson,
    },
  ];
}

/** Break-glass counts too, but not for a bot, which cannot break the glass for anybody. */
export function requesterChecks({ role, who, caller }: RoleFiling): Check[] {
  const entry = role.requesters.find((candidate) => names([candidate], who));
  const byGlass = entry === undefined && caller.kind === 'person' && mayBreakGlass(role, who);
  const denied = role.deny.find((candidate) => isDenied({ deny: [candidate] }, who));
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
      detail: denyDetail(denied, who),
    },
  ];
}

function denyDetail(denied: string | undefined, who: Who): string {
  if (denied === undefined) return 'No entry of deny names the requester.';
  return names([denied], who)
    ? `Denied by ${denied}.`
    : `Denied by ${denied}: whether the requester is in it is not known here, because only a token could say so.`;
}

/** Nobody breaks the glass for somebody else. */
export function botGlassCheck({ caller, body }: RoleFiling): Check[] {
  if (caller.kind !== 'bot' || !body.breakGlass) return [];
  return [
    {
      check: 'bot-break-glass',
      passed: false,
      code: 'not-allowed',
      detail: 'A bot cannot break the glass for anybody. The person does it, signed in.',
    },
  ];
}

export function mfaCheck({ role, caller }: RoleFiling): Check[] {
  const passed = !role.mfa || caller.mfa;
  return [{ check: 'mfa', passed, code: 'needs-mfa', detail: mfaDetail(role, passed) }];
}
function mfaDetail(role: Role, passed: boolean): string {
  if (!role.mfa) return 'The role does not ask for MFA.';
  return passed
    ? 'Signed in with MFA.'
    : 'This role needs a sign-in with MFA. Sign in again with a second factor; a signature with AWS keys cannot prove one.';
}

export function durationCheck({ rule, durationSeconds: seconds }: RoleFiling): Check[] {
  const { max } = rule.duration;
  const passed = seconds >= 60 && seconds <= max;
  const detail = passed
    ? `${durationText(seconds)} is within ${durationText(max)}.`
    : `${durationText(seconds)} is outside what the role allows: 1 min to ${durationText(max)}.`;
  return [{ check: 'duration', passed, code: 'refused-by-policy', pointer: '/duration', detail }];
}

/** An extension starts where the grant that it continues ends, so there is nothing to judge. */
export function startCheck(filing: RoleFiling): Check[] {
  const { startsAt, continued } = filing;
  if (startsAt === undefined || continued) return [];
  const wrong = startError(filing, startsAt);
  const detail = wrong ?? `A start at ${toInstant(startsAt)} is within ${durationText(filing.role.schedule.within)}.`;
  const passed = wrong === undefined;
  return [{ check: 'start', passed, code: 'refused-by-policy', pointer: '/startsAt', detail }];
}

function startError({ role, now, review }: RoleFiling, startsAt: number): string | undefined {
  const { within } = role.schedule;
  if (review) return 'Break-glass starts at once; leave startsAt out.';
  if (startsAt < floorToSecond(now))
    return `${toInstant(startsAt)} is in the past; leave startsAt out to start at approval.`;
  if (startsAt > now + within * SECOND) return `A start may be at most ${durationText(within)} ahead.`;
  return undefined;
}

export function reasonCheck({ rule, body }: RoleFiling): Check[] {
  const length = [...body.reason.trim()].length;
  const { minLength } = rule.reason;
  const passed = length >= minLength;
  const detail = passed
    ? 'The reason is long enough.'
    : `The reason must have at least ${minLength} characters; this one has ${length}.`;
  return [{ check: 'reason', passed, code: 'refused-by-policy', pointer: '/reason', detail }];
}

export function scopeChecks({ role, body }: RoleFiling): Check[] {
  const base = { check: 'scope', code: 'refused-by-policy' as const };
  const errors = scopeErrors(role.scope, body.scope);
  if (errors.length > 0) return errors.map((error) => ({ ...base, passed: false, ...error }));
  if (!role.scope) return [];
  return [{ ...base, passed: true, detail: `Limited to ${scopeOf(role.scope, body.scope ?? {}).says}.` }];
}

/** Says whether the catalogue approves by itself. It never fails a filing: the stages decide where it does not. */
export function automaticCheck(filing: RoleFiling): Check[] {
  const when = filing.role.approval.automaticWhen;
  if (!when || filing.review) return [];
  const errors = whyNotAutomatic(when, filing);
  const detail =
    errors.length === 0
      ? `The catalogue approves this by itself: ${automaticText(when)}.`
      : `Approvers decide, because ${errors.join(' and ')}.`;
  return [{ check: 'automatic', passed: true, code: 'refused-by-policy', detail }];
}
