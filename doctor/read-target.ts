// Reads the roles and policies of a target account, with credentials of that account. Judges and changes nothing.
import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { awsAnswer } from '../lib/common/aws-answer.ts';
import { boundaryArn, revokerArn, roleArn } from '../lib/session/iam.ts';
import { doctorName } from '../lib/target/probe.ts';
import type { Target } from '../lib/target/target.ts';
import { type Clients, clientsOf, type Place } from './clients.ts';
import type { InlineFacts, RoleFacts, TargetFacts } from './facts.ts';
import { look, type Seen } from './seen.ts';

/**
 * Clients in a target account, through a role there that may read IAM.
 * @param role path and name, the value of --target-role
 */
export async function enterToRead(
  { sts }: Clients,
  place: Place,
  account: Target['account'],
  role: string,
): Promise<Seen<Clients>> {
  const RoleArn = roleArn(account, role);
  try {
    const { Credentials: found } = await sts.send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: doctorName, DurationSeconds: 900 }),
    );
    const {
      AccessKeyId: accessKeyId = '',
      SecretAccessKey: secretAccessKey = '',
      SessionToken: sessionToken = '',
    } = found ?? {};
    return { is: 'there', value: clientsOf({ ...place, credentials: { accessKeyId, secretAccessKey, sessionToken } }) };
  } catch (error) {
    return {
      is: 'hidden',
      permission: 'sts:AssumeRole',
      why: `you cannot assume ${RoleArn} (${awsAnswer(error)?.code ?? 'no answer'})`,
    };
  }
}

export async function readTarget(
  { iam }: Pick<Clients, 'iam'>,
  { account, roles, boundaries, revoker }: Target,
): Promise<TargetFacts> {
  const arns = roles.map(({ path, name }) => ({ name, arn: roleArn(account, `${path.slice(1)}${name}`) }));
  const read: Array<[string, TargetFacts['roles'][string]]> = [];
  // sequentially, because IAM has one small request quota per account
  for (const { name, arn } of arns)
    read.push([arn, { role: await readRole(iam, name), inline: await readInline(iam, name) }]);
  const found: Array<[string, Seen<unknown>]> = [];
  for (const name of Object.keys(boundaries)) found.push([name, await readManaged(iam, boundaryArn(account, name))]);
  const facts = { roles: Object.fromEntries(read), boundaries: Object.fromEntries(found) };
  if (!revoker) return facts;
  const name = revokerArn(account).split('/').at(-1) ?? '';
  return {
    ...facts,
    revoker: { role: await readRole(iam, name), policy: await readOwn(iam, name) },
  };
}

// --- internal ---

const readRole = (iam: IAMClient, RoleName: string): Promise<Seen<RoleFacts>> =>
  look('iam:GetRole', async () => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    const boundary = Role?.PermissionsBoundary?.PermissionsBoundaryArn;
    return (
      Role && {
        arn: Role.Arn ?? '',
        trust: documentIn(Role.AssumeRolePolicyDocument),
        maxSessionDuration: Role.MaxSessionDuration ?? 0,
        ...(boundary && { boundary }),
      }
    );
  });

const readInline = async (iam: IAMClient, RoleName: string): Promise<Seen<InlineFacts>> => {
  const names = await look(
    'iam:ListRolePolicies',
    async () => (await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames ?? [],
  );
  if (names.is !== 'there') return names;
  return await look('iam:GetRolePolicy', () =>
    Promise.all(
      names.value.map(async (name) => ({
        name,
        characters: JSON.stringify(await inlinePolicy(iam, RoleName, name)).length,
      })),
    ),
  );
};

/** All statements of a role's inline policies, as one document. */
const readOwn = async (iam: IAMClient, RoleName: string): Promise<Seen<unknown>> => {
  const names = await look(
    'iam:ListRolePolicies',
    async () => (await iam.send(new ListRolePoliciesCommand({ RoleName }))).PolicyNames ?? [],
  );
  if (names.is !== 'there') return names;
  if (names.value.length === 0) return { is: 'missing' };
  return await look('iam:GetRolePolicy', async () => {
    const documents = await Promise.all(names.value.map((name) => inlinePolicy(iam, RoleName, name)));
    return { Statement: documents.flatMap(({ Statement }) => [Statement].flat()) };
  });
};

const inlinePolicy = async (iam: IAMClient, RoleName: string, PolicyName: string): Promise<{ Statement?: unknown }> =>
  documentIn((await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))).PolicyDocument);

const readManaged = async (iam: IAMClient, PolicyArn: string): Promise<Seen<unknown>> => {
  const version = await look(
    'iam:GetPolicy',
    async () => (await iam.send(new GetPolicyCommand({ PolicyArn }))).Policy?.DefaultVersionId,
  );
  if (version.is !== 'there') return version;
  return await look('iam:GetPolicyVersion', async () =>
    documentIn(
      (await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: version.value }))).PolicyVersion?.Document,
    ),
  );
};

/** IAM shows documents URL-encoded (botocore iam, Role). */
const documentIn = (text = ''): { Statement?: unknown } => JSON.parse(decodeURIComponent(text) || '{}');
