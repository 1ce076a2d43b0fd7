// Ends many requests. One that cannot be ended does not stop the others.
import type { App } from '../app.ts';
import { SECOND } from '../common/time.ts';
import type { RequestRecord } from '../model/schema.ts';
import { type Change, changeRequest } from './change.ts';
import { eachRequest } from './each-request.ts';

type Part = Pick<App, 'store' | 'clock' | 'log' | 'pause'>;

const AT_ONCE = 16;
const ATTEMPTS = 3;
const PAUSE = SECOND / 5;

/** `ended`: the requests as they are now. `remaining`: ids of the requests that may still be open. */
export type Endings = { ended: RequestRecord[]; remaining: string[] };

/**
 * A request that cannot be ended is retried after the others, and listed as remaining if that fails too.
 * @param judge the core's function; undefined where there is nothing left to end
 * @param deadline epoch milliseconds; nothing starts later, so that the answer can still be sent
 */
export async function endEach(
  app: Part,
  requests: readonly RequestRecord[],
  judge: (current: RequestRecord, now: number) => RequestRecord | undefined,
  deadline: number,
): Promise<Endings> {
  const loaded = new Map(requests.map((request) => [request.id, request]));
  const done = new Map<string, Change>();
  const left = () => [...loaded.keys()].filter((id) => !done.has(id));
  for (let attempt = 1; attempt <= ATTEMPTS && left().length > 0 && app.clock() < deadline; attempt += 1) {
    if (attempt > 1) await app.pause(PAUSE);
    await eachRequest(app, left(), { atOnce: AT_ONCE, code: 'request-not-ended' }, async (id) => {
      if (app.clock() >= deadline) return false;
      const change = await changeRequest(app, id, judge, attempt === 1 ? loaded.get(id) : undefined, 'wins');
      done.set(id, change);
      return change.changed;
    });
  }
  const ended = [...done.values()].flatMap(({ request, changed }) => (changed ? [request] : []));
  return { ended, remaining: left() };
}
