// Compares two catalogues: the rights of each person, and the rules of each role.
import { type Account, type Catalogue, peopleNamed, type Role } from '../../lib/catalogue/catalogue.ts';
import { canonicalJson } from '../../lib/common/digest.ts';
import { durationText } from '../../lib/common/time.ts';
import { conditionReadings } from '../../lib/model/condition.ts';
import { automaticText } from '../../lib/policy/automatic.ts';
import { mayRequest } from '../../lib/policy/filing-checks.ts';
import { tagsOf } from '../../lib/target/target.ts';
import { openEntries } from './who.ts';

export type Right =
  | 'request'
  | 'break-glass'
  | 'approve'
  | 'review'
  | 'administer'
  | 'audit'
  | 'file'
  | 'be'
  | 'denied'
  | 'automatic';
/** `who`: a person's key, a bot, or an entry that stands for people the catalogue does not know. `roles` of all rights but administer and audit; `be`: an identity that counts as `person`; `denied`: lost by a deny, gained when it falls away, where no right to request says so. */
export type Change = { who: string; may: Right; roles?: string[]; person?: string };
/** `role` is not set for a rule of the whole catalogue. */
export type RuleChange = { role?: string; rule: string; before: string; after: string; is?: 'stricter' | 'looser' };
export type Changes = { gained: Change[]; lost: Change[]; rules: RuleChange[] };

export function changesBetween(before: Catalogue, after: Catalogue): Changes {
  const [old, renewed] = [rightsIn(before), rightsIn(after)];
  const [was, is] = [denialsIn(before), denialsIn(after)];
  const [gained, lost] = [more(old, renewed), more(renewed, old)];
  return {
    gained: [...gained, ...beyond(gained, more(is, was))],
    lost: [...lost, ...beyond(lost, more(was, is))],
    rules: [...differences(wholeReadings(before), wholeReadings(after)), ...ruleChanges(before, after)],
  };
}

// -- rights ----------------------------------------------------------------------------------------------------------

const none: readonly string[] = [];
/** right -> who -> role ids, or of `be` the person; a right without roles has one empty id. */
type Rights = Map<Right, Map<string, Set<string>>>;

function rightsIn(catalogue: Catalogue): Rights {
  const rights: Rights = new Map();
  const give = (may: Right, who: string, role: string) => {
    const holders = rights.get(may) ?? new Map<string, Set<string>>();
    rights.set(may, holders.set(who, (holders.get(who) ?? new Set<string>()).add(role)));
  };
  // the roles of a template share their lists
  const named = new Map<readonly string[], string[]>();
  const whoIn = (entries: readonly string[]): string[] => {
    const found = named.get(entries) ?? [
      ...peopleNamed(catalogue, entries).map(({ key }) => key),
      ...openEntries(catalogue, entries),
    ];
    named.set(entries, found);
    return found;
  };
  const isDenied = (role: Role, key: string) => {
    const person = catalogue.people.get(key);
    const who = {
      identities: person?.identities ?? [key],
      groups: key.startsWith('group:') ? [key.slice(6)] : (catalogue.groupsOf.get(key) ?? []),
    };
    return !mayRequest({ requesters: ['everyone'], deny: role.deny }, who);
  };
  for (const role of catalogue.roles.values()) {
    for (const who of whoIn(role.requesters))
      if (who === 'everyone' || !isDenied(role, who)) give('request', who, role.id);
    for (const { approvers, fallback = [] } of role.approval.stages)
      for (const list of [approvers, fallback]) for (const who of whoIn(list)) give('approve', who, role.id);
    for (const who of whoIn(role.approval.escalate?.to ?? none)) give('approve', who, role.id);
    for (const group of role.approval.automaticWhen?.groups ?? none)
      for (const who of whoIn([`group:${group}`])) if (!isDenied(role, who)) give('automatic', who, role.id);
    for (const who of whoIn(role.breakGlass?.requesters ?? none))
      if (who === 'everyone' || !isDenied(role, who)) give('break-glass', who, role.id);
    for (const who of whoIn(role.breakGlass?.reviewers ?? none)) give('review', who, role.id);
  }
  // a new identity of a person may do everything that the person may
  for (const [identity, { key }] of [...catalogue.people, ...catalogue.chatUsers])
    if (identity !== key) give('be', identity, key);
  for (const who of whoIn(catalogue.admins)) give('administer', who, '');
  for (const who of whoIn(catalogue.auditors)) give('audit', who, '');
  for (const bot of catalogue.bots.values())
    for (const role of bot.roles) for (const who of whoIn(bot.for)) give('file', `${bot.id} for ${who}`, role);
  return rights;
}

/** The people whom roles deny, even if only a token would make them requesters. */
function denialsIn(catalogue: Catalogue): Rights {
  const denied = new Map<string, Set<string>>();
  for (const role of catalogue.roles.values())
    for (const who of [
      ...peopleNamed(catalogue, role.deny).map(({ key }) => key),
      ...openEntries(catalogue, role.deny),
    ])
      denied.set(who, (denied.get(who) ?? new Set<string>()).add(role.id));
  return new Map([['denied', denied]]);
}

