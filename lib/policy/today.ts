// What the catalogue of today says to a request that was filed under an older one.
import { type Catalogue, names, personOf, type Role } from '../catalogue/catalogue.ts';
import { boundsOf, scopeErrors, scopeOf } from '../catalogue/narrowing.ts';
import { canonicalJson } from '../common/digest.ts';
import type { Check } from '../model/check.ts';
import { conditionChecks } from '../model/condition.ts';
import type { RequestRecord } from '../model/schema.ts';
import { mayBreakGlass } from './break-glass.ts';
import { mayRequest } from './filing-checks.ts';
import type { Caller } from './principal.ts';
import { known, whoIs } from './who.ts';

/** The two ways to a role. */
export type Way = 'ordinary' | 'break-glass';

const mayGo = { ordinary: mayRequest, 'break-glass': mayBreakGlass };

const wayOf = ({ review }: { review?: unknown }): Way => (review ? 'break-glass' : 'ordinary');

/** Whether the catalogue of today, without any token, allows the role to a person in the way that a request took. */
export const isKnownToBeAllowed = (
  catalogue: Catalogue,
  role: Role,
  person: string,
  request: { review?: unknown },
): boolean => mayGo[wayOf(request)](role, known(catalogue, personOf(catalogue, person)));

/**
 * What the catalogue of today says against a request that was filed under an older one; undefined if nothing. A laxer
 * catalogue changes nothing.
 * @param requester the requester as caller where that is who calls; otherwise a token's groups are not at hand and only a deny counts
 */
export function stricterNow(catalogue: Catalogue, record: RequestRecord, requester?: Caller): string | undefined {
  const role = catalogue.roles.get(record.role.id);
  if (!role) return 'The role is no longer in the catalogue.';
  if (role.arn !== record.role.arn)
    return 'The catalogue now means another role by this name than the one that was approved.';
  if (
    canonicalJson(record.scope?.statements) !==
    canonicalJson(role.scope && scopeOf(role.scope, record.scope?.values ?? {}).statements)
  )
    return 'The catalogue now narrows this role otherwise than it was approved.';
  if (scopeErrors(role.scope, record.scope?.values).length > 0) return 'The catalogue no longer takes this scope.';
  if (!boundsOf(record.role, role))
    return 'The catalogue now bounds the sessions of this role by other policies than those that were approved.';
  const isRefused = requester
    ? !mayGo[wayOf(record)](role, whoIs(requester))
    : names(role.deny, known(catalogue, personOf(catalogue, record.requester.person)));
  return isRefused ? 'The catalogue no longer allows this role to the requester.' : undefined;
}

/**
 * What this call lacks to be given credentials: the conditions the request was filed under, and those of today's catalogue,
 * so that a stricter one counts at once and a laxer one does not.
 */
export function unmetConditions(record: RequestRecord, role: Role | undefined, caller: Caller, now: number): Check[] {
  const failed = [record.role.conditions ?? {}, role?.conditions ?? {}]
    .flatMap((conditions) => conditionChecks(conditions, caller, now))
    .filter(({ passed }) => !passed);
  return failed.filter(({ detail }, i) => failed.findIndex((other) => other.detail === detail) === i);
}
