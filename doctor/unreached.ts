// Why AWS could not be asked, for whoever runs a command with credentials of their own.
import { awsAnswer } from '../lib/common/aws-answer.ts';
import type { Place } from './clients.ts';

/** Why AWS, or an emulator in its place, could not be asked. The SDK's own words only where they name no secret: its names of errors. */
export function reasonOf(error: unknown, { endpoint }: Place): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.message === 'Region is missing')
    return 'The Region is missing: give --region, or AWS_REGION in the environment.';
  if (error.name === 'CredentialsProviderError')
    return 'There are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with aws sso login.';
  const code = awsAnswer(error)?.code;
  if (code !== undefined)
    return `AWS did not take your credentials (${code}). Renew them, or check the clock of this machine.`;
  const [cause] =
    /\b(?:E[A-Z]{4,}|EAI_AGAIN|TimeoutError)\b/.exec(
      [(error as NodeJS.ErrnoException).code, error.name, error.message].join(' '),
    ) ?? [];
  if (cause !== undefined && endpoint !== undefined)
    return `Nothing answers at ${new URL(endpoint).origin} (${cause}). Is it running there?`;
  return cause && `AWS could not be reached (${cause}). Check the network, --region and --endpoint.`;
}
