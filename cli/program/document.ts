// docs/cli.md and the README of the package, from the commands themselves.
import { foreign } from '../aws/child-environment.ts';
import { type ExitName, exitOf, exits } from '../machine/exit.ts';
import { type AnyCommand, commonOptions, groups, type Options } from '../options/command.ts';
import { settingsText } from '../options/settings-text.ts';
import { optionName, optionSummary, usageOf } from './help.ts';

/** docs/cli.md */
export const cliDocument = (commands: readonly AnyCommand[]): string =>
  page([
    '# The command line',
    '<!-- Written by `npm run docs` from cli/commands; a test holds it to them. -->',
    introduction,
    ...reference(commands),
  ]);

/** For whoever gets the package and nothing else. @param file name of the packed package */
export const packageReadme = (commands: readonly AnyCommand[], file: string): string =>
  page(['# latchkey', firstSteps(file), ...reference(commands)]);

// -- internal --------------------------------------------------------------------------------------------------------

const page = (sections: readonly string[]): string => `${sections.join('\n\n')}\n`;

const reference = (commands: readonly AnyCommand[]): string[] => [
  `## Commands\n\n${table(
    ['to', 'command', 'does'],
    groups.flatMap((title) =>
      commands
        .filter(({ group }) => group === title)
        .map(({ name, summary }, i) => [
          i === 0 ? `**${title}**` : '',
          `[\`latchkey ${name}\`](#latchkey-${name.replaceAll(' ', '-')})`,
          summary,
        ]),
    ),
  )}`,
  ...commands.map(commandSection),
  `## Options of every command\n\n\`catalogue\`, \`target\` and \`doctor\` do not call Latchkey's API, and take \`--help\` alone of these.\n\n${optionTable(commonOptions)}`,
  `## Configuration\n\n${configuration}\n\n${table(
    ['setting', 'is'],
    Object.entries(settingsText).map(([key, what]) => [`\`${key}\``, what]),
  )}\n\n${table(
    ['variable', 'is'],
    environment.map(([name, what]) => [`\`${name}\``, what]),
  )}`,
  `## Who signs\n\n${signing}`,
  `## What the command of \`exec\` sees\n\n${childsView}\n\n${table(
    ['variable', 'is'],
    foreign.map(({ names, why }) => [names.map((name) => `\`${name}\``).join(' '), why]),
  )}`,
  `## Exit statuses\n\n${exitTable()}`,
  `## What is kept on this machine\n\n${kept}`,
];

const introduction = `Request a role, wait for the approval, and use AWS credentials that end with the grant. The command line needs Node.js 20 or later and nothing else.

    npm run build:cli && npm pack ./dist     # makes latchkey-VERSION.tgz
    npm install --global ./latchkey-*.tgz    # or: npx ./latchkey-*.tgz help

    latchkey setup https://latchkey.example.com
    latchkey login                           # people; machines sign with their AWS credentials
    latchkey request production-bucket-read --for 2h --reason "Find the lost invoices" --wait
    latchkey configure production-bucket-read
    aws s3 ls s3://asi-production-bucket --profile production-bucket-read

To try it against the local server (\`npm start\`):

    latchkey setup http://localhost:3000
    latchkey login                           # opens a page on which you choose a person of the catalogue
    latchkey whoami

Scripts set \`LATCHKEY_TOKEN\` to a token from \`POST /local/token\` instead, and machines use the test keys that the server prints.

To publish the command line for your company, see [publishing.md](publishing.md).`;

