// What a request keeps of its role: the rule as it stood when it was filed, which is what approvers say yes to.
import type { Role } from '../catalogue/catalogue.ts';
import { storedNarrowing } from '../catalogue/narrowing.ts';
import type { RequestRecord } from '../model/schema.ts';

/** What the role does not have is left out, so that stored documents stay small. */
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
