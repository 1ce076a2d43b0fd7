// `latchkey request`
import { connect } from '../api/api.ts';
import { confirmBreakGlass } from '../grants/break-glass.ts';
import { fileRequest } from '../grants/file-request.ts';
import { besideOpen, filedOptions, showFiled } from '../grants/filed.ts';
import { checkTarget } from '../grants/grant.ts';
import { requestFieldOptions, requestFieldsOf } from '../grants/request-fields.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';

export const request = command({
  name: 'request',
  group: 'Get access',
  summary: 'Request a role',
  description: [
    'Files a request and sends an email to the approvers of the role. A role that needs no approval is granted at once.',
    'With --wait it waits for the decision, and exits with 0 if the request was approved. Ctrl-C stops waiting; the request stays.',
    'With --break-glass it first shows who will be told, and asks for confirmation.',
  ],
  positionals: [{ name: 'ROLE', summary: 'role, as listed by `latchkey roles`' }],
  options: {
    reason: { type: 'text', placeholder: 'TEXT', required: true, summary: 'why you need it; the approvers read it' },
    ...requestFieldOptions,
    yes: { type: 'flag', summary: 'break the glass without confirmation' },
    ...filedOptions,
  },
  examples: [
    'latchkey request production-bucket-read --for 2h --reason "Find the lost invoices" --wait',
    'latchkey request production-app-write --at "2026-12-24 09:00" --reason "Deploy 1.4 by hand" --ticket OPS-123',
    'latchkey request reports-read --scope bucket=reports --scope prefix=2026/11 --reason "Find the lost invoices"',
    'latchkey request production-db --break-glass --reason "The shop is down, INC-4711"',
  ],
  async run(world, { positionals: [given = ''], options }) {
    const role = checkTarget(given);
    const fields = requestFieldsOf(world, options.reason, options);
    const api = await connect(world, readSettings(world, options));
    if (options['break-glass']) await confirmBreakGlass(world, api, role, options.for, options.yes);
    const file = () => fileRequest(api, role, fields, options['idempotency-key']);
    // a bot cannot list the requests of other people
    await showFiled(
      world,
      api,
      await (fields.onBehalfOf === undefined ? besideOpen(api, role, file) : file()),
      options,
    );
    return 0;
  },
});
