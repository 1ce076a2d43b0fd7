// Reads documents that version 0.1 stored, in which some fields had another place.
type Fields = Record<string, unknown>;

/** A stored document in the current form. A current document is returned unchanged. */
export function upgraded(document: unknown): unknown {
  if (!isFields(document)) return document;
  const { startsAt, endsAt, stages, outcome, ticketCheck, role, ...rest } = document;
  const start = endsAt === undefined ? { wantedStart: startsAt } : { grant: { startsAt, endsAt } };
  return {
    ...rest,
    ...(role !== undefined && { role: upgradedRole(role) }),
    ...(startsAt !== undefined && start),
    stages: Array.isArray(stages) ? stages.map((stage) => upgradedStage(stage, document)) : stages,
    ...(outcome !== undefined && { outcome: upgradedOutcome(outcome) }),
    ...(ticketCheck !== undefined && { ticketCheck: upgradedTicket(ticketCheck) }),
  };
}

// --- internal ---

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

function upgradedRole(role: unknown): unknown {
  if (!isFields(role) || !isFields(role.conditions) || role.conditions.signInSeconds === undefined) return role;
  const { signInSeconds, ...conditions } = role.conditions;
  return { ...role, conditions: { ...conditions, signIn: { within: signInSeconds } } };
}

function upgradedStage(stage: unknown, document: Fields): unknown {
  if (!isFields(stage)) return stage;
  const { openedBy, escalated, ...rest } = stage;
  const escalation = isFields(escalated) && 'by' in escalated ? at(escalated.by, document) : undefined;
  return {
    ...rest,
    ...(openedBy !== undefined && { openedAt: at(openedBy, document) }),
    ...(escalated !== undefined && {
      escalated: escalation === undefined ? escalated : { ...(escalated as Fields), at: escalation },
    }),
  };
}

/** The time of an event. A stage used to name the event that opened it. */
function at(seq: unknown, { history, createdAt }: Fields): unknown {
  const event = Array.isArray(history) ? history.find((one) => isFields(one) && one.seq === seq) : undefined;
  return isFields(event) ? event.at : createdAt;
}

function upgradedOutcome(outcome: unknown): unknown {
  if (!isFields(outcome) || typeof outcome.by !== 'string') return outcome;
  if (['nobody', 'the end of the grant'].includes(outcome.by)) return { ...outcome, by: { kind: 'clock' } };
  if (outcome.by === 'the catalogue') return { ...outcome, by: { kind: 'catalogue' } };
  return { ...outcome, by: { kind: 'person', key: outcome.by, name: outcome.by } };
}

/** Tickets are no longer checked after filing. */
const upgradedTicket = (check: unknown): unknown =>
  isFields(check) && check.state !== 'valid' ? { ...check, state: 'unchecked' } : check;
