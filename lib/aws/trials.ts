// Calls that only test whether AWS allows them. Everything in their answers except a code is dropped here.
import { DeleteRolePolicyCommand, type IAMClient } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import type { Iam, SessionCredentials, Sts } from '../app.ts';
import { awsAnswer } from '../common/aws-answer.ts';
import { STS_LEAST } from '../session/session.ts';
import type { TrialInput, Tried } from '../target/probe.ts';

type Credentials = Omit<SessionCredentials, 'expiresAt'>;
type Entered = Tried & { expiresAt?: number };

/** AssumeRole; the credentials are forgotten before this returns. */
export const triedRole =
  (sts: STSClient): Sts['tryRole'] =>
  async (input) =>
    (await enter(sts, input)).tried;

/** No role has a policy of this name, so removing it changes nothing. */
const noPolicy = 'LatchkeyDoctor';
/** A session for the dry run can only remove policies, and no policy has the name above. */
export const dryRun = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iam:DeleteRolePolicy', Resource: '*' }],
});

/**
 * Assumes a revoker and removes a policy that does not exist from each role. IAM checks the permission before it looks for the policy:
 * NoSuchEntity means allowed, AccessDenied means refused. A role that does not exist has no boundary, which the revoker's permission
 * requires, so it is refused as well.
 */
export const triedRevoker =
  (sts: STSClient, iamFor: (credentials: Credentials) => IAMClient): Iam['tryRevoker'] =>
  async ({ revoker: RoleArn, externalId: ExternalId }, roles) => {
    const input = { RoleArn, RoleSessionName: 'lk-doctor', DurationSeconds: STS_LEAST, Policy: dryRun };
    const { tried: withoutExternalId } = await enter(sts, input);
    const { tried: entered, credentials } = await enter(sts, { ...input, ExternalId });
    const deletes: Tried[] = [];
    if (credentials) {
      const iam = iamFor(credentials);
      // one at a time: IAM has one small quota for the whole account
      for (const arn of roles) deletes.push(await triedDelete(iam, arn.slice(arn.lastIndexOf('/') + 1)));
      iam.destroy();
    }
    return { entered: withoutExpiry(entered), withoutExternalId: withoutExpiry(withoutExternalId), deletes };
  };

// --- internal ---

async function enter(sts: STSClient, input: TrialInput): Promise<{ tried: Entered; credentials?: Credentials }> {
  try {
    const { Credentials: found } = await sts.send(new AssumeRoleCommand(input));
    if (!found?.AccessKeyId || !found.SecretAccessKey || !found.SessionToken || !found.Expiration)
      return { tried: { was: 'unclear', code: 'NoAnswer' } };
    return {
      tried: { was: 'allowed', expiresAt: found.Expiration.getTime() },
      credentials: {
        accessKeyId: found.AccessKeyId,
        secretAccessKey: found.SecretAccessKey,
        sessionToken: found.SessionToken,
      },
    };
  } catch (error) {
    return { tried: refusalIn(error) };
  }
}

async function triedDelete(iam: IAMClient, RoleName: string): Promise<Tried> {
  try {
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: noPolicy }));
    return { was: 'allowed' };
  } catch (error) {
    return awsAnswer(error)?.code === 'NoSuchEntity' ? { was: 'allowed' } : refusalIn(error);
  }
}

/** Only AccessDenied is a refusal. Every other error is unclear. */
function refusalIn(error: unknown): Tried {
  const code = awsAnswer(error)?.code ?? 'NoAnswer';
  return { was: code === 'AccessDenied' ? 'refused' : 'unclear', code };
}

const withoutExpiry = ({ was, code }: Entered): Tried => ({ was, ...(code !== undefined && { code }) });