/** Denials of roles, except where a gained or lost right to request already shows them. */
function beyond(told: readonly Change[], denials: readonly Change[]): Change[] {
  const isTold = (who: string, role: string) =>
    told.some((change) => change.may === 'request' && change.who === who && change.roles?.includes(role));
  return denials.flatMap((denial) => {
    const roles = denial.roles?.filter((role) => !isTold(denial.who, role)) ?? [];
    return roles.length > 0 ? [{ ...denial, roles }] : [];
  });
}

/** The rights in `renewed` that are not in `old`. */
function more(old: Rights, renewed: Rights): Change[] {
  return [...renewed].flatMap(([may, holders]) =>
    [...holders].flatMap(([who, roles]): Change[] => {
      const had = old.get(may)?.get(who);
      const fresh = [...roles].filter((role) => !had?.has(role));
      if (fresh.length === 0) return [];
      if (may === 'be') return [{ who, may, person: fresh[0]! }];
      return [fresh[0] === '' ? { who, may } : { who, may, roles: fresh }];
    }),
  );
}

// -- rules -----------------------------------------------------------------------------------------------------------

/** A rule as text and, if rules of its kind are ordered, a number that grows as the rule becomes less strict. */
type Reading = { text: string; laxity?: number };

/** What goes for all roles: limits, leavers, time zone, names, groups of tokens, bots, where permission sets count. */
function wholeReadings({
  openRequests,
  requestsPerHour,
  leavers,
  timeZone,
  ssoAccounts,
  bots,
  data,
}: Catalogue): Record<string, Reading> {
  return {
    'limits.openRequests': { text: String(openRequests), laxity: openRequests },
    'limits.requestsPerHour': perHour(requestsPerHour),
    // approvers see these names
    ...Object.fromEntries(data.people.map(({ email, name }) => [`people.${email}.name`, { text: name }])),
    ...Object.fromEntries(
      Object.entries(data.tokenGroups).map(([name, values]) => [`tokenGroups.${name}`, { text: values.join(', ') }]),
    ),
    leavers: { text: leavers, laxity: leavers === 'keep' ? 1 : 0 },
    timeZone: timeZone === undefined ? nothing : { text: timeZone },
    ssoAccounts: ssoAccounts.size > 0 ? { text: [...ssoAccounts].join(', ') } : nothing,
    ...Object.fromEntries(
      [...bots.values()].flatMap(
        (bot): Array<[string, Reading]> => [
          [`bots.${bot.id}.principal`, { text: bot.principal }],
          [`bots.${bot.id}.requestsPerHour`, perHour(bot.requestsPerHour)],
        ],
      ),
    ),
  };
}

const perHour = (most: number | undefined): Reading =>
  most === undefined ? { text: 'none', laxity: Number.POSITIVE_INFINITY } : { text: String(most), laxity: most };

function* ruleChanges(before: Catalogue, after: Catalogue): Generator<RuleChange> {
  yield* accountChanges(before, after);
  yield* validatorChanges(before, after);
  for (const id of new Set([...before.roles.keys(), ...after.roles.keys()])) {
    const [old, renewed] = [before.roles.get(id), after.roles.get(id)];
    if (!old || !renewed) {
      yield { role: id, rule: 'role', before: old?.arn ?? 'none', after: renewed?.arn ?? 'none' };
      continue;
    }
    if (old.digest === renewed.digest) continue;
    for (const change of differences(readingsOf(old), readingsOf(renewed))) yield { role: id, ...change };
  }
}

function* differences(was: Record<string, Reading>, is: Record<string, Reading>): Generator<Omit<RuleChange, 'role'>> {
  for (const rule of Object.keys({ ...was, ...is })) {
    const [one, other] = [was[rule] ?? nothing, is[rule] ?? nothing];
    if (one.text !== other.text) yield { rule, before: one.text, after: other.text, ...direction(one, other) };
  }
}

/** Changes to accounts in both catalogues: what approvers see, and what automatic approval and templates select by. */
function* accountChanges({ accounts: old }: Catalogue, { accounts: renewed }: Catalogue): Generator<RuleChange> {
  const readings = ({ name, color, tags, path }: Account): Record<string, Reading> => ({
    name: { text: name },
    color: color === undefined ? nothing : { text: color },
    tags: entries(tagsOf({ tags }).map(([tag, value]) => `${tag}=${value}`)),
    path: path === undefined ? nothing : { text: path },
  });
  for (const [key, account] of old) {
    const now = renewed.get(key);
    if (now)
      for (const change of differences(readings(account), readings(now))) yield { role: `accounts.${key}`, ...change };
  }
}

