// The sentences that emails and pages share: who requests what, and what an approval does.
import { lastingReaches, reachTexts } from '../catalogue/reach.ts';
import { durationText, instantText } from '../common/time.ts';
import type { Outcome, RequestRecord, Stage, TicketCheck } from '../model/schema.ts';
import { approvals, openStage } from '../model/status.ts';

/** A person by name. The key, an email address or a principal, was verified. The name may be the person's own choice. */
export type Named = { key: string; name: string };

/** The key shown beside a name, because other people may have the same name; undefined if the key is shown as the name. */
export const keyBeside = ({ key, name }: Named): string | undefined => (key === name ? undefined : key);

/** Words that somebody typed. */
export type Said = { said: string };
/** A sentence whose parts know whose words they are, so that each channel can render people's words its own safe way. */
export type Phrase = ReadonlyArray<string | Named | Said>;
/** A request on its way to a reader. `timeZone`: an IANA name, whose time stands beside UTC. */
export type Told = RequestRecord & { timeZone?: string | undefined };
/** One line of a table of facts. `quote` is a longer text that somebody typed. */
export type Fact = { label: string; value?: Phrase; note?: Phrase; quote?: string };

/** A phrase from a template: the literal text and strings are ours, Named and Said are people's. */
export function say(
  strings: TemplateStringsArray,
  ...holes: ReadonlyArray<string | number | Named | Said | Phrase>
): Phrase {
  return strings.flatMap((ours, i): Phrase => {
    const hole = holes[i];
    if (hole === undefined) return [ours];
    if (typeof hole === 'number') return [ours, String(hole)];
    return Array.isArray(hole) ? [ours, ...(hole as Phrase)] : [ours, hole as string | Named | Said];
  });
}

export const requesterOf = ({ requester }: RequestRecord): Named => ({
  key: requester.email ?? requester.person,
  name: requester.name,
});

/** `production-bucket-read in Production (111111111111)` */
export const what = ({ role }: RequestRecord): string => `${role.id} in ${role.account.name} (${role.account.id})`;

/** The requester, and the principal where it says more. */
export function whoAsks(request: RequestRecord): Phrase {
  const { principal } = request.requester;
  const asker = requesterOf(request);
  const isMachine = principal.startsWith('arn:') && principal !== asker.key;
  return [asker, ...(isMachine ? [`, signed in as ${principal}`] : [])];
}

/** Who asks for what, where and for how long, in one sentence. */
export function asksFor(request: Told): Phrase {
  const { role, durationSeconds, wantedStart } = request;
  const start = wantedStart === undefined ? '' : `, starting on ${instantText(wantedStart, request.timeZone)}`;
  return say`${requesterOf(request)} requests ${role.id} in ${role.account.name} for ${durationText(durationSeconds)}${start}.`;
}

/** Why: what the requester wrote, and the ticket. */
export const reasonFacts = (request: RequestRecord): Fact[] => [
  { label: 'Reason', quote: request.reason },
  ...ticketFacts(request),
];

/** Everything else that an approver should know: the reason comes before it, and the account is shown as a banner. */
export function factsOf(request: Told): Fact[] {
  const { role, durationSeconds, decideBy } = request;
  return [
    ...askerFacts(request),
    { label: 'Role', value: [role.id], note: [role.description] },
    ...riskFacts(request),
    ...reachFacts(request),
    ...(request.extends === undefined
      ? []
      : [{ label: 'Continues', value: [`request ${request.extends}, after its grant has ended`] }]),
    ...scopeFacts(request),
    { label: 'How long', value: [`${durationText(durationSeconds)}, ${countedFrom(request)}`] },
    { label: 'Approvals needed', value: approvalsNeeded(request) },
    { label: 'Decide until', value: [instantText(decideBy, request.timeZone)] },
  ];
}

/** The ticket, and what is known of it. What a validator says is somebody's text like any other. */
export function ticketFacts(request: RequestRecord): Fact[] {
  const { ticket, ticketCheck } = request;
  if (ticket === undefined) return [];
  return [
    { label: 'Ticket', value: [{ said: ticket }], ...(ticketCheck && { note: ticketNote(ticketCheck, request) }) },
  ];
}

