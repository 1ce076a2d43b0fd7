// A caller's actions on one request: read, decide, review, end. Each loads the request, asks the core and saves the result.
import type { App } from '../app.ts';
import { personOf } from '../catalogue/catalogue.ts';
import { SECOND } from '../common/time.ts';
import type { NewDecision, NewReview } from '../model/bodies.ts';
import type { RequestRecord } from '../model/schema.ts';
import { isOpen } from '../model/status.ts';
import { ledgersOf } from '../policy/ledger.ts';
import type { Caller } from '../policy/principal.ts';
import { isInvolved, relationOf } from '../policy/relation.ts';
import { decide, end, mayRevoke, notFound } from '../request/life.ts';
import { signReview } from '../request/review.ts';
import { blocksLately } from './blocks.ts';
import { changeRequest } from './change.ts';
import { endEach } from './end-each.ts';
import { confirmIdentity } from './identity.ts';

type Part = Pick<App, 'store' | 'clock' | 'catalogue' | 'log' | 'pause'>;

/** How long a revoke tries to end the extensions of a grant; the function may run for 20 s. */
const PATIENCE = 10 * SECOND;

/** @throws Problem `request-not-found`, also for callers who are not involved */
export async function readRequest(app: Part, caller: Caller, id: string): Promise<RequestRecord> {
  const request = await app.store.get(id);
  if (!request || !isInvolved(relationOf(app.catalogue, request, caller))) throw notFound();
  return request;
}

/** @throws Problem as `decide` of the core */
export async function decideRequest(app: Part, caller: Caller, id: string, body: NewDecision): Promise<RequestRecord> {
  const { catalogue } = app;
  const [loaded, { blocks }] = await Promise.all([readToChange(app, caller, id), blocksLately(app)]);
  const continued = await continuedBy(app, loaded);
  const judge = (current: RequestRecord, now: number) =>
    decide(current, { catalogue, caller, now, blocks }, body, continued);
  return (await changeRequest(app, id, judge, loaded, body.decision === 'deny' ? 'wins' : 'yields')).request;
}

/** The request that an extension continues. Only extensions cost this extra read. */
export const continuedBy = async (
  app: Pick<App, 'store'>,
  { extends: id }: RequestRecord,
): Promise<RequestRecord | undefined> => (id === undefined ? undefined : app.store.get(id));

/** @throws Problem as `signReview` of the core */
export async function reviewRequest(app: Part, caller: Caller, id: string, body: NewReview): Promise<RequestRecord> {
  const { catalogue } = app;
  const loaded = await readToChange(app, caller, id);
  const judge = (current: RequestRecord, now: number) => signReview(current, { catalogue, caller, now }, body);
  return (await changeRequest(app, id, judge, loaded)).request;
}

/** `alsoEnded`: ids of the extensions that a revoke ended with their grant. `remaining`: ids of the extensions that it could not end. */
export type Ending = { request: RequestRecord; alsoEnded: string[]; remaining: string[] };

/**
 * Ends a request. A revoke also ends the extensions of the grant. Repeating it, because an answer was lost or an extension could not
 * be ended, ends the rest.
 * @throws Problem as `end` of the core
 */
export async function endRequest(app: Part, caller: Caller, id: string, comment?: string): Promise<Ending> {
  const { catalogue } = app;
  const loaded = await readToChange(app, caller, id);
  const relation = relationOf(catalogue, loaded, caller);
  const isResponder = caller.kind === 'person' && !relation.requester && mayRevoke(relation);
  if (isResponder && loaded.outcome?.status === 'revoked') {
    const made = await endContinuations(app, caller, loaded, comment);
    if (made.alsoEnded.length + made.remaining.length > 0) return { request: loaded, ...made };
  }
  const judge = (current: RequestRecord, now: number) => end(current, { catalogue, caller, now }, comment);
  const { request } = await changeRequest(app, id, judge, loaded, 'wins');
  const others = isResponder ? await endContinuations(app, caller, request, comment) : { alsoEnded: [], remaining: [] };
  return { request, ...others };
}

/** Ends the open extensions of a revoked grant. The grant itself has already ended. */
async function endContinuations(
  app: Part,
  caller: Caller,
  revoked: RequestRecord,
  comment?: string,
): Promise<Omit<Ending, 'request'>> {
  const { catalogue, store } = app;
  const now = app.clock();
  const ledgers = await store.ledgers(ledgersOf(personOf(catalogue, revoked.requester.person)));
  const ids = ledgers.flatMap(({ open }) => open.filter((one) => one.extends === revoked.id).map(({ id }) => id));
  const requests = ids.length === 0 ? [] : await store.getMany(ids);
  const continuing = requests.filter((one) => isOpen(one, now));
  const judge = (current: RequestRecord, at: number) =>
    isOpen(current, at) ? end(current, { catalogue, caller, now: at }, comment) : undefined;
  const { ended, remaining } = await endEach(app, continuing, judge, now + PATIENCE);
  return { alsoEnded: ended.map(({ id }) => id), remaining };
}

/** Reads a request that the caller is about to change, and confirms the caller's identity at the same time. @throws Problem `request-not-found`, `identity-changed` */
async function readToChange(app: Part, caller: Caller, id: string): Promise<RequestRecord> {
  const [request] = await Promise.all([app.store.get(id), confirmIdentity(app, caller)]);
  if (!request) throw notFound();
  return request;
}
