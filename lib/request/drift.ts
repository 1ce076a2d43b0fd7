// Leavers and drift: requests and grants from an older catalogue that the current one no longer allows.
import type { Catalogue, CatalogueData } from '../catalogue/catalogue.ts';
import { sha256 } from '../common/digest.ts';
import type { Outcome, RequestRecord } from '../model/schema.ts';
import { statusAt } from '../model/status.ts';
import { isKnownToBeAllowed, stricterNow } from '../policy/today.ts';
import { recordEnd } from './history.ts';
import { revocationOf } from './life.ts';

/**
 * The request, ended by the catalogue; undefined while it is allowed. A person who was eligible by the catalogue and no longer is
 * has left. People who were eligible by the groups of a token cannot be judged without that token; every issue of credentials does.
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
 * A digest of the whole catalogue, so that every change is noticed. It covers the entries of the file, a template counting once, and is
 * computed once per catalogue.
 */
export function driftDigest({ data }: Catalogue): string {
  const known = digests.get(data);
  if (known !== undefined) return known;
  const digest = sha256(JSON.stringify(data));
  digests.set(data, digest);
  return digest;
}
