// When a session is near enough to its end to be replaced, and when there is nothing to replace it with.
import { MINUTE } from '../../lib/common/time.ts';
import type { CredentialsView } from '../../lib/http/answers.ts';

/** STS counts whole seconds from the call on, so that a session that lasts to the grant's end can fall short of it by a few. */
export const isLastSession = ({
  Expiration,
  GrantEndsAt,
}: Pick<CredentialsView, 'Expiration' | 'GrantEndsAt'>): boolean =>
  Date.parse(GrantEndsAt) - Date.parse(Expiration) < MINUTE;

/**
 * How long before its end a session is replaced: as long as is wanted, but a third of its length at most, so that a short one is not replaced at
 * every ask. Milliseconds, all of them.
 */
export const marginOf = (wanted: number, length: number): number => Math.min(wanted, length / 3);
