// Which AWS credentials sign: those of the environment, then the AWS SDK's chain, with no AWS CLI anywhere.
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newHome, type Ran } from '../support/cli.ts';
import { program, start } from '../support/cli-program.ts';
import { type CliServer, startForCli } from '../support/cli-server.ts';

/** Who signs where these credentials are taken. */
const principals = {
  environment: 'role/asi-dev-server',
  file: 'user/TrustedUser',
  process: 'user/asi-dev',
  container: 'user/Sandy',
  aws: 'role/chatops-bot',
} as const;
let at: CliServer;
let aws: Server;
let url: string;
let home: string;
const asked: string[] = [];

const keysOf = (who: keyof typeof principals) => {
  const { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey } = at.keysOf(principals[who]);
  return { AccessKeyId, SecretAccessKey };
};
const document = (who: keyof typeof principals): string =>
  JSON.stringify({ Version: 1, ...keysOf(who), Token: '', Expiration: '2100-01-01T00:00:00Z' });
const ini = (who: keyof typeof principals): string => {
  const { AccessKeyId, SecretAccessKey } = keysOf(who);
  return `aws_access_key_id = ${AccessKeyId}\naws_secret_access_key = ${SecretAccessKey}\n`;
};
const assumed = (action: string): string => {
  const { AccessKeyId, SecretAccessKey } = keysOf('aws');
  return `<${action}Response><${action}Result><Credentials><AccessKeyId>${AccessKeyId}</AccessKeyId><SecretAccessKey>${SecretAccessKey}</SecretAccessKey><SessionToken></SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></${action}Result></${action}Response>`;
};

/** STS, the portal of IAM Identity Center, the credentials endpoint of a container and the metadata of an instance. */
const listener: RequestListener = (request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text: string) => {
    body += text;
  });
  request.on('end', () => {
    const { method, headers } = request;
    const { pathname } = new URL(request.url ?? '', 'http://aws');
    const action = new URLSearchParams(body).get('Action') ?? '';
    asked.push(action || pathname);
    if (action) return void response.setHeader('content-type', 'text/xml').end(assumed(action));
    // a Latchkey that shows what a call is signed with; the local server has no keys with a session token
    if (pathname === '/iam/v1/me')
      return void response.end(
        JSON.stringify({
          name: 'n',
          groups: [],
          principal: `${/Credential=(\w+)/.exec(headers.authorization ?? '')?.[1]} ${headers['x-amz-security-token']}`,
        }),
      );
    if (pathname === '/ecs')
      return void response.writeHead(headers.authorization === 'tok' ? 200 : 403).end(document('container'));
    if (pathname === '/federation/credentials') {
      const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = keysOf('aws');
      const isSignedIn = headers['x-amz-sso_bearer_token'] === 'sso-token';
      const roleCredentials = {
        accessKeyId,
        secretAccessKey,
        sessionToken: 'session',
        expiration: Date.now() + 3_600_000,
      };
      return void response
        .writeHead(isSignedIn ? 200 : 401, { 'content-type': 'application/json' })
        .end(JSON.stringify(isSignedIn ? { roleCredentials } : {}));
    }
    if (pathname === '/latest/api/token') return void response.writeHead(method === 'PUT' ? 200 : 405).end('session');
    if (headers['x-aws-ec2-metadata-token'] !== 'session') return void response.writeHead(401).end();
    const { AccessKeyId, SecretAccessKey } = keysOf('container');
    const metadata = { Code: 'Success', AccessKeyId, SecretAccessKey, Token: '', Expiration: '2100-01-01T00:00:00Z' };
    response.end(pathname.endsWith('/security-credentials/') ? 'a-role' : JSON.stringify(metadata));
  });
};

beforeAll(async () => {
  at = await startForCli();
  aws = createServer(listener);
  await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
});
afterAll(async () => {
  aws.close();
  aws.closeAllConnections();
  await at.close();
});
beforeEach(() => {
  home = newHome();
  asked.length = 0;
});

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
};
const latchkey = (args: readonly string[], more: Record<string, string>): Promise<Ran> =>
  start(args, {
    PATH: '/nowhere',
    HOME: home,
    LATCHKEY_URL: at.server.url,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    ...more,
  }).ended;
/** The end of the ARN that Latchkey sees. */
const who = async (more: Record<string, string> = {}): Promise<string | undefined> => {
  const { out, err } = await latchkey(['whoami', '--json'], more);
  if (out === '' || err !== '') throw new Error(err);
  return (JSON.parse(out) as { principal: string }).principal.split(':').at(-1);
};
const refused = async (more: Record<string, string>): Promise<string> => {
  const { status, out, err } = await latchkey(['whoami'], more);
  expect([status, out]).toEqual([3, '']);
  return err;
};

