// Who may ask for what, for how long, who decides, and who a caller is to a request. Every judgement can explain itself.

import {
  type Catalogue,
  decidersOf,
  displayNames,
  names,
  othersNamed,
  type Person,
  personOf,
  type Role,
  rolesNaming,
  type Who,
} from '../catalogue/catalogue.ts';
import { boundsOf, type Scope, scopeFaults, scopeOf } from '../catalogue/narrowing.ts';
import { canonicalJson } from '../common/digest.ts';
import { floorToSecond, parseDuration, parseInstant } from '../common/time.ts';
import type { Check } from '../model/check.ts';
import { conditionChecks } from '../model/condition.ts';
import { Problem, type ProblemCode } from '../model/problem.ts';
import {
  chatUser,
  type KnownPerson,
  type NewRequest,
  type RequestRecord,
  type Stage,
  type Waiting,
} from '../model/schema.ts';
import { takesSignIn } from './assurance.ts';
import { isAutomatic } from './automatic.ts';
import { blockCheck } from './block.ts';
import { breakGlassChecks, mayBreakGlass, mayReview, reviewPlanOf, ruleUnderGlass } from './break-glass.ts';
import {
  automaticCheck,
  botChecks,
  botGlassCheck,
  durationCheck,
  foreignPerson,
  mayRequest,
  mfaCheck,
  reasonCheck,
  requesterChecks,
  scopeChecks,
  startCheck,
} from './filing-checks.ts';
import type { FilingContext, RoleFiling } from './filing-context.ts';
import { isHasty, limitChecks } from './limits.ts';
import { type Caller, callerFromLink } from './principal.ts';
import { type TicketFinding, ticketChecks } from './ticket.ts';
import { waitingOf } from './waiting.ts';

// -- asking ----------------------------------------------------------------------------------------------------------

/** What the catalogue says to a filing: all checks, and what would be stored. */
export type Judgement = Pick<
  RoleFiling,
  'requester' | 'durationSeconds' | 'automatic' | 'stages' | 'review' | 'finding'
> & {
  role: Role;
  /** the earliest start that was asked for; epoch milliseconds, whole seconds */
  startsAt?: number;
  /** the request that this one continues */
  extends?: string;
  scope?: Scope;
  /** the catalogue alone allows it, without a token's groups */
  byCatalogue: boolean;
  waiting?: Waiting | undefined;
  /** the requester files and withdraws again and again, so approvers are asked a minute later */
  hasty: boolean;
  checks: Check[];
};

/** What the entries of the catalogue are compared with: identities, a permission set, groups. */
export const whoIs = ({ person, principal, permissionSet, groups, mayBeIn }: Caller): Who => ({
  identities: [...person.identities, principal, ...(permissionSet === undefined ? [] : [permissionSet])],
  groups,
  mayBeIn,
});
const known = (catalogue: Catalogue, person: Person): Who => ({
  identities: person.identities,
  groups: catalogue.groupsOf.get(person.key) ?? [],
});

/** The two ways to a role. */
export type Way = 'ordinary' | 'break-glass';
const mayGo = { ordinary: mayRequest, 'break-glass': mayBreakGlass };
const wayOf = ({ review }: { review?: unknown }): Way => (review ? 'break-glass' : 'ordinary');

/** Whether the catalogue of today, without any token, allows the role to a person in the way that a request took. */
export const isKnownToBeAllowed = (
  catalogue: Catalogue,
  role: Role,
  person: string,
  request: { review?: unknown },
): boolean => mayGo[wayOf(request)](role, known(catalogue, personOf(catalogue, person)));

/** The roles this caller may request; for a bot, those it may file for somebody. */
export function rolesFor(catalogue: Catalogue, caller: Caller): Role[] {
  const bot = botOf(catalogue, caller);
  if (bot) return bot.roles.flatMap((id) => catalogue.roles.get(id) ?? []);
  const who = whoIs(caller);
  return rolesNaming(catalogue.requestable, who).filter((role) => mayRequest(role, who) || mayBreakGlass(role, who));
}

/**
 * Judges a filing. Who asks and for which role is settled by throwing, because a role that is not the caller's must look
 * like one that does not exist; everything else becomes a check.
 * @throws Problem `role-not-found`, `not-allowed`
 */
