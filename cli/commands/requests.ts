// `latchkey requests`
import type { RequestView } from '../../lib/http/answers.ts';
import { connect, type RequestList } from '../api/api.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { endInstant, requesterText, statuses } from '../text/request-text.ts';
import { json, painter, plain, type Times, table, timesOf, when } from '../text/terminal-text.ts';

export const requests = command({
  name: 'requests',
  group: 'Get access',
  summary: 'List requests, newest first',
  positionals: [],
  options: {
    view: {
      type: 'text',
      placeholder: 'VIEW',
      summary: 'mine, to-decide, or all (for admins and auditors) (default: mine)',
      values: ['mine', 'to-decide', 'all'],
    },
    status: {
      type: 'text',
      placeholder: 'STATUS',
      summary: `only requests with this status: ${statuses.join(', ')}`,
      values: statuses,
    },
    role: { type: 'text', placeholder: 'ROLE', summary: 'only requests for this role' },
    person: {
      type: 'text',
      placeholder: 'PERSON',
      summary: 'with --view all: only requests of this person (email address or ARN)',
    },
    account: {
      type: 'text',
      placeholder: 'ACCOUNT',
      summary: 'with --view all: only requests for this account (ID or name in the catalogue)',
    },
    limit: { type: 'text', placeholder: 'N', summary: 'how many, 1 to 100 (default: 50)' },
    cursor: { type: 'text', placeholder: 'CURSOR', summary: 'continue where an earlier list ended' },
  },
  examples: [
    'latchkey requests',
    'latchkey requests --view to-decide',
    'latchkey requests --status active --json',
    'latchkey requests --view all --account 111111111111 --status active',
  ],
  async run(world, { options }) {
    const { view, status, role, person, account, limit, cursor } = options;
    const api = await connect(world, readSettings(world, options));
    const list = await api.call<RequestList>({
      method: 'GET',
      path: '/requests',
      query: { view, status, role, person, account, limit, cursor },
    });
    if (options.json) {
      world.out(json(list));
      return 0;
    }
    if (list.items.length === 0)
      world.out(view === 'to-decide' ? 'Nothing waits for your decision.\n' : 'There are no requests.\n');
    else
      world.out(
        table(
          painter(world),
          ['REQUEST', 'STATUS', 'ROLE', 'BY', 'TIME', 'REASON'],
          list.items.map((item) => row(item, timesOf(world))),
          world.columns(),
        ),
      );
    if (list.nextCursor !== undefined) world.err(moreText(list.nextCursor, limit));
    return 0;
  },
});

const shown = 40;

/** The cursor reads all of a long list; a higher limit is enough for most people. */
const moreText = (cursor: string, limit: string | undefined): string =>
  [
    'There are more requests.',
    ...(limit === undefined ? ['  Show up to 100: add --limit 100'] : []),
    `  Next page: add --cursor ${cursor}`,
    '',
  ].join('\n');

function row(request: RequestView, times: Times): string[] {
  const { id, status, role, requester, reason, decideBy, startsAt, endsAt, createdAt } = request;
  const why = plain(reason);
  const told: Record<string, string> = {
    pending: `decide ${when(decideBy, times)}`,
    scheduled: `starts ${when(startsAt ?? createdAt, times)}`,
    active: `ends ${when(endsAt ?? createdAt, times)}`,
  };
  return [
    id,
    status,
    role.id,
    requesterText(requester),
    told[status] ?? when(endInstant(request) ?? createdAt, times),
    why.length > shown ? `${why.slice(0, shown - 1)}…` : why,
  ];
}