describe('in turn', () => {
  const everything = () => {
    write('.aws/credentials', `[default]\n${ini('file')}`);
    return { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/ecs`, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'tok' };
  };
  test('the environment, even before AWS_PROFILE', async () =>
    expect(await who({ ...everything(), ...at.keysOf(principals.environment), AWS_PROFILE: 'other' })).toBe(
      principals.environment,
    ));
  test('the default profile, then the container', async () => {
    const env = everything();
    expect(await who(env)).toBe(principals.file);
    rmSync(join(home, '.aws'), { recursive: true });
    expect(await who(env)).toBe(principals.container);
  });
  test('the web identity before the container', async () => {
    write('token', 'jwt');
    const env = {
      ...everything(),
      AWS_WEB_IDENTITY_TOKEN_FILE: join(home, 'token'),
      AWS_ROLE_ARN: 'arn:aws:iam::1:role/x',
    };
    rmSync(join(home, '.aws'), { recursive: true });
    expect(await who(env)).toBe(principals.aws);
    expect(asked).toEqual(['AssumeRoleWithWebIdentity']);
  });
  test('the instance metadata last, only version 2', async () => {
    const metadata = { AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: url };
    expect(await who(metadata)).toBe(principals.container);
    expect(asked[0]).toBe('/latest/api/token');
  });
});

describe('a profile', () => {
  test('with keys, by AWS_PROFILE, AWS_DEFAULT_PROFILE and the setting', async () => {
    write('.aws/config', `[default]\nregion = eu-west-1\n[profile box]\n${ini('file')}`);
    write('.config/latchkey/config.json', '{"profile": "box"}');
    for (const env of [{ AWS_PROFILE: 'box' }, { AWS_DEFAULT_PROFILE: 'box' }, {}])
      expect(await who(env as Record<string, string>)).toBe(principals.file);
  });
  test('that assumes a role', async () => {
    write('.aws/credentials', `[default]\n${ini('file')}`);
    write('.aws/config', '[profile x]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n');
    expect(await who({ AWS_PROFILE: 'x' })).toBe(principals.aws);
    expect(asked).toEqual(['AssumeRole']);
  });
  test('of single sign-on', async () => {
    write(
      '.aws/config',
      '[profile sso]\nsso_session = company\nsso_account_id = 111111111111\nsso_role_name = dev\n[sso-session company]\nsso_start_url = https://company.awsapps.com/start\nsso_region = us-east-1\n',
    );
    expect(await refused({ AWS_PROFILE: 'sso' })).toMatch(
      /The AWS profile "sso" gives no credentials: .*aws sso login/,
    );
    const token = { accessToken: 'sso-token', expiresAt: '2100-01-01T00:00:00Z', region: 'us-east-1' };
    const name = createHash('sha1').update('company').digest('hex');
    write(`.aws/sso/cache/${name}.json`, JSON.stringify(token));
    expect(await who({ AWS_PROFILE: 'sso', LATCHKEY_URL: url })).toBe(`${keysOf('aws').AccessKeyId} session`);
  });
  test('with a credential_process, whose command line is in no error', async () => {
    write('document.json', document('process'));
    write(
      '.aws/config',
      `[profile p]\ncredential_process = /bin/cat ${join(home, 'document.json')}\n[profile q]\ncredential_process = /bin/false --password canary\n`,
    );
    expect(await who({ AWS_PROFILE: 'p' })).toBe(principals.process);
    const err = await refused({ AWS_PROFILE: 'q' });
    expect(err).toMatch(/The AWS profile "q" gives no credentials: its credential_process failed\./);
    expect(err).not.toContain('canary');
  });
  test('that is unknown or has no credentials is an error, and the container does not sign instead', async () => {
    write('.aws/config', '[profile empty]\nregion = eu-west-1\n');
    const container = { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/ecs`, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'tok' };
    expect(await refused({ ...container, AWS_PROFILE: 'nope' })).toMatch(
      /"nope" gives no credentials: there is no such/,
    );
    expect(await refused({ ...container, AWS_PROFILE: 'empty' })).toMatch(/"empty" gives no credentials/);
    expect(asked).toEqual([]);
  });
});

describe('a profile that gets its credentials from Latchkey', () => {
  const ours = `credential_process = "${process.execPath}" "${program}" credentials sandbox-read\n`;
  test('is skipped for the next source', async () => {
    write('.aws/credentials', `[default]\n${ini('file')}`);
    write('.aws/config', '[profile r]\ncredential_process = "/opt/node" "/x y/latchkey.js" credentials r --cache\n');
    expect(await who({ AWS_PROFILE: 'r' })).toBe(principals.file);
  });
  test('as default profile or source profile starts no endless chain of processes', async () => {
    write('.aws/config', `[default]\n${ours}[profile x]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n`);
    expect(await refused({})).toMatch(/there are no AWS credentials here to sign with/);
    expect(await refused({ AWS_PROFILE: 'x' })).toMatch(/"x" gives no credentials: its credential_process failed/);
    expect(await refused({ LATCHKEY_SIGNING: 'true' })).toMatch(/would come from Latchkey itself/);
  });
});

test('a container endpoint that is neither https nor on this machine is not called', async () =>
  expect(
    await refused({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: url.replace('127.0.0.1', '127.0.0.1.nip.invalid'),
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'tok',
    }),
  ).toMatch(/there are no AWS credentials here/));

test('no credentials', async () =>
  expect(await refused({})).toMatch(/A person signs in with: latchkey login\n {2}A machine needs AWS credentials/));

test('Node’s own warnings do not reach stderr', async () => {
  write('.aws/credentials', `[default]\n${ini('file')}`);
  write('.aws/config', '[profile x]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = default\n');
  expect((await latchkey(['whoami'], { AWS_PROFILE: 'x' })).err).toBe('');
});
