// Files a request, and waits for its decision if that is wanted.
import type { RequestView } from '../../lib/http/answers.ts';
import type { Api } from '../api/api.ts';
import type { World } from '../machine/world.ts';
import { suggestingRole } from './grant.ts';
import { waitForDecision } from './wait.ts';
import type { Filing, Wish } from './wish.ts';

/** A filing may be made twice and counts once: it carries an Idempotency-Key, its caller's or one of its own. */
export async function fileRequest(api: Api, role: string, wish: Wish, key?: string): Promise<RequestView> {
  const headers = idempotent(key);
  // JSON leaves out what is undefined
  const body = { role, ...wish };
  return suggestingRole(api, role, () => api.call<RequestView>({ method: 'POST', path: '/requests', body, headers }));
}

export const idempotent = (key: string | undefined): Record<string, string> => ({
  'idempotency-key': key ?? crypto.randomUUID(),
});

/** @throws Failure `not-granted`, `interrupted`, and whatever the API refuses */
export async function fileAndWait(world: World, api: Api, role: string, filing: Filing): Promise<RequestView> {
  const filed = await fileRequest(api, role, filing);
  if (filed.status === 'pending') world.err(`Filed request ${filed.id} for ${role}.\n`);
  return waitForDecision(world, api, filed);
}
