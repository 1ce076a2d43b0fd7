// AssumeRole through the AWS SDK. Returns credentials or throws a Problem.
import { AssumeRoleCommand, type AssumeRoleCommandOutput, type STSClient } from '@aws-sdk/client-sts';
import type { SessionCredentials, Sts } from '../app.ts';
import { awsAnswer, isRefusal, namesOf } from '../common/aws-answer.ts';
import { Problem } from '../model/problem.ts';
import { unknownCause, usualCauses } from './sts-causes.ts';
import { triedRole } from './trials.ts';

/**
 * @param client with the hub's credentials, a regional endpoint, timeouts and retries set where it is built
 * @returns Sts whose `assumeRole` throws Problem `aws-refused` (account, role and common causes) or `try-again`
 */
export const stsSessions = (client: STSClient): Sts => ({
  async assumeRole(input) {
    const target = targetOf(input.RoleArn);
    try {
      return credentialsOf(await client.send(new AssumeRoleCommand(input)), target);
    } catch (error) {
      throw error instanceof Problem ? error : problemOf(error, target);
    }
  },
  tryRole: triedRole(client),
});

/** Returns the credentials only if they are complete. */
function credentialsOf({ Credentials: found }: AssumeRoleCommandOutput, target: string): SessionCredentials {
  const expiresAt = found?.Expiration?.getTime() ?? Number.NaN;
  if (!found?.AccessKeyId || !found.SecretAccessKey || !found.SessionToken || Number.isNaN(expiresAt)) {
    throw new Problem(
      'aws-refused',
      `AWS STS answered for ${target} without complete credentials. No credentials were issued. Try again. If the problem persists, tell your Latchkey administrator.`,
    );
  }
  return {
    accessKeyId: found.AccessKeyId,
    secretAccessKey: found.SecretAccessKey,
    sessionToken: found.SessionToken,
    expiresAt,
  };
}

/** Everything except a clear refusal can be retried. Only names from the error are passed on, because the SDK hides the raw answer in it. */
function problemOf(error: unknown, target: string): Problem {
  const answer = awsAnswer(error);
  const cause = namesOf(error);
  if (!answer)
    return new Problem('try-again', `AWS STS did not answer in time for ${target}. Try again in a moment.`, {
      retryAfterSeconds: 2,
      cause,
    });
  if (!isRefusal(answer))
    return new Problem(
      'try-again',
      `AWS STS is busy or not ready for ${target} (${answer.code}). Try again in a moment.`,
      { retryAfterSeconds: 5, cause },
    );
  return new Problem(
    'aws-refused',
    `AWS STS refused ${target} (${answer.code}). ${usualCauses[answer.code] ?? unknownCause} Tell your Latchkey administrator.`,
    { cause },
  );
}

/** `role latchkey/ReadOnly in account 111111111111` */
function targetOf(roleArn: string): string {
  const [, , , , account = 'unknown', resource = ''] = roleArn.split(':');
  return `role ${resource.replace(/^role\//, '')} in account ${account}`;
}
