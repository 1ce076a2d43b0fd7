// The permissions boundary of target roles: what no role can do whatever its permissions, and what a role can do only if the catalogue says so.
import { denied } from '../catalogue/denied.ts';
import { type Reaches, type ReachName, reachable, reachNames } from '../catalogue/reach.ts';
import type { AccountData } from '../catalogue/shape.ts';
import type { PolicyDocument, Statement } from '../session/iam.ts';

/** The boundary of roles that reach nothing beyond their session. Every other role has its own. */
export const commonBoundary = 'Boundary';

/** Name of the managed policy that bounds a role. It is unique, because IAM role names are unique in an account. */
export const boundaryNameOf = (name: string, { passRole, reaches }: Reaches): string =>
  passRole.length + reaches.length === 0 ? commonBoundary : `${commonBoundary}-${name}`;

/**
 * The permissions boundary of a target role. It grants nothing. It denies everything that would outlive the grant: new and changed
 * identities, other sessions, service roles, any reach that the role does not declare, changes of the account's audit trail, and
 * Latchkey's own roles, policies and stacks. It does not limit a resource policy that names a session's ARN (iam-ug,
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
      // service-linked roles may be created, because services do not start without them
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

/** STS issues the tokens of some services, named by the service (service-authorization, list_sts). */
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
