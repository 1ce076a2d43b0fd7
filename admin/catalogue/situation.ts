// A situation to judge: a person, what the call proves, the request and the time. Used by explain and by the cases of test.
import * as v from 'valibot';
import { type Catalogue, personOf, type Role } from '../../lib/catalogue/catalogue.ts';
import {
  canonicalPrincipal,
  permissionSetPattern,
  principalPattern,
  ssoUserPattern,
} from '../../lib/catalogue/entry.ts';
import { strict } from '../../lib/common/strict-object.ts';
import { floorToSecond, HOUR, MINUTE, parseDuration, SECOND } from '../../lib/common/time.ts';
import { NewRequest } from '../../lib/model/bodies.ts';
import { Problem } from '../../lib/model/problem.ts';
import { DurationText, Email } from '../../lib/model/text.ts';
import type { OpenRequest } from '../../lib/policy/filing-context.ts';
import { type Judgement, judgeRole, refusalOf, requesterOf } from '../../lib/policy/judge.ts';
import type { Caller } from '../../lib/policy/principal.ts';
import type { TicketAnswer } from '../../lib/policy/ticket.ts';

/** Fields of the body of a filing, as the API takes them. */
const { duration, onBehalfOf, startsAt, scope, breakGlass } = NewRequest.entries;
const howMany = v.optional(
  v.pipe(v.number('must be a whole number'), v.integer('must be a whole number'), v.minValue(0), v.maxValue(1000)),
  0,
);
const instant = v.pipe(
  v.string(),
  v.isoTimestamp('must be a time such as 2026-11-23T10:00:00Z'),
  v.transform((text) => Date.parse(text)),
);
const fields = {
  /** an email address or the ARN of an IAM user or role; a bot's ARN makes it a call of the bot */
  person: v.pipe(
    v.string(),
    v.check(
      (text) => v.is(Email, text) || principalPattern.test(text) || ssoUserPattern.test(text),
      'must be an email address or the ARN of an IAM user or role',
    ),
    v.transform((text) => (text.startsWith('arn:') ? canonicalPrincipal(text) : text.toLowerCase())),
  ),
  role: v.string(),
  at: v.optional(instant),
  mfa: v.optional(v.boolean(), false),
  signedInAgo: v.optional(DurationText),
  from: v.optional(v.string()),
  /** groups in the caller's token; `tokenGroups` of the catalogue maps them */
  groups: v.optional(v.array(v.string()), []),
  /** the token has a pointer instead of groups, as some issuers send for people in very many groups */
  groupsElsewhere: v.optional(v.boolean(), false),
  permissionSet: v.optional(
    v.pipe(
      v.string(),
      v.regex(permissionSetPattern, 'must be a permission set: arn:aws:iam::ACCOUNT:role/AWSReservedSSO_NAME_*'),
    ),
  ),
  duration,
  reason: v.optional(v.string(), 'A reason that is long enough for every role there is.'),
  ticket: v.optional(v.string()),
  /** the assumed answer of the ticket validator, which is not asked here */
  ticketIs: v.optional(v.picklist(['valid', 'invalid', 'unreachable'], 'must be valid, invalid or unreachable')),
  onBehalfOf,
  startsAt,
  scope,
  breakGlass,
  /** ids of roles for which the requester has an open request */
  open: v.optional(v.array(v.string()), []),
  /** requests of the last hour that are not in `open`: the requester's, and the calling bot's */
  filedLately: howMany,
  botFiledLately: howMany,
  /** open requests for the role, over all people, as a limit of the role counts them */
  openOfRole: howMany,
  /** how long ago an unsigned review of the requester\'s break-glass was due */
  reviewOverdue: v.optional(DurationText),
  /** the number of further unsigned reviews of the requester's break-glass, none of them overdue */
  reviewsWaiting: howMany,
  /** for an extension: the time until the end of the requester's grant that it continues */
  continues: v.optional(DurationText),
};
export const Situation = v.pipe(
  strict(fields),
  v.check(
    ({ continues, onBehalfOf, startsAt, breakGlass }) =>
      continues === undefined || (onBehalfOf ?? startsAt ?? breakGlass) === undefined,
    'continues cannot be combined with onBehalfOf, startsAt or breakGlass, because it is an extension',
  ),
);
/** The fields of a situation, to suggest a name for a misspelt one. */
export const situationFields = Object.keys(fields);
export type Situation = v.InferOutput<typeof Situation>;

/** The decision of the catalogue on a filing, with the result of every rule. */
export type Verdict = {
  outcome: 'automatic' | 'needs-approval' | 'refused';
  code?: string;
  detail?: string;
  judgement: Judgement;
};

