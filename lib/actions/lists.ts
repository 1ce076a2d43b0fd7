// The three lists of requests: positions from an index, the requests themselves from the table.
import type { App, ListIndex, Position } from '../app.ts';
import { names, type Person, personOf, rolesNaming } from '../catalogue/catalogue.ts';
import { cursorOf, positionOf } from '../http/cursor.ts';
import type { ListQuery } from '../http/queries.ts';
import { Problem } from '../model/problem.ts';
import type { RequestRecord } from '../model/schema.ts';
import { openStage, statusAt } from '../model/status.ts';
import type { Caller } from '../policy/principal.ts';
import { isSamePerson, mayDecideStage, relationOf } from '../policy/relation.ts';
import { whoIs } from '../policy/who.ts';

type Part = Pick<App, 'store' | 'clock' | 'catalogue'>;
type Page = { items: RequestRecord[]; nextCursor?: string };

/** BatchGetItem takes 100 keys (botocore dynamodb). */
const MOST_AT_ONCE = 100;
/** A filter with few matches reads on. After this many rounds the page ends early, with a cursor. */
const MOST_ROUNDS = 10;

/** One page of a view, newest first. @throws Problem `not-allowed`, `invalid-request` for an invalid cursor or a filter of another view */
export async function listRequests(app: Part, caller: Caller, query: ListQuery): Promise<Page> {
  const indexes = indexesOf(app, caller, query);
  const fits = filterOf(app, caller, query);
  const { status, role, account, view } = query;
  const size = status || role || account || view === 'to-decide' ? MOST_AT_ONCE : query.limit;
  const found: RequestRecord[] = [];
  let after = query.cursor === undefined ? undefined : positionOf(query.cursor);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const positions = await newest(app, indexes, size + 1, after);
    const requests = await app.store.getMany(positions.slice(0, size).map(({ id }) => id));
    found.push(...requests.filter(fits));
    const isEnd = positions.length <= size;
    if (found.length > query.limit || (found.length === query.limit && !isEnd)) return pageOf(found, query.limit);
    if (isEnd) return { items: found };
    after = positions[size - 1]!;
  }
  return { items: found, ...(after && { nextCursor: cursorOf(after) }) };
}

/** The next page starts after the last request of this one, whether or not the following ones match. */
function pageOf(found: RequestRecord[], limit: number): Page {
  const items = found.slice(0, limit);
  return { items, nextCursor: cursorOf(items.at(-1)!) };
}

function indexesOf(app: Part, caller: Caller, { view, person, account }: ListQuery): ListIndex[] {
  const { catalogue } = app;
  if (view !== 'all' && (person !== undefined || account !== undefined)) throw onlyWithAll(person, account);
  const who = whoIs(caller);
  if (caller.kind === 'bot') {
    if (view !== 'mine')
      throw new Problem('not-allowed', 'Bots can only list the requests that they filed. Use view=mine.');
    return [{ by: 'filer', principal: caller.principal }];
  }
  if (view === 'mine') return requestsOf(caller.person);
  if (view === 'all') {
    if (!names([...catalogue.admins, ...catalogue.auditors], who))
      throw new Problem(
        'not-allowed',
        'Only admins and auditors can list all requests. Use view=mine or view=to-decide.',
      );
    return person === undefined ? [{ by: 'time', now: app.clock() }] : requestsOf(personOf(catalogue, person));
  }
  // a template has one list for all of its accounts
  const entries = new Set(rolesNaming(catalogue.decidable, who).map(({ entry }) => entry));
  return [...entries].map((role) => ({ by: 'pending', role }));
}

/** Under every identity of the person, because the catalogue may have merged some since. */
const requestsOf = ({ key, identities }: Person): ListIndex[] =>
  [...new Set([key, ...identities])].map((person) => ({ by: 'requester', person }));

function onlyWithAll(person: string | undefined, account: string | undefined): Problem {
  const errors = Object.entries({ person, account }).flatMap(([name, value]) =>
    value === undefined ? [] : [{ pointer: `?${name}`, detail: 'requires view=all' }],
  );
  return new Problem('invalid-request', 'person and account require view=all.', { errors });
}

function filterOf(app: Part, caller: Caller, query: ListQuery): (request: RequestRecord) => boolean {
  const now = app.clock();
  return (request) =>
    (query.status === undefined || statusAt(request, now) === query.status) &&
    (query.role === undefined || request.role.id === query.role) &&
    (query.account === undefined || isIn(request, query.account)) &&
    (query.view !== 'to-decide' || isForDecision(app, caller, request, now));
}

const isIn = ({ role: { account } }: RequestRecord, wanted: string): boolean =>
  account.id === wanted || account.key === wanted;

/** Whether the request is pending and waits for this caller's decision. */
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

async function newest(
  app: Part,
  indexes: ListIndex[],
  limit: number,
  after: Position | undefined,
): Promise<Position[]> {
  const pages = await Promise.all(indexes.map((index) => app.store.list(index, limit, after)));
  const merged = pages.flat();
  return indexes.length > 1
    ? merged.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)).slice(0, limit)
    : merged;
}
