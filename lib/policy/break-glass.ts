// Break-glass: chosen people take a role at once, without approval and for a short time. Another person must review it afterwards.
import {
  type Catalogue,
  isDenied,
  names,
  othersNamed,
  type Person,
  type Role,
  type Who,
} from '../catalogue/catalogue.ts';
import { toInstant } from '../common/time.ts';
import type { Check } from '../model/check.ts';
import type { RequestRecord } from '../model/schema.ts';
import { reviewersSignIn } from './assurance.ts';
import type { OpenRequest, ReviewPlan, RoleFiling } from './filing-context.ts';

/** Deny overrides break-glass too. */
export const mayBreakGlass = (role: Role, who: Who): boolean =>
  role.breakGlass !== undefined && names(role.breakGlass.requesters, who) && !isDenied(role, who);

/** The role's rule under break-glass: with its own maximum and reason, and a ticket that is optional. */
export function ruleUnderGlass(role: Role): Role {
  const { breakGlass, duration, ticket } = role;
  if (!breakGlass) return role;
  const max = breakGlass.maxDuration;
  return {
    ...role,
    duration: { default: Math.min(duration.default, max), max },
    reason: breakGlass.reason,
    ...(ticket && { ticket: { ...ticket, required: false } }),
  };
}

export function reviewPlanOf(catalogue: Catalogue, role: Role, requester: Person): ReviewPlan | undefined {
  const { breakGlass } = role;
  if (!breakGlass) return undefined;
  const others = (entries: readonly string[]) => othersNamed(catalogue, entries, requester.key);
  return {
    reviewers: [...breakGlass.reviewers],
    people: others(breakGlass.reviewers),
    admins: others(catalogue.admins),
    ...(reviewersSignIn(role) && { by: 'signed-in' as const }),
    withinSeconds: breakGlass.reviewWithin,
  };
}

/** The checks that break-glass adds to a filing. Unsigned reviews block further break-glass requests. */
export function breakGlassChecks(filing: RoleFiling): Check[] {
  const { role, who, body } = filing;
  const rule = { check: 'break-glass', code: 'refused-by-policy' as const, pointer: '/breakGlass' };
  const refused = (detail: string): Check[] => [{ ...rule, passed: false, detail }];
  const isAllowed = mayBreakGlass(role, who);
  if (!body.breakGlass)
    return isAllowed && !names(role.requesters, who)
      ? refused('You may use this role only through break-glass. Set "breakGlass": true.')
      : [];
  if (!isAllowed) return refused('You may not use break-glass for this role. File an ordinary request.');
  const detail = 'You may take this role at once. Approvers and admins are notified, and another person reviews it.';
  return [{ ...rule, passed: true, detail }, unsignedCheck(filing), reviewersCheck(filing)];
}

/** An overdue review always blocks. Reviews that are not yet due block once the role's limit is reached. */
function unsignedCheck({ own, now, role }: RoleFiling): Check {
  const rule = { check: 'review', code: 'refused-by-policy' as const, pointer: '/breakGlass' };
  const waiting = own.filter((request): request is Unsigned => request.reviewDue !== undefined);
  const most = role.breakGlass?.unsigned ?? 0;
  const overdue = waiting.find(({ reviewDue }) => reviewDue <= now);
  if (overdue) return { ...rule, passed: false, detail: overdueDetail(overdue) };
  if (waiting.length >= most) return { ...rule, passed: false, detail: waitingDetail(waiting, most) };
  return { ...rule, passed: true, detail: `${waiting.length} of at most ${most} reviews are waiting.` };
}

type Unsigned = OpenRequest & { reviewDue: number };

const overdueDetail = ({ id, reviewDue }: Unsigned): string =>
  `The review of your break-glass request ${id} was due by ${toInstant(reviewDue)}. Have it signed first.`;

function waitingDetail(waiting: readonly Unsigned[], most: number): string {
  const [one, ...others] = waiting.map(({ id }) => id).sort();
  if (others.length === 0)
    return `The review of your break-glass request ${one} is not signed yet. Have it signed first.`;
  return `The reviews of your break-glass requests ${[one, ...others].join(', ')} are not signed yet. Have ${waiting.length - most + 1} of them signed first.`;
}

function reviewersCheck({ review }: RoleFiling): Check {
  const passed = review !== undefined && (review.people.length > 0 || review.reviewers.includes('everyone'));
  const detail = passed
    ? 'Another person can review it.'
    : 'Only you could review this. Ask the owner of the catalogue to add another reviewer.';
  return { check: 'reviewers', passed, code: 'no-approver', detail };
}

/** Whether a person may sign the review: by the catalogue at filing and, if the role still has break-glass, by today\'s. Admins always may. */
export function mayReview(catalogue: Catalogue, { review, role }: RequestRecord, who: Who): boolean {
  if (!review) return false;
  const today = catalogue.roles.get(role.id)?.breakGlass;
  return (
    names(catalogue.admins, who) ||
    (names(review.reviewers, who) && (today === undefined || names(today.reviewers, who)))
  );
}
