// Signs with the AWS credentials of this machine, for /iam/v1.
import { Failure } from '../machine/exit.ts';
import { type AwsKeys, variable, type World } from '../machine/world.ts';
import type { Settings } from '../options/settings.ts';
import type { Signer } from './signed-call.ts';

/** @throws Failure `sign-in` at the first call if there are no credentials */
export function awsSigner(world: World, settings: Settings): Signer {
  const region =
    regionOfUrl(settings.url) ??
    settings.region ??
    variable(world, 'AWS_REGION') ??
    variable(world, 'AWS_DEFAULT_REGION') ??
    'us-east-1';
  const named = variable(world, 'AWS_PROFILE') ?? variable(world, 'AWS_DEFAULT_PROFILE') ?? settings.profile;
  const own = ownKeys(world);
  let found: Promise<AwsKeys> | undefined;
  return {
    mount: '/iam/v1',
    who: `aws ${own?.accessKeyId ?? `profile:${named ?? 'default'}`}`,
    async headersFor(call) {
      checkOutsideExec(world, named);
      found ??= own ? Promise.resolve(own) : keysByChain(world, named);
      const { signedHeaders } = await import('./sigv4.ts');
      return signedHeaders(call, await found, region, world.now());
    },
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** The region in the URL of an API, if the URL is API Gateway's own. */
export const regionOfUrl = (url: string): string | undefined =>
  /\.execute-api\.([a-z0-9-]+)\.amazonaws\.(?:com|com\.cn|eu)$/.exec(new URL(url).hostname)?.[1];

/** `exec` passes the session's credentials to its command. Latchkey does not know their principal, so this explains it before calling. */
function checkOutsideExec(world: World, named: string | undefined): void {
  const role = variable(world, 'LATCHKEY_EXEC');
  if (role === undefined || named !== undefined) return;
  throw new Failure(
    'sign-in',
    `This runs inside "latchkey exec ${role}", whose credentials do not sign in at Latchkey.`,
    ['Run it outside (exit), or sign in: latchkey login', 'On a machine, set AWS_PROFILE to the profile that signs.'],
  );
}

/** Those of the environment come first, as with the AWS CLI (SDK reference guide, "Credential provider chain"). */
function ownKeys(world: World): AwsKeys | undefined {
  const accessKeyId = variable(world, 'AWS_ACCESS_KEY_ID');
  const secretAccessKey = variable(world, 'AWS_SECRET_ACCESS_KEY');
  const sessionToken = variable(world, 'AWS_SESSION_TOKEN');
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

async function keysByChain(world: World, named: string | undefined): Promise<AwsKeys> {
  if (variable(world, 'LATCHKEY_SIGNING') !== undefined)
    throw new Failure('sign-in', 'The AWS credentials for signing would come from Latchkey itself.', [
      'Sign in another way (latchkey login), or set AWS_PROFILE to a profile with its own credentials.',
    ]);
  const keys = await world.awsKeys(named);
  if (!('why' in keys)) return keys;
  if (named === undefined)
    throw new Failure('sign-in', 'You are not signed in, and there are no AWS credentials here to sign with.', [
      'A person signs in with: latchkey login',
      'A machine needs AWS credentials: a role of its instance or container, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      `The AWS SDK says: ${keys.why}`,
    ]);
  throw new Failure('sign-in', `The AWS profile "${named}" gives no credentials: ${keys.why}`, [
    'Check AWS_PROFILE and the profile in ~/.aws/config, or sign in another way: latchkey login',
  ]);
}
