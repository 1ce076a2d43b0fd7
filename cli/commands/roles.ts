// `latchkey roles`
import type { RoleView } from '../../lib/schema.ts';
import { durationText } from '../../lib/time.ts';
import { connect, type RoleList } from '../api.ts';
import { command } from '../command.ts';
import { readSettings } from '../settings.ts';
import { json, painter, plain, table } from '../terminal-text.ts';

export const roles = command({
  name: 'roles',
  summary: 'lists the roles that you may request',
  positionals: [],
  options: {},
  examples: ['latchkey roles', 'latchkey roles --json'],
  async run(world, { options }) {
    const api = await connect(world, readSettings(world, options));
    const list = await api.call<RoleList>({ method: 'GET', path: '/roles' });
    if (options.json) world.out(json(list));
    else if (list.items.length === 0) world.out('There is no role that you may request.\n');
    else world.out(table(painter(world), ['ROLE', 'ACCOUNT', 'FOR', 'APPROVAL', 'WHAT IT IS'], list.items.map(row)));
    return 0;
  },
});

function row({ id, account, duration, approval, mfa, risk, description }: RoleView): string[] {
  const most = duration.defaultSeconds === duration.maxSeconds ? '' : `, at most ${durationText(duration.maxSeconds)}`;
  const people = approval.stages.map(({ need, approvers }) => `${need} of ${approvers.map(plain).join(', ')}`).join(', then ');
  const notes = [...(mfa ? ['needs MFA'] : []), ...(risk === 'high' ? ['high risk'] : [])];
  return [
    id,
    `${plain(account.name)} (${account.id})`,
    `${durationText(duration.defaultSeconds)}${most}`,
    approval.automatic ? 'automatic' : people,
    `${plain(description)}${notes.length > 0 ? ` [${notes.join(', ')}]` : ''}`,
  ];
}
