// From the list of revoked grants of a role to the policy that its account needs now: what is over is dropped, what does not fit is folded into one instant.
import { floorToSecond, MINUTE, SECOND, SESSION_MOST } from '../common/time.ts';
import { inlineLimit, type PolicyDocument, revocationPolicy } from './iam.ts';

/** Whose sessions a role's policy must deny. */
export type RevocationList = {
  /** id of the request -> until when a session of it could live; epoch milliseconds */
  grants: ReadonlyMap<string, number>;
  /** sessions issued before are denied, whatever their grant */
  before?: number;
  /** counts additions */
  version: number;
  /** the version that IAM has; -1 for none */
  applied: number;
};

/** Between our clock and AWS's. */
const SLACK = 5 * MINUTE;

export type RevocationPlan = {
  /** undefined: the role needs none any more */
  policy: PolicyDocument | undefined;
  /** sessions issued before are denied, whatever their grant; epoch milliseconds */
  before: number | undefined;
  /** grants that leave the list */
  dropped: string[];
};

/** The policy for the list as it stands at `now`. IAM does not count white space, and there is none in what is sent. */
export function planRevocations(list: RevocationList, now: number): RevocationPlan {
  const isLive = (until: number) => until + SLACK > now;
  const live = [...list.grants].filter(([, until]) => isLive(until)).map(([id]) => id);
  const dropped = [...list.grants].filter(([, until]) => !isLive(until)).map(([id]) => id);
  const before = list.before !== undefined && isLive(list.before + SESSION_MOST) ? list.before : undefined;
  const policy = revocationPolicy(live.sort(), before);
  return policy && JSON.stringify(policy).length > inlineLimit
    ? foldRevocations(list, now)
    : { policy, before, dropped };
}

/**
 * The plan for a role whose policy has no room left: every session issued up to now is denied, of whichever grant. Nobody loses a
 * grant by it: whoever has one fetches new credentials. Every grant on the list was revoked before, so none of its sessions is younger.
 */
export function foldRevocations(list: RevocationList, now: number): RevocationPlan {
  const before = floorToSecond(now) + SECOND;
  return { policy: revocationPolicy([], before), before, dropped: [...list.grants.keys()] };
}
