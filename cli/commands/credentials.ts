// `latchkey credentials`: AWS tools call it as credential_process

import { sessionOf } from '../grants/session.ts';
import { filingOf, filingOptions, sessionOptions } from '../grants/session-options.ts';
import { Failure } from '../machine/exit.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';

export const credentials = command({
  name: 'credentials',
  group: 'Use it',
  summary: 'Print credentials as an AWS credential_process document',
  description: [
    'For `credential_process` in ~/.aws/config, which `latchkey configure` writes. Only the document goes to stdout.',
    'Without a grant it exits with 8, or files a request and waits for it with --request. On a terminal nothing is shown without --print, so that no secret stays in the scrollback.',
  ],
  positionals: [{ name: 'ROLE|ID', summary: 'role, for its active grant, or ID of a request' }],
  options: {
    ...sessionOptions,
    ...filingOptions,
    print: { type: 'flag', summary: 'show the credentials even on a terminal' },
  },
  examples: [
    'latchkey credentials production-bucket-read --cache',
    'latchkey credentials production-bucket-read --request --reason "Nightly report" --for 1h',
  ],
  async run(world, { positionals: [target = ''], options }) {
    if (world.outIsTerminal && !options.print) {
      throw new Failure('usage', 'Credentials are not shown on a terminal, where they would stay in the scrollback.', [
        `Run one command with them: latchkey exec ${target} -- aws sts get-caller-identity`,
        'To show them anyway, add --print.',
      ]);
    }
    const { duration, cache } = options;
    const document = await sessionOf(world, readSettings(world, options), target, {
      duration,
      cache,
      filing: filingOf(options),
    });
    world.out(`${JSON.stringify(document)}\n`);
    return 0;
  },
});
