// Files a request, or explains what filing would lead to: reads what counts, asks the core, saves. A filing that lost a race is judged again.
import type { App } from '../app.ts';
import type { Person } from '../catalogue/catalogue.ts';
import { digestOf } from '../common/digest.ts';
import { SECOND } from '../common/time.ts';
import type { NewRequest } from '../model/bodies.ts';
import { Problem } from '../model/problem.ts';
import { requestIdOf } from '../model/request-id.ts';
import type { RequestRecord } from '../model/schema.ts';
import type { Asked } from '../policy/filing-context.ts';
import { type Judgement, judgeFiling, refusalOf, requesterOf } from '../policy/judge.ts';
import { type Counts, countedOf, countingIds, entered, type LedgerKey, ledgersFor, seenIn } from '../policy/ledger.ts';
import type { Caller } from '../policy/principal.ts';
import { file } from '../request/life.ts';
import { answerForFiling } from './ask-ticket.ts';
import { blocksLately } from './blocks.ts';
import { confirmIdentity } from './identity.ts';

type Part = Pick<App, 'store' | 'clock' | 'catalogue'>;
type Filer = Part & Pick<App, 'random' | 'pause' | 'tickets' | 'log'>;

/** The result of a filing. A replay is the request as it is now. */
export type Filing = { is: 'filed' | 'replayed'; request: RequestRecord };

/** The id of a request and, with an idempotency key, the digest of its body. */
export type Identity = { id: string; fingerprint?: string };

/**
 * Files a request. With an idempotency key the id is derived from caller and key, so that a replay finds the stored request.
 * A refused filing stores nothing and leaves its key unused. The ticket's validator is asked while the table is read. A replay
 * returns the stored request, whatever the validator answers.
 * @throws Problem as `judgeFiling`, `requesterOf` and `refusalOf`; `idempotency-mismatch`; `try-again` after many lost races
 */
export async function fileRequest(
  app: Filer,
  caller: Caller,
  body: NewRequest,
  idempotencyKey?: string,
): Promise<Filing> {
  const asked = askedBy(app, caller, body);
  const identity = identityOf(app, ['file', caller.principal], body, idempotencyKey);
  const asking = answerForFiling(app, asked);
  return untilFiled(app, async () => {
    const [counts, found, answer] = await Promise.all([
      countsFor(app, asked),
      keyedBy(app, identity),
      asking,
      confirmIdentity(app, caller),
    ]);
    return found ? replayed(found, identity) : fileUnder(app, { ...asked, answer }, counts, identity);
  });
}

/** The outcome of filing, with every check. Nothing is stored. @throws Problem as `judgeFiling` and `requesterOf` */
export async function explainFiling(app: Part, caller: Caller, body: NewRequest): Promise<Judgement> {
  const asked = askedBy(app, caller, body);
  return (await judge(app, asked, await countsFor(app, asked))).judgement;
}

export function identityOf(
  app: Pick<App, 'random'>,
  scope: readonly string[],
  body: object,
  idempotencyKey: string | undefined,
): Identity {
  if (idempotencyKey === undefined) return { id: requestIdOf(app.random(16)) };
  const digest = Buffer.from(digestOf([...scope, idempotencyKey]), 'base64url').subarray(0, 16);
  return { id: requestIdOf(digest), fingerprint: digestOf(body) };
}

/** The request that was already filed with this idempotency key. */
export const keyedBy = async (
  app: Pick<App, 'store'>,
  { id, fingerprint }: Identity,
): Promise<RequestRecord | undefined> => (fingerprint === undefined ? undefined : app.store.get(id));

const ATTEMPTS = 12;
/** Milliseconds */
const PAUSE_MOST = 200;
/** How long calls to a busy table are retried; API Gateway gives up after 30 s. */
const PATIENCE = 3 * SECOND;

/**
 * Retries, after a pause of random length, while others file under the same limits or the table is busy.
 * @param attempt returns a refusal instead of throwing it, to tell it apart from a busy table
 * @throws Problem the refusal; `try-again`
 */
export async function untilFiled(
  app: Pick<App, 'pause' | 'random' | 'clock'>,
  attempt: () => Promise<Filing | Problem | 'lost'>,
): Promise<Filing> {
  const begun = app.clock();
  for (let n = 1; n <= ATTEMPTS; n += 1) {
    const isPatient = n <= 3 && app.clock() - begun < PATIENCE;
    const filing = await attempt().catch((error: unknown) => {
      if (isPatient && error instanceof Problem && error.code === 'try-again') return 'lost' as const;
      throw error;
    });
    if (filing instanceof Problem) throw filing;
    if (filing !== 'lost') return filing;
    await app.pause(Math.min(PAUSE_MOST, 5 * 2 ** n) * (app.random(1)[0]! / 256));
  }
  throw new Problem('try-again', 'Many requests are being filed at the same time. Nothing was filed. Try again.', {
    retryAfterSeconds: 1,
  });
}

