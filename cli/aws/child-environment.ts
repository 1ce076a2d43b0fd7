// The AWS environment of the command that `exec` runs: the session and no other credentials.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsConfigPath } from '../machine/places.ts';
import { readBytes } from '../machine/whole-file.ts';
import type { World } from '../machine/world.ts';
import { decode, profileOf, readAwsFile, textOf } from './aws-files.ts';

type Foreign = {
  names: readonly string[];
  why: string;
  /** whether AWS tools prefer them even to a session in plain variables, so that a shell has to unset them */
  beatsVariables?: true;
};

/**
 * Variables through which AWS tools find credentials other than the session (SDK reference guide, "Settings reference"; botocore.credentials).
 * None reaches the child with its old value. docs/cli.md is generated from this list.
 */
export const foreign: readonly Foreign[] = [
  {
    names: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_CREDENTIAL_EXPIRATION'],
    why: 'keys of another identity; set to the session if it is passed as variables',
  },
  { names: ['AWS_ACCOUNT_ID'], why: 'account for account-based endpoints; set to the account of the grant' },
  {
    names: ['AWS_SECURITY_TOKEN', 'AWS_ACCESS_KEY', 'AWS_SECRET_KEY', 'AWS_SESSION_EXPIRATION'],
    why: 'older names of the same keys, which botocore and the SDK for Java read',
    beatsVariables: true,
  },
  {
    names: ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE'],
    why: 'a profile; most SDKs prefer it to keys in variables',
    beatsVariables: true,
  },
  {
    names: ['AWS_BEARER_TOKEN_BEDROCK'],
    why: 'an Amazon Bedrock API key; the SDKs prefer it to any session',
    beatsVariables: true,
  },
  {
    names: [
      'AWS_ROLE_ARN',
      'AWS_ROLE_SESSION_NAME',
      'AWS_WEB_IDENTITY_TOKEN_FILE',
      'AWS_IAM_ROLE_ARN',
      'AWS_IAM_ROLE_SESSION_NAME',
    ],
    why: 'a web identity, which takes precedence over a container endpoint',
  },
  {
    names: [
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
      'AWS_CONTAINER_AUTHORIZATION_TOKEN',
      'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
    ],
    why: "another container's role; set to the endpoint of `exec` if the session is renewed",
  },
  {
    names: ['AWS_CREDENTIAL_FILE'],
    why: 'a key file of the old EC2 tools; botocore reads it before a container endpoint',
  },
  {
    names: ['BOTO_CONFIG', 'BOTO_PATH'],
    why: 'keys in the files of boto; BOTO_CONFIG is set to the null device, so that `~/.boto` is not read either',
  },
  { names: ['LATCHKEY_TOKEN'], why: 'the access token for Latchkey itself' },
];

/** Variables that AWS tools prefer to a session in variables; `latchkey env` unsets them. */
export const shadowingVariables: readonly string[] = foreign.flatMap(({ names, beatsVariables }) =>
  beatsVariables ? names : [],
);

/** This environment without the foreign variables and with those of the session. */
export function childEnvironment(world: World, session: Record<string, string>): NodeJS.ProcessEnv {
  // names of variables are case-insensitive on Windows
  const key = (name: string) => (world.platform === 'win32' ? name.toUpperCase() : name);
  const left = new Set(foreign.flatMap(({ names }) => names));
  const kept = Object.entries(world.env).filter(([name]) => !left.has(key(name)));
  const BOTO_CONFIG = world.platform === 'win32' ? 'NUL' : '/dev/null';
  return { ...Object.fromEntries(kept), BOTO_CONFIG, ...session };
}

/**
 * AWS tools prefer a default profile to container credentials. So the child gets its own copies of the two files: the
 * configuration without the credentials of the default profile, and an empty credentials file.
 */
export function withoutDefaultProfile(world: World): { variables: Record<string, string>; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-'));
  const config = join(folder, 'config');
  const credentials = join(folder, 'credentials');
  const { text, isUtf8 } = decode(readBytes(awsConfigPath(world)) ?? Buffer.alloc(0));
  writeFileSync(config, Buffer.from(withoutCredentials(text), isUtf8 ? 'utf8' : 'latin1'), { mode: 0o600 });
  writeFileSync(credentials, '', { mode: 0o600 });
  return {
    variables: { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

export const givesCredentials =
  /^(?:aws_access_key_id|aws_secret_access_key|aws_session_token|aws_security_token|aws_account_id|credential_process|credential_source|role_arn|source_profile|sso_\w+|web_identity_token_file|login_session)$/;

/** A heading that any AWS tool may read as the default profile; [DEFAULT] counts for every profile in botocore. */
const isDefault = (heading: string): boolean =>
  profileOf(heading) === 'default' || /^\s*(?:profile\s+)?["']?default["']?\s*$/i.test(heading);

/**
 * Removes the credentials of the default profile from the text: whole settings with their continuation lines, as botocore reads
 * them, and lines that only other tools read as such a setting.
 */
export function withoutCredentials(config: string): string {
  const { lines, sections } = readAwsFile(config);
  const settings = new Map(
    sections.flatMap(({ heading, settings: own }) =>
      own.map(({ name, at, continued }) => [
        at,
        { gives: isDefault(heading) && givesCredentials.test(name), continued },
      ]),
    ),
  );
  const dropped = new Set<number>();
  let within = false;
  for (const [at, { text }] of lines.entries()) {
    const [, heading, name = ''] = /^\s*(?:\[([^\]]*)\]|([^=:]*?)\s*[=:])/.exec(text) ?? [];
    if (heading !== undefined) within = isDefault(heading);
    const setting = settings.get(at);
    if (!setting?.gives && !(within && givesCredentials.test(name.toLowerCase()))) continue;
    for (const line of [at, ...(setting?.continued ?? [])]) dropped.add(line);
  }
  return textOf(lines.filter((_, at) => !dropped.has(at)));
}
