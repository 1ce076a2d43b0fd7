// One template for many accounts, for a StackSet. Values that differ between accounts are looked up by account ID.
import type { CatalogueData } from '../catalogue/catalogue.ts';
import { canonicalJson } from '../common/digest.ts';
import { cloudFormationTemplate, type Template } from './cloud-formation.ts';
import { type Hub, TargetError, tagsOf, targetOf } from './target.ts';

/** CloudFormation's quota of attributes in one mapping (cloudformation-limits). There is one map, because its name cannot be computed. */
export const accountsMost = 200;

/** The account ID, which CloudFormation fills in at deployment. */
const here = `\${AWS::AccountId}`;
/** A placeholder for a value of the account. No value of a catalogue contains a NUL. */
const lookedUp = (attribute: string): string => `\0${attribute}`;

/**
 * The template that all of these accounts install. It fails in any other account, because the look-ups find nothing.
 * @param keys of the accounts in the catalogue, all in one partition
 * @throws TargetError as `targetOf`, and where the accounts do not install the same
 */
export function stackSetTemplate(catalogue: CatalogueData, keys: readonly string[], hub: Hub): Template {
  if (keys.length > accountsMost)
    throw new TargetError(
      `One template takes at most ${accountsMost} accounts, and ${keys.length} were named. Name fewer.`,
    );
  for (const key of keys) targetOf(catalogue, key, hub); // each must also fit with its own values
  const groups = alike(keys, (key) => canonicalJson(templateAnywhere(catalogue, key, hub)));
  if (groups.length > 1)
    throw new TargetError(
      `These accounts need different templates, one for each of these groups:\n${groups.map((some) => `  ${some.join(',')}`).join('\n')}`,
    );
  const accounts = keys.map((key) => catalogue.accounts[key]!).sort((a, b) => (a.id < b.id ? -1 : 1));
  const { Resources, ...head } = templateAnywhere(catalogue, keys[0]!, hub);
  return {
    ...head,
    Description: `Latchkey: what ${keys.length} accounts install. Made from the catalogue; change it there.`,
    Mappings: { Accounts: Object.fromEntries(accounts.map((account) => [account.id, attributesOf(account)])) },
    Resources,
  };
}

/** The items grouped by the text that `says` returns, in order. The command line also runs on Node 20, which has no Map.groupBy. */
export function alike<Item>(items: readonly Item[], says: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const said = says(item);
    const group = groups.get(said);
    if (group) group.push(item);
    else groups.set(said, [item]);
  }
  return [...groups.values()];
}

// --- internal ---

type Account = CatalogueData['accounts'][string];

/** The values that are looked up. Tag names contain characters that attributes must not have. */
const attributesOf = (account: Account): Record<string, string> => ({
  ExternalId: account.externalId,
  ...Object.fromEntries(tagsOf(account).map(([, value], i) => [`Tag${i + 1}`, value])),
});

/** The template of an account with placeholders for everything that only this account has. */
function templateAnywhere(catalogue: CatalogueData, key: string, hub: Hub): Template {
  const account = catalogue.accounts[key]!;
  const anywhere: Account = {
    ...account,
    id: here,
    externalId: lookedUp('ExternalId'),
    tags: Object.fromEntries(tagsOf(account).map(([name], i) => [name, lookedUp(`Tag${i + 1}`)])),
  };
  const target = targetOf({ ...catalogue, accounts: { ...catalogue.accounts, [key]: anywhere } }, key, hub);
  // the catalogue entries of a role may have different names in each account
  const roles = target.roles.map((role) => ({ ...role, ids: [`${role.path}${role.name}`] }));
  return withLookUps({ ...cloudFormationTemplate({ ...target, roles }, hub), Description: '' }) as Template;
}

/** The same data, in which CloudFormation's look-up functions replace all placeholders. */
function withLookUps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLookUps);
  if (typeof value === 'object' && value !== null)
    return 'Fn::Sub' in value
      ? value
      : Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withLookUps(inner)]));
  if (typeof value !== 'string') return value;
  if (value.startsWith('\0')) return { 'Fn::FindInMap': ['Accounts', { Ref: 'AWS::AccountId' }, value.slice(1)] };
  // everything else that looks like a variable belongs to IAM
  return value.includes(here) ? { 'Fn::Sub': value.replace(/\$\{(?!AWS::AccountId\})/g, '${!') } : value;
}
