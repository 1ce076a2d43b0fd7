// Files a request, and waits for its decision if that is wanted.
import type { RequestView } from '../lib/schema.ts';
import type { Api } from './api.ts';
import { suggestingRole } from './grant.ts';
import type { Filing } from './vend.ts';
import { waitForDecision } from './wait.ts';
import type { World } from './world.ts';

/** Filed once, however often the call must be made: it carries an Idempotency-Key of its own. */
export async function fileRequest(api: Api, role: string, { reason, duration, ticket }: Filing): Promise<RequestView> {
  const { randomUUID } = await import('node:crypto');
  const body = { role, reason, ...(duration !== undefined && { duration }), ...(ticket !== undefined && { ticket }) };
  const headers = { 'idempotency-key': randomUUID() };
  return suggestingRole(api, role, () => api.call<RequestView>({ method: 'POST', path: '/requests', body, headers }));
}

/** @throws Failure `not-granted`, `interrupted`, and whatever the API refuses */
export async function fileAndWait(world: World, api: Api, role: string, filing: Filing): Promise<RequestView> {
  const filed = await fileRequest(api, role, filing);
  if (filed.status === 'pending') world.err(`Filed request ${filed.id} for ${role}.\n`);
  return waitForDecision(world, api, filed);
}
