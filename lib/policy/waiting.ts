// Reminders and escalation of a waiting request: its settings and its changes. status.ts says when they are due.
import { type Catalogue, othersNamed, type Person, type Role } from '../catalogue/catalogue.ts';
import type { RequestRecord, Stage, Waiting } from '../model/schema.ts';
import { openStage } from '../model/status.ts';

/** The role's current settings for reminders and escalation; undefined without any. */
export function waitingOf(
  catalogue: Catalogue,
  { approval: { remind, escalate } }: Role,
  requester: Person,
): Waiting | undefined {
  if (!remind && !escalate) return undefined;
  return {
    ...(remind && {
      remind: { ...remind, every: remind.every ?? remind.after, ...(remind.quiet && { quiet: remind.quiet }) },
    }),
    ...(escalate && {
      escalate: {
        after: escalate.after,
        to: [...escalate.to],
        people: othersNamed(catalogue, escalate.to, requester.key),
      },
    }),
  };
}

/** Counts a reminder in the open stage. */
export const reminded = (request: RequestRecord, now: number): RequestRecord =>
  withOpenStage(request, (stage) => ({ ...stage, reminded: { count: (stage.reminded?.count ?? 0) + 1, at: now } }));

/** Adds the people of the escalation to the open stage. */
export function escalated(request: RequestRecord, now: number): RequestRecord {
  const { to = [], people = [] } = request.waiting?.escalate ?? {};
  return withOpenStage(request, (stage) => ({
    ...stage,
    approvers: [...new Set([...stage.approvers, ...to])],
    people: [...stage.people, ...people.filter(({ key }) => !stage.people.some((known) => known.key === key))],
    escalated: { at: now, from: stage.people.length },
  }));
}

function withOpenStage(request: RequestRecord, change: (stage: Stage) => Stage): RequestRecord {
  const index = openStage(request)?.index;
  return { ...request, stages: request.stages.map((stage, i) => (i === index ? change(stage) : stage)) };
}
