// A filing for tests of the core: nothing else counts unless told.
import type { Catalogue } from '../../lib/catalogue/catalogue.ts';
import type { NewRequest } from '../../lib/model/bodies.ts';
import { type FilingContext, nothingCounts } from '../../lib/policy/filing-context.ts';
import { requesterOf } from '../../lib/policy/judge.ts';
import type { Caller } from '../../lib/policy/principal.ts';
import { start } from './records.ts';

/** @throws Problem as `requesterOf` */
export const filingOf = (
  catalogue: Catalogue,
  caller: Caller,
  body: NewRequest,
  more: Partial<FilingContext> = {},
): FilingContext => ({
  catalogue,
  caller,
  requester: requesterOf(catalogue, caller, body),
  body,
  now: start,
  ...nothingCounts,
  ...more,
});
