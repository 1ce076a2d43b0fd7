// `latchkey whoami`
import type { MeView } from '../../lib/http/answers.ts';
import { connect } from '../api/api.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { fields, json, painter, plain } from '../text/terminal-text.ts';

export const whoami = command({
  name: 'whoami',
  group: 'Set up',
  summary: 'Show who you are to Latchkey',
  positionals: [],
  options: {},
  examples: ['latchkey whoami'],
  async run(world, { options }) {
    const api = await connect(world, readSettings(world, options));
    if (options.debug) world.err(claimsText(api.signer.claims));
    const me = await api.call<MeView>({ method: 'GET', path: '/me' });
    const paint = painter(world);
    const rows: Array<[string, string | undefined]> = [
      ['Email', me.email ?? undefined],
      ['Principal', me.principal],
      ['Groups', me.groups.length > 0 ? me.groups.map(plain).join(', ') : 'none'],
      ['Signed in by', me.via === 'iam' ? 'AWS SigV4' : 'an OIDC token'],
      ['Latchkey', api.settings.url],
    ];
    world.out(options.json ? json(me) : `${paint('bold', plain(me.name))}\n${fields(paint, rows)}`);
    return 0;
  },
});

// -- internal --------------------------------------------------------------------------------------------------------

/** The claims that decide who the caller is and what they may do. */
const telling = [
  'iss',
  'sub',
  'aud',
  'client_id',
  'scope',
  'scp',
  'email',
  'email_verified',
  'preferred_username',
  'groups',
  'amr',
  'acr',
  'auth_time',
  'exp',
];

/** The claims of the caller's own token and whether its email address is used; never the token. */
function claimsText(claims: Record<string, unknown> | undefined): string {
  if (!claims) return 'debug: no token that can be decoded\n';
  const said = telling.flatMap((name) =>
    Object.hasOwn(claims, name) ? [`debug: token claim ${name}: ${plain(JSON.stringify(claims[name]))}\n`] : [],
  );
  return [...said, `debug: ${addressText(claims)}\n`].join('');
}

function addressText({ email, email_verified: verified }: Record<string, unknown>): string {
  if (email === undefined) return 'the token has no claim "email", so it identifies no email address';
  return verified === true || verified === 'true'
    ? 'the email address is used: "email_verified" is true'
    : 'the email address is ignored: it requires "email_verified": true';
}
