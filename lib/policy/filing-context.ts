// The input for judging a filing: the caller, the request, the catalogue, the counts from the table and the ticket validator's answer.
import type { Catalogue, Person, Role, Who } from '../catalogue/catalogue.ts';
import type { NewRequest } from '../model/bodies.ts';
import type { Block, RequestRecord, Stage } from '../model/schema.ts';

import type { Caller } from './principal.ts';
import type { TicketAnswer, TicketFinding } from './ticket.ts';

/** A request as the filing rules count it. Epoch milliseconds. */
export type OpenRequest = {
  id: string;
  role: string;
  createdAt: number;
  /** the request is open until this time, which is in the past if somebody ended it */
  until: number;
  /** the request whose grant it continues */
  extends?: string | undefined;
  /** set while its review is not signed */
  reviewDue?: number | undefined;
};

/** The grant that an extension continues, and when it ends; epoch milliseconds. */
export type Continued = Pick<RequestRecord, 'id' | 'extends'> & { endsAt: number };

/** A filing before the table is read. */
export type Asked = {
  catalogue: Catalogue;
  caller: Caller;
  /** the caller, or the person that a bot files for */
  requester: Person;
  body: NewRequest;
  /** epoch milliseconds */
  now: number;
  /** set for an extension */
  continued?: Continued | undefined;
  /** of the ticket validator, if it was asked */
  answer?: TicketAnswer | undefined;
};

/** The counts and blocks that a filing is checked against, from the table. */
export type Counted = {
  /** the requester's own requests, open or under review */
  own: readonly OpenRequest[];
  /** when the requester filed within the last hour */
  filed: readonly number[];
  /** open requests for the role over all people, if the role limits them */
  ofRole: readonly OpenRequest[];
  /** when the calling bot filed within the last hour */
  byBot: readonly number[];
  blocks: readonly Block[];
};

/** For checks that do not depend on the table. */
export const nothingCounts: Counted = { own: [], filed: [], ofRole: [], byBot: [], blocks: [] };

export type FilingContext = Asked & Counted;

/** A filing with its role, and with the values that follow from the body and the role's rule. */
export type RoleFiling = FilingContext & {
  role: Role;
  /** the role's rule, or the one that replaces it under break-glass */
  rule: Role;
  who: Who;
  durationSeconds: number;
  /** the earliest start that was requested; whole seconds */
  startsAt: number | undefined;
  /** set for break-glass */
  review: ReviewPlan | undefined;
  finding: TicketFinding | undefined;
  /** the catalogue approves it */
  automatic: boolean;
  stages: ReadonlyArray<Omit<Stage, 'openedAt' | 'decisions'>>;
};

/** The review of a break-glass request: its reviewers, its deadline, and the admins who are notified. */
export type ReviewPlan = Pick<NonNullable<RequestRecord['review']>, 'reviewers' | 'people' | 'admins'> & {
  withinSeconds: number;
};
