// Conditions on a call that do not depend on the caller. A new kind needs a row in the table here, words in scripts/catalogue-words.ts and, if calls must prove something new, a field of `Proof`.
import * as v from 'valibot';
import { hoursText, isWithin } from '../common/hours.ts';
import { isFrom, parseNetwork } from '../common/networks.ts';
import { strict } from '../common/strict-object.ts';
import { DAY, durationText, MINUTE, SECOND } from '../common/time.ts';
import { seconds, timeOfDay, timeZone } from '../common/time-shapes.ts';
import { weekdays } from '../common/wall-clock.ts';
import type { Check } from './check.ts';

/** What a call proves. Times in epoch milliseconds. */
export type Proof = { signedInAt?: number; sourceIp?: string };

// -- shapes ----------------------------------------------------------------------------------------------------------

const SignInRule = strict({ within: seconds(60, (30 * DAY) / SECOND) });
export const HoursRule = v.pipe(
  strict({
    timeZone,
    days: v.optional(
      v.pipe(
        v.array(v.picklist(weekdays, `must be one of ${weekdays.join(', ')}`)),
        v.minLength(1, 'must name at least one day'),
      ),
      [...weekdays],
    ),
    from: timeOfDay(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as "08:00", in quotes'),
    to: timeOfDay(
      /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/,
      'must be a time of day such as "18:00" or "24:00", in quotes',
    ),
  }),
  v.check(({ from, to }) => from !== to, 'from and to are the same; leave hours out for the whole day'),
);
const Networks = v.pipe(
  v.array(
    v.pipe(
      v.string(),
      v.check((text) => parseNetwork(text) !== undefined, 'must be a network such as 10.0.0.0/8 or 2001:db8::/32'),
    ),
  ),
  v.minLength(1, 'must name at least one network'),
  v.maxLength(100, 'must have at most 100 networks'),
);

// -- the table -------------------------------------------------------------------------------------------------------

type Kind<Shape extends v.GenericSchema> = {
  /** how the catalogue writes it */
  shape: Shape;
  check(wanted: v.InferOutput<Shape>, proof: Proof, now: number): Check;
  /** the condition in a few words */
  text(wanted: v.InferOutput<Shape>): string;
  /** the same as a sentence, from the few words */
  sentence(text: string): string;
  /** grows as the condition becomes less strict; left out if two conditions of the kind cannot be compared */
  laxity?(wanted: v.InferOutput<Shape>): number;
};
const kind = <Shape extends v.GenericSchema>(entry: Kind<Shape>): Kind<Shape> => entry;

/** In the order in which checks and sentences are listed. */
const kinds = {
  signIn: kind({
    shape: SignInRule,
    check: ({ within }, { signedInAt }, now) => {
      const passed = isFresh(within, signedInAt, now);
      const detail = passed
        ? 'Signed in recently enough.'
        : `This role requires a sign-in within the last ${durationText(within)}. Sign in again. A signature with AWS keys does not prove a sign-in.`;
      return { check: 'sign-in', passed, code: 'needs-sign-in', detail };
    },
    text: ({ within }) => durationText(within),
    sentence: (text) => `Signed in at most ${text} ago.`,
    laxity: ({ within }) => within,
  }),
  hours: kind({
    shape: HoursRule,
    check: (hours, _proof, now) => {
      const passed = isWithin(hours, now);
      const detail = passed
        ? `It is within ${hoursText(hours)}.`
        : `This role can only be used ${hoursText(hours)}. Try again then.`;
      return { check: 'hours', passed, code: 'refused-by-policy', pointer: '', detail };
    },
    text: hoursText,
    sentence: (text) => `Only ${text}.`,
  }),
  networks: kind({
    shape: Networks,
    check: (networks, { sourceIp }) => {
      const passed = isFrom(networks, sourceIp);
      const from = sourceIp ?? 'an unknown address';
      const detail = passed
        ? `The call comes from ${from}.`
        : `This role can only be used from ${networks.join(', ')}. This call comes from ${from}.`;
      return { check: 'network', passed, code: 'refused-by-policy', pointer: '', detail };
    },
    text: (networks) => networks.join(', '),
    sentence: (text) => `Only from ${text}.`,
  }),
};
type Kinds = typeof kinds;
export type ConditionName = keyof Kinds;
export const conditionNames = Object.keys(kinds) as ConditionName[];

/** What a role requires of each call, at filing and whenever credentials are issued. Stored with a request in this form. */
export type Conditions = { [Name in ConditionName]?: v.InferOutput<Kinds[Name]['shape']> | undefined };

type Fields<Name extends ConditionName> = { [N in Name]: v.OptionalSchema<Kinds[N]['shape'], undefined> };
/** The fields of a rule of the catalogue that may set some of the conditions. */
export const conditionFields = <Name extends ConditionName>(...names: Name[]): Fields<Name> =>
  Object.fromEntries(names.map((name) => [name, v.optional(kinds[name].shape as v.GenericSchema)])) as Fields<Name>;

/** The conditions among the fields of a rule, without those that are not set. */
export const conditionsIn = (rule: Conditions): Conditions =>
  Object.fromEntries(conditionNames.flatMap((name) => (rule[name] === undefined ? [] : [[name, rule[name]]])));

/** A check for each condition, passed or failed. */
export const conditionChecks = (conditions: Conditions, proof: Proof, now: number): Check[] =>
  wantedOf(conditions).map(([{ check }, wanted]) => check(wanted, proof, now));

/** The conditions in words, one sentence each. */
export const conditionTexts = (conditions: Conditions): string[] =>
  wantedOf(conditions).map(([{ text, sentence }, wanted]) => sentence(text(wanted)));

/** Each kind for a comparison of two catalogues; undefined if not set. */
export const conditionReadings = (
  conditions: Conditions,
): Array<[ConditionName, { text: string; laxity?: number } | undefined]> =>
  conditionNames.map((name) => {
    const [found] = wantedOf({ [name]: conditions[name] });
    if (!found) return [name, undefined];
    const [{ text, laxity }, wanted] = found;
    return [name, { text: text(wanted), ...(laxity && { laxity: laxity(wanted) }) }];
  });

// --- internal ---

/** The kinds that are set, each with its value, which always has the shape of the kind. */
const wantedOf = (conditions: Conditions): Array<[Kind<v.GenericSchema>, unknown]> =>
  conditionNames.flatMap((name) =>
    conditions[name] === undefined ? [] : [[kinds[name] as unknown as Kind<v.GenericSchema>, conditions[name]]],
  );

/** Clocks of issuers may be slightly ahead. */
const LEEWAY = MINUTE;

/** Whether the caller signed in at most `within` seconds ago. A caller without a sign-in time did not. */
function isFresh(within: number, signedInAt: number | undefined, now: number): boolean {
  if (signedInAt === undefined) return false;
  const age = now - signedInAt;
  return age <= within * SECOND && age >= -LEEWAY;
}
