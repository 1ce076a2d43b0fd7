// The three lists of requests: positions from an index, the requests themselves from the table, a cursor that holds nothing secret.
import type { App, ListIndex, Position } from './app.ts';
import { names, rolesNaming } from './catalogue.ts';
import { canonicalJson, digestOf } from './digest.ts';
import { isSamePerson, mayDecideStage, relationOf, whoIs } from './policy.ts';
import type { Caller } from './principal.ts';
import { Problem } from './problem.ts';
import type { ListQuery, RequestRecord } from './schema.ts';
import { openStage, statusAt } from './status.ts';

type Part = Pick<App, 'store' | 'clock' | 'catalogue'>;
type Page = { items: RequestRecord[]; nextCursor?: string };

/** BatchGetItem takes 100 keys (botocore dynamodb). */
const MOST_AT_ONCE = 100;
/** A filter that matches little reads on; after this many rounds the page ends short, with a cursor. */
const MOST_ROUNDS = 10;

/** One page of a view, newest first. @throws Problem `not-allowed`, `invalid-request` for a cursor that is not this list's */
export async function listRequests(app: Part, caller: Caller, query: ListQuery): Promise<Page> {
  const indexes = indexesOf(app, caller, query);
  const fits = filterOf(app, caller, query);
  const size = query.status || query.role || query.view === 'to-decide' ? MOST_AT_ONCE : query.limit;
  const items: RequestRecord[] = [];
  let after = query.cursor === undefined ? undefined : positionOf(query.cursor, caller, query);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const positions = await newest(app, indexes, size + 1, after);
    const requests = await app.store.getMany(positions.slice(0, size).map(({ id }) => id));
    for (const [i, request] of requests.entries()) {
      after = { id: request.id, createdAt: request.createdAt };
      if (fits(request)) items.push(request);
      const isLast = i === requests.length - 1 && positions.length <= size;
      if (items.length === query.limit) return isLast ? { items } : { items, nextCursor: cursorOf(after, caller, query) };
    }
    if (positions.length <= size || !after) return { items };
  }
  return after ? { items, nextCursor: cursorOf(after, caller, query) } : { items };
}

function indexesOf(app: Part, caller: Caller, { view }: ListQuery): ListIndex[] {
  const { catalogue } = app;
  const who = whoIs(caller);
  if (caller.kind === 'bot') {
    if (view !== 'mine') throw new Problem('not-allowed', 'A bot sees what it has filed: view=mine.');
    return [{ by: 'filer', principal: caller.principal }];
  }
  if (view === 'mine') return [{ by: 'requester', person: caller.person.key }];
  if (view === 'all') {
    if (!names([...catalogue.admins, ...catalogue.auditors], who))
      throw new Problem('not-allowed', 'Only admins and auditors see all requests. Try view=mine or view=to-decide.');
    return [{ by: 'time', now: app.clock() }];
  }
  // a template has one inbox for all of its accounts
  const entries = new Set(rolesNaming(catalogue.decidable, who).map(({ entry }) => entry));
  return [...entries].map((role) => ({ by: 'pending', role }));
}

function filterOf(app: Part, caller: Caller, query: ListQuery): (request: RequestRecord) => boolean {
  const now = app.clock();
  return (request) =>
    (query.status === undefined || statusAt(request, now) === query.status) &&
    (query.role === undefined || request.role.id === query.role) &&
    (query.view !== 'to-decide' || isForDecision(app, caller, request, now));
}

/** Pending, this caller's turn, and not decided by him yet. */
function isForDecision({ catalogue }: Part, caller: Caller, request: RequestRecord, now: number): boolean {
  const open = openStage(request);
  return (
    open !== undefined &&
    statusAt(request, now) === 'pending' &&
    !relationOf(catalogue, request, caller).requester &&
    mayDecideStage(catalogue, request, open.stage, caller) &&
    !request.stages.some((stage) => stage.decisions.some((decision) => isSamePerson(catalogue, decision, caller)))
  );
}

async function newest(app: Part, indexes: ListIndex[], limit: number, after: Position | undefined): Promise<Position[]> {
  const pages = await Promise.all(indexes.map((index) => app.store.list(index, limit, after)));
  const merged = pages.flat();
  return indexes.length > 1 ? merged.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)).slice(0, limit) : merged;
}

/**
 * The cursor holds a position and a digest over position, caller and query. The digest is no secret and need not be: who
 * forges one picks another place in a list that is derived from the caller anyway. It makes an altered cursor an error
 * rather than a surprise.
 */
function cursorOf({ createdAt, id }: Position, caller: Caller, query: ListQuery): string {
  return Buffer.from(canonicalJson([createdAt, id, bindingOf({ createdAt, id }, caller, query)])).toString('base64url');
}

function positionOf(cursor: string, caller: Caller, query: ListQuery): Position {
  const position = decoded(cursor);
  if (!position || cursorOf(position, caller, query) !== cursor) {
    throw new Problem('invalid-request', 'The cursor does not belong to this list. Start again without it.', {
      errors: [{ pointer: '?cursor', detail: 'was altered or belongs to another list' }],
    });
  }
  return position;
}

const bindingOf = (position: Position, caller: Caller, { view, status, role }: ListQuery): string =>
  digestOf([position, caller.person.key, view, status ?? '', role ?? '']).slice(0, 22);

function decoded(cursor: string): Position | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const [createdAt, id] = Array.isArray(value) ? value : [];
    return Number.isSafeInteger(createdAt) && typeof id === 'string' ? { createdAt: createdAt as number, id } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
