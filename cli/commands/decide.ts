// `latchkey approve` and `latchkey deny`
import type { RequestView } from '../../lib/schema.ts';
import { connect } from '../api.ts';
import { type CommonValues, command } from '../command.ts';
import { checkRequestId } from '../grant.ts';
import { requestText } from '../request-text.ts';
import { readSettings } from '../settings.ts';
import { json, painter } from '../terminal-text.ts';
import type { World } from '../world.ts';

const comment = { type: 'text', placeholder: 'TEXT', summary: 'what the requester should know' } as const;
const id = { name: 'ID', summary: 'the id of a request', from: 'to-decide' } as const;

export const approve = command({
  name: 'approve',
  summary: 'approves a request that waits for you',
  positionals: [id],
  options: { comment, for: { type: 'text', placeholder: '1h', summary: 'for a shorter time than was asked' } },
  examples: [
    'latchkey approve 01hzy3v9k2m4n6p8q0r2s4t6v8',
    'latchkey approve 01hzy3v9k2m4n6p8q0r2s4t6v8 --for 30m --comment "Only the July folder, please"',
  ],
  run: (world, { positionals, options }) =>
    decide(world, positionals, options, { decision: 'approve', comment: options.comment, duration: options.for }),
});

export const deny = command({
  name: 'deny',
  summary: 'denies a request that waits for you',
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
  world.out(options.json ? json(decided) : requestText(painter(world), decided, world.now()));
  return 0;
}
