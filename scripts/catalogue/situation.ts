// A situation to be judged: somebody, what the call proves, what is asked for and when. explain and the cases of test speak of it in the same words.
import * as v from 'valibot';
import { type Catalogue, personOf, type Role } from '../../lib/catalogue.ts';
import { canonicalPrincipal, permissionSetPattern, principalPattern } from '../../lib/entry.ts';
import { type Judgement, judgeRole, refusalOf, requesterOf } from '../../lib/policy.ts';
import type { Caller } from '../../lib/principal.ts';
import { Problem } from '../../lib/problem.ts';
import { DurationText, Email, strict } from '../../lib/schema.ts';
import { parseDuration, SECOND } from '../../lib/time.ts';

const instant = v.pipe(
  v.string(),
  v.isoTimestamp('must be a time such as 2026-11-23T10:00:00Z'),
  v.transform((text) => Date.parse(text)),
);
export const Situation = strict({
  /** a mail address or the ARN of an IAM user or role; a bot's ARN makes it the bot's call */
  person: v.pipe(
    v.string(),
    v.check((text) => v.is(Email, text) || principalPattern.test(text), 'must be a mail address or the ARN of an IAM user or role'),
    v.transform((text) => (text.startsWith('arn:') ? canonicalPrincipal(text) : text.toLowerCase())),
  ),
  role: v.string(),
  at: v.optional(instant),
  mfa: v.optional(v.boolean(), false),
  signedInAgo: v.optional(DurationText),
  from: v.optional(v.string()),
  /** groups that the caller's token carries, besides those of the catalogue */
  groups: v.optional(v.array(v.string()), []),
  permissionSet: v.optional(v.pipe(v.string(), v.regex(permissionSetPattern, 'must be a permission set: arn:aws:iam::ACCOUNT:role/AWSReservedSSO_NAME_*'))),
  duration: v.optional(DurationText),
  reason: v.optional(v.string(), 'A reason that is long enough for every role there is.'),
  ticket: v.optional(v.string()),
  onBehalfOf: v.optional(Email),
  /** ids of roles for which the requester has an open request */
  open: v.optional(v.array(v.string()), []),
});
export type Situation = v.InferOutput<typeof Situation>;

/** What the catalogue says: as filing would be answered, with every rule behind it. */
export type Verdict = { outcome: 'automatic' | 'needs-approval' | 'refused'; code?: string; detail?: string; judgement: Judgement };

/** Judges by the function that enforces. @throws Problem `invalid-request` for a bot without onBehalfOf, or a person with it */
export function verdictOf(catalogue: Catalogue, role: Role, situation: Situation, now: number): Verdict {
  const { duration, reason, ticket, onBehalfOf, open } = situation;
  const at = situation.at ?? now;
  const caller = callerOf(catalogue, situation, at);
  const body = {
    role: role.id,
    reason,
    ...(duration !== undefined && { duration }),
    ...(ticket !== undefined && { ticket }),
    ...(onBehalfOf !== undefined && { onBehalfOf }),
  };
  const slots = open.map((id, i) => ({ id: `open-${i + 1}`, role: id, until: at + 3600 * SECOND }));
  const judgement = judgeRole(catalogue, role, caller, requesterOf(catalogue, caller, body), body, slots, at);
  const barred = judgement.checks.find(({ passed, code }) => !passed && (code === 'role-not-found' || code === 'not-allowed'));
  const refusal = barred ? new Problem(barred.code, barred.detail) : refusalOf(judgement);
  if (refusal) return { outcome: 'refused', code: refusal.code, detail: refusal.detail, judgement };
  return { outcome: judgement.automatic ? 'automatic' : 'needs-approval', judgement };
}

function callerOf(catalogue: Catalogue, { person: identity, mfa, signedInAgo, from, groups, permissionSet }: Situation, at: number): Caller {
  const bot = catalogue.bots.get(identity);
  const person = personOf(catalogue, identity);
  const set = permissionSet === undefined ? undefined : canonicalPrincipal(permissionSet);
  return {
    ...(bot ? { kind: 'bot' as const, bot: bot.id } : { kind: 'person' as const }),
    principal: identity,
    person,
    groups: [...new Set([...(catalogue.groupsOf.get(person.key) ?? []), ...(set === undefined ? [] : (catalogue.groupsOf.get(set) ?? [])), ...groups])],
    via: identity.startsWith('arn:') || set !== undefined ? 'iam' : 'oidc',
    mfa,
    ...(signedInAgo !== undefined && { signedInAt: at - (parseDuration(signedInAgo) ?? 0) * SECOND }),
    ...(from !== undefined && { sourceIp: from }),
    ...(set !== undefined && { permissionSet: set }),
  };
}
