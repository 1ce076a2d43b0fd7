// `latchkey env`
import type { CredentialsView } from '../../lib/http/answers.ts';
import { shadowingVariables } from '../aws/child-environment.ts';
import { sessionOf } from '../grants/session.ts';
import { filingOf, filingOptions, sessionOptions } from '../grants/session-options.ts';
import { Failure } from '../machine/exit.ts';
import { variable, type World } from '../machine/world.ts';
import { command } from '../options/command.ts';
import { readSettings } from '../options/settings.ts';
import { json, timesBeside, when } from '../text/terminal-text.ts';

const shells = ['bash', 'zsh', 'sh', 'fish', 'powershell'] as const;
type Shell = 'bash' | 'fish' | 'powershell';

export const env = command({
  name: 'env',
  group: 'Use it',
  summary: 'Print credentials as export lines for a shell',
  description: [
    'For a shell to evaluate. The variables stay until the shell ends, and are not renewed: prefer `latchkey exec`. On a terminal nothing is shown without --print.',
  ],
  positionals: [{ name: 'ROLE|ID', summary: 'role, for its active grant, or ID of a request' }],
  options: {
    ...sessionOptions,
    ...filingOptions,
    shell: {
      type: 'text',
      placeholder: 'SHELL',
      summary: 'shell that evaluates the lines (default: as in the variable SHELL)',
      values: shells,
    },
    print: { type: 'flag', summary: 'show the lines even on a terminal' },
  },
  examples: [
    'eval "$(latchkey env production-bucket-read)"',
    'latchkey env production-bucket-read --shell fish | source',
    'latchkey env production-bucket-read --shell powershell | Out-String | Invoke-Expression',
  ],
  async run(world, { positionals: [target = ''], options }) {
    const shell = options.shell === undefined ? shellOf(world) : languageOf(options.shell);
    if (world.outIsTerminal && !options.print) {
      throw new Failure('usage', 'Credentials are not shown on a terminal, where they would stay in the scrollback.', [
        `Let the shell evaluate them: ${hints[shell](target)}`,
        'To show them anyway, add --print.',
      ]);
    }
    const { duration, cache } = options;
    const session = await sessionOf(world, readSettings(world, options), target, {
      duration,
      cache,
      filing: filingOf(options),
    });
    if (options.json) {
      world.out(json(session));
      return 0;
    }
    const lines = [
      ...shadowingVariables.map((name) => formats[shell].unset(name)),
      ...Object.entries(variablesOf(session)).map(([name, value]) => formats[shell].set(name, value)),
    ];
    world.out(`${lines.join('\n')}\n`);
    world.err(`Credentials for ${target}; they expire ${when(session.Expiration, timesBeside(world))}.\n`);
    return 0;
  },
});

/** The variables that AWS tools read (SDK reference guide, "Environment variables settings"). */
export const variablesOf = ({
  AccessKeyId,
  SecretAccessKey,
  SessionToken,
  Expiration,
  AccountId,
}: CredentialsView): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: AccessKeyId,
  AWS_SECRET_ACCESS_KEY: SecretAccessKey,
  AWS_SESSION_TOKEN: SessionToken,
  AWS_CREDENTIAL_EXPIRATION: Expiration,
  // a session kept by an older version has none
  ...(AccountId && { AWS_ACCOUNT_ID: AccountId }),
});

// Every value is quoted so that no shell interprets it.
const formats: Record<Shell, { set(name: string, value: string): string; unset(name: string): string }> = {
  bash: {
    set: (name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
    unset: (name) => `unset ${name}`,
  },
  fish: {
    set: (name, value) => `set -gx ${name} '${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
    unset: (name) => `set -e ${name}`,
  },
  powershell: {
    // PowerShell also treats typographic quotes as quotes (about_Quoting_Rules)
    set: (name, value) => `$Env:${name} = '${value.replace(/['\u2018-\u201b]/g, '$&$&')}'`,
    unset: (name) => `$Env:${name} = $null`,
  },
};
const hints: Record<Shell, (target: string) => string> = {
  bash: (target) => `eval "$(latchkey env ${target})"`,
  fish: (target) => `latchkey env ${target} | source`,
  powershell: (target) => `latchkey env ${target} | Out-String | Invoke-Expression`,
};

/** zsh and sh read the syntax of bash. */
const languageOf = (shell: string): Shell => (shell === 'fish' || shell === 'powershell' ? shell : 'bash');

function shellOf(world: World): Shell {
  const shell = variable(world, 'SHELL') ?? '';
  if (shell.endsWith('/fish')) return 'fish';
  return shell === '' && world.platform === 'win32' ? 'powershell' : 'bash';
}
