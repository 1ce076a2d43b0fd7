// An IAM of one's own, as far as a revoker needs it: the inline policies of the catalogue's roles, written by the revoker of their account alone.
import type { App } from '../lib/app.ts';
import { inlineLimit, revokerArn } from '../lib/iam.ts';
import { AwsFault, type QueryService, type Xml } from './query-protocol.ts';

type Caller = { arn: string; account: string; roleArn?: string };
export type IamEmulator = QueryService<Caller> & {
  /** the inline policies of a role, as text */
  policiesOf(roleArn: string): string[];
};

/** botocore iam: names are [\w+=,.@-], 128 characters for a policy's and 64 for a role's */
const policyName = /^[\w+=,.@-]{1,128}$/;

export function createIamEmulator({ catalogue }: Pick<App, 'catalogue'>): IamEmulator {
  const policies = new Map<string, Map<string, string>>();

  /** Trust, permission and existence, in the order in which IAM judges them. @throws AwsFault AccessDenied or NoSuchEntity */
  const roleOf = (fields: URLSearchParams, caller: Caller, action: string): string => {
    const name = fields.get('RoleName') ?? '';
    const account = [...catalogue.accounts.values()].find(({ id }) => id === caller.account);
    if (!account?.revoker || caller.roleArn !== revokerArn(account)) {
      const resource = `arn:aws:iam::${caller.account}:role/${name}`;
      throw new AwsFault('AccessDenied', `User: ${caller.arn} is not authorized to perform: iam:${action} on resource: ${resource}`, 403);
    }
    const role = [...catalogue.roles.values()].find(({ arn }) => arn.startsWith(`arn:${account.partition}:iam::${account.id}:`) && arn.endsWith(`/${name}`));
    if (!role) throw new AwsFault('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
    return role.arn;
  };
  const nameIn = (fields: URLSearchParams): string => {
    const name = fields.get('PolicyName') ?? '';
    if (!policyName.test(name)) throw new AwsFault('ValidationError', 'The specified value for policyName is invalid.');
    return name;
  };

  const put = (fields: URLSearchParams, caller: Caller): Xml => {
    const role = roleOf(fields, caller, 'PutRolePolicy');
    const document = compact(fields.get('PolicyDocument') ?? '');
    const next = new Map(policies.get(role)).set(nameIn(fields), document);
    if ([...next.values()].join('').length > inlineLimit)
      throw new AwsFault('LimitExceeded', `Maximum policy size of ${inlineLimit} bytes exceeded for role.`, 409);
    policies.set(role, next);
    return {};
  };
  const remove = (fields: URLSearchParams, caller: Caller): Xml => {
    const name = nameIn(fields);
    if (!policies.get(roleOf(fields, caller, 'DeleteRolePolicy'))?.delete(name))
      throw new AwsFault('NoSuchEntity', `The role policy with name ${name} cannot be found.`, 404);
    return {};
  };

  return {
    version: '2010-05-08',
    namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    actions: { PutRolePolicy: put, DeleteRolePolicy: remove },
    policiesOf: (roleArn) => [...(policies.get(roleArn)?.values() ?? [])],
  };
}

/** IAM counts no white space. @throws AwsFault MalformedPolicyDocument */
function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    if ((error as Error).name === 'SyntaxError') throw new AwsFault('MalformedPolicyDocument', 'Syntax errors in policy.');
    throw error;
  }
}
