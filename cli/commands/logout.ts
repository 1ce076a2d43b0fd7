// `latchkey logout`
import { rmSync } from 'node:fs';
import { sessionsDirectory } from '../machine/places.ts';
import { variable } from '../machine/world.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { endAtIssuer } from '../sign-in/end-sign-in.ts';
import { forgetSignIn } from '../sign-in/sign-in.ts';
import { json } from '../text/terminal-text.ts';

export const logout = command({
  name: 'logout',
  group: 'Set up',
  summary: 'Remove your sign-in and kept sessions from this machine',
  description: [
    'Also revokes the refresh token at the issuer, where the issuer supports it (RFC 7009). Grants stay as they are: hand them back with `latchkey hand-back`.',
  ],
  positionals: [],
  options: {},
  examples: ['latchkey logout'],
  async run(world, { options }) {
    const settings = readSettings(world, options);
    const { url } = settings;
    const why = await endAtIssuer(world, settings);
    const wasSignedIn = await forgetSignIn(world, settings);
    if (why !== undefined)
      world.err(
        `latchkey: The refresh token could not be revoked at the issuer: ${why} It expires there on its own.\n`,
      );
    rmSync(sessionsDirectory(world), { recursive: true, force: true });
    if (variable(world, 'LATCHKEY_TOKEN') !== undefined)
      world.err('LATCHKEY_TOKEN is still set and still signs you in: unset LATCHKEY_TOKEN.\n');
    world.out(
      options.json
        ? json({ url, wasSignedIn })
        : wasSignedIn
          ? `You are signed out of ${url}.\n`
          : `You were not signed in at ${url}.\n`,
    );
    return 0;
  },
});
