// Ends all open requests of a person, a role or an account in one call, and can block new ones for a while.
import type { App } from '../app.ts';
import { type Catalogue, personOf } from '../catalogue/catalogue.ts';
import { DAY, floorToSecond, MINUTE, parseDuration, SECOND } from '../common/time.ts';
import type { NewRevocation } from '../http/queries.ts';
import { loggedError } from '../model/logged-error.ts';
import { Problem } from '../model/problem.ts';
import { requestIdOf } from '../model/request-id.ts';
import type { Block, RequestRecord } from '../model/schema.ts';
import { isOpen } from '../model/status.ts';
import { accessOf, isMeant, type Selector } from '../policy/block.ts';
import { countedOf, ledgersOf } from '../policy/ledger.ts';
import type { Caller } from '../policy/principal.ts';
import { revokeOpen } from '../request/life.ts';
import { blocksLately, onlyAdmins, setBlock } from './blocks.ts';
import { type Endings, endEach } from './end-each.ts';
import { countsOf } from './file-request.ts';
import { confirmIdentity } from './identity.ts';

type Part = Pick<App, 'store' | 'clock' | 'catalogue' | 'log' | 'pause' | 'random'>;
type Reader = Pick<App, 'store' | 'clock' | 'catalogue' | 'log'>;

/** What was ended, what could not be, and until when it is blocked; epoch milliseconds. */
export type Revoked = Endings & { effectiveBy: number; blockedUntil?: number };

/** The function may run for 20 s. The answer lists requests that are left over. */
const PATIENCE = 14 * SECOND;
/** How far the index may lag behind the table when it is read a second time. */
const INDEX_LAG = SECOND;
const LOOKS = 3;
/** How long the sweep looks after a block: longer than any call takes that was under way, and than the index is ever behind. */
const LOOKED_AFTER = 15 * MINUTE;
const blockBounds = { least: MINUTE, most: 30 * DAY };

/**
 * Ends every pending, scheduled and active request that fits all that is given, extensions included. The block is written before anything is
 * looked for, and filings are written only while the blocks are those that they were judged by: what comes later is refused, what came
 * earlier is found.
 * @throws Problem `not-allowed`, `identity-changed`, `invalid-request`, `refused-by-policy`, `try-again` before anything was ended
 */
export async function revokeMany(app: Part, caller: Caller, body: NewRevocation): Promise<Revoked> {
  const deadline = app.clock() + PATIENCE;
  onlyAdmins(app, caller);
  const selector = selectorOf(app.catalogue, body);
  const seconds = blockSeconds(body);
  await confirmIdentity(app, caller);
  await refuseUnknown(app, selector);
  const by = { key: caller.person.key, name: caller.person.name };
  const at = app.clock();
  const until = floorToSecond(at) + (seconds ?? 0) * SECOND;
  const block: Block = { id: requestIdOf(app.random(16)), ...selector, comment: body.comment, by, at, until };
  const set = seconds === undefined ? undefined : await setBlock(app, caller, block);
  const { ended, remaining } = await endAll(app, selector, { by, via: caller.via, comment: body.comment }, deadline);
  const effectiveBy = Math.max(app.clock(), ...ended.map(({ revocation }) => revocation?.effectiveBy ?? 0));
  return { ended, remaining, effectiveBy, ...(set && { blockedUntil: set.until }) };
}

/**
 * Looks again, for some minutes after each block, for what its revocation has missed: what the index did not show yet, what could not be ended
 * then, and what was left over. From the block on, none of it could be approved or used.
 * @throws Error that says how many could not be ended; the next run looks again
 */
export async function endBlocked(app: Omit<Part, 'random'>): Promise<void> {
  const { clock, catalogue } = app;
  const now = clock();
  const fresh = (await blocksLately(app)).blocks.filter(({ at, until }) => until > now && now - at < LOOKED_AFTER);
  if (fresh.length === 0) return;
  const { found, unread } = await openRequests(app, {});
  const remaining = [...unread];
  for (const block of fresh) {
    const meant = found.filter((request) => isMeant(catalogue, block, accessOf(request)));
    const revoker = { by: block.by, via: 'sweep', comment: block.comment } as const;
    const judge = (current: RequestRecord, at: number) => revokeOpen(current, { catalogue, now: at }, revoker);
    remaining.push(...(await endEach(app, meant, judge, now + PATIENCE)).remaining);
  }
  if (remaining.length > 0) throw new Error(`${remaining.length} requests may be open although they are blocked`);
}

// --- internal ---

/** Who revokes, by which way, and why. */
type Revoker = Parameters<typeof revokeOpen>[2];

/**
 * Looks and ends until a look finds nothing more. A person's requests are in ledgers, which are never behind; the index by which those of a
 * role or an account are found is a moment behind the table.
 */
