// The stages of an approval: who can decide, and whether there are enough people.
import { type Catalogue, displayNames, othersNamed, type Person, personOf, type Role } from '../catalogue/catalogue.ts';
import { areFillable, type Candidates } from '../catalogue/seats.ts';
import type { KnownPerson, RequestRecord, Stage } from '../model/schema.ts';
import { takesSignIn } from './assurance.ts';
import type { RoleFiling } from './filing-context.ts';

/** A stage for one requester. If its approvers are too few without the requester, the fallback is added. */
export function stageFor(
  catalogue: Catalogue,
  role: Role,
  rule: Role['approval']['stages'][number],
  requester: Person,
): RoleFiling['stages'][number] {
  const { need, approvers, fallback } = rule;
  const by = takesSignIn(role, rule) ? { by: 'signed-in' as const } : {};
  const people = othersNamed(catalogue, approvers, requester.key);
  if (fallback === undefined || approvers.includes('everyone') || people.length >= need)
    return { need, approvers: [...approvers], people, ...by };
  const joined = [...new Set([...approvers, ...fallback])];
  return { need, approvers: joined, people: othersNamed(catalogue, joined, requester.key), ...by };
}

export const candidatesOf = (stage: Pick<Stage, 'approvers' | 'people'>): Candidates =>
  stage.approvers.includes('everyone') ? 'any' : stage.people.map(({ key }) => key);

/**
 * Whether an approval by `person` at stage `index` would leave a later stage without enough people, although another approver's would
 * not. A request that cannot be completed anyway is not held up by this.
 */
export const isNeededLater = (record: RequestRecord, index: number, person: string): boolean =>
  areFillable(seatsLeft(record, index, [])) && !areFillable(seatsLeft(record, index, [person]));

/** Whether the known people, including those of an escalation, can still complete a pending request. */
export function isCompletable(record: RequestRecord): boolean {
  const further = record.waiting?.escalate?.people ?? [];
  const stages = record.stages.map((stage) => ({ ...stage, people: [...stage.people, ...further] }));
  return areFillable(seatsLeft({ ...record, stages }, 0, []));
}

/** The approvals that stages from `index` on still need, and who could give them once `approving` have approved the first of these stages. */
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

/**
 * Who may decide a stage by today\'s catalogue; people of its escalation come last.
 * @returns undefined if today\'s role has no corresponding stage
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

/** A stage for display: names of people where known. */
export const stageNames = (catalogue: Catalogue, stage: { approvers: readonly string[] }): string[] =>
  displayNames(catalogue, stage.approvers);
