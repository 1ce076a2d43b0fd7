// What a target account installs: its roles, their boundaries and the revoker, from the catalogue alone. Other modules of this room write the templates.
import type { CatalogueData } from '../catalogue/catalogue.ts';
import type { CatalogueFinding } from '../catalogue/finding.ts';
import { reachTexts } from '../catalogue/reach.ts';
import { entryOf, rolesIn } from '../catalogue/role-template.ts';
import {
  type Arn,
  boundaryArn,
  inlineLimit,
  managedLimit,
  type PolicyDocument,
  revokerPolicy,
  revokerTrust,
  roleArn,
  trustPolicy,
} from '../session/iam.ts';
import { boundaryNameOf, commonBoundary, permissionsBoundary } from './boundary.ts';

type Account = CatalogueData['accounts'][string];
/** The fields of the hub that target accounts refer to. */
export type Hub = {
  /** 12 digits; undefined makes it a parameter of the template */
  accountId: string | undefined;
  /** stage of the hub's deployment, which is part of its roles' names */
  stage: string;
  organization: string | undefined;
};

/** One IAM role of a target account. `path` begins and ends with a slash. */
export type TargetRole = {
  name: string;
  path: string;
  /** ids in the catalogue that lead to it */
  ids: string[];
  maxSessionDuration: number;
  trust: PolicyDocument;
  managed: readonly string[];
  /** its own permissions; undefined where the catalogue gives none */
  permissions: PolicyDocument | undefined;
  /** its permissions boundary by name; roles that reach nothing beyond their session share one */
  boundary: { name: string; policy: PolicyDocument };
  /** what it can reach beyond its session, in words */
  reach: readonly string[];
};
export type Target = {
  account: { key: string; id: string; name: string; partition: Account['partition'] };
  /** by name */
  boundaries: Readonly<Record<string, PolicyDocument>>;
  roles: TargetRole[];
  revoker: { trust: PolicyDocument; policy: PolicyDocument } | undefined;
  tags: Readonly<Record<string, string>>;
};

/** IAM's own quotas (iam-ug, reference_iam-quotas), white space not counted, and CloudFormation's of a template (cloudformation-limits). */
const limits = { trust: 2048, managed: managedLimit, inline: inlineLimit, resources: 500 };

/** The catalogue's entries for an account cannot be installed there. The message is for the people who edit the catalogue. */
export class TargetError extends Error {}

/** Whether the catalogue has any role in the account. */
export const installsRoles = (catalogue: CatalogueData, key: string): boolean =>
  [...rolesIn(catalogue)].some(({ account }) => account === key);

/**
 * Everything that one account installs, roles in the order of their names.
 * @param key of the account in the catalogue
 * @throws TargetError that names everything missing or too long, for the people who edit the catalogue
 */
export function targetOf(catalogue: CatalogueData, key: string, hub: Hub): Target {
  if (!Object.hasOwn(catalogue.accounts, key))
    throw new TargetError(
      `There is no account "${key}" in the catalogue. It has: ${Object.keys(catalogue.accounts).join(', ')}.`,
    );
  if (!installsRoles(catalogue, key))
    throw new TargetError(`No role of the catalogue is in the account "${key}", so there is nothing to install there.`);
  const target = assembled(catalogue, key, hub);
  const errors = [...errorsIn(target)];
  if (errors.length > 0) throw new TargetError(errors.map(({ detail }) => detail).join('\n'));
  return target;
}

/** A hub with names of typical length, to check the templates of a catalogue without a deployment. */
export const usualHub: Hub = { accountId: '999999999999', stage: 'prod', organization: 'o-a1b2c3d4e5' };

/**
 * The errors that `targetOf` would throw for any account, with their paths in the catalogue.
 * @param errorsOf further checks of an account without these errors
 */
export function* installErrors(
  catalogue: CatalogueData,
  errorsOf: (target: Target) => Iterable<CatalogueFinding> = () => [],
): Generator<CatalogueFinding> {
  for (const key of Object.keys(catalogue.accounts)) {
    if (!installsRoles(catalogue, key)) continue;
    const target = assembled(catalogue, key, usualHub);
    const errors = [...errorsIn(target)];
    yield* errors.length > 0 ? errors : errorsOf(target);
  }
}

