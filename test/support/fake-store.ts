// The store in memory. The contract suite holds it and DynamoDB to the same behaviour.
import type { ListIndex, Look, Position, Store } from '../../lib/app.ts';
import { bounds } from '../../lib/catalogue/bounds.ts';
import { entryOf } from '../../lib/catalogue/role-template.ts';
import { SECOND } from '../../lib/common/time.ts';
import type { Binding, Blocks, MessageRecord, RequestRecord } from '../../lib/model/schema.ts';
import { dueAt, isPending, overAt } from '../../lib/model/status.ts';
import type { Ledger, LedgerKey } from '../../lib/policy/ledger.ts';
import type { RevocationList } from '../../lib/session/revocation-plan.ts';

/** A committed write of a request, as the table's stream shows it. */
export type Change = { before?: RequestRecord; after: RequestRecord };
export type FakeStore = Store & {
  /** by id */
  requests: Map<string, RequestRecord>;
  /** by `<request id>#<message id>` */
  messages: Map<string, MessageRecord>;
  /** by kind and id */
  ledgersByName: Map<string, Ledger>;
  /** every committed write of a request, oldest first; a test takes them away as it plays the stream */
  changes: Change[];
  /** by the ARN of the role */
  revocations: Map<string, FakeRevocations>;
  /** by id; a released one has no owner */
  identities: Map<string, Binding>;
  /** replaces the blocks, without ending any request */
  setBlocks(blocks: Blocks): void;
};
type FakeRevocations = { -readonly [Key in keyof RevocationList]: RevocationList[Key] } & {
  holder?: string | undefined;
  leased: number;
};

