// `latchkey end`, and the words for it that emails and pages use: `latchkey withdraw` and `latchkey hand-back`
import { connect } from '../api/api.ts';
import { endRequest } from '../grants/ending.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';

const comment = { type: 'text', placeholder: 'TEXT', summary: 'why' } as const;
const dropped = 'Sessions that --cache kept on this machine are removed.';

export const end = command({
  name: 'end',
  group: 'Get access',
  summary: 'Withdraw, hand back or revoke a request, whichever fits',
  description: [
    `Your own pending or scheduled request is withdrawn, and your own active grant is handed back. A request of somebody else is revoked, if you approve or administer it. ${dropped}`,
    '`latchkey withdraw`, `latchkey hand-back` and `latchkey revoke` do the same, and refuse a request that the word does not fit.',
  ],
  positionals: [{ name: 'ID|ROLE', summary: 'ID of a request, or a role for your own open request or grant' }],
  options: { comment },
  examples: ['latchkey end production-bucket-read', 'latchkey end 01hzy3v9k2m4n6p8q0r2s4t6v8 --comment "Laptop lost"'],
  async run(world, { positionals: [target = ''], options }) {
    await endRequest(world, await connect(world, readSettings(world, options)), 'end', target, options);
    return 0;
  },
});

export const withdraw = command({
  name: 'withdraw',
  group: 'Get access',
  summary: 'Withdraw your request before the grant starts',
  description: ['Refuses an active grant and the request of somebody else, and names the command for it.'],
  positionals: [{ name: 'ID|ROLE', summary: 'ID of a request, or a role for your own request' }],
  options: { comment },
  examples: ['latchkey withdraw production-bucket-read'],
  async run(world, { positionals: [target = ''], options }) {
    await endRequest(world, await connect(world, readSettings(world, options)), 'withdraw', target, options);
    return 0;
  },
});

export const handBack = command({
  name: 'hand-back',
  group: 'Use it',
  summary: 'Hand back your grant before it ends',
  description: [
    `Its sessions are revoked in AWS. ${dropped}`,
    'Refuses what is not your active grant, and names the command for it.',
  ],
  positionals: [{ name: 'ID|ROLE', summary: 'ID of a request, or a role for your own grant' }],
  options: { comment },
  examples: ['latchkey hand-back production-bucket-read'],
  async run(world, { positionals: [target = ''], options }) {
    await endRequest(world, await connect(world, readSettings(world, options)), 'hand-back', target, options);
    return 0;
  },
});
