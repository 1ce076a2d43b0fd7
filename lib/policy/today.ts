// Compares a request that was filed under an older catalogue with today's catalogue.
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

/** Whether today's catalogue, without a token's groups, allows the role to a person in the same way as the request. */
export const isKnownToBeAllowed = (
  catalogue: Catalogue,
  role: Role,
  person: string,
  request: { review?: unknown },
): boolean => mayGo[wayOf(request)](role, known(catalogue, personOf(catalogue, person)));

/**
 * Why today's catalogue no longer allows a request; undefined if it does. A less strict catalogue changes nothing.
 * @param requester the requester, if that is the caller; otherwise a token's groups are unknown and only a deny counts
 */
export function stricterNow(catalogue: Catalogue, record: RequestRecord, requester?: Caller): string | undefined {
  const role = catalogue.roles.get(record.role.id);
  if (!role) return 'The role is no longer in the catalogue.';
  if (role.arn !== record.role.arn)
    return 'In the catalogue, this name now stands for another role than the one that was approved.';
  if (
    canonicalJson(record.scope?.statements) !==
    canonicalJson(role.scope && scopeOf(role.scope, record.scope?.values ?? {}).statements)
  )
    return 'The scope of this role in the catalogue differs from the one that was approved.';
  if (scopeErrors(role.scope, record.scope?.values).length > 0) return 'The catalogue no longer accepts this scope.';
  if (!boundsOf(record.role, role))
    return 'The catalogue now limits sessions of this role by other policies than those that were approved.';
  const isRefused = requester
    ? !mayGo[wayOf(record)](role, whoIs(requester))
    : names(role.deny, known(catalogue, personOf(catalogue, record.requester.person)));
  return isRefused ? 'The catalogue no longer allows this role to the requester.' : undefined;
}

/**
 * The conditions that this call does not meet, at filing and in today's catalogue together: stricter conditions apply immediately,
 * relaxed ones do not.
 */
export function unmetConditions(record: RequestRecord, role: Role | undefined, caller: Caller, now: number): Check[] {
  const failed = [record.role.conditions ?? {}, role?.conditions ?? {}]
    .flatMap((conditions) => conditionChecks(conditions, caller, now))
    .filter(({ passed }) => !passed);
  return failed.filter(({ detail }, i) => failed.findIndex((other) => other.detail === detail) === i);
}
