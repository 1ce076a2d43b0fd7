// The AWS SDK's own chain of credentials. Built as a file of its own, which only a call that has to sign with them loads.
import type { Agent } from 'node:https';
import { fromIni, fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { loadSharedConfigFiles } from '@smithy/core/config';
import type { FoundKeys } from '../machine/world.ts';

/** Set while the chain is at work, so that a `credential_process` which is Latchkey again ends instead of starting the next one. */
export const guard = 'LATCHKEY_SIGNING';

/**
 * @param named a profile; left out, the default one, then web identity, container and instance metadata (version 2 only), as the SDK has them
 * @param httpsAgent of a proxy
 */
export async function keysByChain(named: string | undefined, httpsAgent: Agent | undefined): Promise<FoundKeys> {
  const profile = named === undefined ? undefined : await profileThatSigns(named);
  if (typeof profile === 'object') return profile;
  const options = {
    ec2MetadataV1Disabled: true,
    clientConfig: httpsAgent === undefined ? {} : { requestHandler: { httpsAgent } },
  };
  // a named profile without credentials is an error, and never a reason to sign as the machine that it runs on
  const provider =
    profile === undefined
      ? fromNodeProviderChain({ ...options, profile: 'default' })
      : fromIni({ ...options, profile });
  // the SDK warns of Node 20 on stderr, which the AWS tools show to whoever calls them
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

/** @returns undefined for the default chain: a profile that gets its credentials from Latchkey cannot sign for them, what is below it can */
async function profileThatSigns(named: string): Promise<string | undefined | { why: string }> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const settings = { ...configFile[named], ...credentialsFile[named] };
  if (named === 'default' || isLatchkey(settings.credential_process ?? '')) return undefined;
  return Object.keys(settings).length === 0 ? { why: 'there is no such profile.' } : named;
}

const isLatchkey = (commandLine: string): boolean =>
  /(?:^|[\s/\\"'])latchkey(?:\.[a-z]+)?["']?\s+(?:--\S+\s+)*credentials(?:\s|$)/.test(commandLine);

/** A process that failed is told without its command line, which may hold a secret. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith('Command failed') ? 'its credential_process failed.' : message;
}
