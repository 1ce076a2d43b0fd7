// Processes many requests, a few at a time. One failure does not hold up the others.
import type { App, LogCode } from '../app.ts';
import { loggedError } from '../model/logged-error.ts';

/**
 * @param act returns whether it changed the request
 * @param code logged for each request that failed, with name and place of the error
 * @returns the number of changed requests, and the errors of the failed ones
 */
export async function eachRequest(
  app: Pick<App, 'log'>,
  ids: readonly string[],
  { atOnce, code }: { atOnce: number; code: LogCode },
  act: (id: string) => Promise<boolean>,
): Promise<{ changed: number; failures: unknown[] }> {
  const failures: unknown[] = [];
  let changed = 0;
  const one = async (request: string) => {
    try {
      if (await act(request)) changed += 1;
    } catch (error) {
      app.log(code, { request, ...loggedError(error) });
      failures.push(error);
    }
  };
  for (let i = 0; i < ids.length; i += atOnce) await Promise.all(ids.slice(i, i + atOnce).map(one));
  return { changed, failures };
}