export function judgeFiling(filing: FilingContext): Judgement {
  const role = filing.catalogue.roles.get(filing.body.role);
  const judgement = role && judgeRole(filing, role);
  const barred = judgement?.checks.find(
    ({ code, passed }) => !passed && (code === 'role-not-found' || code === 'not-allowed'),
  );
  if (!judgement || barred?.code === 'role-not-found') throw roleNotFound(filing.body.role);
  if (barred) throw new Problem(barred.code, barred.detail);
  return judgement;
}

/** One answer for "no such role" and "not yours". */
export const roleNotFound = (id: string): Problem =>
  new Problem('role-not-found', `There is no role "${id}" that you may request. GET /v1/roles lists yours.`);

/** Every rule of a role, in the order in which its checks are shown. */
const rules: ReadonlyArray<(filing: RoleFiling) => Check[]> = [
  botChecks,
  requesterChecks,
  botGlassCheck,
  blockCheck,
  mfaCheck,
  ({ role, caller, now }) => conditionChecks(role.conditions, caller, now),
  breakGlassChecks,
  durationCheck,
  startCheck,
  reasonCheck,
  ({ rule, body, finding }) => ticketChecks(rule, body.ticket, finding),
  scopeChecks,
  automaticCheck,
  approversCheck,
  limitChecks,
];

/** Every rule of a role applied to one filing, whoever asks: what `judgeFiling` enforces, for the reviewer of a catalogue to read. */
export function judgeRole(context: FilingContext, role: Role): Judgement {
  const filing = filingFor(context, role);
  const { catalogue, requester, body, continued, rule, startsAt, review, automatic } = filing;
  return {
    role: rule,
    requester,
    durationSeconds: filing.durationSeconds,
    ...(startsAt !== undefined && { startsAt }),
    ...(continued && { extends: continued.id }),
    ...(role.scope && { scope: scopeOf(role.scope, body.scope ?? {}) }),
    automatic,
    stages: filing.stages,
    byCatalogue: isKnownToBeAllowed(catalogue, role, requester.key, filing),
    waiting: review || automatic ? undefined : waitingOf(catalogue, role, requester),
    review,
    finding: filing.finding,
    hasty: isHasty(filing),
    checks: rules.flatMap((check) => check(filing)),
  };
}

function filingFor(context: FilingContext, role: Role): RoleFiling {
  const { catalogue, caller, requester, body } = context;
  // whom a bot names has no token here that could be asked
  const who =
    caller.kind === 'bot' ? { ...known(catalogue, requester), mayBeIn: catalogue.tokenGroups } : whoIs(caller);
  const review = body.breakGlass ? reviewPlanOf(catalogue, role, requester) : undefined;
  const rule = review ? ruleUnderGlass(role) : role;
  const durationSeconds = body.duration === undefined ? rule.duration.default : (parseDuration(body.duration) ?? 0);
  const finding: TicketFinding | undefined = review ? { outcome: 'not-asked' } : context.answer;
  const asked = { ...context, role, rule, who, durationSeconds, startsAt: startOf(context), review, finding };
  const automatic = !review && isAutomatic(asked);
  const stages = automatic ? [] : role.approval.stages.map((stage) => stageFor(catalogue, role, stage, requester));
  return { ...asked, automatic, stages };
}

function startOf({ body, continued }: FilingContext): number | undefined {
  if (continued) return continued.endsAt;
  return body.startsAt === undefined ? undefined : floorToSecond(parseInstant(body.startsAt) ?? 0);
}

/** Whether every stage can get its number of people besides the requester. */
function approversCheck({ automatic, stages, review }: RoleFiling): Check[] {
  if (review) return [];
  const passed =
    automatic || areFillable(stages.map((stage) => ({ need: stage.need, candidates: candidatesOf(stage) })));
  return [{ check: 'approvers', passed, code: 'no-approver', detail: approversDetail(passed, automatic) }];
}

function approversDetail(passed: boolean, automatic: boolean): string {
  if (automatic) return 'Nobody has to approve this.';
  return passed
    ? 'There are enough approvers besides the requester.'
    : 'Nobody but the requester could approve this. Ask the owner of the catalogue to name another approver.';
}

