// Filing a request, or asking what filing would say: read what the rules count, ask the core, save.
import type { App } from './app.ts';
import { answerForFiling } from './ask-ticket.ts';
import type { Person } from './catalogue.ts';
import { digestOf } from './digest.ts';
import type { Asked, Counted, FilingContext, OpenRequest } from './filing-context.ts';
import { confirmIdentity } from './identity.ts';
import { placesAsked } from './limits.ts';
import { type Judgement, judgeFiling, refusalOf, requesterOf } from './policy.ts';
import type { Caller } from './principal.ts';
import { Problem } from './problem.ts';
import { file } from './request.ts';
import { requestIdOf } from './request-id.ts';
import type { NewRequest, RequestRecord } from './schema.ts';

type Part = Pick<App, 'store' | 'clock' | 'catalogue'>;

/** How a filing went. A replay is the request as it is now. */
export type Filing = { is: 'filed' | 'replayed'; request: RequestRecord };

/**
 * Files a request. With an idempotency key the id follows from caller and key, so that a replay meets itself in the store;
 * a refused filing stores nothing and so leaves its key unused. The ticket's validator is asked while the table
 * is read; a replay is the stored request whatever the answer.
 * @throws Problem as `judgeFiling`, `requesterOf` and `refusalOf`; `idempotency-mismatch`
 */
export async function fileRequest(
  app: Part & Pick<App, 'random' | 'tickets' | 'log'>,
  caller: Caller,
  body: NewRequest,
  idempotencyKey?: string,
): Promise<Filing> {
  const asked = askedBy(app, caller, body);
  const identity = identityOf(app, ['file', caller.principal], body, idempotencyKey);
  const [counted, found, answer] = await Promise.all([
    countedFor(app, asked),
    identity.fingerprint === undefined ? undefined : app.store.get(identity.id),
    answerForFiling(app, asked),
    confirmIdentity(app, caller),
  ]);
  const earlier = await earlierBy(app, identity.id, found, counted.own);
  if (earlier) return replayed(earlier, identity.fingerprint);
  return fileUnder(app, { ...asked, ...counted, answer, now: app.clock() }, identity);
}

/** What filing would say, with every check; nothing is stored. @throws Problem as `judgeFiling` and `requesterOf` */
export async function explainFiling(app: Part, caller: Caller, body: NewRequest): Promise<Judgement> {
  const asked = askedBy(app, caller, body);
  return judgeFiling({ ...asked, ...(await countedFor(app, asked)), now: app.clock() });
}

/** The id of a request and, with an idempotency key, the digest of the body that it stands for. */
export function identityOf(
  app: Pick<App, 'random'>,
  scope: readonly string[],
  body: object,
  idempotencyKey: string | undefined,
): { id: string; fingerprint?: string } {
  if (idempotencyKey === undefined) return { id: requestIdOf(app.random(16)) };
  const digest = Buffer.from(digestOf([...scope, idempotencyKey]), 'base64url').subarray(0, 16);
  return { id: requestIdOf(digest), fingerprint: digestOf(body) };
}

/** Judges and stores. @throws Problem as `judgeFiling` and `refusalOf`; `idempotency-mismatch` */
export async function fileUnder(
  app: Part,
  filing: FilingContext,
  identity: { id: string; fingerprint?: string },
): Promise<Filing> {
  const judgement = judgeFiling(filing);
  const refusal = refusalOf(judgement);
  if (refusal) throw refusal;
  const request = file(judgement, { ...filing, now: app.clock() }, identity);
  const existing = await app.store.create(request);
  return existing ? replayed(existing, identity.fingerprint) : { is: 'filed', request };
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

/** What is open of a person under any identity, as the rules of filing count it; the catalogue may have joined some of them since. */
export async function openOf(
  { store, clock }: Pick<App, 'store' | 'clock'>,
  { key, identities }: Person,
  since?: number,
): Promise<OpenRequest[]> {
  const now = clock();
  const found = await Promise.all([...new Set([key, ...identities])].map((one) => store.openOf(one, now, since)));
  return found.flat();
}

// --- internal ---

const askedBy = ({ catalogue, clock }: Part, caller: Caller, body: NewRequest): Asked => ({
  catalogue,
  caller,
  requester: requesterOf(catalogue, caller, body),
  body,
  now: clock(),
});

/** What the rules of filing count, in queries that go out at once; a limit that the role or the caller does not have costs none. */
async function countedFor(app: Part, asked: Asked): Promise<Counted> {
  const { caller, catalogue, requester, body, now } = asked;
  const bot = caller.kind === 'bot' ? catalogue.bots.get(caller.principal) : undefined;
  const most = catalogue.roles.get(body.role)?.limits?.open;
  // an open review counts however long ago it was owed; only break-glass asks for that
  const [own, ofRole, byBot] = await Promise.all([
    openOf(app, requester, body.breakGlass ? 0 : undefined),
    most === undefined ? [] : app.store.placesOf(body.role, now, placesAsked(most)),
    bot ? app.store.list({ by: 'filer', principal: caller.principal }, bot.requestsPerHour) : [],
  ]);
  return { own, ofRole, byBot: byBot.map(({ createdAt }) => createdAt) };
}
