// Signs with the AWS credentials of this machine, for /iam/v1.
import { findAwsSource } from './aws-credentials.ts';
import { Failure } from './exit.ts';
import type { Settings } from './settings.ts';
import type { Signer } from './signer.ts';
import { regionOfUrl, signedHeaders } from './sigv4.ts';
import { variable, type World } from './world.ts';

/** @throws Failure `sign-in` where there are none */
export async function awsSigner(world: World, settings: Settings): Promise<Signer> {
  const source = await findAwsSource(world, settings.profile);
  if (!source) {
    throw new Failure('sign-in', 'You are not signed in, and there are no AWS credentials here to sign with.', [
      'A person signs in with: latchkey login',
      'A machine needs AWS credentials: a role of its instance or container, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    ]);
  }
  const region =
    regionOfUrl(settings.url) ??
    settings.region ??
    variable(world, 'AWS_REGION') ??
    variable(world, 'AWS_DEFAULT_REGION') ??
    'us-east-1';
  return {
    mount: '/iam/v1',
    who: `aws ${source.name}`,
    headersFor: async (call) => signedHeaders(call, await source.keys(), region, world.now()),
  };
}
