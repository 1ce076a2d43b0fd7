// Approval by the catalogue itself: whether its conditions hold for one filing, and how they read.
import type { AutomaticWhen, Role } from './catalogue.ts';
import { hoursText, isWithin } from './condition.ts';
import { hasTags } from './role-template.ts';
import { durationText } from './time.ts';

/**
 * Why the catalogue does not approve by itself; empty if it does.
 * @param startsAt of the grant, where that is later than `now`: whoever is to notice within the hours would not be there
 */
export function automaticFaults(
  { account }: Role,
  { groups, maxDuration, hours, tags }: AutomaticWhen,
  who: { groups: readonly string[] },
  durationSeconds: number,
  now: number,
  startsAt = now,
): string[] {
  return [
    ...(groups === undefined || groups.some((group) => who.groups.includes(group))
      ? []
      : [`the requester is not in ${groups.join(' or ')}`]),
    ...(maxDuration === undefined || durationSeconds <= maxDuration
      ? []
      : [`it is for longer than ${durationText(maxDuration)}`]),
    ...(hours === undefined || isWithin(hours, now) ? [] : [`it is not ${hoursText(hours)}`]),
    ...(hours === undefined || !isWithin(hours, now) || isWithin(hours, startsAt)
      ? []
      : [`it would not start ${hoursText(hours)}`]),
    ...(tags === undefined || hasTags(account, tags) ? [] : [`the account is not tagged ${tagsText(tags)}`]),
  ];
}

/** `in developers, for at most 1 h, mon-fri 08:00-18:00 Europe/Berlin, in accounts tagged env=sandbox` */
export function automaticText({ groups, maxDuration, hours, tags }: AutomaticWhen): string {
  return [
    ...(groups === undefined ? [] : [`in ${groups.join(' or ')}`]),
    ...(maxDuration === undefined ? [] : [`for at most ${durationText(maxDuration)}`]),
    ...(hours === undefined ? [] : [hoursText(hours)]),
    ...(tags === undefined ? [] : [`in accounts tagged ${tagsText(tags)}`]),
  ].join(', ');
}
const tagsText = (tags: Readonly<Record<string, string>>): string =>
  Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
