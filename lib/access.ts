// What a caller can do with requests: file, read, decide, end. Load, ask the core, save.
import type { App, Place } from './app.ts';
import { answerForFiling } from './ask-ticket.ts';
import { changeRequest } from './change.ts';
import { digestOf } from './digest.ts';
import { placesAsked } from './limits.ts';
import { isInvolved, type Judgement, judgeFiling, refusalOf, relationOf, requesterOf } from './policy.ts';
import type { Caller } from './principal.ts';
import { Problem } from './problem.ts';
import { decide, end, file, notFound } from './request.ts';
import { requestIdOf } from './request-id.ts';
import { signReview } from './review.ts';
import type { NewDecision, NewRequest, NewReview, RequestRecord } from './schema.ts';

type Part = Pick<App, 'store' | 'clock' | 'catalogue'>;

/** How a filing went. A replay is the request as it is now. */
export type Filing = { is: 'filed' | 'replayed'; request: RequestRecord };

/**
 * Files a request. With an idempotency key the id follows from caller and key, so that a replay meets itself in the store;
 * a refused filing stores nothing and so leaves its key unused. A validator that the ticket waits for is asked while the table
 * is read; a replay is the stored request whatever the answer.
 * @throws Problem as `judgeFiling` and `refusalOf`; `idempotency-mismatch`
 */
export async function fileRequest(
  app: Part & Pick<App, 'random' | 'tickets' | 'log'>,
  caller: Caller,
  body: NewRequest,
  idempotencyKey?: string,
): Promise<Filing> {
  const requester = requesterOf(app.catalogue, caller, body);
  const isKeyed = idempotencyKey !== undefined;
  const id = requestIdOf(
    isKeyed
      ? Buffer.from(digestOf(['file', caller.principal, idempotencyKey]), 'base64url').subarray(0, 16)
      : app.random(16),
  );
  const fingerprint = isKeyed ? digestOf(body) : undefined;
  const [open, found, filings, places, answer] = await Promise.all([
    app.store.openOf(requester.key, app.clock(), reachOf(body)),
    isKeyed ? app.store.get(id) : undefined,
    filingsOf(app, caller),
    placesOf(app, body.role),
    answerForFiling(app, caller, body),
  ]);
  const earlier = await earlierBy(app, id, found, open);
  if (earlier) return replayed(earlier, fingerprint);

  const judgement = judgeFiling(app.catalogue, caller, body, open, app.clock(), { filings, places, answer });
  const refusal = refusalOf(judgement);
  if (refusal) throw refusal;
  const request = file(judgement, caller, body, id, fingerprint, app.clock());
  const existing = await app.store.create(request);
  return existing ? replayed(existing, fingerprint) : { is: 'filed', request };
}

/**
 * The request that a key stands for already. Written between the two reads that go out at once, it shows among the open ones alone and
 * would stand in its own way; then it is read once more.
 */
export const earlierBy = async (
  app: Pick<App, 'store'>,
  id: string,
  found: RequestRecord | undefined,
  open: ReadonlyArray<{ id: string }>,
): Promise<RequestRecord | undefined> => found ?? (open.some((slot) => slot.id === id) ? app.store.get(id) : undefined);

/** @throws Problem `idempotency-mismatch` */
export function replayed(request: RequestRecord, fingerprint: string | undefined): Filing {
  if (fingerprint === undefined) throw new Error('two requests drew the same random id');
  if (request.fingerprint !== fingerprint) {
    throw new Problem(
      'idempotency-mismatch',
      'This Idempotency-Key was already used for another body. Use a new key for a new request.',
    );
  }
  return { is: 'replayed', request };
}

/** When a bot filed lately, as far as its limit asks; nothing is read for a person. Beside the other query, not after it. */
async function filingsOf(app: Part, caller: Caller): Promise<number[]> {
  const bot = caller.kind === 'bot' ? app.catalogue.bots.get(caller.principal) : undefined;
  return bot
    ? (await app.store.list({ by: 'filer', principal: caller.principal }, bot.requestsPerHour)).map(
        ({ createdAt }) => createdAt,
      )
    : [];
}

/** Who has a place of a role that limits them; nothing is read for any other role. Beside the other queries, not after them. */
export async function placesOf(app: Part, roleId: string): Promise<Place[]> {
  const most = app.catalogue.roles.get(roleId)?.limits?.open;
  return most === undefined ? [] : app.store.placesOf(roleId, app.clock(), placesAsked(most));
}

/** An open review counts however long ago it was owed; only break-glass asks for that. */
const reachOf = ({ breakGlass }: NewRequest): number | undefined => (breakGlass ? 0 : undefined);

/** What filing would say, with every check; nothing is stored. @throws Problem as `judgeFiling` */
export async function explainFiling(app: Part, caller: Caller, body: NewRequest): Promise<Judgement> {
  const requester = requesterOf(app.catalogue, caller, body);
  const [open, filings, places] = await Promise.all([
    app.store.openOf(requester.key, app.clock(), reachOf(body)),
    filingsOf(app, caller),
    placesOf(app, body.role),
  ]);
  return judgeFiling(app.catalogue, caller, body, open, app.clock(), { filings, places });
}

/** @throws Problem `request-not-found`, also for whoever has nothing to do with it */
export async function readRequest(app: Part, caller: Caller, id: string): Promise<RequestRecord> {
  const request = await app.store.get(id);
  if (!request || !isInvolved(relationOf(app.catalogue, request, caller))) throw notFound();
  return request;
}

/** @throws Problem as `decide` of the core */
export async function decideRequest(app: Part, caller: Caller, id: string, body: NewDecision): Promise<RequestRecord> {
  const loaded = await app.store.get(id);
  const continued = loaded && (await continuedBy(app, loaded));
  return changeRequest(app, id, (current, now) => decide(current, app.catalogue, caller, body, now, continued), loaded);
}

/** The request that an extension continues: one more read, for extensions alone. */
export const continuedBy = async (
  app: Pick<App, 'store'>,
  { extends: id }: RequestRecord,
): Promise<RequestRecord | undefined> => (id === undefined ? undefined : app.store.get(id));

/** @throws Problem as `signReview` of the core */
export const reviewRequest = (app: Part, caller: Caller, id: string, body: NewReview): Promise<RequestRecord> =>
  changeRequest(app, id, (current, now) => signReview(current, app.catalogue, caller, body, now));

/** @throws Problem as `end` of the core */
export const endRequest = (app: Part, caller: Caller, id: string, comment?: string): Promise<RequestRecord> =>
  changeRequest(app, id, (current, now) => end(current, app.catalogue, caller, comment, now));
