// The least and the most that a catalogue may say.
import { DAY, HOUR, MINUTE, SECOND } from '../common/time.ts';

/** Upper bounds that no catalogue can lift; the store's look-back for open requests follows from them. Seconds. */
export const bounds = {
  durationMax: (30 * DAY) / SECOND,
  /** how long before its start a grant may be filed, and an extension before the grant that it continues has ended */
  aheadMax: (30 * DAY) / SECOND,
  decideWithinMax: (14 * DAY) / SECOND,
  breakGlassMax: (12 * HOUR) / SECOND,
  reviewWithinMax: (14 * DAY) / SECOND,
  sessionMin: (15 * MINUTE) / SECOND,
  sessionMax: (12 * HOUR) / SECOND,
};