function assembled(catalogue: CatalogueData, key: string, hub: Hub): Target {
  const account = catalogue.accounts[key]!;
  const roles = rolesOf(catalogue, key, trustedOf(hub, 'issue-session', account.partition), hub.organization);
  const arns = roles.map(({ path, name }) => roleArn(account, `${path.slice(1)}${name}`));
  return {
    account: { key, id: account.id, name: account.name, partition: account.partition },
    boundaries: {
      [commonBoundary]: permissionsBoundary(account, { passRole: [], reaches: [] }),
      ...Object.fromEntries(roles.map(({ boundary }) => [boundary.name, boundary.policy])),
    },
    roles,
    revoker: account.revoker
      ? {
          trust: revokerTrust(
            { role: trustedOf(hub, 'revoke-sessions', account.partition), organization: hub.organization },
            account.externalId,
          ),
          policy: revokerPolicy(
            arns,
            roles.map(({ boundary }) => boundaryArn(account, boundary.name)),
          ),
        }
      : undefined,
    tags: Object.fromEntries(tagsOf(account)),
  };
}

/** Sorted by name, so that the order in the file does not matter. */
export const tagsOf = ({ tags }: Pick<Account, 'tags'>): Array<[string, string]> =>
  Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));

function rolesOf(catalogue: CatalogueData, key: string, role: Arn, organization: string | undefined): TargetRole[] {
  const roles = new Map<string, TargetRole>();
  for (const { id, rule } of [...rolesIn(catalogue)].filter(({ account }) => account === key)) {
    const known = roles.get(rule.roleName);
    if (known) {
      known.ids.push(id);
      continue;
    }
    const slash = rule.roleName.lastIndexOf('/') + 1;
    const { managed = [], statements = [] } = rule.permissions ?? {};
    roles.set(rule.roleName, {
      name: rule.roleName.slice(slash),
      path: `/${rule.roleName.slice(0, slash)}`,
      ids: [id],
      boundary: {
        name: boundaryNameOf(rule.roleName.slice(slash), rule),
        policy: permissionsBoundary(catalogue.accounts[key]!, rule),
      },
      reach: reachTexts(rule),
      maxSessionDuration: rule.maxSessionDuration,
      trust: trustPolicy({ role, organization }, catalogue.accounts[key]!.externalId),
      managed: [...new Set(managed)],
      permissions:
        statements.length === 0
          ? undefined
          : {
              Version: '2012-10-17',
              Statement: statements.map(({ actions, resources, conditions }) => ({
                Effect: 'Allow' as const,
                Action: actions,
                Resource: resources,
                ...(conditions && { Condition: conditions }),
              })),
            },
    });
  }
  return [...roles.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found);
}

function* errorsIn({ account, roles, revoker }: Target): Generator<CatalogueFinding> {
  for (const role of roles) yield* roleErrorsIn(role, account.key);
  const path = ['accounts', account.key];
  if (revoker && sizeOf(revoker.policy) > limits.inline)
    yield {
      path,
      detail: `There are too many roles in the account ${account.key} for the policy of its revoker, which would have ${sizeOf(revoker.policy)} characters; IAM takes ${limits.inline}.`,
    };
  const resources = resourceCount(roles);
  if (resources > limits.resources)
    yield {
      path,
      detail: `The template of the account ${account.key} would have ${resources} resources; CloudFormation takes ${limits.resources}.`,
    };
}

function* roleErrorsIn(
  { ids, name, trust, permissions, boundary }: TargetRole,
  account: string,
): Generator<CatalogueFinding> {
  const role = ['roles', entryOf(ids[0]!)];
  if (sizeOf(boundary.policy) > limits.managed)
    yield {
      path: [...role, 'passRole'],
      detail: `The boundary of ${name} has ${sizeOf(boundary.policy)} characters, IAM takes ${limits.managed}: name fewer roles in passRole, with * for several.`,
    };
  if (sizeOf(trust) > limits.trust)
    yield {
      path: ['accounts', account, 'externalId'],
      detail: `The trust policy of ${name} has ${sizeOf(trust)} characters, IAM takes ${limits.trust}: shorten the external id.`,
    };
  if (permissions && sizeOf(permissions) > limits.managed)
    yield {
      path: [...role, 'permissions', 'statements'],
      detail: `The permissions of ${name} have ${sizeOf(permissions)} characters, IAM takes ${limits.managed}: move some to a managed policy of your own.`,
    };
}

/** An upper bound: the common boundary, the revoker, and for each role the role itself, its permissions and its boundary. */
const resourceCount = (roles: readonly TargetRole[]): number =>
  2 +
  roles.reduce(
    (sum, { permissions, boundary }) => sum + 1 + (permissions ? 1 : 0) + (boundary.name === commonBoundary ? 0 : 1),
    0,
  );
const sizeOf = (document: PolicyDocument): number => JSON.stringify(document).length;

/** The role of a function of the hub, as trust policies name it. */
export const trustedOf = (hub: Hub, functionName: string, partition: string): Arn => {
  const name = `role/latchkey-${hub.stage}-${functionName}`;
  return hub.accountId === undefined
    ? { 'Fn::Sub': `arn:${partition}:iam::\${HubAccountId}:${name}` }
    : `arn:${partition}:iam::${hub.accountId}:${name}`;
};
