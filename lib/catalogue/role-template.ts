// Role templates: a rule with `accounts` defines one role `id@account` in each account that it selects.
import type { AccountData, CatalogueData, RoleData } from './shape.ts';

/** One role of the catalogue: its id, its rule, the key of its account. `rule` is shared by all roles of a template. */
export type PlacedRole = { id: string; entry: string; rule: RoleData; account: string };

/** Every role, templates expanded, in the order of the file. */
export function* rolesIn(data: Pick<CatalogueData, 'roles' | 'accounts'>): Generator<PlacedRole> {
  for (const [entry, rule] of Object.entries(data.roles)) {
    if (rule.account !== undefined) yield { id: entry, entry, rule, account: rule.account };
    else for (const account of selectedAccounts(data, rule)) yield { id: `${entry}@${account}`, entry, rule, account };
  }
}

/** Keys of the accounts that a template selects. */
export function selectedAccounts(
  { accounts }: Pick<CatalogueData, 'accounts'>,
  { accounts: selector }: Pick<RoleData, 'accounts'>,
): string[] {
  if (selector === undefined) return [];
  const { names, tags = {}, path } = Array.isArray(selector) ? { names: selector } : selector;
  const patterns = names?.map(namePattern);
  return Object.keys(accounts).filter((key) => {
    const account = accounts[key]!;
    return (
      (patterns === undefined || patterns.some((pattern) => pattern.test(key))) &&
      hasTags(account, tags) &&
      (path === undefined || isBelow(account, path))
    );
  });
}

/** The entry of the catalogue that a role's id comes from: a template's roles share one. Names in the catalogue hold no `@`. */
export const entryOf = (roleId: string): string => roleId.split('@', 1)[0]!;

/** Whether the account carries all of the tags. */
export const hasTags = (account: Pick<AccountData, 'tags'>, tags: Readonly<Record<string, string>>): boolean =>
  Object.entries(tags).every(([name, value]) => Object.hasOwn(account.tags, name) && account.tags[name] === value);

// --- internal ---

/** `*` matches any characters, or none. */
const namePattern = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );

/** An organizational unit covers itself and everything below it. */
const isBelow = (account: Pick<AccountData, 'path'>, path: string): boolean =>
  account.path === path || account.path?.startsWith(`${path}/`) === true;
