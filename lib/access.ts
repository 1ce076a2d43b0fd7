// What a caller can do with a request: read, decide, review, end. Load, ask the core, save.
import type { App } from './app.ts';
import { changeRequest } from './change.ts';
import { confirmIdentity } from './identity.ts';
import { isInvolved, relationOf } from './policy.ts';
import type { Caller } from './principal.ts';
import { decide, end, notFound } from './request.ts';
import { signReview } from './review.ts';
import type { NewDecision, NewReview, RequestRecord } from './schema.ts';

type Part = Pick<App, 'store' | 'clock' | 'catalogue' | 'log'>;

/** @throws Problem `request-not-found`, also for whoever has nothing to do with it */
export async function readRequest(app: Part, caller: Caller, id: string): Promise<RequestRecord> {
  const request = await app.store.get(id);
  if (!request || !isInvolved(relationOf(app.catalogue, request, caller))) throw notFound();
  return request;
}

/** @throws Problem as `decide` of the core */
export async function decideRequest(app: Part, caller: Caller, id: string, body: NewDecision): Promise<RequestRecord> {
  const { catalogue } = app;
  const loaded = await readToChange(app, caller, id);
  const continued = await continuedBy(app, loaded);
  const judge = (current: RequestRecord, now: number) => decide(current, { catalogue, caller, now }, body, continued);
  return (await changeRequest(app, id, judge, loaded)).request;
}

/** The request that an extension continues: one more read, for extensions alone. */
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

/** @throws Problem as `end` of the core */
export async function endRequest(app: Part, caller: Caller, id: string, comment?: string): Promise<RequestRecord> {
  const { catalogue } = app;
  const loaded = await readToChange(app, caller, id);
  const judge = (current: RequestRecord, now: number) => end(current, { catalogue, caller, now }, comment);
  return (await changeRequest(app, id, judge, loaded)).request;
}

/** A request that the caller is about to change, read while it is made sure who that is. @throws Problem `request-not-found`, `identity-changed` */
async function readToChange(app: Part, caller: Caller, id: string): Promise<RequestRecord> {
  const [request] = await Promise.all([app.store.get(id), confirmIdentity(app, caller)]);
  if (!request) throw notFound();
  return request;
}
