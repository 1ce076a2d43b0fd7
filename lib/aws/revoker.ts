// IAM in a target account, through its revoker role: writes or removes the one inline policy that denies sessions.
import { DeleteRolePolicyCommand, type IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import type { Iam, RevokedRole, SessionCredentials } from '../app.ts';
import { awsAnswer, namesOf } from '../common/aws-answer.ts';
import { Problem } from '../model/problem.ts';
import { revocationPolicyName } from '../session/iam.ts';
import { RevocationRefused } from '../session/revocation-refused.ts';
import { triedRevoker } from './trials.ts';

/** The shortest session that STS issues, in seconds (botocore sts). */
const LEAST = 900;

/**
 * @param sts with the hub's credentials
 * @param iamFor a client with the credentials of one revoker session
 */
export const revoker = (
  sts: STSClient,
  iamFor: (credentials: Omit<SessionCredentials, 'expiresAt'>) => IAMClient,
): Iam => ({
  async setRevocations(role, policy) {
    const iam = iamFor(await entered(sts, role));
    const named = { RoleName: role.arn.slice(role.arn.lastIndexOf('/') + 1), PolicyName: revocationPolicyName };
    try {
      if (policy) await iam.send(new PutRolePolicyCommand({ ...named, PolicyDocument: JSON.stringify(policy) }));
      else await iam.send(new DeleteRolePolicyCommand(named));
      return 'written';
    } catch (error) {
      return outcomeOf(error);
    } finally {
      iam.destroy();
    }
  },
  tryRevoker: triedRevoker(sts, iamFor),
});

async function entered(
  sts: STSClient,
  { revoker: RoleArn, externalId: ExternalId }: RevokedRole,
): Promise<Omit<SessionCredentials, 'expiresAt'>> {
  try {
    const input = { RoleArn, ExternalId, RoleSessionName: 'lk-revoke', DurationSeconds: LEAST };
    const { Credentials: found } = await sts.send(new AssumeRoleCommand(input));
    if (found?.AccessKeyId && found.SecretAccessKey && found.SessionToken)
      return {
        accessKeyId: found.AccessKeyId,
        secretAccessKey: found.SecretAccessKey,
        sessionToken: found.SessionToken,
      };
  } catch (error) {
    throw again('STS', error);
  }
  throw again('STS', undefined);
}

/**
 * Sessions of a deleted role have no permissions left, and a role of AWS itself cannot be changed (botocore iam, PutRolePolicy).
 * A denial is retried, because the account's template may be in deployment.
 */
function outcomeOf(error: unknown): 'gone' | 'full' {
  const code = awsAnswer(error)?.code;
  if (code === 'NoSuchEntity') return 'gone';
  if (code === 'LimitExceeded') return 'full';
  if (code === 'UnmodifiableEntity' || code === 'MalformedPolicyDocument') throw new RevocationRefused(code);
  throw again('IAM', error);
}

const again = (service: string, error: unknown): Problem =>
  new Problem('try-again', `AWS ${service} did not accept the revocation (${awsAnswer(error)?.code ?? 'no answer'}).`, {
    cause: namesOf(error),
  });
