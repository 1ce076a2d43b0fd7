// The relation of a caller to a request: requester, approver, reviewer, admin and so on.
import { type Catalogue, decidersOf, names, personOf } from '../catalogue/catalogue.ts';
import type { KnownPerson, RequestRecord, Stage } from '../model/schema.ts';
import { mayReview } from './break-glass.ts';
import { type Caller, callerFromLink } from './principal.ts';
import { stageToday } from './stages.ts';
import { whoIs } from './who.ts';

/** The relation of a caller to a request. Without any, the request does not exist for the caller. */
export type Relation = {
  requester: boolean;
  filer: boolean;
  /** may decide at any stage, by today\'s groups */
  approver: boolean;
  /** was asked or has decided, even if no longer an approver */
  asked: boolean;
  /** may sign the review of a request by break-glass */
  reviewer: boolean;
  admin: boolean;
  auditor: boolean;
};

/** The relation by the request as filed and today\'s catalogue. A bot can only be the filer. */
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

/** Whether a person named in a request is still involved. People who have left are no longer notified. */
export function isStillConcerned(catalogue: Catalogue, record: RequestRecord, person: KnownPerson): boolean {
  const { requester, approver, reviewer, admin } = relationOf(catalogue, record, callerFromLink(catalogue, person));
  return requester || approver || reviewer || admin;
}

export const isInvolved = (relation: Relation): boolean => Object.values(relation).some(Boolean);

/**
 * Whether the caller is an approver of this stage by today\'s catalogue: by the stage in the same place and, after an escalation, by the
 * escalation of the role. If the role is gone or has no stages, the entries at filing count. If the number of stages has changed, places
 * no longer correspond, so the caller must be named at filing and in any stage today.
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

/** A person may have several principals, which the catalogue may only have joined after the request was filed. */
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
