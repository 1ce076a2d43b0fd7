// Bounds that no catalogue can exceed.
import { DAY, HOUR, MINUTE, SECOND } from '../common/time.ts';

/** Bounds that no catalogue can lift. The store's look-back for open requests follows from them. Seconds. */
export const bounds = {
  durationMax: (30 * DAY) / SECOND,
  /** how long before its start a grant may be filed, and how long before the end of its grant an extension may be filed */
  aheadMax: (30 * DAY) / SECOND,
  decideWithinMax: (14 * DAY) / SECOND,
  breakGlassMax: (12 * HOUR) / SECOND,
  reviewWithinMax: (14 * DAY) / SECOND,
  sessionMin: (15 * MINUTE) / SECOND,
  sessionMax: (12 * HOUR) / SECOND,
};