function ticketNote({ validator, state, says }: TicketCheck, { review }: RequestRecord): Phrase {
  if (state === 'valid') return [`${validator}: valid`, ...(says === undefined ? [] : [': ', { said: says }])];
  return review
    ? [`Unchecked: break-glass did not wait for ${validator}.`]
    : [`Unchecked: ${validator}, which checks the tickets of this role, gave no answer. Look at the ticket yourself.`];
}

/** In words, and as what AWS will hold the session to. */
export const scopeFacts = ({ scope }: RequestRecord): Fact[] =>
  scope
    ? [
        { label: 'Limited to', value: [{ said: scope.says }] },
        {
          label: 'Resulting policy',
          quote: scope.statements
            .map(({ actions, resources }) => `Allow ${actions.join(', ')}\non ${resources.join(', ')}`)
            .join('\n'),
        },
      ]
    : [];

/** Who has decided so far, oldest first. */
export const decisionsOf = ({ stages, timeZone }: Told): Fact[] =>
  stages
    .flatMap(({ decisions }) => decisions)
    .map(({ person, name, decision, comment, at }) => ({
      label: decision === 'approve' ? 'Approved by' : 'Denied by',
      value: say`${{ key: person, name }}, ${instantText(at, timeZone)}`,
      ...(comment !== undefined && { quote: comment }),
    }));

/** `2 (1 given, stage 1 of 2): Lena Lead or Sam Second`, for the stage whose turn it is. */
function approvalsNeeded(request: RequestRecord): Phrase {
  const open = openStage(request);
  if (!open) return ['None'];
  const { index, stage } = open;
  const people = approversOf(request, stage);
  const stages = request.stages.length > 1 ? [`stage ${index + 1} of ${request.stages.length}`] : [];
  const given = approvals(stage) > 0 ? [`${approvals(stage)} given`] : [];
  const aside = [...given, ...stages].join(', ');
  return say`${stage.need}${aside === '' ? '' : ` (${aside})`}: ${names(people)}`;
}

/** Whom a request still waits for; empty when nothing is open. */
export function waitingFor(request: RequestRecord): Phrase {
  const open = openStage(request);
  if (!open) return [];
  const decided = new Set(open.stage.decisions.map(({ person }) => person));
  const missing = open.stage.need - approvals(open.stage);
  return say`${missing} more ${missing === 1 ? 'approval' : 'approvals'}, from ${names(approversOf(request, open.stage).filter(({ key }) => !decided.has(key)))}`;
}

/** What happens on Approve, in one plain sentence or two. */
export function ifApproved(request: Told): Phrase {
  const open = openStage(request);
  if (!open) return ['Nothing happens: the request is no longer pending.'];
  const who = requesterOf(request);
  const missing = open.stage.need - approvals(open.stage) - 1;
  if (missing > 0) {
    const others = missing === 1 ? 'One more approver has' : `${missing} more approvers have`;
    return say`Your approval counts. ${others} to approve before ${who} gets access.`;
  }
  const next = request.stages[open.index + 1];
  if (next)
    return say`The request goes on to the next approvers (${names(approversOf(request, next))}). Only their approval gives ${who} access.`;
  const start =
    request.wantedStart === undefined
      ? 'starting when you approve'
      : `starting on ${instantText(request.wantedStart, request.timeZone)}, or when you approve if that is later`;
  return say`${who} can use ${what(request)} for ${durationText(request.durationSeconds)}, ${start}. Access then ends automatically.`;
}

export const ifDenied = (request: RequestRecord): Phrase =>
  say`The request is closed permanently. ${requesterOf(request)} is told, and sees your comment.`;

/** @param now epoch milliseconds */
export const ifNobodyDecides = ({ decideBy, timeZone }: Told, now: number): Phrase => [
  `If nobody decides within ${timeLeft(decideBy, now)}, by ${instantText(decideBy, timeZone)}, the request lapses.`,
];

/** In whole minutes, at least one. */
const timeLeft = (until: number, now: number): string =>
  durationText(Math.max(60, Math.round((until - now) / 60_000) * 60));

