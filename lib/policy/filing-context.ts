// What one filing is judged by: who asks for what by which catalogue, and what the table and the ticket's validator say.
import type { Catalogue, Person, Role, Who } from '../catalogue/catalogue.ts';
import type { NewRequest } from '../model/bodies.ts';
import type { Block, RequestRecord, Stage } from '../model/schema.ts';

import type { Caller } from './principal.ts';
import type { TicketAnswer, TicketFinding } from './ticket.ts';

/** A request as the rules of filing count it. Epoch milliseconds. */
export type OpenRequest = {
  id: string;
  role: string;
  createdAt: number;
  /** it is no longer open once this has passed, which it has where somebody ended it */
  until: number;
  /** the request whose grant it continues */
  extends?: string | undefined;
  /** there while nobody has signed its review */
  reviewDue?: number | undefined;
};

/** The grant that an extension continues, and when it ends; epoch milliseconds. */
export type Continued = Pick<RequestRecord, 'id' | 'extends'> & { endsAt: number };

/** Who asks for what: a filing before the table is read. */
export type Asked = {
  catalogue: Catalogue;
  caller: Caller;
  /** the caller, or the person that a bot names */
  requester: Person;
  body: NewRequest;
  /** epoch milliseconds */
  now: number;
  /** there for an extension */
  continued?: Continued | undefined;
  /** of the ticket's validator, where it was asked */
  answer?: TicketAnswer | undefined;
};

/** What the table says to a filing. */
export type Counted = {
  /** the requester's own requests, open or under review */
  own: readonly OpenRequest[];
  /** when the requester filed within the last hour */
  filed: readonly number[];
  /** open requests for the role over all people, where the role limits them */
  ofRole: readonly OpenRequest[];
  /** when the calling bot filed within the last hour */
  byBot: readonly number[];
  blocks: readonly Block[];
};

/** For judging all that the table does not decide. */
export const nothingCounts: Counted = { own: [], filed: [], ofRole: [], byBot: [], blocks: [] };

export type FilingContext = Asked & Counted;

/** A filing with the role that it is for, and what the body comes to under the role's rule. */
export type RoleFiling = FilingContext & {
  role: Role;
  /** the role's rule, or the one that break-glass puts in its place */
  rule: Role;
  who: Who;
  durationSeconds: number;
  /** the earliest start that was asked for; whole seconds */
  startsAt: number | undefined;
  /** there when the glass is broken */
  review: ReviewPlan | undefined;
  finding: TicketFinding | undefined;
  /** the catalogue approves it */
  automatic: boolean;
  stages: ReadonlyArray<Omit<Stage, 'openedAt' | 'decisions'>>;
};

/** What a request by break-glass carries beside its grant: who reviews it, by when, and which admins are told. */
export type ReviewPlan = Pick<NonNullable<RequestRecord['review']>, 'reviewers' | 'people' | 'admins'> & {
  withinSeconds: number;
};
