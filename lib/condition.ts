// Conditions on a call that have nothing to do with who calls: time of day, source network, age of the sign-in.
import { BlockList, isIP, isIPv4 } from 'node:net';
import type { Check } from './check.ts';
import type { RequestRecord } from './schema.ts';
import { durationText, MINUTE, SECOND } from './time.ts';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
/** Wall-clock window of a time zone. `to` at or before `from` runs past midnight; the day is the one it begins on. */
export type Hours = { timeZone: string; days: readonly string[]; from: string; to: string };
/** What a role asks of each call, at filing and whenever credentials are issued. */
export type Conditions = {
  signInSeconds?: number | undefined;
  hours?: Hours | undefined;
  networks?: readonly string[] | undefined;
};
/** What a call proves. Times in epoch milliseconds. */
export type Proof = { signedInAt?: number; sourceIp?: string };

// -- hours -----------------------------------------------------------------------------------------------------------

/** Whether the platform knows the zone by this IANA name. An offset such as +02:00 is none: it would be wrong half of the year. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    clockOf(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Whether a zone that `isTimeZone` took is an offset or an abbreviation, which no daylight saving moves as it does a place. */
export function isFixedZone(name: string): boolean {
  if (/^(?:Etc\/)?(?:UTC|UCT|GMT|Zulu|Universal|Greenwich)$/i.test(name)) return false;
  return /^Etc\//i.test(name) || !name.includes('/');
}

/** Whether the wall clock of the window's zone is inside it at `now`; daylight saving follows from the zone. */
export function isWithin({ timeZone, days, from, to }: Hours, now: number): boolean {
  const { day, minute } = wallClock(timeZone, now);
  const [start, end] = [minutesOf(from), minutesOf(to)];
  const isOn = (index: number) => days.includes(weekdays[(index + 7) % 7]!);
  if (start < end) return isOn(day) && minute >= start && minute < end;
  return (isOn(day) && minute >= start) || (isOn(day - 1) && minute < end);
}

/** `mon-fri 08:00-18:00 Europe/Berlin` */
export function hoursText({ timeZone, days, from, to }: Hours): string {
  const indexes = weekdays.flatMap((day, i) => (days.includes(day) ? [i] : []));
  const isRun = indexes.length > 2 && indexes.every((index, i) => i === 0 || index === indexes[i - 1]! + 1);
  const names = isRun
    ? `${weekdays[indexes[0]!]}-${weekdays[indexes.at(-1)!]}`
    : indexes.map((i) => weekdays[i]).join(', ');
  return `${indexes.length === 7 ? 'daily' : names} ${from}-${to} ${timeZone}`;
}

// -- networks --------------------------------------------------------------------------------------------------------

/** `10.0.0.0/8` or `2001:db8::/32`; a bare address is a network of one. Undefined for anything else. */
export function parseNetwork(text: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || rest.length > 0) return undefined;
  const longest = version === 4 ? 32 : 128;
  if (bits !== undefined && (!/^(?:0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > longest)) return undefined;
  return { address, prefix: bits === undefined ? longest : Number(bits), family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** Whether the address is inside one of the networks. No address is inside none; an IPv4 address written as IPv6 is the IPv4 address. */
export function isFrom(networks: readonly string[], address: string | undefined): boolean {
  if (address === undefined || isIP(address) === 0) return false;
  const bare = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  return listOf(networks).check(bare, isIPv4(bare) ? 'ipv4' : 'ipv6');
}

// -- sign-in ---------------------------------------------------------------------------------------------------------

/** Clocks of issuers may be a little ahead. */
const LEEWAY = MINUTE;

/** Whether the caller signed in at most so many seconds ago; one who does not say when has not. */
export function isFresh(seconds: number, signedInAt: number | undefined, now: number): boolean {
  if (signedInAt === undefined) return false;
  const age = now - signedInAt;
  return age <= seconds * SECOND && age >= -LEEWAY;
}

// -- together --------------------------------------------------------------------------------------------------------

/** Every condition that there is, passed or failed. */
export function conditionChecks({ signInSeconds, hours, networks }: Conditions, proof: Proof, now: number): Check[] {
  return [
    ...(signInSeconds === undefined ? [] : [signInCheck(signInSeconds, proof, now)]),
    ...(hours === undefined ? [] : [hoursCheck(hours, now)]),
    ...(networks === undefined ? [] : [networkCheck(networks, proof)]),
  ];
}

/** The conditions in words, one sentence each. */
export function conditionTexts({ signInSeconds, hours, networks }: Conditions): string[] {
  return [
    ...(signInSeconds === undefined ? [] : [`Signed in at most ${durationText(signInSeconds)} ago.`]),
    ...(hours === undefined ? [] : [`Only ${hoursText(hours)}.`]),
    ...(networks === undefined ? [] : [`Only from ${networks.join(', ')}.`]),
  ];
}

/** The conditions as they are stored: what is not asked for is left out. */
export function storedConditions({
  signInSeconds,
  hours,
  networks,
}: Conditions): NonNullable<RequestRecord['role']['conditions']> {
  return {
    ...(signInSeconds !== undefined && { signInSeconds }),
    ...(hours && { hours: { ...hours, days: [...hours.days] } }),
    ...(networks && { networks: [...networks] }),
  };
}

// --- internal ---

const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

/** Making a formatter takes far longer than using it. */
const clocks = new Map<string, Intl.DateTimeFormat>();
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const clock =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
  clocks.set(timeZone, clock);
  return clock;
}

function wallClock(timeZone: string, now: number): { day: number; minute: number } {
  const parts = new Map(
    clockOf(timeZone)
      .formatToParts(now)
      .map(({ type, value }) => [type, value]),
  );
  const name = (parts.get('weekday') ?? '').toLowerCase();
  return {
    day: (weekdays as readonly string[]).indexOf(name),
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}

const lists = new WeakMap<readonly string[], BlockList>();
function listOf(networks: readonly string[]): BlockList {
  const made = lists.get(networks);
  if (made) return made;
  const list = new BlockList();
  for (const network of networks.map(parseNetwork))
    if (network) list.addSubnet(network.address, network.prefix, network.family);
  lists.set(networks, list);
  return list;
}

function signInCheck(seconds: number, { signedInAt }: Proof, now: number): Check {
  const passed = isFresh(seconds, signedInAt, now);
  const detail = passed
    ? 'Signed in recently enough.'
    : `This role needs a sign-in of the last ${durationText(seconds)}. Sign in again; a signature with AWS keys cannot prove one.`;
  return { check: 'sign-in', passed, code: 'needs-sign-in', detail };
}

function hoursCheck(hours: Hours, now: number): Check {
  const passed = isWithin(hours, now);
  const detail = passed
    ? `It is within ${hoursText(hours)}.`
    : `This role can be used ${hoursText(hours)} only. Come back then.`;
  return { check: 'hours', passed, code: 'refused-by-policy', pointer: '', detail };
}

function networkCheck(networks: readonly string[], { sourceIp }: Proof): Check {
  const passed = isFrom(networks, sourceIp);
  const from = sourceIp ?? 'an unknown address';
  const detail = passed
    ? `The call comes from ${from}.`
    : `This role can be used from ${networks.join(', ')} only; this call comes from ${from}.`;
  return { check: 'network', passed, code: 'refused-by-policy', pointer: '', detail };
}
