// `latchkey whoami`
import type { MeView } from '../../lib/schema.ts';
import { connect } from '../api.ts';
import { command } from '../command.ts';
import { readSettings } from '../settings.ts';
import { fields, json, painter, plain } from '../terminal-text.ts';

export const whoami = command({
  name: 'whoami',
  summary: 'shows you as Latchkey sees you',
  positionals: [],
  options: {},
  examples: ['latchkey whoami'],
  async run(world, { options }) {
    const api = await connect(world, readSettings(world, options));
    const me = await api.call<MeView>({ method: 'GET', path: '/me' });
    const paint = painter(world);
    const rows: Array<[string, string | undefined]> = [
      ['mail', me.email ?? undefined],
      ['principal', me.principal],
      ['groups', me.groups.length > 0 ? me.groups.map(plain).join(', ') : 'none'],
      ['signed in by', me.via === 'iam' ? 'AWS SigV4' : 'an OIDC token'],
      ['at', api.settings.url],
    ];
    world.out(options.json ? json(me) : `${paint('bold', plain(me.name))}\n${fields(paint, rows)}`);
    return 0;
  },
});
