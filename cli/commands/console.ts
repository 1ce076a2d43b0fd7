// `latchkey console`
import type { ConsoleView } from '../../lib/http/answers.ts';
import { type Api, connect } from '../api/api.ts';
import { consolePath, pathOfAddress } from '../aws/console-destination.ts';
import { findRequest, issue } from '../grants/grant.ts';
import { confirmed } from '../machine/confirmation.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { openBrowser } from '../sign-in/browser.ts';
import { json, timesBeside, when } from '../text/terminal-text.ts';

export const console = command({
  name: 'console',
  group: 'Use it',
  summary: 'Open the AWS console',
  description: [
    'Anyone who has the URL can sign in with it for a few minutes. So it is opened and not shown, unless you give --print or --json. Where no browser can be opened, it asks before it prints the URL.',
  ],
  positionals: [{ name: 'ROLE|ID', summary: 'role, for its active grant, or ID of a request' }],
  options: {
    service: {
      type: 'text',
      placeholder: 'NAME',
      summary: 'service to open, as in its console path: s3, ec2, cloudwatch',
    },
    path: {
      type: 'text',
      placeholder: 'PATH',
      summary: 'path to open instead, such as /s3/buckets/example, or a whole console URL',
    },
    print: { type: 'flag', summary: 'print the URL instead of opening it' },
  },
  examples: ['latchkey console production-bucket-read --service s3', 'latchkey console production-bucket-read --print'],
  async run(world, { positionals: [target = ''], options }) {
    const given = destinationOf(options);
    const api = await connect(world, readSettings(world, options));
    const destination = given && (await pathOn(api, target, given));
    const session = await issue<ConsoleView>(world, api, target, 'console', { destination });
    if (options.json) world.out(json(session));
    else if (options.print) world.out(`${session.url}\n`);
    else if (!(await openBrowser(world, session.url))) await printInstead(world, target, session.url);
    if (!options.json) world.err(`The console session ends ${when(session.sessionExpiresAt, timesBeside(world))}.\n`);
    return 0;
  },
});

/** The URL signs in without a password, so it is printed only after a yes. @throws Failure without a terminal or a yes */
async function printInstead(world: World, target: string, url: string): Promise<void> {
  const question =
    'No browser could be opened here. Print the URL? Anyone who has it can sign in for a few minutes. Type yes: ';
  const isYes = await confirmed(world, question);
  const next = [`Print the URL instead: latchkey console ${target} --print`];
  if (isYes === undefined) throw new Failure('fault', 'No browser could be opened here.', next);
  if (!isYes) throw new Failure('interrupted', 'Nothing was opened or printed.', next);
  world.out(`${url}\n`);
}

/** A full URL is checked against the role, because each partition has its own console. */
const pathOn = async (api: Api, target: string, given: string): Promise<string> =>
  given.startsWith('/') ? consolePath(given) : pathOfAddress(given, (await findRequest(api, target)).role.arn);

function destinationOf({
  service,
  path,
}: {
  service: string | undefined;
  path: string | undefined;
}): string | undefined {
  if (service === undefined) return path;
  if (path !== undefined) throw new Failure('usage', 'Give either --service or --path.');
  if (!/^[a-z0-9-]+$/i.test(service))
    throw new Failure('usage', `"${service}" is not a valid service name.`, [
      'For a full path use --path, such as --path /s3/buckets/example',
    ]);
  return `/${service.toLowerCase()}/home`;
}