async function endAll(app: Part, selector: Selector, revoker: Revoker, deadline: number): Promise<Endings> {
  const { catalogue } = app;
  const ended: RequestRecord[] = [];
  const judge = (current: RequestRecord, now: number) => revokeOpen(current, { catalogue, now }, revoker);
  for (let look = 1; ; look += 1) {
    const { found, unread } = await openRequests(app, selector);
    const endings = await endEach(app, found, judge, deadline);
    ended.push(...endings.ended);
    const remaining = [...endings.remaining, ...unread];
    const isLast = selector.person !== undefined || look === LOOKS || app.clock() >= deadline;
    if (isLast || (look > 1 && endings.ended.length === 0)) return { ended, remaining };
    await app.pause(INDEX_LAG);
  }
}

type Found = { found: RequestRecord[]; unread: string[] };

/** The open requests that a selector means. `unread`: those that could not be read, whatever they are. */
async function openRequests(app: Reader, selector: Selector): Promise<Found> {
  const ids = selector.person === undefined ? await app.store.openIds() : await idsOf(app, selector.person);
  const pages = Array.from({ length: Math.ceil(ids.length / 100) }, (_, i) => ids.slice(i * 100, (i + 1) * 100));
  const read: Found = { found: [], unread: [] };
  for (const page of pages) {
    const { found, unread } = await readPage(app, page);
    const now = app.clock();
    read.found.push(...found.filter((one) => isOpen(one, now) && isMeant(app.catalogue, selector, accessOf(one))));
    read.unread.push(...unread);
  }
  return read;
}

/** From the ledger and the index. */
async function idsOf(app: Reader, identity: string): Promise<string[]> {
  const person = personOf(app.catalogue, identity);
  const { own } = countedOf(await countsOf(app, person, ledgersOf(person)));
  return own.map(({ id }) => id);
}

/** A damaged document must not keep the others from being ended. */
async function readPage({ store, log }: Reader, ids: readonly string[]): Promise<Found> {
  const [page] = await Promise.allSettled([store.getMany(ids)]);
  if (page.status === 'fulfilled') return { found: page.value, unread: [] };
  const each = await Promise.allSettled(ids.map((id) => store.get(id)));
  for (const [i, one] of each.entries())
    if (one.status === 'rejected') log('request-not-ended', { request: ids[i], ...loggedError(one.reason) });
  return {
    found: each.flatMap((one) => (one.status === 'fulfilled' && one.value ? [one.value] : [])),
    unread: ids.filter((_, i) => each[i]!.status === 'rejected'),
  };
}

/** An account is kept by its digits, because its name in the catalogue may change. @throws Problem `invalid-request` */
function selectorOf(catalogue: Catalogue, { person, role, account }: NewRevocation): Selector {
  if (person === undefined && role === undefined && account === undefined) {
    const detail = 'needs at least one of person, role and account';
    throw new Problem('invalid-request', `The body ${detail}.`, { errors: [{ pointer: '', detail }] });
  }
  const id = account === undefined ? undefined : (catalogue.accounts.get(account)?.id ?? account);
  return {
    ...(person !== undefined && { person: personOf(catalogue, person).key }),
    ...(role !== undefined && { role }),
    ...(id !== undefined && { account: id }),
  };
}

/** A name that was mistyped would end and block nothing. What the catalogue no longer has may still be open. @throws Problem `invalid-request` */
async function refuseUnknown(app: Reader, { role, account }: Selector): Promise<void> {
  const roles = [...app.catalogue.roles.values()];
  const isRole = role === undefined || roles.some(({ id, entry }) => [id, entry].includes(role));
  const isAccount = account === undefined || [...app.catalogue.accounts.values()].some(({ id }) => id === account);
  const unknown = [...(isRole ? [] : [{ role }]), ...(isAccount ? [] : [{ account }])];
  for (const one of unknown) {
    const { found, unread } = await openRequests(app, one);
    if (found.length + unread.length > 0) continue;
    const [name = ''] = Object.keys(one);
    const detail = `is not in the catalogue, and nothing open has it`;
    throw new Problem('invalid-request', `The ${name} ${detail}.`, { errors: [{ pointer: `/${name}`, detail }] });
  }
}

/** @throws Problem `invalid-request` */
function blockSeconds({ block }: NewRevocation): number | undefined {
  if (block === undefined) return undefined;
  const seconds = parseDuration(block) ?? 0;
  const { least, most } = blockBounds;
  if (seconds * SECOND >= least && seconds * SECOND <= most) return seconds;
  const detail = 'must be from 1m to 30d';
  throw new Problem('invalid-request', `The duration of the block ${detail}.`, {
    errors: [{ pointer: '/block', detail }],
  });
}
