// Every change of a request: load it, let the core judge it, write it only if nobody was faster; else judge again.
import type { App } from './app.ts';
import { Problem } from './problem.ts';
import { notFound } from './request.ts';
import type { RequestRecord } from './schema.ts';

const ATTEMPTS = 3;

export type Change = { request: RequestRecord; changed: boolean };

/**
 * Changes one request under its version. The clock is read for each attempt, so that no retry decides by an old time.
 * @param judge the core's function; undefined means nothing to write
 * @param loaded the record if the caller has just read it
 * @returns the request as it now is, and whether this call changed it
 * @throws Problem whatever `judge` throws; `request-not-found`; `try-again` after three lost races
 */
export async function changeRequest(
  app: Pick<App, 'store' | 'clock'>,
  id: string,
  judge: (current: RequestRecord, now: number) => RequestRecord | undefined,
  loaded?: RequestRecord,
): Promise<Change> {
  let current = loaded;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    current ??= await app.store.get(id);
    if (!current) throw notFound();
    const next = judge(current, app.clock());
    if (!next) return { request: current, changed: false };
    if (await app.store.replace(next, current.version)) return { request: next, changed: true };
    current = undefined;
  }
  throw new Problem('try-again', 'Others were changing this request at the same time. Nothing was lost; try again.', {
    retryAfterSeconds: 1,
  });
}
