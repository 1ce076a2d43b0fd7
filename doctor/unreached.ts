// Explains why AWS could not be called with the operator's credentials.
import { awsAnswer } from '../lib/common/aws-answer.ts';
import type { Place } from './clients.ts';

/** Why AWS or an emulator could not be called. Of the SDK's error only the name is shown, because the message can contain a secret. */
export function reasonOf(error: unknown, { endpoint }: Place): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.message === 'Region is missing') return 'No AWS Region configured. Pass --region or set AWS_REGION.';
  if (error.name === 'CredentialsProviderError')
    return 'No AWS credentials found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run aws sso login.';
  const code = awsAnswer(error)?.code;
  if (code !== undefined)
    return `AWS rejected your credentials (${code}). Renew them, or check the clock of this machine.`;
  const [cause] =
    /\b(?:E[A-Z]{4,}|EAI_AGAIN|TimeoutError)\b/.exec(
      [(error as NodeJS.ErrnoException).code, error.name, error.message].join(' '),
    ) ?? [];
  if (cause !== undefined && endpoint !== undefined)
    return `No answer from ${new URL(endpoint).origin} (${cause}). Check that it is running.`;
  return cause && `AWS cannot be reached (${cause}). Check the network, --region and --endpoint.`;
}