/** Judges with the functions that enforce the rules. @throws Problem `invalid-request` for a bot without onBehalfOf, or a person with it; `not-allowed` for an unknown chat user */
export function verdictOf(catalogue: Catalogue, role: Role, situation: Situation, now: number): Verdict {
  const at = situation.at ?? now;
  const caller = callerOf(catalogue, situation, at);
  const body = bodyOf(situation);
  const continued =
    situation.continues === undefined
      ? undefined
      : { id: 'continued', endsAt: floorToSecond(at + ms(situation.continues)) };
  const ofRole = Array.from({ length: situation.openOfRole }, (_, i) => ({
    id: `place-${i + 1}`,
    role: role.id,
    createdAt: at,
    until: at + HOUR,
  }));
  const filing = {
    catalogue,
    caller,
    requester: requesterOf(catalogue, caller, body),
    body,
    now: at,
    own: ownRequests(situation, continued, at),
    filed: lately(situation.filedLately, at),
    ofRole,
    byBot: lately(situation.botFiledLately, at),
    blocks: [],
    continued,
    answer: answerOf(situation),
  };
  const judgement = judgeRole(filing, role);
  const barred = judgement.checks.find(
    ({ passed, code }) => !passed && (code === 'role-not-found' || code === 'not-allowed'),
  );
  const refusal = barred ? new Problem(barred.code, barred.detail) : refusalOf(judgement);
  if (refusal) return { outcome: 'refused', code: refusal.code, detail: refusal.detail, judgement };
  return { outcome: judgement.automatic || judgement.review ? 'automatic' : 'needs-approval', judgement };
}

/** The stages that must approve: none under break-glass. */
export const stagesOf = ({ review, stages }: Judgement): Judgement['stages'] => (review ? [] : stages);

const bodyOf = ({
  role,
  reason,
  duration,
  ticket,
  onBehalfOf,
  startsAt,
  scope,
  breakGlass,
}: Situation): NewRequest => ({
  role,
  reason,
  ...(duration !== undefined && { duration }),
  ...(ticket !== undefined && { ticket }),
  ...(onBehalfOf !== undefined && { onBehalfOf }),
  ...(startsAt !== undefined && { startsAt }),
  ...(scope !== undefined && { scope }),
  ...(breakGlass !== undefined && { breakGlass }),
});

/** The requests of the requester that filing would find. */
function ownRequests(
  { role, open, filedLately, reviewOverdue, reviewsWaiting }: Situation,
  continued: { id: string; endsAt: number } | undefined,
  at: number,
): OpenRequest[] {
  const earlier = at - HOUR;
  return [
    ...open.map((id, i) => ({ id: `open-${i + 1}`, role: id, createdAt: earlier, until: at + HOUR })),
    ...(continued ? [{ id: continued.id, role, createdAt: earlier, until: continued.endsAt }] : []),
    ...lately(filedLately, at).map((createdAt, i) => ({ id: `filed-${i + 1}`, role, createdAt, until: createdAt })),
    ...(reviewOverdue === undefined
      ? []
      : [{ id: 'to-review', role, createdAt: earlier, until: earlier, reviewDue: at - ms(reviewOverdue) }]),
    ...Array.from({ length: reviewsWaiting }, (_, i) => ({
      id: `to-sign-${i + 1}`,
      role,
      createdAt: earlier,
      until: earlier,
      reviewDue: at + HOUR,
    })),
  ];
}

const ms = (text: string): number => (parseDuration(text) ?? 0) * SECOND;
const lately = (count: number, at: number): number[] => Array.from({ length: count }, () => at - MINUTE);

function answerOf({ ticketIs }: Situation): TicketAnswer | undefined {
  if (ticketIs === undefined) return undefined;
  return ticketIs === 'unreachable' ? { outcome: ticketIs, cause: 'as the question says' } : { outcome: ticketIs };
}

function callerOf(
  catalogue: Catalogue,
  { person: identity, mfa, signedInAgo, from, groups, groupsElsewhere, permissionSet }: Situation,
  at: number,
): Caller {
  const bot = catalogue.bots.get(identity);
  const person = personOf(catalogue, identity);
  const set = permissionSet === undefined ? undefined : canonicalPrincipal(permissionSet);
  const via = identity.startsWith('arn:') || set !== undefined ? 'iam' : 'oidc';
  return {
    ...(bot ? { kind: 'bot' as const, bot: bot.id } : { kind: 'person' as const }),
    principal: identity,
    person,
    groups: [
      ...new Set([
        ...(catalogue.groupsOf.get(person.key) ?? []),
        ...(set === undefined ? [] : (catalogue.groupsOf.get(set) ?? [])),
        ...groups.flatMap((group) => catalogue.groupsOfToken.get(group) ?? []),
      ]),
    ],
    via,
    ...((via === 'iam' || groupsElsewhere) && { mayBeIn: catalogue.tokenGroups }),
    mfa,
    ...(signedInAgo !== undefined && { signedInAt: at - ms(signedInAgo) }),
    ...(from !== undefined && { sourceIp: from }),
    ...(set !== undefined && { permissionSet: set }),
  };
}
