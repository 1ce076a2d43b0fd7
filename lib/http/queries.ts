// The shapes of paths, queries and headers, and the body of a revocation, which names people as a query does.
import * as v from 'valibot';
import { canonicalPrincipal } from '../catalogue/entry.ts';
import { strict } from '../common/strict-object.ts';
import { statuses } from '../model/schema.ts';
import { DurationText, oneLine, RoleId, words } from '../model/text.ts';

/** An email address in any case, or the ARN of an IAM user or role. */
const PersonText = v.pipe(
  oneLine(600),
  v.minLength(1, 'must name a person'),
  v.transform((text) => (text.includes(':') ? canonicalPrincipal(text) : text.toLowerCase())),
);
/** ID of an account, or its name in the catalogue. */
const AccountText = v.pipe(oneLine(64), v.minLength(1, 'must name an account'));
export const ListQuery = strict({
  view: v.optional(v.picklist(['mine', 'to-decide', 'all'], 'must be mine, to-decide or all'), 'mine'),
  status: v.optional(v.picklist(statuses, `must be one of ${statuses.join(', ')}`)),
  role: v.optional(RoleId),
  /** with view=all only: whose requests */
  person: v.optional(PersonText),
  /** with view=all only: ID of an account, or its name in the catalogue */
  account: v.optional(AccountText),
  limit: v.optional(
    v.pipe(v.string(), v.regex(/^(?:[1-9]\d?|100)$/, 'must be a whole number from 1 to 100'), v.transform(Number)),
    '50',
  ),
  cursor: v.optional(v.pipe(v.string(), v.maxLength(400))),
});
/** Needs at least one of person, role and account. Requests that match all of them are ended. */
export const NewRevocation = strict({
  person: v.optional(PersonText),
  role: v.optional(RoleId),
  account: v.optional(AccountText),
  comment: words('must say why'),
  /** how long filing, approving and issuing are refused, from now on */
  block: v.optional(DurationText),
});
export const BlockId = v.pipe(v.string(), v.regex(/^[0-9a-z]{26}$/, 'must be the id of a block'));
export const IdentityQuery = strict({ person: PersonText });
export const IdentityId = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be the id of an identity'));
export const FileQuery = strict({
  dryRun: v.optional(
    v.pipe(
      v.picklist(['true', 'false'], 'must be true or false'),
      v.transform((value) => value === 'true'),
    ),
    'false',
  ),
});
export const IdempotencyKey = v.pipe(
  v.string(),
  v.regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/, 'must be 1 to 255 printable ASCII characters'),
);

export type NewRevocation = v.InferOutput<typeof NewRevocation>;
export type ListQuery = v.InferOutput<typeof ListQuery>;