/** A stage for one requester. Where its approvers are too few besides the requester, its fallback joins them. */
function stageFor(
  catalogue: Catalogue,
  role: Role,
  rule: Role['approval']['stages'][number],
  requester: Person,
): Judgement['stages'][number] {
  const { need, approvers, fallback } = rule;
  const by = takesSignIn(role, rule) ? { by: 'signed-in' as const } : {};
  const people = othersNamed(catalogue, approvers, requester.key);
  if (fallback === undefined || approvers.includes('everyone') || people.length >= need)
    return { need, approvers: [...approvers], people, ...by };
  const joined = [...new Set([...approvers, ...fallback])];
  return { need, approvers: joined, people: othersNamed(catalogue, joined, requester.key), ...by };
}

/** The one answer to a judged filing: undefined if it may be filed. All policy faults come together; a failed proof or clash comes alone. */
export function refusalOf({ checks }: Judgement): Problem | undefined {
  const failed = checks.filter(({ passed }) => !passed);
  const order: ProblemCode[] = [
    'blocked',
    'needs-mfa',
    'needs-sign-in',
    'refused-by-policy',
    'no-approver',
    'overlap',
    'too-many-open',
    'try-again',
  ];
  const code = order.find((candidate) => failed.some((check) => check.code === candidate));
  if (code === undefined) return undefined;
  const same = failed.filter((check) => check.code === code);
  const { retryAfterSeconds } = same[0]!;
  return new Problem(code, same.map(({ detail }) => detail).join(' '), {
    ...(code === 'refused-by-policy' && { errors: same.map(({ pointer = '', detail }) => ({ pointer, detail })) }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

/**
 * What the catalogue of today says against a request that was filed under an older one; undefined if nothing. A laxer
 * catalogue changes nothing.
 * @param requester the requester as caller where that is who calls; otherwise a token's groups are not at hand and only a deny counts
 */
export function stricterNow(catalogue: Catalogue, record: RequestRecord, requester?: Caller): string | undefined {
  const role = catalogue.roles.get(record.role.id);
  if (!role) return 'The role is no longer in the catalogue.';
  if (role.arn !== record.role.arn)
    return 'The catalogue now means another role by this name than the one that was approved.';
  if (
    canonicalJson(record.scope?.statements) !==
    canonicalJson(role.scope && scopeOf(role.scope, record.scope?.values ?? {}).statements)
  )
    return 'The catalogue now narrows this role otherwise than it was approved.';
  if (scopeFaults(role.scope, record.scope?.values).length > 0) return 'The catalogue no longer takes this scope.';
  if (!boundsOf(record.role, role))
    return 'The catalogue now bounds the sessions of this role by other policies than those that were approved.';
  const isRefused = requester
    ? !mayGo[wayOf(record)](role, whoIs(requester))
    : names(role.deny, known(catalogue, personOf(catalogue, record.requester.person)));
  return isRefused ? 'The catalogue no longer allows this role to the requester.' : undefined;
}

/**
 * What this call lacks to be given credentials: the conditions the request was filed under, and those of today's catalogue,
 * so that a stricter one counts at once and a laxer one does not.
 */
export function unmetConditions(record: RequestRecord, role: Role | undefined, caller: Caller, now: number): Check[] {
  const failed = [record.role.conditions ?? {}, role?.conditions ?? {}]
    .flatMap((conditions) => conditionChecks(conditions, caller, now))
    .filter(({ passed }) => !passed);
  return failed.filter(({ detail }, i) => failed.findIndex((other) => other.detail === detail) === i);
}

/**
 * For whom a filing is: the caller, or the person a bot names.
 * @throws Problem `invalid-request`, `not-allowed`
 */
export function requesterOf(catalogue: Catalogue, caller: Caller, body: NewRequest): Person {
  const fault = (detail: string) =>
    new Problem('invalid-request', detail, { errors: [{ pointer: '/onBehalfOf', detail }] });
  if (caller.kind === 'person') {
    if (body.onBehalfOf !== undefined) throw fault('Only a bot files on behalf of somebody; leave onBehalfOf out.');
    return caller.person;
  }
  if (body.onBehalfOf === undefined)
    throw fault('A bot must say on whose behalf it files: onBehalfOf is a mail address or a chat user.');
  if (!chatUser.test(body.onBehalfOf)) return personOf(catalogue, body.onBehalfOf);
  const person = catalogue.chatUsers.get(body.onBehalfOf);
  // the same answer as for a person whom the bot may not file for
  if (!person) throw new Problem('not-allowed', foreignPerson);
  return person;
}

const botOf = (catalogue: Catalogue, caller: Caller) =>
  caller.kind === 'bot' ? catalogue.bots.get(caller.principal) : undefined;

// -- deciding --------------------------------------------------------------------------------------------------------

/** Who could fill a stage: `any` if the catalogue leaves it to everyone, else the keys of known persons. */
type Candidates = 'any' | readonly string[];
const candidatesOf = (stage: Pick<Stage, 'approvers' | 'people'>): Candidates =>
  stage.approvers.includes('everyone') ? 'any' : stage.people.map(({ key }) => key);

/**
 * Whether every stage can get its number of distinct persons when nobody counts twice over the whole request: a matching
 * of seats to persons by augmenting paths. It is judged at filing and before each approval, so that no request is left
 * that nobody can move.
 */
export function areFillable(stages: ReadonlyArray<{ need: number; candidates: Candidates }>): boolean {
  const seats = stages.flatMap(({ need, candidates }) =>
    candidates === 'any' ? [] : Array.from({ length: need }, () => candidates),
  );
  const seatOf = new Map<string, number>();
  /** Seats a person on `index`, where need be by moving others; `tried` is who has been looked at on the way. */
  const fill = (index: number, tried: Set<string>): boolean =>
    seats[index]!.some((person) => isFirstTry(tried, person) && frees(person, tried) && take(person, index));
  const frees = (person: string, tried: Set<string>): boolean => {
    const taken = seatOf.get(person);
    return taken === undefined || fill(taken, tried);
  };
  const take = (person: string, index: number): true => {
    seatOf.set(person, index);
    return true;
  };
  return seats.every((_, index) => fill(index, new Set()));
}

const isFirstTry = (tried: Set<string>, person: string): boolean => !tried.has(person) && Boolean(tried.add(person));

/**
 * Whether an approval by `person` at stage `index` would leave a later stage without enough people, which another
 * approver's would not. A request that nobody could complete anyway is not held up by this.
 */
export const isNeededLater = (record: RequestRecord, index: number, person: string): boolean =>
  areFillable(seatsLeft(record, index, [])) && !areFillable(seatsLeft(record, index, [person]));

/** Whether the people whom it names can still complete a pending request, those to whom it would be escalated included. */
export function isCompletable(record: RequestRecord): boolean {
  const further = record.waiting?.escalate?.people ?? [];
  const stages = record.stages.map((stage) => ({ ...stage, people: [...stage.people, ...further] }));
  return areFillable(seatsLeft({ ...record, stages }, 0, []));
}

/** What the stages from `index` on still need, and who could give it once `approving` have approved the first of them. */
function seatsLeft(record: RequestRecord, index: number, approving: readonly string[]) {
  const spent = new Set([
    ...approving,
    ...record.stages.flatMap((stage) => stage.decisions.map((decision) => decision.person)),
  ]);
  return record.stages.slice(index).map((stage, offset) => {
    const candidates = candidatesOf(stage);
    const given = stage.decisions.length + (offset === 0 ? approving.length : 0);
    return {
      need: Math.max(0, stage.need - given),
      candidates: candidates === 'any' ? candidates : candidates.filter((key) => !spent.has(key)),
    };
  });
}

/** Who does something to a request, by which catalogue, and when; epoch milliseconds. */
export type Act = { catalogue: Catalogue; caller: Caller; now: number };

/** What a caller is to a request. Nothing at all means the request does not exist for them. */
export type Relation = {
  requester: boolean;
  filer: boolean;
  /** may decide, judged by the groups of this moment, over all stages */
  approver: boolean;
  /** was asked or has decided, even if no approver any more */
  asked: boolean;
  /** may sign the review of a request by break-glass */
  reviewer: boolean;
  admin: boolean;
  auditor: boolean;
};

/** Judges a caller against the request as filed and the catalogue as it is. A bot is only ever the filer. */
export function relationOf(catalogue: Catalogue, record: RequestRecord, caller: Caller): Relation {
  const who = whoIs(caller);
  const isPerson = caller.kind === 'person';
  return {
    filer: record.filedBy !== undefined && record.filedBy.principal === caller.principal,
    requester: isPerson && isSamePerson(catalogue, record.requester, caller),
    approver: isPerson && record.stages.some((stage) => mayDecideStage(catalogue, record, stage, caller)),
    asked:
      isPerson &&
      record.stages.some(
        (stage) =>
          [...stage.people, ...(stage.former ?? [])].some(
            ({ key }) => personOf(catalogue, key).key === caller.person.key,
          ) || stage.decisions.some((decision) => isSamePerson(catalogue, decision, caller)),
      ),
    reviewer: isPerson && mayReview(catalogue, record, who),
    admin: isPerson && names(catalogue.admins, who),
    auditor: isPerson && names(catalogue.auditors, who),
  };
}

/** Whether somebody whom a request names, perhaps long ago, still has a part in it: people who have left are told nothing more. */
export function isStillConcerned(catalogue: Catalogue, record: RequestRecord, person: KnownPerson): boolean {
  const { requester, approver, reviewer, admin } = relationOf(catalogue, record, callerFromLink(catalogue, person));
  return requester || approver || reviewer || admin;
}

export const isInvolved = (relation: Relation): boolean => Object.values(relation).some(Boolean);

/**
 * Whether the caller is an approver of this stage by the catalogue of today: its stage in the same place and, once it was escalated, the
 * escalation of the role. Where the role is gone, or asks nobody any more, the entries as they stood at filing decide.
 * Where it has another number of stages, no place means the same any more: the caller must be named then, and by any stage now.
 */
export function mayDecideStage(catalogue: Catalogue, record: RequestRecord, stage: Stage, caller: Caller): boolean {
  const who = whoIs(caller);
  const today = catalogue.roles.get(record.role.id)?.approval;
  if (!today || today.stages.length === 0) return names(stage.approvers, who);
  const inPlace = stageToday(catalogue, record, record.stages.indexOf(stage));
  if (inPlace) return names(inPlace.approvers, who);
  const anywhere = { stages: today.stages, ...(stage.escalated && { escalate: today.escalate }) };
  return names(stage.approvers, who) && names(decidersOf({ approval: anywhere }), who);
}

/**
 * Who may decide a stage by the catalogue of today, with those to whom it was escalated last.
 * @returns undefined where no stage of today stands in its place
 */
export function stageToday(
  catalogue: Catalogue,
  { role, requester, stages }: RequestRecord,
  index: number,
): { approvers: string[]; people: KnownPerson[]; escalatedFrom: number } | undefined {
  const rule = catalogue.roles.get(role.id);
  const today = rule?.approval;
  const inPlace = today?.stages.length === stages.length ? today.stages[index] : undefined;
  if (!rule || !today || !inPlace) return undefined;
  const { approvers, people } = stageFor(catalogue, rule, inPlace, personOf(catalogue, requester.person));
  const to = stages[index]?.escalated ? (today.escalate?.to ?? []) : [];
  const further = othersNamed(catalogue, to, requester.person).filter(
    ({ key }) => !people.some((one) => one.key === key),
  );
  return {
    approvers: [...new Set([...approvers, ...to])],
    people: [...people, ...further],
    escalatedFrom: people.length,
  };
}

/** One human may have several principals, and the catalogue may have learnt of it since the request was filed. */
export function isSamePerson(
  catalogue: Catalogue,
  stored: { person: string; principal: string },
  caller: Caller,
): boolean {
  return [stored.person, stored.principal].some(
    (identity) =>
      identity === caller.principal ||
      identity === caller.subject ||
      personOf(catalogue, identity).key === caller.person.key,
  );
}

/** How a stage reads: names where they are known. */
export const stageNames = (catalogue: Catalogue, stage: { approvers: readonly string[] }): string[] =>
  displayNames(catalogue, stage.approvers);
