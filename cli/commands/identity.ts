// `latchkey identity`
import type { IdentityListView } from '../../lib/http/answers.ts';
import { connect } from '../api/api.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { json, painter, plain, table, timesOf, when } from '../text/terminal-text.ts';

export const identityList = command({
  name: 'identity list',
  group: 'Administer',
  summary: 'List the sign-in accounts that are bound to a person',
  description: [
    'For admins. An account at the identity provider is bound to a person by its first call that changes anything. If its token names another person later, the API answers identity-changed. Then either join both in `people` of the catalogue, or release the account.',
  ],
  positionals: [{ name: 'PERSON', summary: 'an email address or the ARN of an IAM user or role' }],
  options: {},
  examples: ['latchkey identity list dev@example.com'],
  async run(world, { positionals: [person = ''], options }) {
    const api = await connect(world, readSettings(world, options));
    const list = await api.call<IdentityListView>({ method: 'GET', path: '/identities', query: { person } });
    if (options.json) {
      world.out(json(list));
      return 0;
    }
    if (list.items.length === 0) {
      world.out('No account is bound to this person.\n');
      return 0;
    }
    const rows = list.items.map(({ id, principal, boundAt }) => [id, plain(principal), when(boundAt, timesOf(world))]);
    world.out(table(painter(world), ['ID', 'ACCOUNT', 'BOUND'], rows, world.columns()));
    return 0;
  },
});

export const identityRelease = command({
  name: 'identity release',
  group: 'Administer',
  summary: 'Release a sign-in account, so that it is bound again',
  description: [
    'For admins. Use it when an account has moved to another email address for good. To let one person use both addresses, join them in `people` of the catalogue instead.',
  ],
  positionals: [{ name: 'ID', summary: 'the ID that `latchkey identity list` shows' }],
  options: {},
  examples: ['latchkey identity release 5b1f0c2d3e4a59687786a5b4c3d2e1f00112233445566778899aabbccddeeff0'],
  async run(world, { positionals: [id = ''], options }) {
    const api = await connect(world, readSettings(world, options));
    const path = `/identities/${encodeURIComponent(id)}`;
    const answer = await api.call<{ released: boolean }>({ method: 'DELETE', path });
    if (options.json) world.out(json(answer));
    else
      world.out(answer.released ? 'Released. The next call of this account binds it again.\n' : 'Nothing was bound.\n');
    return 0;
  },
});
