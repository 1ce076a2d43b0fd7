// `latchkey roles`
import type { RoleView } from '../../lib/http/answers.ts';
import { connect, type RoleList } from '../api/api.ts';
import { checkTarget, notARole } from '../grants/grant.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { approvalText, durationsText, roleText } from '../text/role-text.ts';
import { json, painter, plain, table } from '../text/terminal-text.ts';

export const roles = command({
  name: 'roles',
  group: 'Get access',
  summary: 'List the roles that you may request, or show one',
  positionals: [{ name: 'ROLE', summary: 'role to show (default: list all)', optional: true }],
  options: {},
  examples: ['latchkey roles', 'latchkey roles production-bucket-read', 'latchkey roles --json'],
  async run(world, { positionals: [only], options }) {
    if (only !== undefined) checkTarget(only);
    const api = await connect(world, readSettings(world, options));
    const list = await api.call<RoleList>({ method: 'GET', path: '/roles' });
    const found = only === undefined ? undefined : list.items.find(({ id }) => id === only);
    if (only !== undefined && !found) throw notARole(only, list.items);
    if (options.json) world.out(json(found ?? list));
    else if (found) world.out(roleText(painter(world), found));
    else if (list.items.length === 0) world.out('You may not request any role.\n');
    else
      world.out(
        table(
          painter(world),
          ['ROLE', 'ACCOUNT', 'DURATION', 'APPROVAL', 'DESCRIPTION'],
          list.items.map(row),
          world.columns(),
        ),
      );
    return 0;
  },
});

function row(role: RoleView): string[] {
  const { id, account, mfa, risk, scope, breakGlass, description } = role;
  const notes = [
    ...(mfa ? ['needs MFA'] : []),
    ...(risk === 'high' ? ['high risk'] : []),
    ...(scope ? [`needs --scope ${Object.keys(scope).map(plain).join(', ')}`] : []),
    ...(breakGlass ? ['break-glass'] : []),
  ];
  return [
    id,
    `${plain(account.name)} (${account.id})`,
    durationsText(role),
    approvalText(role),
    `${plain(description)}${notes.length > 0 ? ` [${notes.join('; ')}]` : ''}`,
  ];
}
