// Signs the review of a break-glass grant.
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
 * Signs the review of a break-glass grant that has ended, which closes the review.
 * @throws Problem `request-not-found`, `not-allowed`, `own-request`, `not-an-approver`, `not-active`, `already-decided`, `needs-sign-in`, `needs-mfa`, `refused-by-policy`
 */
export function signReview(request: RequestRecord, act: Act, { comment }: NewReview): RequestRecord {
  const { catalogue, caller, now } = act;
  const relation = relationOf(catalogue, request, caller);
  if (!isInvolved(relation)) throw notFound();
  if (caller.kind === 'bot') throw new Problem('not-allowed', 'Bots cannot sign reviews.');
  if (relation.requester)
    throw new Problem('own-request', 'You are the requester. Another person has to review this request.');
  const { review } = request;
  if (!review)
    throw new Problem('not-active', 'This request did not use break-glass. There is nothing to review.', {
      request,
    });
  if (!relation.reviewer) {
    throw new Problem(
      'not-an-approver',
      'You can see this request, but you are not one of its reviewers in the catalogue.',
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
      `The grant is active until ${toInstant(request.grant.endsAt)}. Review it after it has ended, or revoke it first.`,
      {
        errors: [{ pointer: '', detail: 'the grant has not ended yet' }],
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

/** The review from a form. @throws Problem `invalid-request` without a comment */
export function reviewFrom(comment: string | undefined): NewReview {
  const parsed = v.safeParse(NewReview, { comment });
  if (parsed.success) return parsed.output;
  const detail = 'must say what you found';
  throw new Problem('invalid-request', `The comment ${detail}.`, { errors: [{ pointer: '/comment', detail }] });
}
