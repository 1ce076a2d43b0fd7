// `latchkey exec`
import { constants } from 'node:os';
import type { CredentialsView } from '../../lib/http/answers.ts';
import { childEnvironment, withoutDefaultProfile } from '../aws/child-environment.ts';
import { serveCredentials } from '../aws/credentials-endpoint.ts';
import type { PassedSignals } from '../aws/passed-signals.ts';
import { isLastSession } from '../aws/session-end.ts';
import { sessionOf } from '../grants/session.ts';
import { filingOf, filingOptions, sessionOptions } from '../grants/session-options.ts';
import { Failure } from '../machine/exit.ts';
import type { World } from '../machine/world.ts';
import { command } from '../options/command.ts';
import { readSettings, type Settings } from '../options/settings.ts';
import { variablesOf } from './env.ts';

export const exec = command({
  name: 'exec',
  group: 'Use it',
  summary: 'Run a command with credentials',
  description: [
    'Only the command sees the credentials. If the grant lasts longer than the session, the command gets them from an endpoint on this machine that renews them until the grant ends. Otherwise, and with --static, they are plain variables.',
    "Exits with the command's exit status, with 127 if the command was not found, 126 if it cannot be run, and 128 plus the number of the signal that ended it. Statuses 2 to 11 can also come from Latchkey itself, before the command runs. Signals (SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2) are passed on to it.",
  ],
  positionals: [{ name: 'ROLE|ID', summary: 'role, for its active grant, or ID of a request' }],
  options: {
    ...sessionOptions,
    ...filingOptions,
    static: { type: 'flag', summary: 'pass plain variables, which every tool understands and nothing renews' },
  },
  rest: { name: 'COMMAND', summary: 'command and its arguments' },
  examples: [
    'latchkey exec production-bucket-read -- aws s3 ls s3://asi-production-bucket',
    'latchkey exec production-app-write --request --reason "Deploy 1.4 by hand" -- terraform apply',
  ],
  async run(world, { positionals: [target = ''], options, rest }) {
    if (rest.length === 0)
      throw new Failure('usage', 'No command to run.', [
        `Put it after two dashes: latchkey exec ${target} -- aws sts get-caller-identity`,
      ]);
    const settings = readSettings(world, options);
    const { duration, cache } = options;
    const session = await sessionOf(world, settings, target, { duration, cache, filing: filingOf(options) });
    // loaded here, because help loads every command and runs none
    const { passSignals } = await import('../aws/passed-signals.ts');
    // from here on, cleanup is needed
    const signals = passSignals(world.platform);
    const handOver =
      options.static || isLastSession(session) ? plainly(session) : await renewing(world, settings, session, duration);
    try {
      return await run(world, rest, { LATCHKEY_EXEC: target, ...handOver.variables }, signals);
    } finally {
      handOver.end();
      signals.end();
    }
  },
});

type HandOver = { variables: Record<string, string>; end(): void };

const plainly = (session: CredentialsView): HandOver => ({ variables: variablesOf(session), end() {} });

async function renewing(
  world: World,
  settings: Settings,
  session: CredentialsView,
  duration: string | undefined,
): Promise<HandOver> {
  const endpoint = await serveCredentials(
    session,
    () => sessionOf(world, settings, session.RequestId, { duration }),
    world.now,
  );
  const files = withoutDefaultProfile(world);
  // also on unexpected exits of this program
  process.once('exit', files.remove);
  return {
    variables: {
      ...files.variables,
      ...(session.AccountId && { AWS_ACCOUNT_ID: session.AccountId }),
      AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: endpoint.token,
    },
    end() {
      endpoint.close();
      process.off('exit', files.remove);
      files.remove();
    },
  };
}

/** Waits until the command has ended, even if it handles signals. @returns its status, or 128 plus the number of the signal that ended it */
async function run(
  world: World,
  [program = '', ...args]: readonly string[],
  variables: Record<string, string>,
  signals: PassedSignals,
): Promise<number> {
  const { spawn } = await import('node:child_process');
  const child = spawn(program, args, { env: childEnvironment(world, variables), stdio: 'inherit', shell: false });
  signals.to(child);
  return new Promise((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => reject(notRun(program, error.code ?? error.message)));
    child.on('close', (status, signal) => resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

/** Uses the exit statuses of a shell (POSIX, Shell Command Language, section 2.8.2). */
const notRun = (program: string, code: string): Failure =>
  code === 'ENOENT'
    ? new Failure('command-not-found', `Command not found: "${program}".`, [
        'Check its name and that it is on the PATH.',
      ])
    : new Failure('command-not-executable', `"${program}" cannot be run (${code}).`, [
        'Check that it is a program and that you have permission to run it.',
      ]);
