// Every change of a request: load it, let the core judge it, and write it only if it has not changed. Otherwise judge again.
import type { App } from '../app.ts';
import { SECOND } from '../common/time.ts';
import { Problem } from '../model/problem.ts';
import type { RequestRecord } from '../model/schema.ts';
import { notFound } from '../request/life.ts';

const ATTEMPTS = { yields: 3, wins: 10 };

/** How long other writes are held off for an end that lost a race. The mark expires by then even if the process died. */
const ENDING_LASTS = 10 * SECOND;

/** `wins`: ends, denials and revocations. They succeed in one call however often others write, so issuing cannot starve a revocation. */
export type How = keyof typeof ATTEMPTS;

export type Change = { request: RequestRecord; changed: boolean };

/**
 * Changes one request under its version. The clock is read for each attempt, so that no retry decides by an outdated time.
 * @param judge the core's function; undefined means nothing to write
 * @param loaded the record if the caller has just read it
 * @param how `wins` marks the request after a lost race, if there is still something to write; `yields` writes nothing while it is marked
 * @returns the request as it now is, and whether this call changed it
 * @throws Problem whatever `judge` throws; `request-not-found`; `try-again` after several lost races
 */
export async function changeRequest(
  app: Pick<App, 'store' | 'clock'>,
  id: string,
  judge: (current: RequestRecord, now: number) => RequestRecord | undefined,
  loaded?: RequestRecord,
  how: How = 'yields',
): Promise<Change> {
  let current = loaded;
  for (let attempt = 0; attempt < ATTEMPTS[how]; attempt += 1) {
    current ??= await app.store.get(id);
    if (!current) throw notFound();
    const now = app.clock();
    const next = judge(current, now);
    if (!next) return { request: current, changed: false };
    const yieldsAt = how === 'yields' ? now : undefined;
    const isMarked = how === 'wins' && attempt === 1;
    // the request may have changed before it was marked, so it is read again
    if (isMarked) await app.store.markEnding(id, now + ENDING_LASTS);
    else if (await app.store.replace(next, current.version, yieldsAt)) return { request: next, changed: true };
    current = undefined;
  }
  throw new Problem('try-again', 'The request was being changed by other calls. Your change was not made. Try again.', {
    retryAfterSeconds: 1,
  });
}
