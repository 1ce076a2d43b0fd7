// Updates the approvers of a pending request after a change of the catalogue, and reports requests that nobody can approve.
import { type Catalogue, othersNamed } from '../catalogue/catalogue.ts';
import { canonicalJson } from '../common/digest.ts';
import type { KnownPerson, RequestRecord, Stage } from '../model/schema.ts';
import { approvals, openStage, statusAt } from '../model/status.ts';
import { callerFromLink } from '../policy/principal.ts';
import { mayDecideStage } from '../policy/relation.ts';
import { isCompletable, stageToday } from '../policy/stages.ts';
import { escalated } from '../policy/waiting.ts';
import { type By, record } from './history.ts';

const byCatalogue: By = { actor: 'latchkey', via: 'catalogue' };

/**
 * The request with the current approvers. An open stage without enough approvers is escalated immediately. If the request cannot be
 * completed, requester and admins are told.
 * @param now epoch milliseconds
 * @returns undefined if nothing changes
 */
export function withApproversOfToday(
  request: RequestRecord,
  catalogue: Catalogue,
  now: number,
): RequestRecord | undefined {
  if (statusAt(request, now) !== 'pending') return undefined;
  const changed = toldIfStuck(escalatedIfShort(resolvedAgain(request, catalogue, now), now), catalogue, now);
  return changed === request ? undefined : changed;
}

// --- internal ---

function resolvedAgain(request: RequestRecord, catalogue: Catalogue, now: number): RequestRecord {
  const stages = request.stages.map((_, index) => stageNow(catalogue, request, index, now));
  const waiting = waitingNow(catalogue, request);
  if (rosterOf({ stages, waiting }) === rosterOf(request)) return request;
  const { stuck, ...rest } = request;
  const next = { ...rest, stages, ...(waiting && { waiting }) };
  const isStuckStill = stuck !== undefined && !isCompletable(next);
  const note = changeNote(request.stages, stages);
  return record({ ...next, ...(isStuckStill && { stuck }) }, 'approvers-changed', byCatalogue, now, note);
}

/** A stage with all its approvals does not change. */
function stageNow(catalogue: Catalogue, request: RequestRecord, index: number, now: number): Stage {
  const stage = request.stages[index]!;
  if (approvals(stage) >= stage.need) return stage;
  const today = stageToday(catalogue, request, index);
  const people =
    today?.people ??
    stage.people.filter((one) => mayDecideStage(catalogue, request, stage, callerFromLink(catalogue, one)));
  const hasNewPeople = people.some(({ key }) => !stage.people.some((one) => one.key === key));
  const former = [...(stage.former ?? []), ...stage.people].filter(({ key }) => !people.some((one) => one.key === key));
  return {
    ...stage,
    ...(today && { approvers: today.approvers }),
    people,
    ...(former.length > 0 && { former }),
    // approvers who are asked now are not reminded immediately
    ...(hasNewPeople && stage.openedAt !== undefined && { reminded: { count: stage.reminded?.count ?? 0, at: now } }),
    ...(stage.escalated && today && { escalated: { ...stage.escalated, from: today.escalatedFrom } }),
  };
}

/** The people to whom it is escalated follow the catalogue. The time stays as filed. */
function waitingNow(catalogue: Catalogue, { waiting, role, requester }: RequestRecord): RequestRecord['waiting'] {
  if (!waiting?.escalate) return waiting;
  const { escalate, ...rest } = waiting;
  const to = catalogue.roles.get(role.id)?.approval.escalate?.to ?? [];
  if (to.length === 0) return rest;
  return { ...rest, escalate: { ...escalate, to: [...to], people: othersNamed(catalogue, to, requester.person) } };
}

/** Everybody who may decide or be asked, regardless of order and names. */
const rosterOf = ({ stages, waiting }: Pick<RequestRecord, 'stages' | 'waiting'>): string =>
  canonicalJson([
    ...stages.map(({ approvers, people }) => [sorted(approvers), sorted(keysOf(people))]),
    sorted(waiting?.escalate?.to ?? []),
    sorted(keysOf(waiting?.escalate?.people ?? [])),
  ]);

const sorted = (texts: readonly string[]): string[] => [...texts].sort();
const keysOf = (people: readonly KnownPerson[]): string[] => people.map(({ key }) => key);

/** `New Lead may decide now. Lead no longer may.` */
function changeNote(before: readonly Stage[], after: readonly Stage[]): string {
  const [old, current] = [peopleIn(before), peopleIn(after)];
  const missingIn = (known: Map<string, string>, people: Map<string, string>) =>
    [...people].flatMap(([key, name]) => (known.has(key) ? [] : [name])).join(', ');
  const [added, gone] = [missingIn(old, current), missingIn(current, old)];
  return [...(added ? [`${added} may decide now.`] : []), ...(gone ? [`${gone} no longer may.`] : [])].join(' ');
}

const peopleIn = (stages: readonly Stage[]): Map<string, string> =>
  new Map(stages.flatMap(({ people }) => people.map(({ key, name }): [string, string] => [key, name])));

/** If the open stage has too few people, there is no point in waiting for the escalation. */
function escalatedIfShort(request: RequestRecord, now: number): RequestRecord {
  const open = openStage(request);
  const { waiting, ...alone } = request;
  const escalation = waiting?.escalate;
  if (!open || open.stage.escalated || !escalation || escalation.people.length === 0) return request;
  if (isCompletable({ ...alone, stages: request.stages.slice(0, open.index + 1) })) return request;
  return record(escalated(request, now), 'escalated', byCatalogue, now, `to ${escalation.to.join(', ')}`);
}

function toldIfStuck(request: RequestRecord, catalogue: Catalogue, now: number): RequestRecord {
  if (request.stuck || isCompletable(request)) return request;
  const admins = othersNamed(catalogue, catalogue.admins, request.requester.person);
  return record({ ...request, stuck: { at: now, admins } }, 'approvers-missing', byCatalogue, now);
}
