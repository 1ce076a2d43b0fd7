// `latchkey approve` and `latchkey deny`
import type { RequestView } from '../../lib/http/answers.ts';
import { connect } from '../api/api.ts';
import { checkRequestId } from '../grants/grant.ts';
import type { World } from '../machine/world.ts';
import { type CommonValues, command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { requestText } from '../text/request-text.ts';
import { json, painter, timesOf } from '../text/terminal-text.ts';

const comment = { type: 'text', placeholder: 'TEXT', summary: 'comment for the requester' } as const;
const id = { name: 'ID', summary: 'ID of a request', from: 'to-decide' } as const;

export const approve = command({
  name: 'approve',
  group: 'Decide',
  summary: 'Approve a request',
  positionals: [id],
  options: {
    comment,
    for: { type: 'text', placeholder: '1h', summary: 'shorter time than requested (default: as requested)' },
  },
  examples: [
    'latchkey approve 01hzy3v9k2m4n6p8q0r2s4t6v8',
    'latchkey approve 01hzy3v9k2m4n6p8q0r2s4t6v8 --for 30m --comment "Only the July folder, please"',
  ],
  run: (world, { positionals, options }) =>
    decide(world, positionals, options, { decision: 'approve', comment: options.comment, duration: options.for }),
});

export const deny = command({
  name: 'deny',
  group: 'Decide',
  summary: 'Deny a request',
  positionals: [id],
  options: { comment },
  examples: ['latchkey deny 01hzy3v9k2m4n6p8q0r2s4t6v8 --comment "Please use the staging copy"'],
  run: (world, { positionals, options }) =>
    decide(world, positionals, options, { decision: 'deny', comment: options.comment }),
});

async function decide(
  world: World,
  [given = '']: readonly string[],
  options: CommonValues,
  body: object,
): Promise<number> {
  const request = checkRequestId(given);
  const api = await connect(world, readSettings(world, options));
  // JSON leaves out what is undefined
  const decided = await api.call<RequestView>({ method: 'POST', path: `/requests/${request}/decision`, body });
  world.out(options.json ? json(decided) : requestText(painter(world), decided, timesOf(world)));
  return 0;
}
