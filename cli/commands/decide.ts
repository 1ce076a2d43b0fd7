// `latchkey approve` and `latchkey deny`
import type { RequestView } from '../../lib/schema.ts';
import { connect } from '../api.ts';
import { type CommonValues, command } from '../command.ts';
import { checkRequestId } from '../grant.ts';
import { requestText } from '../request-text.ts';
import { readSettings } from '../settings.ts';
import { json, painter, timesOf } from '../terminal-text.ts';
import type { World } from '../world.ts';

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
