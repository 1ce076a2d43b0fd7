// `latchkey doctor`
import { readFileSync } from 'node:fs';
import { tools } from '../admin-answer.ts';
import { command } from '../command.ts';
import { exits, Failure } from '../exit.ts';

export const doctor = command({
  name: 'doctor',
  summary: 'checks a deployment and its target accounts, and says how to put right what is wrong',
  description: [
    "With AWS credentials of the hub it looks at the deployment and has the hub's functions try the way into every account; with those of a target account it looks at what is installed there. It changes nothing. docs/doctor.md lists the checks.",
    'Ends with 0 when all is well or there are warnings only, 1 for findings, 2 when it could not look.',
  ],
  apart: true,
  positionals: [],
  options: {
    account: { type: 'text', placeholder: 'KEY', summary: 'this account of the catalogue alone, such as production' },
    stage: { type: 'text', placeholder: 'STAGE', summary: 'the stage of the deployment (else prod)' },
    region: { type: 'text', placeholder: 'REGION', summary: 'where it runs (else as the AWS tools find it)' },
    hub: {
      type: 'text',
      placeholder: 'ACCOUNT',
      summary: 'the 12 digits of the hub, where you stand in a target account',
    },
    organization: { type: 'text', placeholder: 'ID', summary: 'the organisation that the templates were printed for' },
    'target-role': {
      type: 'text',
      placeholder: 'ROLE',
      summary: 'path and name of a role in the target accounts that reads IAM: one run sees both sides',
    },
    catalogue: { type: 'text', placeholder: 'FILE', summary: 'the catalogue (else access.yml)' },
    endpoint: { type: 'text', placeholder: 'URL', summary: 'an emulator in place of AWS (also AWS_ENDPOINT_URL)' },
    local: { type: 'text', placeholder: 'URL', summary: 'a local server of npm start, such as http://localhost:3000' },
    json: { type: 'flag', summary: 'prints JSON' },
    'fix-plan': { type: 'flag', summary: 'prints, after the report, the commands that would put it right' },
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
