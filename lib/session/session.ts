// Plans one session of a grant: its duration, policy and name. No session outlives its grant.
//
// Latchkey's own credentials are an assumed role, so AssumeRole from it is role chaining: one hour at most, and STS refuses
// a longer duration instead of clamping it (botocore sts; iam-ug id_roles). The minimum of STS is 900 s, which can be more than is left of
// the grant. So the session policy always denies everything from the grant's end on (`aws:CurrentTime`), to the second.
import type { Role } from '../catalogue/catalogue.ts';
import { boundsOf, sessionPolicy } from '../catalogue/narrowing.ts';
import { reachAfterDenial } from '../catalogue/reach.ts';
import { sha256 } from '../common/digest.ts';
import { closesAt } from '../common/hours.ts';
import { durationText, SECOND, SESSION_MOST, toInstant } from '../common/time.ts';
import { Problem } from '../model/problem.ts';
import type { LimitedBy, RequestRecord } from '../model/schema.ts';
import { sessionTags } from '../model/session-tags.ts';
import { ruleUnderGlass } from '../policy/break-glass.ts';

export const STS_LEAST = 900;

/** AssumeRole's input by STS's own member names. */
export type AssumeRoleInput = {
  RoleArn: string;
  RoleSessionName: string;
  DurationSeconds: number;
  ExternalId: string;
  SourceIdentity: string;
  Policy: string;
  PolicyArns?: Array<{ arn: string }>;
  Tags: Array<{ Key: string; Value: string }>;
};
/** `endsAt`: the end of the session; `grantEndsAt`: the time until which further sessions can be issued. Epoch milliseconds. */
export type SessionPlan = { input: AssumeRoleInput; limitedBy: LimitedBy; endsAt: number; grantEndsAt: number };

/**
 * The AssumeRole input for one session.
 * @param request an active grant
 * @param role the role in the current catalogue; its stricter conditions apply too
 * @param asked seconds, if the caller requests a shorter session
 * @param nonce at least 128 random bits: the session's ARN must not be guessable, because a resource policy that names a
 *   session's ARN is not bounded by its session policy (iam-ug, reference_policies_evaluation-logic)
 * @throws Problem `not-active` when the catalogue's maximum has become shorter than what has passed, and when STS's shortest session
 *   would outlive the grant in a system that the session policy does not reach
 */
export function planSession(
  request: RequestRecord,
  role: Role,
  asked: number | undefined,
  nonce: Uint8Array,
  now: number,
): SessionPlan {
  const grantEndsAt = grantEnd(request, role);
  if (now >= grantEndsAt)
    throw new Problem(
      'not-active',
      `The catalogue has shortened this role's maximum; the grant ended at ${toInstant(grantEndsAt)}. File a new request.`,
      {
        request,
      },
    );
  const endsAt = windowEnd(request, role, now, grantEndsAt);
  // whole seconds, as STS counts; in the last second the session policy alone ends the session
  const left = Math.floor((endsAt - now) / SECOND);
  refuseToOutlive(request, role, left);
  const bounds = boundsOf(request.role, role);
  if (!bounds) throw new Error('a session is planned only where the catalogue still allows what was approved');
  const { seconds, limitedBy } = shortest([
    ['requested', asked === undefined ? undefined : Math.max(STS_LEAST, asked)],
    ['grant-end', Math.floor((grantEndsAt - now) / SECOND)],
    ['catalogue', Math.min(role.session.max, request.role.sessionSeconds, left)],
    ['role-maximum', role.maxSessionDuration],
    ['role-chaining', SESSION_MOST / SECOND],
  ]);
  const input: AssumeRoleInput = {
    RoleArn: role.arn,
    RoleSessionName: sessionName(nonce, request.requester.person),
    DurationSeconds: Math.max(STS_LEAST, seconds),
    ExternalId: role.account.externalId,
    SourceIdentity: sourceIdentity(request.requester.person),
    Policy: JSON.stringify(sessionPolicy(endsAt, bounds, request.scope)),
    ...(bounds.sessionPolicies.length > 0 && { PolicyArns: bounds.sessionPolicies.map((arn) => ({ arn })) }),
    Tags: [
      { Key: sessionTags.request, Value: request.id },
      { Key: sessionTags.requester, Value: tagValue(request.requester.person) },
    ],
  };
  return { input, limitedBy, endsAt, grantEndsAt };
}

/** Some systems accept a session's credentials until they expire, whatever its policy says. The shortest session of STS must then fit into the grant. */
function refuseToOutlive(request: RequestRecord, role: Role, left: number): void {
  if (left >= STS_LEAST || !reachAfterDenial([...role.reaches, ...(request.role.reaches ?? [])]).isToSessionEnd) return;
  throw new Problem(
    'not-active',
    `Less than ${durationText(STS_LEAST)} of the grant are left. Sessions of this role could be used for longer than that, so none is issued any more. Ask for an extension, or file a new request.`,
    { request },
  );
}

/** The grant's end, or sooner where the catalogue's maximum has become shorter since. */
function grantEnd(request: RequestRecord, role: Role): number {
  if (!request.grant) throw new Error('a session is planned for a grant only');
  const { max } = (request.review ? ruleUnderGlass(role) : role).duration;
  return Math.min(request.grant.endsAt, request.grant.startsAt + max * SECOND);
}

/** The end of the role's hours, at filing and now, if that is before the end of the grant. A session ends with them. */
function windowEnd(request: RequestRecord, role: Role, now: number, grantEndsAt: number): number {
  const longest = Math.min(grantEndsAt, now + SESSION_MOST);
  const windows = [request.role.conditions?.hours, role.conditions.hours].flatMap((hours) => hours ?? []);
  const closing = windows.map((hours) => closesAt(hours, now, longest)).filter((at) => at < longest);
  return Math.min(grantEndsAt, ...closing);
}

/** The smallest limit, and the first of equal ones. */
function shortest(limits: ReadonlyArray<[LimitedBy, number | undefined]>): { seconds: number; limitedBy: LimitedBy } {
  const set = limits.flatMap(([limitedBy, seconds]) => (seconds === undefined ? [] : [{ limitedBy, seconds }]));
  return set.reduce((least, next) => (next.seconds < least.seconds ? next : least));
}

/** 2-64 characters of [\w+=,.@-] (botocore sts). The person is a label for readers of CloudTrail; the middle part cannot be guessed. */
const sessionName = (nonce: Uint8Array, person: string): string =>
  `lk-${Buffer.from(nonce).toString('base64url')}-${label(person)}`.slice(0, 64);

/**
 * botocore sts: 2-64 characters of [\w+=,.@-], not beginning with `aws:`. A person who does not fit keeps a readable part
 * and gets a digest, so that no two persons share an identity.
 */
function sourceIdentity(person: string): string {
  return /^[\w+=,.@-]{2,64}$/.test(person) ? person : `${label(person).slice(0, 41)}-${sha256(person).slice(0, 22)}`;
}

const label = (person: string): string =>
  (person.startsWith('arn:') ? (person.split('/').at(-1) ?? person) : person).replace(/[^\w+=,.@-]/g, '-');

/**
 * botocore sts: at most 256 characters of letters, digits, white space and _.:/=+-@. As the source identity, so that policies that compare the tag tell
 * people apart.
 */
function tagValue(person: string): string {
  const fitting = person.replace(/[^\p{L}\p{N}_.:/=+\-@ ]/gu, '-').slice(0, 256);
  return fitting === person ? person : `${fitting.slice(0, 233)}-${sha256(person).slice(0, 22)}`;
}
