// Who may do what, as an independent simulator of IAM judges it: a development dependency that ships nowhere.
import { runSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import type { PolicyDocument } from '../../lib/session/iam.ts';

/** A call as IAM sees it, and every policy that applies to it. */
export type Judged = {
  principal: string;
  action: string;
  resource: string;
  /** of the resource, 12 digits */
  accountId: string;
  context?: Record<string, string | string[] | undefined>;
  identity: ReadonlyArray<PolicyDocument>;
  boundary?: PolicyDocument;
  session?: unknown;
  /** a trust policy, where the resource is a role that is entered */
  resourcePolicy?: PolicyDocument;
};

const everything: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};

/** Whether IAM lets it happen. @throws Error when the simulator finds a policy or a call malformed */
export async function isAllowed({
  principal,
  action,
  resource,
  accountId,
  context = {},
  identity,
  boundary,
  session,
  resourcePolicy,
}: Judged): Promise<boolean> {
  const contextVariables = Object.fromEntries(
    Object.entries(context).filter(([, value]) => value !== undefined),
  ) as Simulation['request']['contextVariables'];
  const judged = await runSimulation(
    {
      request: { principal, action, resource: { resource, accountId }, contextVariables },
      identityPolicies: identity.map((policy, i) => ({ name: `policy-${i}`, policy })),
      serviceControlPolicies: [{ orgIdentifier: 'r-root', policies: [{ name: 'FullAWSAccess', policy: everything }] }],
      resourceControlPolicies: [],
      ...(boundary && { permissionBoundaryPolicies: [{ name: 'boundary', policy: boundary }] }),
      ...(session !== undefined && { sessionPolicy: session }),
      ...(resourcePolicy && { resourcePolicy }),
    },
    {},
  );
  if (judged.resultType === 'error') throw new Error(`${action} on ${resource}: ${JSON.stringify(judged.errors)}`);
  return judged.overallResult === 'Allowed';
}
