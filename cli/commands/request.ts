// `latchkey request`
import { connect } from '../api.ts';
import { confirmBreakGlass } from '../break-glass.ts';
import { command } from '../command.ts';
import { fileRequest } from '../file-request.ts';
import { besideOpen, filedOptions, showFiled } from '../filed.ts';
import { checkTarget } from '../grant.ts';
import { readSettings } from '../settings.ts';
import { wishOf, wishOptions } from '../wish.ts';

export const request = command({
  name: 'request',
  summary: 'asks for a role',
  description: [
    'Files a request. The approvers of the role are mailed; a role that needs no approval is granted at once.',
    'With --wait it stays until the decision, and ends with 0 if it was approved. Ctrl-C leaves the request in place.',
    'With --break-glass it first says who will be told, and asks; --yes answers.',
  ],
  positionals: [{ name: 'ROLE', summary: 'a role of `latchkey roles`' }],
  options: {
    reason: { type: 'text', placeholder: 'TEXT', required: true, summary: 'why; the approvers read it' },
    ...wishOptions,
    yes: { type: 'flag', summary: 'breaks the glass without asking' },
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
    const wish = wishOf(world, options.reason, options);
    const api = await connect(world, readSettings(world, options));
    if (options['break-glass']) await confirmBreakGlass(world, api, role, options.for, options.yes);
    const file = () => fileRequest(api, role, wish, options['idempotency-key']);
    // a bot has no list of the requests of somebody else
    await showFiled(world, api, await (wish.onBehalfOf === undefined ? besideOpen(api, role, file) : file()), options);
    return 0;
  },
});
