// The AWS credentials that sign: the default chain of the SDKs (SDK reference guide, "Credential provider chain"), without an SDK.
import { parseAwsFile } from './aws-files.ts';
import { Failure } from './exit.ts';
import { fromContainer, fromInstance } from './host-credentials.ts';
import { jsonObject } from './json-text.ts';
import { awsConfigPath, awsCredentialsPath } from './places.ts';
import type { AwsKeys } from './sigv4.ts';
import { readText } from './whole-file.ts';
import { variable, type World } from './world.ts';

/** Where credentials come from, without asking yet. `name` tells one signer from another for what is cached. */
export type AwsSource = { name: string; keys(): Promise<AwsKeys> | AwsKeys };

/**
 * @param profile of the configuration file; AWS_PROFILE comes before it
 * @returns undefined where this machine offers none at all
 */
export async function findAwsSource(world: World, profile: string | undefined): Promise<AwsSource | undefined> {
  const accessKeyId = variable(world, 'AWS_ACCESS_KEY_ID');
  const secretAccessKey = variable(world, 'AWS_SECRET_ACCESS_KEY');
  const sessionToken = variable(world, 'AWS_SESSION_TOKEN');
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return {
      name: accessKeyId,
      keys: () => ({ accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }),
    };
  }
  if (variable(world, 'AWS_WEB_IDENTITY_TOKEN_FILE') !== undefined)
    return { name: 'web-identity', keys: () => exported(world, undefined) };
  const named = variable(world, 'AWS_PROFILE') ?? variable(world, 'AWS_DEFAULT_PROFILE') ?? profile;
  const fromFiles = profileSource(world, named ?? 'default');
  if (fromFiles) return fromFiles;
  // a profile that gets its credentials from Latchkey cannot sign for them: what is below it can
  if (named !== undefined && named !== 'default' && !isOurs(world, named)) {
    throw new Failure('sign-in', `The AWS profile "${named}" has no credentials.`, [
      'Check AWS_PROFILE and the profile in ~/.aws/config, or sign in otherwise: latchkey login',
    ]);
  }
  const below = named === undefined || named === 'default' ? undefined : profileSource(world, 'default');
  return below ?? fromContainer(world) ?? (await fromInstance(world));
}

// -- internal --------------------------------------------------------------------------------------------------------

const settingsOf = (world: World, profile: string): Record<string, string> => {
  const config = parseAwsFile(readText(awsConfigPath(world)) ?? '');
  const credentials = parseAwsFile(readText(awsCredentialsPath(world)) ?? '');
  return {
    ...(config[`profile ${profile}`] ?? (profile === 'default' ? config.default : undefined)),
    ...credentials[profile],
  };
};

const isLatchkey = (commandLine: string): boolean =>
  /(?:^|[\s/\\"'])latchkey(?:\.[a-z]+)?["']?\s+(?:--\S+\s+)*credentials(?:\s|$)/.test(commandLine);
const isOurs = (world: World, profile: string): boolean =>
  isLatchkey(settingsOf(world, profile).credential_process ?? '');

function profileSource(world: World, profile: string): AwsSource | undefined {
  const settings = settingsOf(world, profile);
  const {
    aws_access_key_id: accessKeyId,
    aws_secret_access_key: secretAccessKey,
    aws_session_token: sessionToken,
    credential_process: process,
  } = settings;
  if (accessKeyId !== undefined && secretAccessKey !== undefined && settings.role_arn === undefined) {
    return { name: accessKeyId, keys: () => ({ accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }) };
  }
  if (process !== undefined && isLatchkey(process)) return undefined;
  const isKnown =
    process !== undefined ||
    ['role_arn', 'sso_session', 'sso_start_url', 'web_identity_token_file', 'login_session'].some(
      (name) => settings[name] !== undefined,
    );
  return isKnown ? { name: `profile:${profile}`, keys: () => exported(world, profile) } : undefined;
}

/** SSO, assumed roles, web identities and other processes are the AWS CLI's business, and it hands their credentials on. */
async function exported(world: World, profile: string | undefined): Promise<AwsKeys> {
  const args = [
    'configure',
    'export-credentials',
    '--format',
    'process',
    ...(profile === undefined ? [] : ['--profile', profile]),
  ];
  const what = profile === undefined ? "this machine's web identity" : `the AWS profile "${profile}"`;
  const next = [
    profile === undefined
      ? 'Check AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE.'
      : `Try: aws sso login --profile ${profile}, or sign in otherwise: latchkey login`,
  ];
  const { status, out } = await world.run('aws', args, { speaks: true });
  if (status === 127) {
    throw new Failure('sign-in', `To use ${what}, latchkey needs the AWS CLI (2.9 or later), which was not found.`, [
      'Install the AWS CLI, or sign in otherwise: latchkey login',
    ]);
  }
  const found = status === 0 ? keysOf(out) : undefined;
  if (!found) throw new Failure('sign-in', `The AWS CLI gave no credentials for ${what}.`, next);
  return found;
}

function keysOf(document: string): AwsKeys | undefined {
  const { AccessKeyId, SecretAccessKey, SessionToken } = jsonObject(document) as Record<string, string | undefined>;
  if (!AccessKeyId || !SecretAccessKey) return undefined;
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(SessionToken && { sessionToken: SessionToken }),
  };
}
