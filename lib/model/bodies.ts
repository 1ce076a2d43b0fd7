// The bodies and forms that the API accepts.
import * as v from 'valibot';
import { named, strict } from '../common/strict-object.ts';
import { DurationText, InstantText, OnBehalfOf, oneLine, RoleId, text, words } from './text.ts';

const reason = text(1000);
const comment = text(1000);

export const NewRequest = strict({
  role: RoleId,
  duration: v.optional(DurationText),
  reason,
  ticket: v.optional(oneLine(200)),
  onBehalfOf: v.optional(OnBehalfOf),
  startsAt: v.optional(InstantText),
  scope: v.optional(named(v.pipe(v.string(), v.maxLength(31)), v.pipe(v.string(), v.maxLength(200)))),
  breakGlass: v.optional(v.boolean()),
});
export const NewExtension = strict({ duration: DurationText, reason });
export const NewDecision = strict({
  decision: v.picklist(['approve', 'deny'], 'must be "approve" or "deny"'),
  comment: v.optional(comment),
  duration: v.optional(DurationText),
});
export const NewReview = strict({
  comment: words('must say what you found'),
});
export const NewEnd = strict({ comment: v.optional(comment) });
export const NewCredentials = strict({ duration: v.optional(DurationText) });
export const NewConsole = strict({
  destination: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(1000),
      // a path only: no scheme, no host, and no second slash, which a browser would read as the start of a host
      v.regex(/^\/(?![/\\])[!-[\]-~]*$/, 'must be a path on the AWS console, such as /s3/home'),
    ),
  ),
});
export const LinkForm = strict({
  decision: v.picklist(
    ['approve', 'deny', 'withdraw', 'revoke', 'sign'],
    'must be "approve" or "deny"; "withdraw" where something was filed in your name; "revoke" for a grant; "sign" for a review',
  ),
  comment: v.optional(comment),
  /** for an approval only; a denial ignores it, because the form has one field for both buttons */
  duration: v.optional(DurationText),
});

export type NewRequest = v.InferOutput<typeof NewRequest>;
export type LinkForm = v.InferOutput<typeof LinkForm>;
export type NewReview = v.InferOutput<typeof NewReview>;
export type NewExtension = v.InferOutput<typeof NewExtension>;
export type NewDecision = v.InferOutput<typeof NewDecision>;
