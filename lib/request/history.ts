// The history of a request: every change adds one event, chained to the ones before it, so that a tampered one shows.
import { canonicalJson, digestOf, sha256 } from '../common/digest.ts';
import type { Decision, EventType, HistoryEvent, Outcome, RequestRecord, Via } from '../model/schema.ts';
import type { Caller } from '../policy/principal.ts';

/** Who did it and how, for the history. */
export type By = { actor: string; via: Via };
export const byCaller = (caller: Caller): By => ({
  actor: caller.kind === 'bot' ? caller.principal : caller.person.key,
  via: caller.via,
});

/** How many vends are kept of a long life: the document stays small, the chain stays whole. */
const KEPT_VENDS = 12;

/** Adds one event and moves version and chain along with it. */
export function record(
  request: RequestRecord,
  type: EventType,
  { actor, via }: By,
  at: number,
  note?: string,
): RequestRecord {
  const seq = request.version + 1;
  const added: HistoryEvent = { seq, at, type, actor, via, ...(note !== undefined && note !== '' && { note }) };
  const kept = type === 'vended' ? folded(request.history) : request.history;
  const event = kept === request.history ? added : { ...added, prev: request.head, kept: digestOf(kept) };
  return { ...request, version: seq, history: [...kept, event], head: chain(request.head, event) };
}

/** Ends a request: its outcome, and the event that says the same. */
export function recordEnd(request: RequestRecord, outcome: Outcome, by: By, now: number): RequestRecord {
  return record({ ...request, outcome }, outcome.status, by, now, outcome.why);
}

const chain = (before: string, { prev: _, ...event }: HistoryEvent): string => sha256(before + canonicalJson(event));

/**
 * Without the oldest vend, once there are many. The event that is written next answers for what is left: it carries the chain
 * value that stood before it and the digest of the events before it. Earlier ones that did so need not any more.
 */
function folded(history: HistoryEvent[]): HistoryEvent[] {
  const vends = history.filter(({ type }) => type === 'vended');
  if (vends.length < KEPT_VENDS) return history;
  return history.filter((event) => event !== vends[0]).map(({ prev: _, kept: __, ...event }) => event);
}

/**
 * Whether the history is the one that was written. From the newest fold on, or from the beginning, every value of the chain
 * follows from the one before, up to `head`; what stands before a fold has the digest that the fold carries.
 */
export function isHistoryIntact({ history, head, version }: RequestRecord): boolean {
  const fold = history.findLastIndex(({ kept }) => kept !== undefined);
  const before = history.slice(0, Math.max(0, fold));
  const chained = history.slice(before.length);
  const first = chained[0];
  if (!first || (fold < 0 && first.seq !== 1)) return false;
  const isKept = fold < 0 || digestOf(before) === first.kept;
  const isInOrder = chained.every(({ seq }, i) => seq === first.seq + i) && chained.at(-1)?.seq === version;
  return isKept && isInOrder && chained.reduce(chain, first.prev ?? '') === head;
}

/** What does not fit together in a stored request; undefined where all of it does. */
export type Alteration = 'history' | 'decisions' | 'grant';

/**
 * Whether somebody has written into the request besides Latchkey: its history is chained, and nobody's decision and no grant stands there that
 * the history does not know. Whoever can write the whole item can write a history that fits, see SECURITY.md.
 */
export function alterationOf(request: RequestRecord): Alteration | undefined {
  if (!isHistoryIntact(request)) return 'history';
  const { history, stages, grant } = request;
  const decisions = stages.flatMap((stage) => stage.decisions);
  const isKnown = ({ person, at, decision }: Decision) =>
    history.some(({ type, actor, at: then }) => type === eventOf[decision] && actor === person && then === at);
  if (!decisions.every(isKnown)) return 'decisions';
  return grant && !history.some(({ type }) => type === 'approved') ? 'grant' : undefined;
}

const eventOf = { approve: 'approved', deny: 'denied' } as const satisfies Record<Decision['decision'], EventType>;

/** A request that Latchkey did not write as it stands. */
export class RequestAltered extends Error {
  override readonly name = 'RequestAltered';
}

/** Nobody gets or gives access by a request that was altered. It can be ended. @throws RequestAltered, a fault that no caller is told of */
export function refuseIfAltered(request: RequestRecord): void {
  const alteration = alterationOf(request);
  if (alteration) throw new RequestAltered(`the ${alteration} of ${request.id} does not fit the rest of it`);
}