const firstSteps = (
  file: string,
): string => `The command line of Latchkey: temporary access to AWS accounts. You request a role, somebody approves it, and you use it until it ends.

## Install

It needs Node.js 20 or later and installs nothing else.

    npm install --global ./${file}

## Connect

Ask whoever runs Latchkey in your company for its URL.

    latchkey setup https://latchkey.example.com
    latchkey login                                # opens your browser; --device shows a code instead
    latchkey whoami

Machines do not sign in. They sign each call with their AWS credentials (see "Who signs").

## Get access

    latchkey roles                                # what you may request
    latchkey request ROLE --for 1h --reason "Find the lost invoices" --wait
    latchkey exec ROLE -- aws sts get-caller-identity
    latchkey console ROLE                         # the AWS console in your browser
    latchkey hand-back ROLE                       # when you no longer need it

To use a role in every AWS tool, write a profile once. It gets fresh credentials while a grant is active:

    latchkey configure ROLE
    aws s3 ls --profile ROLE

## Complete commands in your shell

    eval "$(latchkey completion bash)"            # in ~/.bashrc; also: zsh
    latchkey completion fish | source             # in ~/.config/fish/config.fish

\`latchkey help\` lists the commands, and \`man latchkey\` has this page.`;

const configuration = `Flags override environment variables, and environment variables override the file. The file is \`~/.config/latchkey/config.json\` (\`XDG_CONFIG_HOME\`, or the path in
\`LATCHKEY_CONFIG\`), one JSON object. \`latchkey setup URL\` writes it from what Latchkey says of itself at \`/.well-known/latchkey\`. Unknown members are
ignored with a warning.`;

/** Variables that the program reads. */
export const environment: ReadonlyArray<readonly [string, string]> = [
  ['LATCHKEY_URL', 'URL of Latchkey'],
  ['LATCHKEY_TOKEN', 'an access token to call with'],
  ['LATCHKEY_AUTH', 'default of --auth'],
  ['LATCHKEY_REGION', 'overrides the setting `region`'],
  ['LATCHKEY_CLIENT_SECRET', 'overrides the setting `clientSecret`'],
  ['LATCHKEY_KEYCHAIN', 'overrides the setting `keychain`'],
  ['LATCHKEY_CONFIG', 'path of the configuration file'],
  ['NO_COLOR', 'any value turns colours off'],
  ['HTTPS_PROXY', 'HTTP proxy for every https call'],
  [
    'NO_PROXY',
    'hosts that the proxy is not for: `example.com` with all below it, `*.example.com`, `*`, each with a port or not',
  ],
  ['NODE_EXTRA_CA_CERTS', 'file with the certificates of your company'],
];

const signing = `The first of these that is there, unless --auth names one:

1. \`LATCHKEY_TOKEN\`, an OIDC access token.
2. The sign-in of \`latchkey login\`, renewed by itself while the issuer allows.
3. AWS credentials, by Signature Version 4 over the mount \`/iam\`: \`AWS_ACCESS_KEY_ID\` and \`AWS_SECRET_ACCESS_KEY\`, then the profile in \`AWS_PROFILE\` or the
   setting \`profile\`, then the default chain of the AWS SDK: the \`default\` profile, a web identity, the container endpoint of ECS and EKS, the instance
   metadata of EC2 (version 2 only). Profiles may have keys, assume a role, use IAM Identity Center, a web identity or a process; the AWS CLI is not needed,
   except to sign in (\`aws sso login\`). A named profile without credentials is an error. One that itself gets its credentials from \`latchkey\` is passed over.`;

const childsView = `The environment of the shell, without what would lead AWS tools to other credentials than the session. Where the session is renewed, \`AWS_CONFIG_FILE\` is a copy
without the credentials of the default profile, and \`AWS_SHARED_CREDENTIALS_FILE\` is empty; other profiles of the configuration stay. \`latchkey env\`
unsets those of them that come before keys in variables.`;

