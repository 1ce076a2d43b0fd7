// `latchkey review`
import type { RequestView } from '../../lib/http/answers.ts';
import { connect } from '../api/api.ts';
import { checkRequestId } from '../grants/grant.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { requestText } from '../text/request-text.ts';
import { json, painter, timesOf } from '../text/terminal-text.ts';

export const review = command({
  name: 'review',
  group: 'Decide',
  summary: 'Sign the review of a break-glass grant',
  description: [
    'After the grant has ended, a reviewer or an admin says what was found. The requester may not sign. `latchkey show ID --history` shows every step.',
  ],
  positionals: [{ name: 'ID', summary: 'ID of a request' }],
  options: { comment: { type: 'text', placeholder: 'TEXT', required: true, summary: 'what you found' } },
  examples: ['latchkey review 01hzy3v9k2m4n6p8q0r2s4t6v8 --comment "Restarted the shop, nothing else was touched"'],
  async run(world, { positionals: [given = ''], options: { comment, ...options } }) {
    const id = checkRequestId(given);
    const api = await connect(world, readSettings(world, options));
    const reviewed = await api.call<RequestView>({ method: 'POST', path: `/requests/${id}/review`, body: { comment } });
    world.out(options.json ? json(reviewed) : requestText(painter(world), reviewed, timesOf(world)));
    return 0;
  },
});
