// An IAM of one's own: in each account its revoker writes the inline policies of roles, and its auditor reads what is installed.
import { inlineLimit, revokerArn, roleArn } from '../../lib/session/iam.ts';
import { AwsFault, type QueryService, type Xml } from './query-protocol.ts';
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
    new AwsFault(
      'AccessDenied',
      `User: ${caller.arn} is not authorized to perform: iam:${action} on resource: ${resource}`,
      403,
    );

  /**
   * What a revoker may change: existing roles of its own policy, as long as they have the boundary. A role that does not exist has none, so
   * that AWS answers a denial here, not that it is missing. @throws AwsFault AccessDenied
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
    if (!role) throw new AwsFault('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
    return role;
  };
  const policyIn = ({ inline }: InstalledRole, name: string): string => {
    const text = inline.get(name);
    if (text === undefined)
      throw new AwsFault('NoSuchEntity', `The role policy with name ${name} cannot be found.`, 404);
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
          throw new AwsFault('LimitExceeded', `Maximum policy size of ${inlineLimit} bytes exceeded for role.`, 409);
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

/** An emulated session says its partition itself. */
const accountOf = ({ arn, account }: Caller) => ({ partition: arn.split(':')[1] as 'aws', id: account });
const nameOf = ({ arn }: InstalledRole): string => arn.slice(arn.lastIndexOf('/') + 1);

function nameIn(fields: URLSearchParams): string {
  const name = fields.get('PolicyName') ?? '';
  if (!policyName.test(name)) throw new AwsFault('ValidationError', 'The specified value for policyName is invalid.');
  return name;
}

/** @throws AwsFault NoSuchEntity */
function managed({ policies }: TargetAccounts, fields: URLSearchParams, judge: (arn: string) => void) {
  const arn = fields.get('PolicyArn') ?? '';
  judge(arn);
  const document = policies.get(arn);
  if (!document) throw new AwsFault('NoSuchEntity', `Policy ${arn} was not found.`, 404);
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

/** IAM counts no white space. @throws AwsFault MalformedPolicyDocument */
function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    if ((error as Error).name === 'SyntaxError')
      throw new AwsFault('MalformedPolicyDocument', 'Syntax errors in policy.');
    throw error;
  }
}
