// The hosts of AWS sign-in and console in each partition, and the URL that opens the console with a sign-in token.
import type { Partition } from '../catalogue/partition.ts';

/**
 * Fixed, because credentials are sent to one and people to the other. botocore: signin endpoint rules and partitions.json;
 * the sign-in host without a Region is the one iam-ug documents (id_roles_providers_enable-console-custom-url).
 */
const hosts: Record<Partition, { signIn: string; console: string }> = {
  aws: { signIn: 'signin.aws.amazon.com', console: 'console.aws.amazon.com' },
  'aws-us-gov': { signIn: 'signin.amazonaws-us-gov.com', console: 'console.amazonaws-us-gov.com' },
  'aws-cn': { signIn: 'signin.amazonaws.cn', console: 'console.amazonaws.cn' },
  // the partition has one Region, and its sign-in no host without one
  'aws-eusc': { signIn: 'eusc-de-east-1.signin.amazonaws-eusc.eu', console: 'console.amazonaws-eusc.eu' },
};
/** Where the console of a partition is. @throws Error for a partition that is not known */
export const consoleHost = (partition: string): string => hostsOf(partition).console;
/** Where the consoles are. */
export const consoleHosts: readonly string[] = Object.values(hosts).map(({ console }) => console);

/**
 * @param partition as in a role's ARN
 * @returns the federation endpoint, which takes credentials for a sign-in token and a sign-in token for a console session
 * @throws Error for any other partition: the catalogue admits none
 */
export const federationEndpoint = (partition: string): string => `https://${hostsOf(partition).signIn}/federation`;

/**
 * The URL that signs a browser in. It is as good as the credentials for 15 minutes: never store or log it.
 *
 * @param token from `SignIn.token`
 * @param destination a path on the partition's console, with query and fragment if any, such as `/s3/home`
 * @param issuer where the console sends people when the session has ended: Latchkey's own address
 * @throws Error if the destination would leave the console's host; the API refuses such a path before it comes here
 */
export function signInUrl(partition: string, token: string, destination: string | undefined, issuer: string): string {
  const console = hostsOf(partition).console;
  const target = new URL(destination ?? '/console/home', `https://${console}`);
  if (target.origin !== `https://${console}` || target.username !== '' || target.password !== '')
    throw new Error('the destination is not on the AWS console');
  const url = new URL(federationEndpoint(partition));
  url.search = new URLSearchParams({
    Action: 'login',
    Issuer: issuer,
    Destination: target.href,
    SigninToken: token,
  }).toString();
  return url.href;
}

function hostsOf(partition: string) {
  if (!Object.hasOwn(hosts, partition)) throw new Error(`no AWS console is known for the partition ${partition}`);
  return hosts[partition as Partition];
}
