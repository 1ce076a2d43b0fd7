// Whether a session is the last one that its grant allows.
import type { CredentialsView } from '../lib/schema.ts';
import { MINUTE } from '../lib/time.ts';

/** STS counts whole seconds from the call on, so that a session that lasts to the grant's end can fall short of it by a few. */
export const isLastSession = ({
  Expiration,
  GrantEndsAt,
}: Pick<CredentialsView, 'Expiration' | 'GrantEndsAt'>): boolean =>
  Date.parse(GrantEndsAt) - Date.parse(Expiration) < MINUTE;
