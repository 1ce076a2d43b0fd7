// Break-glass: chosen people take a role at once, without approval and for a short time; somebody else has to review it afterwards.
import { type Catalogue, names, type Person, peopleNamed, type Role } from './catalogue.ts';
import type { ProblemCode } from './problem.ts';
import type { RequestRecord } from './schema.ts';
import { toInstant } from './time.ts';

type Who = { identities: readonly string[]; groups: readonly string[] };
type Check = { check: string; passed: boolean; detail: string; code: ProblemCode; pointer?: string };

/** Deny beats break-glass too. */
export const mayBreakGlass = (role: Role, who: Who): boolean =>
  role.breakGlass !== undefined && names(role.breakGlass.requesters, who) && !names(role.deny, who);

/** The role's rule while the glass is broken: its own maximum and reason; a ticket of the right form is welcome, not required. */
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

/** What a request by break-glass carries beside its grant: who reviews it, by when, and which admins are told. */
export type ReviewPlan = Pick<NonNullable<RequestRecord['review']>, 'reviewers' | 'people' | 'admins'> & {
  withinSeconds: number;
};

export function reviewPlanOf(catalogue: Catalogue, { breakGlass }: Role, requester: Person): ReviewPlan | undefined {
  if (!breakGlass) return undefined;
  const others = (entries: readonly string[]) =>
    peopleNamed(catalogue, entries)
      .filter(({ key }) => key !== requester.key)
      .map(({ key, name }) => ({ key, name }));
  return {
    reviewers: [...breakGlass.reviewers],
    people: others(breakGlass.reviewers),
    admins: others(catalogue.admins),
    withinSeconds: breakGlass.reviewWithin,
  };
}

/**
 * The rules that break-glass adds to a filing. An open review whose time is over blocks the person from another one.
 * @param wish whether break-glass is asked for, and whether the caller may have the role in the ordinary way
 * @param reviews the requester's reviews that nobody has signed, `due` in epoch milliseconds
 */
export function breakGlassChecks(
  role: Role,
  who: Who,
  wish: { asked: boolean; ordinary: boolean },
  plan: ReviewPlan | undefined,
  reviews: ReadonlyArray<{ id: string; due: number }>,
  now: number,
): Check[] {
  const rule = { check: 'break-glass', code: 'refused-by-policy' as const, pointer: '/breakGlass' };
  if (!wish.asked)
    return wish.ordinary || !mayBreakGlass(role, who)
      ? []
      : [{ ...rule, passed: false, detail: 'You may have this role by break-glass only: say "breakGlass": true.' }];
  if (!mayBreakGlass(role, who))
    return [
      {
        ...rule,
        passed: false,
        detail: 'The catalogue does not allow break-glass of this role to you. Ask in the ordinary way.',
      },
    ];
  const overdue = reviews.find(({ due }) => due <= now);
  const block = { ...rule, check: 'review', passed: overdue === undefined };
  const canBeReviewed = plan !== undefined && (plan.people.length > 0 || plan.reviewers.includes('everyone'));
  return [
    {
      ...rule,
      passed: true,
      detail: 'You may take this role at once; approvers and admins are told, and somebody else reviews it.',
    },
    overdue
      ? {
          ...block,
          detail: `The review of your break-glass request ${overdue.id} was due by ${toInstant(overdue.due)}. Have it signed first.`,
        }
      : { ...block, detail: 'No review of yours is overdue.' },
    {
      check: 'reviewers',
      code: 'no-approver',
      passed: canBeReviewed,
      detail: canBeReviewed
        ? 'Somebody else can review it.'
        : 'Nobody but you could review this. Ask the owner of the catalogue to name another reviewer.',
    },
  ];
}

/** Whether somebody may sign the review: as filed and, while the role still has break-glass, as the catalogue has it now; an admin always. */
export function mayReview(catalogue: Catalogue, { review, role }: RequestRecord, who: Who): boolean {
  if (!review) return false;
  const today = catalogue.roles.get(role.id)?.breakGlass;
  return (
    names(catalogue.admins, who) ||
    (names(review.reviewers, who) && (today === undefined || names(today.reviewers, who)))
  );
}
