import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { testKeyOf } from '../local/identities.ts';
import { type LocalServer, startLocalServer } from '../local/server.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
let server: LocalServer;

beforeAll(async () => {
  server = await startLocalServer({ port: 0 });
});
afterAll(() => server.close());

test('the tour of the README tells its story when it is typed as it stands', async () => {
  const tour = readme.slice(readme.indexOf('<!-- tour'), readme.indexOf('\n## ', readme.indexOf('<!-- tour')));
  const blocks = [...tour.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block);
  expect(blocks).toHaveLength(6);
  const key = testKeyOf('arn:aws:iam::222222222222:user/asi-dev');
  const env = { PATH: process.env.PATH, B: server.url, AWS_ACCESS_KEY_ID: key.accessKeyId, AWS_SECRET_ACCESS_KEY: key.secretAccessKey };
  const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-eu', '-c', blocks.join('\n')], { env });

  expect(stderr).toBe('');
  expect(stdout).toContain('"groups":["developers"]');
  expect(stdout).toContain('"outcome":"needs-approval"');
  expect(stdout).toContain('the page: 200\napprove:  200\nagain:    410\n');
  expect(stdout).toContain('"SecretAccessKey":"');
  expect(stdout).toContain('"url":"https://signin.aws.amazon.com/federation?Action=login');
  expect(stdout).toContain('"status":"active"');
  expect(stdout).toContain('"RoleArn":"arn:aws:iam::111111111111:role/latchkey/readonly-asi-production-bucket"');
  expect(stdout).toContain('"code":"not-active"');
  expect(stdout).toContain('"via":"iam"');
});
