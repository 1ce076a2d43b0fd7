// What a target account installs as plain JSON documents, for other tools and for installing by hand.
import { boundaryArn, enterActions, hubPolicy, revokerArn, roleArn } from '../session/iam.ts';
import { type Hub, type Target, trustedOf } from './target.ts';

/** Every document separately, with the statements that the hub's own roles need for this account. */
export const plainDocuments = ({ account, boundaries, roles, revoker }: Target, hub: Hub) => ({
  account: account.id,
  boundaries: Object.entries(boundaries).map(([name, policy]) => ({ arn: boundaryArn(account, name), policy })),
  roles: roles.map(({ name, path, maxSessionDuration, trust, managed, permissions, boundary, reach }) => ({
    arn: roleArn(account, `${path.slice(1)}${name}`),
    maxSessionDuration,
    permissionsBoundary: boundaryArn(account, boundary.name),
    ...(reach.length > 0 && { reachesBeyondItsSession: reach }),
    trustPolicy: trust,
    managedPolicies: managed,
    ...(permissions && { permissions }),
  })),
  ...(revoker && { revoker: { arn: revokerArn(account), trustPolicy: revoker.trust, policy: revoker.policy } }),
  hub: [
    hubPart(hub, account, 'issue-session', enterActions, [
      ...new Set(roles.map(({ path, name }) => roleArn(account, path === '/' ? name : `${path.slice(1)}*`))),
    ]),
    ...(revoker ? [hubPart(hub, account, 'revoke-sessions', ['sts:AssumeRole'], [revokerArn(account)])] : []),
  ],
});

/** The statement that one role of the hub needs. The hub's own template has one for all accounts, which also names the Region. */
function hubPart(
  hub: Hub,
  { partition }: Target['account'],
  name: string,
  actions: readonly string[],
  entered: readonly string[],
) {
  const code = `arn:${partition}:lambda:*:${hub.accountId}:function:latchkey-${hub.stage}-${name}`;
  const [statement] = hubPolicy(actions, entered, code, hub.organization, []);
  return { role: trustedOf(hub, name, partition), statement };
}
