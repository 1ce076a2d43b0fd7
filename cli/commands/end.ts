// `latchkey end`
import type { RequestView } from '../../lib/schema.ts';
import { connect } from '../api.ts';
import { command } from '../command.ts';
import { findRequestToEnd } from '../grant.ts';
import { dropSessions } from '../kept-sessions.ts';
import { requestText } from '../request-text.ts';
import { readSettings } from '../settings.ts';
import { json, painter } from '../terminal-text.ts';

export const end = command({
  name: 'end',
  group: 'Get access',
  summary: 'Withdraw a request, hand a grant back, or revoke it',
  description: [
    'Your own pending request is withdrawn, your own grant is handed back, and a grant of somebody else that you approve or administer is revoked. Sessions that --cache kept on this machine are removed.',
  ],
  positionals: [
    {
      name: 'ID|ROLE',
      summary: 'the id of a request, or a role for your own grant of it, or else your own open request',
    },
  ],
  options: { comment: { type: 'text', placeholder: 'TEXT', summary: 'why' } },
  examples: ['latchkey end production-bucket-read', 'latchkey end 01hzy3v9k2m4n6p8q0r2s4t6v8 --comment "Laptop lost"'],
  async run(world, { positionals: [target = ''], options: { comment, ...options } }) {
    const api = await connect(world, readSettings(world, options));
    const { id, open } = await findRequestToEnd(api, target);
    const ended = await api.call<RequestView & { alsoEnded?: string[] }>({
      method: 'POST',
      path: `/requests/${id}/end`,
      body: { comment },
    });
    dropSessions(world, id);
    world.out(options.json ? json(ended) : requestText(painter(world), ended, world.now()));
    for (const other of ended.alsoEnded ?? []) world.err(`Also ended: its extension ${other}\n`);
    for (const { id: other, status } of open)
      world.err(`Still ${status}: request ${other}. End it as well: latchkey end ${other}\n`);
    return 0;
  },
});
