// Leavers and drift: what the catalogue of today no longer allows of what was filed or granted under an older one.
import type { Catalogue, CatalogueData } from '../catalogue/catalogue.ts';
import { sha256 } from '../common/digest.ts';
import type { Outcome, RequestRecord } from '../model/schema.ts';
import { statusAt } from '../model/status.ts';
import { isKnownToBeAllowed, stricterNow } from '../policy/today.ts';
import { recordEnd } from './history.ts';
import { revocationOf } from './life.ts';

/**
 * The request ended by the catalogue; undefined while it may stand. A person who was eligible by the catalogue and no longer is
 * has left. Who was eligible by the groups of a token alone cannot be judged without that token: every vend judges them.
 * @param now epoch milliseconds
 */
export function endDrifted(request: RequestRecord, catalogue: Catalogue, now: number): RequestRecord | undefined {
  const status = statusAt(request, now);
  if (catalogue.leavers === 'keep' || (status !== 'pending' && status !== 'scheduled' && status !== 'active'))
    return undefined;
  const why =
    stricterNow(catalogue, request) ??
    (hasLeft(request, catalogue) ? 'The catalogue no longer allows this role to the requester.' : undefined);
  if (why === undefined) return undefined;
  const revoked = { ...request, ...revocationOf(request, catalogue, now) };
  const outcome: Outcome = { status: 'revoked', at: now, by: { kind: 'catalogue' }, why };
  return recordEnd(revoked, outcome, { actor: 'latchkey', via: 'catalogue' }, now);
}

function hasLeft(request: RequestRecord, catalogue: Catalogue): boolean {
  const role = catalogue.roles.get(request.role.id);
  return (
    request.byCatalogue === true &&
    role !== undefined &&
    !isKnownToBeAllowed(catalogue, role, request.requester.person, request)
  );
}

const digests = new WeakMap<CatalogueData, string>();

/**
 * The whole catalogue in one digest, so that no change goes by unseen. It is taken of the file's own entries, a template counting once however many
 * roles it stands for, and worked out once for each catalogue.
 */
export function driftDigest({ data }: Catalogue): string {
  const known = digests.get(data);
  if (known !== undefined) return known;
  const digest = sha256(JSON.stringify(data));
  digests.set(data, digest);
  return digest;
}