const kept = `Below \`~/.cache/latchkey\` (\`XDG_CACHE_HOME\`), readable by you alone:

- \`tokens.json\`: the tokens of \`latchkey login\`: the access token, which is good for an hour or so, and what renews it only where no keychain has that.
- \`sessions/\`: only with --cache, one session a role, until shortly before it expires. \`latchkey hand-back\`, \`latchkey end\` and \`latchkey logout\` remove them.

In the keychain of the system, as "Latchkey sign-in": what renews the sign-in, one entry for each Latchkey and home.

- On macOS by \`/usr/bin/security\`, in the default keychain; on Linux by \`secret-tool\` (Debian and Ubuntu: \`libsecret-tools\`, Fedora: \`libsecret\`), where
  there is a desktop session (\`DBUS_SESSION_BUS_ADDRESS\`). On other systems, with \`"keychain": "off"\`, and where the keychain fails, it is in \`tokens.json\`; login says so.
- It is asked at login, at logout, and when the access token has expired, and has 30 seconds each time: long enough to type a password into its window. No
  other call waits for it. If it does not answer a renewal, the sign-in stays as it is, and the command ends with 3.
- Cron, SSH and other places where nobody can unlock it: \`LATCHKEY_KEYCHAIN=off latchkey login\`. A sign-in stays where it is until the next login.
- It keeps the sign-in from whoever gets at the disk, a backup or the file, not from other programs of yours: while it is unlocked, they can ask it as well.

Every file is written whole or not at all, under a lock that a crash does not leave behind for longer than a minute. A damaged one is ignored, and that is said on stderr. Where nothing can be written (a read-only container), credentials come all the same.`;

/** Of the exit statuses. */
export const meanings: Record<ExitName, string> = {
  ok: 'done',
  fault: 'an admin command found errors, or an internal error',
  usage: 'the command, an option or a settings file is not valid; nothing was done',
  'sign-in': 'not signed in, or the role requires a stronger or newer sign-in',
  'not-found': 'role or request not found, or you may not see it',
  'not-allowed': 'you may not do that, or an admin has blocked it for now',
  refused: 'the catalogue does not allow it',
  conflict: 'the request is in a state that does not allow this',
  'no-grant': 'you have no active grant for the role',
  'not-granted': 'the request that was waited for was denied, withdrawn, revoked, or lapsed',
  aws: 'AWS refused to issue a session',
  'try-again': 'no answer, or a temporary error: try again',
  'command-not-executable': '`exec`: the command cannot be run',
  'command-not-found': '`exec`: command not found',
  interrupted: 'Ctrl-C, or a question that was not answered with yes; filed requests stay',
};

function commandSection(command: AnyCommand): string {
  const { name, summary, description = [], positionals, options, rest, examples } = command;
  const places = [
    ...positionals.map((positional) => [positional.name, positional.summary] as const),
    ...(rest ? [[rest.name, rest.summary] as const] : []),
  ];
  return [
    `### latchkey ${name}`,
    `${summary}.`,
    ...description,
    `    ${usageOf(command)}`,
    ...(places.length > 0
      ? [
          table(
            ['argument', 'is'],
            places.map(([place, what]) => [`\`${place}\``, what]),
          ),
        ]
      : []),
    ...(Object.keys(options).length > 0 ? [optionTable(options)] : []),
    examples.map((example) => `    ${example}`).join('\n'),
  ].join('\n\n');
}

const optionTable = (options: Options): string =>
  table(
    ['option', 'does'],
    Object.entries(options).map(([name, spec]) => [
      `\`${optionName(name, spec)}\``,
      `${optionSummary(spec)}${spec.required ? ' (required)' : ''}`,
    ]),
  );

function exitTable(): string {
  const codesOf = (name: string) =>
    Object.entries(exitOf).flatMap(([code, exit]) => (exit === name ? [`\`${code}\``] : []));
  return table(
    ['status', 'means', "the API's code"],
    (Object.keys(exits) as ExitName[]).map((name) => [
      String(exits[name].status),
      meanings[name],
      codesOf(name).join(', '),
    ]),
  );
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
const table = (heading: readonly string[], rows: ReadonlyArray<readonly string[]>): string =>
  [heading, heading.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
