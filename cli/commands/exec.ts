// `latchkey exec`
import { constants } from 'node:os';
import type { CredentialsView } from '../../lib/schema.ts';
import { childEnvironment, withoutDefaultProfile } from '../child-environment.ts';
import { command } from '../command.ts';
import { serveCredentials } from '../credentials-endpoint.ts';
import { Failure } from '../exit.ts';
import { isLastSession } from '../last-session.ts';
import { filingOf, filingOptions, sessionOptions } from '../session-options.ts';
import { readSettings, type Settings } from '../settings.ts';
import { vend } from '../vend.ts';
import type { World } from '../world.ts';
import { variablesOf } from './env.ts';

export const exec = command({
  name: 'exec',
  summary: 'runs one command with credentials',
  description: [
    'Only the child sees them. Where the grant outlasts the session, the child gets them from an endpoint on this machine that renews them until the grant ends; otherwise, and with --static, as plain variables.',
    'Ends with the status of the child.',
  ],
  positionals: [{ name: 'ROLE|ID', summary: 'a role for its active grant, or the id of a request' }],
  options: {
    ...sessionOptions,
    ...filingOptions,
    static: { type: 'flag', summary: 'plain variables, which every tool understands and nothing renews' },
  },
  rest: { name: 'COMMAND', summary: 'the command and its arguments' },
  examples: [
    'latchkey exec production-bucket-read -- aws s3 ls s3://asi-production-bucket',
    'latchkey exec production-app-write --request --reason "Deploy 1.4 by hand" -- terraform apply',
  ],
  async run(world, { positionals: [target = ''], options, rest }) {
    if (rest.length === 0)
      throw new Failure('usage', 'There is no command to run.', [
        `Put it behind two dashes: latchkey exec ${target} -- aws sts get-caller-identity`,
      ]);
    const settings = readSettings(world, options);
    const { duration, cache } = options;
    const session = await vend(world, settings, target, { duration, cache, filing: filingOf(options) });
    const handOver =
      options.static || isLastSession(session) ? plainly(session) : await renewing(world, settings, session, duration);
    try {
      return await run(world, rest, handOver.variables);
    } finally {
      handOver.end();
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
    () => vend(world, settings, session.RequestId, { duration }),
    world.now,
  );
  const files = withoutDefaultProfile(world);
  return {
    variables: {
      ...files.variables,
      ...(session.AccountId && { AWS_ACCOUNT_ID: session.AccountId }),
      AWS_CONTAINER_CREDENTIALS_FULL_URI: endpoint.url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: endpoint.token,
    },
    end() {
      endpoint.close();
      files.remove();
    },
  };
}

/** A terminal sends Ctrl-C to the child itself; it decides what that means, and this program stays until it has ended. */
async function run(
  world: World,
  [program = '', ...args]: readonly string[],
  variables: Record<string, string>,
): Promise<number> {
  const { spawn } = await import('node:child_process');
  const { release } = world.interrupt();
  const passed = ['SIGTERM', 'SIGHUP'] as const;
  const child = spawn(program, args, { env: childEnvironment(world, variables), stdio: 'inherit', shell: false });
  const passOn = passed.map((signal) => [signal, () => child.kill(signal)] as const);
  for (const [signal, pass] of passOn) process.on(signal, pass);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) =>
        reject(
          new Failure('usage', `"${program}" cannot be run (${error.code}).`, [
            'Check its name and that it is on the PATH.',
          ]),
        ),
      );
      child.on('close', (status, signal) => resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  } finally {
    for (const [signal, pass] of passOn) process.off(signal, pass);
    release();
  }
}
