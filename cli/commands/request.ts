// `latchkey request`
import { connect } from '../api.ts';
import { command } from '../command.ts';
import { fileRequest } from '../file-request.ts';
import { nextSteps, requestText } from '../request-text.ts';
import { readSettings } from '../settings.ts';
import { json, painter } from '../terminal-text.ts';
import { waitForDecision } from '../wait.ts';

export const request = command({
  name: 'request',
  summary: 'asks for a role',
  description: [
    'Files a request. The approvers of the role are mailed; a role that needs no approval is granted at once.',
    'With --wait it stays until the decision, and ends with 0 if it was approved. Ctrl-C leaves the request in place.',
  ],
  positionals: [{ name: 'ROLE', summary: 'a role of `latchkey roles`' }],
  options: {
    reason: { type: 'text', placeholder: 'TEXT', required: true, summary: 'why; the approvers read it' },
    for: { type: 'text', placeholder: '2h', summary: "how long: 45m, 2h, 1h30m or PT1H30M (else the role's default)" },
    ticket: { type: 'text', placeholder: 'TICKET', summary: 'the ticket that this is about' },
    wait: { type: 'flag', summary: 'waits for the decision' },
  },
  examples: ['latchkey request production-bucket-read --for 2h --reason "Find the lost invoices" --wait'],
  async run(world, { positionals: [role = ''], options }) {
    const api = await connect(world, readSettings(world, options));
    const filed = await fileRequest(api, role, { reason: options.reason, duration: options.for, ticket: options.ticket });
    if (options.wait && !options.json && filed.status === 'pending') world.err(`Filed request ${filed.id}.\n`);
    const known = options.wait ? await waitForDecision(world, api, filed) : filed;
    if (options.json) world.out(json(known));
    else world.out(`${requestText(painter(world), known, world.now())}\n${nextSteps(known).join('\n')}\n`);
    return 0;
  },
});
