// The history of a request: every change adds one event, chained to the previous ones, so that tampering is detected.
import { canonicalJson, digestOf, sha256 } from '../common/digest.ts';
import type { Decision, EventType, HistoryEvent, Outcome, RequestRecord, Via } from '../model/schema.ts';
import type { Caller } from '../policy/principal.ts';

/** Who did it and how, for the history. */
export type By = { actor: string; via: Via };
export const byCaller = (caller: Caller): By => ({
  actor: caller.kind === 'bot' ? caller.principal : caller.person.key,
  via: caller.via,
});

/** How many issued sessions the history keeps, so that the document stays small. The chain stays intact. */
const KEPT_VENDS = 12;

/** Adds one event, and updates version and chain. */
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

/** Ends a request: sets its outcome and adds the matching event. */
export function recordEnd(request: RequestRecord, outcome: Outcome, by: By, now: number): RequestRecord {
  return record({ ...request, outcome }, outcome.status, by, now, outcome.why);
}

const chain = (before: string, { prev: _, ...event }: HistoryEvent): string => sha256(before + canonicalJson(event));

/**
 * Drops the oldest issue event, once there are many. The next event protects the rest: it carries the previous chain value and the
 * digest of the events before it. Earlier events no longer need to.
 */
function folded(history: HistoryEvent[]): HistoryEvent[] {
  const vends = history.filter(({ type }) => type === 'vended');
  if (vends.length < KEPT_VENDS) return history;
  return history.filter((event) => event !== vends[0]).map(({ prev: _, kept: __, ...event }) => event);
}

/**
 * Whether the history is the one that was written. From the newest fold on, or from the beginning, every value of the chain
 * follows from the previous one, up to `head`. The events before a fold have the digest that the fold carries.
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

/** The part of a stored request that is inconsistent; undefined if none is. */
export type Alteration = 'history' | 'decisions' | 'grant';

/**
 * Detects changes that Latchkey did not make: the history is chained, and every decision and the grant must appear in it.
 * An attacker who can write the whole item can also write a matching history, see SECURITY.md.
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

/** A stored request that Latchkey did not write in this form. */
export class RequestAltered extends Error {
  override readonly name = 'RequestAltered';
}

/** An altered request cannot give access. It can be ended. @throws RequestAltered, which callers see as an internal error */
export function refuseIfAltered(request: RequestRecord): void {
  const alteration = alterationOf(request);
  if (alteration) throw new RequestAltered(`the ${alteration} of ${request.id} does not fit the rest of it`);
}
