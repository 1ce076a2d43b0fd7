// Judges a filing: who may request what, for how long, and who decides. Every judgement includes its explanation.
import { type Catalogue, type Person, personOf, type Role, rolesNaming } from '../catalogue/catalogue.ts';
import { type Scope, scopeOf } from '../catalogue/narrowing.ts';
import { areFillable } from '../catalogue/seats.ts';
import { floorToSecond, parseDuration, parseInstant } from '../common/time.ts';
import type { NewRequest } from '../model/bodies.ts';
import type { Check } from '../model/check.ts';
import { conditionChecks } from '../model/condition.ts';
import { Problem } from '../model/problem.ts';
import type { ProblemCode } from '../model/problem-table.ts';
import type { Waiting } from '../model/schema.ts';
import { chatUser } from '../model/text.ts';
import { isAutomatic } from './automatic.ts';
import { blockCheck } from './block.ts';
import { breakGlassChecks, mayBreakGlass, reviewPlanOf, ruleUnderGlass } from './break-glass.ts';
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
import type { Caller } from './principal.ts';
import { candidatesOf, stageFor } from './stages.ts';
import { type TicketFinding, ticketChecks } from './ticket.ts';
import { isKnownToBeAllowed } from './today.ts';
import { waitingOf } from './waiting.ts';
import { known, whoIs } from './who.ts';

/** The result of judging a filing: all checks, and the data to store. */
export type Judgement = Pick<
  RoleFiling,
  'requester' | 'durationSeconds' | 'automatic' | 'stages' | 'review' | 'finding'
> & {
  role: Role;
  /** the earliest start that was requested; epoch milliseconds, whole seconds */
  startsAt?: number;
  /** the request that this one continues */
  extends?: string;
  scope?: Scope;
  /** the catalogue alone allows it, without a token's groups */
  byCatalogue: boolean;
  waiting?: Waiting | undefined;
  /** the requester repeatedly files and withdraws, so approvers are asked a minute later */
  hasty: boolean;
  checks: Check[];
};

/** The roles that this caller may request or, for a bot, may file requests for. */
export function rolesFor(catalogue: Catalogue, caller: Caller): Role[] {
  const bot = botOf(catalogue, caller);
  if (bot) return bot.roles.flatMap((id) => catalogue.roles.get(id) ?? []);
  const who = whoIs(caller);
  return rolesNaming(catalogue.requestable, who).filter((role) => mayRequest(role, who) || mayBreakGlass(role, who));
}

/**
 * Judges a filing. A caller or role that is not allowed throws, because a role that the caller may not request must look like one
 * that does not exist. All other rules become checks.
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

/** The same answer for an unknown role and for one that the caller may not request. */
export const roleNotFound = (id: string): Problem =>
  new Problem(
    'role-not-found',
    `Role "${id}" was not found, or you may not request it. GET /v1/roles lists the roles that you may request.`,
  );

/** Every rule, in the order in which its checks are shown. */
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

/** Applies every rule of a role to a filing by any caller. `judgeFiling` enforces the result, and admin tools show it. */
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
  // a person whom a bot files for has no token here
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

/** Whether every stage can get enough people without the requester. */
function approversCheck({ automatic, stages, review }: RoleFiling): Check[] {
  if (review) return [];
  const passed =
    automatic || areFillable(stages.map((stage) => ({ need: stage.need, candidates: candidatesOf(stage) })));
  return [{ check: 'approvers', passed, code: 'no-approver', detail: approversDetail(passed, automatic) }];
}

function approversDetail(passed: boolean, automatic: boolean): string {
  if (automatic) return 'No approval needed.';
  return passed
    ? 'There are enough approvers other than the requester.'
    : 'There are not enough approvers other than the requester. Ask the owner of the catalogue to add another approver.';
}

/** The refusal of a judged filing; undefined if it may be filed. Policy errors are reported together, other kinds of refusal separately. */
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
 * The person whom a filing is for: the caller, or the person that a bot files for.
 * @throws Problem `invalid-request`, `not-allowed`
 */
export function requesterOf(catalogue: Catalogue, caller: Caller, body: NewRequest): Person {
  const invalid = (detail: string) =>
    new Problem('invalid-request', detail, { errors: [{ pointer: '/onBehalfOf', detail }] });
  if (caller.kind === 'person') {
    if (body.onBehalfOf !== undefined) throw invalid('Only a bot may file on behalf of a person. Remove onBehalfOf.');
    return caller.person;
  }
  if (body.onBehalfOf === undefined)
    throw invalid('A bot must set onBehalfOf to the email address or the chat user of the person.');
  if (!chatUser.test(body.onBehalfOf)) return personOf(catalogue, body.onBehalfOf);
  const person = catalogue.chatUsers.get(body.onBehalfOf);
  // the same answer as for a person that the bot may not file for
  if (!person) throw new Problem('not-allowed', foreignPerson);
  return person;
}

const botOf = (catalogue: Catalogue, caller: Caller) =>
  caller.kind === 'bot' ? catalogue.bots.get(caller.principal) : undefined;
