// `latchkey show`
import { connect } from '../api/api.ts';
import { findRequest } from '../grants/grant.ts';
import { waitForDecision } from '../grants/wait.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { historyText, requestText } from '../text/request-text.ts';
import { json, painter, timesOf } from '../text/terminal-text.ts';

export const show = command({
  name: 'show',
  group: 'Get access',
  summary: 'Show a request',
  positionals: [{ name: 'ID|ROLE', summary: 'ID of a request, or a role for your newest request for it' }],
  options: {
    wait: { type: 'flag', summary: 'wait for the decision first' },
    history: { type: 'flag', summary: 'show every recorded step, oldest first' },
  },
  examples: [
    'latchkey show production-bucket-read',
    'latchkey show 01hzy3v9k2m4n6p8q0r2s4t6v8 --wait',
    'latchkey show production-bucket-read --history',
  ],
  async run(world, { positionals: [target = ''], options }) {
    const api = await connect(world, readSettings(world, options));
    const found = await findRequest(api, target);
    const known = options.wait && found.status === 'pending' ? await waitForDecision(world, api, found) : found;
    const paint = painter(world);
    const steps = options.history ? `\n${historyText(paint, known, world.columns())}` : '';
    world.out(options.json ? json(known) : `${requestText(paint, known, timesOf(world))}${steps}`);
    return 0;
  },
});
