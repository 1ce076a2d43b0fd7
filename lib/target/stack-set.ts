// One template for many accounts, as a StackSet brings it to each of them: what differs is looked up by the number of the account that it is in.
import type { CatalogueData } from '../catalogue/catalogue.ts';
import { canonicalJson } from '../common/digest.ts';
import { cloudFormationTemplate, type Hub, TargetError, type Template, tagsOf, targetOf } from './target.ts';

/** CloudFormation's quota of attributes in one mapping (cloudformation-limits); a map's name cannot be computed, so there is one map. */
export const accountsMost = 200;

/** Whose number the template finds out when it is deployed. */
const here = `\${AWS::AccountId}`;
/** Stands for a value of the account until it is looked up. No value of a catalogue has a NUL in it. */
const lookedUp = (attribute: string): string => `\0${attribute}`;

/**
 * The template that all of these accounts install. Brought to an account that is not among them it fails, since nothing is found for it.
 * @param keys of the accounts in the catalogue, all in one partition
 * @throws TargetError as `targetOf`, and where the accounts do not install the same
 */
export function stackSetTemplate(catalogue: CatalogueData, keys: readonly string[], hub: Hub): Template {
  if (keys.length > accountsMost)
    throw new TargetError(
      `These are ${keys.length} accounts, and a template takes at most ${accountsMost}: name fewer.`,
    );
  for (const key of keys) targetOf(catalogue, key, hub); // each has to fit with its own values, too
  const groups = alike(keys, (key) => canonicalJson(templateAnywhere(catalogue, key, hub)));
  if (groups.length > 1)
    throw new TargetError(
      `These accounts do not install the same, so they take a template for each of these groups:\n${groups.map((some) => `  ${some.join(',')}`).join('\n')}`,
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

/** The items in groups of those that say the same, in their order. Node 20, on which the command line runs, has no Map.groupBy. */
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

/** What is looked up. The names of tags have characters that attributes must not have. */
const attributesOf = (account: Account): Record<string, string> => ({
  ExternalId: account.externalId,
  ...Object.fromEntries(tagsOf(account).map(([, value], i) => [`Tag${i + 1}`, value])),
});

/** The template of an account without anything that only this account has. */
function templateAnywhere(catalogue: CatalogueData, key: string, hub: Hub): Template {
  const account = catalogue.accounts[key]!;
  const anywhere: Account = {
    ...account,
    id: here,
    externalId: lookedUp('ExternalId'),
    tags: Object.fromEntries(tagsOf(account).map(([name], i) => [name, lookedUp(`Tag${i + 1}`)])),
  };
  const target = targetOf({ ...catalogue, accounts: { ...catalogue.accounts, [key]: anywhere } }, key, hub);
  // the entries of the catalogue that lead to a role may have other names in each account
  const roles = target.roles.map((role) => ({ ...role, ids: [`${role.path}${role.name}`] }));
  return withLookUps({ ...cloudFormationTemplate({ ...target, roles }, hub), Description: '' }) as Template;
}

/** The same data, where every text that stands for something is the function of CloudFormation that finds it. */
function withLookUps(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLookUps);
  if (typeof value === 'object' && value !== null)
    return 'Fn::Sub' in value
      ? value
      : Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withLookUps(inner)]));
  if (typeof value !== 'string') return value;
  if (value.startsWith('\0')) return { 'Fn::FindInMap': ['Accounts', { Ref: 'AWS::AccountId' }, value.slice(1)] };
  // what else looks like a variable is IAM's
  return value.includes(here) ? { 'Fn::Sub': value.replace(/\$\{(?!AWS::AccountId\})/g, '${!') } : value;
}