/** Who or what ended a request. */
export const whoEnded = ({ by }: Outcome): Named | string =>
  by.kind === 'person' ? { key: by.key, name: by.name } : endedBy[by.kind];
const endedBy = { clock: 'the clock', catalogue: 'the catalogue' };

export const grantFacts = ({ grant, timeZone }: Told): Fact[] => {
  if (!grant) return [];
  const { startsAt, endsAt } = grant;
  return [
    { label: 'Access', value: [`from ${instantText(startsAt, timeZone)} until ${instantText(endsAt, timeZone)}`] },
  ];
};

/** Until when sessions that are already out can still be used after an early end; undefined when none can. */
function lastSessionEnd({ sessions, outcome, revocation }: RequestRecord): number | undefined {
  if (revocation) return revocation.effectiveBy;
  const ends = sessions.map(({ expiresAt }) => expiresAt).filter((end) => outcome !== undefined && end > outcome.at);
  return ends.length > 0 ? Math.max(...ends) : undefined;
}

/** What an early end does to sessions, in sentences. */
export function sessionsAfterEnd(request: Told): string {
  const until = lastSessionEnd(request);
  const out =
    until === undefined
      ? ''
      : ` From ${instantText(until, request.timeZone)} on, none of the existing sessions can be used.${revocationText(request)}`;
  return `No new sessions are issued.${out}`;
}

// --- internal ---

/** What becomes of existing sessions meanwhile; nothing where they are left to their own end. */
function revocationText({ revocation, role }: RequestRecord): string {
  switch (revocation?.state) {
    case 'pending':
      return ' They are also being revoked in AWS, which takes a few minutes.';
    case 'done':
      return ` They were also revoked in AWS, which takes effect within minutes${exceptReach(role)}.`;
    case 'failed':
      return ' Revoking them in AWS as well did not work.';
    default:
      return '';
  }
}

const exceptReach = ({ reaches }: RequestRecord['role']): string => {
  const names = lastingReaches(reaches);
  return names.length > 0 ? `, except for what they reach by ${names.join(', ')}` : '';
};

const askerFacts = (request: RequestRecord): Fact[] => [
  { label: 'Asked by', value: whoAsks(request) },
  ...(request.filedBy
    ? [{ label: 'Filed by', value: say`the bot ${request.filedBy.principal}, on behalf of ${requesterOf(request)}` }]
    : []),
];

/** Said where it is high; a low risk would be one line more that nobody reads. */
const riskFacts = ({ role }: RequestRecord): Fact[] =>
  role.risk === 'high' ? [{ label: 'Risk', value: ['high'] }] : [];

/** Said where there is something: most roles are over with their session. */
export const reachFacts = ({ role }: RequestRecord): Fact[] => {
  const texts = reachTexts(role);
  return texts.length > 0 ? [{ label: 'Beyond the session', value: [`This role can ${texts.join('; ')}.`] }] : [];
};

const countedFrom = ({ wantedStart, timeZone }: Told): string =>
  wantedStart === undefined
    ? 'starting at the approval'
    : `starting on ${instantText(wantedStart, timeZone)}, or at the approval if that is later`;

const approversOf = ({ requester }: RequestRecord, stage: Stage): Named[] => {
  const people: Named[] = stage.people.filter(({ key }) => key !== requester.person);
  return isEverybodyKnown(stage)
    ? people
    : [...people, ...openEntries(stage).map((entry) => ({ key: entry, name: entry }))];
};

/** Entries that no list of people can stand for: everyone, or a group that only tokens know of. */
const openEntries = ({ approvers, people }: Stage): string[] =>
  approvers.filter((entry) => entry === 'everyone' || (entry.startsWith('group:') && people.length === 0));
const isEverybodyKnown = (stage: Stage): boolean => openEntries(stage).length === 0;

const names = (people: readonly Named[]): Phrase =>
  people.length === 0
    ? ['nobody']
    : people.flatMap((person, i) => (i === 0 ? [person] : [i === people.length - 1 ? ' or ' : ', ', person]));
