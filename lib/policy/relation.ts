// What a caller is to a request.
import { type Catalogue, decidersOf, names, personOf } from '../catalogue/catalogue.ts';
import type { KnownPerson, RequestRecord, Stage } from '../model/schema.ts';
import { mayReview } from './break-glass.ts';
import { type Caller, callerFromLink } from './principal.ts';
import { stageToday } from './stages.ts';
import { whoIs } from './who.ts';

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
