// What a target account installs as Terraform's JSON syntax (`latchkey.tf.json`), for the provider hashicorp/aws.
import type { PolicyDocument } from '../session/iam.ts';
import { commonBoundary } from './boundary.ts';
import { boundaryDescription, roleDescription } from './description.ts';
import { terraformName } from './resource-name.ts';
import type { Target, TargetRole } from './target.ts';

type Resources = Record<string, Record<string, unknown>>;

export function terraformDocument(target: Target): Record<string, unknown> {
  const attachments = Object.assign({}, ...target.roles.map(attachmentsOf)) as Resources;
  return {
    resource: {
      aws_iam_policy: policies(target),
      aws_iam_role: roles(target),
      ...(Object.keys(attachments).length > 0 && { aws_iam_role_policy_attachment: attachments }),
      ...(target.revoker && { aws_iam_role_policy: { latchkey_revoker: revokerPolicy(target.revoker) } }),
    },
  };
}

// --- internal ---

/** `${` and `%{` in a document are IAM's, so they are escaped. */
const text = (document: PolicyDocument): string => JSON.stringify(document).replace(/[$%](?=\{)/g, '$&$&');
const reference = (attribute: string): string => `\${${attribute}}`;

const boundaryLabel = (name: string): string =>
  name === commonBoundary ? 'latchkey_boundary' : terraformName('boundary', name.slice(`${commonBoundary}-`.length));
const roleLabel = ({ name }: TargetRole): string => terraformName('role', name);

/** Of a managed policy on a role: by the owner and path of the policy, so that the order of the list does not matter. */
const attachmentName = ({ name }: TargetRole, arn: string): string =>
  terraformName('role', name, arn.split(':')[4]!, arn.slice(arn.indexOf('/') + 1));

const policies = ({ boundaries, roles }: Target): Resources => ({
  ...Object.fromEntries(
    Object.entries(boundaries).map(([name, policy]) => [
      boundaryLabel(name),
      { name, path: '/latchkey/', description: boundaryDescription(name), policy: text(policy) },
    ]),
  ),
  ...Object.fromEntries(
    roles.flatMap((role) =>
      role.permissions
        ? [[roleLabel(role), { name: `${role.name}-permissions`, path: '/latchkey/', policy: text(role.permissions) }]]
        : [],
    ),
  ),
});

const roles = ({ roles, revoker, tags }: Target): Resources => ({
  ...Object.fromEntries(roles.map((role) => [roleLabel(role), roleResource(role, tags)])),
  ...(revoker && { latchkey_revoker: { name: 'latchkey-revoker', assume_role_policy: text(revoker.trust) } }),
});

const roleResource = (role: TargetRole, tags: Target['tags']) => ({
  name: role.name,
  path: role.path,
  description: roleDescription(role),
  max_session_duration: role.maxSessionDuration,
  permissions_boundary: reference(`aws_iam_policy.${boundaryLabel(role.boundary.name)}.arn`),
  assume_role_policy: text(role.trust),
  ...(Object.keys(tags).length > 0 && { tags }),
});

/** The managed policies of a role, and its own permissions. */
function attachmentsOf(role: TargetRole): Resources {
  const attached = { role: reference(`aws_iam_role.${roleLabel(role)}.name`) };
  const own = { ...attached, policy_arn: reference(`aws_iam_policy.${roleLabel(role)}.arn`) };
  return {
    ...Object.fromEntries(role.managed.map((arn) => [attachmentName(role, arn), { ...attached, policy_arn: arn }])),
    ...(role.permissions && { [terraformName('role', role.name, 'own')]: own }),
  };
}

const revokerPolicy = ({ policy }: NonNullable<Target['revoker']>) => ({
  name: 'Revoke',
  role: reference('aws_iam_role.latchkey_revoker.name'),
  policy: text(policy),
});
