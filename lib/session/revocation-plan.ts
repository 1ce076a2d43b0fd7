// Plans the revocation policy of a role: grants whose sessions have ended are dropped, and a list that does not fit becomes one denial by time.
import { floorToSecond, MINUTE, SECOND, SESSION_MOST } from '../common/time.ts';
import { inlineLimit, type PolicyDocument, revocationPolicy } from './iam.ts';

/** The sessions that a role's policy must deny. */
export type RevocationList = {
  /** id of the request -> the latest end of its sessions; epoch milliseconds */
  grants: ReadonlyMap<string, number>;
  /** sessions issued before this time are denied, whatever their grant */
  before?: number;
  /** counts additions */
  version: number;
  /** the version that IAM has; -1 for none */
  applied: number;
};

/** Allowed difference between our clock and AWS's. */
const SLACK = 5 * MINUTE;

export type RevocationPlan = {
  /** undefined: the role no longer needs one */
  policy: PolicyDocument | undefined;
  /** sessions issued before this time are denied, whatever their grant; epoch milliseconds */
  before: number | undefined;
  /** grants that leave the list */
  dropped: string[];
};

/** The policy for the list at `now`. IAM does not count white space, and the policy that is sent has none. */
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
 * The plan for a role whose policy has no space left: all sessions issued up to now are denied, of every grant. Nobody loses an active
 * grant, because new credentials can be issued. All grants on the list were revoked before, so none of their sessions is newer.
 */
export function foldRevocations(list: RevocationList, now: number): RevocationPlan {
  const before = floorToSecond(now) + SECOND;
  return { policy: revocationPolicy([], before), before, dropped: [...list.grants.keys()] };
}
