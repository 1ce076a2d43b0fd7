// Decides when a session is replaced, and whether the grant allows a newer one.
import { MINUTE } from '../../lib/common/time.ts';
import type { CredentialsView } from '../../lib/http/answers.ts';

/** STS counts whole seconds from the call, so a session that should last to the end of the grant can be a few seconds shorter. */
export const isLastSession = ({
  Expiration,
  GrantEndsAt,
}: Pick<CredentialsView, 'Expiration' | 'GrantEndsAt'>): boolean =>
  Date.parse(GrantEndsAt) - Date.parse(Expiration) < MINUTE;

/**
 * How long before its end a session is replaced: the wanted margin, but at most a third of its length, so that a short session is not replaced
 * at every call. All in milliseconds.
 */
export const marginOf = (wanted: number, length: number): number => Math.min(wanted, length / 3);
