// What the child of `exec` sees of AWS: the session and no other credentials.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headingOf } from './aws-files.ts';
import { awsConfigPath } from './places.ts';
import { readText } from './whole-file.ts';
import type { World } from './world.ts';

/** Everything by which the AWS tools would find credentials of somebody else first (SDK reference guide, "Settings reference"). */
const foreign = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_CREDENTIAL_EXPIRATION',
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
];

/** The environment of the child with these variables and none of the foreign ones; Latchkey's own token is nothing for it either. */
export function childEnvironment(world: World, own: Record<string, string>): NodeJS.ProcessEnv {
  const kept = Object.entries(world.env).filter(([name]) => !foreign.includes(name) && name !== 'LATCHKEY_TOKEN');
  return { ...Object.fromEntries(kept), ...own };
}

/**
 * The AWS tools take a default profile before a container's credentials. So the child gets copies of the two files in a folder of its own: the
 * configuration without the credentials of the default profile, and no shared credentials.
 */
export function withoutDefaultProfile(world: World): { variables: Record<string, string>; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-'));
  const config = join(folder, 'config');
  const credentials = join(folder, 'credentials');
  writeFileSync(config, harmless(readText(awsConfigPath(world)) ?? ''), { mode: 0o600 });
  writeFileSync(credentials, '', { mode: 0o600 });
  return {
    variables: { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

const givesCredentials =
  /^\s*(?:aws_access_key_id|aws_secret_access_key|aws_session_token|credential_process|credential_source|role_arn|source_profile|sso_\w+|web_identity_token_file|login_session)\s*=/i;

function harmless(config: string): string {
  let heading: string | undefined;
  return config
    .split('\n')
    .filter((line) => {
      heading = headingOf(line) ?? heading;
      return !((heading === 'default' || heading === 'profile default') && givesCredentials.test(line));
    })
    .join('\n');
}
