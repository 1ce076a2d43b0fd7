// The rules of a role. Each is applied to one filing and explains its result.
import { isDenied, names, type Role, type Who } from '../catalogue/catalogue.ts';
import { scopeErrors, scopeOf } from '../catalogue/narrowing.ts';
import { durationText, floorToSecond, SECOND, toInstant } from '../common/time.ts';
import type { Check } from '../model/check.ts';
import { automaticText, whyNotAutomatic } from './automatic.ts';
import { mayBreakGlass } from './break-glass.ts';
import type { RoleFiling } from './filing-context.ts';

/** Deny always overrides requesters. */
export const mayRequest = (role: Pick<Role, 'requesters' | 'deny'>, who: Who): boolean =>
  names(role.requesters, who) && !isDenied(role, who);

export const foreignPerson =
  'This bot may not file requests for this person. The catalogue lists the people that it may file for.';

/** A bot may only file its own roles and for its own people. The role is checked first, because other roles must look as if they do not exist. */
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
      detail: hasRole ? 'The bot may file requests for this role.' : 'This bot may not file requests for this role.',
    },
    {
      check: 'bot-for',
      passed: isFor,
      code: 'not-allowed',
      detail: isFor ? 'The bot may file requests for this person.' : foreignPerson,
    },
  ];
}

/** Break-glass requesters count too, but not for a bot, which cannot use break-glass for anyone. */
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
    : `Denied by ${denied}: membership is unknown, because this call has no token that says otherwise.`;
}

/** Break-glass cannot be used for another person. */
export function botGlassCheck({ caller, body }: RoleFiling): Check[] {
  if (caller.kind !== 'bot' || !body.breakGlass) return [];
  return [
    {
      check: 'bot-break-glass',
      passed: false,
      code: 'not-allowed',
      detail: 'A bot cannot use break-glass for a person. The person must sign in and file the request.',
    },
  ];
}

export function mfaCheck({ role, caller }: RoleFiling): Check[] {
  const passed = !role.mfa || caller.mfa;
  return [{ check: 'mfa', passed, code: 'needs-mfa', detail: mfaDetail(role, passed) }];
}
function mfaDetail(role: Role, passed: boolean): string {
  if (!role.mfa) return 'The role does not require MFA.';
  return passed
    ? 'Signed in with MFA.'
    : 'This role requires a sign-in with MFA. Sign in again with a second factor. A signature with AWS keys does not prove MFA.';
}

export function durationCheck({ rule, durationSeconds: seconds }: RoleFiling): Check[] {
  const { max } = rule.duration;
  const passed = seconds >= 60 && seconds <= max;
  const detail = passed
    ? `${durationText(seconds)} is within ${durationText(max)}.`
    : `${durationText(seconds)} is outside what the role allows: 1 min to ${durationText(max)}.`;
  return [{ check: 'duration', passed, code: 'refused-by-policy', pointer: '/duration', detail }];
}

/** An extension starts at the end of the grant that it continues, so there is nothing to check. */
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
  if (review) return 'Break-glass starts at once. Remove startsAt.';
  if (startsAt < floorToSecond(now))
    return `${toInstant(startsAt)} is in the past. Remove startsAt to start at approval.`;
  if (startsAt > now + within * SECOND) return `A start may be at most ${durationText(within)} ahead.`;
  return undefined;
}

export function reasonCheck({ rule, body }: RoleFiling): Check[] {
  const length = [...body.reason.trim()].length;
  const { minLength } = rule.reason;
  const passed = length >= minLength;
  const detail = passed
    ? 'The reason is long enough.'
    : `The reason must have at least ${minLength} characters. This one has ${length}.`;
  return [{ check: 'reason', passed, code: 'refused-by-policy', pointer: '/reason', detail }];
}

export function scopeChecks({ role, body }: RoleFiling): Check[] {
  const base = { check: 'scope', code: 'refused-by-policy' as const };
  const errors = scopeErrors(role.scope, body.scope);
  if (errors.length > 0) return errors.map((error) => ({ ...base, passed: false, ...error }));
  if (!role.scope) return [];
  return [{ ...base, passed: true, detail: `Limited to ${scopeOf(role.scope, body.scope ?? {}).says}.` }];
}

/** Says whether the filing is approved automatically. It never fails a filing: otherwise the stages decide. */
export function automaticCheck(filing: RoleFiling): Check[] {
  const when = filing.role.approval.automaticWhen;
  if (!when || filing.review) return [];
  const errors = whyNotAutomatic(when, filing);
  const detail =
    errors.length === 0
      ? `This is approved automatically: ${automaticText(when)}.`
      : `Approvers decide, because ${errors.join(' and ')}.`;
  return [{ check: 'automatic', passed: true, code: 'refused-by-policy', detail }];
}
