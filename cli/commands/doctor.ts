// `latchkey doctor`
import { readFileSync } from 'node:fs';
import { tools } from '../admin-answer.ts';
import { command } from '../command.ts';
import { exits, Failure } from '../exit.ts';

export const doctor = command({
  name: 'doctor',
  group: 'Administer',
  summary: 'Check a deployment and its target accounts',
  description: [
    'Says what is wrong and how to fix it. With AWS credentials of the hub it checks the deployment, and the functions of the hub try to reach every account. With those of a target account it checks what is installed there. Changes nothing.',
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
    json: { type: 'flag', summary: 'print JSON' },
    'fix-plan': { type: 'flag', summary: 'print the commands that fix the findings, after the report' },
  },
  examples: [
    'latchkey doctor --stage prod',
    'latchkey doctor --account production --hub 999999999999',
    'latchkey doctor --local http://localhost:3000',
  ],
  async run(world, { options }) {
    const { runDoctor } = await (await tools()).doctor();
    const result = await runDoctor(options, (file) => readFileSync(file), world.now);
    if ('faults' in result) throw new Failure('usage', result.faults.join('\n'), ['See: latchkey doctor --help']);
    world.out(result.text);
    return result.exitCode === 0 ? exits.ok.status : exits.fault.status;
  },
});