/** Changes to ticket validators. `role` is the validator's path in the file. */
function* validatorChanges(
  { ticketValidators: old }: Catalogue,
  { ticketValidators: renewed }: Catalogue,
): Generator<RuleChange> {
  for (const name of new Set([...old.keys(), ...renewed.keys()])) {
    const [was, is] = [old, renewed].map((validators) => validators.get(name));
    for (const rule of ['url', 'service', 'region'] as const) {
      const [one, other] = [was?.[rule] ?? 'none', is?.[rule] ?? 'none'];
      if (one !== other) yield { role: `ticketValidators.${name}`, rule, before: one, after: other };
    }
  }
}

const nothing: Reading = { text: 'none' };
const unconditional: Reading = { text: 'none', laxity: Number.POSITIVE_INFINITY };
const direction = ({ laxity: a }: Reading, { laxity: b }: Reading): Pick<RuleChange, 'is'> =>
  a === undefined || b === undefined || a === b ? {} : { is: b > a ? 'looser' : 'stricter' };
const duration = (seconds: number): Reading => ({ text: durationText(seconds), laxity: seconds });
const flag = (value: boolean, laxity: number): Reading => ({ text: String(value), laxity: value ? laxity : -laxity });
const entries = (list: readonly string[]): Reading => (list.length > 0 ? { text: list.join(', ') } : nothing);

/** The stages. Rights say who approves; these readings say at which stage. */
const stageReadings = (
  { need, approvers, fallback = [] }: Role['approval']['stages'][number],
  i: number,
): Array<[string, Reading]> => [
  [`approval.stages.${i}.need`, { text: String(need), laxity: -need }],
  [`approval.stages.${i}.approvers`, entries(approvers)],
  [`approval.stages.${i}.fallback`, entries(fallback)],
];

function readingsOf(role: Role): Record<string, Reading> {
  const {
    arn,
    account,
    description,
    duration: { default: usual, max },
    session,
    maxSessionDuration,
    reason,
    ticket,
    mfa,
    risk,
    conditions,
    approval,
    limits,
    breakGlass,
    schedule,
    scope,
    sessionPolicies,
    sourceNetworks,
    permissions,
    passRole,
    reaches,
  } = role;
  return {
    arn: { text: arn },
    externalId: { text: account.externalId },
    description: { text: description },
    'duration.default': duration(usual),
    'duration.max': duration(max),
    'session.max': duration(session.max),
    maxSessionDuration: duration(maxSessionDuration),
    'reason.minLength': { text: String(reason.minLength), laxity: -reason.minLength },
    ticket: ticket
      ? { text: `${ticket.pattern}${ticket.required ? ', required' : ''}`, laxity: ticket.required ? -2 : -1 }
      : { text: 'none', laxity: 0 },
    'ticket.validator': ticket?.validator === undefined ? nothing : { text: ticket.validator },
    'ticket.ifUnreachable':
      ticket?.validator === undefined
        ? nothing
        : { text: ticket.ifUnreachable ?? 'refuse', laxity: ticket.ifUnreachable === 'allow' ? 1 : 0 },
    mfa: flag(mfa, -1),
    ...Object.fromEntries(conditionReadings(conditions).map(([name, reading]) => [name, reading ?? unconditional])),
    risk: { text: risk },
    'limits.open':
      limits?.open === undefined
        ? { text: 'none', laxity: Number.POSITIVE_INFINITY }
        : { text: String(limits.open), laxity: limits.open },
    'schedule.within': duration(schedule.within),
    scope: scope ? { text: canonicalJson(scope) } : nothing,
    sessionPolicies: sessionPolicies.length > 0 ? { text: sessionPolicies.join(', ') } : nothing,
    sourceNetworks: sourceNetworks.length > 0 ? { text: sourceNetworks.join(', ') } : nothing,
    permissions: permissions ? { text: canonicalJson(permissions) } : nothing,
    passRole: { ...entries(passRole), laxity: passRole.length > 0 ? 1 : 0 },
    reaches: { ...entries(reaches), laxity: reaches.length },
    'account.revoker': { text: String(account.revoker) },
    'approval.automatic': flag(approval.automatic, 1),
    'approval.automatic.when': approval.automaticWhen ? { text: automaticText(approval.automaticWhen) } : nothing,
    'approval.stages': { text: `${approval.stages.length}`, laxity: -approval.stages.length },
    'approval.decideWithin': duration(approval.decideWithin),
    'approval.remind': approval.remind ? { text: JSON.stringify(approval.remind) } : nothing,
    'approval.escalate.after': approval.escalate ? { text: durationText(approval.escalate.after) } : nothing,
    'approval.escalate.to': entries(approval.escalate?.to ?? []),
    'breakGlass.maxDuration': breakGlass ? duration(breakGlass.maxDuration) : { text: 'none', laxity: 0 },
    'breakGlass.reason.minLength': breakGlass
      ? { text: String(breakGlass.reason.minLength), laxity: -breakGlass.reason.minLength }
      : nothing,
    'breakGlass.reviewWithin': breakGlass ? duration(breakGlass.reviewWithin) : nothing,
    'breakGlass.unsigned': breakGlass ? { text: String(breakGlass.unsigned), laxity: breakGlass.unsigned } : nothing,
    ...Object.fromEntries(approval.stages.flatMap(stageReadings)),
  };
}
