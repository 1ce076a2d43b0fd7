// `latchkey audit verify`
import { tools } from '../admin/answer.ts';
import { exits, Failure } from '../machine/exit.ts';
import { command } from '../options/command.ts';

export const auditVerify = command({
  name: 'audit verify',
  group: 'Administer',
  summary: 'Verify that nobody changed the records in the table',
  description: [
    'Reads the whole table with AWS credentials of the hub, and follows the hash chain of each history. Changes nothing. The credentials need dynamodb:Scan on the table.',
    'Exits with 0 if every record is as Latchkey wrote it, 1 if there are findings, 2 if the table could not be read.',
  ],
  apart: true,
  positionals: [],
  options: {
    stage: { type: 'text', placeholder: 'STAGE', summary: 'stage of the deployment (default: prod)' },
    region: {
      type: 'text',
      placeholder: 'REGION',
      summary: 'AWS region of the deployment (default: as the AWS tools find it)',
    },
    table: {
      type: 'text',
      placeholder: 'NAME',
      summary: 'table, such as a restored one (default: latchkey-STAGE)',
    },
    endpoint: { type: 'text', placeholder: 'URL', summary: 'emulator instead of AWS (default: AWS_ENDPOINT_URL)' },
    local: {
      type: 'text',
      placeholder: 'URL',
      summary: 'local server instead of a deployment, such as http://localhost:3000',
    },
    json: { type: 'flag', summary: 'print JSON' },
  },
  examples: ['latchkey audit verify --stage prod', 'latchkey audit verify --local http://localhost:3000'],
  async run(world, { options }) {
    const { runAudit } = await (await tools()).audit();
    const result = await runAudit(options);
    if ('errors' in result) throw new Failure('usage', result.errors.join('\n'), ['See: latchkey audit verify --help']);
    world.out(result.text);
    return result.exitCode === 0 ? exits.ok.status : exits.fault.status;
  },
});
