// `latchkey doctor`
import { readFileSync } from 'node:fs';
import { tools } from '../admin/answer.ts';
import { sendHttp } from '../http/http.ts';
import { NoAnswer, noAnswer } from '../http/no-answer.ts';
import { exits, Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { command } from '../options/command.ts';
import { checkEndpoint } from '../sign-in/oidc.ts';

export const doctor = command({
  name: 'doctor',
  group: 'Administer',
  summary: 'Check a deployment and its target accounts',
  description: [
    'Says what is wrong and how to fix it. With AWS credentials of the hub it checks the deployment, and the functions of the hub try to reach every account. With those of a target account it checks what is installed there. Lists what needs attention, and counts the checks that passed. Changes nothing.',
    'With --issuer it needs no AWS credentials: it reads what the issuer publishes, and explains a token line by line. Other parameters of the deployment come from the environment (LATCHKEY_MFA and so on).',
    'Exits with 0 if there is nothing to fix (warnings may remain), 1 for findings, 2 if it could not check.',
  ],
  apart: true,
  positionals: [],
  options: {
    account: { type: 'text', placeholder: 'KEY', summary: 'only this account of the catalogue, such as production' },
    stage: { type: 'text', placeholder: 'STAGE', summary: 'stage of the deployment (default: prod)' },
    region: {
      type: 'text',
      placeholder: 'REGION',
      summary: 'AWS region of the deployment (default: as the AWS tools find it)',
    },
    hub: {
      type: 'text',
      placeholder: 'ACCOUNT',
      summary: '12-digit ID of the hub account, when you run this in a target account',
    },
    organization: { type: 'text', placeholder: 'ID', summary: 'organisation that the templates were generated for' },
    'target-role': {
      type: 'text',
      placeholder: 'ROLE',
      summary: 'path and name of a role in the target accounts that may read IAM; one run then checks both sides',
    },
    catalogue: { type: 'text', placeholder: 'FILE', summary: 'catalogue file (default: access.yml)' },
    endpoint: { type: 'text', placeholder: 'URL', summary: 'emulator instead of AWS (default: AWS_ENDPOINT_URL)' },
    local: {
      type: 'text',
      placeholder: 'URL',
      summary: 'local server instead of a deployment, such as http://localhost:3000',
    },
    issuer: { type: 'text', placeholder: 'URL', summary: 'explain an issuer, and with --token one of its tokens' },
    token: {
      type: 'text',
      placeholder: 'FILE',
      summary: 'file with an access token, or - for standard input; it is not sent anywhere, and not printed',
    },
    idp: {
      type: 'text',
      placeholder: 'NAME',
      summary: 'parameter idp of the deployment (default: what the issuer looks like)',
    },
    audience: { type: 'text', placeholder: 'AUDIENCE', summary: 'parameter audience of the deployment' },
    scope: { type: 'text', placeholder: 'SCOPE', summary: 'parameter scope of the deployment' },
    all: { type: 'flag', summary: 'list every check, also those that passed' },
    json: { type: 'flag', summary: 'print every check as JSON' },
    'fix-plan': { type: 'flag', summary: 'print the commands that fix the findings, after the report' },
  },
  examples: [
    'latchkey doctor --stage prod',
    'latchkey doctor --account production --hub 999999999999',
    'latchkey doctor --local http://localhost:3000',
    'latchkey doctor --issuer https://id.example.com --audience latchkey --scope latchkey/use --token - < token.txt',
  ],
  async run(world, { options }) {
    if (options.issuer !== undefined || options.token !== undefined) return explainToken(world, options);
    const { runDoctor } = await (await tools()).doctor();
    const result = await runDoctor(options, (file) => readFileSync(file), world.now);
    if ('errors' in result) throw new Failure('usage', result.errors.join('\n'), ['See: latchkey doctor --help']);
    world.out(result.text);
    return result.exitCode === 0 ? exits.ok.status : exits.fault.status;
  },
});

// -- internal --------------------------------------------------------------------------------------------------------

type TokenOptions = import('../../doctor/token.ts').TokenOptions;

async function explainToken(world: World, options: TokenOptions): Promise<number> {
  const { runTokenDoctor } = await (await tools()).tokenDoctor();
  const result = await runTokenDoctor(options, {
    env: world.env,
    now: world.now(),
    read: readToken,
    get: (url) => documentAt(world, url),
  });
  if ('errors' in result) throw new Failure('usage', result.errors.join('\n'), ['See: latchkey doctor --help']);
  world.out(result.text);
  return result.exitCode === 0 ? exits.ok.status : exits.fault.status;
}

/** @throws Failure `usage` for a file that cannot be read */
function readToken(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    // not its name: somebody may have given the token itself
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Failure('usage', `The file of --token cannot be read (${why}).`);
  }
}

async function documentAt(world: World, url: string): Promise<{ body: string } | { why: string }> {
  checkEndpoint(url);
  try {
    const { status, body } = await sendHttp({ method: 'GET', url, env: world.env });
    return status === 200 ? { body } : { why: `status ${status}` };
  } catch (error) {
    if (error instanceof NoAnswer) return { why: noAnswer(url, error).message };
    throw error;
  }
}
