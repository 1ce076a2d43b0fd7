// The permissions boundary of target roles: what none of them can do, whatever its permissions, and what only those can that say so in the catalogue.
import { denied } from '../catalogue/denied.ts';
import { type Reaches, type ReachName, reachable, reachNames } from '../catalogue/reach.ts';
import type { AccountData } from '../catalogue/shape.ts';
import type { PolicyDocument, Statement } from '../session/iam.ts';

/** The boundary of roles that reach nothing beyond their session. Others have one of their own. */
export const commonBoundary = 'Boundary';

/** Name of the managed policy that bounds a role. IAM role names are unique in an account, so these are, too. */
export const boundaryNameOf = (name: string, { passRole, reaches }: Reaches): string =>
  passRole.length + reaches.length === 0 ? commonBoundary : `${commonBoundary}-${name}`;

/**
 * The permissions boundary of a target role. It gives nothing; it takes away what would outlive the grant: new and changed identities,
 * other sessions, roles that services act by, whatever the role does not say that it reaches, the account's audit trail, and Latchkey's
 * own roles, policies and stacks. A resource policy that names a session's ARN is not bounded by it (iam-ug,
 * reference_policies_evaluation-logic).
 */
export function permissionsBoundary(
  { partition, id }: Pick<AccountData, 'partition' | 'id'>,
  { passRole, reaches }: Reaches,
): PolicyDocument {
  const own = ['role/latchkey/*', 'role/latchkey-revoker', 'policy/latchkey/*'].map(
    (of) => `arn:${partition}:iam::${id}:${of}`,
  );
  const stacks = ['latchkey', 'StackSet-latchkey-*'].map(
    (name) => `arn:${partition}:cloudformation:*:${id}:stack/${name}/*`,
  );
  const unreached = reachNames.filter((name) => !reaches.includes(name)).flatMap((name) => reachable[name].actions);
  return {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'UpToTheRole', Effect: 'Allow', Action: '*', Resource: '*' },
      ...Object.entries(denied).map(([Sid, Action]) => deny(Sid, Action)),
      // what only its service can assume may be made: services do not start without their role
      denyAllBut('NoNewIdentity', ['iam:Create*'], [`arn:${partition}:iam::*:role/aws-service-role/*`]),
      denyAllBut('NoPassedRole', ['iam:PassRole'], passRole),
      ...(unreached.length > 0 ? [deny('NothingBeyondTheSession', unreached)] : []),
      ...bearerTokens(reaches),
      { ...deny('NotLatchkeyItself', ['iam:*', 'cloudformation:*']), Resource: [...own, ...stacks] },
    ],
  };
}

// --- internal ---

const deny = (Sid: string, Action: readonly string[]): Statement => ({ Sid, Effect: 'Deny', Action, Resource: '*' });

const denyAllBut = (Sid: string, Action: readonly string[], spared: readonly string[]): Statement =>
  spared.length > 0 ? { Sid, Effect: 'Deny', Action, NotResource: spared } : deny(Sid, Action);

/** STS makes the tokens of some services, in the service's name (service-authorization, list_sts). */
const bearers: Partial<Record<ReachName, string>> = {
  codeartifact: 'codeartifact.amazonaws.com',
  ecr: 'ecr-public.amazonaws.com',
};
const longestToken = '3600';

function bearerTokens(reaches: Reaches['reaches']): Statement[] {
  const services = reachNames.flatMap((name) => (reaches.includes(name) ? (bearers[name] ?? []) : []));
  const token = deny('NoBearerToken', ['sts:GetServiceBearerToken']);
  if (services.length === 0) return [token];
  const others = { ...token, Condition: { StringNotEquals: { 'sts:AWSServiceName': services } } };
  const tooLong = {
    ...deny('NoLongBearerToken', ['sts:GetServiceBearerToken']),
    Condition: {
      StringEquals: { 'sts:AWSServiceName': 'codeartifact.amazonaws.com' },
      NumericGreaterThan: { 'sts:DurationSeconds': longestToken },
    },
  };
  return reaches.includes('codeartifact') ? [others, tooLong] : [others];
}