/** Judges and stores, once; a Problem is the refusal. @throws Problem as `judgeFiling`; `idempotency-mismatch` */
export async function fileUnder(
  app: Part,
  asked: Asked,
  before: Counts,
  identity: Identity,
): Promise<Filing | Problem | 'lost'> {
  // a request with this key that was written between two parallel reads would conflict with itself
  const known = [...before.indexed, ...before.ledgers.flatMap(({ open }) => open)];
  const found = known.some(({ id }) => id === identity.id) ? await app.store.get(identity.id) : undefined;
  if (found) return replayed(found, identity);
  const { judgement, counts } = await judge(app, asked, before);
  const refusal = refusalOf(judgement);
  if (refusal) return refusal;
  const now = app.clock();
  const request = file(judgement, { ...asked, now }, identity);
  const stored = await app.store.create(request, entered(counts, request, now), counts.blocks.version);
  if (stored === 'created') return { is: 'filed', request };
  return stored === 'lost' ? 'lost' : replayed(stored, identity);
}

/** Without an idempotency key it is this same filing: an earlier attempt was written, but its answer was lost. @throws Problem `idempotency-mismatch` */
export function replayed(request: RequestRecord, { fingerprint }: Identity): Filing {
  if (fingerprint === undefined) return { is: 'filed', request };
  if (request.fingerprint !== fingerprint) {
    throw new Problem(
      'idempotency-mismatch',
      'This Idempotency-Key was already used for another body. Use a new key for a new request.',
    );
  }
  return { is: 'replayed', request };
}

/**
 * The requests that count for a person, and the blocks, in parallel reads. All identities are read, because the catalogue may have merged some.
 * @param ledgers also those of a role and a bot, if they count
 * @param since epoch milliseconds (default: as far back as a request can be open)
 */
export async function countsOf(
  { store, clock }: Pick<App, 'store' | 'clock'>,
  { key, identities }: Person,
  ledgers: readonly LedgerKey[],
  since?: number,
): Promise<Counts> {
  const now = clock();
  const [counting, blocks, ...found] = await Promise.all([
    store.ledgers(ledgers),
    blocksLately({ store, clock }),
    ...[...new Set([key, ...identities])].map((one) => store.requestsOf(one, now, since)),
  ]);
  return { ledgers: counting, indexed: found.flat(), seen: new Map(), blocks };
}

// --- internal ---

const askedBy = ({ catalogue, clock }: Part, caller: Caller, body: NewRequest): Asked => ({
  catalogue,
  caller,
  requester: requesterOf(catalogue, caller, body),
  body,
  now: clock(),
});

/** An open review counts however old it is, but only for break-glass. */
const countsFor = (app: Part, asked: Asked): Promise<Counts> =>
  countsOf(app, asked.requester, ledgersFor(asked), asked.body.breakGlass ? 0 : undefined);

/** Ledgers do not record ends and signatures, and the index lags behind. If requests would cause a refusal, they are read from the table first. */
async function judge(app: Part, asked: Asked, counts: Counts): Promise<{ judgement: Judgement; counts: Counts }> {
  const now = app.clock();
  const counted = countedOf(counts);
  const judgement = judgeFiling({ ...asked, ...counted, now });
  if (!isHeldUp(judgement)) return { judgement, counts };
  const ids = countingIds(counted, now);
  const certain = { ...counts, seen: seenIn(ids, await readAll(app, ids), now) };
  return { judgement: judgeFiling({ ...asked, ...countedOf(certain), now: app.clock() }), counts: certain };
}

const isHeldUp = ({ checks }: Judgement): boolean =>
  checks.some(
    ({ passed, check, code }) => !passed && (code === 'overlap' || code === 'too-many-open' || check === 'review'),
  );

/** The store reads a hundred at a time. */
async function readAll({ store }: Part, ids: readonly string[]): Promise<RequestRecord[]> {
  const pages = Array.from({ length: Math.ceil(ids.length / 100) }, (_, i) => ids.slice(i * 100, (i + 1) * 100));
  return (await Promise.all(pages.map((page) => store.getMany(page)))).flat();
}
