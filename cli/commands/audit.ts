// `latchkey audit verify`
import { tools } from '../admin-answer.ts';
import { command } from '../command.ts';
import { exits, Failure } from '../exit.ts';

export const auditVerify = command({
  name: 'audit verify',
  summary: 'checks that every request in the table is as Latchkey wrote it',
  description: [
    'With AWS credentials of the hub it reads the whole table and follows the hash chain of each history. It changes nothing. The credentials need dynamodb:Scan on the table.',
    'Ends with 0 when all is as it was written, 1 for findings, 2 when it could not look.',
  ],
  apart: true,
  positionals: [],
  options: {
    stage: { type: 'text', placeholder: 'STAGE', summary: 'the stage of the deployment (else prod)' },
    region: { type: 'text', placeholder: 'REGION', summary: 'where it runs (else as the AWS tools find it)' },
    table: {
      type: 'text',
      placeholder: 'NAME',
      summary: 'the table (else latchkey-STAGE), such as one that was restored',
    },
    endpoint: { type: 'text', placeholder: 'URL', summary: 'an emulator in place of AWS (also AWS_ENDPOINT_URL)' },
    local: { type: 'text', placeholder: 'URL', summary: 'a local server of npm start, such as http://localhost:3000' },
    json: { type: 'flag', summary: 'prints JSON' },
  },
  examples: ['latchkey audit verify --stage prod', 'latchkey audit verify --local http://localhost:3000'],
  async run(world, { options }) {
    const { runAudit } = await (await tools()).audit();
    const result = await runAudit(options);
    if ('faults' in result) throw new Failure('usage', result.faults.join('\n'), ['See: latchkey audit verify --help']);
    world.out(result.text);
    return result.exitCode === 0 ? exits.ok.status : exits.fault.status;
  },
});
