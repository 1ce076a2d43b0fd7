// The snapshot of a role that a request keeps: the rule at filing, which is what approvers approve.
import type { Role } from '../catalogue/catalogue.ts';
import { storedNarrowing } from '../catalogue/narrowing.ts';
import type { RequestRecord } from '../model/schema.ts';

/** Fields that the role does not have are left out, so that stored documents stay small. */
export const snapshotOf = (role: Role): RequestRecord['role'] => ({
  id: role.id,
  description: role.description,
  account: {
    key: role.account.key,
    id: role.account.id,
    name: role.account.name,
    ...(role.account.color && { color: role.account.color }),
  },
  arn: role.arn,
  risk: role.risk,
  mfa: role.mfa,
  ...(Object.keys(role.conditions).length > 0 && { conditions: role.conditions }),
  maxSeconds: role.duration.max,
  sessionSeconds: role.session.max,
  ...storedNarrowing(role),
  ...(role.reaches.length > 0 && { reaches: [...role.reaches] }),
  ...(role.passRole.length > 0 && { passRole: [...role.passRole] }),
  digest: role.digest,
});
