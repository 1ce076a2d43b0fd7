// Checks entries for IAM Identity Center: permission sets and users, which only count in the accounts of ssoAccounts.
import { isPermissionSet, principalPattern, ssoUserPattern } from './entry.ts';
import type { CatalogueFinding } from './finding.ts';

/**
 * A permission set or a user of Identity Center only counts if its account is listed. A permission set must be written with `_*` in
 * place of the characters that AWS chooses: many people share its role, and its name changes each time it is provisioned.
 * @param identities every identity that the catalogue names, with its path into the file
 */
export function* permissionSetErrors(
  ssoAccounts: readonly string[],
  identities: ReadonlyArray<{ path: CatalogueFinding['path']; entry: string }>,
): Generator<CatalogueFinding> {
  const accounts = new Set(ssoAccounts);
  for (const { path, entry } of identities) {
    const account = entry.split(':')[4] ?? '';
    const isListed = accounts.has(account);
    if (isPermissionSet(entry) && !isListed)
      yield {
        path,
        detail: `list account ${account} in ssoAccounts; otherwise no session matches this permission set`,
      };
    if (ssoUserPattern.test(entry) && !isListed)
      yield { path, detail: `list account ${account} in ssoAccounts; otherwise no session matches this user` };
    const role = principalPattern.exec(entry)?.[5] ?? '';
    if (/^AWSReservedSSO_.+_[0-9a-f]{16}$/.test(role) && isListed)
      yield {
        path,
        detail: `many people share this role; write ${entry.replace(/_[0-9a-f]{16}$/, '_*')} in a list of requesters or in a group`,
      };
  }
}