/** Calls begin and end at once. To observe, order or break them, wrap the store. */
export function fakeStore(): FakeStore {
  const requests = new Map<string, RequestRecord>();
  const messages = new Map<string, MessageRecord>();
  const changes: Change[] = [];
  const ledgers = new Map<string, Ledger>();
  const endings = new Map<string, number>();
  let look: Look | undefined;
  let blocks: Blocks = { version: 0, blocks: [] };
  const revocations = new Map<string, FakeRevocations>();
  const identities = new Map<string, Binding>();

  function revocationsOf(role: string): FakeRevocations {
    const list = revocations.get(role) ?? { grants: new Map(), version: 0, applied: -1, leased: 0 };
    revocations.set(role, list);
    return list;
  }

  function write(after: RequestRecord): void {
    const before = requests.get(after.id);
    requests.set(after.id, frozen(after));
    changes.push({ ...(before && { before }), after });
  }

  return {
    requests,
    ledgersByName: ledgers,
    messages,
    changes,
    revocations,
    identities,
    setBlocks: (next) => {
      blocks = frozen(next);
    },

    get: async (id) => requests.get(id),

    async getMany(ids) {
      if (ids.length > 100) throw new RangeError('at most 100 requests at once');
      return ids.flatMap((id) => requests.get(id) ?? []);
    },

    async create(record, counting, judgedBy) {
      const stored = requests.get(record.id);
      if (stored) return stored;
      if (counting.some((ledger) => (ledgers.get(ledgerName(ledger))?.version ?? 0) !== ledger.version - 1))
        return 'lost';
      if (judgedBy !== undefined && judgedBy !== blocks.version) return 'lost';
      write(record);
      for (const ledger of counting) ledgers.set(ledgerName(ledger), frozen(ledger));
      return 'created';
    },

    ledgers: async (keys) =>
      keys.map((key) => ledgers.get(ledgerName(key)) ?? { ...key, version: 0, open: [], filed: [] }),

    async replace(next, version, yieldsAt) {
      if (requests.get(next.id)?.version !== version) return false;
      if (yieldsAt !== undefined && (endings.get(next.id) ?? 0) > yieldsAt) return false;
      endings.delete(next.id);
      write(next);
      return true;
    },

    async markEnding(id, until) {
      if (requests.has(id)) endings.set(id, until);
    },

    async requestsOf(
      person,
      now,
      oldest = now - (Math.max(bounds.decideWithinMax, bounds.aheadMax) + bounds.durationMax) * SECOND,
    ) {
      const theirs = [...requests.values()].filter(
        ({ requester, createdAt }) => requester.person === person && createdAt >= oldest,
      );
      return theirs
        .sort((a, b) => newestFirst(b, a))
        .map((record) => ({
          id: record.id,
          role: record.role.id,
          createdAt: record.createdAt,
          until: overAt(record),
          ...(record.review && !record.review.signed && { reviewDue: record.review.due }),
        }));
    },

    async list(index, limit, after) {
      return [...requests.values()]
        .filter((record) => isIn(index, record) && (!after || newestFirst(record, after) > 0))
        .sort(newestFirst)
        .slice(0, limit)
        .map(({ id, createdAt }) => ({ id, createdAt }));
    },

    async due(now, limit) {
      return [...requests.values()]
        .flatMap((record) => ({ id: record.id, due: dueAt(record) ?? Number.POSITIVE_INFINITY }))
        .filter(({ due }) => due <= now)
        .sort((a, b) => a.due - b.due)
        .slice(0, limit)
        .map(({ id }) => id);
    },

    openIds: async () => [...requests.values()].filter((record) => dueAt(record) !== undefined).map(({ id }) => id),
    lastLook: async () => look,
    async saveLook(next) {
      look = next;
    },

    async addRevocations(role, grants) {
      const list = revocationsOf(role);
      Object.assign(list, { grants: new Map([...list.grants, ...grants]), version: list.version + 1 });
    },

    async leaseRevocations(role, holder, now, until) {
      const list = revocationsOf(role);
      if (list.holder !== undefined && list.holder !== holder && list.leased > now) return undefined;
      Object.assign(list, { holder, leased: until });
      const { grants, before, version, applied } = list;
      return { grants, ...(before !== undefined && { before }), version, applied };
    },

    async releaseRevocations(role, holder, written) {
      const list = revocationsOf(role);
      if (list.holder !== holder) return false;
      if (!written) {
        list.holder = undefined;
        return true;
      }
      if (list.version !== written.version) return false;
      const { before: _, ...rest } = list;
      const grants = new Map([...list.grants].filter(([id]) => !written.dropped.includes(id)));
      const after = {
        ...rest,
        grants,
        applied: written.version,
        ...(written.before !== undefined && { before: written.before }),
        holder: undefined,
      };
      revocations.set(role, after);
      return true;
    },

    blocks: async () => blocks,
    recentBlocks: async () => blocks,
    async replaceBlocks(next) {
      if (blocks.version !== next.version - 1) return false;
      blocks = frozen(next);
      return true;
    },

    getIdentity: async (id) => identities.get(id),
    async bindIdentity(binding) {
      const bound = identities.get(binding.id) ?? binding;
      identities.set(binding.id, frozen(bound));
      return bound;
    },
    identitiesOf: async (person) =>
      [...identities.values()]
        .filter((one) => one.person === person)
        .sort((a, b) => a.boundAt - b.boundAt || (a.subject < b.subject ? -1 : 1)),
    releaseIdentity: async (id) => identities.delete(id),

    getMessage: async (requestId, id) => messages.get(`${requestId}#${id}`),

    async claimMessage(message, staleBefore) {
      const key = `${message.requestId}#${message.id}`;
      const stored = messages.get(key);
      if (stored?.sentAt !== undefined || stored?.failure !== undefined) return 'settled';
      if (stored && stored.claimedAt > staleBefore) return 'busy';
      messages.set(key, frozen({ ...message, linkHashes: [...(stored?.linkHashes ?? []), ...message.linkHashes] }));
      return 'claimed';
    },

    async settleMessage(requestId, id, result) {
      const key = `${requestId}#${id}`;
      const stored = messages.get(key);
      if (!stored) throw new Error('a message must be claimed before it is settled');
      if (stored.sentAt !== undefined || stored.failure !== undefined) return;
      if ('releaseOf' in result && stored.claimedAt !== result.releaseOf) return;
      const { releaseOf: _, ...settled } = { releaseOf: undefined, ...result };
      messages.set(key, frozen({ ...stored, ...(Object.keys(settled).length === 0 ? { claimedAt: 0 } : settled) }));
    },
  };
}

const ledgerName = ({ of, id }: LedgerKey) => `${of} ${id}`;

function isIn(index: ListIndex, record: RequestRecord): boolean {
  switch (index.by) {
    case 'requester':
      return record.requester.person === index.person;
    case 'filer':
      return record.filedBy?.principal === index.principal;
    case 'pending':
      return isPending(record) && entryOf(record.role.id) === index.role;
    case 'time': {
      const now = new Date(index.now);
      const oldest = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 12);
      const end = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1);
      return record.createdAt >= oldest && record.createdAt < end;
    }
  }
}

const newestFirst = (a: Position, b: Position): number =>
  b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);

/** Stored values are frozen: a caller that changes a value it was given throws. */
function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value))
    Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}
