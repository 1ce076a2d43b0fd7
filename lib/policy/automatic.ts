// Automatic approval: whether its conditions hold for a filing, and how they are described.
import type { AutomaticWhen } from '../catalogue/catalogue.ts';
import { hasTags } from '../catalogue/role-template.ts';
import { type Hours, hoursText, isWithin } from '../common/hours.ts';
import { durationText } from '../common/time.ts';
import type { RoleFiling } from './filing-context.ts';

/** The input of the conditions for automatic approval. */
export type AutomaticFiling = Pick<RoleFiling, 'role' | 'who' | 'durationSeconds' | 'startsAt' | 'now'>;

/** Whether the catalogue approves this filing automatically. */
export const isAutomatic = (filing: AutomaticFiling): boolean => {
  const { automatic, automaticWhen } = filing.role.approval;
  return automatic || (automaticWhen !== undefined && whyNotAutomatic(automaticWhen, filing).length === 0);
};

/** Why a filing is not approved automatically; empty if it is. A grant must also start within the hours, when people can notice it. */
export function whyNotAutomatic(
  { groups, maxDuration, hours, tags }: AutomaticWhen,
  { role: { account }, who, durationSeconds, now, startsAt = now }: AutomaticFiling,
): string[] {
  return [
    ...(groups === undefined || groups.some((group) => who.groups.includes(group))
      ? []
      : [`the requester is not in ${groups.join(' or ')}`]),
    ...(maxDuration === undefined || durationSeconds <= maxDuration
      ? []
      : [`it is for longer than ${durationText(maxDuration)}`]),
    ...(hours === undefined ? [] : outsideHours(hours, now, startsAt)),
    ...(tags === undefined || hasTags(account, tags) ? [] : [`the account is not tagged ${tagsText(tags)}`]),
  ];
}

function outsideHours(hours: Hours, now: number, startsAt: number): string[] {
  if (!isWithin(hours, now)) return [`it is not ${hoursText(hours)}`];
  return isWithin(hours, startsAt) ? [] : [`it would not start ${hoursText(hours)}`];
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
