// What a catalogue says of IAM Identity Center: permission sets and users, which count in the accounts that it lists.
import { isPermissionSet, principalPattern, ssoUserPattern } from './entry.ts';
import type { CatalogueFinding } from './finding.ts';

/**
 * A permission set or a user of one counts only where its account is listed, and there only with `_*` in the place of what AWS
 * chooses: the role behind it is shared by many people, and has another name each time it is provisioned.
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
      yield { path, detail: `list account ${account} in ssoAccounts, or no session of this permission set counts` };
    if (ssoUserPattern.test(entry) && !isListed)
      yield { path, detail: `list account ${account} in ssoAccounts, or no session is this user's` };
    const role = principalPattern.exec(entry)?.[5] ?? '';
    if (/^AWSReservedSSO_.+_[0-9a-f]{16}$/.test(role) && isListed)
      yield {
        path,
        detail: `many people share this role; write ${entry.replace(/_[0-9a-f]{16}$/, '_*')} in a list of requesters or in a group`,
      };
  }
}
