import { STSClient } from '@aws-sdk/client-sts';
import { describe, expect, test } from '@jest/globals';
import { stsSessions } from '../../lib/aws/sts.ts';
import { Problem } from '../../lib/model/problem.ts';
import { assumeRoleInput as input } from '../support/aws-catalogue.ts';
import { cannedAws, cannedClient, refusal, rejectionOf } from '../support/canned-aws.ts';

const client = (...answers: Parameters<typeof cannedAws>) =>
  stsSessions(new STSClient({ ...cannedClient, requestHandler: cannedAws(...answers) }));
const answer = (credentials: string) => ({
  status: 200,
  body: `<AssumeRoleResponse><AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
});
const parts = {
  AccessKeyId: 'ASIAISSUEDISSUEDISSU',
  SecretAccessKey: 'secret-canary',
  SessionToken: 'token-canary',
  Expiration: '2026-11-22T10:15:00Z',
};
const elements = (of: Partial<typeof parts>) =>
  Object.entries(of)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('');

async function problemOf(...answers: Parameters<typeof cannedAws>): Promise<Problem> {
  const error = await rejectionOf(client(...answers).assumeRole(input));
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
}

test('sends the input unchanged and returns the credentials', async () => {
  const aws = cannedAws(answer(elements(parts)));
  const credentials = await stsSessions(new STSClient({ ...cannedClient, requestHandler: aws })).assumeRole(input);
  expect(credentials).toEqual({
    accessKeyId: parts.AccessKeyId,
    secretAccessKey: parts.SecretAccessKey,
    sessionToken: parts.SessionToken,
    expiresAt: Date.UTC(2026, 10, 22, 10, 15),
  });
  expect(Object.fromEntries(aws.asked[0]!)).toMatchObject({
    Action: 'AssumeRole',
    RoleArn: input.RoleArn,
    RoleSessionName: input.RoleSessionName,
    DurationSeconds: '900',
    ExternalId: input.ExternalId,
    SourceIdentity: input.SourceIdentity,
    Policy: input.Policy,
    'Tags.member.1.Key': 'latchkey-request',
    'Tags.member.2.Value': 'asi-dev@example.com',
  });
});

describe('a refusal', () => {
  test.each([
    ['AccessDenied', 403, /trust policy.*external ID.*sts:TagSession.*sts:SetSourceIdentity/],
    ['ValidationError', 400, /MaxSessionDuration.*role chaining/],
    ['MalformedPolicyDocument', 400, /session policy/],
    ['PackedPolicyTooLarge', 400, /packed size/],
    ['RegionDisabledException', 403, /Region/],
    ['SomethingNew', 400, /trust policy.*external ID/],
  ])('%s names the account, the role and common causes, and no words of AWS', async (code, status, causes) => {
    const problem = await problemOf(refusal(code, 'aws-words-canary ASIAHUBHUBHUBHUBHUBX', status));
    expect(problem.code).toBe('aws-refused');
    expect(problem.detail).toContain('role latchkey/bucket-read in account 111111111111');
    expect(problem.detail).toMatch(causes);
    expect(problem.detail).not.toMatch(/canary|ASIA/);
  });
});

describe('a temporary error', () => {
  const timeout = Object.assign(new Error('socket timed out at 10.0.0.1'), { name: 'TimeoutError' });
  test.each<[string, Parameters<typeof cannedAws>[0]]>([
    ['throttling', refusal('Throttling', 'Rate exceeded')],
    ['too many requests', refusal('TooManyRequestsException', 'canary', 429)],
    ['expired credentials of the hub', refusal('ExpiredToken', 'canary', 403)],
    ['refused credentials of the hub', refusal('InvalidClientTokenId', 'canary', 403)],
    ['a wrong clock', refusal('SignatureDoesNotMatch', 'Signature expired: canary', 403)],
    ['an internal error of STS', refusal('InternalFailure', 'canary', 500)],
    ['an unreadable answer', { status: 200, body: `<AssumeRoleResponse><Secret${parts.SecretAccessKey}` }],
    ['a timeout', timeout],
  ])('%s', async (_what, given) => {
    const problem = await problemOf(given);
    expect(problem.code).toBe('try-again');
    expect(problem.extras.retryAfterSeconds).toBeGreaterThan(0);
    expect(problem.detail).not.toMatch(/canary|10\.0\.0\.1/);
  });

  test('hub credentials that cannot be loaded', async () => {
    const credentials = async () => Promise.reject(new Error('canary of the provider'));
    const sts = stsSessions(
      new STSClient({ ...cannedClient, credentials, requestHandler: cannedAws(answer(elements(parts))) }),
    );
    const problem = (await rejectionOf(sts.assumeRole(input))) as Problem;
    expect(problem.code).toBe('try-again');
    expect(problem.detail).not.toContain('canary');
  });
});

test.each(Object.keys(parts) as Array<keyof typeof parts>)('an answer without %s issues nothing', async (missing) => {
  const { [missing]: _left, ...rest } = parts;
  const problem = await problemOf(answer(elements(rest)));
  expect(problem.code).toBe('aws-refused');
  expect(JSON.stringify(problem) + problem.stack).not.toContain('canary');
});
