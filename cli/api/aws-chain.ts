// The AWS SDK's credential chain, in its own bundle so that only calls signed with AWS credentials load it.
import type { Agent } from 'node:https';
import { fromIni, fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { loadSharedConfigFiles } from '@smithy/core/config';
import type { FoundKeys } from '../machine/world.ts';

/** Set while the chain runs, so that a `credential_process` that calls Latchkey again stops instead of looping. */
export const guard = 'LATCHKEY_SIGNING';

/**
 * @param named a profile; if left out, the SDK's order: default profile, web identity, container, instance metadata (version 2 only)
 * @param httpsAgent of a proxy
 */
export async function keysByChain(named: string | undefined, httpsAgent: Agent | undefined): Promise<FoundKeys> {
  const profile = named === undefined ? undefined : await profileThatSigns(named);
  if (typeof profile === 'object') return profile;
  const options = {
    ec2MetadataV1Disabled: true,
    clientConfig: httpsAgent === undefined ? {} : { requestHandler: { httpsAgent } },
  };
  // a named profile without credentials is an error: never fall back to the credentials of the machine
  const provider =
    profile === undefined
      ? fromNodeProviderChain({ ...options, profile: 'default' })
      : fromIni({ ...options, profile });
  // the SDK warns about Node 20 on stderr, which AWS tools show to their users
  const variables = { [guard]: 'true', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  Object.assign(process.env, variables);
  try {
    const { accessKeyId, secretAccessKey, sessionToken } = await provider();
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  } catch (error) {
    return { why: reasonOf(error) };
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

// -- internal --------------------------------------------------------------------------------------------------------

/** @returns undefined for the default chain: a profile that gets its credentials from Latchkey cannot sign, but later sources can */
async function profileThatSigns(named: string): Promise<string | undefined | { why: string }> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const settings = { ...configFile[named], ...credentialsFile[named] };
  if (named === 'default' || isLatchkey(settings.credential_process ?? '')) return undefined;
  return Object.keys(settings).length === 0 ? { why: 'there is no such profile.' } : named;
}

const isLatchkey = (commandLine: string): boolean =>
  /(?:^|[\s/\\"'])latchkey(?:\.[a-z]+)?["']?\s+(?:--\S+\s+)*credentials(?:\s|$)/.test(commandLine);

/** Leaves out the command line of a failed process, because it may contain a secret. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith('Command failed') ? 'its credential_process failed.' : message;
}
