// `latchkey blocks` and `latchkey unblock`
import type { BlockListView } from '../../lib/http/answers.ts';
import { connect } from '../api/api.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { blockedText } from '../text/block-text.ts';
import { json, painter, plain, table, timesOf, when } from '../text/terminal-text.ts';

export const blocks = command({
  name: 'blocks',
  group: 'Administer',
  summary: 'List who and what is blocked',
  description: [
    'For admins and auditors. `latchkey revoke --block` sets a block: until it ends, nobody can file, approve or get credentials for that person, role or account.',
  ],
  positionals: [],
  options: {},
  examples: ['latchkey blocks'],
  async run(world, { options }) {
    const api = await connect(world, readSettings(world, options));
    const list = await api.call<BlockListView>({ method: 'GET', path: '/blocks' });
    if (options.json) {
      world.out(json(list));
      return 0;
    }
    const rows = list.items.map((block) => [
      block.id,
      blockedText(block),
      when(block.until, timesOf(world)),
      `${plain(block.by.name)} (${plain(block.by.person)})`,
      plain(block.comment),
    ]);
    world.out(
      rows.length === 0
        ? 'Nothing is blocked.\n'
        : table(painter(world), ['BLOCK', 'BLOCKED', 'ENDS', 'BY', 'COMMENT'], rows, world.columns()),
    );
    return 0;
  },
});

export const unblock = command({
  name: 'unblock',
  group: 'Administer',
  summary: 'Lift a block before it ends',
  description: ['For admins. Requests that were revoked stay revoked.'],
  positionals: [{ name: 'ID', summary: 'ID of a block, as listed by `latchkey blocks`', from: 'blocks' }],
  options: {},
  examples: ['latchkey unblock 01hzy3v9k2m4n6p8q0r2s4t6v8'],
  async run(world, { positionals: [id = ''], options }) {
    const api = await connect(world, readSettings(world, options));
    const path = `/blocks/${encodeURIComponent(id)}`;
    const answer = await api.call<{ lifted: boolean }>({ method: 'DELETE', path });
    if (options.json) world.out(json(answer));
    else world.out(answer.lifted ? 'The block is lifted.\n' : 'There is no such block, or it has ended already.\n');
    return 0;
  },
});
