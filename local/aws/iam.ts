// An IAM emulator: in each account, the revoker writes inline policies of roles, and the auditor reads roles and policies.
import { inlineLimit, revokerArn, roleArn } from '../../lib/session/iam.ts';
import { AwsError, type QueryService, type Xml } from './query-protocol.ts';
import { auditorName, type InstalledRole, roleNamed, type TargetAccounts } from './target-accounts.ts';

type Caller = { arn: string; account: string; roleArn?: string };
export type IamEmulator = QueryService<Caller> & {
  /** the inline policies of a role, as text */
  policiesOf(roleArn: string): string[];
};

/** botocore iam: names are [\w+=,.@-], 128 characters for a policy's and 64 for a role's */
const policyName = /^[\w+=,.@-]{1,128}$/;

export function createIamEmulator(targets: TargetAccounts): IamEmulator {
  const denied = (caller: Caller, action: string, resource: string) =>
    new AwsError(
      'AccessDenied',
      `User: ${caller.arn} is not authorized to perform: iam:${action} on resource: ${resource}`,
      403,
    );

  /**
   * The roles that a revoker may change: existing roles in its policy that have the boundary. A missing role has no boundary, so AWS
   * answers AccessDenied instead of NoSuchEntity. @throws AwsError AccessDenied
   */
  const changeable = (fields: URLSearchParams, caller: Caller, action: string): InstalledRole => {
    const name = fields.get('RoleName') ?? '';
    const account = accountOf(caller);
    const own = caller.roleArn === revokerArn(account) ? targets.roles.get(caller.roleArn) : undefined;
    const role = roleNamed(targets, caller.account, name);
    const says = (arn: string | undefined) =>
      [...(own?.inline.values() ?? [])].some((text) => text.includes(JSON.stringify(arn)));
    if (!role || !says(role.arn) || role.boundary === undefined || !says(role.boundary))
      throw denied(caller, action, role?.arn ?? `role ${name}`);
    return role;
  };
  const readable = (caller: Caller, action: string, resource: string): void => {
    if (caller.roleArn !== roleArn(accountOf(caller), auditorName)) throw denied(caller, action, resource);
  };
  const read = (fields: URLSearchParams, caller: Caller, action: string): InstalledRole => {
    const name = fields.get('RoleName') ?? '';
    readable(caller, action, `role ${name}`);
    const role = roleNamed(targets, caller.account, name);
    if (!role) throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
    return role;
  };
  const policyIn = ({ inline }: InstalledRole, name: string): string => {
    const text = inline.get(name);
    if (text === undefined)
      throw new AwsError('NoSuchEntity', `The role policy with name ${name} cannot be found.`, 404);
    return text;
  };

  return {
    version: '2010-05-08',
    namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    actions: {
      PutRolePolicy(fields, caller) {
        const { inline } = changeable(fields, caller, 'PutRolePolicy');
        const next = new Map(inline).set(nameIn(fields), compact(fields.get('PolicyDocument') ?? ''));
        if ([...next.values()].join('').length > inlineLimit)
          throw new AwsError('LimitExceeded', `Maximum policy size of ${inlineLimit} bytes exceeded for role.`, 409);
        for (const [name, text] of next) inline.set(name, text);
        return {};
      },
      DeleteRolePolicy(fields, caller) {
        const name = nameIn(fields);
        const role = changeable(fields, caller, 'DeleteRolePolicy');
        policyIn(role, name);
        role.inline.delete(name);
        return {};
      },
      GetRole: (fields, caller) => ({ Role: roleXml(read(fields, caller, 'GetRole')) }),
      ListRolePolicies: (fields, caller) => ({
        PolicyNames: [...read(fields, caller, 'ListRolePolicies').inline.keys()],
        IsTruncated: 'false',
      }),
      GetRolePolicy(fields, caller) {
        const role = read(fields, caller, 'GetRolePolicy');
        const PolicyName = nameIn(fields);
        return { RoleName: nameOf(role), PolicyName, PolicyDocument: encodeURIComponent(policyIn(role, PolicyName)) };
      },
      GetPolicy(fields, caller) {
        const Arn = managed(targets, fields, (arn) => readable(caller, 'GetPolicy', arn)).arn;
        return { Policy: { Arn, DefaultVersionId: 'v1' } };
      },
      GetPolicyVersion(fields, caller) {
        const { document } = managed(targets, fields, (arn) => readable(caller, 'GetPolicyVersion', arn));
        return {
          PolicyVersion: {
            VersionId: 'v1',
            IsDefaultVersion: 'true',
            Document: encodeURIComponent(JSON.stringify(document)),
          },
        };
      },
    },
    policiesOf: (arn) => [...(targets.roles.get(arn)?.inline.values() ?? [])],
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** The partition of an emulated session is in its ARN. */
const accountOf = ({ arn, account }: Caller) => ({ partition: arn.split(':')[1] as 'aws', id: account });
const nameOf = ({ arn }: InstalledRole): string => arn.slice(arn.lastIndexOf('/') + 1);

function nameIn(fields: URLSearchParams): string {
  const name = fields.get('PolicyName') ?? '';
  if (!policyName.test(name)) throw new AwsError('ValidationError', 'The specified value for policyName is invalid.');
  return name;
}

/** @throws AwsError NoSuchEntity */
function managed({ policies }: TargetAccounts, fields: URLSearchParams, judge: (arn: string) => void) {
  const arn = fields.get('PolicyArn') ?? '';
  judge(arn);
  const document = policies.get(arn);
  if (!document) throw new AwsError('NoSuchEntity', `Policy ${arn} was not found.`, 404);
  return { arn, document };
}

/** IAM shows documents URL-encoded (botocore iam, Role). */
const roleXml = (role: InstalledRole): Xml => ({
  Path: `/${role.arn.split(':role/')[1]!.slice(0, -nameOf(role).length)}`,
  RoleName: nameOf(role),
  Arn: role.arn,
  AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(role.trust)),
  MaxSessionDuration: role.maxSessionDuration,
  ...(role.boundary !== undefined && {
    PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: role.boundary },
  }),
});

/** IAM does not count white space. @throws AwsError MalformedPolicyDocument */
function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    if ((error as Error).name === 'SyntaxError')
      throw new AwsError('MalformedPolicyDocument', 'Syntax errors in policy.');
    throw error;
  }
}
