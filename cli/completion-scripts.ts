// Completions for shells, from the commands themselves.
import { type AnyCommand, commonOptionsOf, type OptionSpec, type Options } from './command.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type CompletionShell = (typeof shells)[number];

export const completionScript = (shell: CompletionShell, commands: readonly AnyCommand[]): string => scripts[shell](commands);

// -- internal --------------------------------------------------------------------------------------------------------

const optionsOf = (command: AnyCommand): Options => ({ ...command.options, ...commonOptionsOf(command) });
const namesOf = (command: AnyCommand): string =>
  Object.keys(optionsOf(command))
    .map((name) => `--${name}`)
    .join(' ');
/** Roles are what the API says; who is not signed in gets none. */
const takesRole = ({ positionals }: AnyCommand): boolean => positionals.some(({ name }) => name.split('|').includes('ROLE'));
const listRoles = 'latchkey roles --json 2>/dev/null | sed -n \'s/^      "id": "\\([A-Za-z0-9._@-]*\\)",$/\\1/p\'';
const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const valueCases = (command: AnyCommand): Array<[string, readonly string[]]> =>
  Object.entries(optionsOf(command)).flatMap(([name, { values }]): Array<[string, readonly string[]]> => (values ? [[name, values]] : []));

const scripts: Record<CompletionShell, (commands: readonly AnyCommand[]) => string> = {
  bash: (commands) => `# latchkey completions for bash: eval "$(latchkey completion bash)"
_latchkey() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ name }) => name).join(' ')} help version"
  else
    case "$command $previous" in
${commands.flatMap((command) => valueCases(command).map(([name, values]) => `      "${command.name} --${name}") words="${values.join(' ')}" ;;`)).join('\n')}
    esac
    if [ -z "$words" ]; then
      case "$command" in
${commands.map((command) => `        ${command.name}) words="${[namesOf(command), ...command.positionals.flatMap(({ values = [] }) => values)].join(' ')}" ;;`).join('\n')}
        help) words="${commands.map(({ name }) => name).join(' ')}" ;;
      esac
      if [ "$COMP_CWORD" -eq 2 ]; then
        case "$current" in -*) ;; *)
          case "$command" in ${commands
            .filter(takesRole)
            .map(({ name }) => name)
            .join('|')}) words="$(${listRoles})" ;; esac
        esac
      fi
    fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _latchkey latchkey
`,
  zsh: (commands) => `#compdef latchkey
# latchkey completions for zsh: latchkey completion zsh > "\${fpath[1]}/_latchkey", or eval "$(latchkey completion zsh)"
_latchkey_roles() { compadd -- \${(f)"$(${listRoles})"} }
_latchkey() {
  local -a commands
  commands=(${commands.map(({ name, summary }) => single(`${name}:${summary.replaceAll(':', '\\:')}`)).join(' ')})
  if (( CURRENT == 2 )); then _describe 'command' commands; return; fi
  case "$words[2]" in
${commands.map((command) => `    ${command.name}) shift words; (( CURRENT-- )); _arguments ${[...zshOptions(command), ...zshPositionals(command)].join(' ')} ;;`).join('\n')}
    help) _describe 'command' commands ;;
  esac
}
if [ "$funcstack[1]" = "_latchkey" ]; then _latchkey "$@"; else compdef _latchkey latchkey; fi
`,
  fish: (commands) => `# latchkey completions for fish: latchkey completion fish | source
complete -c latchkey -f
${commands.map(({ name, summary }) => `complete -c latchkey -n __fish_use_subcommand -a ${name} -d ${fishQuoted(summary)}`).join('\n')}
${commands.flatMap(fishLines).join('\n')}
`,
};

function zshOptions(command: AnyCommand): string[] {
  return Object.entries(optionsOf(command)).map(([name, { type, summary, placeholder, values }]) => {
    const what = summary.replace(/[[\]:]/g, '\\$&');
    const value = type === 'flag' ? '' : `:${placeholder}:${values ? `(${values.join(' ')})` : ''}`;
    return single(`${type === 'list' ? '*' : ''}--${name}[${what}]${value}`);
  });
}

function zshPositionals(command: AnyCommand): string[] {
  const places = command.positionals.map(({ name, values }, i) =>
    single(`${i + 1}:${name.replaceAll(':', ' ')}:${values ? `(${values.join(' ')})` : takesRole(command) ? '_latchkey_roles' : ''}`),
  );
  return command.rest ? [...places, single('*::command:_normal')] : places;
}

function fishLines(command: AnyCommand): string[] {
  const when = `-n '__fish_seen_subcommand_from ${command.name}'`;
  const option = ([name, { type, summary, values }]: [string, OptionSpec]) =>
    `complete -c latchkey ${when} -l ${name}${type === 'flag' ? '' : ' -r'}${values ? ` -a '${values.join(' ')}'` : ''} -d ${fishQuoted(summary)}`;
  const places = command.positionals.flatMap(({ values }) => (values ? [`complete -c latchkey ${when} -a '${values.join(' ')}'`] : []));
  const roles = takesRole(command) ? [`complete -c latchkey ${when} -a ${fishQuoted(`(${listRoles})`)}`] : [];
  return [...Object.entries(optionsOf(command)).map(option), ...places, ...roles];
}

const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
