// Files a request, and optionally waits for its decision.
import type { RequestView } from '../../lib/http/answers.ts';
import type { Api } from '../api/api.ts';
import type { World } from '../machine/world.ts';
import { suggestingRole } from './grant.ts';
import type { Filing, RequestFields } from './request-fields.ts';
import { waitForDecision } from './wait.ts';

/** Sends an Idempotency-Key (the given or a new one), so that a retried filing files only one request. */
export async function fileRequest(api: Api, role: string, fields: RequestFields, key?: string): Promise<RequestView> {
  const headers = idempotent(key);
  // JSON leaves out what is undefined
  const body = { role, ...fields };
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
