// Signing off what was done by break-glass.
import * as v from 'valibot';
import { toInstant } from '../common/time.ts';
import { NewReview } from '../model/bodies.ts';
import { Problem } from '../model/problem.ts';
import type { RequestRecord } from '../model/schema.ts';
import { statusAt } from '../model/status.ts';
import { checkAssurance, reviewTakesSignIn } from '../policy/assurance.ts';
import { isInvolved, relationOf } from '../policy/relation.ts';
import type { Act } from '../policy/who.ts';
import { byCaller, record } from './history.ts';
import { notFound } from './life.ts';

/**
 * One reviewer's word on a grant by break-glass that is over; it closes the review.
 * @throws Problem `request-not-found`, `not-allowed`, `own-request`, `not-an-approver`, `not-active`, `already-decided`, `needs-sign-in`, `needs-mfa`, `refused-by-policy`
 */
export function signReview(request: RequestRecord, act: Act, { comment }: NewReview): RequestRecord {
  const { catalogue, caller, now } = act;
  const relation = relationOf(catalogue, request, caller);
  if (!isInvolved(relation)) throw notFound();
  if (caller.kind === 'bot') throw new Problem('not-allowed', 'A bot may file and read, never review.');
  if (relation.requester) throw new Problem('own-request', 'You are the requester. Somebody else has to review this.');
  const { review } = request;
  if (!review)
    throw new Problem('not-active', 'This request was not made by break-glass; there is nothing to review.', {
      request,
    });
  if (!relation.reviewer) {
    throw new Problem(
      'not-an-approver',
      'You may see this request, but the catalogue does not name you as one of its reviewers.',
    );
  }
  if (review.signed)
    throw new Problem(
      'already-decided',
      `${review.signed.name} (${review.signed.person}) has already signed this review.`,
      { request },
    );
  const role = act.catalogue.roles.get(request.role.id);
  checkAssurance(reviewTakesSignIn(request, role), role, request, act);
  const status = statusAt(request, now);
  if (request.grant && (status === 'active' || status === 'scheduled')) {
    throw new Problem(
      'refused-by-policy',
      `The grant still runs until ${toInstant(request.grant.endsAt)}. Review it when it is over, or revoke it first.`,
      {
        errors: [{ pointer: '', detail: 'the grant is not over yet' }],
      },
    );
  }
  const signed = {
    person: caller.person.key,
    principal: caller.principal,
    name: caller.person.name,
    comment,
    via: caller.via,
    at: now,
  };
  return record({ ...request, review: { ...review, signed } }, 'reviewed', byCaller(caller), now, comment);
}

/** What a form says of a review. @throws Problem `invalid-request` without a comment that says something */
export function reviewFrom(comment: string | undefined): NewReview {
  const parsed = v.safeParse(NewReview, { comment });
  if (parsed.success) return parsed.output;
  const detail = 'must say what you found';
  throw new Problem('invalid-request', `The comment ${detail}.`, { errors: [{ pointer: '/comment', detail }] });
}
