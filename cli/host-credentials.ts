// Credentials that the host gives: the container endpoint of ECS and EKS, and EC2's instance metadata (IMDSv2 only).
import { SECOND } from '../lib/time.ts';
import { NoAnswer } from './answer.ts';
import type { AwsSource } from './aws-credentials.ts';
import { Failure } from './exit.ts';
import { sendHttp } from './http.ts';
import { jsonObject } from './json-text.ts';
import type { AwsKeys } from './sigv4.ts';
import { readText } from './whole-file.ts';
import { variable, type World } from './world.ts';

/** ECS and EKS Pod Identity (SDK reference guide, "Container credential provider"). */
export function fromContainer(world: World): AwsSource | undefined {
  const relative = variable(world, 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI');
  const url =
    relative === undefined ? variable(world, 'AWS_CONTAINER_CREDENTIALS_FULL_URI') : `http://169.254.170.2${relative}`;
  if (url === undefined) return undefined;
  return {
    name: 'container',
    async keys() {
      checkContainerUrl(url);
      const file = variable(world, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE');
      const token = (
        file === undefined ? variable(world, 'AWS_CONTAINER_AUTHORIZATION_TOKEN') : readText(file)
      )?.trim();
      const answer = await ask({ method: 'GET', url, headers: token === undefined ? {} : { authorization: token } });
      return keysOf(answer, 'the container');
    },
  };
}

/** EC2 (ec2-ug, instancedata-data-retrieval). The one source that must be asked to know whether it is there. */
export async function fromInstance(world: World): Promise<AwsSource | undefined> {
  if (variable(world, 'AWS_EC2_METADATA_DISABLED')?.toLowerCase() === 'true') return undefined;
  const base = (variable(world, 'AWS_EC2_METADATA_SERVICE_ENDPOINT') ?? 'http://169.254.169.254').replace(/\/+$/, '');
  const token = await sendHttp({
    method: 'PUT',
    url: `${base}/latest/api/token`,
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '300' },
    timeoutMs: SECOND,
  }).catch(orNothing);
  if (token?.status !== 200) return undefined;
  const headers = { 'x-aws-ec2-metadata-token': token.body };
  const roles = `${base}/latest/meta-data/iam/security-credentials/`;
  const role = await sendHttp({ method: 'GET', url: roles, headers, timeoutMs: 2 * SECOND }).catch(orNothing);
  const name = role?.status === 200 ? role.body.split('\n')[0]!.trim() : '';
  if (name === '') return undefined;
  return {
    name: 'instance',
    keys: async () =>
      keysOf(await ask({ method: 'GET', url: `${roles}${encodeURIComponent(name)}`, headers }), 'the instance'),
  };
}

// -- internal --------------------------------------------------------------------------------------------------------

/** As the SDKs do: over plain http only to this machine and to the addresses that ECS and EKS use. */
function checkContainerUrl(url: string): void {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  const isLocal =
    hostname === 'localhost' ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname) ||
    ['[::1]', '169.254.170.2', '169.254.170.23', '[fd00:ec2::23]'].includes(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLocal))
    throw new Failure('sign-in', 'AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http on this machine.');
}

async function ask(call: { method: string; url: string; headers: Record<string, string> }): Promise<string> {
  const answer = await sendHttp({ ...call, timeoutMs: 5 * SECOND }).catch(orNothing);
  return answer?.status === 200 ? answer.body : '';
}

function keysOf(text: string, where: string): AwsKeys {
  const { AccessKeyId, SecretAccessKey, Token } = jsonObject(text) as Record<string, string | undefined>;
  if (!AccessKeyId || !SecretAccessKey)
    throw new Failure('try-again', `The credentials endpoint of ${where} gave no credentials.`, [
      'Check that a role is attached, and try again.',
    ]);
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, ...(Token && { sessionToken: Token }) };
}

function orNothing(error: unknown): undefined {
  if (error instanceof NoAnswer) return undefined;
  throw error;
}
